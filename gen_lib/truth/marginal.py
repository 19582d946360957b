r"""What is known about a point of a path: velocity, score and density of x_t when the data are a mixture of Gaussians.

On an affine path :math:`x_t = a_t z + b_t x` from noise z ~ N(0, I) the point is a mixture of Gaussians again, with
means :math:`b_t m_k` and covariances :math:`V_k = a_t^2 I + b_t^2 S_k`. On the straight path, which is meant unless
another is given, :math:`a_t = 1 - t` and :math:`b_t = t`. A :math:`V_k` has the eigenvectors of :math:`S_k` at every
time, so in these directions all formulas are those of the line.
"""

import math
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from .. import check, draws
from ..data import GaussianMixture
from ..data.mixtures import exact
from ..paths import Coefficients, Path, coefficients, line
from ..samplers import Time, clock
from ..shapes import PerSample, Points


class Estimate(NamedTuple):
    """A number and how far it may be off.

    Attributes:
        value: the number
        error: 0 for a closed form, a standard error for a random mean, else what a coarser computation differs by
    """

    value: float
    error: float


def compared(fine: Tensor, coarse: Tensor) -> Estimate:
    """The finer of two sums, and how far the coarser one is from it."""
    return Estimate(fine.item(), (fine - coarse).abs().item())


def standard_scores(count: int) -> tuple[Tensor, Tensor]:
    """Nodes at equal steps for integrals against N(0, 1), and its density there; beyond them lies e^-40 of its mass."""
    standard = torch.linspace(-9, 9, count, dtype=torch.float64)
    return standard, (-standard.square() / 2).exp() / (2 * math.pi) ** 0.5


class _Components(NamedTuple):
    """What each of the k components says about the points."""

    log_joint: Tensor  # log pi_k N(x_t; b m_k, V_k), shape (*members, n, k)
    score: Tensor  # gradient of its log-density, (*members, n, k, d)
    velocity: Tensor  # E[v | x_t, k] minus its mean, (*members, n, k, d)
    variance: Tensor  # trace of Var[v | x_t, k], (*members, n, k)
    mean_velocity: Tensor  # E[v], over all pairs, (*members, n, d)


def axes(mixture: GaussianMixture, like: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues ``(k, d)`` and eigenvectors ``(k, d, d)``, in columns, of the covariances."""
    values, vectors = torch.linalg.eigh(mixture.covariances.to(like))
    return values, vectors


def variance_at(values: Tensor, at: Coefficients) -> Tensor:
    """Variance of x_t in the directions where that of the data is ``values``."""
    return at.noise.square() + at.data.square() * values


def left_over(values: Tensor, at: Coefficients) -> Tensor:
    r"""Variance of v that x_t does not explain, :math:`s\,(a \dot b - b \dot a)^2 / V`, in these directions."""
    return values * (at.noise * at.data_slope - at.data * at.noise_slope).square() / variance_at(values, at)


def _components(mixture: GaussianMixture, x_t: Points, t: Time, path: Path) -> _Components:
    x = check.points("x_t", x_t, exact("mixture", mixture).dim).double()
    at = Coefficients(*(c[..., None] for c in coefficients(path, clock(t, x))))  # (*members, n, 1, 1)
    means, mean, (values, vectors) = mixture.means.to(x), mixture.mean.to(x), axes(mixture, x)
    variance = variance_at(values, at)
    offset = (vectors.mT @ (x[..., None, :] - at.data * means)[..., None])[..., 0]  # in directions of the eigenvectors
    log_normal = -(offset.square() / variance + variance.log() + math.log(2 * math.pi)).sum(-1) / 2
    slope = (at.data_slope * at.data * values + at.noise_slope * at.noise) / variance  # regression of v on x_t
    return _Components(
        log_joint=mixture.weights.log().to(x) + log_normal,
        score=-(vectors @ (offset / variance)[..., None])[..., 0],
        velocity=at.data_slope * (means - mean) + (vectors @ (slope * offset)[..., None])[..., 0],
        variance=left_over(values, at).sum(-1),
        mean_velocity=at.data_slope[..., 0] * mean,
    )


def log_prob_at(mixture: GaussianMixture, x_t: Points, t: Time, path: Path = line) -> PerSample:
    r"""Logarithm of the density of x_t: noise at t = 0, the mixture at t = 1.

    .. math:: p_t(x) = \sum_k \pi_k\, \mathcal N(x;\, b_t m_k,\, V_k), \qquad V_k = a_t^2 I + b_t^2 S_k

    Args:
        mixture: the data
        x_t: points, shape ``(*members, n, d)``
        t: time in [0, 1], a number or shape ``(*members, n, 1)``
        path: from noise to data, affine

    Returns:
        nats, shape ``(*members, n)``, computed in float64, in the precision of x_t

    Raises:
        ValueError: points of another dimension, a time outside [0, 1] or of another shape, a path that is not affine

    Example:
        >>> from gen_lib import data
        >>> x = torch.zeros(1, 1, dtype=torch.float64)
        >>> log_prob_at(data.mixture_1d(), x, 1.0) == data.mixture_1d().log_prob(x)
        tensor([True])
    """
    return torch.logsumexp(_components(mixture, x_t, t, path).log_joint, -1).to(x_t)


def score(mixture: GaussianMixture, x_t: Points, t: Time, path: Path = line) -> Points:
    r"""Gradient of the log-density of x_t: the direction in which it becomes more likely.

    .. math:: \nabla \log p_t(x) = -\sum_k g_k V_k^{-1} (x - b_t m_k), \qquad
        g_k \propto \pi_k\, \mathcal N(x;\, b_t m_k,\, V_k)

    Args:
        mixture: the data
        x_t: points, shape ``(*members, n, d)``
        t: time in [0, 1], a number or shape ``(*members, n, 1)``
        path: from noise to data, affine

    Returns:
        shape of x_t

    Raises:
        ValueError: as :func:`log_prob_at`

    References:
        Score-Based Generative Modeling through Stochastic Differential Equations (Song et al., 2021), arXiv 2011.13456

    Example:
        >>> from gen_lib import data
        >>> score(data.mixture_1d(), torch.ones(1, 1), 0.0)  # of N(0, 1)
        tensor([[-1.]])
    """
    seen = _components(mixture, x_t, t, path)
    return (seen.log_joint.softmax(-1)[..., None] * seen.score).sum(-2).to(x_t)


def velocity(mixture: GaussianMixture, x_t: Points, t: Time, path: Path = line) -> Points:
    r"""The velocity field that flow matching converges to: the mean of v over all pairs whose path meets x_t.

    .. math:: v^*(x, t) = E[x - z \mid x_t] = \sum_k g_k \left[ m_k + (t S_k - (1-t) I)\, V_k^{-1} (x - t m_k) \right]

    It is tied to the :func:`score`: :math:`v^* = x/t + \frac{1-t}{t} \nabla \log p_t(x)` for t > 0. On any affine path

    .. math:: v^*(x, t) = \sum_k g_k \left[ \dot b_t m_k
        + (\dot b_t b_t S_k + \dot a_t a_t I)\, V_k^{-1} (x - b_t m_k) \right]

    Args:
        mixture: the data
        x_t: points, shape ``(*members, n, d)``
        t: time in [0, 1], a number or shape ``(*members, n, 1)``
        path: from noise to data, affine

    Returns:
        shape of x_t

    Raises:
        ValueError: as :func:`log_prob_at`

    References:
        Flow Matching for Generative Modeling (Lipman et al., 2023), arXiv 2210.02747

    Example:
        >>> from gen_lib import data
        >>> velocity(data.mixture_1d(), torch.zeros(1, 1), 0.0)  # no path is known yet: to the mean of the data
        tensor([[-0.8000]])
    """
    seen = _components(mixture, x_t, t, path)
    return (seen.mean_velocity + (seen.log_joint.softmax(-1)[..., None] * seen.velocity).sum(-2)).to(x_t)


def velocity_variance(mixture: GaussianMixture, x_t: Points, t: Time, path: Path = line) -> PerSample:
    r"""How much the velocities of the paths through x_t differ: what no velocity field can explain.

    .. math:: \mathrm{tr}\, \mathrm{Var}[v \mid x_t]
        = \sum_k g_k \left( (a_t \dot b_t - b_t \dot a_t)^2\, \mathrm{tr}\, S_k V_k^{-1} + \| v_k - v^* \|^2 \right)

    with :math:`v_k` the velocity of component k alone; on the straight path the factor is 1.

    Args:
        mixture: the data
        x_t: points, shape ``(*members, n, d)``
        t: time in [0, 1], a number or shape ``(*members, n, 1)``
        path: from noise to data, affine

    Returns:
        squared units of the data, summed over dimensions, shape ``(*members, n)``

    Raises:
        ValueError: as :func:`log_prob_at`

    Example:
        >>> from gen_lib import data
        >>> velocity_variance(data.mixture_1d(), torch.zeros(1, 1), 0.0)  # at the noise end, the variance of the data
        tensor([3.9160])
    """
    seen = _components(mixture, x_t, t, path)
    share = seen.log_joint.softmax(-1)
    mean = (share[..., None] * seen.velocity).sum(-2, keepdim=True)
    return (share * (seen.variance + (seen.velocity - mean).square().sum(-1))).sum(-1).to(x_t)


def irreducible_loss(
    mixture: GaussianMixture, samples: int = 100_000, generator: Generator | None = None, path: Path = line
) -> Estimate:
    r"""The loss of flow matching at its minimum: what is left when the velocity field is exact.

    .. math:: \int_0^1 E \left[ \mathrm{tr}\, \mathrm{Var}[v \mid x_t] \right] dt

    One Gaussian has it in closed form on straight paths, :math:`\frac\pi2\, \mathrm{tr}\, S^{1/2}`. On other paths,
    and for a mixture on the line, it is a quadrature, trapezoids in the logit of t and in the standard score of each
    component, and its error the difference to every second node. For a mixture in higher dimension it is the mean over
    random points and times, and its error the standard error.

    Args:
        mixture: the data; times are uniform, pairs independent
        samples: random points, where points are drawn
        generator: source of randomness; torch's global one if none is given
        path: from noise to data, affine

    Returns:
        value and error, in squared units of the data

    Raises:
        ValueError: samples below 2

    Example:
        >>> wide = GaussianMixture(torch.ones(1), torch.zeros(1, 1), torch.full((1, 1, 1), 4.0))
        >>> round(irreducible_loss(wide).value, 6)  # pi, for a standard deviation of 2
        3.141593
    """
    samples = check.whole("samples", samples, least=2)
    mixture = exact("mixture", mixture).moved(-mixture.mean)  # it does not matter where the data are
    if len(mixture.weights) == 1:
        values, _ = axes(mixture, mixture.means)
        return Estimate(math.pi / 2 * values.sqrt().sum().item(), 0.0) if path is line else _of_one(values[0], path)
    if mixture.dim == 1:
        return _irreducible_on_the_line(mixture, path)
    x = mixture.sample(samples, generator).double()
    z, t = draws.normal(tuple(x.shape), generator).to(x), draws.uniform((samples, 1), generator).to(x)
    variance = velocity_variance(mixture, path(z, x, t)[0], t, path)
    return Estimate(variance.mean().item(), (variance.std() / samples**0.5).item())


def _logits() -> Tensor:
    """Nodes in time, at equal steps in its logit, in which small variances only shift what is integrated."""
    return torch.linspace(-36, 36, 577, dtype=torch.float64)


def _of_one(values: Tensor, path: Path) -> Estimate:
    """What one Gaussian leaves unexplained is the same at every point."""
    logit = _logits()
    t = logit.sigmoid()[:, None]
    terms = (t * (1 - t) * left_over(values, coefficients(path, t))).sum(-1) * (logit[1] - logit[0])
    return compared(terms.sum(), 2 * terms[::2].sum())


def _irreducible_on_the_line(mixture: GaussianMixture, path: Path) -> Estimate:
    logit, (standard, bell) = _logits(), standard_scores(577)
    t = logit.sigmoid()[:, None]
    weight = bell * (t * (1 - t))
    total, at = torch.zeros_like(weight), coefficients(path, t)
    for share, mean, variance in zip(mixture.weights, mixture.means, mixture.covariances[:, 0], strict=True):
        x_t = at.data * mean + variance_at(variance, at).sqrt() * standard
        now = t.expand_as(x_t)[..., None]
        total += share * weight * velocity_variance(mixture, x_t[..., None], now, path)
    node = (logit[1] - logit[0]) * (standard[1] - standard[0])
    return compared(total.sum() * node, total[::2, ::2].sum() * 4 * node)
