r"""Where the exact velocity field carries a point, and which density a velocity field carries to the data.

On the line the flow keeps the order of the points, so it maps quantiles to quantiles: no differential equation is
solved. One Gaussian, of any dimension, is only shifted and stretched along its axes.
"""

import math

import numpy as np
import torch
from torch import Tensor
from torch.special import log_ndtr

from .. import check
from ..data import GaussianMixture
from ..data.mixtures import exact
from ..paths import Coefficients, Path, coefficients, line
from ..samplers import Time, clock
from ..shapes import Points, Times
from .marginal import axes, log_prob_at, variance_at, velocity

NEAR = 1e-4  # below this distance in time a difference of positions has lost too many digits to be divided by it
ROUNDING = 1e-15  # relative error that is left to float64


def flow_map(mixture: GaussianMixture, x: Points, t: Time, r: Time, path: Path = line) -> Points:
    r"""Where a point at time t is at time r, earlier or later, when it follows the exact velocity field.

    .. math:: \Phi_{t \to r} = F_r^{-1} \circ F_t \quad \text{on the line}, \qquad
        \Phi_{t \to r}(x) = b_r m + V_r^{1/2} V_t^{-1/2} (x - b_t m) \quad \text{for one Gaussian}

    with :math:`F_t` the distribution function of :math:`x_t = a_t z + b_t x` and :math:`V_t = a_t^2 I + b_t^2 S`; on
    the straight path :math:`a_t = 1 - t` and :math:`b_t = t`. Far out in the tails, and in the gaps between modes, it
    is as accurate as elsewhere: the equation is solved in logarithms of the mass on the far side of the point, and
    nothing small is subtracted from one.

    It can be differentiated once, with respect to x, t and r (by the implicit function theorem, in either mode).

    Args:
        mixture: the data, one-dimensional or a single Gaussian
        x: points at time t, shape ``(*members, n, d)``
        t: time now, in [0, 1], a number or shape ``(*members, n, 1)``
        r: time wanted, of the same shape
        path: from noise to data, affine

    Returns:
        points at time r, shape of x

    Raises:
        ValueError: several Gaussians in more than one dimension (follow ``truth.velocity`` with
            :func:`gen_lib.samplers.ode.adaptive`), points of another dimension, a time outside [0, 1] or of another
            shape, a path that is not affine

    References:
        Flow map matching with stochastic interpolants (Boffi, Albergo and Vanden-Eijnden, 2024), arXiv 2406.07507

    Example:
        >>> from gen_lib import data
        >>> z = torch.tensor([[torch.special.ndtri(torch.tensor(0.35))]])
        >>> flow_map(data.mixture_1d(), z, 0.0, 1.0)  # half of the mass on the left is left of its centre
        tensor([[-2.]])
    """
    return _map(mixture, *_start(mixture, x, t, r), path).to(x)


def average_velocity(mixture: GaussianMixture, x_t: Points, t: Time, r: Time, path: Path = line) -> Points:
    r"""The average velocity from time t to time r: what one jump needs, and what MeanFlow converges to.

    .. math:: u(x_t, t, r) = \frac{\Phi_{t \to r}(x_t) - x_t}{r - t} = \frac{1}{r-t} \int_t^r v^*(x_s, s)\, ds, \qquad
        u(x_t, t, t) = v^*(x_t, t)

    For one Gaussian on straight paths the difference cancels in closed form. Else the quotient is used while r is far
    from t; near it, the integral by Gauss's rule of three nodes.

    Args:
        mixture: the data, one-dimensional or a single Gaussian
        x_t: points at time t, shape ``(*members, n, d)``
        t: time now, in [0, 1], a number or shape ``(*members, n, 1)``
        r: time wanted, of the same shape, before or after t
        path: from noise to data, affine

    Returns:
        shape of x_t

    Raises:
        ValueError: as :func:`flow_map`

    References:
        Mean Flows for One-step Generative Modeling (Geng et al., 2025), arXiv 2505.13447

    Example:
        >>> from gen_lib.data import GaussianMixture
        >>> wide, x = GaussianMixture(torch.ones(1), torch.zeros(1, 1), torch.full((1, 1, 1), 4.0)), torch.ones(1, 1)
        >>> average_velocity(wide, x, 0.0, 1.0)  # from 1 to 2
        tensor([[1.]])
    """
    points, now, wanted = _start(mixture, x_t, t, r)
    if len(mixture.weights) > 1 or path is not line:
        return _average(mixture, points, now, wanted, path).to(x_t)
    mean, (values, vectors) = mixture.means.to(points)[0], axes(mixture, points)
    before, after = (variance_at(values, coefficients(path, time)).sqrt() for time in (now, wanted))
    # (after / before - 1) / (r - t), where r - t is a factor of after^2 - before^2
    rate = ((1 + values) * (now + wanted) - 2) / (before * (before + after))
    return (mean + (rate * ((points - now * mean) @ vectors[0])) @ vectors[0].mT).to(x_t)


def _start(mixture: GaussianMixture, x: Points, t: Time, r: Time) -> tuple[Points, Times, Times]:
    """Points and times in float64, refused where there is no closed form."""
    exact("mixture", mixture)
    if len(mixture.weights) > 1 and mixture.dim > 1:
        raise ValueError(
            "mixture must be one-dimensional or a single Gaussian to have its flow map in closed form, got "
            f"{len(mixture.weights)} Gaussians in dimension {mixture.dim}: follow truth.velocity with samplers.adaptive"
        )
    points = check.points("x", x, mixture.dim).double()
    return points, clock(t, points), clock(r, points, "r")


def _map(mixture: GaussianMixture, points: Points, t: Times, r: Times, path: Path) -> Points:
    """The flow map in float64."""
    if len(mixture.weights) > 1:
        return _quantile_map(mixture, points, t, r, path)
    mean, (values, vectors) = mixture.means.to(points)[0], axes(mixture, points)
    now, wanted = coefficients(path, t), coefficients(path, r)
    ratio = variance_at(values, wanted).sqrt() / variance_at(values, now).sqrt()
    return wanted.data * mean + (ratio * ((points - now.data * mean) @ vectors[0])) @ vectors[0].mT


def _quantile_map(mixture: GaussianMixture, x: Points, t: Times, r: Times, path: Path) -> Points:
    """The flow map on the line: its value by Newton's method, its derivatives by the implicit function theorem."""
    start, now, wanted = x.detach(), t.detach(), r.detach()
    end = _quantile(mixture, start, coefficients(path, now), coefficients(path, wanted))
    # Density is carried along: it shrinks as the points spread. Beyond e^700 the slope would overflow.
    thinner = log_prob_at(mixture, start, now, path) - log_prob_at(mixture, end, wanted, path)
    slope, earlier = thinner.clamp_max(700).exp()[..., None], velocity(mixture, start, now, path)
    # The terms that are added are zero; their derivatives are not.
    return end + slope * ((x - start) - earlier * (t - now)) + velocity(mixture, end, wanted, path) * (r - wanted)


def _quantile(mixture: GaussianMixture, x: Points, t: Coefficients, r: Coefficients) -> Points:
    """The y with F_r(y) = F_t(x), by Newton's method within an interval, to the precision of float64."""
    means, variances = mixture.means[:, 0].to(x), mixture.covariances[:, 0, 0].to(x)
    log_weights = mixture.weights.log().to(x)
    standard = (x - t.data * means) / variance_at(variances, t).sqrt()  # (*members, n, k)
    centre, std = r.data * means, variance_at(variances, r).sqrt()
    right = standard > 0  # of the centre of the component: count what lies beyond, not what lies before

    def mass(standard: Tensor) -> tuple[Tensor, Tensor]:
        """Logarithms of the mass before the point, of components right of it, and beyond it, of those left of it."""
        log_mass = log_weights + log_ndtr(torch.where(right, -standard, standard))
        before, beyond = log_mass.masked_fill(right, -math.inf), log_mass.masked_fill(~right, -math.inf)
        return before.logsumexp(-1, keepdim=True), beyond.logsumexp(-1, keepdim=True)

    before, beyond = mass(standard)
    # All components agree that y is at least as far out as the least, and at most as the largest standard score.
    low = (centre + std * standard.amin(-1, keepdim=True)).amin(-1, keepdim=True)
    high = (centre + std * standard.amax(-1, keepdim=True)).amax(-1, keepdim=True)
    y, stride, found = (low + high) / 2, high - low, torch.zeros_like(low, dtype=torch.bool)
    for _ in range(100):
        standard = (y - centre) / std
        before_r, beyond_r = mass(standard)
        # before_r - beyond_r = before - beyond, written as sums of what is positive
        ours, theirs = torch.logaddexp(before_r, beyond), torch.logaddexp(before, beyond_r)
        off = ours - theirs
        low, high = torch.where(off < 0, y, low), torch.where(off < 0, high, y)
        density = log_weights - standard.square() / 2 - std.log() - math.log(2 * math.pi) / 2
        newton = y - off / (density - torch.where(right, theirs, ours)).exp().sum(-1, keepdim=True)
        # In the gaps, where the mass hardly changes, Newton's step goes astray: halve the interval instead.
        step = (newton - y).abs()
        good = (newton >= low) & (newton <= high) & (step <= stride / 2)
        found = found | (off.abs() <= ROUNDING * (1 + ours.abs())) | (step <= ROUNDING * (1 + y.abs()))
        if found.all():
            break
        following = torch.where(good, newton, (low + high) / 2).where(~found, y)
        stride, y = (following - y).abs(), following
    return y


def _average(mixture: GaussianMixture, x: Points, t: Times, r: Times, path: Path) -> Points:
    """The average velocity, by the flow map."""
    gap = r - t
    near = gap.abs() < NEAR
    far = (_map(mixture, x, t, r, path) - x) / torch.where(near, 1.0, gap)
    if not near.any():
        return far
    close = torch.zeros_like(far)
    for node, weight in zip(*np.polynomial.legendre.leggauss(3), strict=True):
        s = t + (1 + float(node)) / 2 * gap
        close = close + float(weight) / 2 * velocity(mixture, _map(mixture, x, t, s, path), s, path)
    return torch.where(near, close, far)
