"""What is sent from one process to another arrives: errors with all that they say, ready methods as themselves."""

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from importlib import import_module
from multiprocessing import get_context
from pkgutil import walk_packages

import pytest
import torch
from consistency import consistency

import gen_lib
from gen_lib import METHODS, Method, Turn, couplings, data, fit, methods, nets, parametrisations, paths
from gen_lib.compare import Interrupted, compare
from gen_lib.images import Unavailable
from gen_lib.method import factory
from gen_lib.notebook import ClaimError
from gen_lib.parameters import ParameterError
from gen_lib.runs.files import Refused
from gen_lib.runs.folder import Busy
from gen_lib.runs.training import Stopped
from gen_lib.slips import UnknownName
from gen_lib.train import NotFinite
from gen_lib.train.stops import ScoreNotFinite


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


decoder, facm, flow_map = (  # a factory hides its module
    import_module(f"gen_lib.methods.{name}") for name in ("decoder", "facm", "flow_map")
)

ERRORS = {
    ClaimError: lambda: ClaimError("two is less than one"),
    Busy: lambda: Busy("another process is at work on it"),
    Interrupted: interrupted,
    NotFinite: not_finite,
    ParameterError: lambda: ParameterError("unknown parameter 'betta'"),
    Refused: lambda: Refused("no archive"),
    ScoreNotFinite: lambda: ScoreNotFinite("after 4 steps member(s) [[1]] got nan"),
    Stopped: lambda: Stopped("runs/first", done=10, steps=20),
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


@pytest.mark.parametrize("name", data.TARGETS)
def test_what_is_learned_can_be_sent(name):
    target = data.TARGETS[name]()
    sent = pickle.loads(pickle.dumps(target))
    drawn = [one.sample((2, 50), torch.Generator().manual_seed(0)) for one in (target, sent)]
    assert torch.equal(*drawn)


def test_what_a_comparison_found_can_be_sent():
    found = interrupted().comparison
    sent = pickle.loads(pickle.dumps(found))
    assert sent.runs["vae"].method is METHODS["vae"]
    assert torch.equal(sent.runs["vae"].frames, found.runs["vae"].frames)


IMAGE = (1, 4, 4)
PRICES = torch.tensor([[0.1], [4.0]])  # one for each member
FACTORIES = {
    "decoder": [{}, {"coupling": couplings.optimal}],
    "autoencoder": [{}, {"likelihood": "gaussian_learned"}, {"maps": nets.convolutional(IMAGE)}],
    "vae": [{"beta": 2.0}, {"beta": PRICES, "free_bits": 0.1}, {"maps": nets.convolutional(IMAGE)}],
    "gan": [{"relativistic": True, "gamma": PRICES}, {"critic_turns": 2, "maps": nets.convolutional(IMAGE)}],
    "wgan": [{"maps": nets.perceptron(dropout=0.2)}, {"clip": 0.01}, {"penalty": PRICES, "maps": nets.plain}],
    "fm": [{"coupling": couplings.optimal}, {"time": paths.logit_normal(-1.0), "path": paths.circle}],
    "meanflow": [{"p": 0.75}, {"improved": True, "same": 0.25}],
    "facm": [{"p": PRICES, "clamp": 1.0}, {"conditioning": facm.BY_EXPANDED_TIME, "beta": facm.one, "anchor": False}],
    "facm_published": [{}],
    "flow_map": [{"equation": flow_map.semigroup}, {"equation": flow_map.eulerian, "path": paths.circle}],
    "backflow": [{"p": 0.5}, {"coupling": couplings.independent}],
    "diffusion": [
        {"coupling": couplings.optimal},
        {"predict": "noise", "path": "variance_preserving"},
        {"predict": parametrisations.edm, "path": (loud := paths.variance_exploding()), "time": paths.log_normal(loud)},
    ],
}
CALLS = [(name, arguments) for name, several in FACTORIES.items() for arguments in several]


def trained(method: Method) -> list[torch.Tensor]:
    """Some steps from a fixed seed; also run in another process."""
    net = method.build(16, hidden=(8,), members=(2,))
    fit(method, net, torch.rand(20, 16, generator=torch.Generator().manual_seed(1)), steps=3, batch=8, progress=False)
    assert all(map(torch.equal, net.parameters(), pickle.loads(pickle.dumps(net)).parameters()))
    return [*map(torch.Tensor.detach, net.parameters())]


def test_every_factory_has_examples():
    assert {*FACTORIES, "METHODS", "conditional"} == set(methods.__all__)


def test_a_conditional_method_is_sent_with_the_method_inside_it():
    """It has data of another dimension than noise, labels among them."""
    method, weights = methods.conditional(methods.fm(), classes=3), []
    points = torch.cat([torch.rand(30, 2), torch.arange(30)[:, None] % 3], 1)
    for one in (method, pickle.loads(pickle.dumps(method))):
        net = one.build(3, latent=2, hidden=(8,), members=(2,))
        fit(one, net, points, steps=3, batch=8, progress=False)
        weights.append([*net.parameters()])
    assert all(map(torch.equal, *weights))


@pytest.mark.parametrize(("name", "arguments"), CALLS, ids=lambda v: v if isinstance(v, str) else ", ".join(v))
def test_a_method_that_is_sent_trains_the_same_weights(name, arguments):
    method = getattr(methods, name)(**arguments)
    module, function = method.recipe.factory.split(":")
    assert getattr(import_module(module), function) is getattr(methods, name)
    assert method.recipe.arguments == arguments
    here = trained(method)
    for other in (pickle.loads(pickle.dumps(method)), copy.copy(method), method.recipe.make()):
        assert all(map(torch.equal, trained(other), here))
    if arguments:  # and it is another method than without them
        plain = trained(getattr(methods, name)())
        assert [w.shape for w in plain] != [w.shape for w in here] or not all(map(torch.equal, plain, here))


def test_a_method_of_ones_own_is_sent_too():
    made = [methods.vae(beta=2.0), consistency(gap=0.1)]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for method, there in zip(made, pool.map(trained, made, timeout=120), strict=True):
            assert all(map(torch.equal, there, trained(method)))
    assert made[1].recipe == ("consistency:consistency", {"gap": 0.1})


def test_arguments_are_noted_by_name_and_a_changed_method_has_no_recipe():
    method = methods.vae(2.0)
    assert method.recipe == ("gen_lib.methods.vae:vae", {"beta": 2.0})
    assert replace(method, coupling=couplings.optimal).recipe is None
    by_hand = Method(architecture=nets.Decoder, turns=(Turn("", decoder.squared_error),), push=decoder.push)
    assert by_hand.recipe is None
    assert all(map(torch.equal, trained(pickle.loads(pickle.dumps(by_hand))), trained(methods.decoder())))


def test_a_factory_that_no_process_finds_is_refused():
    def inner() -> Method:
        return methods.vae()

    with pytest.raises(ValueError, match=r"make must stand in a module, .* got .*<locals>\.inner"):
        factory(inner)
