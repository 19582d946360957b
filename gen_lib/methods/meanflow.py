"""MeanFlow: learn the *average* velocity between two times, and jump from noise to data in one step."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import jvp

from .. import check
from ..couplings import independent
from ..density import pushforward_log_prob
from ..method import Coupling, Method, Turn, factory
from ..nets import Field
from ..paths import Path, TimeDraw, line, two_times, uniform
from ..samplers import heun, jump
from ..shapes import PerSample, Points, States, Times


def along(net: Callable[..., Tensor], x_t: Points, times: tuple[Times, ...], v: Points) -> tuple[Tensor, Tensor]:
    r"""A field and its derivative along the path, by one Jacobian-vector product.

    .. math:: u(x_t, t, r), \qquad \frac{du}{dt} = \partial_x u\; v + \partial_t u

    No gradient flows through the derivative.

    Args:
        net: called as ``net(x_t, *times)``; a :class:`~gen_lib.nets.fields.Field`, or any function that torch can
            differentiate, which takes longer
        x_t: points, shape ``(*members, n, d)``
        times: t, and what else the field takes, which does not move; each of shape ``(*members, n, 1)``
        v: velocity at the points

    Returns:
        u and du/dt, both of the shape of the points

    Example:
        >>> x, t = torch.full((1, 1), 3.0), torch.full((1, 1), 0.5)
        >>> [value.item() for value in along(lambda x, t: x * t, x, (t,), torch.ones(1, 1))]  # t v + x
        [1.5, 3.5]
    """
    t, *others = times
    if isinstance(net, Field):
        return net.along((x_t, *times), (v, torch.ones_like(t), *map(torch.zeros_like, others)))
    u, du, *_ = jvp(lambda x_t, t: net(x_t, t, *others), (x_t, t), (v, torch.ones_like(t)))
    return u, du.detach()


def robust(error: PerSample, p: float | Tensor, c: float = 1e-3) -> PerSample:
    r"""Weigh squared errors down where they are large; with p = 0 nothing changes.

    .. math:: \frac{e}{\mathrm{sg}(e + c)^p}

    Args:
        error: squared errors e, shape ``(*members, n)``
        p: exponent; a tensor ``(*members, 1)`` gives each member its own
        c: keeps the weight finite, in the squared units of the data

    Returns:
        weighted errors, same shape

    References:
        Mean Flows for One-step Generative Modeling (Geng et al., 2025), arXiv 2505.13447
    """
    return error / (error.detach() + c) ** torch.as_tensor(p, dtype=error.dtype, device=error.device)


def meanflow_identity(
    net: Callable[..., Tensor], z: Points, x: Points, t: Times, r: Times, path: Path = line
) -> Points:
    r"""What is left of the MeanFlow identity, :math:`u = v + (r - t)\, du/dt`, at the points of the paths.

    .. math:: u_\theta(x_t, t, r) - \mathrm{sg}\left( v + (r - t)\, \frac{du_\theta}{dt} \right)

    The identity is the derivative in t of :math:`(r - t)\,u = \int_t^r v`. No gradient flows through the target.

    Args:
        net: average velocity, called as ``net(x_t, t, r)``
        z: noise, shape ``(*members, n, d)``
        x: data, same shape
        t: times to be at, shape ``(*members, n, 1)``
        r: times to go to, same shape
        path: from z to x

    Returns:
        the remainder, shape ``(*members, n, d)``

    References:
        Mean Flows for One-step Generative Modeling (Geng et al., 2025), arXiv 2505.13447
    """
    x_t, v = path(z, x, t)
    u, du = along(net, x_t, (t, r), v)
    return u - (v + (r - t) * du).detach()


def improved_identity(
    net: Callable[..., Tensor], z: Points, x: Points, t: Times, r: Times, path: Path = line
) -> Points:
    r"""The same identity read as a regression of the velocity, :math:`v = u - (r - t)\, du/dt`.

    .. math:: u_\theta(x_t, t, r) - (r - t)\, \mathrm{sg}\left( \frac{du_\theta}{dt} \right) - v

    The derivative is taken along the net's own velocity :math:`u_\theta(x_t, t, t)` instead of the noisy v of the pair.

    Args:
        net: average velocity, called as ``net(x_t, t, r)``
        z: noise, shape ``(*members, n, d)``
        x: data, same shape
        t: times to be at, shape ``(*members, n, 1)``
        r: times to go to, same shape; before t is allowed
        path: from z to x

    Returns:
        the remainder, shape ``(*members, n, d)``

    References:
        Improved Mean Flows: On the Challenges of Fastforward Generative Models (Geng et al., 2025), arXiv 2512.02012
    """
    x_t, v = path(z, x, t)
    own = net(x_t, t, t).detach()
    u, du = along(net, x_t, (t, r), own)
    return u - (r - t) * du - v


def push(net: Callable[..., Tensor], z: Points, steps: int = 1) -> States:
    r"""Jump along the average velocity, in one step unless told otherwise.

    .. math:: x_r = x_t + (r - t)\, u(x_t, t, r)

    Args:
        net: average velocity, called as ``net(x_t, t, r)``
        z: noise, shape ``(*members, n, d)``
        steps: number of jumps

    Returns:
        ``steps + 1`` states, z first
    """
    return jump(net, z, steps)


def instantaneous(net: Callable[..., Tensor]) -> Callable[[Points, Times], Points]:
    """The velocity inside an average velocity, u(x_t, t, t), as a function of x_t and t."""
    return lambda x_t, t: net(x_t, t, t)


def encode(net: Callable[..., Tensor], x: Points, steps: int = 50) -> Points:
    """Follow the instantaneous velocity backwards, from data x to noise, both of shape ``(*members, n, d)``."""
    return heun(instantaneous(net), x, steps, start=1.0, end=0.0)[-1]


def density(net: Callable[..., Tensor], x: Points, rtol: float = 1e-5, atol: float = 1e-5) -> PerSample:
    """The log-density at x of what the instantaneous velocity makes of noise, followed as an ODE."""
    return pushforward_log_prob(instantaneous(net), x, rtol, atol)


def average_velocity_field(dim: int, latent: int, hidden: tuple[int, ...], members: tuple[int, ...]) -> Field:
    """A field that takes two times, ``net(x_t, t, r)``: when a point is there, and when it arrives.

    Args:
        dim: dimension of a point
        latent: that of the noise, the same
        hidden: widths of the hidden layers
        members: shape of the members

    Raises:
        ValueError: latent is not dim
    """
    return Field(dim, latent, hidden, members, times=2)


@factory
def meanflow(
    p: float | Tensor = 0.0,
    *,
    improved: bool = False,
    same: float = 0.5,
    time: TimeDraw = uniform,
    coupling: Coupling = independent,
    path: Path = line,
) -> Method:
    r"""MeanFlow: the loss is the squared remainder of the identity, under the robust weight.

    .. math:: e = \left\| u_\theta - \mathrm{sg}\left( v + (r - t)\, \frac{du_\theta}{dt} \right) \right\|^2, \qquad
        \frac{e}{\mathrm{sg}(e + c)^p}

    With p > 0 the loss is robust: on noisy targets in few dimensions, as in training from scratch on the toys, it turns
    means into something like modes. So plain squares are the default; the paper's is p = 1, or 0.75.

    Args:
        p: exponent of the robust weight, at least 0; a tensor ``(*members, 1)`` gives each member its own
        improved: regress the velocity instead of the average velocity
        same: fraction of the pairs with r = t, where the loss is that of flow matching at t, the earlier of two times
        time: draws two times, which are then ordered
        coupling: which noise is paired with which datum
        path: from noise to data

    Raises:
        ValueError: p negative, same outside [0, 1]

    References:
        Mean Flows for One-step Generative Modeling (Geng et al., 2025), arXiv 2505.13447; Improved Mean Flows: On the
        Challenges of Fastforward Generative Models (Geng et al., 2025), arXiv 2512.02012
    """
    check.number("p", p, least=0)
    check.fraction("same", same)
    identity = improved_identity if improved else meanflow_identity

    def loss(net: Callable[..., Tensor], z: Points, x: Points) -> PerSample:
        t, r = two_times(x, time, same, ordered=True)
        return robust(identity(net, z, x, t, r, path).square().sum(-1), p)

    return Method(
        architecture=average_velocity_field,
        turns=(Turn("", loss),),
        push=push,
        encode=encode,
        density=density,
        coupling=coupling,
    )
