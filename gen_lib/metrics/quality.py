"""What samples and their paths look like: likelihood, modes, reconstruction, straightness. One number per member."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from .. import check
from ..data import Density, GaussianMixture
from ..data.mixtures import exact
from ..method import Method
from ..nets import Net, still
from ..shapes import Codes, PerMember, Points, States
from .distances import w2


def nll(x: Points, model: Density | Callable[[Tensor], Tensor]) -> PerMember:
    r"""Negative log-likelihood of points under a model, the mean per point.

    .. math:: -\frac1n \sum_i \log p(x_i)

    Args:
        x: points, shape ``(*members, n, d)``
        model: a distribution with ``log_prob``, such as a mixture, or a function that gives the log-density of each
            point, such as ``lambda x: truth.pushforward_log_prob(net, x)``

    Returns:
        nats, shape ``(*members,)``; for data of the model itself, its entropy

    Raises:
        TypeError: a model without a density
        ValueError: points that are empty, not finite or of another dimension

    Example:
        >>> standard = GaussianMixture(torch.ones(1), torch.zeros(1, 1), torch.ones(1, 1, 1))
        >>> nll(torch.zeros(3, 1), standard)  # log(2 pi) / 2
        tensor(0.9189)
    """
    check.points("x", x)
    if not isinstance(model, Density) and not callable(model):
        raise TypeError(
            f"model must be a function or a distribution with log_prob, such as a mixture, got {type(model).__name__}"
        )
    log_prob = model.log_prob if isinstance(model, Density) else model
    return -log_prob(x).mean(-1)


class Modes(NamedTuple):
    """How the modes of a mixture are met; all but the last of shape ``(*members,)``.

    Attributes:
        covered: number of modes with at least one sample of high quality
        high_quality: fraction of the samples within three standard deviations of their nearest mode
        reverse_kl: KL(fractions of the samples per mode || weights of the modes), in nats; 0 if the two are equal
        met: which modes are covered, in the order of the mixture, shape ``(*members, modes)``
    """

    covered: PerMember
    high_quality: PerMember
    reverse_kl: PerMember
    met: Tensor


def modes_covered(samples: Points, mixture: GaussianMixture) -> Modes:
    r"""Which modes of a mixture the samples meet: the numbers of the papers on mode collapse.

    .. math:: \min_k \| S_k^{-1/2} (x - m_k) \| \le 3 \;\text{(high quality)}, \qquad
        \text{reverse KL} = \sum_k h_k \log \frac{h_k}{\pi_k}

    Every sample belongs to the mode that is nearest in units of its own standard deviations; :math:`h_k` is the
    fraction of mode k, good samples or not. The papers use 2,500 samples and equal round modes. In the plane, perfect
    samples have a quality of 98.9%.

    Args:
        samples: shape ``(*members, n, d)``
        mixture: the modes

    Returns:
        modes covered, fraction of high quality, reverse KL, and which modes are covered

    Raises:
        TypeError: a distribution that is not a mixture
        ValueError: samples of another dimension

    References:
        VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational Learning (Srivastava et al., 2017),
        arXiv 1705.07761; PacGAN: The power of two samples in generative adversarial networks (Lin et al., 2018),
        arXiv 1712.04086

    Example:
        >>> from gen_lib import data
        >>> found = modes_covered(data.ring().means[:2], data.ring())
        >>> found.covered.item(), found.high_quality.item(), round(found.reverse_kl.exp().item(), 6)
        (2.0, 1.0, 4.0)
    """
    x = check.points("samples", samples, exact("mixture", mixture).dim).double()
    distance, nearest = mixture.whitened(x).norm(dim=-1).min(-1)
    good = distance <= 3
    belongs = torch.nn.functional.one_hot(nearest, len(mixture.weights)).to(x)  # (*members, n, k)
    fraction = belongs.mean(-2)
    met = (belongs * good[..., None]).amax(-2) > 0
    return Modes(
        covered=met.sum(-1).to(samples),
        high_quality=good.to(x).mean(-1).to(samples),
        reverse_kl=torch.xlogy(fraction, fraction / mixture.weights.to(x)).sum(-1).to(samples),
        met=met,
    )


def straightness(states: States) -> PerMember:
    r"""How much the paths bend, and change their speed: 0 for straight lines at constant speed, which one step follows.

    .. math:: \frac{\int_0^1 E \left\| v(x_t, t) - (x_1 - x_0) \right\|^2 dt}{E \| x_1 - x_0 \|^2}
        = \frac{\int_0^1 E \| v(x_t, t) \|^2 dt}{E \| x_1 - x_0 \|^2} - 1

    The velocity is that of the states, which stand at equally spaced times (:func:`gen_lib.samplers.ode.times`).

    Args:
        states: ``[z, ..., x]`` of shape ``(*members, n, d)``, from any sampler; two states are straight by definition

    Returns:
        without unit, shape ``(*members,)``, never negative

    Raises:
        ValueError: fewer than two states, states of different shape, points that do not move

    References:
        Flow Straight and Fast: Learning to Generate and Transfer Data with Rectified Flow (Liu et al., 2023),
        arXiv 2209.03003; here relative to the length of the path

    Example:
        >>> corner = [torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 1.0]])]
        >>> straightness(corner)
        tensor(1.)
    """
    path = _path(states)
    return (_bend(path) / _mean_square(path[-1] - path[0])).to(states[-1])


def path_energy(states: States) -> PerMember:
    r"""Normalised path energy: how much more the flow moves than optimal transport between its ends would.

    .. math:: \frac{\int_0^1 E \| v(x_t, t) \|^2 dt - W_2^2(x_0, x_1)}{W_2^2(x_0, x_1)}

    It is 0 if the paths are straight *and* the pairs (z, x) are optimal. The distance is that of the states themselves,
    by ``w2``.

    Args:
        states: ``[z, ..., x]`` of shape ``(*members, n, d)``, at equally spaced times

    Returns:
        without unit, shape ``(*members,)``, never negative

    Raises:
        ValueError: as :func:`straightness`

    References:
        Improving and generalizing flow-based generative models with minibatch optimal transport (Tong et al., 2024),
        arXiv 2302.00482

    Example:
        >>> z = torch.tensor([[0.0], [1.0]])
        >>> path_energy([z, z + 3]), path_energy([z, 4 - z])  # in order, and crossing: (16 + 4) / (9 + 9) - 1
        (tensor(0.), tensor(0.1111))
    """
    path = _path(states)
    least = w2(path[0], path[-1]).square()
    surplus = (_mean_square(path[-1] - path[0]) - least).clamp_min(0)  # of the pairs; below 0 it is rounding
    return ((_bend(path) + surplus) / least).to(states[-1])


def _path(states: States) -> Tensor:
    """The states in float64, shape ``(steps + 1, *members, n, d)``; one without members belongs to all."""
    shapes = [tuple(check.points("states", s).shape) for s in states]
    points, members = {shape[-2:] for shape in shapes}, {shape[:-2] for shape in shapes} - {()}
    if len(states) < 2 or len(points) > 1 or len(members) > 1:
        raise ValueError(f"states must be two or more of one shape, got shapes {shapes}")
    path = torch.stack([s.double().expand(max(shapes, key=len)) for s in states])
    if (path[0] == path[-1]).all((-2, -1)).any():
        raise ValueError("states must end elsewhere than they start, got points that do not move")
    return path


def _bend(path: Tensor) -> Tensor:
    """Mean over points and time of how much the velocity differs from its mean, squared; the path takes a time of 1."""
    steps = len(path) - 1
    return steps * _mean_square(path.diff(dim=0) - (path[-1] - path[0]) / steps).sum(0)


def _mean_square(vectors: Tensor) -> Tensor:
    return vectors.square().sum(-1).mean(-1)


def reconstruction_error(method: Method, net: Net, x: Points) -> PerMember:
    r"""Mean squared error of encoding and decoding, per point, summed over dimensions.

    .. math:: E \| x - D(E(x)) \|^2

    Args:
        method: a method with an encoder
        net: its net
        x: points, shape ``(n, d)`` or ``(*members, n, d)``

    Returns:
        in squared units of the data, shape ``(*members,)``

    Raises:
        ValueError: a method that cannot encode; points that are not finite, or of another dimension
    """
    if method.encode is None:
        raise ValueError("method must have an encoder, this one has encode=None")
    check.points("x", x, net.dim)
    with still(net):
        return (method.push(net, method.encode(net, x))[-1] - x).square().sum(-1).mean(-1)


def active_units(codes: Codes, least: float = 0.01) -> PerMember:
    r"""How many latents carry something: those whose posterior mean varies from datum to datum.

    .. math:: \#\Big\{ j : \operatorname{Var}_x\big( E_{q(z \mid x)}[z_j] \big) > 0.01 \Big\}

    A latent that ignores x has the same posterior mean for every x. Under a prior N(0, 1) the variance of a latent that
    carries much is near 1, and in practice it is near 1 or near 0, so the threshold hardly matters.

    Args:
        codes: posterior means, shape ``(*members, n, latent)``, as from ``method.encode(net, x)``
        least: variance above which a latent counts as active

    Returns:
        a whole number from 0 to ``latent``, shape ``(*members,)``

    Raises:
        ValueError: codes that are not finite, fewer than two of them, ``least`` negative

    References:
        Importance Weighted Autoencoders (Burda et al., 2016), arXiv 1509.00519

    Example:
        >>> active_units(torch.tensor([[1.0, 0.30], [-1.0, 0.31], [0.5, 0.30]]))
        tensor(1.)
    """
    check.number("least", least, least=0)
    if check.points("codes", codes).shape[-2] < 2:
        raise ValueError("codes must be those of at least 2 points, got 1")
    return (codes.double().var(-2) > least).sum(-1).to(codes)
