"""The exact answers on paths that are not straight, each held against another road to the same number."""

import math

import pytest
import torch
from test_truth import LINE, gaussians, narrow, one, solid
from torch.autograd import grad

from gen_lib import data, methods, samplers, truth
from gen_lib.data import GaussianMixture
from gen_lib.paths import circle, coefficients, line


def late(z, x, t):
    """A straight path that starts slowly."""
    return (1 - t**2) * z + t**2 * x, 2 * t * (x - z)


PATHS = [line, circle, late]
ALL = [data.mixture_1d, narrow, data.two_modes_2d, solid, one]


def by_hand(path, t: float) -> tuple[float, float]:
    """What noise and data are multiplied by."""
    return {
        line: (1 - t, t),
        circle: (math.cos(math.pi * t / 2), math.sin(math.pi * t / 2)),
        late: (1 - t * t, t * t),
    }[path]


def moved(mixture: GaussianMixture, path, t: float) -> GaussianMixture:
    """The distribution of x_t, built from its definition."""
    a, b = by_hand(path, t)
    covariances = a**2 * torch.eye(mixture.dim).double() + b**2 * mixture.covariances
    return gaussians(mixture.weights, b * mixture.means, covariances)


def on_the_way(mixture: GaussianMixture, path, shape: tuple[int, ...]):
    """Points x_t and their times, members first."""
    t = 0.05 + 0.9 * torch.rand(*shape, 1, dtype=torch.float64)
    z = torch.randn(*shape, mixture.dim, dtype=torch.float64)
    return path(z, mixture.sample(shape).double(), t)[0], t


@pytest.mark.parametrize("path", PATHS)
def test_coefficients_are_those_of_the_formula_and_their_slopes_the_derivatives(path):
    t = torch.linspace(0, 1, 11, dtype=torch.float64)[:, None].requires_grad_()
    found = coefficients(path, t)
    expected = torch.tensor([by_hand(path, s) for s in t[:, 0].tolist()], dtype=torch.float64)
    assert torch.allclose(torch.cat([found.noise, found.data], -1), expected)
    for value, slope in ((found.noise, found.noise_slope), (found.data, found.data_slope)):
        (rate,) = grad(value.sum(), t, retain_graph=True)
        assert torch.allclose(slope, rate)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("make", ALL)
def test_density_score_and_velocity_of_a_path(make, path):
    r"""The density by definition, the score as its gradient, and d/dt log p + div v + v . score = 0."""
    mixture = make()
    for t in (0.0, 0.2, 0.7, 1.0):
        there = moved(mixture, path, t)
        x = there.sample((2, 20)).double()
        assert torch.allclose(truth.log_prob_at(mixture, x, t, path), there.log_prob(x), rtol=1e-9)
    x, t = (part.requires_grad_() for part in on_the_way(mixture, path, (2, 30)))
    log_prob = truth.log_prob_at(mixture, x, t, path)
    rate, gradient = grad(log_prob.sum(), (t, x))
    score, v = truth.score(mixture, x, t, path), truth.velocity(mixture, x, t, path)
    assert torch.allclose(score, gradient, rtol=1e-9)
    divergence = sum(grad(v[..., i].sum(), x, retain_graph=True)[0][..., i] for i in range(mixture.dim))
    carried = (v * score).sum(-1)
    size = rate[..., 0].abs() + divergence.abs() + carried.abs()
    assert ((rate[..., 0] + divergence + carried).abs() < 1e-9 * size).all()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("make", [data.mixture_1d, data.two_modes_2d])
def test_velocity_and_its_variance_are_those_of_the_paths_through_the_point(make, path):
    mixture = make()
    x = mixture.sample(200_000).double()
    for t in (0.3, 0.6, 0.85):
        a, b = by_hand(path, t)
        for point in moved(mixture, path, t).sample(3).double():
            z = (point - b * x) / a  # the noise that leads through the point to each datum
            weight = (-z.square().sum(-1) / 2).softmax(0)[:, None]
            v = path(z, x, torch.full((len(x), 1), t, dtype=torch.float64))[1]
            mean = (weight * v).sum(0)
            spread = (weight * (v - mean).square()).sum()
            error = (weight.square() * (v - mean).square()).sum(0).sqrt()
            assert ((truth.velocity(mixture, point[None], t, path)[0] - mean).abs() < 5 * error).all()
            exact = truth.velocity_variance(mixture, point[None], t, path)[0]
            fourth = ((weight * ((v - mean).square().sum(-1, keepdim=True) - spread)) ** 2).sum().sqrt()
            assert (exact - spread).abs() < 5 * fourth


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("make", ALL)
def test_at_the_ends_noise_and_data_know_nothing_of_each_other(make, path):
    """E[v | z] = a' z + b' E[x] at t = 0, and E[v | x] = a' E[z] + b' x at t = 1."""
    mixture = make()
    x = mixture.sample(20).double()
    for t, noise, datum in ((0.0, x, mixture.mean.expand_as(x)), (1.0, 0 * x, x)):
        v = path(noise, datum, torch.full((20, 1), t, dtype=torch.float64))[1]
        assert torch.allclose(truth.velocity(mixture, x, t, path), v, atol=1e-9)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("make", [*LINE, one])
def test_the_flow_map_follows_the_velocity_and_the_average_velocity_jumps_along(make, path):
    mixture = make()
    x = torch.randn(40, mixture.dim, dtype=torch.float64)

    def velocity(x, t):
        return truth.velocity(mixture, x, t, path)

    states = samplers.adaptive(velocity, x, 1e-9, 1e-9, steps=4)
    for t, state in zip(samplers.times(4), states, strict=True):
        assert torch.allclose(truth.flow_map(mixture, x, 0.0, t, path), state, atol=1e-6)
        assert torch.allclose(truth.flow_map(mixture, state, t, 0.0, path), x, atol=2e-3 if make is narrow else 1e-6)
    u = truth.average_velocity(mixture, states[1], 0.25, 0.75, path)
    assert torch.allclose(states[1] + 0.5 * u, states[3], atol=1e-6)
    now = velocity(states[1], torch.full((40, 1), 0.25, dtype=torch.float64))
    for r in (0.25, 0.25 + 1e-9, 0.25 - 1e-9):
        assert torch.allclose(truth.average_velocity(mixture, states[1], 0.25, r, path), now, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("make", [data.mixture_1d, data.two_modes_2d, one])
def test_the_irreducible_loss_is_that_of_flow_matching_at_the_exact_velocity(make, path):
    mixture, n = make(), 200_000
    x, z = mixture.sample(n).double(), torch.randn(n, mixture.dim, dtype=torch.float64)
    with torch.no_grad():
        loss = methods.fm(path=path).loss(lambda x_t, t: truth.velocity(mixture, x_t, t, path), z, x)
    exact = truth.irreducible_loss(mixture, path=path, generator=torch.Generator().manual_seed(0))
    error = math.hypot((loss.std() / n**0.5).item(), exact.error)
    assert abs(loss.mean().item() - exact.value) < 4 * error
    assert error < 0.02 * exact.value


def test_on_the_quarter_circle_one_gaussian_has_a_closed_form():
    r""":math:`\int (\pi/2)^2 s / (\cos^2 + s \sin^2) dt = \frac{\pi^2}{4} \sqrt s`."""
    exact = truth.irreducible_loss(one(), path=circle)
    assert exact.value == pytest.approx(
        math.pi**2 / 4 * torch.linalg.eigvalsh(one().covariances[0]).sqrt().sum().item()
    )
    assert exact.error < 1e-9 * exact.value
    straight = truth.irreducible_loss(one(), path=lambda z, x, t: line(z, x, t))  # by the quadrature
    assert straight.value == pytest.approx(truth.irreducible_loss(one()).value)


@pytest.mark.usefixtures("unchecked")
def test_a_path_that_is_not_affine_is_refused():
    mixture, x = data.mixture_1d(), torch.zeros(3, 1)
    for path in (
        lambda z, x, t: (z + t * x + 1, x - z),
        lambda z, x, t: (z + t * x**2, x - z),
        lambda z, x, t: (line(z, x, t)[0], (x - z) * x),
        lambda z, x, t: (z / 0, x - z),
    ):
        for call in (truth.velocity, truth.score, truth.log_prob_at, truth.velocity_variance):
            with pytest.raises(ValueError, match="path must be a sum of multiples of z and x"):
                call(mixture, x, 0.5, path)
        with pytest.raises(ValueError, match="path must be a sum of multiples of z and x"):
            truth.flow_map(mixture, x, 0.5, 0.75, path)
