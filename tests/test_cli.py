"""The command line does what the library does, and refuses before it works."""

import io
import re
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import matplotlib as mpl
import pytest
import torch
from PIL import Image

from gen_lib import METHODS, cli, data, slips
from gen_lib import compare as library
from gen_lib.slips import UnknownName

mpl.use("agg")

SMALL = ["--epochs", "3", "--steps_per_epoch", "4", "--batch", "16", "--members", "2", "--methods", "[decoder,fm]"]


@pytest.fixture(autouse=True)
def no_bar(monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "1")


@pytest.fixture
def untrained(monkeypatch):
    """Fails the test if training starts."""
    monkeypatch.setattr(library, "compare", lambda *_, **__: pytest.fail("work began"))


def refused(capsys, *args: str) -> str:
    with pytest.raises(SystemExit) as stop:
        cli.main(["compare", *args])
    assert stop.value.code not in (0, None)
    return f"{stop.value.code} {capsys.readouterr().err}"


def test_numbers_are_those_of_the_library(tmp_path, capsys):
    cli.main(["compare", *SMALL, "--seed", "5", "--targets", "[mixture_1d]", "--gif", str(tmp_path / "a.gif")])
    printed = capsys.readouterr().out
    few = {"epochs": 3, "steps_per_epoch": 4, "batch": 16, "members": (2,), "seed": 5, "progress": False}
    runs = library.compare(["decoder", "fm"], data.mixture_1d(), **few).runs
    for name, run in runs.items():
        value = run.distances["W1"].value
        row = next(line for line in printed.splitlines() if line.startswith(name))
        assert row.split()[1:6] == [f"{value.mean():.3f}", "±", f"{value.std():.3f}", str(run.evaluations), "12"]


def test_a_gif_has_a_frame_per_epoch_and_a_row_per_target(tmp_path, capsys):
    sizes = []
    for targets in ("[ring]", "[ring,mixture_1d]"):
        path = tmp_path / f"{targets}.gif"
        cli.main(["compare", *SMALL, "--targets", targets, "--gif", str(path)])
        with Image.open(path) as moving:
            assert moving.n_frames == 3
            assert moving.info["duration"] == 100  # ten a second
            sizes.append(moving.size)
    assert sizes[0][0] == sizes[1][0]
    assert sizes[0][1] < sizes[1][1]
    assert "ring\nmethod" in capsys.readouterr().out


def test_options_come_from_a_file_and_the_command_line_overrides_them(tmp_path, capsys):
    run = tmp_path / "run.yml"
    run.write_text("methods: [decoder]\ntargets: [mixture_1d]\nepochs: 2\nsteps_per_epoch: 3\nmembers: 2\n")
    cli.main(["compare", "--config", str(run), "--epochs", "4", "--gif", str(tmp_path / "a.gif")])
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[-2] for row in rows if row.startswith("decoder")] == ["12"]  # four epochs of three steps


def test_a_file_that_is_there_is_left_alone(tmp_path, capsys, untrained):
    path = tmp_path / "kept.gif"
    path.write_text("mine")
    assert "exists" in refused(capsys, *SMALL, "--gif", str(path))
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (["--targets", "[rng]"], "did you mean 'ring'"),
        (["--targets", "[]"], "targets"),
        (["--gif", "picture.png"], ".gif"),
        (["--gif", "/nowhere/a.gif"], "folder"),
        (["--gif", f"{'a' * 300}.gif"], "File name too long"),
        (["--methods", "[gna]"], "did you mean 'gan'"),
        (["--methods", "[]"], "methods"),
        (["--epochs", "many"], "epochs"),
        (["--epochs", "0"], "epochs"),
        (["--seed", "-1"], "seed"),
        (["--seed", str(2**64)], "seed must be a whole number from 0 to"),
        (["--epoch_s", "3"], "epoch_s"),
    ],
)
def test_bad_options_are_refused_in_words_before_work(args, word, tmp_path, capsys, monkeypatch, untrained):
    monkeypatch.chdir(tmp_path)
    answer = refused(capsys, *args)
    assert word in answer
    assert "Traceback" not in answer
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "args", [["--help"], ["compare", "--help"], ["compare", "--methods", "[gna]"], ["compare", "--epochs", "0"]]
)
def test_help_and_slips_do_not_wait_for_torch(args):
    code = f"import sys; sys.modules['torch'] = None; from gen_lib import cli; cli.main({args})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode == 0) == ("--help" in args)
    assert "Traceback" not in ran.stderr
    assert any(word in ran.stdout + ran.stderr for word in ("usage", "did you mean", "epochs"))


def test_the_names_known_before_torch_are_those_of_the_tables():
    assert slips.METHOD_NAMES == tuple(METHODS)
    assert slips.TARGET_NAMES == tuple(data.TARGETS)


def test_what_had_finished_is_printed_when_it_is_stopped(tmp_path, capsys, monkeypatch):
    once = library.run.fit

    def stopped(method, *args, **kwargs):
        if method is METHODS["fm"]:
            raise KeyboardInterrupt
        return once(method, *args, **kwargs)

    monkeypatch.setattr(library.run, "fit", stopped)
    with pytest.raises(SystemExit) as stop:
        cli.main(["compare", *SMALL, "--targets", "[ring]", "--gif", str(tmp_path / "a.gif")])
    printed = capsys.readouterr()
    assert stop.value.code == 130
    assert "stopped while fm was training" in printed.err
    assert "ring, stopped\nmethod" in printed.out
    assert "\ndecoder " in printed.out


def test_the_table_reaches_a_terminal_that_lacks_characters(tmp_path, monkeypatch):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    cli.main(["compare", *SMALL, "--targets", "[mixture_1d]", "--gif", str(tmp_path / "a.gif")])
    assert re.search(rb"\nfm  .* \d\.\d{3} \+- \d\.\d{3} ", terminal.buffer.getvalue())


def test_a_folder_that_takes_no_files_is_found_before_work(tmp_path, capsys, monkeypatch, untrained):
    monkeypatch.setattr(Path, "touch", Mock(side_effect=PermissionError(13, "denied")))
    answer = refused(capsys, *SMALL, "--gif", str(tmp_path / "a.gif"))
    assert f"gen-lib: path must be writable, {tmp_path / 'a.gif'} is not: denied" in answer


def test_every_target_has_its_name():
    for name, make in data.TARGETS.items():
        assert make.__name__ == name
        assert torch.isfinite(make().sample(10)).all()
    everything = {n for n in data.__all__ if callable(make := getattr(data, n)) and not isinstance(make, type)}
    assert everything == {*data.TARGETS, "dequantised", "digits", "spikes", "split"}
    with pytest.raises(UnknownName, match="unknown target"):
        data.TARGETS["rnig"]
