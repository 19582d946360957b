"""Shapes written in the signatures are enforced in all tests; in ordinary use they cost nothing."""

import signal
import sys
from functools import wraps

import pytest
import torch
from jaxtyping import config, install_import_hook

sys.modules["rfc3987_syntax"] = None  # jsonschema does without these slow grammars
install_import_hook("gen_lib", "typecheck.check")  # before anything imports gen_lib
torch.set_num_threads(1)
signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background may have been told to ignore it


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


@pytest.fixture(scope="session", autouse=True)
def _shapes_of_the_first_steps():
    """The steps of a training are alike: shapes are enforced in the first 20; in all it takes a third of the time."""

    def shortened(part):
        @wraps(part)
        def work(training, *given):
            before = config.jaxtyping_disable
            config.update("jaxtyping_disable", before or training.done >= 20)
            try:
                return part(training, *given)
            finally:
                config.update("jaxtyping_disable", before)

        return work

    with pytest.MonkeyPatch.context() as patch:
        if module := sys.modules.get("gen_lib.train.training"):
            for name in ("value", "move"):
                patch.setattr(module.Training, name, shortened(getattr(module.Training, name)))
        yield


@pytest.fixture
def unchecked():
    """Annotations are not enforced, as in ordinary use: bad input must meet the library's own errors."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


@pytest.fixture
def axes():
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    yield axes
    figure.canvas.draw()  # what cannot be drawn fails here
    plt.close(figure)


@pytest.fixture
def moving(monkeypatch):
    """What live figures show: a list of bundles."""
    bundles = []
    monkeypatch.setattr("gen_lib.figures.page.display", lambda bundle, raw: bundles.append(bundle))
    return bundles


@pytest.fixture
def no_pictures(monkeypatch):
    """The pictures of a run, which take most of its time, are empty files."""
    monkeypatch.setattr("gen_lib.runs.pictures.keep", lambda run, name, draw, size: run.folder.keep(f"{name}.png", b""))
