import math

import pytest
import torch

from gen_lib import METHODS, data, nets, samplers, truth
from gen_lib.samplers import Counted, adaptive, clock, euler, heun, jump, once, times


def exact(x, t):
    return truth.velocity(data.mixture_1d(), x, t)


def exact_average(x, t, r):
    return truth.average_velocity(data.mixture_1d(), x, t, r)


def noise(*members: int, n: int = 9):
    """Quantiles of N(0, 1), the same for all members."""
    p = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    return torch.special.ndtri(p)[:, None].expand(*members, n, 1)


FOLLOW = [euler, heun, lambda *a, **k: adaptive(*a, rtol=1e-10, atol=1e-10, **k)]


@pytest.mark.parametrize(("sampler", "order"), [(euler, 1), (heun, 2)])
@pytest.mark.parametrize("ends", [(0.0, 1.0), (1.0, 0.0), (0.2, 0.7)])
def test_order_is_the_slope_of_the_error(sampler, order, ends):
    start, end = ends
    x = truth.flow_map(data.mixture_1d(), noise(2), 0.0, start)
    goal = truth.flow_map(data.mixture_1d(), x, start, end)
    steps = torch.tensor([50, 100, 200])
    errors = [(sampler(exact, x, n, start=start, end=end)[-1] - goal).abs().mean() for n in steps.tolist()]
    slopes = -torch.tensor(errors).log().diff() / steps.log().diff()
    assert ((slopes - order).abs() < 0.2).all(), slopes


@pytest.mark.parametrize("sampler", FOLLOW)
def test_a_constant_velocity_is_followed_exactly(sampler):
    z = noise(2)
    states = sampler(lambda x, t: torch.full_like(x, 3.0), z, steps=5)
    for t, state in zip(times(5), states, strict=True):
        assert torch.allclose(state, z + 3 * t, rtol=1e-12)


def test_adaptive_keeps_its_tolerance_at_every_state():
    mixture, z = data.mixture_1d(), noise()
    for tolerance in (1e-4, 1e-6, 1e-9):
        states = adaptive(exact, z, rtol=tolerance, atol=tolerance, steps=4)
        for t, state in zip(times(4), states, strict=True):
            assert (state - truth.flow_map(mixture, z, 0.0, t)).abs().max() < 50 * tolerance


def test_adaptive_asks_nowhere_outside_its_times():
    asked = []

    def slow(x, t):  # a field without error tempts the solver to enormous steps
        asked.append(t)
        return 1e-3 * torch.ones_like(x)

    for start, end in ((0.25, 0.75), (0.75, 0.25)):
        for steps in (1, 3, 20):
            adaptive(slow, noise(2), steps=steps, start=start, end=end)
    assert min(t.min().item() for t in asked) >= 0.25
    assert max(t.max().item() for t in asked) <= 0.75


def test_adaptive_bounds_the_error_of_the_worst_point():
    """A mean over points would hide the one hard point among many easy ones."""
    x = torch.zeros(1000, 1, dtype=torch.float64)
    x[0] = 1

    def field(x, t):
        return 20 * torch.cos(20 * t) * x

    end = adaptive(field, x, rtol=1e-6, atol=1e-6)[-1]
    assert (end[0] - math.exp(math.sin(20))).abs() < 3e-5


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_the_exact_average_velocity_jumps_exactly(steps):
    mixture, z = data.mixture_1d(), noise(3)
    states = jump(exact_average, z, steps)
    for t, state in zip(times(steps), states, strict=True):
        assert torch.allclose(state, truth.flow_map(mixture, z, 0.0, t), atol=1e-10)
    back = jump(exact_average, states[-1], steps, start=1.0, end=0.0)
    assert torch.allclose(back[-1], z, atol=1e-9)


def test_forwards_and_backwards_return():
    z = noise(2)
    for sampler, steps, error in zip(FOLLOW, (100, 100, 1), (0.15, 1e-2, 1e-8), strict=True):
        x = sampler(exact, z, steps=steps)[-1]
        assert (x - z).abs().max() > 1
        assert (sampler(exact, x, steps=steps, start=1.0, end=0.0)[-1] - z).abs().max() < error


@pytest.mark.parametrize("name", METHODS)
def test_the_evaluations_of_a_net_are_counted_whoever_calls_it(name):
    net, z = METHODS[name].build(dim=1, hidden=(4,), members=(2,)), torch.randn(2, 5, 1)
    with Counted(net) as first, Counted(net) as second:
        METHODS[name].push(net, z)
    METHODS[name].push(net, z)
    expected = {"fm": 100, "diffusion": 50}.get(name, 1)
    assert first.evaluations == second.evaluations == expected
    assert not any(part._forward_hooks for part in net.modules())  # nothing stays behind


@pytest.mark.usefixtures("unchecked")
def test_a_count_ends_with_its_context_and_counts_nothing_twice():
    net, z = METHODS["fm"].build(dim=1), torch.randn(5, 1)
    with Counted(net) as counted:
        heun(counted, z, 3)
    assert counted.evaluations == 6
    with pytest.raises(ValueError, match="inputs must"), Counted(net) as counted:
        net(z)
    assert not any(part._forward_hooks for part in net.modules())
    with pytest.raises(TypeError, match="function must be a net whose parts can be counted, got <function"):
        Counted(lambda x, t: x).__enter__()


def test_evaluations_are_counted():
    z = noise()
    for sampler, field, expected in (
        (lambda f: euler(f, z, 7), exact, 7),
        (lambda f: heun(f, z, 7), exact, 14),
        (lambda f: jump(f, z, 7), exact_average, 7),
        (lambda f: once(f, z), torch.exp, 1),
    ):
        counted = Counted(field)
        plain, states = sampler(field), sampler(counted)
        assert counted.evaluations == expected
        assert all(torch.equal(a, b) for a, b in zip(plain, states, strict=True))
    loose, tight = Counted(exact), Counted(exact)
    adaptive(loose, z, rtol=1e-3, atol=1e-3)
    adaptive(tight, z, rtol=1e-8, atol=1e-8)
    assert 0 < loose.evaluations < tight.evaluations


def test_states_are_all_there_and_in_the_precision_of_the_noise():
    z = noise(2).float()
    calls = {
        "once": (once(torch.exp, z), 2),
        "euler": (euler(exact, z, 4), 5),
        "heun": (heun(exact, z, 4), 5),
        "jump": (jump(exact_average, z, 4), 5),
        "adaptive": (adaptive(exact, z, steps=4), 5),
    }
    for name, (states, count) in calls.items():
        assert len(states) == count, name
        assert states[0] is z
        assert all(s.shape == z.shape and s.dtype == torch.float32 for s in states)


def test_fields_are_asked_with_one_time_per_point():
    z = noise(2, 3).float()

    def field(x, t, r=None):
        assert t.shape == (2, 3, 9, 1)
        assert t.dtype == x.dtype == torch.float32
        assert r is None or r.shape == t.shape
        return x

    for call in (euler, heun, adaptive):
        call(field, z, steps=2)
    jump(field, z, 2)


def test_gradients_flow_unless_the_caller_forbids_them():
    net = nets.Field(1, 1)
    z = noise().float()
    for sampler in (euler, heun, adaptive):
        x = sampler(net, z, steps=2)[-1]
        assert torch.autograd.grad(x.sum(), next(net.parameters()))[0].abs().sum() > 0
        with torch.no_grad():
            assert not sampler(net, z, steps=2)[-1].requires_grad


def test_adaptive_in_single_precision_stands_a_tolerance_below_rounding():
    z = noise().float()
    x = adaptive(exact, z, rtol=1e-9, atol=1e-9)[-1]
    goal = truth.flow_map(data.mixture_1d(), z.double(), 0.0, 1.0)
    assert (x - goal).abs().max() < 1e-6  # the state itself is carried in double precision


def test_a_clock_shows_the_same_time_to_all():
    x = torch.zeros(2, 3, 4)
    assert torch.equal(clock(0.1, x), torch.full((2, 3, 1), 0.1))
    assert torch.equal(clock(torch.tensor(0.1), x), torch.full((2, 3, 1), 0.1))
    assert clock(0.1, x.double())[0, 0, 0].item() == 0.1  # not the rounded one
    given = torch.rand(2, 3, 1)
    assert torch.equal(clock(given, x), given)


def test_times_are_equally_spaced_and_end_to_the_bit():
    for steps in (1, 3, 7, 49):
        assert torch.allclose(torch.tensor(times(steps)), torch.linspace(0, 1, steps + 1))
        assert times(steps)[-1] == 1.0
        assert times(steps, 1.0, 0.3)[-1] == 0.3


@pytest.mark.parametrize("sampler", [euler, heun, jump, adaptive])
@pytest.mark.usefixtures("unchecked")
def test_bad_input_is_refused_by_name(sampler):
    z = torch.zeros(3, 1)

    def never(*inputs):
        raise AssertionError("work has started")

    for arguments, message in (
        ({"steps": 0}, "steps must be a whole number of at least 1, got 0"),
        ({"steps": 2.5}, r"steps must be a whole number of at least 1, got 2\.5"),
        ({"steps": 2, "end": 1.5}, r"end must lie from 0 to 1, got 1\.5"),
        ({"steps": 2, "start": -0.5}, r"start must lie from 0 to 1, got -0\.5"),
        ({"steps": 2, "start": math.nan}, "start must be a finite number, got nan"),
        ({"steps": 2, "start": 0.5, "end": 0.5}, r"end must differ from start, got 0\.5 for both"),
        ({"steps": 2, "z": z[:0]}, r"z must have shape \(\.\.\., n, d\)"),
        ({"steps": 2, "z": z * math.nan}, "z must be finite, got 3 NaN"),
    ):
        with pytest.raises(ValueError, match=message):
            sampler(never, **{"z": z, **arguments})
    with pytest.raises(ValueError, match=r"t must be a number or have shape \(3, 1\), got \(3,\)"):
        clock(torch.zeros(3), z)


@pytest.mark.usefixtures("unchecked")
def test_bad_tolerances_are_refused():
    for name in ("rtol", "atol"):
        with pytest.raises(ValueError, match=f"{name} must be a finite number above 0, got 0"):
            samplers.adaptive(lambda x, t: x, torch.zeros(3, 1), **{name: 0})
