r"""What guidance does to a mixture, exactly: the guided field, and the density that it is often taken for.

Guidance moves the field of a class on from the field of all data. The same formula for densities,
:math:`p(x \mid c)^g\, p(x)^{1-g}`, has the guided *score* at the data; but the densities of the guided flow on the way
are not those of its noised points, so the flow ends elsewhere.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Generator, Tensor

from .. import check, draws
from ..data import GaussianMixture
from ..data.mixtures import exact
from ..paths import Path, line
from ..samplers import Time
from ..shapes import PerSample, Points
from .marginal import velocity

NODES = 1 << 16  # of the quadrature, at equal steps
REACH = 20  # standard deviations beyond the outer components; there is e^-200 of their height


def guided_velocity(
    conditional: GaussianMixture, mixture: GaussianMixture, x_t: Points, t: Time, guidance: float, path: Path = line
) -> Points:
    r"""The field that classifier-free guidance follows, when both of its parts are exact.

    .. math:: v_g(x, t) = v^*(x, t) + g\, \big( v^*(x, t \mid c) - v^*(x, t) \big)

    Args:
        conditional: the data of the class, :math:`p(x \mid c)`
        mixture: all data, p(x)
        x_t: points, shape ``(*members, n, d)``
        t: time in [0, 1], a number or shape ``(*members, n, 1)``
        guidance: g; 1 gives the class, 0 all data
        path: from noise to data, affine

    Returns:
        shape of x_t

    Raises:
        ValueError: as :func:`gen_lib.truth.marginal.velocity`, a guidance that is not finite

    References:
        Classifier-Free Diffusion Guidance (Ho and Salimans, 2022), arXiv 2207.12598, whose w is g - 1

    Example:
        >>> from gen_lib import data
        >>> mixture = data.mixture_1d()
        >>> right = data.Labelled(mixture).given(1)
        >>> guided_velocity(right, mixture, torch.zeros(1, 1), 0.0, 3.0)  # at the noise end -0.8 + 3 (2 + 0.8)
        tensor([[7.6000]])
    """
    check.number("guidance", guidance)
    x = check.points("x_t", x_t).double()
    of_all, of_class = (velocity(part, x, t, path) for part in (mixture, conditional))
    return torch.lerp(of_all, of_class, float(guidance)).to(x_t)


@dataclass(frozen=True, eq=False)
class Tilted:
    r"""The density that guidance is often taken for, on the line: normalised, with its moments and quantiles.

    .. math:: p_g(x) = \frac1Z\, p(x \mid c)^g\, p(x)^{1-g}
        \;\propto\; p(x \mid c)\; p(c \mid x)^{g-1}

    By quadrature, trapezoids at equal steps over a stretch that holds all of the mass; moments are then exact to
    rounding, quantiles to about a millionth of the stretch.

    Args:
        conditional: the data of the class, :math:`p(x \mid c)`
        mixture: all data, p(x)
        guidance: g; 1 gives the class, 0 all data

    Raises:
        TypeError: not mixtures
        ValueError: mixtures that are not on the line, a guidance that is not finite, a density that cannot be
            normalised, as when a power below 0 of p(x) grows faster than the rest falls

    References:
        Classifier-Free Guidance is a Predictor-Corrector (Bradley and Nakkiran, 2024), arXiv 2408.09000

    Example:
        >>> from gen_lib import data
        >>> mixture = data.mixture_1d()
        >>> right = data.Labelled(mixture).given(1)
        >>> [round(Tilted(right, mixture, g).mean.item(), 4) for g in (0.0, 1.0)]
        [-0.8, 2.0]
    """

    conditional: GaussianMixture
    mixture: GaussianMixture
    guidance: float

    def __post_init__(self):
        exact("conditional", self.conditional, dim=1)
        exact("mixture", self.mixture, dim=1)
        check.number("guidance", self.guidance)
        height = self._log_height(self._nodes)
        if max(height[0], height[-1]) > height.max() - 30:
            raise ValueError(f"guidance must leave a density that falls at both ends, got {self.guidance}")

    @property
    def dim(self) -> int:
        """Dimension of a point, which is 1."""
        return 1

    @property
    def mean(self) -> Tensor:
        """Expectation, shape ``(1,)``."""
        return (self._mass @ self._nodes).reshape(1)

    @property
    def variance(self) -> Tensor:
        """Variance, a number."""
        return self._mass @ (self._nodes - self.mean).square()

    def log_prob(self, x: Points) -> PerSample:
        """Logarithm of the density at each point (nats), shape ``(*members, n)``; refuses other dimensions."""
        wide = check.points("x", x, 1).double()
        return (self._log_height(wide[..., 0]) - self._log_total).to(x)

    def quantile(self, p: Tensor) -> Tensor:
        """Inverse of the distribution function, straight between the nodes.

        Args:
            p: probabilities in (0, 1), of any shape ``s``

        Returns:
            points on the line, shape ``(*s, 1)``

        Raises:
            ValueError: a probability outside (0, 1)
        """
        if not ((check.precision("p", p) > 0) & (p < 1)).all():
            raise ValueError(f"p must lie in (0, 1), got values from {p.min():g} to {p.max():g}")
        wide, below = p.double(), self._below
        after = torch.searchsorted(below, wide.contiguous()).clamp(1, len(below) - 1)
        low, high = below[after - 1], below[after]
        part = (wide - low) / (high - low)
        return torch.lerp(self._nodes[after - 1], self._nodes[after], part)[..., None].to(p)

    def sample(self, n: int | tuple[int, ...], generator: Generator | None = None) -> Tensor:
        """Independent draws, shape ``(n, 1)`` or ``(*members, n, 1)``: quantiles of uniform numbers."""
        u = draws.uniform(check.amount("n", n), generator)
        return self.quantile(u.double().clamp(1e-12, 1 - 1e-12)).to(u)

    @cached_property
    def _nodes(self) -> Tensor:
        means, stds = (
            torch.cat([getattr(one, name).flatten() for one in (self.conditional, self.mixture)])
            for name in ("means", "covariances")
        )
        reach = REACH * stds.sqrt()
        return torch.linspace((means - reach).min().item(), (means + reach).max().item(), NODES, dtype=torch.float64)

    def _log_height(self, x: Tensor) -> Tensor:
        """Logarithm of the density without its factor 1/Z."""
        of_all, of_class = (one.log_prob(x[..., None]) for one in (self.mixture, self.conditional))
        return torch.lerp(of_all, of_class, float(self.guidance))

    @cached_property
    def _log_total(self) -> Tensor:
        """Logarithm of Z."""
        return self._log_height(self._nodes).logsumexp(0) + (self._nodes[1] - self._nodes[0]).log()

    @cached_property
    def _mass(self) -> Tensor:
        """Mass of each node; of an integral that is 0 at both ends the trapezoids are the sum."""
        return self._log_height(self._nodes).softmax(0)

    @cached_property
    def _below(self) -> Tensor:
        """Mass before each node."""
        return self._mass.cumsum(0) - self._mass / 2
