"""Exercises of Chapter 12, score and diffusion."""

from itertools import pairwise

import torch

from gen_lib import data, parametrisations, truth
from gen_lib.paths import affine, circle, coefficients, line, variance_preserving


def exercise_2() -> None:
    r"""It is :math:`dx = -\frac{\dot b_t}{b_t}\, x\, d\tau + \sigma_t\, dW`: on DDPM's path its forward process.

    By equation (1) on any affine path :math:`\hat z = -a_t s`, so :math:`\hat x = (x_t + a_t^2 s) / b_t`, and the
    velocity is :math:`\dot a_t \hat z + \dot b_t \hat x = \frac{\dot b_t}{b_t} x_t + \frac{a_t}{b_t}
    (a_t \dot b_t - b_t \dot a_t)\, s = \frac{\dot b_t}{b_t} x_t + \frac{\sigma_t^2}{2} s` with the :math:`\sigma_t` of
    equation (9). In :math:`-v + \frac{\sigma_t^2}{2} s` the score cancels. That no net is needed is no accident: the
    noise of equation (9) is the one that takes data to noise along the path without knowing them.

    On DDPM's path :math:`\dot b_t / b_t = \beta / 2` and :math:`\sigma_t^2 = \beta`: the equation is
    :math:`dx = -\frac \beta 2 x\, d\tau + \sqrt\beta\, dW`, an Ornstein-Uhlenbeck process.
    """
    mixture = data.mixture_1d()
    x = torch.linspace(-4, 4, 33, dtype=torch.float64)[:, None]
    sooner = affine(lambda t: (1 - t) ** 2, lambda t: t)
    for path in (line, circle, sooner, variance_preserving()):
        for moment in (0.1, 0.5, 0.9):
            at = coefficients(path, torch.full((33, 1), moment, dtype=torch.float64))
            v, score = (of(mixture, x, moment, path) for of in (truth.velocity, truth.score))
            squared = 2 * at.noise / at.data * parametrisations.determinant(parametrisations.velocity, at)
            assert torch.allclose(-v + squared / 2 * score, -at.data_slope / at.data * x, atol=1e-9)
    at = coefficients(variance_preserving(0.1, 20.0, 1e-3), torch.full((1, 1), 0.3, dtype=torch.float64))
    beta = 0.999 * (0.1 + 19.9 * (1 - 0.999 * 0.3))
    assert torch.allclose(at.data_slope / at.data, torch.full((1, 1), beta / 2, dtype=torch.float64))


def _last_variance(s: float, sigma: float, steps: int) -> float:
    """The variance after Euler and Maruyama's steps of equation (6), from 1."""
    variance, h = 1.0, 1 / steps
    for k in range(steps):
        t = k / steps
        slope = (t * s**2 - (1 - t)) / ((1 - t) ** 2 + (t * s) ** 2)  # of the velocity, Exercise 4 of Chapter 7
        factor = 1 + h * (slope + sigma**2 / 2 * (t * slope - 1))
        variance = factor**2 * variance + h * sigma**2 * (1 - t)
    return variance


def exercise_4() -> None:
    r""":math:`V \leftarrow \big(1 + h (k_t + \frac{\sigma^2}{2} (t k_t - 1))\big)^2 V + h \sigma^2 (1 - t)`.

    Here :math:`k_t = (t w^2 - (1 - t)) / ((1 - t)^2 + t^2 w^2)` is the slope of the velocity. The drift is linear, so
    Gaussians stay Gaussian and the variance says everything. Doubling the steps halves the error, at each strength of
    the noise: weak order 1. At w = 2 the error is negative without noise (Euler's chords do not spread enough), and it
    becomes smaller with noise: it changes its sign near sigma = 4.7, and is least there. The noise corrects the error
    of the steps, and too much of it makes an error of its own.
    """
    for sigma in (0.0, 1.0, 2.0):
        errors = [_last_variance(2.0, sigma, steps) - 4 for steps in (50, 100, 200, 400)]
        assert all(1.8 < one / two < 2.2 for one, two in pairwise(errors))
    strengths = [k / 10 for k in range(61)]
    errors = [_last_variance(2.0, sigma, 200) - 4 for sigma in strengths]
    sizes = [abs(error) for error in errors]
    assert 4.5 < strengths[sizes.index(min(sizes))] < 5
    assert errors[0] < 0 < errors[-1]
    assert sizes[0] > 10 * sizes[40]
