"""Paths from noise to data, and how times on them are drawn. Noise is at t = 0, data at t = 1."""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from torch import Tensor

from . import check, draws
from .shapes import Points, Times

TimeDraw = Callable[[Points], Times]  # from points to one time for each
Path = Callable[[Points, Points, Times], tuple[Tensor, Tensor]]  # (z, x, t) to the point at time t, and its velocity


def line(z: Points, x: Points, t: Times) -> tuple[Points, Points]:
    r"""The point at time t on the straight path from z to x, and the velocity there.

    .. math:: x_t = (1 - t)\, z + t\, x, \qquad v = \frac{d x_t}{d t} = x - z

    Args:
        z: noise, shape ``(*members, n, d)``
        x: data, same shape
        t: times in [0, 1], shape ``(*members, n, 1)``

    Returns:
        x_t and v, both of the shape of x

    Example:
        >>> import torch
        >>> x_t, v = line(torch.zeros(1, 1), torch.ones(1, 1), torch.full((1, 1), 0.25))
        >>> x_t.item(), v.item()
        (0.25, 1.0)
    """
    return (1 - t) * z + t * x, x - z


def circle(z: Points, x: Points, t: Times) -> tuple[Points, Points]:
    r"""The point at time t on a quarter of an ellipse from z to x, and the velocity there.

    .. math:: x_t = \cos\left(\tfrac{\pi t}{2}\right) z + \sin\left(\tfrac{\pi t}{2}\right) x, \qquad
        v = \frac{d x_t}{d t}
        = \tfrac{\pi}{2} \left[ \cos\left(\tfrac{\pi t}{2}\right) x - \sin\left(\tfrac{\pi t}{2}\right) z \right]

    On independent pairs data of variance 1 keep it along the path: the path preserves the variance.

    Args:
        z: noise, shape ``(*members, n, d)``
        x: data, same shape
        t: times in [0, 1], shape ``(*members, n, 1)``

    Returns:
        x_t and v, both of the shape of x

    References:
        Stochastic Interpolants: A Unifying Framework for Flows and Diffusions (Albergo et al., 2023), arXiv 2303.08797

    Example:
        >>> import torch
        >>> x_t, v = circle(torch.zeros(1, 1), torch.ones(1, 1), torch.full((1, 1), 1.0))
        >>> x_t.item(), round(v.item(), 6)
        (1.0, -0.0)
    """
    angle = t * (math.pi / 2)
    sine, cosine = angle.sin(), angle.cos()
    return cosine * z + sine * x, (cosine * x - sine * z) * (math.pi / 2)


class Coefficients(NamedTuple):
    r"""What an affine path is made of, :math:`x_t = a_t z + b_t x`, at some times.

    Attributes:
        noise: :math:`a_t`, of the shape of the times
        data: :math:`b_t`
        noise_slope: :math:`\dot a_t`, so that :math:`v = \dot a_t z + \dot b_t x`
        data_slope: :math:`\dot b_t`
    """

    noise: Times
    data: Times
    noise_slope: Times
    data_slope: Times


def coefficients(path: Path, t: Times) -> Coefficients:
    r"""What a path does with noise and with data: all that the distribution of :math:`x_t` depends on.

    .. math:: x_t = a_t\, z + b_t\, x, \qquad v = \dot a_t\, z + \dot b_t\, x

    Args:
        path: affine, such as :func:`line` or :func:`circle`
        t: times in [0, 1], shape ``(*members, n, 1)``

    Returns:
        four numbers for each time

    Raises:
        ValueError: a path that is not a sum of multiples of z and x

    Example:
        >>> import torch
        >>> [c.item() for c in coefficients(line, torch.full((1, 1), 0.25))]
        [0.75, 0.25, -1.0, 1.0]
    """
    one = t.new_ones(()).expand_as(t)
    (a, a_slope), (b, b_slope) = path(one, 0 * one, t), path(0 * one, one, t)
    for found, expected in zip(path(3 * one, -one, t), (3 * a - b, 3 * a_slope - b_slope), strict=True):
        if not (found - expected).abs().max() <= 1e-3:
            raise ValueError(f"path must be a sum of multiples of z and x, such as paths.line, got {path!r}")
    return Coefficients(a, b, a_slope, b_slope)


def uniform(x: Points) -> Times:
    """One time from U(0, 1) for each point x ``(*members, n, d)``, shape ``(*members, n, 1)``."""
    return draws.uniform((*x.shape[:-1], 1), like=x)


def logit_normal(mean: float = 0.0, std: float = 1.0) -> TimeDraw:
    r"""Times that are the sigmoid of a normal number; with the defaults they dwell in the middle.

    .. math:: t = \varsigma(\mu + \sigma \varepsilon), \qquad \varepsilon \sim N(0, 1), \qquad
        \varsigma(a) = \frac{1}{1 + e^{-a}}

    Args:
        mean: :math:`\mu`; below 0 the times lie nearer to the noise
        std: :math:`\sigma`, above 0

    Returns:
        a function from points to one time for each

    Raises:
        ValueError: a mean that is not finite, std not positive

    References:
        Scaling Rectified Flow Transformers for High-Resolution Image Synthesis (Esser et al., 2024), arXiv 2403.03206

    Example:
        >>> import torch
        >>> logit_normal(-1.0)(torch.zeros(5, 2)).shape
        torch.Size([5, 1])
    """
    check.number("mean", mean)
    check.number("std", std, above=0)
    return partial(_logit_normal, mean=mean, std=std)  # a function of the module, so that it can be sent


def _logit_normal(x: Points, mean: float, std: float) -> Times:
    return (mean + std * draws.normal((*x.shape[:-1], 1), like=x)).sigmoid()


def two_times(x: Points, time: TimeDraw, same: float, ordered: bool) -> tuple[Times, Times]:
    r"""A time t to be at and a time r to go to, for each point.

    Two times are drawn, ordered if wanted, and then r is set to t for a fraction of the points. So t is the earlier of
    two ordered times even where r = t, as in the authors' code of MeanFlow: uniform draws give it the density

    .. math:: p(t) = 2 (1 - t) \quad \text{(ordered)}, \qquad p(t) = 1 \quad \text{(not ordered)}

    Args:
        x: points, shape ``(*members, n, d)``
        time: draws each of them
        same: fraction of the points with r = t
        ordered: whether r is never before t

    Returns:
        t and r, each of shape ``(*members, n, 1)``

    References:
        Improved Mean Flows (Geng et al., 2025), arXiv 2512.02012; its code, https://github.com/Lyy-iiis/imeanflow,
        ``sample_tr``

    Example:
        >>> import torch
        >>> t, r = two_times(torch.zeros(100, 1), uniform, same=0.5, ordered=True)
        >>> bool((t <= r).all())
        True
    """
    t, r = time(x), time(x)
    if ordered:
        t, r = t.minimum(r), t.maximum(r)
    return t, r.where(draws.uniform(tuple(r.shape), like=x) >= same, t)
