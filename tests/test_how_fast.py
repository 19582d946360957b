"""The benchmark runs, and the page made from it shows what it measured; what is missing is said."""

import base64
import hashlib
import importlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import how_fast
import pytest
import torch
import yaml
from packaging.requirements import Requirement
from test_executed import build

ROOT = Path(__file__).parents[1]
RESULTS = json.loads((ROOT / how_fast.RESULTS).read_text("utf-8"))
PAGE = (ROOT / "book" / "how_fast.md").read_text("utf-8")
SHOWN = re.findall(r"^```{measured} (\w+)$", PAGE, re.M)
ROWS = [{"who": "a & b", "ms": 0.25, "W1": [0.1, 0.02]}, {"who": "c", "ms": 12.0, "W1": None}]


@pytest.fixture
def speed(monkeypatch):
    """Its modules by name."""
    monkeypatch.syspath_prepend(str(ROOT))
    return lambda name: importlib.import_module(f"benchmarks.speed.{name}")


@pytest.fixture
def main(speed, monkeypatch):
    """Its command, given words."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["speed", "--quick", *words])
        speed("__main__").main()

    return run


def test_sections_that_need_no_peers_run():
    command = [sys.executable, "-m", "benchmarks.speed", "--quick", "--only", "growth", "derivative", "pairs"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.partition(":")[0] for line in done.stdout.splitlines() if re.match(r"\w+: ", line)] == [
        "growth",
        "derivative",
        "pairs",
    ]


def test_a_missing_peer_is_no_missing_row(main, tmp_path, monkeypatch, capsys):
    for name in ("jax", "optax", "torchcfm"):
        (tmp_path / f"{name}.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(SystemExit, match="no flow_matching: run make bench, or first\npip install --no-deps --target "):
        main("--only", "step")
    assert capsys.readouterr().out == ""


def test_results_are_of_one_run(main, capsys):
    with pytest.raises(SystemExit, match="2"):
        main("--only", "pairs", "--output", "results.json")
    assert "numbers of different runs cannot be compared" in capsys.readouterr().err


def test_of_each_chunk_the_fastest_round_counts(speed):
    per_step = speed("clock").per_step
    assert per_step([[0.1, 0.7], [0.3, 0.2]], chunk=10) == pytest.approx(15)


def test_laps_are_those_of_whole_chunks(speed):
    clock = speed("clock")

    def run(number, lap):
        for done in range(5):
            lap(done)
        return number

    timed = clock.race({"a": run, "b": run}, rounds=3, chunk=2)
    assert {name: found.results for name, found in timed.items()} == {"a": [0, 1, 2], "b": [0, 1, 2]}
    assert all(found.ms > 0 for found in timed.values())


def test_contenders_learn_the_same_field(speed):
    trainers = speed("trainers")
    task = trainers.Task(torch.full((50, 1), 3.0), batch=64, steps=150)
    z = torch.randn(2, 100, 1)
    seen = []
    for train in (
        trainers.ours(2),
        trainers.alone(trainers.by_hand),
        trainers.alone(trainers.by_hand, classic=True),
    ):
        field = train(task, 0, seen.append)
        with torch.no_grad():
            late = field(torch.full_like(z, 1.5), torch.full_like(z, 0.5))  # the only pair there has noise 0
        assert (late - 3).abs().max() < 0.5
    assert seen == list(range(151)) * 3


def test_ratios_compare_equals(speed):
    row = {"who": "gen_lib", "members": 1, "batch": 8, "ms per model": 2.0}
    rows = [row, row | {"members": 4, "ms per model": 0.5}, row | {"who": "JAX", "ms per model": 1.0}]
    sections = {name: [] for name in speed("contest").GROUPS} | {"step": rows}
    (found,) = speed("contest").contest(sections)
    assert (found["who"], found["where"], *list(found.values())[-2:]) == ("JAX", "batch 8", 0.5, 2)


def test_results_hold_every_section_and_the_page_shows_them(speed):
    names = {"contest", *speed("__main__").SECTIONS}
    assert set(RESULTS["sections"]) == names
    assert sorted(SHOWN) == sorted([*names, "machine"])
    for name, section in RESULTS["sections"].items():
        assert section["rows"], name
        assert all(list(row) == list(section["rows"][0]) for row in section["rows"]), name
    assert {"processor", "packages", "commit", "date"} <= set(RESULTS["machine"])


def test_who_is_compared_was_measured(speed):
    for section, group in speed("contest").GROUPS.items():
        rows = RESULTS["sections"][section]["rows"]
        assert {"gen_lib"} < {row["who"] for row in rows}, section
        assert set(group) <= set(rows[0]), section
    beside = {row["who"] for row in RESULTS["sections"]["step"]["rows"]}
    assert {"classic loop", "JAX", "TorchCFM", "flow_matching"} < beside
    assert all(row["reached"] == "yes" for row in RESULTS["sections"]["level"]["rows"])


def test_prose_has_no_number_that_could_go_stale():
    assert re.findall(r"\d[\d.,]*(?= ?(?:ms|s|kB|MB|GB|%|times)\b)", re.sub(r"`[^`]*`", "", PAGE)) == []


def test_peers_stay_out_of_the_environment():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    lines = (ROOT / "benchmarks" / "requirements.txt").read_text("utf-8").splitlines()
    pins = {pin.name: pin.specifier for line in lines if not line.startswith("#") for pin in [Requirement(line)]}
    environment = (ROOT / "requirements.txt").read_text("utf-8")
    assert [name for name in pins if re.search(rf"^{name}==", environment, re.M | re.I)] == []
    for bound in map(Requirement, project["bench"]):
        assert bound.specifier.contains(str(pins[bound.name]).removeprefix("=="))
    assert all(re.fullmatch(r"==[\w.]+", str(version)) for version in pins.values())


@pytest.fixture
def peers(monkeypatch, tmp_path):
    """What fetches the packages of npm, with one small package that it finds there."""
    monkeypatch.syspath_prepend(str(ROOT))
    peers = importlib.import_module("benchmarks.trainer.peers")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in ("package/dist/lib.js", "package/dist/lib.wasm", "package/dist/lib.d.ts", "package/README.js"):
            member = tarfile.TarInfo(name)
            member.size = len(name)
            archive.addfile(member, io.BytesIO(name.encode()))
    content = packed.getvalue()
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    asked = []
    monkeypatch.setattr(peers, "PEERS", {("@a/lib", "1.2.3"): f"sha512-{digest}"})
    monkeypatch.setattr(peers, "KEPT", tmp_path)
    monkeypatch.setattr(peers.urllib.request, "urlopen", lambda url, **_: asked.append(url) or io.BytesIO(content))
    return peers, asked


def test_packages_of_npm_are_fetched_once(peers):
    peers, asked = peers
    folder = peers.fetched() / "@a" / "lib" / "dist"
    assert peers.fetched() == peers.KEPT
    assert asked == ["https://registry.npmjs.org/@a/lib/-/lib-1.2.3.tgz"]
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "lib.js": "package/dist/lib.js",
        "lib.wasm": "package/dist/lib.wasm",
    }


def test_a_package_of_npm_that_has_changed_is_refused(peers):
    peers, _ = peers
    peers.PEERS["@a/lib", "1.2.3"] = "sha512-other"
    with pytest.raises(SystemExit, match=r"@a/lib 1\.2\.3 should have the integrity sha512-other, got sha512-"):
        peers.fetched()
    assert list(peers.KEPT.iterdir()) == []


def write(root, name="step"):
    (root / "benchmarks").mkdir(exist_ok=True)
    content = {"machine": {"cores": "2"}, "sections": {name: {"title": "One < step", "rows": ROWS}}}
    (root / how_fast.RESULTS).write_text(json.dumps(content), "utf-8")
    (root / "page.md").write_text("# Page\n\n```{measured} step\n```\n", "utf-8")


def test_a_page_shows_the_last_results(tmp_path):
    write(tmp_path)
    assert build(tmp_path, "-W", extension="how_fast").stderr == ""
    page = (tmp_path / "_build" / "html" / "page.html").read_text("utf-8")
    assert "One &lt; step</caption>" in page
    assert re.findall(r"<t([hd]) [^>]*>([^<]*)</t", page) == [
        *(("h", name) for name in ("who", "ms", "W1")),
        *(("h", "a &amp; b"), ("d", "0.25"), ("d", "0.1 ± 0.02")),
        *(("h", "c"), ("d", "12"), ("d", "")),
    ]


@pytest.mark.parametrize("missing", ["section", "file"])
def test_what_is_missing_stops_the_build(tmp_path, missing):
    write(tmp_path, "other")
    if missing == "file":
        (tmp_path / how_fast.RESULTS).unlink()
    built = build(tmp_path, "-W", extension="how_fast")
    assert built.returncode
    said = {"section": "has no section 'step', only other: run make bench", "file": "results.json: run make bench"}
    assert said[missing] in built.stderr
    assert "page.md:3" in built.stderr


def test_the_book_knows_the_directive():
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["sphinx"]
    assert "how_fast" in config["local_extensions"]
    assert "how_fast" in config["config"]["extensions"]
