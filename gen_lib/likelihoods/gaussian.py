"""Gaussian decoders: the squared error, with a standard deviation that is fixed, learned or optimal."""

import math
from collections.abc import Callable

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import softplus

from .. import check, draws
from ..shapes import PerSample, Points
from .base import Likelihood

LEAST_LOG_SIGMA = -6.0

Activation = Callable[[Tensor], Tensor]


def identity(output: Tensor) -> Tensor:
    """The output as it is: an activation that does nothing."""
    return output


def gaussian_log_prob(output: Points, x: Points, sigma: Tensor) -> PerSample:
    """log N(x; output, sigma^2 I) in nats; sigma a number or of shape ``(*members, 1)``."""
    check.precision("x", x)
    constant = x.shape[-1] * (sigma.log() + 0.5 * math.log(2 * math.pi))
    return -(x - output).square().sum(-1) / (2 * sigma.square()) - constant


class AnyGaussian(Likelihood):
    """What all Gaussians have in common: their mean. Abstract."""

    def __init__(self, activation: Activation = identity):
        super().__init__()
        self.activation = activation

    def mean(self, output: Points) -> Points:
        """E[x|z]: the activation of the output."""
        return self.activation(check.precision("output", output))


class FreeGaussian(AnyGaussian):
    """What Gaussians with a ``sigma`` of their own have in common. Abstract."""

    @property
    def sigma(self) -> Tensor:
        """Standard deviation in the units of the data, a number or of shape ``(*members, 1)``."""
        raise TypeError(f"{type(self).__name__} has no sigma: use a concrete likelihood")

    def log_prob(self, output: Points, x: Points) -> PerSample:
        """log p(x|z) in nats, summed over dimensions."""
        return gaussian_log_prob(self.mean(output), x, self.sigma)

    def sample(self, output: Points, generator: Generator | None = None) -> Points:
        """A draw of x given z."""
        return self.mean(output) + self.sigma[..., None] * draws.normal(tuple(output.shape), generator, like=output)

    def log_mass(self, output: Points, low: Tensor, high: Tensor) -> Points:
        """log P(low < x < high | z), dimension by dimension."""
        a, b = ((edge - self.mean(output)) / self.sigma[..., None] for edge in (low, high))
        upper = a + b > 0  # there both distribution functions are nearly 1: reflect, to subtract small numbers
        a, b = torch.where(upper, -b, a), torch.where(upper, -a, b)
        log_below_a, log_below_b = torch.special.log_ndtr(a), torch.special.log_ndtr(b)
        return log_below_b + torch.log(-torch.expm1(log_below_a - log_below_b))


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
        return (LEAST_LOG_SIGMA + softplus(self.raw - LEAST_LOG_SIGMA)).exp()


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

    def log_prob(self, output: Points, x: Points) -> PerSample:
        """log p(x|z) in nats, summed over dimensions, at the optimal sigma of this batch, member by member."""
        return gaussian_log_prob(self.mean(output), x, self.sigma(output, x))

    def sigma(self, output: Points, x: Points) -> Tensor:
        """Root mean squared error of the batch, shape ``(*members, 1)``."""
        error = x - self.mean(output)
        return error.square().mean((-2, -1)).sqrt().clamp_min(math.exp(LEAST_LOG_SIGMA))[..., None]
