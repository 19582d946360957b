"""FACM, the flow-anchored consistency model: a shortcut to the data, held by the velocity it must agree with."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Generator, Tensor
from torch.nn.functional import cosine_similarity

from .. import check, draws
from ..couplings import independent
from ..density import pushforward_log_prob
from ..method import Coupling, Method, Turn, factory
from ..nets import Field, Sizes
from ..paths import Path, TimeDraw, line, uniform
from ..samplers import clock, heun, times
from ..shapes import PerSample, Points, States, Times
from .meanflow import along, robust

Weight = Callable[[Times], Times]


@dataclass(frozen=True, kw_only=True)
class Conditioning:
    """How one net gives two things: the velocity at t, and the shortcut F from t to the end.

    Attributes:
        times: how many times the net is called with
        now: t to the times that give the velocity
        end: t to the times that give the shortcut, t first
    """

    times: int
    now: Callable[[Tensor], tuple[Tensor, ...]]
    end: Callable[[Tensor], tuple[Tensor, ...]]

    def velocity(self, net: Callable[..., Tensor], x_t: Points, t: Times) -> Points:
        """The velocity, shape ``(*members, n, d)`` as the points."""
        return net(x_t, *self.now(t))

    def shortcut(self, net: Callable[..., Tensor], x_t: Points, t: Times) -> Points:
        """The average velocity from t to 1, shape ``(*members, n, d)`` as the points."""
        return net(x_t, *self.end(t))


def _itself(t: Tensor) -> tuple[Tensor, ...]:
    return (t,)


def _twice(t: Tensor) -> tuple[Tensor, ...]:
    return t, t


def _to_one(t: Tensor) -> tuple[Tensor, ...]:
    return t, torch.ones_like(t)


def _mirrored(t: Tensor) -> tuple[Tensor, ...]:
    return (2 - t,)


BY_TARGET_TIME = Conditioning(times=2, now=_twice, end=_to_one)
"""The net is told where it goes, F(x, t, r) with the velocity at r = t and the shortcut at r = 1."""

BY_EXPANDED_TIME = Conditioning(times=1, now=_mirrored, end=_itself)
"""The paper's preferred form, one clock c from 0 to 2 with the shortcut at c = t and the velocity at c = 2 - t."""


def cosine(t: Times) -> Times:
    r"""The weight of consistency: most near noise, t = 0, and nothing at the data, t = 1.

    .. math:: \beta(t) = \cos(\pi t / 2)

    Args:
        t: times, shape ``(*members, n, 1)``

    Returns:
        weights, same shape
    """
    return (t * (math.pi / 2)).cos()


def one(t: Times) -> Times:
    """Weight 1 everywhere, shape ``(*members, n, 1)`` as t."""
    return torch.ones_like(t)


def one_minus_root(t: Times) -> Times:
    r"""How far the published target moves from the prediction, shape ``(*members, n, 1)`` as t.

    .. math:: \alpha(t) = 1 - \sqrt t
    """
    return 1 - t.sqrt()


def anchor_loss(
    net: Callable[..., Tensor], x_t: Points, t: Times, v: Points, how: Conditioning, angle: bool = False
) -> PerSample:
    r"""Flow matching inside the same net.

    .. math:: \| F(x_t, t, t) - v \|^2 \quad \left( + 1 - \frac{F \cdot v}{\|F\|\,\|v\|} \right)

    Args:
        net: the field
        x_t: points, shape ``(*members, n, d)``
        t: times, shape ``(*members, n, 1)``
        v: velocity at the points
        how: the times at which the net is evaluated
        angle: add the term in brackets, which in one dimension is a sign and has no gradient

    Returns:
        squared error per sample, shape ``(*members, n)``
    """
    F = how.velocity(net, x_t, t)
    error = (F - v).square().sum(-1)
    return error + 1 - cosine_similarity(F, v, dim=-1) if angle else error


def consistency_error(
    net: Callable[..., Tensor],
    x_t: Points,
    t: Times,
    v: Points,
    how: Conditioning,
    alpha: Weight = one,
    clamp: float | None = None,
) -> PerSample:
    r"""How far the shortcut is from what its own derivative says it should be.

    .. math:: \bar v = v + (1 - t)\, \mathrm{sg}\left(\frac{dF}{dt}\right), \quad g = \mathrm{sg}(F) - \bar v, \quad
        \| F - \mathrm{sg}(F) + \alpha(t)\, \mathrm{clamp}(g, -c, c) \|^2

    Args:
        net: the field
        x_t: points, shape ``(*members, n, d)``
        t: times, shape ``(*members, n, 1)``
        v: velocity at the points
        how: the times at which the net is evaluated
        alpha: fraction of the distance that the target moves
        clamp: bound c of each coordinate of g, none if not given

    Returns:
        squared error per sample, shape ``(*members, n)``

    References:
        FACM: Flow-Anchored Consistency Models (Peng et al., 2026), arXiv 2507.03738
    """
    F, dF = along(net, x_t, how.end(t), v)
    g = F.detach() - (v + (1 - t) * dF)
    target = F.detach() - alpha(t) * (g if clamp is None else g.clamp(-clamp, clamp))
    return (F - target).square().sum(-1)


@factory
def facm(
    p: float | Tensor = 0.0,
    *,
    alpha: Weight = one,
    beta: Weight = cosine,
    clamp: float | None = None,
    angle: bool = False,
    anchor: bool = True,
    teacher: Callable[[Tensor, Tensor], Tensor] | None = None,
    conditioning: Conditioning = BY_TARGET_TIME,
    time: TimeDraw = uniform,
    coupling: Coupling = independent,
    path: Path = line,
) -> Method:
    r"""FACM: anchor + beta(t) x consistency. The defaults are plain squares, which are unbiased from scratch.

    Args:
        p: exponent of the robust weight :math:`e / \mathrm{sg}(e + c)^p`; 1/2 is the published norm-L2 loss, which
            has the mean over the dimensions where e is the sum
        alpha: fraction of the distance that the target moves, a function of t
        beta: weight of the consistency loss, a function of t
        clamp: bound of each coordinate of the target's move
        angle: add 1 - cos(F, v) to the anchor; in one dimension it is a sign and has no gradient
        anchor: keep the velocity loss; without it little holds the end of the flow, and what is learned loses its scale
        teacher: velocity ``(x_t, t)`` to learn from, a frozen net or the exact one; the pair's own x - z if not given
        conditioning: by target time or by expanded time
        time: draws one time per pair
        coupling: which noise is paired with which datum
        path: from noise to data

    Raises:
        ValueError: p negative, clamp not positive

    References:
        FACM: Flow-Anchored Consistency Models (Peng et al., 2026), arXiv 2507.03738
    """
    check.number("p", p, least=0)
    if clamp is not None:
        check.number("clamp", clamp, above=0)

    def loss(net: Callable[..., Tensor], z: Points, x: Points) -> PerSample:
        t = time(x)
        x_t, v = path(z, x, t)
        if teacher is not None:
            v = teacher(x_t, t).detach()
        error = consistency_error(net, x_t, t, v, conditioning, alpha, clamp)
        total = beta(t)[..., 0] * robust(error, p)
        if anchor:
            total = total + anchor_loss(net, x_t, t, v, conditioning, angle)
        return total

    def architecture(dim: int, latent: int, hidden: Sizes, members: Sizes) -> Field:
        return Field(dim, latent, hidden, members, times=conditioning.times)

    def push(net: Callable[..., Tensor], z: Points, steps: int = 1, generator: Generator | None = None) -> States:
        """Jump to the end, z + F(z, 0, 1); each further step goes back to a time with fresh noise and jumps again."""
        states = [check.points("z", z)]
        for t, following in pairwise(times(steps)):
            end = states[-1] + (1 - t) * conditioning.shortcut(net, states[-1], clock(t, z))
            if following < 1:
                fresh = draws.normal(tuple(z.shape), generator, like=z)
                end, _ = path(fresh, end, clock(following, z))
            states.append(end)
        return states

    def encode(net: Callable[..., Tensor], x: Points, steps: int = 50) -> Points:
        """Follow the velocity backwards, from data to noise."""
        return heun(lambda x_t, t: conditioning.velocity(net, x_t, t), x, steps, start=1.0, end=0.0)[-1]

    def density(net: Callable[..., Tensor], x: Points, rtol: float = 1e-5, atol: float = 1e-5) -> PerSample:
        """The log-density at x of what the velocity makes of noise, followed as an ODE."""
        return pushforward_log_prob(lambda x_t, t: conditioning.velocity(net, x_t, t), x, rtol, atol)

    return Method(
        architecture=architecture,
        turns=(Turn("", loss),),
        push=push,
        encode=encode,
        density=density,
        coupling=coupling,
    )


@factory
def facm_published(teacher: Callable[[Tensor, Tensor], Tensor] | None = None) -> Method:
    """The published weights: alpha = 1 - sqrt(t), clamp 1, norm-L2 loss, angle in the anchor.

    Args:
        teacher: velocity ``(x_t, t)`` to learn from; without one the clamp is biased towards the median of each
            coordinate, and the norm towards that of the whole velocity, the less the more dimensions it has

    References:
        FACM: Flow-Anchored Consistency Models (Peng et al., 2026), arXiv 2507.03738
    """
    return facm(p=0.5, alpha=one_minus_root, clamp=1.0, angle=True, teacher=teacher)
