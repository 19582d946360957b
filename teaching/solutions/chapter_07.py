"""Exercises of Chapter 7, flow matching."""

import torch

from gen_lib import data, samplers, truth


def exercise_4() -> None:
    r"""One Euler step ends at 0, two end at :math:`z\, s^2 / (1 + s^2)`, the exact flow at :math:`s z`.

    The pair :math:`(x_t, v)` is Gaussian with :math:`\operatorname{Var} x_t = (1 - t)^2 + t^2 s^2` and covariance
    :math:`t s^2 - (1 - t)`; the conditional mean is their quotient times x. The density of :math:`x_t` is stretched by
    :math:`\operatorname{std}(1) / \operatorname{std}(0) = s`, and the flow keeps the order, so it ends at :math:`s z`.

    At t = 0 the velocity is -z: one step ends at 0, half of it at z/2. There, at t = 1/2, the velocity is
    :math:`\frac z2 \cdot 2\,\frac{s^2 - 1}{s^2 + 1}`, and half a step of it leads to
    :math:`\frac z2 \big(1 + \frac{s^2 - 1}{s^2 + 1}\big) = z\, \frac{s^2}{1 + s^2}`. This is less than z for every s.
    Two steps never spread wider than the noise, however wide the data are: for the 8 Gaussians, whose coordinates
    have the standard deviation 3.6, they stay in the middle of the circle.
    """
    z = torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None]
    for s in (0.5, 1.0, 3.0):
        gaussian = data.GaussianMixture([1.0], [[0.0]], [[[s**2]]])

        def field(x, t, s=s):
            return x * (t * s**2 - (1 - t)) / ((1 - t) ** 2 + t**2 * s**2)

        for t in (0.0, 0.3, 0.9):
            assert torch.allclose(field(z, t), truth.velocity(gaussian, z, t), atol=1e-9)
        assert samplers.euler(field, z, 1)[-1].abs().max() < 1e-12
        two = samplers.euler(field, z, 2)[-1]
        assert torch.allclose(two, z * s**2 / (1 + s**2))
        assert (two.abs() <= z.abs()).all()
        assert torch.allclose(samplers.heun(field, z, 200)[-1], s * z, atol=1e-3)
    circle = data.eight_gaussians().sample(20_000, torch.Generator().manual_seed(0))
    assert 3.5 < circle.std(0).mean() < 3.8


def exercise_5() -> None:
    r"""The velocity is :math:`v^*(x, t) = (m - x) / (1 - t)` with :math:`m = \tanh(t x / (1 - t)^2)`.

    Given the position, the datum 1 has the probability :math:`1 / (1 + e^{-2 t x / (1 - t)^2})`, so its mean is m, and
    :math:`v = x - z = (x - x_t) / (1 - t)` for a datum x. The slope at zero,
    :math:`\big(t / (1 - t)^2 - 1\big) / (1 - t)`, is negative until :math:`t = (1 - t)^2`, at
    :math:`t = (3 - \sqrt 5) / 2 \approx 0.38`: first the points move towards the mean of the data, then they part.

    The variance of v is that of the datum, over :math:`(1 - t)^2`: :math:`(1 - m^2) / (1 - t)^2`. At t = 0 the position
    says nothing, m = 0, and the variance is 1, that of the data.
    """
    narrow = data.GaussianMixture([0.5, 0.5], [[-1.0], [1.0]], [[[1e-10]], [[1e-10]]])
    x = torch.linspace(-1.5, 1.5, 31, dtype=torch.float64)[:, None]
    for t in (0.0, 0.2, 0.5, 0.8):
        mean = torch.tanh(t * x / (1 - t) ** 2)
        assert torch.allclose((mean - x) / (1 - t), truth.velocity(narrow, x, t), atol=1e-5)
        variance = (1 - mean.square()) / (1 - t) ** 2
        assert torch.allclose(variance[:, 0], truth.velocity_variance(narrow, x, t).flatten(), atol=1e-5)
    turning = (3 - 5**0.5) / 2
    near = torch.full((1, 1), 1e-4, dtype=torch.float64)
    assert truth.velocity(narrow, near, turning - 0.01).item() < 0 < truth.velocity(narrow, near, turning + 0.01).item()
