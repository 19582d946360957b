"""What a weight makes of a target that varies: in one dimension something like a median, in many again the mean."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from gen_lib import data
from gen_lib.methods.facm import BY_TARGET_TIME, consistency_error
from gen_lib.methods.meanflow import robust

N = 4000
FIRST = data.mixture_1d().quantile((torch.arange(N, dtype=torch.float64) + 0.5) / N)


def skewed(d: int) -> Tensor:
    """Velocities whose first coordinate is the mixture, each with five draws of d - 1 standard normal others."""
    others = torch.randn(N, d - 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return torch.cat([torch.cat([FIRST, others.roll(k * N // 5, 0)], 1) for k in range(5)])


def bias(loss: Callable[[Tensor], Tensor], v: Tensor, rounds: int) -> float:
    """First coordinate of the minimiser, found by weighted means from the mean on, minus that of the mean."""
    F = mean = v.mean(0, keepdim=True)
    for _ in range(rounds):
        F = F.detach().requires_grad_()
        losses = loss((F - v).square().sum(-1))
        (gradient,) = torch.autograd.grad(losses.mean(), F)
        weight = (losses.detach() / (F.detach() - v).square().sum(-1)).mean()
        F = F.detach() - gradient / (2 * weight)
    return (F - mean)[0, 0].item()


@pytest.mark.parametrize("p", [0.5, 0.75, 1.0])
def test_the_bias_of_a_robust_weight_falls_like_one_over_the_dimension(p):
    skewness = (FIRST - FIRST.mean()).pow(3).mean().item()
    assert bias(lambda e: robust(e, p), skewed(1), 100) < -0.7
    for d in (64, 128):
        assert bias(lambda e: robust(e, p), skewed(d), 3) == pytest.approx(-p * skewness / d, rel=0.15)


def test_plain_squares_have_no_bias():
    assert bias(lambda e: robust(e, 0.0), skewed(1), 3) == pytest.approx(0, abs=1e-9)


def test_the_bias_of_the_clamp_does_not_depend_on_the_dimension():
    def pull(d):
        v = skewed(d)[:N]
        F = v.mean(0, keepdim=True).requires_grad_()
        t = torch.full((len(v), 1), 0.5, dtype=torch.float64)
        error = consistency_error(lambda x_t, t, r: F + 0 * x_t, torch.zeros_like(v), t, v, BY_TARGET_TIME, clamp=1.0)
        return torch.autograd.grad(error.mean(), F)[0][0, 0].item() / 2

    assert pull(1) == pytest.approx((FIRST.mean() - FIRST).clamp(-1, 1).mean().item(), abs=1e-9)
    assert pull(1) > 0.2  # downhill is to the left, where most of the velocities are
    assert pull(64) == pytest.approx(pull(1), abs=1e-9)
