r"""One flow map, three equations: each ties a jump to the velocity in its own way, and each can be trained.

From x a jump leads to :math:`\Phi_{t \to r}(x) = x + (r - t)\, u_\theta(x, t, r)`. Each equation is a function that
gives what is left of it. One side of it is a teacher: a velocity of the net itself, or two of its shorter jumps. The
weights of a teacher are held, so that it is not pulled towards its pupil; all else is differentiated.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call, jvp

from ..couplings import independent
from ..method import Coupling, Method, Turn, factory
from ..paths import Path, TimeDraw, line, two_times, uniform
from ..shapes import PerSample, Points, Times
from .flow_matching import flow_matching
from .meanflow import average_velocity_field, density, encode, instantaneous, push

AverageVelocity = Callable[..., Tensor]  # (x_t, t, r) -> u
Equation = Callable[[AverageVelocity, Points, Times, Times], Points]  # (net, x_t, t, r) -> what is left of it


def held(net: AverageVelocity) -> AverageVelocity:
    """The same net as a teacher: gradients flow to its inputs and not to its weights.

    Args:
        net: called as ``net(x_t, t, r)``; a function without weights is given back as it is

    Example:
        >>> net = nn.Linear(1, 1)
        >>> held(net)(torch.ones(1, 1)).requires_grad, held(net)(torch.ones(1, 1, requires_grad=True)).requires_grad
        (False, True)
    """
    if not isinstance(net, nn.Module):
        return net
    weights = {name: weight.detach() for name, weight in net.named_parameters()}
    return lambda *inputs: functional_call(net, weights, inputs)


def semigroup(net: AverageVelocity, x_t: Points, t: Times, r: Times) -> Points:
    r"""Two jumps end where one ends, :math:`\Phi_{s \to r} \circ \Phi_{t \to s} = \Phi_{t \to r}`; here s is half way.

    .. math:: u_\theta(x_t, t, r) - \tfrac12 \big[ \bar u_\theta(x_t, t, s) + \bar u_\theta(x_s, s, r) \big],
        \qquad x_s = x_t + (s - t)\, \bar u_\theta(x_t, t, s)

    The bar means that the weights are held. No derivative, three evaluations: the self-consistency of shortcut models.

    Args:
        net: average velocity, called as ``net(x_t, t, r)``
        x_t: points, shape ``(*members, n, d)``
        t: times to be at, shape ``(*members, n, 1)``
        r: times to go to, same shape

    Returns:
        the remainder, shape ``(*members, n, d)``

    References:
        One Step Diffusion via Shortcut Models (Frans et al., 2025), arXiv 2410.12557
    """
    teacher, s = held(net), (t + r) / 2
    first = teacher(x_t, t, s)
    second = teacher(x_t + (s - t) * first, s, r)
    return net(x_t, t, r) - (first + second) / 2


def eulerian(net: AverageVelocity, x_t: Points, t: Times, r: Times) -> Points:
    r"""Start later on the same path and end at the same point: :math:`\partial_t \Phi + \partial_x \Phi\, v = 0`.

    .. math:: u_\theta - (r - t) \Big[ \frac{\partial u_\theta}{\partial x}\, \bar v
        + \frac{\partial u_\theta}{\partial t} \Big] - \bar v, \qquad \bar v = \bar u_\theta(x_t, t, t)

    MeanFlow's identity with the net's own velocity, whose weights are held. Given the point it has no noise, so the
    derivative needs no stop-gradient: with the velocity of a pair the same loss would make the jumps flat.

    Args:
        net: average velocity, called as ``net(x_t, t, r)``
        x_t: points, shape ``(*members, n, d)``
        t: times to be at, shape ``(*members, n, 1)``
        r: times to go to, same shape

    Returns:
        the remainder, shape ``(*members, n, d)``

    References:
        Mean Flows for One-step Generative Modeling (Geng et al., 2025), arXiv 2505.13447; How to build a consistency
        model: Learning flow maps via self-distillation (Boffi et al., 2025), arXiv 2505.18825
    """
    v = held(net)(x_t, t, t)
    here, tangent = (torch.zeros_like(v), torch.zeros_like(t)), (v, torch.ones_like(t))
    u, du, *_ = jvp(lambda dx, dt: net(x_t + dx, t + dt, r), here, tangent)
    return u - (r - t) * du - v


def lagrangian(net: AverageVelocity, x_t: Points, t: Times, r: Times) -> Points:
    r"""The end of a jump moves with the velocity found there: :math:`\partial_r \Phi = v(\Phi, r)`.

    .. math:: u_\theta + (r - t)\, \frac{\partial u_\theta}{\partial r} - \bar u_\theta(x_r, r, r),
        \qquad x_r = x_t + (r - t)\, u_\theta(x_t, t, r)

    A derivative in r alone: no point moves. The weights of the velocity are held, not the point where it is taken:
    without the gradient through :math:`x_r` a jump that goes too far finds a velocity that drives it farther.

    Args:
        net: average velocity, called as ``net(x_t, t, r)``
        x_t: points, shape ``(*members, n, d)``
        t: times to be at, shape ``(*members, n, 1)``
        r: times to go to, same shape

    Returns:
        the remainder, shape ``(*members, n, d)``

    References:
        How to build a consistency model: Learning flow maps via self-distillation (Boffi et al., 2025), arXiv
        2505.18825; Terminal Velocity Matching (Zhou et al., 2026), arXiv 2511.19797
    """
    u, du, *_ = jvp(lambda dr: net(x_t, t, r + dr), (torch.zeros_like(r),), (torch.ones_like(r),))
    return u + (r - t) * du - held(net)(x_t + (r - t) * u, r, r)


@factory
def flow_map(
    equation: Equation = lagrangian,
    *,
    time: TimeDraw = uniform,
    coupling: Coupling = independent,
    path: Path = line,
) -> Method:
    r"""A flow map by self-distillation: flow matching for the velocity, and one of the three equations for the jumps.

    .. math:: \| u_\theta(x_s, s, s) - v \|^2 + \| \text{what is left of the equation at } (x_t, t, r) \|^2

    Every pair trains both: the velocity at one time s, and the jump between two others, t before r. The data enter
    through the first term alone. The exact average velocity makes the second one zero and the first one least.

    Args:
        equation: :func:`semigroup`, :func:`eulerian`, :func:`lagrangian`, or another function of this kind
        time: draws the three times
        coupling: which noise is paired with which datum
        path: from noise to data

    References:
        How to build a consistency model: Learning flow maps via self-distillation (Boffi et al., 2025), arXiv
        2505.18825
    """

    def loss(net: AverageVelocity, z: Points, x: Points) -> PerSample:
        t, r = two_times(x, time, same=0.0, ordered=True)
        x_t, _ = path(z, x, t)
        left = equation(net, x_t, t, r)
        return flow_matching(instantaneous(net), z, x, time, path) + left.square().sum(-1)

    return Method(
        architecture=average_velocity_field,
        turns=(Turn("", loss),),
        push=push,
        encode=encode,
        density=density,
        coupling=coupling,
    )
