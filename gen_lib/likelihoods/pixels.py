"""Decoders for pixels in [0, 1]: a coin per pixel, and its form as a density of greys."""

import torch
from torch import Generator, Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from .. import check, draws
from ..shapes import Outputs, PerSample, Points
from .base import Likelihood


class Bernoulli(Likelihood):
    r"""Independent coins, one per pixel; the output is the logit :math:`\ell` of the probability.

    .. math:: \log p(x \mid z) = \sum_i x_i \log \varsigma(\ell_i) + (1 - x_i) \log(1 - \varsigma(\ell_i))

    Data must lie in [0, 1]. For grey pixels, strictly between, the optimum :math:`\varsigma(\ell) = E[x]` is still
    right but the sum is no longer a log-probability (it is not normalised over [0, 1]).
    """

    activation = staticmethod(torch.sigmoid)

    def log_prob(self, output: Outputs, x: Points) -> PerSample:
        """log p(x|z) in nats, summed over pixels.

        Raises:
            ValueError: data outside [0, 1]
        """
        check_unit_interval("Bernoulli", x)
        output, x = torch.broadcast_tensors(check.precision("output", output), x)
        return -binary_cross_entropy_with_logits(output, x, reduction="none").sum(-1)

    def mean(self, output: Outputs) -> Points:
        """E[x|z]: the probabilities."""
        return check.precision("output", output).sigmoid()

    def sample(self, output: Outputs, generator: Generator | None = None) -> Points:
        """A draw of black and white pixels given z."""
        return (draws.uniform(tuple(output.shape), generator, like=output) < self.mean(output)).to(output)


class ContinuousBernoulli(Likelihood):
    r"""The Bernoulli form, normalised over grey values; the output is the logit of its parameter :math:`\lambda`.

    .. math:: p(x \mid z) = \prod_i C(\lambda_i)\, \lambda_i^{x_i} (1 - \lambda_i)^{1 - x_i}, \qquad x_i \in [0, 1]

    Its mean is not :math:`\lambda` but :math:`\lambda / (2\lambda - 1) + 1 / (2 \tanh^{-1}(1 - 2\lambda))`. In terms
    of the logit :math:`\ell` the density is :math:`e^{\ell x - A(\ell)}`, with
    :math:`A(\ell) = \log((e^\ell - 1) / \ell)`, and the mean is :math:`A'(\ell)`. This holds for logits of any size;
    torch's own class clamps :math:`\lambda`, and in single precision its mean stays above 0.06.

    References:
        The continuous Bernoulli: fixing a pervasive error in variational autoencoders
        (Loaiza-Ganem and Cunningham, 2019), arXiv 1907.06845
    """

    def log_prob(self, output: Outputs, x: Points) -> PerSample:
        """log p(x|z) in nats, summed over pixels.

        Raises:
            ValueError: data outside [0, 1]
        """
        check_unit_interval("continuous Bernoulli", x)
        return (output * x - log_normaliser(check.precision("output", output))).sum(-1)

    def mean(self, output: Outputs) -> Points:
        """E[x|z]."""
        check.precision("output", output)
        steep = torch.where(output.abs() < 0.1, 1.0, output)
        series = 0.5 + output / 12 - output**3 / 720
        return torch.where(output.abs() < 0.1, series, -1 / torch.expm1(-steep) - 1 / steep)

    def sample(self, output: Outputs, generator: Generator | None = None) -> Points:
        """A draw of grey pixels given z."""
        check.precision("output", output)
        u, rate = draws.uniform(tuple(output.shape), generator, like=output), output.abs().clamp_min(1e-3)
        falling = -torch.log1p(u * torch.expm1(-rate)) / rate  # the inverse of the distribution function, reflected
        return torch.where(output > 0, 1 - falling, falling)

    def log_mass(self, output: Outputs, low: Tensor, high: Tensor) -> Points:
        """log P(low < x < high | z), pixel by pixel: the integral over a part is that over [0, 1] at another logit."""
        low, high = low.clamp(0, 1), high.clamp(0, 1)
        part = (high - low).log() + output * low + log_normaliser(output * (high - low))
        return part - log_normaliser(output)


def log_normaliser(logit: Tensor) -> Tensor:
    r"""The logarithm of the integral over [0, 1] of :math:`e^{\ell x}`, for logits of any size."""
    size = logit.abs().clamp_min(0.01)
    even = torch.where(logit.abs() < 0.01, logit.square() / 24, size / 2 + (-torch.expm1(-size) / size).log())
    return logit / 2 + even


def check_unit_interval(name: str, x: Tensor) -> None:
    """Refuse data outside [0, 1], or in half precision."""
    check.precision("x", x)
    if x.min() < 0 or x.max() > 1:
        raise ValueError(f"a {name} needs data in [0, 1], got values from {x.min():.3g} to {x.max():.3g}")
