"""Exercises of Chapter 10, BackFlow."""

import torch

from gen_lib import data, metrics, samplers, truth


def _gaussian(s: float) -> data.GaussianMixture:
    """N(0, s^2) on the line."""
    return data.GaussianMixture(torch.ones(1), torch.zeros(1, 1), torch.full((1, 1, 1), s**2))


def exercise_4() -> None:
    r"""The decoder is :math:`s z`, the encoder :math:`x / s`, and decoding multiplies the error of a code by s.

    :math:`u(x, t, r) = x \big(\operatorname{std}(r) / \operatorname{std}(t) - 1\big) / (r - t)` with
    :math:`\operatorname{std}(t)^2 = (1 - t)^2 + s^2 t^2`, for both orders of the times, since the flow stretches by
    :math:`\operatorname{std}(r) / \operatorname{std}(t)` in both directions. From the other end,
    :math:`x_r = x \operatorname{std}(r) / \operatorname{std}(t)`, and
    :math:`x_r \big(\operatorname{std}(t) / \operatorname{std}(r) - 1\big) / (t - r)` is the same number: equation (2).
    At the times 0 and 1 the stretch is s. For s > 1 decoding is the harder half, as at the gap of the mixture, where
    the slope is 37.
    """
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(30, 1, generator=generator, dtype=torch.float64)
    t, r = torch.rand(2, 30, 1, generator=generator, dtype=torch.float64)
    assert (t < r).any()
    assert (r < t).any()
    for s in (0.5, 3.0):

        def std(t, s=s):
            return ((1 - t) ** 2 + (s * t) ** 2).sqrt()

        def u(x, t, r, std=std):
            return x * (std(r) / std(t) - 1) / (r - t)

        gaussian = _gaussian(s)
        assert torch.allclose(u(x, t, r), truth.average_velocity(gaussian, x, t, r), atol=1e-7)
        there = x + (r - t) * u(x, t, r)
        assert torch.allclose(u(there, r, t), u(x, t, r))
        assert torch.allclose(samplers.jump(u, x)[-1], s * x)
        assert torch.allclose(samplers.jump(u, x, start=1.0, end=0.0)[-1], x / s)
        wrong = samplers.jump(u, x + 0.01)[-1] - samplers.jump(u, x)[-1]
        assert torch.allclose(wrong, torch.full_like(wrong, 0.01 * s))


def exercise_5() -> None:
    r"""Its round trip is exact, its samples and codes are perfect, and both of its maps are wrong.

    With z also -z is standard normal, so :math:`T(-z)` has the distribution of the data and the codes
    :math:`-T^{-1}(x)` are standard normal. Round trip and :math:`W_1` are zero. Only the distances from the exact maps
    notice: here 3.2 for the decoder, more than the standard deviation of the data, and :math:`2 E|z| = 1.6` for the
    encoder.

    Equation (5) does not allow it. On its diagonal the net learns the mean velocity of the pairs, and the flow of a
    field keeps the order of the points on the line: :math:`z \mapsto T(-z)` turns it around. The round trip alone, or
    together with :math:`W_1`, proves neither map.
    """
    mixture = data.mixture_1d()
    fraction = (torch.arange(2000, dtype=torch.float64) + 0.5) / 2000
    z, x = torch.special.ndtri(fraction)[:, None], mixture.quantile(fraction)

    def decode(z):
        return mixture.quantile(torch.special.ndtr(-z)[:, 0])

    code = -torch.special.ndtri(mixture.cdf(x)).reshape(-1, 1)
    assert (decode(code) - x).abs().max() < 1e-5
    normal = _gaussian(1.0)
    assert metrics.w1(decode(z), mixture) < 0.01
    assert metrics.w1(code, normal) < 0.01
    assert 3.0 < (decode(z) - x).abs().mean() < 3.3
    assert abs((code - z).abs().mean() - 2 * (2 / torch.pi) ** 0.5) < 0.01
    assert (decode(z).diff(dim=0) < 0).all()
