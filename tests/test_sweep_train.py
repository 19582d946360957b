"""A sweep over settings gives what single runs give, whichever of them are members of one net."""

import csv
import json
import random
import shutil
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
import torch
from killing import killed
from PIL import Image

from gen_lib import cli
from gen_lib.runs import Settings, grid, load, start, sweep
from gen_lib.runs.trainings import BLOCK, TrainJob

COMMON = {"data": "mixture_1d", "steps": 12, "batch": 8, "every": 4, "hidden": [8]}


def swept(folder: Path, axes: dict, workers: int = 0, **wishes) -> sweep.Summary:
    job = TrainJob(Settings(**{**COMMON, **wishes}), [*axes])
    return sweep.sweep(job, grid.points(axes), folder, workers=workers)


def kept(folder: Path) -> dict[str, dict[str, bytes]]:
    """By their parameters: the weights and the curves of all runs."""
    found = {}
    for run in sorted((folder / "runs").glob("[0-9]*")):
        parameters = json.loads((run / "result.json").read_text())["parameters"]
        names = ("best.safetensors", "last.safetensors", "metrics.csv")
        found[json.dumps(parameters, sort_keys=True)] = {name: (run / name).read_bytes() for name in names}
    return found


def table(folder: Path) -> list[dict[str, str]]:
    with open(folder / "table.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


@pytest.mark.parametrize("wishes", [{"method": "vae", "kl_weight": 0.5}, {"method": "gan"}, {"method": "facm"}])
def test_a_member_of_a_sweep_is_the_run_of_its_settings(wishes, tmp_path):
    swept(tmp_path / "sweep", {"seed": [3, 7]}, **wishes)
    alone = start(Settings(**COMMON, **wishes, seed=7), tmp_path / "runs", progress=False, say=lambda line: None)
    for which in ("best", "last"):
        one, other = (load(path, which=which).net for path in (tmp_path / "sweep" / "runs" / "000001", alone.path))
        for name, value in one.state_dict().items():
            assert torch.allclose(value, other.state_dict()[name], atol=2e-5)
    both = [(path / "metrics.csv").read_text().splitlines() for path in (tmp_path / "sweep/runs/000001", alone.path)]
    assert both[0][0] == both[1][0]
    assert [float(x) for x in both[0][-1].split(",")] == pytest.approx([float(x) for x in both[1][-1].split(",")], 1e-3)


def test_each_weight_of_the_kl_is_that_of_its_run(tmp_path):
    swept(tmp_path / "one", {"kl_weight": [0.1, 10.0]}, method="vae")
    swept(tmp_path / "other", {"seed": [0]}, method="vae", kl_weight=10.0)
    losses = [float(row["KL, nats"]) for row in table(tmp_path / "one")]
    assert losses[0] > losses[1]
    assert losses[1] == pytest.approx(float(table(tmp_path / "other")[0]["KL, nats"]), abs=1e-5)


def test_what_a_run_gives_does_not_depend_on_which_others_there_are(tmp_path):
    swept(tmp_path / "few", {"seed": [5], "kl_weight": [2.0]}, method="vae")
    swept(tmp_path / "many", {"seed": range(4, 4 + BLOCK + 3), "kl_weight": [0.5, 2.0]}, method="vae")
    (one,) = kept(tmp_path / "few").items()
    assert kept(tmp_path / "many")[one[0]] == one[1]
    (row,) = table(tmp_path / "few")
    rows = {(other["seed"], other["kl_weight"]): other for other in table(tmp_path / "many")}
    assert rows["5", "2.0"] | {"run": "0"} == row


def test_a_member_that_becomes_infinite_ends_no_other(tmp_path):
    swept(tmp_path / "one", {"kl_weight": [0.1, 1.0, 10.0]}, method="vae")
    swept(tmp_path / "other", {"kl_weight": [0.1, 1e38, 1.0, 10.0]}, method="vae")
    rows = table(tmp_path / "other")
    assert [row["status"] for row in rows] == ["done", "failed", "done", "done"]
    assert "inite" in rows[1]["trouble"]
    fine = [row | {"run": ""} for row in rows if row["status"] == "done"]
    assert fine == [row | {"run": ""} for row in table(tmp_path / "one")]


def test_workers_and_kills_change_nothing(tmp_path):
    axes = {"seed": range(BLOCK + 2), "batch": [8, 9]}
    swept(tmp_path / "whole", axes, method="ae")

    def work():
        swept(tmp_path / "killed", axes, method="ae")

    killed(4, work, 0.5, random.Random(0), anew=lambda: shutil.rmtree(tmp_path / "killed"))
    work()
    swept(tmp_path / "two", axes, method="ae", workers=2)
    assert kept(tmp_path / "killed") == kept(tmp_path / "two") == kept(tmp_path / "whole")
    assert table(tmp_path / "killed") == table(tmp_path / "two") == table(tmp_path / "whole")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--grid", "sed=0:3"], "did you mean 'seed'"),
        (["--grid", "members=1,2"], "members"),
        (["--grid", "devices=1,2"], "devices"),
        (["--grid", "seed=0:3", "-p", "members=2"], "members"),
        (["--grid", "seed=a,b"], "seed"),
        (["--grid", "kl_weight=1"], "kl_weight"),  # a flow has none
        (["--grid", "options.nosuch=1"], "nosuch"),
        (["--grid", "lr=0"], "lr"),
        (["--grid", "seed=0:3", "-p", "stesp=3"], "stesp"),
        (["--grid", "seed=0:3", "-p", "seed=3"], "seed"),
        (["--grid", "seed"], "grid"),
        ([], "grid"),
    ],
)
def test_slips_are_refused_before_anything_is_written(arguments, word, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["sweep", "train", *arguments, "-p", "method=fm", "-o", str(tmp_path / "sweep")])
    assert stop.value.code == 2
    assert word in capsys.readouterr().err
    assert not (tmp_path / "sweep").exists()


def test_the_command_computes_what_is_missing(tmp_path, capsys):
    command = ["sweep", "train", "-p", "method=vae", "-p", "steps=4", "-p", "hidden=[8]", "-o", str(tmp_path / "sweep")]
    cli.main([*command, "--grid", "seed=0:3", "--grid", "options.free_bits=0,0.5", "--workers", "0"])
    cli.main([*command, "--grid", "seed=0:4", "--grid", "options.free_bits=0,0.5", "--workers", "0"])
    printed = capsys.readouterr().out
    assert "trained as members of one" in printed
    assert "computed 6, reused 0" in printed
    assert "computed 2, reused 6" in printed
    assert load(tmp_path / "sweep" / "runs" / "000001").settings.options == {"free_bits": 0.5}


def test_settings_that_are_lists_and_tables_are_in_the_table(tmp_path):
    """Classes by name are texts, and rates by name a table: parquet has no type that fits all of them."""
    (tmp_path / "pictures").mkdir()
    for name in ("cat", "dog"):
        (tmp_path / "pictures" / name).mkdir()
        for i in range(6):
            Image.new("RGB", (8, 8), (40 * i, 0, 200)).save(tmp_path / "pictures" / name / f"{i}.png")
    wishes = {"data": str(tmp_path / "pictures"), "size": 8, "target_labels": ["cat", "dog"], "snapshots": False}
    rates = {"critic": 1e-3, "generator": 1e-3}
    summary = swept(tmp_path / "sweep", {"seed": [0, 1]}, method="gan", lr=rates, **wishes)
    assert (summary.computed, summary.failed) == (2, 0)
    rows = parquet.read_table(tmp_path / "sweep" / "table.parquet").to_pylist()
    assert [(row["seed"], json.loads(row["target_labels"]), json.loads(row["lr"])) for row in rows] == [
        (seed, ["cat", "dog"], rates) for seed in (0, 1)
    ]
    assert rows[0]["hidden"] == [8.0]
