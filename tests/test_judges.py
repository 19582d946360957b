"""Stored sets and their copies, and judges in common use, each against closed forms and counts by hand."""

import math
from itertools import combinations

import pytest
import torch
from scipy import stats
from scipy.linalg import sqrtm
from torch import Generator

from gen_lib import data, metrics, samplers, truth
from gen_lib.data import GaussianMixture, Stored, spikes
from gen_lib.metrics.copies import _tail


def normal(*shape: int, seed: int = 0):
    return torch.randn(*shape, generator=Generator().manual_seed(seed), dtype=torch.float64)


def turned(angle: float):
    cos, sin = math.cos(angle), math.sin(angle)
    return torch.tensor([[cos, -sin], [sin, cos]], dtype=torch.float64)


# Points that are stored


def test_each_member_draws_from_its_own_set_and_no_further():
    sets = torch.arange(24.0).reshape(2, 3, 4, 1)
    stored = Stored(sets, sizes=torch.tensor([[1, 2, 3], [4, 4, 1]]))
    x = stored.sample((2, 3, 4000), Generator().manual_seed(0))
    for i in range(2):
        for j in range(3):
            size = stored.sizes[i, j]
            assert torch.equal(x[i, j].unique(), sets[i, j, :size, 0])
            counts = torch.bincount(x[i, j, :, 0].long() - sets[i, j, 0, 0].long())
            assert stats.chisquare(counts.numpy()).pvalue > 1e-4 or size == 1
    assert Stored(sets[0, 0]).sample(5).shape == (5, 1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Stored(torch.zeros(2, 3, 1), sizes=torch.tensor([1, 4])), "sizes must be whole numbers from 1 to 3"),
        (lambda: Stored(torch.zeros(2, 3, 1), sizes=torch.tensor([1])), r"of shape \(2,\)"),
        (lambda: Stored(torch.zeros(2, 3, 1), sizes=torch.ones(2)), "sizes must be whole numbers"),
        (lambda: Stored(torch.zeros(2, 3, 1)).sample(5), r"n must have the members of the sets, \(2,\), got 5"),
        (lambda: spikes(torch.zeros(2, 3, 1)), r"points must have shape \(n, d\), got \(2, 3, 1\)"),
        (lambda: spikes(torch.zeros(3, 1), std=0.0), "std must be a finite number above 0"),
        (
            lambda: metrics.copies(torch.zeros(3, 1), torch.zeros(2, 2), torch.zeros(2, 1)),
            "train must have points",
        ),
        (lambda: metrics.frechet(torch.zeros(1, 1), torch.zeros(2, 1)), "samples must hold at least 2 points, got 1"),
        (lambda: metrics.frechet(torch.zeros(3, 1), data.mixture_2d()), "target must be a mixture of dimension 1"),
        (lambda: metrics.frechet_bias(torch.eye(3)[:2], 5), r"covariance must have shape \(d, d\), got \(2, 3\)"),
        (lambda: metrics.frechet_bias(torch.eye(3), 1), "n must be a whole number of at least 2"),
        (lambda: metrics.precision_recall(torch.zeros(3, 1), torch.zeros(9, 1)), "samples must hold at least 4 points"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_the_field_of_spikes_is_the_mean_over_the_paths_from_the_stored_points():
    r""":math:`E[x | x_t]` is a softmax over the points, and the velocity goes there in the time that is left."""
    points, t = normal(8, 2, seed=1), torch.full((50, 1), 0.6, dtype=torch.float64)
    x_t = normal(50, 2, seed=2)
    weight = (-(x_t[:, None] - t[:, None] * points).square().sum(-1) / (2 * 0.4**2)).softmax(-1)
    exact = (weight @ points - x_t) / 0.4
    assert torch.allclose(truth.velocity(spikes(points, 1e-6), x_t, t), exact, atol=1e-6)


def test_samples_of_the_exact_minimiser_are_the_stored_points():
    points = normal(8, 2, seed=1)
    z = normal(400, 2, seed=2)
    x = samplers.heun(lambda x, t: truth.velocity(spikes(points), x, t), z, 200)[-1]
    distance, nearest = torch.cdist(x, points).min(-1)
    assert distance.max() < 0.01
    assert len(nearest.unique()) == 8  # all of them
    wide = spikes(points, std=0.5)
    assert torch.allclose(wide.covariance, points.T.cov(correction=0) + 0.25 * torch.eye(2))


# Copies, and how many of them chance makes


def test_the_law_of_copies_is_that_of_all_choices():
    x, stored = normal(40, 2), normal(9, 2, seed=1)
    fractions = []
    for chosen in combinations(range(9), 4):
        rest = [i for i in range(9) if i not in chosen]
        found = metrics.copies(x, stored[list(chosen)], stored[rest])
        fractions.append(found.fraction.item())
    all_of_them = torch.tensor(fractions, dtype=torch.float64)
    assert found.expected == 4 / 9 == pytest.approx(all_of_them.mean().item())
    assert found.spread.item() == pytest.approx(all_of_them.std(correction=0).item())
    for chosen in ([0, 1, 2, 3], [2, 4, 6, 8], [5, 6, 7, 8]):
        rest = [i for i in range(9) if i not in chosen]
        found = metrics.copies(x, stored[chosen], stored[rest])
        exact = (all_of_them >= found.fraction.item() - 1e-12).double().mean()
        assert found.p_value.item() == pytest.approx(exact.item(), abs=1e-12)


def test_of_a_perfect_model_p_values_are_uniform():
    g = Generator().manual_seed(0)
    samples, train, held_out = (data.mixture_2d().sample((400, n), g) for n in (40, 20, 30))
    found = metrics.copies(samples, train, held_out)
    assert found.expected == 0.4
    assert found.fraction.mean().item() == pytest.approx(0.4, abs=4 * found.spread.mean().item() / 20)
    assert ((found.fraction - 0.4) / found.spread).std().item() == pytest.approx(1, abs=0.15)
    for level in (0.05, 0.3, 0.7):
        assert (found.p_value <= level).double().mean().item() <= level + 3 * (level * (1 - level) / 400) ** 0.5
    assert (found.p_value <= 0.3).double().mean() > 0.2


def test_copies_are_seen_and_members_are_measured_alone():
    train, held_out, noise = normal(2, 20, 3), normal(2, 20, 3, seed=1), 0.01 * normal(2, 50, 3, seed=2)
    samples = train[:, torch.arange(50) % 20] + noise
    found = metrics.copies(samples, train, held_out)
    assert found.fraction.tolist() == [1, 1]
    assert (found.p_value < 1e-8).all()
    assert metrics.copies(samples, held_out, train).fraction.tolist() == [0, 0]
    alone = metrics.copies(normal(50, 3, seed=5), train[1], held_out[1])
    both = metrics.copies(normal(50, 3, seed=5), train, held_out)
    assert (both.fraction[1], both.spread[1], both.p_value[1]) == (alone.fraction, alone.spread, alone.p_value)


def test_the_tail_of_a_draw_of_ones_is_hypergeometric():
    hits = torch.tensor([1] * 4 + [0] * 6 + [1] * 3 + [0] * 7)
    assert _tail(hits, 10).item() == pytest.approx(stats.hypergeom(20, 7, 10).sf(3), abs=1e-12)


# The distance of two Gaussians


def test_frechet_is_the_closed_form_of_moments():
    x, y = normal(2, 50, 3) @ normal(3, 3, seed=1), 1 + normal(30, 3, seed=2)
    for member, found in zip(x, metrics.frechet(x, y), strict=True):
        s, t = (part.T.cov().numpy() for part in (member, y))
        cross = sqrtm(s @ t).real.trace()
        exact = (member.mean(0) - y.mean(0)).square().sum().item() + s.trace() + t.trace() - 2 * cross
        assert found.item() == pytest.approx(exact, rel=1e-9)
    assert metrics.frechet(y, x[0]).item() == pytest.approx(metrics.frechet(x[0], y).item(), rel=1e-9)
    assert metrics.frechet(y, y).item() == pytest.approx(0, abs=1e-10)


def test_frechet_on_the_line_is_that_of_mean_and_std():
    mixture = data.mixture_1d()
    x = 2 * normal(40, 1) + 5
    exact = (x.mean() - mixture.mean).square() + (x.std() - mixture.covariance.sqrt()).square()
    assert metrics.frechet(x, mixture).item() == pytest.approx(exact.item(), rel=1e-9)


def test_frechet_does_not_mind_where_and_how_the_axes_are():
    x, y, turn = normal(40, 2), 2 * normal(30, 2, seed=1), turned(0.7)
    found = metrics.frechet(x, y)
    assert torch.allclose(metrics.frechet(x @ turn + 3, y @ turn + 3), found, rtol=1e-9)
    assert torch.allclose(metrics.frechet(3 * x, 3 * y), 9 * found, rtol=1e-9)


def test_frechet_sees_two_moments_and_nothing_else():
    two = GaussianMixture(torch.tensor([0.5, 0.5]), torch.tensor([[-1.0], [1.0]]), torch.full((2, 1, 1), 0.04))
    one = GaussianMixture(torch.ones(1), two.mean[None], two.covariance[None])
    grid = torch.linspace(-6, 6, 24_001, dtype=torch.float64)[:, None]
    log_p, log_q = two.log_prob(grid), one.log_prob(grid)
    assert torch.trapezoid(log_p.exp() * (log_p - log_q), grid[:, 0]).item() == pytest.approx(0.936, abs=1e-3)
    x = one.quantile((torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000)
    assert metrics.frechet(x, two).item() < 1e-6


@pytest.mark.parametrize("spectrum", [[1.0], [1.0, 1.0, 1.0], [4.0, 1.0, 0.1], [2.0, 0.0]])
def test_the_bias_of_frechet_is_that_of_many_perfect_sets(spectrum):
    values, n = torch.tensor(spectrum, dtype=torch.float64), 400
    dim = len(values)
    covariance = torch.diag(values)
    law = GaussianMixture(torch.ones(1), torch.zeros(1, dim), covariance[None] + 1e-12 * torch.eye(dim))
    found = metrics.frechet(normal(2000, n, dim) * values.sqrt(), law)
    bias = metrics.frechet_bias(covariance, n).item()
    assert abs(found.mean().item() - bias) < 4 * found.std().item() / 2000**0.5 + 0.02 * bias
    assert 4 * found.std().item() / 2000**0.5 < 0.1 * bias  # so that a wrong factor would be seen


def test_the_bias_in_many_dimensions():
    for dim, n in ((1, 100), (64, 2000)):
        exact = dim / n + dim * (dim + 1) / (4 * n)
        assert metrics.frechet_bias(torch.eye(dim), n).item() == pytest.approx(exact, rel=1e-6)


# Precision and recall


def by_hand(x, y, k):
    """Samples within reach of a datum."""
    reach = [sorted((b - a).norm().item() for b in y)[k] for a in y]
    return sum(any((p - a).norm().item() <= r for a, r in zip(y, reach, strict=True)) for p in x) / len(x)


@pytest.mark.parametrize("k", [1, 3])
def test_precision_and_recall_are_counted(k):
    x, y = normal(2, 12, 2), 0.8 * normal(15, 2, seed=1) + 0.7
    found = metrics.precision_recall(x, y, k)
    for member, precision, recall in zip(x, *found, strict=True):
        assert (precision.item(), recall.item()) == (
            pytest.approx(by_hand(member, y, k)),
            pytest.approx(by_hand(y, member, k)),
        )
    swapped = metrics.precision_recall(y, x, k)
    assert torch.equal(swapped.precision, found.recall)
    assert torch.equal(swapped.recall, found.precision)


def test_precision_and_recall_of_the_same_of_a_part_and_of_what_is_elsewhere():
    y = torch.cat([normal(30, 2), normal(30, 2, seed=1) + 50])
    assert metrics.precision_recall(y, y) == (1, 1)
    assert metrics.precision_recall(y + 1000, y) == (0, 0)
    part = metrics.precision_recall(y[:30], y)
    assert (part.precision, part.recall) == (1, 0.5)
    turn = turned(1.1)
    x = 1.3 * normal(40, 2, seed=3)
    for one, other in zip(metrics.precision_recall(x, y), metrics.precision_recall(x @ turn, y @ turn), strict=True):
        assert torch.allclose(one, other)


def test_precision_and_recall_do_not_see_weights():
    """A mode with a fortieth of its mass is found, and a kind of distance that counts mass sees that it is missing."""
    even, rare = (
        GaussianMixture(torch.tensor([w, 1 - w]), torch.tensor([[-4.0, 0], [4.0, 0]]), torch.eye(2).expand(2, 2, 2))
        for w in (0.5, 0.0125)
    )
    x, y, z = (law.sample(2000, Generator().manual_seed(s)) for s, law in enumerate((rare, even, even)))
    wrong, right = (metrics.precision_recall(part, y) for part in (x, z))
    assert (right.precision - wrong.precision).abs() < 0.05
    assert (right.recall - wrong.recall).abs() < 0.15
    assert metrics.w1(x[:, :1], y[:, :1]) > 10 * metrics.w1(z[:, :1], y[:, :1])
