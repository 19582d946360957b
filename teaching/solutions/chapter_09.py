"""Exercises of Chapter 9, FACM and its weights."""

import torch
from torch.func import jvp

from gen_lib import data
from gen_lib.paths import line


def exercise_4() -> None:
    r"""The minima are at the mean 1, at 1/9 and at the median 0; the last changes sides at the probability 1/2.

    The square has its minimum at the mean, :math:`\frac1{10} \cdot 10 = 1`. Huber's loss pulls with 2g up to 1 and with
    2 beyond: near zero :math:`\frac9{10} \cdot 2 a = \frac1{10} \cdot 2`, so :math:`a = \frac19`, between mean and
    median. The loss :math:`2 |g|` pulls with 2 at any distance, so the larger side wins: 0, as long as the 10 has a
    probability below one half.
    """
    a = torch.linspace(-1, 11, 120_001, dtype=torch.float64)

    def least(loss, of_ten):
        return a[((1 - of_ten) * loss(a) + of_ten * loss(a - 10)).argmin()].item()

    def huber(g):
        return torch.where(g.abs() <= 1, g.square(), 2 * g.abs() - 1)

    def double(g):
        return 2 * g.abs()

    assert abs(least(torch.square, 0.1) - 1) < 1e-3
    assert abs(least(huber, 0.1) - 1 / 9) < 1e-3
    assert abs(least(double, 0.1)) < 1e-3
    assert abs(least(double, 0.49)) < 1e-3
    assert abs(least(double, 0.51) - 10) < 1e-3


def exercise_5() -> None:
    r"""It has g = 0, and the anchor costs :math:`E (k - x)^2 / (1 - t)^2`, which grows beyond all bounds.

    The end is :math:`f = x_t + (1 - t) F = k` at every point and time, so nothing changes along any path: with
    :math:`dF/dt = -v / (1 - t) + F / (1 - t)` the target :math:`v + (1 - t)\, dF/dt` is F itself. The anchor compares
    F with :math:`v = x - z`, and :math:`k - x_t - (1 - t)(x - z) = k - x`. So the cost is that of taking k for every
    datum, over :math:`(1 - t)^2`. It tends to infinity unless all data are k: at the end the anchor says which point.
    """
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(1000, 1, generator=generator, dtype=torch.float64)
    x = data.mixture_1d().sample(1000, generator).double()
    k, costs = 0.7, []
    for t in (0.1, 0.5, 0.9, 0.99):
        at = torch.full_like(z, t)
        x_t, v = line(z, x, at)
        F, dF = jvp(lambda x, t: (k - x) / (1 - t), (x_t, at), (v, torch.ones_like(at)))
        assert (F - (v + (1 - at) * dF)).abs().max() < 1e-9
        costs.append((F - v).square().mean())
        assert torch.allclose(costs[-1], (k - x).square().mean() / (1 - t) ** 2)
    assert costs[-1] > 1000 * costs[0]
