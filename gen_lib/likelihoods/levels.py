"""Decoders for data that come in levels: scanned greys are whole numbers in disguise."""

import torch
from torch import Generator, Tensor

from .. import check
from ..shapes import Outputs, PerSample, Points
from .base import Likelihood


class Discretised(Likelihood):
    r"""A density turned into probabilities of evenly spaced levels: each gets the mass of its cell.

    .. math:: P(x \mid z) = \prod_i \int_{x_i - \delta / 2}^{x_i + \delta / 2} p(y \mid z)\, dy

    The outer cells reach as far as the density does, so the probabilities of all levels sum to 1. Unlike densities they
    do not depend on the scale of the data, and they compare from one likelihood to another.

    Args:
        density: a likelihood with ``log_mass``: a Gaussian with a sigma of its own, or a continuous Bernoulli
        levels: how many there are
        span: the first and the last of them

    Raises:
        ValueError: fewer than two levels, a span that does not rise

    References:
        PixelCNN++: Improving the PixelCNN with Discretized Logistic Mixture Likelihood and Other Modifications
        (Salimans et al., 2017), arXiv 1701.05517

    Example:
        >>> from gen_lib.likelihoods import Gaussian
        >>> black_or_white = Discretised(Gaussian(sigma=1.0), levels=2)
        >>> black_or_white.log_prob(torch.tensor([[0.5]]), torch.tensor([[1.0]])).exp()
        tensor([0.5000])
    """

    def __init__(self, density: Likelihood, levels: int = 17, span: tuple[float, float] = (0.0, 1.0)):
        super().__init__()
        check.number("last minus first of span", span[1] - span[0], above=0)
        self.density, self.levels, self.span = density, check.whole("levels", levels, least=2), span
        self.cell = (span[1] - span[0]) / (levels - 1)
        self.outputs, self.of_batch = density.outputs, density.of_batch

    def log_prob(self, output: Outputs, x: Points) -> PerSample:
        """log P(x|z) in nats, summed over dimensions; a datum between two levels counts as the nearer one."""
        return self._log_mass(output, ((check.precision("x", x) - self.span[0]) / self.cell).round()).sum(-1)

    def mean(self, output: Outputs) -> Points:
        """E[x|z], the mean over the levels."""
        numbers = torch.arange(self.levels).to(check.precision("output", output))
        mass = [self._log_mass(output, number).exp() for number in numbers]
        return self.span[0] + self.cell * sum(number * m for number, m in zip(numbers, mass, strict=True))

    def _log_mass(self, output: Outputs, level: Tensor) -> Tensor:
        low, high = (self.span[0] + self.cell * (level + half) for half in (-0.5, 0.5))
        first, last = (end + far * self.cell for end, far in zip(self.span, (-1e4, 1e4), strict=True))
        # not infinite, where the slope in sigma would be NaN
        low, high = torch.where(level <= 0, first, low), torch.where(level >= self.levels - 1, last, high)
        return self.density.log_mass(output, low, high)

    def sample(self, output: Outputs, generator: Generator | None = None) -> Points:
        """A draw of the density, put on the nearest level."""
        level = ((self.density.sample(output, generator) - self.span[0]) / self.cell).round()
        return self.span[0] + self.cell * level.clamp(0, self.levels - 1)
