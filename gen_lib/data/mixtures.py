"""Mixtures of Gaussians, and what any distribution can do."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import torch
from torch import Generator, Tensor

from .. import check, draws
from ..shapes import PerSample, Points


@runtime_checkable
class Distribution(Protocol):
    """What can be sampled: the target of every method."""

    @property
    def dim(self) -> int:
        """Dimension d of a point."""

    def sample(self, n: int | tuple[int, ...], generator: Generator | None = None) -> Tensor:
        """Independent points, shape ``(n, d)``; a tuple ``(*members, n)`` gives ``(*members, n, d)``."""


@runtime_checkable
class Density(Distribution, Protocol):
    """A distribution whose density is known: what can be sampled, and says how likely a point is."""

    def log_prob(self, x: Points) -> PerSample:
        """Logarithm of the density at each point (nats), shape ``(*members, n)``."""


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    r"""A mixture of Gaussians in any dimension.

    .. math:: p(x) = \sum_k \pi_k\, \mathcal{N}(x;\, m_k,\, S_k)

    Args:
        weights: :math:`\pi_k`, shape ``(k,)``, positive, sum one
        means: :math:`m_k`, shape ``(k, d)``
        covariances: :math:`S_k`, shape ``(k, d, d)``, symmetric up to the rounding of float32 and positive definite

    Raises:
        ValueError: shapes that do not fit, weights that are not a distribution, a covariance that is not one

    Example:
        >>> standard = GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.eye(2)[None])
        >>> standard.sample(3).shape, standard.log_prob(torch.zeros(3, 2)).shape
        (torch.Size([3, 2]), torch.Size([3]))
    """

    weights: Tensor
    means: Tensor
    covariances: Tensor

    def __post_init__(self):
        for name in ("weights", "means", "covariances"):  # float64: the exact answers start here
            object.__setattr__(self, name, torch.as_tensor(getattr(self, name)).double())
        w, m, c = self.weights, self.means, self.covariances
        if w.ndim != 1 or len(w) == 0:
            raise ValueError(f"weights must have shape (k,) with k >= 1, got {tuple(w.shape)}")
        if m.ndim != 2 or len(m) != len(w):
            raise ValueError(f"means must have shape (k, d) with k = {len(w)}, got {tuple(m.shape)}")
        if c.shape != (*m.shape, m.shape[1]):
            raise ValueError(f"covariances must have shape (k, d, d) = {(*m.shape, m.shape[1])}, got {tuple(c.shape)}")
        if not (w > 0).all() or not math.isclose(w.sum().item(), 1, abs_tol=1e-6):
            raise ValueError(f"weights must be positive and sum to 1, got {check.brief(w.tolist())}")
        if not m.isfinite().all():
            raise ValueError(f"means must be finite, got {check.brief(m.tolist())}")
        std = c.diagonal(dim1=-2, dim2=-1).sqrt()
        symmetric = (c - c.mT).abs() <= 1e-6 * std[..., :, None] * std[..., None, :]
        if not (c.isfinite().all() and symmetric.all() and (torch.linalg.cholesky_ex(c).info == 0).all()):
            got = check.brief(c.tolist())
            raise ValueError(f"covariances must be finite, symmetric and positive definite, got {got}")
        object.__setattr__(self, "weights", w / w.sum())  # the rounding that is left would be multiplied by the means
        object.__setattr__(self, "covariances", (c + c.mT) / 2)

    @property
    def dim(self) -> int:
        """Dimension d of a point."""
        return self.means.shape[1]

    @property
    def mean(self) -> Tensor:
        r""":math:`E[x] = \sum_k \pi_k m_k`, shape ``(d,)``."""
        return self.weights @ self.means

    @property
    def covariance(self) -> Tensor:
        r""":math:`\sum_k \pi_k (S_k + (m_k - E[x]) (m_k - E[x])^T)`, shape ``(d, d)``."""
        offset = self.means - self.mean
        return torch.einsum("k,kij->ij", self.weights, self.covariances + offset[:, :, None] * offset[:, None, :])

    @cached_property
    def _root(self) -> Tensor:
        """Lower triangular L of each component, with L L^T its covariance; asked for at every draw."""
        return torch.linalg.cholesky(self.covariances)

    def moved(self, by: Tensor) -> "GaussianMixture":
        """The distribution of x + by.

        Args:
            by: shape ``(d,)``

        Example:
            >>> mixture_1d().moved(torch.tensor([10.0])).mean
            tensor([9.2000], dtype=torch.float64)
        """
        return GaussianMixture(self.weights, self.means + by, self.covariances)

    def sample(self, n: int | tuple[int, ...], generator: Generator | None = None) -> Tensor:
        """Independent draws: pick a component by its weight, then a point of its Gaussian.

        Args:
            n: number of points, or a shape ``(*members, n)``
            generator: source of randomness; torch's global one if none is given

        Returns:
            points, shape ``(n, d)`` or ``(*members, n, d)``, in torch's default precision
        """
        shape = check.amount("n", n)
        return self.drawn(draws.uniform(shape, generator), draws.normal((*shape, self.dim), generator))[1]

    def drawn(self, u: Tensor, e: Tensor) -> tuple[Tensor, Tensor]:
        """Components, chosen by uniform numbers u ``(*s)``, and points of them, by normal numbers e ``(*s, d)``."""
        component = torch.bucketize(u.contiguous(), self.weights.cumsum(0)[:-1].to(u))
        mean, root = self.means.to(e), self._root.to(e)
        return component, mean[component] + (root[component] * e[..., None, :]).sum(-1)

    def log_prob(self, x: Points) -> PerSample:
        """Logarithm of the density at each point (nats), shape ``(*members, n)``; refuses other dimensions."""
        wide = check.points("x", x, self.dim).double()
        root = self._root.to(wide)
        log_det = root.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        log_normal = -(self.whitened(wide).square().sum(-1) + self.dim * math.log(2 * math.pi)) / 2 - log_det
        return torch.logsumexp(self.weights.log().to(wide) + log_normal, -1).to(x)

    def whitened(self, x: Points) -> Tensor:
        r"""Where a point is as each component sees it: from its mean, in units of its own standard deviations.

        .. math:: y_k = L_k^{-1} (x - m_k), \qquad L_k L_k^T = S_k, \qquad
            x \sim \mathcal N(m_k, S_k) \Rightarrow y_k \sim \mathcal N(0, I)

        Args:
            x: points, shape ``(*members, n, d)``

        Returns:
            shape ``(*members, n, k, d)``, computed in float64, in the precision of x

        Raises:
            ValueError: points of another dimension

        Example:
            >>> mixture_1d().whitened(torch.tensor([[-1.2]]))[0, 0].round(decimals=4)  # one std right of the left mean
            tensor([1.])
        """
        wide = check.points("x", x, self.dim).double()
        root = self._root.to(wide)
        centred = wide[..., None, :] - self.means.to(wide)
        return torch.linalg.solve_triangular(root, centred[..., None], upper=False)[..., 0].to(x)

    def cdf(self, x: Points) -> PerSample:
        """P(X <= x) of a one-dimensional mixture at each point, shape ``(*members, n)``; refuses other dimensions."""
        return self._below(check.points("x", x, self._line().dim).double()).to(x)

    def _below(self, x: Tensor) -> Tensor:
        standard = (x - self.means[:, 0].to(x)) / self.covariances[:, 0, 0].sqrt().to(x)
        return (torch.special.ndtr(standard) * self.weights.to(x)).sum(-1)

    def quantile(self, p: Tensor | float) -> Tensor:
        """Inverse of :meth:`cdf` by bisection to the precision of float64.

        Args:
            p: probabilities of any shape ``s``, or a number, which counts as float64

        Returns:
            points on the line, shape ``(*s, 1)``

        Raises:
            ValueError: a probability outside (0, 1), a mixture that is not one-dimensional

        Example:
            >>> mixture_1d().quantile(0.35)  # half of the mass on the left is left of its centre
            tensor([-2.0000], dtype=torch.float64)
        """
        if not isinstance(p, Tensor):
            check.number("p", p)
            p = torch.tensor(float(p), dtype=torch.float64)
        check.precision("p", p)
        if not ((p > 0) & (p < 1)).all():
            raise ValueError(f"p must lie in (0, 1), got values from {p.min():g} to {p.max():g}")
        spread = 40 * self._line().covariances[:, 0, 0].sqrt()
        low = (self.means[:, 0] - spread).min().expand(p.shape).clone()
        high = (self.means[:, 0] + spread).max().expand(p.shape).clone()
        for _ in range(70):  # halves an interval of some hundreds 70 times: below the spacing of float64
            middle = (low + high) / 2
            right = self._below(middle[..., None]) < p
            low, high = torch.where(right, middle, low), torch.where(right, high, middle)
        return ((low + high) / 2)[..., None].to(p)

    def _line(self) -> "GaussianMixture":
        if self.dim != 1:
            raise ValueError(f"a distribution function needs a mixture of dimension 1, this one has {self.dim}")
        return self


def exact(name: str, value: object, dim: int | None = None) -> GaussianMixture:
    """The value, if it is a mixture: what has no density in closed form has no exact answers.

    Raises:
        TypeError: another distribution, or none
        ValueError: another dimension than ``dim``

    Example:
        >>> exact("target", mixture_2d(), dim=1)
        Traceback (most recent call last):
        ValueError: target must be a mixture of dimension 1, got one of dimension 2
    """
    if not isinstance(value, GaussianMixture):
        raise TypeError(
            f"{name} must be a GaussianMixture, got {type(value).__name__}: compare with points drawn from it"
        )
    if dim is not None and value.dim != dim:
        raise ValueError(f"{name} must be a mixture of dimension {dim}, got one of dimension {value.dim}")
    return value


def mixture_1d() -> GaussianMixture:
    """The book's data on the line: 0.7 N(-2, 0.8^2) + 0.3 N(2, 0.6^2).

    Example:
        >>> mixture_1d().mean
        tensor([-0.8000], dtype=torch.float64)
    """
    return _mixture([0.7, 0.3], [[-2.0], [2.0]], [[[0.8**2]], [[0.6**2]]])


def mixture_2d() -> GaussianMixture:
    """The book's data in the plane: 0.6 N([-2, -2], 0.5 I) + 0.4 N([2, 2], [[.3, .15], [.15, .3]])."""
    covariances = [[[0.5, 0.0], [0.0, 0.5]], [[0.3, 0.15], [0.15, 0.3]]]
    return _mixture([0.6, 0.4], [[-2.0, -2.0], [2.0, 2.0]], covariances)


def _mixture(weights: list[float], means: list[list[float]], covariances: list[list[list[float]]]) -> GaussianMixture:
    """From numbers written down, which are meant in float64."""
    numbers = (torch.tensor(part, dtype=torch.float64) for part in (weights, means, covariances))
    return GaussianMixture(*numbers)


def _equal(means: Tensor, std: float) -> GaussianMixture:
    k, d = means.shape
    return GaussianMixture(torch.full((k,), 1 / k, dtype=torch.float64), means, (std**2 * torch.eye(d)).expand(k, d, d))


def _circle(count: int, radius: float) -> Tensor:
    angle = torch.arange(count, dtype=torch.float64) * 2 * math.pi / count
    return radius * torch.stack([angle.cos(), angle.sin()], -1)


def two_modes_2d() -> GaussianMixture:
    """Equal parts N([3, 1], 0.3^2 I) and N([3, -1], 0.3^2 I), next to the source: paths must bend apart."""
    return _equal(torch.tensor([[3.0, 1.0], [3.0, -1.0]]), 0.3)


def ring() -> GaussianMixture:
    """Eight Gaussians of std 0.01 on a circle of radius 1, as in the papers on mode collapse.

    References:
        VEEGAN (Srivastava et al., 2017), arXiv 1705.07761; PacGAN (Lin et al., 2018), arXiv 1712.04086
    """
    return _equal(_circle(8, 1.0), 0.01)


def grid() -> GaussianMixture:
    """25 Gaussians of std 0.05 on {-4, -2, 0, 2, 4}^2, as in the papers on mode collapse (see :func:`ring`)."""
    steps = torch.arange(-4.0, 5.0, 2.0)
    return _equal(torch.cartesian_prod(steps, steps), 0.05)


def eight_gaussians() -> GaussianMixture:
    """Eight Gaussians of std 0.5 on a circle of radius 5, much as in OT-CFM (Tong et al., 2024), arXiv 2302.00482."""
    return _equal(_circle(8, 5.0), 0.5)
