"""Every ready path, and what a net may predict on it: exact moments, conversions there and back, losses and weights."""

import math

import pytest
import torch
from torch.autograd import grad

from gen_lib import data, methods, parametrisations, paths, truth
from gen_lib.methods.diffusion import denoising, variance
from gen_lib.parametrisations import convert, denoiser, determinant, edm, ends, moved, noise, reading, score, velocity
from gen_lib.paths import circle, coefficients, line, time_of

PATHS = {
    "line": line,
    "circle": circle,
    "variance_preserving": paths.variance_preserving(),
    "variance_exploding": paths.variance_exploding(),
    "geometric": paths.variance_exploding(rho=None),
    "affine": paths.affine(lambda t: 1 - t**2, lambda t: 2 * t + t**2),
}
ALL = [velocity, noise, parametrisations.data, score, edm]
each_path = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)


def inside(*members: int, n: int = 40):
    """Times away from the ends."""
    return 0.05 + 0.9 * torch.rand(*members, n, 1, dtype=torch.float64)


@each_path
def test_slopes_are_derivatives_and_noise_gives_way_to_data(path):
    t = torch.linspace(0, 1, 41, dtype=torch.float64)[:, None].requires_grad_()
    at = coefficients(path, t)
    for value, slope in ((at.noise, at.noise_slope), (at.data, at.data_slope)):
        (rate,) = grad(value.sum(), t, retain_graph=True, allow_unused=True)
        assert torch.allclose(slope, torch.zeros_like(slope) if rate is None else rate)
    assert (at.noise[1:] / at.data[1:]).diff(dim=0).max() < 0
    assert torch.equal(coefficients(path, t[3:4].expand(7, 1)).noise, at.noise[3].expand(7, 1))


def test_ready_paths_are_those_of_the_papers():
    t = torch.linspace(0, 1, 101, dtype=torch.float64)[:, None]
    at = coefficients(paths.variance_preserving(0.1, 20.0, 1e-3), t)
    assert torch.allclose(at.noise.square() + at.data.square(), torch.ones_like(t), rtol=1e-12)
    rate = 0.1 + 19.9 * (1 - 0.999 * t)  # dx = -rate x / 2 dtau + sqrt(rate) dW, tau = 1 - .999 t
    assert torch.allclose(at.data_slope, 0.999 * rate / 2 * at.data, rtol=1e-12)
    betas = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)  # DDPM's thousand steps
    assert abs((1 - betas).prod().sqrt() / at.data[0, 0] - 1) < 0.05
    loud = coefficients(paths.variance_exploding(0.002, 80.0, 7.0), t)
    i = torch.arange(101, dtype=torch.float64)
    assert torch.allclose(loud.noise[:, 0], (80 ** (1 / 7) + i / 100 * (0.002 ** (1 / 7) - 80 ** (1 / 7))) ** 7)
    assert torch.equal(loud.data, torch.ones_like(t))
    geometric = coefficients(paths.variance_exploding(rho=None), t).noise.log().diff(dim=0)
    assert torch.allclose(geometric, geometric.mean().expand_as(geometric))


@each_path
@pytest.mark.parametrize("make", [data.mixture_1d, data.two_modes_2d])
def test_exact_moments_of_a_path_are_those_of_monte_carlo(make, path):
    mixture, n = make(), 200_000
    z, x = torch.randn(n, mixture.dim, dtype=torch.float64), mixture.sample(n).double()
    for t in (0.0, 0.3, 0.6, 0.9, 1.0):
        found, exact = path(z, x, torch.full((n, 1), t, dtype=torch.float64))[0], truth.mixture_at(mixture, t, path)
        error = found.std(0) / n**0.5
        assert ((found.mean(0) - exact.mean).abs() < 5 * error).all()
        centred = found - found.mean(0)
        products = centred[:, :, None] * centred[:, None, :]
        spread = products.std(0) / n**0.5
        assert ((products.mean(0) - exact.covariance).abs() < 5 * spread).all()
        assert torch.allclose(exact.log_prob(found[:50]), truth.log_prob_at(mixture, found[:50], t, path), rtol=1e-9)


@each_path
@pytest.mark.parametrize("make", [data.mixture_1d, data.two_modes_2d])
def test_velocity_and_score_of_the_truth_are_one_field(make, path):
    mixture, t = make(), inside(2)
    x_t = path(torch.randn(2, 40, mixture.dim, dtype=torch.float64), mixture.sample((2, 40)).double(), t)[0]
    v, s, at = (*(of(mixture, x_t, t, path) for of in (truth.velocity, truth.score)), coefficients(path, t))
    assert torch.allclose(convert(v, x_t, at, velocity, score), s, rtol=1e-9, atol=1e-9 * s.abs().max())
    assert torch.allclose(convert(s, x_t, at, score, velocity), v, rtol=1e-9, atol=1e-9 * v.abs().max())
    if path is line:
        assert torch.allclose((t * v - x_t) / (1 - t), s, rtol=1e-9, atol=1e-9)
        assert torch.allclose(x_t / t + (1 - t) / t * s, v, rtol=1e-9, atol=1e-9)


@each_path
@pytest.mark.parametrize("have", ALL)
@pytest.mark.parametrize("want", ALL)
def test_a_pair_is_found_from_any_prediction_there_and_back(path, have, want):
    z, x, t = *torch.randn(2, 3, 40, 2, dtype=torch.float64), inside(3)
    x_t, v = path(z, x, t)
    at = coefficients(path, t)
    p, q = have(at)
    value = p * z + q * x
    if have is velocity:
        assert torch.allclose(value, v, rtol=1e-12)
    other = convert(value, x_t, at, have, want)
    p, q = want(at)
    assert torch.allclose(other, p * z + q * x, rtol=1e-9, atol=1e-9 * other.abs().max())
    back = convert(other, x_t, at, want, have)
    assert torch.allclose(back, value, rtol=1e-9, atol=1e-9 * value.abs().max())
    for found, exact in zip(ends(value, x_t, at, have), (z, x), strict=True):
        assert torch.allclose(found, exact, rtol=1e-6, atol=1e-6)
    assert torch.allclose(reading(lambda x_t, t: value, have, want, path)(x_t, t), other)


@each_path
def test_the_exact_field_is_edms_denoiser_preconditioned_as_in_the_paper(path):
    mixture = data.mixture_1d()
    y, sigma = torch.randn(30, 1, dtype=torch.float64), 0.05 + 5 * torch.rand(30, 1, dtype=torch.float64)
    got = denoiser(lambda x, t: truth.velocity(mixture, x, t, path), velocity, path)(y, sigma)
    known, loud = time_of(path, sigma), paths.variance_exploding()
    there = truth.score(mixture, y, time_of(loud, sigma), loud)
    assert torch.allclose(got, y + sigma.square() * there, rtol=1e-6, atol=1e-6)  # Tweedie's formula
    at = coefficients(path, known)
    x_t = y * at.data
    inner = reading(lambda x, t: truth.velocity(mixture, x, t, path), velocity, edm, path)(x_t, known)
    by_hand = y / (1 + sigma**2) + sigma / (1 + sigma**2).sqrt() * inner
    assert torch.allclose(got, by_hand, rtol=1e-9, atol=1e-9)


def test_what_edms_net_predicts_is_the_velocity_of_the_circle():
    at = coefficients(circle, inside())
    for one, other in zip(edm(at), velocity(at), strict=True):
        assert torch.allclose(one * math.pi / 2, other)


@each_path
@pytest.mark.parametrize("of", ALL)
def test_losses_differ_by_the_weight_of_the_determinant(path, of):
    """At every single pair, for one error in x, and in noise that fits to the same point."""
    z, x, error, t = *torch.randn(3, 40, 2, dtype=torch.float64), inside()
    at = coefficients(path, t)
    x_t, (p, q) = path(z, x, t)[0], of(at)
    wrong_x = x + error
    wrong_z = (x_t - at.data * wrong_x) / at.noise
    loss = (p * wrong_z + q * wrong_x - (p * z + q * x)).square()
    weight = (determinant(of, at) / at.noise).square()
    assert torch.allclose(loss, weight * error.square(), rtol=1e-6)


@pytest.mark.usefixtures("unchecked")
def test_score_matching_with_the_variance_as_weight_is_the_prediction_of_noise():
    z, x = torch.randn(2, 500, 1, dtype=torch.float64)
    path = paths.variance_preserving()

    def guess(x_t, t):
        return x_t.sin() + t

    torch.manual_seed(0)
    by_noise = denoising(guess, z, x, noise, path)
    torch.manual_seed(0)
    by_score = denoising(lambda x_t, t: -guess(x_t, t) / coefficients(path, t).noise, z, x, score, path, variance)
    assert torch.allclose(by_noise, by_score, rtol=1e-9)


@each_path
@pytest.mark.parametrize("trained", PATHS.values(), ids=PATHS)
def test_a_field_of_one_path_is_that_of_another_after_a_change_of_time_and_scale(path, trained):
    mixture = data.two_modes_2d()
    t = 0.2 + 0.6 * torch.rand(40, 1, dtype=torch.float64)
    x_t = path(torch.randn(40, 2, dtype=torch.float64), mixture.sample(40).double(), t)[0]
    there = moved(lambda x, t: truth.velocity(mixture, x, t, trained), velocity, trained, path)
    exact = truth.velocity(mixture, x_t, t, path)
    assert torch.allclose(there(x_t, t), exact, rtol=1e-7, atol=1e-7 * exact.abs().max())


@each_path
def test_the_time_of_a_ratio_is_the_inverse_and_an_end_beyond_it(path):
    t = inside()
    at = coefficients(path, t)
    assert torch.allclose(time_of(path, at.noise / at.data), t, rtol=1e-9)
    beyond = torch.tensor([[0.0], [math.inf]], dtype=torch.float64)
    assert torch.allclose(time_of(path, beyond), torch.tensor([[1.0], [0.0]], dtype=torch.float64), atol=1e-15)


@each_path
def test_edms_times_have_a_log_normal_ratio(path):
    x = torch.zeros(20_000, 1, dtype=torch.float64)
    at = coefficients(path, paths.log_normal(path, -0.4, 0.7)(x))
    ratio = (at.noise / at.data).log()
    assert abs(ratio.mean() + 0.4) < 0.02
    assert abs(ratio.std() - 0.7) < 0.015
    torch.manual_seed(0)
    one = paths.log_normal(line, 0.4, 0.7)(x)
    torch.manual_seed(0)
    assert torch.allclose(one, 1 - paths.logit_normal(0.4, 0.7)(x))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: paths.variance_preserving(low=0.0), "low must be a finite number above 0, got 0.0"),
        (lambda: paths.variance_preserving(high=-1.0), "high must be a finite number above 0, got -1.0"),
        (lambda: paths.variance_preserving(last=1.0), "last must be below 1, got 1.0"),
        (lambda: paths.variance_exploding(low=2.0, high=1.0), "high must be a finite number above 2, got 1.0"),
        (lambda: paths.variance_exploding(rho=0.0), "rho must be a finite number above 0, got 0.0"),
        (lambda: paths.log_normal(line, std=0.0), "std must be a finite number above 0, got 0.0"),
        (lambda: truth.mixture_at(data.mixture_1d(), 1.5), "t must lie from 0 to 1, got 1.5"),
        (lambda: methods.diffusion("nose"), "unknown parametrisation 'nose', did you mean 'noise'"),
        (lambda: methods.diffusion(path="lines"), "unknown path 'lines', did you mean 'line'"),
        (lambda: methods.diffusion(noise), "predict must tell noise and data apart .* does not at t = 0"),
        (lambda: methods.diffusion(parametrisations.data), "predict must tell .* does not at t = 1"),
        (lambda: methods.diffusion(score), "predict must tell noise and data apart .* does not at t = 0"),
        (lambda: methods.diffusion(path=lambda z, x, t: (z * x, z)), "path must be a sum of multiples of z and x"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_bad_choices_are_refused_when_they_are_made(call, message):
    with pytest.raises(ValueError, match=message):
        call()
