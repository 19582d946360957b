"""Solutions of the exercises of Chapter 3 that the chapter leaves open."""

import math

import torch

from gen_lib.likelihoods import Gaussian, HeteroscedasticGaussian, OptimalGaussian


def exercise_4() -> None:
    r"""The forgotten unit.

    Write x = 255 y with y between 0 and 1. Then ‖x - x̂‖² = 255² ‖y - ŷ‖² = ‖y - ŷ‖² / (2σ²) with σ² = 1 / (2 · 255²),
    so σ = 0.0028: the model believes in a noise of less than one grey level. The price is β = 2σ² = 1.5 · 10⁻⁵ in units
    of the squared error of y. The code is nearly free, and the VAE nearly an autoencoder: sharp copies, and codes that
    look nothing like the prior. Equation (5) would repair it: sigma is then the RMSE in whatever unit x has, and the
    model does not depend on the unit.
    """
    generator = torch.Generator().manual_seed(0)
    y, output = torch.rand(2, 20, 64, generator=generator, dtype=torch.float64)
    sigma = 1 / (math.sqrt(2) * 255)
    assert abs(sigma - 0.0028) < 1e-4
    assert abs(2 * sigma**2 - 1.5e-5) < 1e-6
    square = (255 * y - 255 * output).square().sum(-1)
    loss = -Gaussian(sigma).log_prob(output, y)
    assert (loss - square).std() < 1e-6 * square.mean()  # they differ by a constant, which has no gradient
    rescaled = -OptimalGaussian().log_prob(255 * output, 255 * y) + OptimalGaussian().log_prob(output, y)
    assert (rescaled - 64 * math.log(255)).abs().max() < 1e-6  # again a constant: with (5) the unit does not matter


def exercise_5() -> None:
    r"""What precision is worth.

    With σ² = MSE the first term of the loss of an image is d/2 on average, whatever the MSE is. What remains is

        d/2 · log MSE + d/2 · (1 + log 2π) = d log RMSE + const.

    Half the RMSE lowers the loss by d log 2, for 64 pixels by 44 nats, wherever one starts: a net that can halve its
    error may spend up to 44 nats on its code for that. Pixels that are always 0 are predicted exactly after a while.
    With one sigma for all pixels this lowers the MSE by their fraction only, since the others keep their errors. With a
    sigma for each pixel the reward for those never ends: the loss falls without limit as their sigma goes to 0, and the
    code and the other pixels do not count any more. So such a sigma needs a lower bound; the library has one.
    """
    generator = torch.Generator().manual_seed(0)
    x, error = torch.rand(2, 50, 64, generator=generator, dtype=torch.float64)

    def loss(scale: float) -> float:
        return -OptimalGaussian().log_prob(x + scale * error, x).mean().item()

    rmse = error.square().mean().sqrt().item()
    assert abs(loss(1.0) - (64 * math.log(rmse) + 32 * (1 + math.log(2 * math.pi)))) < 1e-6
    assert abs(loss(1.0) - loss(0.5) - 64 * math.log(2)) < 1e-6
    white = torch.zeros(1, 1, dtype=torch.float64)
    certain = HeteroscedasticGaussian()
    outputs = [torch.tensor([[0.0, log_variance]], dtype=torch.float64) for log_variance in (-2.0, -4.0, -6.0)]
    gains = torch.cat([certain.log_prob(output, white) for output in outputs]).diff()
    assert ((gains - 1).abs() < 0.05).all()  # a nat for each factor e in sigma, and no end of it above the lower bound
