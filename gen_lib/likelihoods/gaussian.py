"""Gaussian decoders: the squared error, with a standard deviation that is fixed, learned, optimal, or an output."""

import math
from abc import abstractmethod

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import softplus

from .. import check, draws
from ..shapes import Outputs, PerSample, Points
from .base import Activation, Likelihood

LEAST_LOG_SIGMA = -6.0


def identity(output: Tensor) -> Tensor:
    """The output as it is: an activation that does nothing."""
    return output


def gaussian_log_prob(output: Outputs, x: Points, sigma: Tensor) -> PerSample:
    """log N(x; output, sigma^2 I) in nats; sigma a number or of shape ``(*members, 1)``."""
    check.precision("x", x)
    constant = x.shape[-1] * (sigma.log() + 0.5 * math.log(2 * math.pi))
    return -(x - output).square().sum(-1) / (2 * sigma.square()) - constant


def floored(log_sigma: Tensor, least: float) -> Tensor:
    """A soft floor: hardly above it nothing changes, and below it the gradient fades but does not vanish."""
    return least + softplus(log_sigma - least)


class AnyGaussian(Likelihood):
    """What all Gaussians have in common: their mean. Abstract."""

    activation: Activation

    def __init__(self, activation: Activation = identity):
        super().__init__()
        self.activation = activation

    def mean(self, output: Outputs) -> Points:
        """E[x|z]: the activation of the output."""
        return self.activation(check.precision("output", output))


class DrawnGaussian(AnyGaussian):
    """What Gaussians have in common that can be drawn from: each point has its standard deviation. Abstract."""

    @abstractmethod
    def spread(self, output: Outputs) -> Tensor:
        """Standard deviation of each dimension, in the units of the data; it broadcasts to the shape of the mean."""

    def sample(self, output: Outputs, generator: Generator | None = None) -> Points:
        """A draw of x given z."""
        mean = self.mean(output)
        return mean + self.spread(output) * draws.normal(tuple(mean.shape), generator, like=mean)

    def log_mass(self, output: Outputs, low: Tensor, high: Tensor) -> Points:
        """log P(low < x < high | z), dimension by dimension."""
        a, b = ((edge - self.mean(output)) / self.spread(output) for edge in (low, high))
        upper = a + b > 0  # there both distribution functions are nearly 1: reflect, to subtract small numbers
        a, b = torch.where(upper, -b, a), torch.where(upper, -a, b)
        log_below_a, log_below_b = torch.special.log_ndtr(a), torch.special.log_ndtr(b)
        return log_below_b + torch.log(-torch.expm1(log_below_a - log_below_b))


class FreeGaussian(DrawnGaussian):
    """What Gaussians with one ``sigma`` of their own have in common. Abstract."""

    @property
    @abstractmethod
    def sigma(self) -> Tensor:
        """Standard deviation in the units of the data, a number or of shape ``(*members, 1)``."""

    def spread(self, output: Outputs) -> Tensor:
        """The same for every point."""
        return self.sigma[..., None]

    def log_prob(self, output: Outputs, x: Points) -> PerSample:
        """log p(x|z) in nats, summed over dimensions."""
        return gaussian_log_prob(self.mean(output), x, self.sigma)


class Gaussian(FreeGaussian):
    r"""Independent normal dimensions around a mean, with one fixed standard deviation.

    .. math:: -\log p(x \mid z) = \frac{\|x - \hat x\|^2}{2\sigma^2} + d \log\sigma + \frac d2 \log 2\pi

    The default :math:`\sigma^2 = 1/2` makes it the plain squared error :math:`\|x - \hat x\|^2` plus a constant.

    Args:
        sigma: standard deviation, in the units of the data; a tensor ``(*members, 1)`` gives each member its own
        activation: from the output to the mean: ``torch.sigmoid`` for data in [0, 1], ``torch.tanh`` in [-1, 1]

    Raises:
        ValueError: sigma not positive

    Example:
        >>> Gaussian()
        Gaussian(sigma=0.7071)
    """

    def __init__(self, sigma: float | Tensor = 0.5**0.5, activation: Activation = identity):
        super().__init__(activation)
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
        activation: from the output to the mean

    References:
        Simple and Effective VAE Training with Calibrated Decoders (Rybkin et al., 2021), arXiv 2006.13202
    """

    def __init__(self, members: tuple[int, ...] = (), activation: Activation = identity):
        super().__init__(activation)
        self.raw = nn.Parameter(torch.zeros(*members, 1))

    @property
    def sigma(self) -> Tensor:
        """Standard deviation in the units of the data, shape ``(*members, 1)``."""
        return floored(self.raw, LEAST_LOG_SIGMA).exp()


class HeteroscedasticGaussian(DrawnGaussian):
    r"""A Gaussian whose standard deviation, too, comes from the decoder: another one for each dimension of each point.

    .. math:: (m, \, s) = D(z), \qquad \hat x = a(m), \qquad
        \log\sigma = \log\sigma_0 + \mathrm{softplus}\left( \tfrac{s}{2} - \log\sigma_0 \right) \ge \log\sigma_0

    The first half of the outputs are means, the second half log-variances s, up to the soft floor. The best
    :math:`\sigma^2` is the mean square of the residuals at z. So there must be a floor: where copies are perfect, as in
    the corners of scanned digits, sigma would fall to zero and the density grow without limit.

    Args:
        activation: from the output to the mean
        least: :math:`\sigma_0`, in the units of the data; e^-6, that of the others, if not given

    Raises:
        ValueError: least not positive

    References:
        Auto-Encoding Variational Bayes (Kingma and Welling, 2014), appendix C.2, arXiv 1312.6114; the floor:
        Leveraging the Exact Likelihood of Deep Latent Variable Models (Mattei and Frellsen, 2018), arXiv 1802.04826

    Example:
        >>> likelihood, output = HeteroscedasticGaussian(), torch.tensor([[0.5, math.log(4.0)]])
        >>> likelihood.mean(output), likelihood.spread(output).round(decimals=2)
        (tensor([[0.5000]]), tensor([[2.]]))
    """

    outputs = 2

    def __init__(self, activation: Activation = identity, least: float = math.exp(LEAST_LOG_SIGMA)):
        super().__init__(activation)
        check.number("least", least, above=0)
        self.least = least

    def mean(self, output: Outputs) -> Points:
        """E[x|z]: the activation of the first half of the output."""
        return super().mean(output.chunk(2, -1)[0])

    def spread(self, output: Outputs) -> Tensor:
        """Standard deviation of each dimension, shape ``(*members, n, d)``."""
        return floored(output.chunk(2, -1)[1] / 2, math.log(self.least)).exp()

    def log_prob(self, output: Outputs, x: Points) -> PerSample:
        """log p(x|z) in nats, summed over dimensions."""
        sigma = self.spread(output)
        standard = (check.precision("x", x) - self.mean(output)) / sigma
        return -(standard.square() / 2 + sigma.log() + math.log(2 * math.pi) / 2).sum(-1)

    def extra_repr(self) -> str:
        """What the printed net says of it."""
        return f"least={self.least:.4g}"


class OptimalGaussian(AnyGaussian):
    r"""A Gaussian with the standard deviation that makes the batch at hand most probable.

    .. math:: \sigma^2 = \frac{1}{n d} \sum_i \| x_i - \hat x_i \|^2, \qquad \log\sigma \ge -6

    Nothing has to be learned: sigma follows from the reconstructions, so the loss is d log(RMSE) plus a constant. To
    draw, or to judge single data, take the sigma of the training data: ``Gaussian(sigma)``.

    Args:
        activation: from the output to the mean

    References:
        Simple and Effective VAE Training with Calibrated Decoders (Rybkin et al., 2021), arXiv 2006.13202
    """

    of_batch = True

    def log_prob(self, output: Outputs, x: Points) -> PerSample:
        """log p(x|z) in nats, summed over dimensions, at the optimal sigma of this batch, member by member."""
        return gaussian_log_prob(self.mean(output), x, self.sigma(output, x))

    def sigma(self, output: Outputs, x: Points) -> Tensor:
        """Root mean squared error of the batch, shape ``(*members, 1)``."""
        error = x - self.mean(output)
        return error.square().mean((-2, -1)).sqrt().clamp_min(math.exp(LEAST_LOG_SIGMA))[..., None]

    def sample(self, output: Outputs, generator: Generator | None = None) -> Points:
        """Refused: without data there is no sigma."""
        raise TypeError("OptimalGaussian has no sigma to draw with: take Gaussian(sigma), that of the training data")
