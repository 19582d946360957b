"""Samplers that draw: the marginals they keep, the order of their errors, and what DDPM and DDIM are."""

import math
from functools import cache

import pytest
import torch

from gen_lib import data, draws, metrics, parametrisations, paths, truth
from gen_lib.data import GaussianMixture
from gen_lib.paths import circle, coefficients, line
from gen_lib.samplers import clock, ddim, euler, euler_maruyama, keeping, stochastic_heun, times

MIXTURE = data.mixture_1d()
PATHS = {"line": line, "circle": circle, "variance_preserving": paths.variance_preserving()}
PATHS["variance_exploding"] = paths.variance_exploding()
each_path = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)


def fields(mixture, path=line):
    return lambda x, t: truth.velocity(mixture, x, t, path), lambda x, t: truth.score(mixture, x, t, path)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


N = 20_000


@cache
def apart(t):
    """How far as many points of the exact marginal may be from it, by chance."""
    exact = truth.mixture_at(MIXTURE, t)
    floor = metrics.w1(exact.sample((20, N), seeded(2)).double(), exact)
    return floor.mean() + 4 * floor.std()


@pytest.mark.parametrize("sigma", [0.0, 0.5, 1.0, 2.0])
def test_every_marginal_is_kept_whatever_the_noise(sigma):
    steps = 50
    z = torch.randn(N, 1, generator=seeded()).double()
    drift = keeping(*fields(MIXTURE), sigma)
    states = stochastic_heun(drift, z, steps, sigma, generator=seeded(1))
    for t, state in list(zip(times(steps), states, strict=True))[steps // 5 :: steps // 5]:
        exact = truth.mixture_at(MIXTURE, t)
        most = apart(t)
        assert metrics.w1(state, exact) < most, t
        wider = GaussianMixture(exact.weights, exact.means, 1.2 * exact.covariances)
        assert metrics.w1(state, wider) > most  # it would be seen


@pytest.fixture
def unit_noise(monkeypatch):
    """Draws are unit vectors, one point after the other: a linear sampler then shows what each noise sample does."""

    def after(count):
        drawn = iter(range(count, 10**6))

        def normal(shape, generator=None, like=None):
            k = next(drawn)
            return torch.nn.functional.one_hot(torch.tensor(k), shape[0])[:, None].to(like)

        monkeypatch.setattr("gen_lib.samplers.sde.draws.normal", normal)

    return after


@pytest.mark.parametrize(("sampler", "order"), [(euler_maruyama, 1), (stochastic_heun, 2)])
@pytest.mark.parametrize("sigma", [1.0, lambda t: 2 - t])
def test_the_weak_order_is_the_slope_of_the_error_of_the_variance(sampler, order, sigma, unit_noise):
    """Of one Gaussian, whose drift is linear: the variance is a sum of squares, without Monte Carlo."""
    one = GaussianMixture(torch.ones(1), torch.zeros(1, 1), torch.full((1, 1, 1), 4.0))
    counts, errors = torch.tensor([40, 80, 160]), []
    for steps in counts.tolist():
        unit_noise(1)
        z = torch.zeros(steps + 1, 1, dtype=torch.float64)
        z[0] = 1
        end = sampler(keeping(*fields(one), sigma), z, steps, sigma)[-1]
        errors.append((end.square().sum() - 4).abs())
    slopes = -torch.tensor(errors).log().diff() / counts.log().diff()
    assert ((slopes - order).abs() < 0.15).all(), slopes


def test_the_weak_error_of_a_mixture_is_seen_by_monte_carlo_too():
    sigma, n = 1.0, 200_000
    z = torch.randn(n, 1, generator=seeded()).double()
    second = MIXTURE.covariance[0, 0] + MIXTURE.mean[0] ** 2
    error = {}
    for steps in (8, 16):
        x = euler_maruyama(keeping(*fields(MIXTURE), sigma), z, steps, sigma, generator=seeded(1))[-1]
        error[steps] = (x.square().mean() - second).item()
    noise = 2 * math.sqrt(2 / n) * second
    assert abs(error[8] / error[16] - 2) < 0.25 + 4 * noise / abs(error[16])


@each_path
def test_ddim_is_the_ode_in_the_limit_and_its_order_is_one(path):
    z = torch.special.ndtri((torch.arange(40, dtype=torch.float64) + 0.5) / 40)[:, None]
    start = coefficients(path, torch.zeros(1, 1).double()).noise * z
    goal = truth.flow_map(MIXTURE, start, 0.0, 1.0, path)
    counts = torch.tensor([25, 50, 100])
    errors = [(ddim(fields(MIXTURE, path)[0], start, n, path)[-1] - goal).abs().mean() for n in counts.tolist()]
    slopes = -torch.tensor(errors).log().diff() / counts.log().diff()
    assert ((slopes - 1).abs() < 0.15).all(), slopes
    back = ddim(fields(MIXTURE, path)[0], goal, 100, path, start=1.0, end=0.0)[-1]
    assert (back - start).abs().mean() < 0.05 * start.abs().mean()


@each_path
def test_ddim_is_eulers_method_in_its_own_variables(path):
    """For y = x / b in the variable a / b, whose derivative is the predicted noise; as it is on the straight path."""
    v, _ = fields(MIXTURE, path)
    z = torch.randn(20, 1, dtype=torch.float64)
    states = ddim(v, z, 7, path, start=0.2, end=0.9)
    for t, r, x, there in zip(times(7, 0.2, 0.9), times(7, 0.2, 0.9)[1:], states, states[1:], strict=False):
        now, then = (coefficients(path, clock(s, x)) for s in (t, r))
        z_hat = parametrisations.convert(v(x, clock(t, x)), x, now, parametrisations.velocity, parametrisations.noise)
        y = x / now.data + (then.noise / then.data - now.noise / now.data) * z_hat
        assert torch.allclose(there, then.data * y, rtol=1e-9, atol=1e-9)
    if path is line:
        for one, other in zip(ddim(v, z, 7), euler(v, z, 7), strict=True):
            assert torch.allclose(one, other, rtol=1e-12, atol=1e-12)


@each_path
@pytest.mark.parametrize("eta", [0.0, 0.4, 1.0])
def test_for_one_datum_every_step_has_the_exact_distribution(path, eta, unit_noise):
    """The fresh noise of DDPM is as strong as the path demands: the variance stays that of the path."""
    datum, steps, grid = 3.0, 6, times(6, 0.1, 0.9)

    def velocity(x_t, t):
        at, x = coefficients(path, t), torch.zeros_like(x_t)
        x[-1] = datum  # the last point shows the mean, the others what each noise sample does
        return at.noise_slope * (x_t - at.data * x) / at.noise + at.data_slope * x

    unit_noise(1)
    z = torch.zeros(steps + 2, 1, dtype=torch.float64)
    first = coefficients(path, clock(0.1, z))
    z[0], z[-1] = first.noise[0], first.data[-1] * datum
    for t, state in zip(grid, ddim(velocity, z, steps, path, eta, start=0.1, end=0.9), strict=True):
        at = coefficients(path, clock(t, z))
        assert torch.allclose(state[:-1].square().sum().sqrt(), at.noise[0, 0], rtol=1e-9)
        assert torch.allclose(state[-1], at.data[-1] * datum, rtol=1e-9)


@each_path
def test_ddpms_step_is_one_of_a_stochastic_differential_equation(path, monkeypatch):
    r"""With sigma^2 = 2 a (a b' - b a') / b, which is DDPM's beta on its own path: slopes of mean and noise in h."""
    v, s = fields(MIXTURE, path)
    t = 0.4
    x = truth.mixture_at(MIXTURE, t, path).sample(50, seeded()).double()
    now = clock(t, x)
    at = coefficients(path, now)
    strength = (2 * at.noise * (at.noise * at.data_slope - at.data * at.noise_slope) / at.data).sqrt()
    if path is PATHS["variance_preserving"]:
        assert torch.allclose(strength.square(), (0.1 + 19.9 * (1 - 0.999 * now)) * 0.999)
    drift, errors, h = keeping(v, s, lambda _: strength)(x, now), [], torch.tensor([0.02, 0.01, 0.005])
    for step in h.tolist():
        made = {}
        for level in (0.0, 1.0):
            monkeypatch.setattr(draws, "normal", lambda shape, g=None, like=None, level=level: like * 0 + level)
            made[level] = ddim(v, x, 1, path, eta=1.0, start=t, end=t + step)[-1]
        mean = (made[0.0] - x) / step - drift
        fresh = (made[1.0] - made[0.0]) / math.sqrt(step) - strength
        errors.append([mean.abs().mean(), fresh.abs().mean()])
    slopes = torch.tensor(errors).log().diff(dim=0) / h.log().diff()[:, None]
    assert ((slopes - 1).abs() < 0.2).all(), slopes


@each_path
def test_ddpm_reaches_the_data(path):
    start = coefficients(path, torch.zeros(1, 1).double()).noise * torch.randn(8000, 1, generator=seeded()).double()
    v, _ = fields(MIXTURE, path)
    few, many = (metrics.w1(ddim(v, start, n, path, eta=1.0, generator=seeded(1))[-1], MIXTURE) for n in (20, 160))
    assert many < few / 3
    assert many < 0.1


@pytest.mark.parametrize("name", ["euler_maruyama", "stochastic_heun", "ddim"])
def test_the_noise_is_that_of_the_generator_and_each_point_has_its_own(name):
    v, s = fields(MIXTURE)
    z = torch.zeros(2, 500, 1)
    call = {
        "euler_maruyama": lambda g: euler_maruyama(keeping(v, s, 1.0), z, 3, 1.0, generator=g),
        "stochastic_heun": lambda g: stochastic_heun(keeping(v, s, 1.0), z, 3, 1.0, generator=g),
        "ddim": lambda g: ddim(v, z, 3, eta=1.0, generator=g, start=0.1),
    }[name]
    first, again, other = call(seeded()), call(seeded()), call(seeded(1))
    assert first[0] is z
    assert len(first) == 4
    assert all(map(torch.equal, first, again))
    assert not torch.equal(first[-1], other[-1])
    assert first[1].unique().numel() == 1000
    assert first[-1].dtype == torch.float32
    with draws.drawing(seeded()):
        assert all(map(torch.equal, first, call(None)))


def test_without_noise_they_are_the_samplers_of_the_ode():
    v, _ = fields(MIXTURE)

    def never(x, t):
        raise AssertionError("the score is not needed")

    z = torch.randn(20, 1, dtype=torch.float64)
    assert torch.equal(euler_maruyama(keeping(v, never, 0.0), z, 5, 0.0)[-1], euler(v, z, 5)[-1])
    drift = keeping(lambda x, t: v(x, t), fields(MIXTURE)[1], lambda t: 1 - t)
    still = torch.ones(20, 1, dtype=torch.float64)
    assert torch.equal(drift(z, still), v(z, still))  # where the strength is 0, also if the score is infinite


@pytest.mark.parametrize("name", ["euler_maruyama", "stochastic_heun", "ddim"])
@pytest.mark.usefixtures("unchecked")
def test_bad_input_is_refused_by_name(name):
    def never(*inputs):
        raise AssertionError("work has started")

    z = torch.zeros(3, 1)
    with_noise = {"euler_maruyama": euler_maruyama, "stochastic_heun": stochastic_heun}
    wrong = [
        ({"steps": 0}, "steps must be a whole number of at least 1, got 0"),
        ({"end": 1.5}, r"end must lie from 0 to 1, got 1\.5"),
        ({"z": z[:0]}, r"z must have shape \(\.\.\., n, d\)"),
        ({"z": z * math.nan}, "z must be finite, got 3 NaN"),
    ]
    if name == "ddim":
        wrong += [
            ({"eta": 1.5}, "eta must lie from 0 to 1, got 1.5"),
            ({"eta": 0.5, "start": 1.0, "end": 0.0}, "eta must be 0 backwards, from data to noise, got 0.5"),
        ]
    else:
        wrong += [({"sigma": -1.0}, "sigma must be a finite number of at least 0, got -1.0")]
    for change, message in wrong:
        arguments = {"z": z, "steps": 2} | ({} if name == "ddim" else {"sigma": 1.0}) | change
        with pytest.raises(ValueError, match=message):
            with_noise.get(name, ddim)(never, **arguments)
    with pytest.raises(ValueError, match="sigma must be a finite number of at least 0, got -1"):
        keeping(never, never, -1)
