"""Affine paths, ready ones and any other, and what such a path is made of."""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import jvp

from .. import check
from ..shapes import Points, Times
from ..slips import Table

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
    one, at = t.new_ones(()).expand_as(t), parts(path, t)
    expected = (3 * at.noise - at.data, 3 * at.noise_slope - at.data_slope)
    for found, sums in zip(path(3 * one, -one, t), expected, strict=True):
        if not ((found - sums).abs() <= 1e-3 + 1e-5 * sums.abs()).all():
            raise ValueError(f"path must be a sum of multiples of z and x, such as paths.line, got {path!r}")
    return at


def parts(path: Path, t: Times) -> Coefficients:
    """The same for a path that is known to be affine: nothing is checked, which is for the inside of a loss."""
    one = t.new_ones(()).expand_as(t)
    (a, a_slope), (b, b_slope) = path(one, 0 * one, t), path(0 * one, one, t)
    return Coefficients(a, b, a_slope, b_slope)


def affine(noise: Callable[[Times], Times], data: Callable[[Times], Times]) -> Path:
    r"""A path of any two functions of time; the velocity is their derivative, by forward-mode differentiation.

    .. math:: x_t = a_t\, z + b_t\, x, \qquad v = \dot a_t\, z + \dot b_t\, x

    Args:
        noise: :math:`a_t`, from times to numbers of the same shape, made of torch's operations
        data: :math:`b_t`, likewise

    Returns:
        a path, which can be sent to another process if the two functions can

    References:
        Stochastic Interpolants: A Unifying Framework for Flows and Diffusions (Albergo et al., 2023), arXiv 2303.08797

    Example:
        >>> import torch
        >>> late = affine(lambda t: 1 - t**2, lambda t: t**2)
        >>> [c.item() for c in coefficients(late, torch.full((1, 1), 0.5))]
        [0.75, 0.25, -1.0, 1.0]
    """
    return partial(_affine, noise=noise, data=data)


def _affine(
    z: Points, x: Points, t: Times, noise: Callable[[Times], Times], data: Callable[[Times], Times]
) -> tuple[Points, Points]:
    t = t.contiguous()  # one time may have been given to many points, which forward mode refuses
    one = torch.ones_like(t)
    a, a_slope, *_ = jvp(noise, (t,), (one,))
    b, b_slope, *_ = jvp(data, (t,), (one,))
    return a * z + b * x, a_slope * z + b_slope * x


def variance_preserving(low: float = 0.1, high: float = 20.0, last: float = 1e-3) -> Path:
    r"""The path of DDPM: noise is added at a rate that grows linearly, and what there was shrinks to make room for it.

    .. math:: a_t^2 + b_t^2 = 1, \qquad b_t = e^{-B(\tau) / 2}, \qquad
        B(\tau) = \beta_{\min} \tau + \tfrac12 (\beta_{\max} - \beta_{\min})\, \tau^2, \qquad
        \tau = 1 - t\,(1 - \tau_{\text{last}})

    As in the papers the path stops shortly before the data, at :math:`\tau_{\text{last}}`, where :math:`\dot a_t` would
    be infinite; and at the noise it still holds :math:`b_0 = e^{-B(1)/2}` of the data, 0.0066 with the defaults.
    :func:`circle` preserves the variance, too, and has neither defect.

    Args:
        low: :math:`\beta_{\min}`, rate at the data, above 0
        high: :math:`\beta_{\max}`, rate at the noise, above 0
        last: time of the papers at which the path ends, from above 0 to below 1

    Raises:
        ValueError: one of them out of its range

    References:
        Denoising Diffusion Probabilistic Models (Ho et al., 2020), arXiv 2006.11239; in continuous time: Score-Based
        Generative Modeling through Stochastic Differential Equations (Song et al., 2021), arXiv 2011.13456

    Example:
        >>> import torch
        >>> at = coefficients(variance_preserving(), torch.tensor([[0.0], [1.0]]))
        >>> [round(b, 4) for b in at.data[:, 0].tolist()], [round(a, 4) for a in at.noise[:, 0].tolist()]
        ([0.0066, 0.9999], [1.0, 0.0105])
    """
    for name, value in (("low", low), ("high", high), ("last", last)):
        check.number(name, value, above=0)
    if last >= 1:
        raise ValueError(f"last must be below 1, got {last}")
    return partial(_preserving, low=low, high=high, last=last)


def _preserving(z: Points, x: Points, t: Times, low: float, high: float, last: float) -> tuple[Points, Points]:
    tau = 1 - t * (1 - last)
    spent, rate = low * tau + (high - low) / 2 * tau.square(), (1 - last) * (low + (high - low) * tau)
    noise, data = (-(-spent).expm1()).sqrt(), (-spent / 2).exp()
    return noise * z + data * x, rate / 2 * data * (x - data / noise * z)


def variance_exploding(low: float = 0.002, high: float = 80.0, rho: float | None = 7.0) -> Path:
    r"""The path of EDM: the datum stays, and the noise on it shrinks from far more than the data to almost nothing.

    .. math:: b_t = 1, \qquad
        a_t = \left( (1 - t)\, \sigma_{\max}^{1/\rho} + t\, \sigma_{\min}^{1/\rho} \right)^{\rho}, \qquad
        a_t = \sigma_{\max}^{1 - t} \sigma_{\min}^{t} \quad \text{for } \rho \to \infty

    The state at t = 0 has the size of :math:`\sigma_{\max}`, not 1. Equal steps in t are EDM's unequal steps in the
    noise: a spacing of steps is a path.

    Args:
        low: :math:`\sigma_{\min}`, above 0
        high: :math:`\sigma_{\max}`, above low
        rho: :math:`\rho`, above 0; None for the geometric path of the first such models

    Raises:
        ValueError: one of them out of its range

    References:
        Elucidating the Design Space of Diffusion-Based Generative Models (Karras et al., 2022), arXiv 2206.00364;
        geometric: Generative Modeling by Estimating Gradients of the Data Distribution (Song and Ermon, 2019),
        arXiv 1907.05600

    Example:
        >>> import torch
        >>> at = coefficients(variance_exploding(rho=None), torch.tensor([[0.0], [0.5], [1.0]]))
        >>> [round(a, 4) for a in at.noise[:, 0].tolist()]
        [80.0, 0.4, 0.002]
    """
    check.number("low", low, above=0)
    check.number("high", high, above=low)
    if rho is not None:
        check.number("rho", rho, above=0)
    return partial(_exploding, low=low, high=high, rho=rho)


def _exploding(z: Points, x: Points, t: Times, low: float, high: float, rho: float | None) -> tuple[Points, Points]:
    if rho is None:
        noise, rate = high * (t * math.log(low / high)).exp(), math.log(low / high)
        return noise * z + x, rate * noise * z + 0 * x
    first, last = high ** (1 / rho), low ** (1 / rho)
    root = (1 - t) * first + t * last
    return root**rho * z + x, rho * (last - first) * root ** (rho - 1) * z + 0 * x


#: By name, for the command line and for tables.
PATHS: Table[Path] = Table(
    line=line,
    circle=circle,
    variance_preserving=variance_preserving(),
    variance_exploding=variance_exploding(),
).called("path")


def time_of(path: Path, noise_to_data: Times) -> Times:
    r"""When a path has a given ratio of noise to data, :math:`a_t / b_t`, by Newton's method within an interval.

    Two affine paths with this ratio differ only in scale, so this is how a time of one is found on the other.

    Args:
        path: affine, with a ratio that falls in time
        noise_to_data: the ratios, 0 or above; shape ``(*members, n, 1)``

    Returns:
        times in [0, 1], same shape; an end of the path for a ratio beyond it

    Example:
        >>> import torch
        >>> time_of(line, torch.tensor([[1.0], [3.0]])).tolist()  # (1 - t) / t
        [[0.5], [0.25]]
    """
    wanted = noise_to_data.double()
    low, high = torch.zeros_like(wanted), torch.ones_like(wanted)
    t, enough = (low + high) / 2, torch.finfo(noise_to_data.dtype).eps
    for _ in range(60):
        at = parts(path, t)
        late = at.noise <= wanted * at.data
        low, high = low.where(late, t), t.where(late, high)
        off = (at.noise / (wanted * at.data)).log()
        newton = t - off / (at.noise_slope / at.noise - at.data_slope / at.data)
        inside = (newton >= low - enough) & (newton <= high + enough)  # and up to rounding, where it has arrived
        following = newton.where(inside, (low + high) / 2).clamp(0, 1)
        step, t = (following - t).abs().max(), following
        if step <= enough:
            break
    return t.to(noise_to_data)
