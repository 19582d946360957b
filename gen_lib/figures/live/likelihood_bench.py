"""The loss of one pixel under several likelihoods."""

import matplotlib.pyplot as plt
import torch

from ... import check, plots
from ...likelihoods import Bernoulli, ContinuousBernoulli, Gaussian, Likelihood
from ..page import show


def likelihood_bench(*, alt: str, pixel: float = 0.25, mean: float = 0.7, sigma: float = 0.2) -> None:
    r"""The loss :math:`-\log p(x \mid o)` of one pixel x over all predictions, and its slope.

    The reader chooses the likelihood (Bernoulli, continuous Bernoulli, Gaussian, Gaussian behind a sigmoid), the pixel,
    the predicted mean and the standard deviation of the Gaussians; whether predictions are told by their mean or by
    :math:`\lambda`, which differ for the continuous Bernoulli; and whether the slope is that in the output of the
    decoder or in the mean.

    Args:
        alt: what the figure shows, for those who do not see it
        pixel: x at the start, from 0 to 1
        mean: predicted at the start, from 0.01 to 0.99
        sigma: of the Gaussians at the start, from 0.05 to 1

    Raises:
        ValueError: a value outside of its range
    """
    check.fraction("pixel", pixel)
    for name, value, least, most in (("mean", mean, 0.01, 0.99), ("sigma", sigma, 0.05, 1.0)):
        check.number(name, value)
        if not least <= value <= most:
            raise ValueError(f"{name} must lie from {least} to {most}, got {value!r}")
    figure = plt.figure(figsize=(5, 3))
    loss, slope = figure.subplots(1, 2)
    for law, name, color, style in (
        (Gaussian(sigma), "Gaussian", plots.COLORS["coupling"], "--"),
        (ContinuousBernoulli(), "continuous Bernoulli", plots.COLORS["coupling"], ":"),
        (Bernoulli(), "Bernoulli", "black", "-"),
    ):
        across, height, steep = _curve(law, pixel)
        loss.plot(across, height, color=color, linestyle=style, label=name)
        slope.plot(across, steep, color=color, linestyle=style)
    at = int((across - mean).abs().argmin())  # of the last, the one chosen at the start
    for axes, y in ((loss, height[at]), (slope, steep[at])):
        axes.axvline(pixel, color=plots.COLORS["data"])
        axes.plot(across[at], y, "o", color=plots.COLORS["output"])
        axes.set(xlabel="predicted mean", xlim=(0, 1))
    loss.set(ylabel="loss −log p", ylim=(-3, 4))
    slope.set(ylabel="slope in the output", ylim=(-2, 2))
    figure.legend(loc="outside upper center", ncols=3)
    show("likelihood-bench", {"mean": mean, "pixel": pixel, "sigma": sigma}, figure, alt)


def _curve(law: Likelihood, pixel: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Predicted means, the losses there, and their slopes in the output."""
    whole = isinstance(law, Gaussian)
    output = torch.linspace(0, 1, 201) if whole else 60 * torch.linspace(-1, 1, 2001) ** 3
    output = output[:, None].requires_grad_()
    loss = -law.log_prob(output, torch.full_like(output, pixel))
    (slope,) = torch.autograd.grad(loss.sum(), output)
    return law.mean(output)[:, 0].detach(), loss.detach(), slope[:, 0]
