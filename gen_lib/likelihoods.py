"""How a decoder's output becomes a distribution of x: the choice that the reconstruction loss *is*.

A likelihood is a module with ``log_prob(output, x)``, ``mean(output)`` and ``sample(output, generator)``. Pixels are
independent given the code, so log-probabilities add up over dimensions. The mean is shown and compared; a draw is
taken only when the noise of the decoder itself is of interest.
"""

import math
from collections.abc import Callable

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from . import check, draws
from .shapes import PerSample, Points

LEAST_LOG_SIGMA = -6.0


class Likelihood(nn.Module):
    """What a likelihood can do. Abstract: use one of its forms below."""

    def log_prob(self, output: Points, x: Points) -> PerSample:
        """log p(x|z) in nats, summed over dimensions, shape ``(*members, n)``."""
        raise TypeError(f"{type(self).__name__} has no log_prob: use a concrete likelihood")

    def mean(self, output: Points) -> Points:
        """E[x|z], shape ``(*members, n, d)``."""
        raise TypeError(f"{type(self).__name__} has no mean: use a concrete likelihood")

    def sample(self, output: Points, generator: Generator | None = None) -> Points:
        """A draw of x given z, shape ``(*members, n, d)``."""
        raise TypeError(f"{type(self).__name__} has no sample: use a concrete likelihood")


def gaussian_log_prob(output: Points, x: Points, sigma: Tensor) -> PerSample:
    """log N(x; output, sigma^2 I) in nats; sigma a number or of shape ``(*members, 1)``."""
    constant = x.shape[-1] * (sigma.log() + 0.5 * math.log(2 * math.pi))
    return -(x - output).square().sum(-1) / (2 * sigma.square()) - constant


class FreeGaussian(Likelihood):
    """What Gaussians with a ``sigma`` of their own have in common. Abstract."""

    @property
    def sigma(self) -> Tensor:
        """Standard deviation in the units of the data, a number or of shape ``(*members, 1)``."""
        raise TypeError(f"{type(self).__name__} has no sigma: use a concrete likelihood")

    def log_prob(self, output: Points, x: Points) -> PerSample:
        """log p(x|z) in nats, summed over dimensions."""
        return gaussian_log_prob(output, x, self.sigma)

    def mean(self, output: Points) -> Points:
        """E[x|z]: the output itself."""
        return output

    def sample(self, output: Points, generator: Generator | None = None) -> Points:
        """A draw of x given z."""
        return output + self.sigma[..., None] * draws.normal(tuple(output.shape), generator, like=output)


class Gaussian(FreeGaussian):
    r"""Independent normal dimensions around the output, with one fixed standard deviation.

    .. math:: -\log p(x \mid z) = \frac{\|x - \hat x\|^2}{2\sigma^2} + d \log\sigma + \frac d2 \log 2\pi

    The default :math:`\sigma^2 = 1/2` makes it the plain squared error :math:`\|x - \hat x\|^2` plus a constant.

    Args:
        sigma: standard deviation, in the units of the data; a tensor ``(*members, 1)`` gives each member its own

    Raises:
        ValueError: sigma not positive

    Example:
        >>> Gaussian()
        Gaussian(sigma=0.7071)
    """

    def __init__(self, sigma: float | Tensor = 0.5**0.5):
        super().__init__()
        check.number("sigma", sigma, above=0)
        self.fixed: Tensor
        self.register_buffer("fixed", torch.as_tensor(sigma, dtype=torch.get_default_dtype()))

    @property
    def sigma(self) -> Tensor:
        """The standard deviation given."""
        return self.fixed

    def extra_repr(self) -> str:
        """What the printed net says of it."""
        return f"sigma={self.sigma:.4g}" if self.sigma.ndim == 0 else f"sigma of shape {tuple(self.sigma.shape)}"


class LearnedGaussian(FreeGaussian):
    r"""A Gaussian whose one standard deviation is a weight of the net, one for each member.

    .. math:: \log\sigma = -6 + \mathrm{softplus}(s + 6) \ge -6, \qquad s \text{ learned}

    The floor is soft, so that the gradient never vanishes: a perfect copy would drive sigma to zero.

    Args:
        members: shape of the members

    References:
        Simple and Effective VAE Training with Calibrated Decoders (Rybkin et al., 2021), arXiv 2006.13202
    """

    def __init__(self, members: tuple[int, ...] = ()):
        super().__init__()
        self.raw = nn.Parameter(torch.zeros(*members, 1))

    @property
    def sigma(self) -> Tensor:
        """Standard deviation in the units of the data, shape ``(*members, 1)``."""
        return (LEAST_LOG_SIGMA + softplus(self.raw - LEAST_LOG_SIGMA)).exp()


class OptimalGaussian(Likelihood):
    r"""A Gaussian with the standard deviation that makes the batch at hand most probable.

    .. math:: \sigma^2 = \frac{1}{n d} \sum_i \| x_i - \hat x_i \|^2, \qquad \log\sigma \ge -6

    Nothing has to be learned: sigma follows from the reconstructions, so the loss is d log(RMSE) plus a constant.

    References:
        Simple and Effective VAE Training with Calibrated Decoders (Rybkin et al., 2021), arXiv 2006.13202
    """

    def log_prob(self, output: Points, x: Points) -> PerSample:
        """log p(x|z) in nats, summed over dimensions, at the optimal sigma of this batch, member by member."""
        return gaussian_log_prob(output, x, self.sigma(output, x))

    def sigma(self, output: Points, x: Points) -> Tensor:
        """Root mean squared error of the batch, shape ``(*members, 1)``."""
        return (x - output).square().mean((-2, -1)).sqrt().clamp_min(math.exp(LEAST_LOG_SIGMA))[..., None]

    def mean(self, output: Points) -> Points:
        """E[x|z]: the output itself."""
        return output


class Bernoulli(Likelihood):
    r"""Independent coins, one per pixel; the output is the logit :math:`\ell` of the probability.

    .. math:: \log p(x \mid z) = \sum_i x_i \log \varsigma(\ell_i) + (1 - x_i) \log(1 - \varsigma(\ell_i))

    Data must lie in [0, 1]. For grey pixels, strictly between, the optimum :math:`\varsigma(\ell) = E[x]` is still
    right but the sum is no longer a log-probability (it is not normalised over [0, 1]).
    """

    def log_prob(self, output: Points, x: Points) -> PerSample:
        """log p(x|z) in nats, summed over pixels.

        Raises:
            ValueError: data outside [0, 1]
        """
        check_unit_interval("Bernoulli", x)
        return -binary_cross_entropy_with_logits(output, x.expand_as(output), reduction="none").sum(-1)

    def mean(self, output: Points) -> Points:
        """E[x|z]: the probabilities."""
        return output.sigmoid()

    def sample(self, output: Points, generator: Generator | None = None) -> Points:
        """A draw of black and white pixels given z."""
        return (draws.uniform(tuple(output.shape), generator, like=output) < output.sigmoid()).to(output)


class ContinuousBernoulli(Likelihood):
    r"""The Bernoulli form, normalised over grey values; the output is the logit of its parameter :math:`\lambda`.

    .. math:: p(x \mid z) = \prod_i C(\lambda_i)\, \lambda_i^{x_i} (1 - \lambda_i)^{1 - x_i}, \qquad x_i \in [0, 1]

    Its mean is not :math:`\lambda` but :math:`\lambda / (2\lambda - 1) + 1 / (2 \tanh^{-1}(1 - 2\lambda))`.

    References:
        The continuous Bernoulli: fixing a pervasive error in variational autoencoders
        (Loaiza-Ganem and Cunningham, 2019), arXiv 1907.06845
    """

    def log_prob(self, output: Points, x: Points) -> PerSample:
        """log p(x|z) in nats, summed over pixels.

        Raises:
            ValueError: data outside [0, 1]
        """
        check_unit_interval("continuous Bernoulli", x)
        return self._law(output).log_prob(x.expand_as(output)).sum(-1)

    def mean(self, output: Points) -> Points:
        """E[x|z]."""
        return self._law(output).mean

    def sample(self, output: Points, generator: Generator | None = None) -> Points:
        """A draw of grey pixels given z."""
        return self._law(output).icdf(draws.uniform(tuple(output.shape), generator, like=output))

    @staticmethod
    def _law(output: Tensor) -> torch.distributions.ContinuousBernoulli:
        return torch.distributions.ContinuousBernoulli(logits=output, validate_args=False)


def check_unit_interval(name: str, x: Tensor) -> None:
    """Refuse data outside [0, 1]."""
    if x.min() < 0 or x.max() > 1:
        raise ValueError(f"a {name} needs data in [0, 1], got values from {x.min():.3g} to {x.max():.3g}")


Maker = Callable[[tuple[int, ...]], Likelihood]  # from the shape of the members

LIKELIHOODS: dict[str, Maker] = {
    "gaussian": lambda members: Gaussian(),
    "gaussian_learned": LearnedGaussian,
    "gaussian_optimal": lambda members: OptimalGaussian(),
    "bernoulli": lambda members: Bernoulli(),
    "continuous_bernoulli": lambda members: ContinuousBernoulli(),
}


def maker(likelihood: str | Maker) -> Maker:
    """The maker behind a name; a function such as ``lambda members: Gaussian(sigma=0.1)`` is its own.

    Raises:
        ValueError: a name that is not known
    """
    return check.known("likelihood", likelihood, LIKELIHOODS) if isinstance(likelihood, str) else likelihood
