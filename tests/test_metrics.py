import math
from itertools import permutations

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Generator

from gen_lib import METHODS, data, metrics, samplers, truth
from gen_lib.data import GaussianMixture


def normal(*shape: int, seed: int = 0):
    return torch.randn(*shape, generator=Generator().manual_seed(seed), dtype=torch.float64)


def standard(dim: int = 1) -> GaussianMixture:
    return GaussianMixture(torch.ones(1), torch.zeros(1, dim), torch.eye(dim)[None])


# Wasserstein distances


def test_w1_of_two_sets_is_scipys():
    x, y = normal(3, 50, 1), 2 * normal(50, 1, seed=1) + 1
    found = metrics.w1(x, y)
    for member in range(3):
        exact = stats.wasserstein_distance(x[member, :, 0].numpy(), y[:, 0].numpy())
        assert found[member].item() == pytest.approx(exact, abs=1e-12)


def test_w1_to_a_mixture_is_the_area_between_the_distribution_functions():
    mixture = data.mixture_1d()
    grid = torch.linspace(-20, 20, 400_001, dtype=torch.float64)
    cdf = mixture.cdf(grid[:, None])
    x = torch.cat([3 * normal(2, 40, 1), torch.full((1, 40, 1), 9.0).double()])
    for samples, found in zip(x, metrics.w1(x, mixture), strict=True):
        steps = torch.searchsorted(samples[:, 0].sort().values, grid, right=True) / 40
        assert found.item() == pytest.approx(torch.trapezoid((steps - cdf).abs(), grid).item(), abs=1e-4)


def test_w1_of_a_point_to_a_gaussian_in_closed_form():
    for a in (-1.0, 0.0, 2.5):
        law = stats.norm()
        exact = a * (2 * law.cdf(a) - 1) + 2 * law.pdf(a)  # E|X - a|
        for n in (1, 7):
            found = metrics.w1(torch.full((n, 1), a, dtype=torch.float64), standard())
            assert found.item() == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize(("mean", "std"), [(1e6, 0.1), (1e5, 1e-3), (1.7e9, 60.0), (-3e12, 1.0)])
def test_w1_of_a_mixture_to_its_own_samples_is_the_same_far_away(mean, std):
    law = GaussianMixture(torch.ones(1), torch.tensor([[mean]], dtype=torch.float64), torch.full((1, 1, 1), std**2))
    x = mean + std * normal(5, 1000, 1)
    near = metrics.w1((x - mean) / std, standard())  # of the same points: moved back nothing is rounded
    assert (near < 0.15).all()
    assert torch.allclose(metrics.w1(x, law) / std, near, rtol=1e-3)
    assert law.covariance.item() == pytest.approx(std**2, rel=1e-6)


def test_w1_does_not_mind_how_far_the_modes_are_apart():
    """Half of the mass 2e6 away from the other: what is far cancels to the digit."""
    means, small = torch.tensor([[-1e6], [1e6]], dtype=torch.float64), torch.full((2, 1, 1), 1e-4, dtype=torch.float64)
    modes = GaussianMixture(torch.full((2,), 0.5), means, small)
    one = GaussianMixture(torch.ones(1), torch.zeros(1, 1), torch.full((1, 1, 1), 1e-4, dtype=torch.float64))
    x = 0.01 * normal(500, 1)
    assert metrics.w1(torch.cat([x - 1e6, x + 1e6]), modes).item() == pytest.approx(metrics.w1(x, one).item(), rel=1e-4)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_w2_is_the_least_over_all_pairings(dim):
    x, y = normal(2, 6, dim), normal(2, 6, dim, seed=1)
    cost = (x[:, :, None] - y[:, None]).square().sum(-1)
    rows = torch.arange(6)
    least = torch.stack([cost[:, rows, list(order)].sum(-1) for order in permutations(range(6))]).min(0).values
    assert torch.allclose(metrics.w2(x, y), (least / 6).sqrt())
    assert torch.allclose(metrics.w2(x, y[0])[1], metrics.w2(x[1], y[0]))


def test_w2_of_a_stretch_and_a_shift_in_closed_form():
    """The gradient of a convex function is the optimal map of any set: so are a shift, and a positive matrix."""
    x = normal(60, 3)
    root = normal(3, 3, seed=1)
    for y in (x + torch.tensor([3.0, 0.0, 4.0]), x @ (root @ root.T)):
        shuffled = y[torch.randperm(60, generator=Generator().manual_seed(0))]
        assert metrics.w2(x, shuffled).item() == pytest.approx((x - y).square().sum(-1).mean().sqrt().item(), abs=1e-9)
    assert metrics.w2(x, x + torch.tensor([3.0, 0.0, 4.0])).item() == pytest.approx(5)


def test_w2_on_the_line_approaches_that_of_gaussians():
    x = torch.special.ndtri((torch.arange(4000, dtype=torch.float64) + 0.5) / 4000)[:, None]
    assert metrics.w2(x, 3 * x.flip(0) + 1).item() == pytest.approx(math.sqrt(1 + 4), abs=0.01)


def test_sliced_w2_on_the_line_is_w2():
    x, y = normal(2, 50, 1), normal(2, 50, 1, seed=1)
    assert torch.allclose(metrics.sliced_w2(x, y), metrics.w2(x, y))


def test_sliced_w2_is_the_mean_over_directions():
    x, y = normal(30, 3), normal(30, 3, seed=1) + 1
    found = metrics.sliced_w2(x, y, 20, Generator().manual_seed(3)).item()
    theta = torch.randn(3, 20, generator=Generator().manual_seed(3)).double().numpy()
    squares = []
    for direction in theta.T:
        a, b = (np.sort(p.numpy() @ direction / np.linalg.norm(direction)) for p in (x, y))
        squares.append(((a - b) ** 2).mean())
    assert found == pytest.approx(np.sqrt(np.mean(squares)), abs=1e-6)


def test_sliced_w2_of_a_shift_in_closed_form():
    x = normal(100, 2)
    found = metrics.sliced_w2(x, x + torch.tensor([3.0, 4.0]), 20_000)  # E (theta . c)^2 = |c|^2 / d
    assert found.item() == pytest.approx(5 / math.sqrt(2), rel=0.02)
    assert torch.equal(metrics.sliced_w2(x, x + 1), metrics.sliced_w2(x, x + 1))  # the same directions every time


# Kernels


def within(distance, x):
    """Mean over all ordered pairs of two different points."""
    return np.mean([distance(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])


def between(distance, x, y):
    return np.mean([distance(a, b) for a in x for b in y])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("metric", [metrics.w1, metrics.sliced_w2])
def test_sorted_by_numpy_or_by_torch_it_is_the_same_distance_and_has_a_gradient(metric, dtype):
    samples, target = torch.randn(2, 3, 64, 1, generator=Generator().manual_seed(0)).to(dtype)
    plain = metric(samples, target)
    followed = metric(samples.requires_grad_(), target)  # NumPy cannot say how the order came about
    torch.testing.assert_close(followed, plain, rtol=0, atol=0)
    (slope,) = torch.autograd.grad(followed.sum(), samples)
    moved = metric((samples - 1e-3 * slope.sign()).detach(), target)
    assert slope.isfinite().all()
    assert (slope.abs().sum((-2, -1)) > 0).all()
    assert (moved <= plain).all()


def test_energy_distance_is_the_double_sum():
    x, y = normal(2, 7, 3), normal(9, 3, seed=1)

    def distance(a, b):
        return np.linalg.norm(a - b)

    for samples, found in zip(x.numpy(), metrics.energy_distance(x, y), strict=True):
        exact = 2 * between(distance, samples, y.numpy()) - within(distance, samples) - within(distance, y.numpy())
        assert found.item() == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize("bandwidths", [None, [0.5, 2.0]])
def test_mmd_is_the_double_sum(bandwidths):
    x, y = normal(2, 7, 3), normal(9, 3, seed=1)
    distances = sorted(np.linalg.norm(a - b) for i, a in enumerate(y.numpy()) for b in y.numpy()[:i])
    median = distances[(len(distances) - 1) // 2]
    scales = bandwidths or [median * f for f in (0.25, 0.5, 1, 2, 4)]

    def kernel(a, b):
        return sum(np.exp(-((a - b) ** 2).sum() / (2 * s**2)) for s in scales)

    for samples, found in zip(x.numpy(), metrics.mmd(x, y, bandwidths), strict=True):
        exact = within(kernel, samples) + within(kernel, y.numpy()) - 2 * between(kernel, samples, y.numpy())
        assert found.item() == pytest.approx(exact, abs=1e-12)


def test_kernel_distances_are_unbiased():
    repeats, n, shift, b = 4000, 5, 1.5, 0.8  # few points: a bias of order 1/n would be far outside
    law, wide = stats.norm(), b**2 + 2

    def gap(m):  # E|X - Y| of N(0, 1) and N(m, 1)
        return 2 * (math.sqrt(2) * law.pdf(m / math.sqrt(2)) + m * (law.cdf(m / math.sqrt(2)) - 0.5))

    for m in (0.0, shift):
        x, y = normal(repeats, n, 1), normal(repeats, n, 1, seed=1) + m
        energy, mmd = metrics.energy_distance(x, y), metrics.mmd(x, y, [b])
        exact_energy = 2 * gap(m) - 2 * gap(0.0)
        exact_mmd = 2 * b / math.sqrt(wide) * (1 - math.exp(-(m**2) / (2 * wide)))
        for found, exact in ((energy, exact_energy), (mmd, exact_mmd)):
            assert abs(found.mean().item() - exact) < 4 * found.std().item() / repeats**0.5


def test_kernel_distances_see_small_gaps_far_from_the_origin():
    x = (normal(40, 1) + 1000).float()  # products of matrices would lose the last digits of the distances
    y = x + 0.01
    moved = x.double() + 0.01
    assert torch.allclose(metrics.energy_distance(x, y).double(), metrics.energy_distance(x.double(), moved), atol=1e-3)
    assert torch.allclose(metrics.mmd(x, y, [0.1]).double(), metrics.mmd(x.double(), moved, [0.1]), atol=1e-2)


# What samples are like


def test_nll_is_the_entropy_of_a_gaussian_and_takes_functions():
    x = normal(4, 50_000, 2)
    found = metrics.nll(x, standard(2))
    assert torch.allclose(found, torch.tensor(1 + math.log(2 * math.pi)).double(), atol=0.03)
    assert torch.equal(found, metrics.nll(x, standard(2).log_prob))
    points = data.mixture_1d().sample(5).double()

    def flow_log_prob(x):
        return truth.pushforward_log_prob(lambda x, t: truth.velocity(data.mixture_1d(), x, t), x)

    assert metrics.nll(points, flow_log_prob).item() == pytest.approx(
        metrics.nll(points, data.mixture_1d()).item(), abs=1e-6
    )


def test_modes_of_hand_made_samples():
    grid = data.grid()
    on = grid.means.repeat(4, 1)
    found = metrics.modes_covered(on, grid)
    assert (found.covered, found.high_quality, found.reverse_kl) == (25, 1, pytest.approx(0, abs=1e-12))
    # two members: all on one mode; half on one, half just outside its neighbour's three standard deviations
    left, right = grid.means[0], grid.means[1]
    members = torch.stack(
        [left.expand(4, 2), torch.stack([left, left, right + 0.151, right + torch.tensor([0, 0.151])])]
    )
    found = metrics.modes_covered(members, grid)
    assert found.covered.tolist() == [1, 1]
    assert found.met.nonzero().tolist() == [[0, 0], [1, 0]]
    assert found.high_quality.tolist() == [1, 0.5]
    assert found.reverse_kl.tolist() == pytest.approx([math.log(25), math.log(12.5)])
    inside = metrics.modes_covered(right[None] + torch.tensor([[0.149, 0.0]]), grid)
    assert inside.high_quality == 1


def test_modes_are_measured_in_their_own_standard_deviations():
    means, covariances = (
        torch.tensor([[0.0, 0.0], [10.0, 10.0]]),
        torch.tensor([1.0, 9.0])[:, None, None] * torch.eye(2),
    )
    mixture = GaussianMixture(torch.tensor([0.25, 0.75]), means, covariances)
    at = torch.tensor([[4.0, 4.0]])  # 5.7 and 8.5 away, which is 5.7 and 2.8 standard deviations
    found = metrics.modes_covered(at, mixture)
    assert (found.covered, found.high_quality) == (1, 1)
    assert found.reverse_kl.item() == pytest.approx(math.log(1 / 0.75))
    near = metrics.modes_covered(torch.tensor([[2.9, 0.0]]), GaussianMixture(mixture.weights, means / 4, covariances))
    assert near.met.tolist() == [False, True]  # within three standard deviations of both, and of the nearest only once


def test_perfect_samples_meet_all_modes_as_often_as_they_should():
    for make in (data.ring, data.grid):
        found = metrics.modes_covered(make().sample((4, 2500), Generator().manual_seed(0)), make())
        assert (found.covered == len(make().weights)).all()
        assert torch.allclose(found.high_quality, torch.tensor(1 - math.exp(-4.5)), atol=0.01)
        assert (found.reverse_kl < 0.015).all()


# What paths are like


def test_straight_paths_at_constant_speed_are_straight():
    z, x = normal(2, 20, 2), normal(2, 20, 2, seed=1)
    states = [(1 - t) * z + t * x for t in samplers.times(8)]
    assert torch.allclose(metrics.straightness(states), torch.zeros(2).double(), atol=1e-12)
    assert torch.allclose(metrics.straightness([z, x]), torch.zeros(2).double(), atol=1e-12)
    single = metrics.straightness([s.float() for s in states])
    assert ((single >= 0) & (single < 1e-12)).all()  # a ratio minus 1 would be wrong by 1e-7, on either side of 0
    assert (metrics.path_energy(states) > 0.1).all()  # straight, but to random partners


def test_bends_and_changes_of_speed_cost_energy():
    angle = torch.linspace(0, math.pi, 2001, dtype=torch.float64)
    circle = [torch.stack([a.cos(), a.sin()])[None] for a in angle]
    assert metrics.straightness(circle).item() == pytest.approx((math.pi / 2) ** 2 - 1, rel=1e-5)
    hurried = [torch.tensor([[p]]) for p in (0.0, 0.25, 1.0)]
    assert metrics.straightness(hurried).item() == pytest.approx(2 * (0.25**2 + 0.75**2) - 1)


def test_path_energy_is_measured_against_optimal_transport():
    z = normal(3, 30, 2)
    stretched = [z * (1 + t) for t in samplers.times(5)]  # the gradient of a convex function
    assert torch.allclose(metrics.path_energy(stretched), torch.zeros(3).double(), atol=1e-9)
    turned = z @ torch.tensor([[0.0, 1.0], [-1.0, 0.0]]).double()
    states = [(1 - t) * z + t * turned for t in samplers.times(3)]
    exact = (turned - z).square().sum(-1).mean(-1) / metrics.w2(z, turned).square() - 1
    assert torch.allclose(metrics.path_energy(states), exact)
    assert (exact > 0.5).all()


def test_the_exact_flow_of_one_gaussian_is_optimal_but_not_at_constant_speed():
    mixture = GaussianMixture(torch.ones(1), torch.zeros(1, 1), torch.full((1, 1, 1), 0.25))
    z = normal(500, 1)
    states = [truth.flow_map(mixture, z, 0.0, t) for t in samplers.times(400)]
    t = torch.linspace(0, 1, 100_001, dtype=torch.float64)
    std = ((1 - t) ** 2 + 0.25 * t**2).sqrt()
    exact = std.diff().square().sum() * 100_000 / 0.25 - 1  # of |x_1 - z| = |z| / 2
    assert metrics.straightness(states).item() == pytest.approx(exact.item(), rel=1e-3)
    assert metrics.path_energy(states).item() == pytest.approx(exact.item(), rel=1e-3)


def test_reconstruction_error_is_that_of_a_round_trip():
    method = METHODS["ae"]
    net = method.build(2, latent=1, members=(3,))
    x = normal(10, 2).float()
    exact = (net.decoder(net.encoder(x)) - x).square().sum(-1).mean(-1)
    assert torch.allclose(metrics.reconstruction_error(method, net, x), exact)
    with pytest.raises(ValueError, match="method must have an encoder"):
        metrics.reconstruction_error(METHODS["decoder"], net, x)


def test_active_units_are_those_whose_mean_follows_the_data():
    x = normal(2000, 1)
    ones = torch.ones(2000, 1).double()
    codes = torch.cat([x, -0.3 * x, 0.05 * x, 5 * ones], -1)  # variances 1, 0.09, 0.0025 and 0
    assert metrics.active_units(torch.stack([codes, codes[:, [2, 3, 3, 3]]])).tolist() == [2.0, 0.0]
    assert metrics.active_units(codes + 7).item() == 2  # where the codes stand does not matter
    assert metrics.active_units(codes, least=0.001).item() == 3
    with pytest.raises(ValueError, match="codes must be those of at least 2 points, got 1"):
        metrics.active_units(codes[:1])
    with pytest.raises(ValueError, match="least must be a finite number of at least 0, got -1"):
        metrics.active_units(codes, least=-1)


# The floor


@pytest.mark.parametrize("metric", [metrics.w2, metrics.sliced_w2, metrics.energy_distance, metrics.mmd])
@pytest.mark.parametrize("make", [data.mixture_1d, data.moons])
def test_every_metric_of_two_samples_has_a_floor(metric, make):
    target = make()
    level = metrics.floor(metric, target, 100, repeats=5)
    assert level.shape == (5,)
    assert torch.equal(level, metrics.floor(metric, target, 100, repeats=5))
    perfect = target.sample((3, 100), Generator().manual_seed(7))
    near, far = (metrics.with_floor(metric, samples, target, repeats=5) for samples in (perfect, perfect + 2))
    assert near.value.shape == (3,)
    assert torch.equal(near.floor, level)
    assert (near.value < far.value).all()
    assert far.value.min() > level.max()
    more = metrics.floor(metric, target, 400, repeats=5)
    assert more.abs().mean() < level.abs().mean()


def test_a_level_prints_itself_beside_its_floor():
    assert str(metrics.WithFloor(torch.tensor([1.0, 2.0]), torch.tensor([0.5, 0.5]))) == "1.5 ± 0.71 (floor 0.5 ± 0)"
    assert str(metrics.WithFloor(torch.tensor(1.5), torch.tensor([0.25]))) == "1.5 (floor 0.25)"
    share = metrics.floor(lambda x, _: metrics.modes_covered(x, data.ring()).high_quality, data.ring(), 1000, repeats=3)
    assert torch.allclose(share, torch.tensor(0.989), atol=0.015)


# Bad input


PAIRS = [metrics.w2, metrics.sliced_w2, metrics.energy_distance, metrics.mmd]


@pytest.mark.parametrize("metric", [metrics.w1, *PAIRS])
@pytest.mark.usefixtures("unchecked")
def test_bad_pairs_are_refused_by_name(metric):
    x = torch.arange(4.0)[:, None]
    with pytest.raises(ValueError, match="samples must be finite, got 1 NaN"):
        metric(torch.tensor([[0.0], [math.nan], [1.0], [2.0]]), x)
    with pytest.raises(ValueError, match="target must be finite, got 4 NaN"):
        metric(x, x / 0 - x / 0)
    with pytest.raises(ValueError, match=r"target must have points of dimension 1, got shape \(4, 2\)"):
        metric(x, x.expand(4, 2))
    with pytest.raises(ValueError, match=r"samples must have shape \(\.\.\., n, d\) with n, d >= 1, got \(0, 1\)"):
        metric(x[:0], x)
    with pytest.raises(ValueError, match=r"target must have no members or those of samples, \(3,\), got \(2,\)"):
        metric(x.expand(3, 4, 1), x.expand(2, 4, 1))
    if metric in (metrics.energy_distance, metrics.mmd):
        with pytest.raises(ValueError, match="samples must hold at least 2 points, got 1"):
            metric(x[:1], x)
        with pytest.raises(ValueError, match="target must hold at least 2 points, got 1"):
            metric(x, x[:1])
    else:
        with pytest.raises(ValueError, match="target must hold as many points as samples, 4, got 3"):
            metric(x, x[:3])


@pytest.mark.usefixtures("unchecked")
def test_other_bad_input_is_refused_by_name():
    x = torch.zeros(3, 2)
    with pytest.raises(ValueError, match="target must be a mixture of dimension 1, got one of dimension 2"):
        metrics.w1(x[:, :1], data.mixture_2d())
    for name, call in {
        "target": lambda: metrics.w1(x[:, :1], data.moons()),
        "mixture": lambda: metrics.modes_covered(x, data.moons()),
        "model": lambda: metrics.nll(x, data.moons()),
        "p": lambda: truth.log_ratio(data.moons(), data.ring(), x),
        "q": lambda: truth.jensen_shannon(data.ring(), data.moons()),
    }.items():
        with pytest.raises(TypeError, match=f"{name} must be a .*ixture.*, got Shape"):
            call()
    for function in (truth.velocity, truth.score, truth.log_prob_at, truth.velocity_variance):
        with pytest.raises(TypeError, match="mixture must be a GaussianMixture, got Shape"):
            function(data.moons(), x, 0.5)
    for function in (truth.flow_map, truth.average_velocity):
        with pytest.raises(TypeError, match="mixture must be a GaussianMixture, got Shape"):
            function(data.moons(), x, 0.5, 1.0)
    with pytest.raises(TypeError, match="mixture must be a GaussianMixture, got Shape"):
        truth.irreducible_loss(data.moons())
    with pytest.raises(ValueError, match="samples must have points of dimension 1"):
        metrics.w1(x, data.mixture_1d())
    with pytest.raises(ValueError, match="directions must be a whole number of at least 1, got 0"):
        metrics.sliced_w2(x, x, 0)
    with pytest.raises(ValueError, match="bandwidths must be a finite number above 0"):
        metrics.mmd(x, x, [1.0, 0.0])
    with pytest.raises(ValueError, match="target must hold different points"):
        metrics.mmd(x + 1, x)
    with pytest.raises(ValueError, match="samples must have points of dimension 2"):
        metrics.modes_covered(x[:, :1], data.ring())
    with pytest.raises(ValueError, match="x must be finite"):
        metrics.nll(x * math.nan, data.ring())
    for states, message in (
        ([x], r"states must be two or more of one shape, got shapes \[\(3, 2\)\]"),
        ([x, x[:2]], r"got shapes \[\(3, 2\), \(2, 2\)\]"),
        ([x, x], "states must end elsewhere than they start"),
        ([x, x * math.nan], "states must be finite"),
    ):
        for function in (metrics.straightness, metrics.path_energy):
            with pytest.raises(ValueError, match=message):
                function(states)
