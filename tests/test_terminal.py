"""What a terminal and a notebook that runs by itself are told."""

import io
import os
import signal
import sys
from types import SimpleNamespace

import pytest
import torch
from killing import in_a_child
from tqdm.auto import tqdm

from gen_lib import METHODS, data, fit, terminal
from gen_lib.notebook import claim, show


@pytest.mark.parametrize(
    ("encoding", "marks"),
    [("ascii", "ok FALSE +-"), ("cp949", "ok FALSE ±"), ("cp1252", "ok FALSE ±"), ("utf-8", "✓ ✗ ±")],
)
def test_results_reach_a_terminal_that_lacks_characters(monkeypatch, encoding, marks):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", terminal)
    claim("price σ²", 1.0, below=2)
    claim("price", 1.0, below=0)
    show("W1", torch.tensor([1.0, 2.0]))
    print("한글 σ ⚠", flush=True)  # a cell of a script
    lines = terminal.buffer.getvalue().decode(encoding).splitlines()
    holds, fails, between = marks.split()
    assert [line.split()[0] for line in lines[:2]] == [holds, fails]
    assert f"1.500 {between} 0.707" in lines[2]
    assert len(lines) == 4


@pytest.fixture
def drawn(monkeypatch):
    """The bars that are seen."""
    bars = []
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setattr("tqdm.auto.tqdm.refresh", lambda bar, *_, **__: bars.append(bar))
    return bars


def trained(progress=True):
    fit(METHODS["fm"], METHODS["fm"].build(dim=1, hidden=(4,)), data.mixture_1d(), steps=2, progress=progress)


def test_a_bar_shows_how_far_training_is(drawn):
    trained()
    assert {bar.total for bar in drawn} == {2}


@pytest.mark.parametrize("why", ["not wanted", "switched off", "a program runs the notebook"])
def test_a_bar_that_nobody_sees_is_not_drawn(monkeypatch, drawn, why):
    if why == "switched off":
        monkeypatch.setenv("TQDM_DISABLE", "1")
    if why == "a program runs the notebook":
        monkeypatch.setattr(terminal, "kernel", lambda: SimpleNamespace(_allow_stdin=False))
    trained(progress=why != "not wanted")
    assert drawn == []


def test_a_child_that_is_killed_leaves_bars_to_its_parent():
    terminal.bar([], progress=False)  # the lock of all bars is there
    assert in_a_child(lambda: (tqdm.get_lock().acquire(), os.kill(os.getpid(), signal.SIGKILL))) == -signal.SIGKILL
    for lock in tqdm.get_lock().locks:
        assert lock.acquire(timeout=1)
        lock.release()
