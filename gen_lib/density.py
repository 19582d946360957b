r"""The density of what a flow makes of noise: points followed backwards, and how much the flow spreads them."""

import math

import torch

from . import check
from .samplers import Velocity, adaptive, clock
from .shapes import PerSample, Points, Times


def pushforward_log_prob(velocity: Velocity, x: Points, rtol: float = 1e-8, atol: float = 1e-8) -> PerSample:
    r"""Log-density at x of the samples that a velocity field makes from N(0, I): the likelihood of a flow.

    .. math:: \log p_1(x_1) = \log \mathcal N(x_0; 0, I) - \int_0^1 \nabla \cdot v(x_t, t)\, dt

    Points and integral are followed backwards from the data by the adaptive solver. The divergence is exact, one
    gradient per dimension, so it is meant for few dimensions.

    Args:
        velocity: called as ``velocity(x, t)``, each point on its own; differentiated by ``torch.func.vjp``
        x: data, shape ``(*members, n, d)``
        rtol: relative error allowed per step
        atol: absolute error allowed per step, in the units of the data and in nats

    Returns:
        nats, shape ``(*members, n)``

    Raises:
        ValueError: points that are empty or not finite, a tolerance that is not positive

    References:
        Neural Ordinary Differential Equations (Chen et al., 2018), arXiv 1806.07366

    Example:
        >>> x = torch.zeros(1, 1, dtype=torch.float64)
        >>> twice = pushforward_log_prob(lambda x, t: math.log(2) * x, x)  # N(0, 1) becomes N(0, 4)
        >>> round(twice.item(), 6) == round(-math.log(2 * math.sqrt(2 * math.pi)), 6)
        True
    """
    dim = check.points("x", x).shape[-1]
    x = x.expand_as(velocity(x, clock(1.0, x)))  # to the members of the field, which follow it each on their own

    def joint(state: Points, t: Times) -> Points:
        speed, divergence = _divergence(velocity, state[..., :dim], t)
        return torch.cat([speed, divergence[..., None]], -1)

    start = torch.cat([x, torch.zeros_like(x[..., :1])], -1)
    end = adaptive(joint, start, rtol=rtol, atol=atol, start=1.0, end=0.0)[-1]
    z, integral = end[..., :dim], -end[..., dim]  # followed backwards, the integral comes out negative
    return -(z.square() + math.log(2 * math.pi)).sum(-1) / 2 - integral


def _divergence(velocity: Velocity, x: Points, t: Times) -> tuple[Points, PerSample]:
    """The velocity and the trace of its Jacobian, each point on its own."""
    speed, pull_back, *_ = torch.func.vjp(lambda points: velocity(points, t), x)
    divergence = torch.zeros_like(x[..., 0])
    for i in range(x.shape[-1]):
        row = torch.zeros_like(x)
        row[..., i] = 1
        divergence = divergence + pull_back(row)[0][..., i]
    return speed, divergence
