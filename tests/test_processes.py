"""What is sent from one process to another arrives: errors with all that they say, ready methods as themselves."""

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pkgutil import walk_packages

import pytest
import torch

import gen_lib
from gen_lib import METHODS, data, fit
from gen_lib.compare import Interrupted, compare
from gen_lib.images import Unavailable
from gen_lib.notebook import ClaimError
from gen_lib.parameters import ParameterError
from gen_lib.slips import UnknownName
from gen_lib.train import NotFinite


def diverged(name: str = "gan"):
    """Training with a rate that no loss survives; also run in another process."""
    net = METHODS[name].build(1, hidden=(4,), members=(2,))
    return fit(METHODS[name], net, data.mixture_1d(), steps=200, lr=1e18, progress=False)


def not_finite() -> NotFinite:
    with pytest.raises(NotFinite) as caught:
        diverged()
    return caught.value


def interrupted() -> Interrupted:
    finished = compare(
        ["vae"], data.mixture_1d(), epochs=1, steps_per_epoch=2, members=(2,), samples=10, progress=False
    )
    return Interrupted("fm", finished)


ERRORS = {
    ClaimError: lambda: ClaimError("two is less than one"),
    Interrupted: interrupted,
    NotFinite: not_finite,
    ParameterError: lambda: ParameterError("unknown parameter 'betta'"),
    Unavailable: lambda: Unavailable("no network"),
    UnknownName: lambda: UnknownName("unknown method 'gann'"),
}


def raised_by_the_library() -> set[type[BaseException]]:
    """All classes of errors that are defined in gen_lib."""
    names = [m.name for m in walk_packages(gen_lib.__path__, "gen_lib.")]
    values = [v for name in names for v in vars(import_module(name)).values() if isinstance(v, type)]
    return {v for v in values if issubclass(v, BaseException) and v.__module__.startswith("gen_lib")}


def test_every_error_of_the_library_has_an_example():
    assert raised_by_the_library() == set(ERRORS)


@pytest.mark.parametrize("kind", ERRORS)
def test_errors_survive_the_way_to_another_process(kind):
    error = ERRORS[kind]()
    error.add_note("of a run by night")
    for sent in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(sent) is kind
        assert str(sent) == str(error)
        assert sent.args == error.args
        assert sent.__notes__ == error.__notes__
        assert vars(sent).keys() == vars(error).keys()


def test_a_run_that_diverges_in_another_process_says_so():
    here = not_finite()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool, pytest.raises(NotFinite) as caught:
        pool.submit(diverged).result(timeout=120)
    there = caught.value
    assert (str(there), there.step, there.members) == (str(here), here.step, here.members)
    assert all(torch.equal(there.checkpoint[name], weight) for name, weight in here.checkpoint.items())
    for name, curve in here.history.losses.items():
        torch.testing.assert_close(there.history.losses[name], curve, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("name", METHODS)
def test_ready_methods_are_the_same_everywhere(name):
    assert pickle.loads(pickle.dumps(METHODS[name])) is METHODS[name]


def test_what_a_comparison_found_can_be_sent():
    found = interrupted().comparison
    sent = pickle.loads(pickle.dumps(found))
    assert sent.runs["vae"].method is METHODS["vae"]
    assert torch.equal(sent.runs["vae"].frames, found.runs["vae"].frames)
