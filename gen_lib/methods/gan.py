"""Games: a generator that makes points and a critic that tells them from data."""

from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import softplus

from .. import check, draws
from ..method import Method, Turn, factory
from ..nets import Adversaries, Maps, check_maps, plain
from ..samplers import once
from ..shapes import Codes, PerSample, Points, States


def critic_loss(net: Adversaries, z: Codes, x: Points) -> PerSample:
    r"""Tell data from samples: the cross-entropy of a classifier.

    .. math:: \mathrm{softplus}(-D(x)) + \mathrm{softplus}(D(G(z)))

    At the optimum :math:`D = \log p_{\text{data}} - \log p_G`.

    Args:
        net: generator G, and critic D by ``net.score``
        z: noise, shape ``(*members, n, latent)``
        x: data, shape ``(*members, n, d)``

    Returns:
        loss per pair, shape ``(*members, n)``

    References:
        Generative Adversarial Networks (Goodfellow et al., 2014), arXiv 1406.2661
    """
    return softplus(-net.score(x)) + softplus(net.score(net.generator(z)))


def generator_loss(net: Adversaries, z: Codes, x: Points) -> PerSample:
    r"""Make points that the critic takes for data, the form that does not saturate.

    .. math:: \mathrm{softplus}(-D(G(z)))

    Args:
        net: generator G, and critic D by ``net.score``
        z: noise, shape ``(*members, n, latent)``
        x: data, not used

    Returns:
        loss per sample, shape ``(*members, n)``

    References:
        Generative Adversarial Networks (Goodfellow et al., 2014), arXiv 1406.2661
    """
    return softplus(-net.score(net.generator(z)))


def score_and_slope(net: Adversaries, points: Points) -> tuple[PerSample, PerSample]:
    r"""The critic's number, and how steep it is there; both differentiable in its weights.

    .. math:: D(x), \qquad \| \nabla D(x) \|^2

    Args:
        net: critic D by ``net.score``
        points: where, shape ``(*members, n, d)``

    Returns:
        both of shape ``(*members, n)``
    """
    points = points.detach().requires_grad_()
    score = net.score(points)
    (slope,) = torch.autograd.grad(score.sum(), points, create_graph=True)
    return score, slope.square().sum(-1)


def push(net: Adversaries, z: Codes) -> States:
    """One jump.

    Args:
        net: holds the generator G
        z: noise, shape ``(*members, n, latent)``

    Returns:
        ``[z, G(z)]``, the last of shape ``(*members, n, d)``
    """
    return once(net.generator, z)


@factory
def gan(
    *, critic_turns: int = 1, relativistic: bool = False, gamma: float | Tensor = 1.0, maps: Maps = plain
) -> Method:
    r"""A generative adversarial network.

    The relativistic form compares in pairs and adds the penalties R1 and R2 on the critic's slope:

    .. math:: L_D = \mathrm{softplus}(-(D(x) - D(G)))
        + \tfrac\gamma2 \left( \|\nabla_x D\|^2 + \|\nabla_G D\|^2 \right), \quad
        L_G = \mathrm{softplus}(-(D(G) - D(x)))

    Args:
        critic_turns: turns of the critic for each of the generator
        relativistic: compare in pairs, with R1 + R2
        gamma: weight of R1 + R2, at least 0; a tensor ``(*members, 1)`` gives each member its own
        maps: what the players are made of: ``nets.plain``, or ``nets.convolutional(shape)`` for images in [0, 1]

    Raises:
        ValueError: no turn of the critic, gamma negative
        TypeError: no maps

    References:
        The relativistic discriminator: a key element missing from standard GAN (Jolicoeur-Martineau, 2019),
        arXiv 1807.00734: the comparison in pairs
        The GAN is dead; long live the GAN! A Modern GAN Baseline (Huang et al., 2024), arXiv 2501.05441: with R1 + R2
    """
    check.whole("critic_turns", critic_turns, least=1)
    check.number("gamma", gamma, least=0)
    check_maps(maps)

    def relativistic_critic(net: Adversaries, z: Codes, x: Points) -> PerSample:
        both = torch.cat([x, net.generator(z).detach()], -2)  # one pass of the critic for all
        (real, made), slopes = (part.split([x.shape[-2], z.shape[-2]], -1) for part in score_and_slope(net, both))
        return softplus(made - real) + torch.as_tensor(gamma, dtype=made.dtype, device=made.device) / 2 * sum(slopes)

    def relativistic_generator(net: Adversaries, z: Codes, x: Points) -> PerSample:
        return softplus(net.score(x) - net.score(net.generator(z)))

    losses = (relativistic_critic, relativistic_generator) if relativistic else (critic_loss, generator_loss)
    turns = (Turn("critic", losses[0]),) * critic_turns + (Turn("generator", losses[1]),)
    return Method(architecture=partial(Adversaries, maps=maps), turns=turns, push=push)


@factory
def wgan(
    *, critic_turns: int = 5, penalty: float | Tensor = 0.1, clip: float | None = None, maps: Maps = plain
) -> Method:
    r"""A Wasserstein GAN: the critic estimates the earth mover's distance, if its slope stays at most 1.

    .. math:: L_D = D(G(z)) - D(x) + \lambda \left( \| \nabla D(\hat x) \| - 1 \right)^2, \qquad L_G = -D(G(z)),

    with :math:`\hat x` uniform on the segment from :math:`G(z)` to x.

    Args:
        critic_turns: turns of the critic for each of the generator
        penalty: :math:`\lambda`, at least 0; a tensor ``(*members, 1)`` gives each member its own
        clip: for history: no penalty, weights of the critic clipped to [-clip, clip] after every step
        maps: what the players are made of: ``nets.plain``, or ``nets.convolutional(shape)`` for images in [0, 1]

    Raises:
        ValueError: no turn of the critic, penalty negative, clip not positive
        TypeError: no maps

    References:
        Wasserstein GAN (Arjovsky et al., 2017), arXiv 1701.07875;
        Improved Training of Wasserstein GANs (Gulrajani et al., 2017), arXiv 1704.00028
    """
    check.whole("critic_turns", critic_turns, least=1)
    check.number("penalty", penalty, least=0)
    if clip is not None:
        check.number("clip", clip, above=0)
    check_maps(maps)

    def critic(net: Adversaries, z: Codes, x: Points) -> PerSample:
        made = net.generator(z).detach()
        distance = net.score(made) - net.score(x)
        if clip is not None:
            return distance
        between = torch.lerp(made, x, draws.uniform((*x.shape[:-1], 1), like=x))
        slope = (score_and_slope(net, between)[1] + 1e-12).sqrt()  # the root of 0 has no gradient
        return distance + torch.as_tensor(penalty, dtype=slope.dtype, device=slope.device) * (slope - 1).square()

    def generator(net: Adversaries, z: Codes, x: Points) -> PerSample:
        return -net.score(net.generator(z))

    def clipped(net: Adversaries) -> None:
        if clip is not None:
            for weight in net.critic.parameters():
                weight.clamp_(-clip, clip)

    turns = (Turn("critic", critic),) * critic_turns + (Turn("generator", generator),)
    return Method(architecture=partial(Adversaries, maps=maps), turns=turns, push=push, constrain=clipped)
