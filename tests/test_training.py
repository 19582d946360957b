"""The state of a run: kept after any step and loaded again, what follows is the same, bit for bit."""

import copy
import pickle
import re
from dataclasses import replace

import pytest
import torch

from gen_lib import METHODS, data, draws, fit
from gen_lib.train import NotFinite, Stopping, Training, held_out_loss, run, sample_distance

TRAIN, VALIDATION = data.split(data.moons().sample(60, torch.Generator().manual_seed(0)), (0.5, 0.5))
STEPS = 12


def started(name: str = "fm", weights: int = 0, **choices) -> Training:
    method = METHODS[name]
    net = method.build(dim=2, members=(3,), hidden=(8,), seed=weights)
    score = (sample_distance if name in ("gan", "wgan") else held_out_loss)(method, VALIDATION)
    given = {"steps": STEPS, "batch": 4, "clip": 1.0, "stopping": Stopping(score, every=2, patience=2), **choices}
    return Training(method, net, TRAIN, **given)


def same(a: object, b: object) -> bool:
    """Whether two nests of dictionaries, lists, tensors and numbers are equal to the bit; NaN equals NaN."""
    if isinstance(a, torch.Tensor):
        return (
            torch.equal(a.nan_to_num(nan=-77.0), b.nan_to_num(nan=-77.0))
            if a.is_floating_point()
            else torch.equal(a, b)
        )
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a if key != "seconds")
    return a == b


@pytest.mark.parametrize("name", METHODS)
def test_a_run_stopped_after_any_step_and_loaded_again_gives_the_same_numbers(name):
    whole, first = started(name), started(name)
    history = run(whole, progress=False)
    for stop in range(STEPS + 1):
        run(first, until=stop, progress=False)
        kept = pickle.loads(pickle.dumps(first.state()))
        second = started(name, weights=9)  # other weights, until they are loaded
        second.load(kept)
        again = run(second, progress=False)
        assert same(vars(again), vars(history)), stop
        assert same(second.state(), whole.state()), stop


def test_a_run_in_parts_is_the_run_at_once_and_is_watched_once_at_each_step():
    whole, parts, seen = started(), started(), []
    history = run(whole, progress=False)
    for stop in (0, 1, 5, 5, None):
        again = run(parts, until=stop, watch=lambda step, net: seen.append(step), progress=False)
    assert same(vars(again), vars(history))
    assert seen == [*range(whole.done + 1)]
    assert run(parts, progress=False).losses["loss"].shape == history.losses["loss"].shape  # nothing is left to do


def test_a_kept_state_does_not_change_with_the_run():
    training = started()
    run(training, until=4, progress=False)
    kept = training.state()
    copied = copy.deepcopy(kept)
    run(training, progress=False)
    assert same(kept, copied)
    other = started()
    other.load(kept)
    run(other, progress=False)
    assert same(kept, copied)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 13}, "state must be of a training with the same steps, 13, got one with 12"),
        ({"batch": 5}, "the same batch, 5, got one with 4"),
        ({"lr": 1e-3}, "the same lr, {'': 0.001}, got one with {'': 0.01}"),
        ({"seed": 1}, "the same seed, [1, 2, 3], got one with [0, 1, 2]"),
        ({"clip": None}, "the same clip, None, got one with 1.0"),
        ({"stopping": None}, "the same stopping, None, got one with {'every': 2, 'patience': 2}"),
    ],
)
def test_the_state_of_another_run_is_refused_and_nothing_changes(change, message):
    kept, training = started().state(), started(**change)
    before = copy.deepcopy(training.state())
    with pytest.raises(ValueError, match=re.escape(message)):
        training.load(kept)
    assert same(training.state(), before)


def test_the_state_of_another_net_is_refused():
    method = METHODS["fm"]
    kept = Training(method, method.build(dim=2, hidden=(8,)), TRAIN, steps=STEPS).state()
    other = Training(method, method.build(dim=2, hidden=(9,)), TRAIN, steps=STEPS)
    with pytest.raises(ValueError, match="state must be of a net with the weights"):
        other.load(kept)


@pytest.mark.parametrize("name", METHODS)
def test_a_watch_that_draws_changes_no_number(name):
    def watch(step, net):
        seen.append((draws.normal((3, 40_000)), draws.uniform((7, 1)), METHODS[name].sample(net, 5)))

    seen: list[tuple[torch.Tensor, ...]] = []
    unseen = run(started(name), progress=False)
    history = run(started(name), watch=watch, progress=False)
    assert same(vars(history), vars(unseen))
    assert all(torch.equal(now[0], seen[0][0]) for now in seen)  # the same each time, so that only the net differs


def test_a_watch_sees_evaluation_mode_and_no_gradients():
    def watch(step, net):
        seen.add((torch.is_grad_enabled(), net.training))

    seen: set[tuple[bool, bool]] = set()
    training = started()
    run(training, watch=watch, progress=False)
    assert seen == {(False, False)}
    assert training.net.training


@pytest.mark.parametrize("name", ["fm", "meanflow", "wgan"])
def test_training_needs_nobody_to_switch_gradients_on(name):
    method, nets = METHODS[name], []
    for enabled in (True, False):
        nets.append(method.build(dim=2, hidden=(8,)))
        with torch.set_grad_enabled(enabled):
            fit(method, nets[-1], TRAIN, steps=3, batch=4, progress=False)
    assert all(torch.equal(a, b) for a, b in zip(*(net.parameters() for net in nets), strict=True))


def test_the_state_of_half_a_step_is_refused():
    def loss(net, z, x):
        if training.done == 5:
            raise KeyboardInterrupt
        return METHODS["fm"].loss(net, z, x)

    method = replace(METHODS["fm"], turns=(METHODS["fm"].turns[0]._replace(loss=loss),))
    training = Training(method, method.build(dim=2, hidden=(8,)), TRAIN, steps=STEPS)
    run(training, until=4, progress=False)
    kept = training.state()
    with pytest.raises(KeyboardInterrupt):
        run(training, progress=False)
    with pytest.raises(RuntimeError, match="step 5 was interrupted"):
        training.state()
    training.load(kept)
    assert training.state()["done"] == 4


def test_until_must_be_a_step():
    with pytest.raises(ValueError, match="until must be a whole number of at least 0, got -1"):
        run(started(), until=-1, progress=False)


def test_a_run_that_became_infinite_can_be_loaded_before_it_did():
    method = METHODS["fm"]
    broken = iter([*[1.0] * 6, *[float("inf")] * 100])

    def loss(net, z, x):
        return method.loss(net, z, x) * next(broken)

    explodes = replace(method, turns=(method.turns[0]._replace(loss=loss),))
    training = Training(explodes, method.build(dim=2, hidden=(8,)), TRAIN, steps=STEPS)
    run(training, until=6, progress=False)
    kept = training.state()
    with pytest.raises(NotFinite, match="at step 6"):
        run(training, progress=False)
    again = Training(method, method.build(dim=2, hidden=(8,)), TRAIN, steps=STEPS)
    again.load(kept)
    assert run(again, progress=False).losses["loss"].isfinite().all()


def test_the_fresh_noise_of_several_steps_comes_from_the_generator():
    method = METHODS["facm"]
    net = method.build(dim=2)
    z, seeds = torch.randn(5, 2), (1, 1, 2)
    one, same_seed, other = (method.push(net, z, 3, torch.Generator().manual_seed(seed))[-1] for seed in seeds)
    assert torch.equal(one, same_seed)
    assert not torch.isclose(one, other).any()
