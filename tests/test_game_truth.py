"""The best critic between two mixtures, and its divergence, each held against another road to the same number."""

import math

import pytest
import torch
from scipy.integrate import quad

from gen_lib import data, truth
from gen_lib.data import GaussianMixture
from gen_lib.methods.gan import critic_loss
from gen_lib.nets import Adversaries


def normal(mean: list[float], variance: float = 1.0) -> GaussianMixture:
    return GaussianMixture(torch.ones(1), torch.tensor([mean]), variance * torch.eye(len(mean))[None])


class Known(Adversaries):
    """A game whose generator leaves the noise as it is, and whose critic is the best one plus something wrong."""

    def __init__(self, p, q, wrong):
        super().__init__(dim=p.dim, latent=q.dim)
        self.p, self.q, self.wrong, self.generator = p, q, wrong, torch.nn.Identity()

    def score(self, x):
        return truth.log_ratio(self.p, self.q, x) + self.wrong(x[..., 0])


def test_two_gaussians_of_one_width_have_a_linear_critic():
    x = torch.randn(3, 50, 2, dtype=torch.float64)
    p, q = normal([1.0, -2.0], 0.25), normal([0.0, 0.5], 0.25)
    exact = (x @ (p.means - q.means).double().T)[..., 0] / 0.25 - (p.means.square() - q.means.square()).sum() / 0.5
    assert torch.allclose(truth.log_ratio(p, q, x), exact, atol=1e-10)
    assert torch.equal(truth.log_ratio(p, q, x), -truth.log_ratio(q, p, x))


def test_the_log_ratio_beats_its_neighbours_in_the_critics_loss():
    p, q = data.mixture_2d(), normal([0.0, 0.0], 4.0)
    x, z = p.sample(200_000).double(), q.sample(200_000).double()

    best = critic_loss(Known(p, q, torch.zeros_like), z, x)
    for wrong in (torch.ones_like, torch.sin, lambda a: -a / 2):
        excess = critic_loss(Known(p, q, wrong), z, x) - best
        assert excess.mean() > 4 * excess.std() / len(x) ** 0.5
    js = truth.jensen_shannon(p, q)
    error = best.std().item() / len(x) ** 0.5
    assert abs(2 * math.log(2) - 2 * js.value - best.mean().item()) < 4 * (error + 2 * js.error)


@pytest.mark.parametrize("other", [normal([0.0]), data.mixture_1d(), normal([2.0], 0.36)])
def test_divergence_on_the_line_is_that_of_an_independent_quadrature(other):
    p = data.mixture_1d()

    def integrand(x: float) -> float:
        a, b = (m.log_prob(torch.tensor([[x]], dtype=torch.float64)).exp().item() for m in (p, other))
        return (a * math.log(2 * a / (a + b)) if a else 0) / 2 + (b * math.log(2 * b / (a + b)) if b else 0) / 2

    found = truth.jensen_shannon(p, other)
    assert found.value == pytest.approx(quad(integrand, -9, 9, points=[-2, 0, 2], limit=500)[0], abs=1e-7)
    assert found.error < 1e-6
    assert found.value == pytest.approx(truth.jensen_shannon(other, p).value, abs=1e-9)


def test_divergence_ends_at_log_2_for_disjoint_and_0_for_equal_distributions():
    for dim in (1, 2):
        assert truth.jensen_shannon(normal([0.0] * dim), normal([0.0] * dim)).value == 0
        assert truth.jensen_shannon(normal([0.0] * dim), normal([60.0] * dim)).value == pytest.approx(math.log(2))


def test_divergence_in_the_plane_agrees_with_that_on_the_line():
    # shifted along one axis only, the other axis says nothing
    plane = truth.jensen_shannon(normal([0.0, 0.0]), normal([1.5, 0.0]), generator=torch.Generator().manual_seed(0))
    assert abs(plane.value - truth.jensen_shannon(normal([0.0]), normal([1.5])).value) < 4 * plane.error < 0.01


def test_mixtures_of_different_dimensions_are_refused():
    with pytest.raises(ValueError, match="q must have the dimension of p, 1, got 2"):
        truth.log_ratio(data.mixture_1d(), data.ring(), torch.zeros(1, 1))
    with pytest.raises(ValueError, match="samples"):
        truth.jensen_shannon(data.ring(), data.ring(), samples=1)
