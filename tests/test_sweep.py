"""``gen-lib sweep``: the numbers of runs stay, nothing is computed twice or by halves, and no bad end stops it."""

import csv
import errno
import json
import math
import os
import pickle
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser
from itertools import pairwise, product
from pathlib import Path

import nbformat
import psutil
import pyarrow.parquet as pq
import pytest
from command_line import ended
from filelock import FileLock
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook
from toy_jobs import Toy, swept

from gen_lib.runs import grid, notebooks, report, spread, sweep, table, whole
from gen_lib.runs.folder import Busy
from gen_lib.runs.jobs import Outcome, Task
from gen_lib.runs.parameters import read

ROOT = Path(__file__).parents[1]
quick = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def lines(folder: Path) -> list[dict[str, object]]:
    """The table without its times."""
    rows = pq.read_table(folder / table.PARQUET).to_pylist()
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


# -- grids


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(-9, 9))
def test_a_range_is_that_of_python(first, end, step):
    if step and len(range(first, end, step)):
        assert grid.parse([f"x={first}:{end}:{step}"]) == {"x": [str(value) for value in range(first, end, step)]}
    else:
        with pytest.raises(ValueError, match="grid x must have a value"):
            grid.parse([f"x={first}:{end}:{step}"])


WORDS = st.text(st.characters(exclude_characters='"\r\n\0', exclude_categories=["Cs"]), min_size=1).map(str.strip)


@given(st.lists(WORDS.filter(bool), min_size=1, max_size=5))
def test_a_list_of_values_is_read_as_it_was_written(values):
    text = ",".join(f'"{value}"' for value in values)
    assert grid.parse([f"x={text}"]) == {"x": values}


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 40))
def test_spaced_values_have_equal_steps(low, high, n):
    for kind, scale in (("lin", float), ("log", math.log)):
        (values,) = grid.parse([f"x={kind}:{low!r},{high!r},{n}"]).values()
        places = [scale(float(value)) for value in values]
        assert places[0] == pytest.approx(scale(low), rel=1e-9, abs=1e-9)
        steps = [b - a for a, b in pairwise(places)]
        step = (scale(high) - scale(low)) / (n - 1)
        assert steps == pytest.approx([step] * (n - 1), rel=1e-6, abs=1e-9 * max(map(abs, places)) + 1e-11)


AXES = st.dictionaries(
    st.sampled_from("abcd"), st.lists(st.integers(), min_size=1, max_size=5, unique=True), min_size=1
)


@given(AXES)
def test_a_grid_has_all_points_once_and_the_last_name_moves_fastest(axes):
    expected = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    assert [*grid.points(axes)] == expected


@given(AXES, st.data(), st.integers(0, 2**31))
def test_points_drawn_are_different_and_more_of_them_begin_with_the_same(axes, data, seed):
    every = [*grid.points(axes)]
    n = data.draw(st.integers(1, len(every)))
    drawn = [*grid.points(axes, n, seed)]
    assert len({grid.key(point) for point in drawn}) == n
    assert all(point in every for point in drawn)
    assert [*grid.points(axes, len(every), seed)][:n] == drawn


def test_each_point_is_drawn_equally_often():
    counts = Counter(point["a"] for seed in range(3000) for point in grid.points({"a": range(6)}, 2, seed))
    assert all(abs(count - 1000) < 5 * math.sqrt(1000 * 2 / 3) for count in counts.values())


def test_a_huge_grid_is_not_held():
    axes = {name: range(10**6) for name in "abcdef"}
    assert len([*grid.points(axes, 50)]) == 50
    assert next(grid.points(axes)) == dict.fromkeys("abcdef", 0)


# -- numbers


POINTS = st.lists(
    st.fixed_dictionaries({"a": st.integers(0, 2)}, optional={"b": st.integers(0, 2)}), min_size=1, max_size=6
)


@quick
@given(calls=st.lists(POINTS, min_size=1, max_size=3))
def test_numbers_stay_and_nothing_is_computed_twice(calls, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    known: list[str] = []
    for points in calls:
        new = [key for key in dict.fromkeys(grid.key({**Toy().parameters, **p}) for p in points) if key not in known]
        asked = {grid.key({**Toy().parameters, **point}) for point in points}
        ended = sweep.sweep(Toy(), points, folder)
        known += new
        assert (ended.computed, ended.reused, ended.failed) == (len(new), len(asked) - len(new), 0)
        rows = lines(folder)
        assert [row["run"] for row in rows] == [*range(len(known))]
        assert [grid.key({name: row[name] for name in Toy().parameters}) for row in rows] == known
        assert all(row["sum"] == row["a"] + row["b"] + 1 for row in rows)


def test_a_name_that_is_swept_later_was_at_its_default(tmp_path):
    swept(tmp_path, a=[0, 1])
    ended = swept(tmp_path, a=[0, 1], b=[0, 5])
    assert (ended.computed, ended.reused) == (2, 2)
    assert [(row["run"], row["a"], row["b"]) for row in lines(tmp_path)] == [(0, 0, 0), (1, 1, 0), (2, 0, 5), (3, 1, 5)]


@pytest.mark.parametrize(
    ("job", "word"),
    [
        (Toy(code="2"), "code is '2', was '1'"),
        (Toy(b=7), "b is 7, was 0"),
        (Toy(c=1), "c is 1, was None"),
    ],
)
def test_another_base_is_refused_by_name(job, word, tmp_path):
    swept(tmp_path, a=[0, 1])
    before = snapshot(tmp_path)
    with pytest.raises(ValueError, match=word):
        swept(tmp_path, job, a=[0, 1, 2])
    assert snapshot(tmp_path) == before
    swept(tmp_path, Toy(a=3), a=[0, 1, 2])  # that of a swept name does not matter


def snapshot(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


# -- what goes wrong


def test_runs_that_fail_are_kept_and_computed_again_and_stop_nothing(tmp_path):
    ended = swept(tmp_path, a=[0, 1], then=["fail", "add", "fail once"])
    assert (ended.computed, ended.failed) == (6, 4)
    rows = lines(tmp_path)
    assert [row["status"] for row in rows] == ["failed", "done", "failed"] * 2
    assert rows[0]["trouble"] == "ValueError: no sum of 0 and 0"
    assert "in one" in rows[0]["traceback"]
    assert (rows[0]["sum"], rows[1]["sum"]) == (None, 1.0)
    ended = swept(tmp_path, a=[0, 1], then=["fail", "add", "fail once"])
    assert (ended.computed, ended.reused, ended.failed) == (4, 2, 2)
    assert [row["status"] for row in lines(tmp_path)] == ["failed", "done", "done"] * 2


def test_a_parameter_that_cannot_be_is_refused_before_a_file_is_written(tmp_path):
    with pytest.raises(ValueError, match="unknown parameter"):
        swept(tmp_path / "new", a=[0], typo=[1])
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("number", "moments"), [(errno.ENOSPC, range(0, 11, 2)), (errno.EROFS, range(1, 11, 4))])
def test_a_disk_that_is_full_at_any_moment_loses_nothing(number, moments, tmp_path, monkeypatch):
    axes = {"a": range(3), "then": ["add", "fail"]}
    swept(tmp_path / "undisturbed", **axes)
    write, left = whole.write, [0]

    def full(path, content):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(number, os.strerror(number))
        return write(path, content)

    monkeypatch.setattr(sweep, "write", full)
    for moment in moments:
        left[0] = moment
        with pytest.raises(OSError, match=os.strerror(number)):
            swept(tmp_path / f"{moment}", **axes)
        left[0] = 1000
        swept(tmp_path / f"{moment}", **axes)
        assert lines(tmp_path / f"{moment}") == lines(tmp_path / "undisturbed")


def test_a_part_of_a_run_is_never_read(tmp_path):
    swept(tmp_path, a=range(2))
    run = tmp_path / sweep.RUNS / "000001"
    run.rename(run.with_name(".000001-half"))  # all its files, under the name that it has while it is computed
    assert [result["run"] for result in sweep.results(tmp_path)] == [0]
    assert swept(tmp_path, a=range(2)).computed == 1
    assert not [*(tmp_path / sweep.RUNS).glob(".*")]


def test_two_processes_do_not_sweep_one_folder(tmp_path):
    swept(tmp_path, a=[0])
    before = snapshot(tmp_path)
    with FileLock(tmp_path / ".lock"), pytest.raises(Busy, match="being swept by another process"):
        swept(tmp_path, a=[0, 1])
    assert snapshot(tmp_path) == before


def test_a_run_that_somebody_else_has_stored_is_left_as_it_is(tmp_path):
    swept(tmp_path, a=[0])
    before = snapshot(tmp_path)
    point = {**Toy().parameters, "a": 5}
    (row,) = sweep.compute(Task(Toy(), [0], [point], tmp_path))
    assert row["parameters"]["a"] == 0
    assert snapshot(tmp_path) == before


KILLED = """
import sys, time
from pathlib import Path
sys.path[:0] = [{tests!r}]
from toy_jobs import swept
if __name__ == "__main__":
    try:
        swept(Path(sys.argv[1]), workers=int(sys.argv[2]), a=range(8), b=range(3), then=["wait"])
    except KeyboardInterrupt as stop:
        print(stop)
"""


@pytest.fixture
def program(tmp_path):
    (tmp_path / "program.py").write_text(KILLED.format(tests=str(ROOT / "tests")))
    return [sys.executable, str(tmp_path / "program.py")]


@pytest.mark.parametrize(("workers", "moments"), [(0, 5), (2, 1)])
def test_killed_at_any_moment_it_ends_with_the_same_table(workers, moments, program, tmp_path):
    everything = {"a": range(8), "b": range(3), "then": ["wait"]}
    swept(tmp_path / "undisturbed", **everything)
    stream, folder = random.Random(0), tmp_path / "killed"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for _ in range(moments):
        with subprocess.Popen(
            [*program, str(folder), str(workers)], env=environment, start_new_session=True
        ) as process:
            first = len([*sweep.results(folder)])
            while process.poll() is None and len([*sweep.results(folder)]) == first:
                time.sleep(0.005)
            time.sleep(stream.uniform(0, 0.1))
            process.kill()
        gone(process.pid)
        assert all(result["status"] == "done" for result in sweep.results(folder))
    swept(folder, **everything)
    assert lines(folder) == lines(tmp_path / "undisturbed")


def test_ctrl_c_ends_it_in_one_line_and_the_same_call_goes_on(program, tmp_path):
    folder, environment = tmp_path / "stopped", os.environ | {"PYTHONPATH": str(ROOT), "HELD": "yes"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([*program, str(folder), "2"], env=environment, start_new_session=True, **pipes) as process:
        while process.poll() is None and len([*sweep.results(folder)]) < 2:
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to all processes
        said, errors = process.communicate(timeout=60)
    gone(process.pid)
    assert errors == ""
    computed = len(lines(folder))
    assert f"stopped: computed {computed}, reused 0, all kept" in said
    assert swept(folder, a=range(8), b=range(3), then=["wait"]).reused >= computed >= 2


def belongs(number: int, session: int) -> bool:
    """Whether a process is one of a session."""
    try:
        return os.getsid(number) == session
    except (ProcessLookupError, PermissionError):
        return False


def gone(session: int) -> None:
    """Wait until no process of a session is left."""
    end = time.monotonic() + 60
    while any(belongs(number, session) for number in psutil.pids()):
        assert time.monotonic() < end
        time.sleep(0.05)


# -- several processes


def test_workers_keep_the_memory_of_tensors(monkeypatch):
    """Dask would have them give it back at once, which takes a third of a step of a small net."""
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    with spread._client(1, None) as client:
        assert client.submit(os.environ.get, "MALLOC_TRIM_THRESHOLD_").result() is None


def test_workers_that_die_are_replaced_and_only_the_culprit_is_to_blame(tmp_path):
    axes = {"a": range(3), "then": ["add", "die once"]}
    swept(tmp_path / "here", a=range(3), then=["add"])
    job = Toy()
    points = [*grid.points(axes), {"a": 9, "then": "die"}, {"a": 9, "then": "fail"}]
    ended = sweep.sweep(job, points, tmp_path / "there", workers=2)
    rows = lines(tmp_path / "there")
    assert (ended.computed, ended.failed) == (8, 2)
    assert [row["trouble"][:35] for row in rows if row["status"] == "failed"] == [
        "the process that computed it died, ",
        "ValueError: no sum of 9 and 0",
    ]
    assert [row["sum"] for row in rows[:6]] == [1, 1, 2, 2, 3, 3]


@pytest.fixture(scope="module")
def cluster():
    """A cluster that somebody else has started."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0") as made:
        yield made


def test_the_table_does_not_depend_on_where_it_is_computed(cluster, tmp_path):
    axes = {"a": range(5), "b": range(4), "then": ["add", "fail"]}
    swept(tmp_path / "here", **axes)
    ended = sweep.sweep(Toy(), grid.points(axes), tmp_path / "there", scheduler=cluster.scheduler_address)
    assert (ended.computed, ended.failed) == (40, 20)
    here, there = (lines(tmp_path / name) for name in ("here", "there"))
    for row in (*here, *there):
        row["traceback"] = row["traceback"].splitlines()[-1:]
    assert here == there


def test_no_more_tasks_are_read_than_are_being_computed(cluster, tmp_path):
    read, ahead = [], []
    swept(tmp_path, a=[0])

    def tasks():
        for number in range(200):
            read.append(number)
            yield Task(Toy(), [number], [{**Toy().parameters, "a": number}], tmp_path)

    for done, _ in enumerate(spread.spread(sweep.compute, tasks(), 200, 0, cluster.scheduler_address)):
        ahead.append(len(read) - done)
    assert done == 199
    assert max(ahead) <= 2 + spread.AHEAD + 1


# -- the table


VALUES = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5)
RESULTS = st.fixed_dictionaries(
    {
        "parameters": st.fixed_dictionaries({"a": VALUES, "b": st.integers(0, 9)}),
        "status": st.sampled_from(["done", "failed"]),
        "seconds": st.floats(0, 9),
        "values": st.dictionaries(st.sampled_from(["x", "y", "b"]), st.lists(st.floats(), min_size=1, max_size=3)),
        "claims": st.lists(st.fixed_dictionaries({"claim": st.text(max_size=5), "holds": st.booleans()}), max_size=2),
        "trouble": st.text(max_size=5),
        "traceback": st.text(max_size=5),
    }
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(results=st.lists(RESULTS, max_size=5))
def test_both_tables_hold_every_run_and_every_value(results, tmp_path_factory):
    folder = tmp_path_factory.mktemp("table")
    results = [{"run": number, **result} for number, result in enumerate(results)]
    table.write(folder, lambda _: results)
    rows = pq.read_table(folder / table.PARQUET).to_pylist()
    assert len(rows) == len(results)
    for row, result in zip(rows, results, strict=True):
        assert {name: row[name] for name in ("run", "status", "trouble")} == {
            name: result[name] for name in ("run", "status", "trouble")
        }
        for name, values in result["values"].items():
            column = "recorded b" if name == "b" else name
            kept = row[f"{column}_values"] if len(values) > 1 else [row[column]]
            assert [repr(value) for value in kept] == [repr(float(value)) for value in values]
        assert row["claims"] == len(result["claims"])
    with open(folder / table.CSV, newline="", encoding="utf8") as file:
        texts = [*csv.DictReader(file)]
    assert [text["run"] for text in texts] == [str(row["run"]) for row in rows]
    assert {*texts[0]} == {*rows[0]} if rows else True


NUMBERS = st.lists(st.floats() | st.integers(-(2**70), 2**70), min_size=1, max_size=4)


@given(NUMBERS)
@example([math.inf, -math.inf])
@example([1.7e308, -1.7e308])
@example([-0.0])
@example([1.7e308, 1.7e308, 1.7e308])
def test_any_numbers_have_a_mean_and_a_spread(values):
    center, spread = table.mean_and_spread(values)
    values = [*map(float, values)]
    if not all(map(math.isfinite, values)):
        assert math.isnan(spread)
        assert center in (math.inf, -math.inf) or math.isnan(center)
        return
    assert min(values) <= center <= max(values)
    if len(values) == 1:
        assert repr(center) == repr(values[0])
        assert math.isnan(spread)
    else:
        widest = Fraction(max(values)) - Fraction(min(values))
        assert spread == math.inf or 0 <= Fraction(spread) <= widest * (1 + Fraction(1, 2**50))


NAMES = st.sampled_from(["x", "x_std", "x_values", "recorded x", "y_std", "n_values", *table.ALWAYS])


@given(
    parameters=st.dictionaries(NAMES, st.integers()),
    values=st.dictionaries(NAMES, st.lists(st.floats(-9, 9), min_size=1, max_size=2)),
)
def test_whatever_the_names_are_nothing_takes_the_place_of_another(parameters, values):
    result = {"run": 7, "parameters": parameters, "status": "done", "seconds": 1.5, "claims": [], "values": values}
    row = table.flat(result | {"trouble": "", "traceback": ""})
    assert len(row) == len(table.ALWAYS) + len(parameters) + sum(3 if len(v) > 1 else 1 for v in values.values())
    assert (row["run"], row["status"], row["seconds"], row["claims"]) == (7, "done", 1.5, 0)
    assert [row[table.of_parameter(name)] for name in parameters] == [*parameters.values()]
    recorded = [*row.values()][3 + len(parameters) : -5]
    for given_ in values.values():
        expected = [table.mean_and_spread(given_)[0]]
        expected += [table.mean_and_spread(given_)[1], given_] if len(given_) > 1 else []
        assert recorded[: len(expected)] == expected
        recorded = recorded[len(expected) :]


class Recording(Toy):
    """Records the same in each run."""

    def __init__(self, values=(), trouble="", **parameters):
        super().__init__(**parameters)
        self.outcome = Outcome(dict(values), trouble=trouble)

    def run(self, points, folders):
        return [self.outcome] * len(points)


def test_ten_thousand_numbers_of_a_run_are_taken_up_again(tmp_path):
    """A field of the CSV may be longer than the csv module usually reads."""
    job = Recording({"x": [1 / 3] * 10_000})
    assert swept(tmp_path, job, a=range(2)).computed == 2
    assert swept(tmp_path, job, a=range(3)).computed == 1
    assert [len(row["x_values"]) for row in lines(tmp_path)] == [10_000] * 3


def test_half_characters_of_a_file_name_are_written_out(tmp_path, capsys):
    swept(tmp_path, Recording({"x": [1.0]}, trouble="no file caf\udce9", then="\udce9"), a=range(2))
    assert [row["trouble"] for row in lines(tmp_path)] == ["no file caf\\udce9"] * 2
    assert ended(capsys, "report", tmp_path)[0] == 0


def test_a_parameter_that_is_no_number_is_the_same_again(tmp_path):
    job = Toy(b=math.nan)
    swept(tmp_path, job, a=range(2))
    assert swept(tmp_path, job, a=range(2)).reused == 2


def test_a_copy_of_a_run_by_hand_is_no_run(tmp_path):
    swept(tmp_path, a=range(2))
    shutil.copytree(tmp_path / "runs" / "000001", tmp_path / "runs" / "000001 copy")
    assert [result["run"] for result in sweep.results(tmp_path)] == [0, 1]


def test_the_table_grows_while_runs_end(tmp_path):
    """After each run the file has its row; in the end nothing but the order has changed."""
    seen = []

    class Watched(Toy):
        def run(self, points, folders):
            with open(tmp_path / table.CSV, newline="", encoding="utf8") as file:
                seen.append([row["run"] for row in csv.DictReader(file)])
            return super().run(points, folders)

    job = Watched()
    sweep.sweep(job, [{"a": a, "then": "fail" if a < 2 else "add"} for a in range(6)], tmp_path)
    assert seen == [[str(number) for number in range(done)] for done in range(6)]


def test_a_run_that_ends_while_the_table_is_made_anew_has_one_row(tmp_path):
    swept(tmp_path, a=range(6))
    live = table.Live(tmp_path, lambda _: ())  # as if nothing had ended yet
    live.results = sweep.results
    for result in [*sweep.results(tmp_path)][::-1]:  # the first has new columns, and all have ended
        live.add(result)
    with open(tmp_path / table.CSV, newline="", encoding="utf8") as file:
        assert sorted(row["run"] for row in csv.DictReader(file)) == [*"012345"]
    assert not live.ahead


def test_the_table_is_made_anew_at_most_a_few_times(tmp_path, monkeypatch):
    written = Counter()
    monkeypatch.setattr(table, "write", lambda *args, write=table.write: written.update(["w"]) or write(*args))

    class Growing(Toy):
        def run(self, points, folders):
            return [Outcome({f"column {points[0]['a']}": [1.0]})]

    sweep.sweep(Growing(), grid.points({"a": range(60)}), tmp_path)
    assert written["w"] <= 3 + math.log2(60)
    assert len(lines(tmp_path)) == 60


# -- the page


class Page(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def test_a_report_is_one_page_that_needs_nothing_else(tmp_path, capsys):
    axes = {"a": range(3), "b": [1, 10, 100], "then": ["add", "fail"]}
    swept(tmp_path / "s <b>", **axes)
    status, said, _ = ended(capsys, "report", tmp_path / "s <b>")
    page = Page(Path(said.strip()).read_text("utf8"))
    assert status == 0
    assert len(page.all("tr")) == 1 + 18
    assert len(page.all("img")) == 2 * 2  # sum and a over a and b; of what has not failed, nothing is over then
    assert all(image["alt"] and image["src"].startswith("data:image/png;base64,") for image in page.all("img"))
    assert not [
        attrs for _, attrs in page.tags for name in ("src", "href") if not attrs.get(name, "data:").startswith("data:")
    ]
    assert not page.all("b")
    assert "18 runs, 9 failed" in " ".join(page.words)
    assert any("sum over a: from 38 at 0 to 40 at 2" in image["alt"] for image in page.all("img"))
    assert ended(capsys, "report", tmp_path / "s <b>", "-o", tmp_path / "s <b>" / table.CSV)[0] == 2
    assert ended(capsys, "report", tmp_path)[0] == 2


@given(st.lists(st.tuples(st.sampled_from([1, 2.5, 7]), st.floats(-9, 9)), min_size=1))
def test_a_bar_is_the_deviation_over_the_other_parameters(pairs):
    rows = [{"x": x, "y": y, "y_std": 0.25} for x, y in pairs]
    found = report.grouped("y", "x", rows)
    assert [x for x, *_ in found] == sorted({x for x, _ in pairs})
    for x, mean, spread_, n in found:
        values = [y for other, y in pairs if other == x]
        assert n == len(values)
        assert mean == pytest.approx(sum(values) / n)
        expected = math.sqrt(sum((y - mean) ** 2 for y in values) / (n - 1)) if n > 1 else 0.25
        assert spread_ == pytest.approx(expected, abs=1e-6)


TEXTS = st.sampled_from(["$", "$\\foo$", "x$_$y", "<b>", "x_std", "n_values", "é", '"', "long " * 99])
LARGE = st.sampled_from(
    [0.0, -0.0, 5e-324, 1e-99, 1.0, 1e99, -1e99, 1e300, -1e300, 1e308, -1.7e308, math.inf, -math.inf, math.nan]
)


@quick
@given(name=TEXTS, values=st.lists(LARGE, min_size=2, max_size=2), members=st.booleans())
@example(name="x", values=[[8, 4], [16]], members=False)
@example(name="x", values=[{"p": 1}, {"p": 2}], members=False)
@example(name="x", values=["$\\foo$", None], members=True)
@example(name="x", values=["long " * 99, ""], members=True)
@example(name="x", values=[5e-324, 1e300], members=False)
@example(name="x", values=[1e-99, 1e99], members=False)
@example(name="x", values=[10**400, 1], members=True)
def test_whatever_is_recorded_over_whatever_is_drawn(name, values, members):
    numbers = [value if isinstance(value, float) else 1.0 for value in values]
    result = {"status": "done", "seconds": 1.0, "claims": [], "trouble": "", "traceback": ""}
    rows = []
    for run, value in enumerate(values):
        recorded = {name: numbers if members else [numbers[run]], f"{name}_std": [1.0]}
        rows.append(table.flat(result | {"run": run, "parameters": {"seconds": value}, "values": recorded}))
    shared = {"base": {}, "parameters": {"seconds": 0}, "swept": ["seconds"]}
    images = Page(report.page("sweep", shared, rows)).all("img")
    over = len({repr(value) for value in values}) > 1
    assert [image["alt"].split(" over parameter seconds: ")[0] for image in images] == (
        [name, f"recorded {name}_std" if members else f"{name}_std"] if over else []
    )


# -- the command


CHAPTER = """\
from gen_lib.records import publish
publish({"name": "sum", "values": [seed + beta]})
publish({"claim": "beta is small", "value": beta, "holds": beta < 2})
assert seed < 2, "no such seed"\
"""


@pytest.fixture
def source(tmp_path):
    first = new_code_cell("seed: int = 0\nbeta: float = 1.0", metadata={"tags": ["parameters"]})
    bounds = new_code_cell("def setup(**bounds): ...\nsetup(seed=(0, 9), beta=(0, 100))")
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=[first, bounds, new_code_cell(CHAPTER)], metadata=python), tmp_path / "a.ipynb")
    return tmp_path / "a.ipynb"


def test_a_notebook_is_swept_over_its_parameters(source, tmp_path, capsys):
    out = tmp_path / "sweep"
    command = ["sweep", source, "--grid", "beta=1,4", "-o", out, "--workers", "0"]
    status, said, _ = ended(capsys, *command, "--grid", "seed=0:2")
    assert (status, said.splitlines()[0]) == (0, "computed 4, reused 0")
    status, said, errors = ended(capsys, *command, "--grid=seed=1:3")
    assert (status, said.splitlines()[0]) == (1, "computed 2, reused 2")
    assert "2 of them failed" in errors
    rows = lines(out)
    assert [(row["beta"], row["seed"], row["sum"], row["claims_hold"]) for row in rows[:4]] == [
        (beta, seed, beta + seed, beta < 2) for beta in (1.0, 4.0) for seed in (0, 1)
    ]
    assert [row["trouble"] for row in rows[4:]] == [
        "code cell 4, `from gen_lib.records import publish`: AssertionError: no such seed"
    ] * 2
    assert all((out / sweep.RUNS / f"{row['run']:06d}" / "notebook.ipynb").exists() for row in rows)

    again = ["sweep", source, "--grid", "seed=0:2", "-p", "beta=4", "-o", out, "--workers", "0"]
    assert "computed 0, reused 2" in ended(capsys, *again)[1]  # beta has been swept, so it may be given
    content = json.loads(source.read_text())
    content["cells"][-1]["source"] = "1 + 1"
    source.write_text(json.dumps(content))
    assert "code of the notebook is" in ended(capsys, *command, "--grid", "seed=0:2")[2]


@pytest.mark.parametrize(
    ("declared", "word", "passed"),
    [("int | bool = 1", "true", {"p": True}), ("float = 0.0", "-0.0", {"p": -0.0}), ("int = 1", "1", {})],
)
def test_what_only_equals_the_default_reaches_the_notebook(declared, word, passed, source, tmp_path, monkeypatch):
    nbformat.write(new_notebook(cells=[new_code_cell(f"p: {declared}", metadata={"tags": ["parameters"]})]), source)
    job, seen = notebooks.NotebookJob(read(source), {}), []
    monkeypatch.setattr(notebooks, "execute", lambda _, changed, *__: seen.append(changed) or Outcome())
    sweep.sweep(job, [job.check({"p": word})], tmp_path / "s")
    assert repr(seen) == repr([passed])


def test_a_job_survives_the_way_to_another_process(source):
    job = notebooks.NotebookJob(read(source), {"beta": 3.0})
    sent = pickle.loads(pickle.dumps(job))
    assert vars(sent) == vars(job)
    assert sent.base != notebooks.NotebookJob(replace(read(source), code="other"), {}).base


BAD = {
    "no grid": ([], "grid must be given"),
    "no folder": (["--grid", "beta=1"], "out must be given"),
    "a misspelt name": (["--grid", "betta=1", "-o", "new"], "did you mean 'beta'"),
    "a value out of bounds": (
        ["--grid", "beta=1,101", "-o", "new"],
        "parameter 'beta' must lie from 0 to 100, got '101'",
    ),
    "a type": (["--grid", "seed=0.5", "-o", "new"], "parameter 'seed' must be of type int"),
    "a range without values": (["--grid", "seed=3:3", "-o", "new"], "the end is left out"),
    "a step of none": (["--grid", "seed=0:3:0", "-o", "new"], "must have a value"),
    "a range that is too long": (["--grid", "seed=0:99999999999999999999999", "-o", "new"], "at most 100000 values"),
    "a gap": (["--grid", "beta=1,,2", "-o", "new"], "between any two commas"),
    "no value": (["--grid", "beta=", "-o", "new"], "grid beta must have a value"),
    "no name": (["--grid", "0:8", "-o", "new"], "grid must be name="),
    "a logarithm of 0": (["--grid", "beta=log:0,1,5", "-o", "new"], "above 0"),
    "one value between ends": (["--grid", "beta=lin:0,1,1", "-o", "new"], "at least 2"),
    "a name twice": (["--grid", "beta=1", "--grid", "beta=2", "-o", "new"], "'beta' comes twice"),
    "a name in both": (["--grid", "beta=1", "-p", "beta=2", "-o", "new"], "must be given once"),
    "too many": (["--grid", "beta=1,2", "--random", "3", "-o", "new"], "random must be at most 2"),
    "none": (["--grid", "beta=1,2", "--random", "0", "-o", "new"], "random must be a whole number of at least 1"),
    "workers": (["--grid", "beta=1", "--workers", "-1", "-o", "new"], "workers must be a whole number of at least 0"),
    "both": (["--grid", "beta=1", "--workers", "1", "--scheduler", "tcp://x:1", "-o", "new"], "exclude each other"),
    "a folder with other files": (["--grid", "beta=1", "-o", "full", "--workers", "0"], "holds other files"),
    "a file": (["--grid", "beta=1", "-o", "full/file", "--workers", "0"], "must be a folder"),
    "a file on the way": (["--grid", "beta=1", "-o", "full/file/new", "--workers", "0"], "file"),
    "seed of the draw": (["--grid", "beta=1", "--random_seed", "-1", "-o", "new"], "random_seed"),
}


@pytest.fixture
def place(source, tmp_path, monkeypatch):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(spread, "spread", lambda *_: pytest.fail("work began"))
    monkeypatch.setattr(sweep, "spread", lambda *_: pytest.fail("work began"))
    return tmp_path


@pytest.mark.parametrize("slip", BAD)
def test_slips_are_answered_in_words_before_anything_is_written(slip, place, capsys):
    args, word = BAD[slip]
    before = snapshot(place)
    status, said, errors = ended(capsys, "sweep", "a.ipynb", *args)
    assert (status, said) == (2, "")
    assert word in errors
    assert "Traceback" not in errors
    assert snapshot(place) == before


PARTS = st.sampled_from(
    ["seed", "beta", "bet", "=", ",", ":", "0", "1.5", "-3", "1e9", "lin:", "log:", '"', " ", "nan"]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(grids=st.lists(st.lists(PARTS, max_size=7).map("".join), min_size=1, max_size=2))
def test_any_grid_is_refused_or_good(grids, place, capsys, monkeypatch):
    began = []
    summary = sweep.Summary(0, 0, 0, place)
    monkeypatch.setattr(sweep, "sweep", lambda job, points, *_, **__: began.extend(points) or summary)
    before = snapshot(place)
    words = [word for text in grids for word in ("--grid", text)]
    status, _, errors = ended(capsys, "sweep", "a.ipynb", *words, "-o", "new")
    assert snapshot(place) == before
    assert "Traceback" not in errors
    if status == 0:
        assert began
        assert all(0 <= point.get("seed", 0) <= 9 and 0 <= point.get("beta", 0) <= 100 for point in began)
    else:
        assert (status, began) == (2, [])
        assert re.search("grid|parameter", errors)


def test_a_folder_that_takes_no_files_is_an_error_of_the_user(source, tmp_path, capsys, monkeypatch):
    def refuse(self, *_, **__):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    status, _, errors = ended(capsys, "sweep", source, "--grid", "beta=1", "-o", tmp_path / "new", "--workers", "0")
    assert status == 2
    assert "Permission denied" in errors
    shutil.rmtree(tmp_path / "new", ignore_errors=True)
