"""Shapes written in the signatures are enforced in all tests; in ordinary use they cost nothing."""

import signal

import pytest
import torch
from jaxtyping import config, install_import_hook

install_import_hook("gen_lib", "typecheck.check")  # before anything imports gen_lib
torch.set_num_threads(1)
signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background may have been told to ignore it


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


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
