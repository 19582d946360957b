"""Runs are kept whole, found again, and go on bit for bit after whatever stopped them."""

import errno
import json
import os
import pickle
import random
import shutil
import signal
import sys
import time
import zipfile
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from killing import in_a_child, killed
from safetensors.torch import save_file

from gen_lib import METHODS, cli, data, methods
from gen_lib.runs import Settings, evaluation, files, find, folder, found, load, pictures, start
from gen_lib.runs.settings import PRESETS, differences, identity, resolved
from gen_lib.runs.training import Keeper
from gen_lib.slips import METHOD_NAMES
from gen_lib.train import fit
from gen_lib.train.stops import ScoreNotFinite

SMALL = {"data": "mixture_1d", "batch": 8, "every": 5, "hidden": [8]}
FILES = {"DONE", "best.safetensors", "config.yaml", "curves.png", "environment.json", "last.safetensors", "metrics.csv"}
FILES |= {"maps.png", "samples.png", "state.pt"}

own_flow = methods.fm(path=methods.fm.__kwdefaults__["path"]) if methods.fm.__kwdefaults__ else methods.fm()


def own_data():
    return data.moons()


DRAWN = pictures.keep
each_method = pytest.mark.parametrize(  # in one process, so that each undisturbed run is made once
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(f"run of {name}")) for name in METHOD_NAMES]
)


@pytest.fixture(autouse=True)
def quiet(monkeypatch, no_pictures):
    monkeypatch.setenv("TQDM_DISABLE", "1")


def begun(root: Path, **wishes) -> folder.Folder:
    return start(Settings(**{**SMALL, **wishes}), root, save_every=0, progress=False, say=lambda line: None)


def weights(run: folder.Folder) -> dict[str, bytes]:
    return {name: (run.path / name).read_bytes() for name in ("last.safetensors", "best.safetensors", "metrics.csv")}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A run of each method that nobody disturbed, with its pictures, made when it is first asked for."""
    root = tmp_path_factory.mktemp("undisturbed")

    @cache
    def made(name: str) -> folder.Folder:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pictures, "keep", DRAWN)
            return begun(root, method=name, steps=20)

    return made


@each_method
def test_killed_at_random_moments_and_taken_up_again_it_ends_the_same(name, undisturbed, tmp_path):
    def work():
        begun(tmp_path, method=name, steps=20)

    killed(2, work, 0.2, random.Random(name), anew=lambda: shutil.rmtree(tmp_path))
    assert weights(begun(tmp_path, method=name, steps=20)) == weights(undisturbed(name))
    assert sum(run.done for run in found(tmp_path)) == 1


def test_killed_at_any_file_it_ends_the_same(tmp_path, monkeypatch):
    once, stopped = os.replace, []
    whole = weights(begun(tmp_path / "whole", method="ae", steps=10))
    while not stopped or stopped[-1]:
        root, count = tmp_path / str(len(stopped)), iter(range(1000))

        def replace_or_die(source, target, count=count):
            if next(count) == len(stopped):
                os._exit(9)
            once(source, target)

        monkeypatch.setattr(os, "replace", replace_or_die)
        stopped.append(in_a_child(lambda root=root: begun(root, method="ae", steps=10)) == 9)
        monkeypatch.setattr(os, "replace", once)
        assert weights(begun(root, method="ae", steps=10)) == whole
    assert len(stopped) > 15


@each_method
def test_a_run_has_all_its_files_and_the_last_one_says_so(name, undisturbed):
    run = undisturbed(name)
    names = {file.name for file in run.path.iterdir() if not file.name.startswith(".")}
    assert {n for n in names if not n.startswith("events")} == FILES
    assert any(n.startswith("events") for n in names)
    newest = max(run.path.iterdir(), key=lambda file: file.stat().st_mtime_ns)
    assert newest.name == "DONE"


@each_method
def test_it_learns_what_fit_learns(name, undisturbed):
    run = load(undisturbed(name).path, which="last")
    method = METHODS[name]
    net = method.build(1, hidden=(8,))
    rates = {"lr": run.settings.lr, "betas": tuple(run.settings.betas)}
    history = fit(method, net, data.mixture_1d(), steps=20, batch=8, **rates, progress=False)
    for key, value in net.state_dict().items():
        assert torch.equal(value, run.net.state_dict()[key])
    assert all(torch.equal(history.losses[turn], curve) for turn, curve in run.history.losses.items())


@each_method
def test_half_precision_changes_little(name, tmp_path, undisturbed):
    half = load(begun(tmp_path, method=name, steps=20, precision="bf16-mixed", accelerator="cpu").path, which="last")
    whole = load(undisturbed(name).path, which="last")
    pairs = zip(half.net.parameters(), whole.net.parameters(), strict=True)
    differences = torch.cat([(one - other).abs().flatten() for one, other in pairs])
    assert 0 < differences.mean() < 0.05
    assert differences.max() < 0.5


def test_a_finished_run_is_found_and_not_repeated(tmp_path):
    said = []
    first = begun(tmp_path, method="decoder", steps=5)
    again = start(Settings(**SMALL, method="decoder", steps=5), tmp_path, progress=False, say=said.append)
    assert again.path == first.path
    assert "is done" in said[0]
    other = begun(tmp_path, method="decoder", steps=5, seed=1)
    more = start(Settings(**SMALL, method="decoder", steps=5), tmp_path, again=True, progress=False, say=said.append)
    assert len({first.path, other.path, more.path}) == 3
    assert weights(more) == weights(first) != weights(other)


def test_resuming_refuses_other_settings_by_name(tmp_path):
    run = begun(tmp_path, method="decoder", steps=5)
    before = {file: file.read_bytes() for file in run.path.iterdir()}
    with pytest.raises(ValueError, match=r"seed is 0, not 1; steps is 5, not 6|steps is 5, not 6; seed is 0, not 1"):
        start(Settings(method="decoder", steps=6, seed=1), tmp_path, resume="latest", progress=False)
    assert {file: file.read_bytes() for file in run.path.iterdir()} == before


def test_names_grow_when_the_clock_is_set_back(tmp_path, monkeypatch):
    first = begun(tmp_path, method="decoder", steps=2)

    class Back(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(1999, 1, 1)

    monkeypatch.setattr(folder, "datetime", Back)
    Back.strptime = datetime.strptime
    second = begun(tmp_path, method="ae", steps=2)
    assert second.path.name > first.path.name
    assert find("latest", tmp_path).path == second.path


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch):
    run = begun(tmp_path, method="decoder", steps=10)
    (run.path / "DONE").unlink()
    before = {file.name: file.read_bytes() for file in run.path.iterdir()}

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="cannot be written, what was there is kept: No space left"):
        begun(tmp_path, method="decoder", steps=10)
    monkeypatch.undo()
    assert {file.name: file.read_bytes() for file in run.path.iterdir()} == before
    assert begun(tmp_path, method="decoder", steps=10).path == run.path


def test_a_folder_that_takes_no_files_is_named(tmp_path, capsys):
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", "--method", "decoder", "--steps", "2", "--runs", str(tmp_path / "runs")])
    assert stop.value.code == 2
    assert "runs" in capsys.readouterr().err


def test_two_processes_do_not_work_on_one_run(tmp_path):
    run = begun(tmp_path, method="decoder", steps=5)
    (run.path / "DONE").unlink()
    with run.held():
        child = os.fork()
        if child == 0:
            code = 1
            try:
                begun(tmp_path, method="decoder", steps=5)
            except folder.Busy:
                code = 7
            os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert run.status == "unfinished"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_it_keeps_what_is_done(number, tmp_path, monkeypatch):
    monkeypatch.setattr(Keeper, "look", lambda *_: (tmp_path / "begun").touch())
    arguments = ["train", "--method", "decoder", "--steps", "100000", "--runs", str(tmp_path)]
    child = os.fork()
    if child == 0:
        sys.stderr = open(tmp_path / "said", "w")  # noqa: SIM115  the child ends here
        try:
            cli.main(arguments)
        except SystemExit as stop:
            sys.stderr.flush()
            os._exit(stop.code)
    while not (tmp_path / "begun").exists():
        time.sleep(0.02)
    os.kill(child, number)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 130
    assert "all kept: gen-lib train --resume" in (tmp_path / "said").read_text()
    (run,) = found(tmp_path)
    assert run.status == "unfinished"
    assert 0 < files.load_state(run.path / "state.pt", 1 << 28)["done"] < 100_000


class Payload:
    def __reduce__(self):
        return os.system, ("touch ran",)


def malicious(run: folder.Folder, kind: str) -> None:
    best, state = run.path / "best.safetensors", run.path / "state.pt"
    good = load(run.path).net.state_dict()
    name = next(iter(good))
    match kind:
        case "a pickle as weights":
            best.write_bytes(pickle.dumps(Payload()))
        case "a pickle as state":
            torch.save({"net": Payload()}, state)
        case "a bare pickle as state":
            state.write_bytes(pickle.dumps(Payload()))
        case "cut off weights":
            best.write_bytes(best.read_bytes()[:-5])
        case "cut off state":
            state.write_bytes(state.read_bytes()[:-500])
        case "a header of 10 GB":
            best.write_bytes((10 << 30).to_bytes(8, "little") + b"{}")
        case "other shapes":
            save_file({**good, name: torch.zeros(3, 3)}, best, run_words(run))
        case "other names":
            save_file({**good, "extra": torch.zeros(1)}, best, run_words(run))
        case "another type":
            save_file({**good, name: good[name].half()}, best, run_words(run))
        case "another method":
            save_file(good, best, files.written({"method": "fm", "settings": identity(run.settings)}))
        case "no words":
            save_file(good, best)
        case "a link out of the folder":
            kept = best.read_bytes()
            best.unlink()
            (run.path.parent / "outside").write_bytes(kept)
            best.symlink_to(run.path.parent / "outside")
        case "a packed state":
            with zipfile.ZipFile(state) as old:
                parts = {entry.filename: old.read(entry) for entry in old.infolist()}
            with zipfile.ZipFile(state, "w", zipfile.ZIP_DEFLATED) as new:
                for entry, content in parts.items():
                    new.writestr(entry, content)
        case "a huge state":
            os.truncate(state, 10 << 30)
        case "configuration that runs code":
            (run.path / "config.yaml").write_text("!!python/object/apply:os.system ['touch ran']")
        case "configuration that imports code":
            (run.path / "config.yaml").write_text("method: os:abort\ndata: mixture_1d\n")
        case "a setting that is none":
            (run.path / "config.yaml").write_text("method: decoder\nstesp: 5\n")
        case "a width of a word":
            (run.path / "config.yaml").write_text("method: decoder\nhidden: [many]\n")
        case "no dimension":
            (run.path / "environment.json").write_text("[1, 2]")


KINDS = ("a pickle as weights", "cut off weights", "a header of 10 GB", "other shapes", "other names", "another type")
KINDS += ("another method", "no words", "a link out of the folder", "configuration that runs code", "no dimension")
KINDS += ("configuration that imports code", "a setting that is none", "a width of a word")
STATES = ("a pickle as state", "a bare pickle as state", "cut off state", "a packed state", "a huge state")


@pytest.mark.parametrize("kind", KINDS + STATES)
def test_files_that_are_not_what_they_should_be_are_refused(kind, tmp_path, monkeypatch):
    run = begun(tmp_path / "runs", method="decoder", steps=5)
    monkeypatch.chdir(tmp_path)
    malicious(run, kind)
    with pytest.raises(ValueError, match=r"must|unknown|trust|validate"):
        _ = load(run.path).history
    if kind in STATES:
        (run.path / "DONE").unlink()
        with pytest.raises(files.Refused):
            start(Settings(), tmp_path / "runs", resume="latest", progress=False)
    assert not (tmp_path / "ran").exists()


def run_words(run: folder.Folder) -> dict[str, str]:
    return files.written({"method": "decoder", "settings": identity(run.settings)})


def test_a_foreign_checkpoint_is_refused_with_the_way_to_convert_it(tmp_path):
    torch.save({"weight": torch.zeros(2)}, tmp_path / "model.pt")
    with pytest.raises(files.Refused, match=r"may run code .* safetensors\.torch\.save_file"):
        files.load_weights(tmp_path / "model.pt", {"weight": torch.zeros(2)}, {})


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_run_is_measured_on_a_split(split, undisturbed):
    flow = evaluation.evaluate(load(undisturbed("fm").path), split)
    assert {"loss", "W1", "log p(x), nats"} <= flow.keys()
    vae = evaluation.evaluate(load(undisturbed("vae").path), split)
    total = vae["reconstruction, nats"] + vae["KL, nats"] + vae["ELBO, nats"]
    assert total.abs() < 1e-5
    assert "loss" not in evaluation.evaluate(load(undisturbed("gan").path), split)


def test_the_seed_of_a_measurement_is_that_of_its_samples(undisturbed):
    run = load(undisturbed("fm").path)
    one, again, other = (evaluation.evaluate(run, seed=seed)["W1"] for seed in (0, 0, 1))
    assert one == again != other


def test_a_split_is_the_same_for_every_run_and_shares_no_point_with_another():
    from gen_lib.runs import sources

    one, two = (sources.source("digits", target_labels=[3, 7]) for _ in range(2))
    assert torch.equal(one.test, two.test)
    assert {*one.labels["train"].tolist()} == {3, 7}
    assert len(one.train) + len(one.validation) + len(one.test) == sum(
        int(torch.isin(labels, torch.tensor([3, 7])).sum())
        for labels in (data.digits().train_labels, data.digits().test_labels)
    )


def test_ones_own_method_and_data_by_import_path(tmp_path):
    run = begun(tmp_path, method="test_runs:own_flow", data="test_runs:own_data", steps=5)
    with pytest.raises(ValueError, match=r"trust must be true \(--trust\) to import test_runs:own_flow"):
        load(run.path)
    assert load(run.path, trust=True).net.dim == 2
    (run.path / "DONE").unlink()
    with pytest.raises(ValueError, match="names code outside the library"):
        start(Settings(), tmp_path, resume="latest", progress=False)


def test_weights_go_to_another_library_by_their_names(undisturbed):
    from torch import nn

    run = load(undisturbed("fm").path)
    inner, outer = nn.Linear(2, 8), nn.Linear(8, 1)
    kept = list(run.net.state_dict().values())
    for layer, weight, bias in zip((inner, outer), kept[::2], kept[1::2], strict=True):
        layer.load_state_dict({"weight": weight.mT, "bias": bias.reshape(-1)})
    x, t = torch.randn(5, 1), torch.rand(5, 1)
    other = outer(nn.functional.silu(inner(torch.cat([x, t], 1))))
    assert torch.allclose(other, run.net(x, t), atol=1e-6)


def test_settings_given_come_before_the_preset_and_that_before_the_usual():
    classic = resolved(Settings(method="fm", preset="classic"))
    assert (classic.batch, classic.lr, classic.epochs, classic.points, classic.seed) == (64, 1e-3, 2000, 500, 42)
    mixed = resolved(Settings(method="fm", preset="classic", batch=32, steps=10))
    assert (mixed.batch, mixed.steps, mixed.epochs, mixed.points) == (32, 10, None, 500)
    assert resolved(Settings(method="wgan")).lr == 3e-3
    assert PRESETS.keys() == {"classic", "fast"}


@given(st.sampled_from(["batch", "lr", "seed", "weight_decay", "devices", "num_nodes", "hidden"]), st.integers(2, 9))
def test_two_runs_are_the_same_if_what_differs_makes_no_number_differ(name, value):
    one = resolved(Settings(method="fm"))
    other = replace(one, **{name: [value] if name == "hidden" else value})
    assert (identity(one) == identity(other)) == (name in ("devices", "num_nodes"))
    assert bool(differences(one, Settings(**{name: getattr(other, name)}))) == (identity(one) != identity(other))


WORDS = st.text(st.characters(codec="ascii", exclude_characters="\0\n=$[]{}&*!|>%@`\"'#,:- "), min_size=1, max_size=8)
BAD = {
    "--method": st.sampled_from(["fmm", "", "VAE", "no.such:method", "os:nothing", "1", "gan2"]),
    "--data": st.sampled_from(["moon", "digit", "hub:NOSUCH", "no.such:data", "./nowhere", "json:loads"]),
    "--steps": st.sampled_from(["0", "-1", "1.5", "many", "1e3x", str(2**64)]) | WORDS.map("x".__add__),
    "--batch": st.integers(-9, 0).map(str) | WORDS.map("x".__add__),
    "--members": st.integers(-9, 0).map(str) | st.just("2.5"),
    "--hidden": st.sampled_from(["[0]", "[a]", "3x", "[-1,2]", "[1.5]"]),
    "--latent": st.integers(-9, 0).map(str) | st.just("5"),  # a flow keeps the dimension
    "--lr": st.sampled_from(["0", "-1", "nan", "inf", "fast", "{critic: 1}"]),
    "--betas": st.sampled_from(["[0.9]", "[0.9,1]", "[1,2,3]", "0.9"]),
    "--weight_decay": st.sampled_from(["-1", "nan", "x"]),
    "--clip": st.sampled_from(["0", "-3", "inf"]),
    "--schedule": WORDS.map("x".__add__),
    "--t_max": st.sampled_from(["0", "-5", "nan"]),
    "--dropout": st.sampled_from(["1", "-0.1", "2", "x"]),
    "--kl_weight": st.sampled_from(["1", "-1", "x"]),  # a flow has none
    "--likelihood": st.just("bernoulli"),
    "--maps": st.sampled_from(["convolutional", "plane"]),
    "--options.nosuch": st.integers(0, 5).map(str),
    "--points": st.integers(-9, 0).map(str),
    "--size": st.just("8"),
    "--target_labels": st.sampled_from(["[3]", "3", "[]"]),
    "--seed": st.integers(-9, -1).map(str) | st.just(str(2**64)),
    "--every": st.integers(-9, 0).map(str),
    "--patience": st.integers(-9, 0).map(str) | st.just("x"),
    "--precision": st.sampled_from(["16", "8-true", "x"]),
    "--accelerator": st.sampled_from(["tpu", "gpu0", "cuda"] if not torch.cuda.is_available() else ["tpu"]),
    "--devices": st.sampled_from(["0", "-1", "some"]),
    "--resume": st.sampled_from(["latest", "2020-01-01", "/nowhere"]),
    "--save_every": st.sampled_from(["-1", "x"]),
    "--threads": st.sampled_from(["0", "-2", "x"]),
    "--epochs": st.sampled_from(["0", "-1", "nan", "3"]),  # fresh points have no epochs
    "--preset": WORDS.map("x".__add__),
}


@settings(max_examples=160, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_bad_command_lines_are_refused_by_name_before_anything_is_written(tmp_path, capsys, monkeypatch, draw):
    option = draw.draw(st.sampled_from(sorted(BAD)))
    value = draw.draw(BAD[option])
    monkeypatch.chdir(tmp_path)
    given_method = [] if option == "--method" else ["--method", "fm"]
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", *given_method, f"{option}={value}"])
    said = capsys.readouterr().err
    assert stop.value.code == 2, said
    assert "Traceback" not in said
    assert option.removeprefix("--").split(".")[-1] in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("method: fm\nstepz: 3\n", "stepz"),
        ("[1, 2]", "config"),
        ("method: fm\nsteps: x\n", "steps"),
        ("a: [", "config: while parsing"),
    ],
)
def test_bad_configuration_files_are_refused(content, word, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("run.yaml").write_text(content)
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", "--config", "run.yaml"])
    assert stop.value.code == 2
    assert word in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["run.yaml"]


def test_the_commands_of_a_run_in_turn(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(pictures, "keep", DRAWN)
    root = ["--runs", str(tmp_path)]
    cli.main(
        ["train", "--method", "vae", "--data", "digits", "--steps", "3", "--hidden", "[8]", "--members", "2", *root]
    )
    cli.main(["evaluate", "latest", "--split", "validation", *root])
    cli.main(["samples", "vae-digits", "-n", "9", *root])
    cli.main(["list", *root])
    printed = capsys.readouterr().out
    (run,) = found(tmp_path)
    assert "ELBO, nats" in printed
    assert f"done        {run.path}" in printed
    kept = json.loads((run.path / "evaluation-validation-best.json").read_text())
    assert len(kept["loss"]) == 2
    assert (run.path / "samples.safetensors").exists()


def test_samples_are_kept_while_it_trains_and_change_no_number(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "keep", DRAWN)
    wishes = {"method": "gan", "data": "digits", "steps": 10, "hidden": [8], "latent": 2}
    seen, unseen = (begun(tmp_path / str(s), **wishes, snapshots=s) for s in (None, False))
    assert [file.name for file in sorted((seen.path / "snapshots").iterdir())] == ["000005.png", "000010.png"]
    assert weights(seen) == weights(unseen)


def test_a_configuration_with_overrides(tmp_path):
    config = tmp_path / "run.yaml"
    config.write_text("method: vae\ndata: mixture_2d\nsteps: 3\nkl_weight: 4\nbatch: 8\n")
    cli.main(["train", "--config", str(config), "--kl_weight", "0.5", "--runs", str(tmp_path / "runs")])
    (run,) = found(tmp_path / "runs")
    assert (run.settings.kl_weight, run.settings.batch) == (0.5, 8)


def test_a_validation_that_is_not_finite_leaves_a_failed_run(tmp_path):
    """The loss of a batch may be finite where that of the validation points overflows."""
    wishes = Settings(method="vae", data="mixture_1d", kl_weight=1e38, steps=12, batch=8, every=4, hidden=[8])
    with pytest.raises(ScoreNotFinite, match=r"must be finite, after 4 steps"):
        start(wishes, tmp_path, progress=False, say=lambda line: None)
    (run,) = found(tmp_path)
    assert run.status == "failed"
    assert (run.path / "metrics.csv").read_text() == "step,loss,validation\n"


def test_a_loss_that_is_not_finite_leaves_a_failed_run(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", "--method", "decoder", "--lr", "1e30", "--steps", "200", "--runs", str(tmp_path)])
    assert stop.value.code == 1
    assert "NaN or infinite" in capsys.readouterr().err
    (run,) = found(tmp_path)
    assert run.status == "failed"
