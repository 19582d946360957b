"""Runs under attack, in clumsy hands, and looked at by a researcher: one clear message, the same numbers."""

import csv
import errno
import io
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from gen_lib import cli, methods
from gen_lib.data import GaussianMixture
from gen_lib.runs import (
    Settings,
    evaluation,
    files,
    find,
    folder,
    found,
    load,
    pictures,
    start,
    starting,
    states,
    training,
)
from gen_lib.runs.prepared import Prepared
from gen_lib.runs.settings import identity

SMALL = {"method": "vae", "data": "mixture_2d", "steps": 6, "batch": 8, "hidden": [8], "every": 2}

nan_points = torch.full((50, 2), torch.nan)
one_row = torch.zeros(1, 2)
whole_numbers = torch.ones(50, 2, dtype=torch.long)
points_of_a_graph = torch.randn(50, 2, generator=torch.Generator().manual_seed(0)).requires_grad_()


def gaussian():
    return GaussianMixture(torch.ones(1), torch.tensor([[0.5]]), torch.tensor([[[4.0]]]))


def raises():
    raise KeyError("the user's own")


def loss_that_raises():
    def loss(net, z, x):
        raise TypeError("mine\nand more")

    return replace(methods.fm(), turns=(methods.fm().turns[0]._replace(loss=loss),))


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "1")


def begun(root: Path, **wishes) -> folder.Folder:
    return start(Settings(**{**SMALL, **wishes}), root, save_every=0, progress=False, say=lambda line: None)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A run that is done, made once."""
    return begun(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def run(kept, tmp_path):
    """A copy of it, to be damaged."""
    place = tmp_path / "runs" / "vae-mixture_2d" / kept.path.name
    shutil.copytree(kept.path, place)
    return folder.Folder(place)


def refused(capsys, *arguments: str, code: int = 2) -> str:
    """What a command says that fails, in one piece and without a traceback."""
    with pytest.raises(SystemExit) as stop:
        cli.main(list(arguments))
    said = capsys.readouterr().err
    assert stop.value.code == code, said
    assert "Traceback" not in said
    return said


# Files


def changed(run: folder.Folder, change: Callable[[dict], None]) -> Path:
    state = torch.load(run.path / "state.pt", weights_only=True)
    change(state)
    torch.save(state, run.path / "state.pt")
    return run.path / "state.pt"


def put(value: object, *keys: str) -> Callable[[dict], None]:
    def change(state: dict) -> None:
        for key in keys[:-1]:
            state = state[key]
        state[keys[-1]] = value

    return change


WEIGHT = "encoder.layers.0.weight"
DAMAGES = {
    "done after the end": put(7, "done"),
    "done before the beginning": put(-1, "done"),
    "done no number": put(float("nan"), "done"),
    "done a text": put("3", "done"),
    "done a tensor": put(torch.tensor(3), "done"),
    "a weight of text": put("x", "net", WEIGHT),
    "a weight in double precision": put(torch.zeros(2, 8, dtype=torch.float64), "net", WEIGHT),
    "a weight without memory": put(torch.zeros(2, 8, device="meta"), "net", WEIGHT),
    "a weight that is sparse": put(torch.zeros(2, 8).to_sparse(), "net", WEIGHT),
    "no weights": put({}, "record", "stops", "best"),
    "other last weights": put({"a": torch.zeros(1)}, "record", "last"),
    "a view of 16 GB on four bytes": put(torch.zeros(1).expand(20_000, 20_000, 10), "adams", "", "0", "exp_avg"),
    "no moments": put({}, "adams", "", "0"),
    "steps that are NaN": put(torch.tensor(torch.nan), "adams", "", "0", "step"),
    "a stream of another kind": put({"load": {"block": torch.zeros(1, 3), "used": 0}}, "streams", "stock"),
    "a stream before its beginning": put({"randn": {"block": torch.zeros(1, 3), "used": -5}}, "streams", "stock"),
    "a stream behind its end": put({"randn": {"block": torch.zeros(1, 3), "used": 4}}, "streams", "stock"),
    "generators of text": put(["a"], "streams", "generators"),
    "a curve of one step": put({"0": torch.zeros(1)}, "record", "curves"),
    "checks of text": put(["a", "b", "c"], "record", "stops", "checks"),
    "checks that fall": put([6, 4, 2], "record", "stops", "checks"),
    "checks after the end": put([2, 4, 8], "record", "stops", "checks"),
    "scores of others": put(torch.zeros(3, 7), "record", "stops", "scores"),
    "seconds of text": put("x", "record", "seconds"),
    "no record": put(3, "record"),
    "something more": put(1, "more"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_state_that_is_not_of_this_run_is_refused(damage, run):
    path = changed(run, DAMAGES[damage])
    net, turns = load(run.path).net, [""]
    with pytest.raises(files.Refused, match="must be a state of this run"):
        states.read(path, net, turns, steps=6)
    with pytest.raises(files.Refused, match="must be a state of this run"):
        _ = load(run.path).history


def test_a_state_as_it_was_kept_is_taken(run):
    assert load(run.path).history.checks == [2, 4, 6]
    changed(run, lambda state: None)
    (run.path / "DONE").unlink()
    assert start(Settings(), run.path.parents[1], resume="latest", progress=False, say=lambda line: None).done


BOMB = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdef", "bcdefg", strict=True))
TEXTS = {
    "environment.json": [
        "[" * 100_000,
        "{}",
        "[1]",
        '{"data": {"dim": 8388608, "shape": null}}',
        '{"data": {"dim": 2, "shape": [1, 2, 3]}}',
        '{"data": {"dim": -1, "shape": null}}',
    ],
    "config.yaml": [
        "method: " + "[" * 10_000,
        "method: vae\noptions:\n  " + BOMB.replace("\n", "\n  "),
        "method: vae\nseed: 0\ndata: mixture_2d\nmembers: 1000000000\n",
        "method: vae\nseed: 2020-01-01\n",
        "method: vae\nseed: 0\nmaps: plain\nhidden: [200000, 200000]\ndevices: 1\naccelerator: cpu\n",
    ],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in TEXTS.items() for text in texts])
def test_texts_that_would_take_all_memory_or_say_nothing_are_refused(name, text, run, capsys):
    (run.path / name).write_text(text)
    said = refused(capsys, "evaluate", str(run.path))
    assert name in said or "bytes for a net of these settings, it has" in said
    cli.main(["list", "--runs", str(run.path.parents[1])])  # whatever stands in one run, the others are listed
    assert str(run.path) in capsys.readouterr().out


@pytest.mark.parametrize("name", ["environment.json", "config.yaml", "best.safetensors", "state.pt", "DONE", ".lock"])
@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_plain_file_is_neither_followed_nor_waited_for(name, kind, run, tmp_path, no_pictures, capsys):
    path, outside = run.path / name, tmp_path / "outside"
    shutil.move(path, outside)
    before = outside.read_bytes()
    {"link": lambda: path.symlink_to(outside), "pipe": lambda: os.mkfifo(path), "folder": path.mkdir}[kind]()
    for finished in (True, False):
        if not finished and name != "DONE":
            (run.path / "DONE").unlink()
        for command in (["evaluate", str(run.path)], ["train", "--resume", str(run.path)]):
            try:
                cli.main(command)
            except SystemExit as stop:
                assert stop.code == 2  # noqa: PT017  some of these files a command does not need
        cli.main(["list", "--runs", str(run.path.parents[1])])
    assert "Traceback" not in capsys.readouterr().err
    assert outside.read_bytes() == before


def test_pictures_do_not_leave_the_folder_by_a_link(tmp_path, no_pictures):
    run = begun(tmp_path / "runs", data="digits", latent=2)
    (run.path / "DONE").unlink()
    shutil.rmtree(run.path / "snapshots")
    (tmp_path / "outside").mkdir()
    (run.path / "snapshots").symlink_to(tmp_path / "outside")
    with pytest.raises(files.Refused, match="snapshots must be a folder, it is a link"):
        begun(tmp_path / "runs", data="digits", latent=2)
    assert not list((tmp_path / "outside").iterdir())


HEADERS = {
    "overlapping": {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
    | {"b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}},
    "negative": {"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}},
    "too large": {"a": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}},
    "backwards": {"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}},
    "overflowing": {"a": {"dtype": "F32", "shape": [1 << 62, 1 << 62], "data_offsets": [0, 8]}},
}


@pytest.mark.parametrize("kind", HEADERS)
def test_headers_that_lie_about_their_numbers_are_refused(kind, tmp_path):
    header = json.dumps(HEADERS[kind]).encode()
    (tmp_path / "w.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(12))
    with pytest.raises(files.Refused):
        files.load_weights(tmp_path / "w.safetensors", {"a": torch.zeros(2)}, {})


def test_a_name_given_twice_is_refused(tmp_path):
    one = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})
    header = f"{one[:-1]}, {one[1:]}".encode()
    (tmp_path / "w.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    with pytest.raises(files.Refused):
        files.load_weights(tmp_path / "w.safetensors", {"a": torch.zeros(2), "b": torch.zeros(2)}, {})


# Folders


def test_only_folders_named_after_a_time_are_runs(run, no_pictures):
    root = run.path.parents[1]
    for name in ("9999-99-99_99-99-99", "9999-12-31_23-59-59", "0000-00-00_00-00-00", f"{run.path.name} copy", "x"):
        shutil.copytree(run.path, root / "other" / name)
    (root / "a file").write_text("")
    assert [one.path for one in found(root)] == [run.path]
    assert find(run.path.name, root).path == run.path
    assert begun(root, seed=1).path.name > run.path.name
    assert load(root / "other" / "x").net.dim == 2  # by its path a copy is as good


def test_a_run_that_lacks_a_file_is_not_done(run, no_pictures):
    before = (run.path / "best.safetensors").read_bytes()
    (run.path / "best.safetensors").unlink()
    (run.path / "metrics.csv").unlink()
    assert run.status == "unfinished"
    assert begun(run.path.parents[1]).path == run.path
    assert (run.path / "best.safetensors").read_bytes() == before
    assert (run.path / "metrics.csv").exists()


@pytest.mark.parametrize(
    "said", ["[" * 100_000, '{"best_score": 5, "seconds": {}}', '{"best_score": ["a", null]}', "é"]
)
def test_whatever_stands_in_done_the_run_is_listed(said, run, capsys):
    (run.path / "DONE").write_bytes(said.encode("latin1"))
    cli.main(["list", "--runs", str(run.path.parents[1])])
    assert capsys.readouterr().out.split() == ["done", str(run.path)]


def test_listing_writes_nothing_and_reads_no_configuration(run, monkeypatch, capsys):
    (run.path / "DONE").unlink()
    (run.path / ".lock").unlink()
    (run.path / "config.yaml").write_text("[" * 1000)
    before = sorted(run.path.iterdir())
    cli.main(["list", "--runs", str(run.path.parents[1])])
    assert capsys.readouterr().out.startswith("unfinished")
    assert sorted(run.path.iterdir()) == before


def test_listing_needs_no_torch(run):
    command = "import sys; from gen_lib import cli; cli.main(['list', '--runs', sys.argv[1]])"
    command += "; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", command, str(run.path.parents[1])], check=True, capture_output=True)


def test_a_setting_of_a_later_version_changes_no_identity(kept):
    @dataclass(frozen=True, kw_only=True)
    class Later(Settings):
        later: int | None = None

    now = kept.settings.given()
    assert identity(Later(**now)) == identity(kept.settings) != identity(Later(**now, later=1))


def test_the_same_folder_of_pictures_is_the_same_data_from_everywhere(tmp_path, monkeypatch, no_pictures):
    for place, shade in (("one", 0), ("two", 200)):
        drawn(tmp_path / place / "pictures", 12, shade)
    wishes = {"data": "pictures/../pictures", "size": 8, "channels": 1, "latent": 2, "batch": 4}
    runs = []
    for place in ("one", "two", "one"):
        monkeypatch.chdir(tmp_path / place)
        runs.append(begun(tmp_path / "runs", **wishes).path)
    assert runs[0] == runs[2] != runs[1]
    monkeypatch.chdir(tmp_path)
    assert load(runs[0]).source.test.max() < 0.5 < load(runs[1]).source.test.min()


def drawn(place: Path, n: int, shade: int = 0) -> None:
    place.mkdir(parents=True)
    for i in range(n):
        Image.fromarray(np.full((10, 10), shade + i, np.uint8)).save(place / f"{i:03}.png")


def test_data_are_read_when_they_are_asked_for(tmp_path, no_pictures):
    drawn(tmp_path / "a:b ñ" / "cat", 12)
    wishes = {"data": str(tmp_path / "a:b ñ"), "size": 8, "channels": 1, "latent": 2, "batch": 4}
    path = begun(tmp_path / "runs", **wishes).path
    shutil.rmtree(tmp_path / "a:b ñ")
    run = load(path)
    assert run.method.sample(run.net, 2).shape == (2, 64)
    assert len(run.history.scores) == 3
    with pytest.raises(FileNotFoundError, match="data must be a folder of pictures"):
        _ = run.source


# Words


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        ("--data test_runs_attacked:nan_points", "data 'test_runs_attacked:nan_points' must be finite", 2),
        ("--data test_runs_attacked:one_row", "must have at least 5 points to learn and validate on, got 1", 2),
        ("--data test_runs_attacked:whole_numbers", "must hold floating-point numbers", 2),
        ("--data test_runs_attacked:raises", "KeyError in raises, line", 1),
        ("--method test_runs_attacked:loss_that_raises", "TypeError in loss, line", 1),
        ("--method fm --options.path 3", "", 1),  # path is an option, not the name of the method
        ("--members 100000000000", "members must be at most 65536", 2),
        ("--batch 100000000000", "more memory is needed than there is", 1),
        ("--hidden [4611686018427387904]", "more memory is needed than there is", 1),
        ("--steps 4611686018427387904", "more memory is needed than there is", 1),
        ("--threads 100000", "threads must be at most 1024", 2),
        ("--maps test_runs_attacked:raises", "maps must be", 2),
        ("--runs " + "x" * 300, "too long", 2),
    ],
)
def test_own_code_and_sizes_that_fail_are_told_in_one_line(arguments, words, code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    said = refused(capsys, "train", "--method", "vae", "--batch", "8", *arguments.split(), code=code)
    assert words in said
    assert said.count("\n") == 1


def test_a_module_that_cannot_be_run_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    Path("broken_module.py").write_text("def f(:\n")
    Path("leaving_module.py").write_text("raise SystemExit(0)\n")
    for name in ("broken_module", "leaving_module"):
        assert f"method '{name}:f' must name something" in refused(capsys, "train", "--method", f"{name}:f")


def test_points_of_a_graph_are_points(tmp_path, no_pictures):
    assert begun(tmp_path, data="test_runs_attacked:points_of_a_graph").done


def test_a_run_of_a_name_that_no_disk_takes_is_not_there(tmp_path, capsys):
    assert "is not there" in refused(capsys, "evaluate", "x" * 5000, "--runs", str(tmp_path))
    assert "runs must be a folder" in refused(capsys, "list", "--runs", __file__)


def test_codes_of_single_numbers_have_no_picture_in_the_plane(tmp_path, no_pictures, capsys):
    begun(tmp_path, data="mixture_1d")
    assert "codes of two numbers or more" in refused(capsys, "latents", "latest", "--runs", str(tmp_path))


def test_few_points_and_missing_classes(tmp_path, no_pictures, capsys):
    for i, name in enumerate(("cat", "dog ñ", "owl")):
        drawn(tmp_path / "pictures" / name, (12, 9, 1)[i], 60 * i)
    run = begun(tmp_path, data=str(tmp_path / "pictures"), size=8, channels=1, latent=2, batch=4, precision="64-true")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = {path.name for path in pictures.latents(load(run.path), ends=("dog ñ", "cat"))}
        assert {"copies.png", "grid.png", "walk.png", "interpolation.png"} <= made
        pictures.latents(load(run.path), "validation")
    said = refused(capsys, "latents", "latest", "--walk", "owl,cat", "--runs", str(tmp_path))
    assert "unknown class of the test points 'owl'. Known: cat, dog ñ" in said


@pytest.mark.parametrize("count", [9, 16])
def test_copies_of_any_number_of_pictures_are_drawn(count, tmp_path):
    drawn(tmp_path / "pictures" / "all", 5 * count, 0)
    run = load(
        begun(tmp_path, data=str(tmp_path / "pictures"), size=8, channels=1, latent=2, batch=4, snapshots=False).path
    )
    assert len(run.source.part("test", torch.Generator())) == count
    assert "copies.png" in {path.name for path in pictures.latents(run)}


def test_the_sheet_of_samples_has_an_end(tmp_path, monkeypatch):
    run = begun(tmp_path, data="digits", latent=2, snapshots=False)
    sides = []
    monkeypatch.setattr(pictures, "_sheet", lambda figure, x, side, shape: sides.append(side))
    for n in (1, 8, 9, 1000):
        pictures.samples(load(run.path), n)
    assert sides == [1, 2, 3, 20]


# Stopping, and disks


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_while_pictures_are_drawn_all_is_kept(number, tmp_path):
    child = os.fork()
    if child == 0:
        pictures.keep = lambda *_: (Path(tmp_path / "drawing").touch(), time.sleep(60))
        sys.stderr = io.StringIO()
        try:
            cli.main(
                ["train", "--method", "decoder", "--steps", "4", "--hidden", "[8]", "--runs", str(tmp_path / "runs")]
            )
        except SystemExit as stop:
            os._exit(stop.code)
        os._exit(99)
    while not (tmp_path / "drawing").exists():
        time.sleep(0.02)
    os.kill(child, number)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 130
    (run,) = found(tmp_path / "runs")
    assert run.status == "unfinished"
    assert load(run.path).history.checks == [1, 2, 3, 4]


@pytest.mark.parametrize("name", ["environment.json", "config.yaml", "state.pt", "metrics.csv", "last.safetensors"])
def test_a_disk_that_is_full_at_any_file_loses_nothing(name, tmp_path, monkeypatch, no_pictures, capsys):
    once = os.replace

    def full(source, target):
        if Path(target).name == name:
            raise OSError(errno.ENOSPC, "No space left on device")
        once(source, target)

    arguments = ["train", "--method", "decoder", "--steps", "4", "--hidden", "[8]", "--runs", str(tmp_path)]
    monkeypatch.setattr(os, "replace", full)
    said = refused(capsys, *arguments, code=1)
    assert f"{name} cannot be written, what was there is kept: No space left" in said
    assert not list(tmp_path.rglob("*.half"))
    monkeypatch.setattr(os, "replace", once)
    cli.main(arguments)
    assert [one.status for one in found(tmp_path)] == ["done"]


def test_a_disk_that_is_full_at_tensorboard_is_told(run, monkeypatch):
    board = pytest.importorskip("torch.utils.tensorboard")

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(board.SummaryWriter, "add_scalar", full)
    with pytest.raises(OSError, match=r"events for TensorBoard cannot be written in .*No space left"):
        begun(run.path.parents[1], seed=1)


# What a researcher asks

WAYS = {
    "early stopping": {"patience": 1, "lr": 0.3, "steps": 60},
    "members of which some have stopped": {"patience": 1, "lr": 0.1, "members": 4, "steps": 40},
    "clipped and decayed": {"clip": 0.1, "weight_decay": 0.5},
    "epochs and t_max": {"steps": None, "epochs": 2.5, "points": 40, "t_max": 1.5},
    "another schedule": {"schedule": "late", "lr": 0.05},
    "double precision": {"precision": "64-true", "members": 2},
    "dropout": {"dropout": 0.3, "members": 2},
    "images": {"data": "digits", "latent": 2, "snapshots": False},
    "convolutions": {"data": "digits", "latent": 2, "maps": "convolutional", "hidden": [4, 4], "snapshots": False},
    "a game": {"method": "wgan", "members": 2, "patience": 1, "steps": 20},
    "a game with a rate each": {"method": "gan", "lr": {"critic": 1e-3, "generator": 2e-3}, "clip": 0.5},
}


each_way = pytest.mark.parametrize(  # in one process, so that each undisturbed run is made once
    "way", [pytest.param(way, marks=pytest.mark.xdist_group(f"run with {way}")) for way in WAYS]
)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A run of each way, which nobody disturbed, with what training gave back; made when it is first asked for."""
    root = tmp_path_factory.mktemp("undisturbed")

    @cache
    def done(way: str):
        histories = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pictures, "keep", lambda run, name, draw, size: run.folder.path)
            patch.setattr(starting, "train", lambda *a, **k: histories.append(training.train(*a, **k)) or histories[0])
            return begun(root, **WAYS[way]), histories[0]

    return done


@each_way
@pytest.mark.parametrize("at", [0.2, 0.7])
def test_stopped_and_taken_up_it_ends_the_same(way, at, undisturbed, tmp_path, monkeypatch, no_pictures):
    whole, history = undisturbed(way)
    last = history.checks[int(at * (len(history.checks) - 1))]
    once = training.Keeper.keep

    def keep_and_stop(self):
        once(self)
        if self.training.done >= last and not self.training.ended:
            raise KeyboardInterrupt

    monkeypatch.setattr(training.Keeper, "keep", keep_and_stop)
    with pytest.raises(KeyboardInterrupt):
        begun(tmp_path, **WAYS[way])
    monkeypatch.setattr(training.Keeper, "keep", once)
    halfway = load(find("latest", tmp_path).path, which="last").history
    assert halfway.checks == [step for step in history.checks if step <= last]
    assert halfway.stopped.max() <= last
    again = begun(tmp_path, **WAYS[way])
    for name in ("last.safetensors", "best.safetensors", "metrics.csv"):
        assert (again.path / name).read_bytes() == (whole.path / name).read_bytes(), name


def same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.dtype == other.dtype and torch.equal(one.nan_to_num(-1.0), other.nan_to_num(-1.0))


@each_way
def test_the_history_that_is_loaded_is_the_one_that_training_gave(way, undisturbed):
    run, history = undisturbed(way)
    again = load(run.path).history
    assert again.losses.keys() == history.losses.keys()
    assert all(same(curve, history.losses[turn]) for turn, curve in again.losses.items())
    assert again.checks == history.checks
    assert again.seconds == history.seconds
    for name in ("scores", "best_step", "stopped"):
        assert same(getattr(again, name), getattr(history, name)), name
    assert all(same(value, history.last[name]) for name, value in again.last.items())


@each_way
def test_the_best_weights_are_the_best(way, undisturbed):
    run, _ = undisturbed(way)
    prepared = Prepared(run.settings, progress=False)
    prepared.net.load_state_dict(load_file(run.path / "best.safetensors"))
    scores = prepared.score(prepared.net).reshape(-1).tolist()
    said = json.loads((run.path / "DONE").read_text())
    assert scores == pytest.approx(said["best_score"], rel=1e-6)
    rows = list(csv.DictReader((run.path / "metrics.csv").read_text().splitlines()))
    columns = [name for name in rows[0] if name.startswith("validation")]
    steps = torch.tensor(said["best_step"]).reshape(-1).tolist()
    for column, score, step in zip(columns, scores, steps, strict=True):
        there = {int(row["step"]): float(row[column]) for row in rows if row[column]}
        assert min(there, key=there.get) == step
        assert there[step] == pytest.approx(score, rel=1e-6)


def test_some_members_stop_and_others_go_on(undisturbed):
    _, history = undisturbed("members of which some have stopped")
    assert history.stopped.min() < history.stopped.max()  # or the laws above would say nothing of it


def of_zeros(tmp_path: Path, method: str):
    """A run on N(1/2, 4) whose net has been set to zero: all it gives is known."""
    run = load(begun(tmp_path, method=method, data="test_runs_attacked:gaussian").path, trust=True)
    with torch.no_grad():
        for weight in run.net.parameters():
            weight.zero_()
    return run, run.source.test


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_flow_that_stands_still_has_the_density_of_its_noise(split, tmp_path, no_pictures):
    run, _ = of_zeros(tmp_path, "fm")
    points = run.source.part(split)
    few = points[torch.randperm(len(points), generator=torch.Generator().manual_seed(0))[: evaluation.MOST // 10]]
    measured = evaluation.evaluate(run, split)
    exact = -0.5 * math.log(2 * math.pi) - few.square().mean() / 2
    assert measured["log p(x), nats"] == pytest.approx(float(exact), abs=1e-4)
    assert measured["loss"] == pytest.approx(1 + float(points.square().mean()), rel=0.1)


def test_a_decoder_of_zeros_is_as_far_as_a_point(tmp_path, no_pictures):
    run, _ = of_zeros(tmp_path, "decoder")
    mean = 2 * math.sqrt(2 / math.pi) * math.exp(-1 / 32) + 0.5 * math.erf(0.25 / math.sqrt(2))  # E|x| of N(1/2, 4)
    assert evaluation.evaluate(run)["W1"] == pytest.approx(mean, rel=1e-3)


def test_a_vae_of_zeros_has_the_bound_of_its_prior(tmp_path, no_pictures):
    run, points = of_zeros(tmp_path, "vae")
    measured = evaluation.evaluate(run)
    variance = float(next(value for name, value in run.net.named_buffers() if name.startswith("likelihood"))) ** 2
    assert measured["KL, nats"] == pytest.approx(0, abs=1e-6)
    assert measured["ELBO, nats"] == pytest.approx(-float(measured["reconstruction, nats"]), abs=1e-6)
    assert measured["reconstruction error"] == pytest.approx(float(points.square().mean()), rel=1e-5)
    exact = 0.5 * math.log(2 * math.pi * variance) + float(points.square().mean()) / (2 * variance)
    assert measured["reconstruction, nats"] == pytest.approx(exact, rel=1e-4)
