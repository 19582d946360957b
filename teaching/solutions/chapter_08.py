"""Exercises of Chapter 8, MeanFlow."""

import torch
from torch.func import jvp

from gen_lib import data, samplers, truth
from gen_lib.methods.meanflow import meanflow_identity


def _std(t: torch.Tensor, s: float) -> torch.Tensor:
    """Standard deviation of :math:`x_t` for data from N(0, s^2)."""
    return ((1 - t) ** 2 + (s * t) ** 2).sqrt()


def _average(x: torch.Tensor, t: torch.Tensor, r: torch.Tensor, s: float) -> torch.Tensor:
    return x * (_std(r, s) / _std(t, s) - 1) / (r - t)


def _times(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    a, b = torch.rand(2, n, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return a.minimum(b), a.maximum(b)


def exercise_4() -> None:
    r"""One jump leads from z to :math:`s z`, one Euler step to 0.

    Every :math:`x_t` is Gaussian with mean zero and standard deviation std(t), and the flow keeps the order, so it
    only stretches: :math:`\Phi_{t \to r}(x) = x \operatorname{std}(r) / \operatorname{std}(t)`. Displacement over time
    is equation (10). For equation (3) take :math:`(r - t)\, u = \Phi_{t \to r}(x_t) - x_t` along the path: the first
    term does not change, so its derivative is :math:`-v^*`, and on the left it is :math:`-u + (r - t)\, du/dt`.

    At t = 0, r = 1 the jump is :math:`z + (s - 1) z = s z`. The Euler step has :math:`v^*(z, 0) = -z` and ends at 0.
    """
    t, r = _times(40)
    x = torch.randn(40, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for s in (0.5, 2.0):
        gaussian = data.GaussianMixture([1.0], [[0.0]], [[[s**2]]])
        assert torch.allclose(_average(x, t, r, s), truth.average_velocity(gaussian, x, t, r), atol=1e-7)
        v = truth.velocity(gaussian, x, t)
        u, du = jvp(lambda x, t, r=r, s=s: _average(x, t, r, s), (x, t), (v, torch.ones_like(t)))
        assert torch.allclose(u, v + (r - t) * du, atol=1e-9)
        assert torch.allclose(samplers.jump(lambda x, t, r, s=s: _average(x, t, r, s), x)[-1], s * x)
        step = samplers.euler(lambda x, t, known=gaussian: truth.velocity(known, x, t), x, 1)[-1]
        assert step.abs().max() < 1e-9


def exercise_5() -> None:
    r"""The variance is :math:`\frac{\operatorname{std}(r)^2}{\operatorname{std}(t)^2} \cdot
    \frac{s^2}{\operatorname{std}(t)^2}`, at t = 0 and r = 1 the factor is :math:`s^2`.

    Given :math:`x_t` the velocity of a Gaussian pair has the variance :math:`s^2 / \operatorname{std}(t)^2`: from
    :math:`\operatorname{Var} v = 1 + s^2` subtract the squared covariance with :math:`x_t` over its variance. Equation
    (7) multiplies it by the square of the slope :math:`\operatorname{std}(r) / \operatorname{std}(t)`. From noise to
    data the slope is s, so the variance is :math:`s^4` in place of :math:`s^2`. For s < 1 the jump contracts, and its
    target is less noisy than that of flow matching.
    """
    t, r = _times(200_000)
    z, x = torch.randn(2, 200_000, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for s in (0.5, 2.0):
        expected = _std(r, s) ** 2 * s**2 / _std(t, s) ** 4
        gap = meanflow_identity(lambda x, t, r, s=s: _average(x, t, r, s), z, s * x, t, r).square()
        assert 0.97 < gap.mean() / expected.mean() < 1.03
        early = (t < 0.05) & (r > 0.95)  # nearly the jump from noise to data
        assert 0.8 < gap[early].mean() / s**4 < 1.2
        assert (gap[early].mean() < s**2) == (s < 1)
