import math

import numpy as np
import pytest
import torch
from scipy import stats

from gen_lib import data
from gen_lib.data import GaussianMixture

MIXTURES = [data.mixture_1d, data.mixture_2d, data.two_modes_2d, data.ring, data.grid, data.eight_gaussians]
SHAPES = [data.moons, data.s_curve, data.checkerboard, data.spiral]


@pytest.mark.parametrize("make", MIXTURES)
def test_log_prob_is_scipys(make):
    mixture = make()
    x = mixture.sample(50).double()
    parts = [
        w * stats.multivariate_normal(m, c).pdf(x.numpy())
        for w, m, c in zip(*(p.numpy() for p in (mixture.weights, mixture.means, mixture.covariances)), strict=True)
    ]
    assert np.allclose(mixture.log_prob(x).exp().numpy(), np.sum(parts, 0), rtol=1e-10)


@pytest.mark.parametrize("make", MIXTURES)
def test_samples_have_the_exact_mean_and_covariance(make):
    mixture = make()
    x = mixture.sample(200_000, torch.Generator().manual_seed(0)).double()
    scale = mixture.covariance.diagonal().max().sqrt()
    assert torch.allclose(x.mean(0), mixture.mean, atol=0.01 * scale)
    assert torch.allclose(x.T.cov(), mixture.covariance, atol=0.015 * scale**2)


def test_the_samples_of_one_gaussian_are_correlated_as_they_should_be():
    covariance = torch.tensor([[0.3, 0.15], [0.15, 0.3]], dtype=torch.float64)
    gaussian = GaussianMixture(torch.ones(1), torch.zeros(1, 2), covariance[None])
    x = gaussian.sample(200_000, torch.Generator().manual_seed(0)).double()
    assert torch.allclose(x.T.cov(), covariance, atol=0.005)


def test_samples_in_one_dimension_follow_the_distribution_function():
    mixture = data.mixture_1d()
    x = mixture.sample(5000, torch.Generator().manual_seed(0))
    assert stats.kstest(x[:, 0].numpy(), lambda v: mixture.cdf(torch.tensor(v)[:, None]).numpy()).pvalue > 0.01


def test_cdf_is_the_integral_of_the_density():
    mixture = data.mixture_1d()
    x = torch.linspace(-9, 6, 20_001, dtype=torch.float64)[:, None]
    density = mixture.log_prob(x).exp()
    integral = torch.cumulative_trapezoid(density, x[:, 0])
    assert torch.allclose(mixture.cdf(x)[1:], integral, atol=1e-8)


def test_single_precision_rounds_the_answer_not_the_mixture():
    """A mean that float32 cannot hold is not rounded before the points are compared with it."""
    mixture = data.mixture_1d().moved(torch.tensor([1e5 + 0.003]))
    x = mixture.sample(100)
    for function in (mixture.log_prob, mixture.cdf):
        assert torch.equal(function(x), function(x.double()).float())


def test_quantile_inverts_cdf():
    mixture = data.mixture_1d()
    p = torch.tensor([1e-9, 0.01, 0.3, 0.6999, 0.7001, 0.99, 1 - 1e-9], dtype=torch.float64)
    assert torch.allclose(mixture.cdf(mixture.quantile(p)), p, rtol=1e-10)
    with pytest.raises(ValueError, match=r"p must lie in \(0, 1\), got values from 0"):
        mixture.quantile(torch.tensor([0.0, 0.5]))


@pytest.mark.usefixtures("unchecked")
def test_a_quantile_of_a_number_is_in_float64():
    for p in (0.5, np.float64(0.5), np.float32(0.5)):
        median = data.mixture_1d().quantile(p)
        assert median.dtype == torch.float64
        assert torch.equal(median, data.mixture_1d().quantile(torch.tensor(0.5, dtype=torch.float64)))
    for p, message in (("half", "p must be a finite number"), (1.0, r"p must lie in \(0, 1\)"), (math.nan, "finite")):
        with pytest.raises(ValueError, match=message):
            data.mixture_1d().quantile(p)


@pytest.mark.parametrize("make", MIXTURES + SHAPES)
def test_members_and_generators(make):
    distribution = make()
    a, b = (distribution.sample((3, 10), torch.Generator().manual_seed(5)) for _ in range(2))
    assert a.shape == (3, 10, distribution.dim)
    assert torch.equal(a, b)
    assert distribution.sample(4).shape == (4, distribution.dim)


def test_the_papers_geometry():
    assert torch.allclose(data.ring().means.norm(dim=1), torch.ones(8, dtype=torch.float64))
    assert len(data.grid().means.unique(dim=0)) == 25
    assert data.grid().means.abs().max() == 4
    assert torch.allclose(data.eight_gaussians().means.norm(dim=1), torch.full((8,), 5.0, dtype=torch.float64))


def test_checkerboard_fills_the_black_squares_evenly():
    x = data.checkerboard().sample(40_000, torch.Generator().manual_seed(0))
    cell = (x + 2).floor().long().clamp(0, 3)
    counts = torch.zeros(4, 4).index_put_((cell[:, 0], cell[:, 1]), torch.ones(len(x)), accumulate=True)
    black = (torch.arange(4)[:, None] + torch.arange(4)) % 2 == 0
    assert counts[~black].sum() == 0
    assert torch.allclose(counts[black] / len(x), torch.tensor(1 / 8), atol=0.006)


def test_noiseless_shapes_lie_on_their_curves():
    x = data.moons(noise=0.0).sample(500)
    outer, inner = (x.norm(dim=1) - 1).abs(), ((x - torch.tensor([1.0, 0.5])).norm(dim=1) - 1).abs()
    assert torch.minimum(outer, inner).max() < 1e-5
    s = data.s_curve(noise=0.0).sample(500)
    centre = torch.tensor([[0.0, -1.0], [0.0, 1.0]])
    assert ((torch.cdist(s, centre) - 1).abs().min(1).values).max() < 1e-5
    arm = data.spiral(noise=0.0).sample(500)
    angle = arm.norm(dim=1) * math.pi
    assert torch.allclose(arm[:, 0], angle.cos() * angle / math.pi, atol=1e-5)


def test_every_fifth_digit_is_held_out_from_the_first_on():
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    digits = data.digits()
    assert torch.equal(16 * digits.test, torch.tensor(images[::5]).float())
    assert digits.test_labels.tolist() == labels[::5].tolist()
    assert digits.train_labels[:9].tolist() == [*labels[1:5], *labels[6:10], labels[11]]


def test_digits_are_real_and_split_once_and_for_all():
    digits = data.digits()
    assert digits.train.shape == (1437, 64)
    assert digits.test.shape == (360, 64)
    assert digits.train.min() == 0
    assert digits.train.max() == 1
    assert len(digits.test_labels.bincount()) == 10
    assert digits.test_labels.bincount().min() > 25
    pairs = torch.cdist(digits.test, digits.train)
    assert pairs.min() > 0  # no test image is also a training image
    assert torch.equal(data.digits().test, digits.test)


@pytest.mark.parametrize(
    ("n", "fractions"), [(10, (0.9, 0.1)), (7, (1 / 3, 1 / 3, 1 / 3)), (1000, (0.123, 0.877)), (3, (1,))]
)
def test_the_parts_of_a_split_hold_every_point_once(n, fractions):
    parts = data.split(torch.arange(n), fractions, seed=3)
    assert torch.equal(torch.cat(parts).sort().values, torch.arange(n))
    assert all(abs(len(part) - fraction * n) <= 1 for part, fraction in zip(parts, fractions, strict=True))


def test_labels_are_split_as_their_points():
    labels = torch.arange(50)
    points = labels[:, None] * torch.ones(50, 3)
    for x, y in zip(data.split(points, (0.7, 0.3), seed=1), data.split(labels, (0.7, 0.3), seed=1), strict=True):
        assert torch.equal(x, y[:, None] * torch.ones(1, 3))


def test_every_point_is_held_out_as_often_as_its_share_says():
    held_out = torch.zeros(20)
    for seed in range(500):
        held_out[data.split(torch.arange(20), (0.75, 0.25), seed)[1]] += 1
    assert (held_out / 500 - 0.25).abs().max() < 4 * (0.25 * 0.75 / 500) ** 0.5


@pytest.mark.parametrize(
    ("points", "fractions", "message"),
    [
        (torch.tensor(1.0), (1.0,), r"points must have shape \(n, ...\) with n >= 1, got \(\)"),
        (torch.zeros(0, 2), (1.0,), r"points must have shape .* got \(0, 2\)"),
        (torch.zeros(9), 0.9, r"fractions must be a tuple of numbers, such as \(0.9, 0.1\), got 0.9"),
        (torch.zeros(9), (1.2, -0.2), "each of fractions must be a finite number above 0, got -0.2"),
        (torch.zeros(9), (0.9, 0.2), r"fractions must add up to 1, got \(0.9, 0.2\) with sum 1.1"),
        (torch.zeros(9), (0.99, 0.01), r"leave no part empty, got \(0.99, 0.01\) of 9 points: parts of \[9, 0\]"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_a_split_that_is_none_is_refused(points, fractions, message):
    with pytest.raises(ValueError, match=message):
        data.split(points, fractions)


@pytest.mark.parametrize(
    ("weights", "means", "covariances", "message"),
    [
        ([0.5, 0.6], [[0.0], [1.0]], [[[1.0]], [[1.0]]], r"weights must be positive and sum to 1, got \[0.5, 0.6\]"),
        ([1.5, -0.5], [[0.0], [1.0]], [[[1.0]], [[1.0]]], "weights must be positive"),
        ([1.0], [[0.0], [1.0]], [[[1.0]], [[1.0]]], r"means must have shape \(k, d\) with k = 1, got \(2, 1\)"),
        ([1.0], [[0.0]], [[1.0]], r"covariances must have shape .* got \(1, 1\)"),
        ([1.0], [[math.nan]], [[[1.0]]], "means must be finite"),
        ([1.0], [[0.0]], [[[-1.0]]], "positive definite"),
        ([1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.0, 1.0]]], "symmetric"),
        ([1.0], [[0.0, 0.0]], [[[1.0, 0.500005], [0.5, 1.0]]], "symmetric"),
        ([1.0], [[0.0, 0.0]], [[[1e-10, 5e-11], [0.0, 1e-10]]], "symmetric"),  # however small
        ([1.0], [[0.0]], [[[math.inf]]], "covariances must be finite"),
        ([1.0], [[0.0, 0.0]], [[[math.inf, 0.0], [0.0, 1.0]]], "covariances must be finite"),
        ([1.0], [[0.0]], [[[math.nan]]], "covariances must be finite"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_a_mixture_that_is_none_is_refused(weights, means, covariances, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixture(*(torch.tensor(part, dtype=torch.float64) for part in (weights, means, covariances)))


def test_a_covariance_rounded_in_float32_is_made_symmetric():
    rounded = torch.tensor([[[1.0, 0.3 + 3e-8], [0.3, 1.0]]], dtype=torch.float64)
    mixture = GaussianMixture(torch.ones(1), torch.zeros(1, 2), rounded)
    assert torch.equal(mixture.covariances, mixture.covariances.mT)
    assert mixture.covariances[0, 0, 1] == pytest.approx(0.3 + 1.5e-8, abs=1e-12)


def test_weights_that_add_up_only_nearly_move_no_mean():
    weights, far = torch.tensor([0.5, 0.5 + 5e-7], dtype=torch.float64), 1e9
    mixture = GaussianMixture(weights, torch.tensor([[far - 1], [far + 1]], dtype=torch.float64), torch.ones(2, 1, 1))
    assert mixture.mean.item() == pytest.approx(far, abs=1e-5)
    assert mixture.covariance.item() == pytest.approx(2, rel=1e-6)


def test_an_error_about_many_numbers_is_short():
    with pytest.raises(ValueError, match="weights must be positive") as caught:
        GaussianMixture(torch.ones(9999), torch.zeros(9999, 1), torch.ones(9999, 1, 1))
    assert len(str(caught.value)) < 200


@pytest.mark.usefixtures("unchecked")
def test_points_of_the_wrong_dimension_are_refused():
    with pytest.raises(ValueError, match=r"x must have points of dimension 1, got shape \(3, 2\)"):
        data.mixture_1d().log_prob(torch.zeros(3, 2))
    with pytest.raises(ValueError, match="dimension 1, this one has 2"):
        data.mixture_2d().cdf(torch.zeros(3, 2))
