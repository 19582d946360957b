"""Random bad calls: each is refused before work starts, by an error that names the argument and the value."""

import math
import re

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gen_lib import METHODS, PRESETS, couplings, data, fit, methods, metrics, samplers, truth
from gen_lib.train import Stopping, held_out_loss, sample_distance

MIXTURE = data.mixture_1d()
POINTS = torch.randn(20, 1)
NET = METHODS["fm"].build(dim=1, hidden=(4,))

not_whole = st.one_of(
    st.integers(max_value=0), st.floats(allow_nan=True), st.text(max_size=5), st.none(), st.booleans(), st.just([1])
)
not_natural = st.one_of(st.integers(max_value=-1), st.floats(), st.text(max_size=5), st.none(), st.booleans())
infinite = st.sampled_from([math.nan, math.inf, -math.inf])
negative = st.one_of(st.floats(max_value=-1e-9, allow_infinity=False), infinite, st.text(max_size=5), st.none())
not_positive = st.one_of(negative, st.just(0.0), st.just(0))
not_a_share = st.one_of(st.floats(min_value=1.0001, allow_infinity=False), negative)
not_a_time = st.one_of(st.floats(min_value=1.0001, allow_infinity=False), st.floats(max_value=-1e-4), infinite)
not_sizes = st.one_of(st.integers(), st.text(max_size=3), st.none(), st.lists(st.integers(max_value=0), min_size=1))
not_callable = st.one_of(st.integers(), st.text(max_size=3), st.none())
not_scores = st.one_of(st.floats(), st.none(), st.sampled_from([(1,), (2,), (1, 1)]).map(torch.zeros))
not_fractions = st.one_of(
    st.floats(), st.none(), st.sampled_from([(), (0.5,), (0.5, 0.6), (1.5, -0.5), (0.999, 0.001)])
)
unknown = st.text(max_size=12).filter(lambda s: s not in METHODS and s not in PRESETS and s != "gaussian")


def bad_points(dim):
    shapes = st.sampled_from([(0, dim), (dim,), (5, dim + 1), (3, 5, dim + 1)])
    wrong_shape = shapes.map(torch.zeros)
    not_finite = infinite.map(lambda v: torch.full((4, dim), v))
    return st.one_of(wrong_shape, not_finite, st.just(torch.zeros(4, dim, dtype=torch.long)))


def trained(**change):
    return fit(METHODS["fm"], NET, change.pop("data", MIXTURE), progress=False, **change)


CALLS = {
    "steps": (not_whole, lambda v: trained(steps=v)),
    "batch": (not_whole, lambda v: trained(batch=v)),
    "seed": (not_natural, lambda v: trained(seed=v)),
    "lr": (not_positive, lambda v: trained(lr=v)),
    "weight_decay": (negative, lambda v: trained(weight_decay=v)),
    "clip": (not_positive.filter(lambda v: v is not None), lambda v: trained(clip=v)),
    "data": (bad_points(1), lambda v: trained(data=v)),
    "stopping": (not_scores.filter(lambda v: v is not None), lambda v: trained(stopping=v)),
    "stopping.score": (not_scores, lambda v: trained(stopping=Stopping(lambda net: v))),
    "score": (not_callable, lambda v: Stopping(v)),
    "every": (not_whole, lambda v: Stopping(len, every=v)),
    "patience": (not_whole, lambda v: Stopping(len, patience=v)),
    "points": (bad_points(1), lambda v: held_out_loss(METHODS["fm"], v)(NET)),
    "n": (not_whole, lambda v: sample_distance(METHODS["fm"], POINTS, n=v)),
    "distance": (not_callable, lambda v: sample_distance(METHODS["fm"], POINTS, distance=v)),
    "fractions": (not_fractions, lambda v: data.split(POINTS, v)),
    "dim": (not_whole, lambda v: METHODS["vae"].build(dim=v)),
    "latent": (not_whole.filter(lambda v: v is not None), lambda v: METHODS["vae"].build(dim=1, latent=v)),
    "hidden": (not_sizes, lambda v: METHODS["gan"].build(dim=1, hidden=v)),
    "members": (not_sizes, lambda v: METHODS["fm"].build(dim=1, members=v)),
    "beta": (negative, lambda v: methods.vae(beta=v)),
    "free_bits": (negative, lambda v: methods.vae(free_bits=v)),
    "p": (negative, lambda v: methods.meanflow(p=v)),
    "same": (not_a_share, lambda v: methods.backflow(same=v)),
    "clamp": (not_positive.filter(lambda v: v is not None), lambda v: methods.facm(clamp=v)),
    "gamma": (negative, lambda v: methods.gan(relativistic=True, gamma=v)),
    "critic_turns": (not_whole, lambda v: methods.wgan(critic_turns=v)),
    "penalty": (negative, lambda v: methods.wgan(penalty=v)),
    "method": (unknown, lambda v: METHODS[v]),
    "preset": (unknown, lambda v: PRESETS[v]),
    "likelihood": (unknown, lambda v: methods.autoencoder(likelihood=v)),
    "x_t": (bad_points(1), lambda v: truth.velocity(MIXTURE, v, 0.5)),
    "x": (bad_points(1), lambda v: MIXTURE.log_prob(v)),
    "t": (not_a_time, lambda v: truth.velocity(MIXTURE, POINTS, v)),
    "r": (not_a_time, lambda v: truth.flow_map(MIXTURE, POINTS, 0.5, v)),
    "start": (not_a_time, lambda v: samplers.euler(lambda x, t: x, POINTS, 3, start=v)),
    "end": (not_a_time, lambda v: samplers.heun(lambda x, t: x, POINTS, 3, end=v)),
    "samples": (bad_points(1), lambda v: metrics.w1(v, MIXTURE)),
    "z": (
        bad_points(2).filter(lambda v: v.shape[-1] == 2 and len(v)),
        lambda v: couplings.optimal(v, torch.zeros_like(v)),
    ),
}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("argument", CALLS)
def test_random_bad_calls_are_refused_by_name(argument):
    values, call = CALLS[argument]
    before = [p.clone() for p in NET.parameters()]

    @settings(max_examples=20, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(values)
    def refused(value):
        with pytest.raises((ValueError, TypeError)) as caught:
            call(value)
        assert type(caught.value).__module__ in ("builtins", "gen_lib.slips")
        assert argument in str(caught.value)
        assert "got" in str(caught.value) or "Known:" in str(caught.value)

    refused()
    assert all(torch.equal(a, b) for a, b in zip(before, NET.parameters(), strict=True))


def refusal(argument, value):
    with pytest.raises((ValueError, TypeError)) as caught:
        CALLS[argument][1](value)
    return str(caught.value)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("argument", CALLS)
@pytest.mark.parametrize("value", [[0.5] * 80_000, "long" * 80_000], ids=["list", "text"])
def test_a_long_value_is_refused_in_few_words(argument, value):
    assert len(refusal(argument, value)) < 500


WHOLE = [name for name, (values, _) in CALLS.items() if values in (not_whole, not_natural)]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("argument", WHOLE)
def test_a_number_too_large_for_torch_is_refused_by_name(argument):
    said = refusal(argument, 2**64)
    assert re.match(rf"{argument} must be a whole number from [01] to {2**63 - 1}, got {2**64}", said)


REAL = [name for name, (values, _) in CALLS.items() if values in (negative, not_positive, not_a_share)]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("argument", REAL)
def test_a_whole_number_beyond_all_floats_is_refused_by_name(argument):
    assert re.match(rf"{argument} must be a finite number.*, got 1000", refusal(argument, 10**400))


def test_the_largest_seed_leaves_room_for_those_of_the_members():
    for seed in (0, 2**63 - 1):
        net = METHODS["fm"].build(dim=1, hidden=(4,), members=(2,), seed=seed)
        fit(METHODS["fm"], net, MIXTURE, steps=1, seed=seed, progress=False)
        first, second = next(net.parameters())
        assert not torch.equal(first, second)


def test_there_are_enough_of_them():
    assert 20 * len(CALLS) >= 300
