"""``gen-lib run``: slips are found before a kernel starts, and what ran is kept, whatever stops it."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import Mock

import nbformat
import pytest
from command_line import ended
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook

from gen_lib.notebook import claim, record
from gen_lib.parameters import ParameterError, checked, converted, optional
from gen_lib.records import MIME, collected
from gen_lib.runs import kernels, notebooks
from gen_lib.runs.parameters import read

ROOT = Path(__file__).parents[1]
PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
CELL = """\
from typing import Literal
seed: int = 0  # of weights and noise, at σ = 1
beta: float = 1.0  # weight
kind: Literal["ae", "vae"] = "ae"  # which
latent: int | None = None
fast: bool = False
label: str = "a # b"  # title\
"""
SETUP = 'from gen_lib.notebook import claim, record, setup\nsetup(seed=(0, 2**31), **{"beta": (0, 100)})'
ANSWER = 'record("sum", [seed, beta])\nclaim("beta is small", beta, below=2)\nprint(seed, beta, kind, latent, fast)'


def written(path: Path, *cells: str, parameters: str = CELL) -> Path:
    first = new_code_cell(parameters, metadata={"tags": ["parameters"]})
    nbformat.write(new_notebook(cells=[first, *map(new_code_cell, cells)], metadata=PYTHON), path)
    return path


@pytest.fixture
def source(tmp_path):
    return written(tmp_path / "a {chapter}.ipynb", SETUP, ANSWER)  # papermill fills in braces


@pytest.fixture
def idle(monkeypatch):
    """Fails the test if a notebook starts."""
    monkeypatch.setattr(notebooks, "execute", lambda *_, **__: pytest.fail("work began"))


def printed(copy: Path) -> str:
    outputs = [output for cell in notebooks.read_cells(copy) for output in cell.get("outputs", ())]
    return "".join("".join(output.get("text", "")) for output in outputs)


# -- types

VALUES = {
    "int": st.integers(-(2**62), 2**62),
    "float": st.floats(allow_nan=False),
    "bool": st.booleans(),
    "str": st.text(),
    "Literal['ae', 'vae', 3]": st.sampled_from(["ae", "vae", 3]),
    "int | None": st.none() | st.integers(-9, 9),
    "Optional[float]": st.none() | st.floats(allow_nan=False),
    "Literal[True, 'auto'] | int": st.sampled_from([True, "auto", 1]),
    "typing.Union[bool, float]": st.booleans() | st.floats(allow_nan=False),
}


# The first letters that are drawn need a table of all letters, which takes a second.
patient = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


@patient
@given(st.data())
def test_a_value_and_its_text_are_the_same_parameter(data):
    kind = data.draw(st.sampled_from(sorted(VALUES)))
    value = data.draw(VALUES[kind])
    assert converted(kind, value) == value
    assert type(converted(kind, value)) is type(value)
    if value is None:
        assert optional(kind)
    else:
        assert converted(kind, str(value)) == value


@patient
@given(st.sampled_from(sorted(VALUES)), st.none() | st.integers() | st.text() | st.floats() | st.lists(st.integers()))
def test_a_value_is_taken_as_it_is_meant_or_refused(kind, value):
    try:
        taken = checked({"x": (kind, "")}, {"x": value}, {})["x"]
    except ParameterError:
        return
    assert taken == value or str(taken).lower() in str(value).lower() or float(taken) == float(value)
    assert isinstance(taken, bool) == isinstance(value, bool) or isinstance(value, str)


@pytest.mark.parametrize("kind", ["list[int]", "Path", "Literal[f(x)]", "dict", "int | list", "'int |'"])
def test_other_types_are_refused_by_name(kind):
    with pytest.raises(ParameterError, match=r"parameter 'x' must be declared as int, float, .*Literal\[\.\.\.\]"):
        checked({"x": (kind, "")}, {"x": "a"}, {})


# -- reading


def test_every_chapter_declares_bounds_that_hold_its_defaults():
    for path in sorted(ROOT.glob("notebooks/*.ipynb")):
        notebook = read(path)
        assert notebook.declared.keys() == notebook.comments.keys() == notebook.defaults.keys()
        assert all(notebook.comments.values()), path.name
        numbers = {name for name, value in notebook.defaults.items() if type(value) in (int, float)}
        assert notebook.bounds.keys() == numbers, path.name
        assert notebook.checked(notebook.defaults) == notebook.defaults
        for name, (low, high) in notebook.bounds.items():
            for value in (low - 1, high + 1):
                with pytest.raises(ParameterError, match=f"parameter '{name}' must lie from {low} to {high}"):
                    notebook.checked({name: value})


def test_what_a_notebook_takes_is_read_from_its_text(source):
    notebook = read(source)
    assert notebook.bounds == {"seed": (0, 2**31), "beta": (0, 100)}
    assert notebook.comments["seed"] == "of weights and noise, at σ = 1"
    assert notebook.comments["label"] == "title"
    assert notebook.defaults["label"] == "a # b"
    assert "seed: int = 0  from 0 to 2147483648; of weights and noise" in notebook.help()
    values = {"seed": "3", "beta": 2, "kind": "vae", "latent": "None", "fast": "true"}
    assert notebook.checked(values) == {"seed": 3, "beta": 2.0, "kind": "vae", "latent": None, "fast": True}


def test_a_notebook_without_types_has_those_of_its_values(tmp_path):
    notebook = read(written(tmp_path / "a.ipynb", parameters="n = 3  # how many\nrate = 0.5\nwhen = now()"))
    assert notebook.checked({"n": "4", "rate": "1"}) == {"n": 4, "rate": 1.0}
    with pytest.raises(ParameterError, match="parameter 'when' must be declared as"):
        notebook.checked({"when": "x"})


def test_code_counts_and_text_does_not(tmp_path):
    one, other = (read(written(tmp_path / f"{i}.ipynb", SETUP, last)).code for i, last in enumerate(["a = 1", "a = 2"]))
    assert one != other
    content = json.loads((tmp_path / "0.ipynb").read_text())
    content["cells"].append(nbformat.v4.new_markdown_cell("words"))
    (tmp_path / "0.ipynb").write_text(json.dumps(content))
    assert read(tmp_path / "0.ipynb").code == one


# -- running


def test_a_run_has_its_parameters_and_keeps_what_it_recorded(source, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out{0}.ipynb"
    status, said, _ = ended(capsys, "run", source, "-p", "beta=4", "-p", "kind=vae", "-p", "latent=3", "-o", out)
    assert status == 0
    assert "0 of 1 claims hold" in said
    assert "0 4.0 vae 3 False" in printed(out)
    values, claims = collected(notebooks.read_cells(out))
    assert values == {"sum": [0.0, 4.0]}
    assert claims == [{"claim": "beta is small", "value": 4.0, "holds": False}]
    kinds = [{*output["data"]} for cell in notebooks.read_cells(out) for output in cell["outputs"] if "data" in output]
    assert kinds == [{MIME}]  # what is recorded is all that is displayed, and by a kind that no reader is shown
    assert [path.name for path in tmp_path.iterdir() if path not in (source, out)] == []

    before = out.read_bytes()
    assert ended(capsys, "run", source, "-o", out)[0] == 2
    assert out.read_bytes() == before
    file = tmp_path / "run.yml"
    file.write_text("beta: 0.5\nseed: 7\nlabel: '3'")
    assert ended(capsys, "run", source, "-f", file, "-p", "seed=8", "-o", out, "--force")[0] == 0
    assert "8 0.5 ae None False" in printed(out)
    assert ended(capsys, "run", source)[0] == ended(capsys, "run", source)[0] == 0  # new names
    assert (tmp_path / "a {chapter}-1.ipynb").exists()
    assert (tmp_path / "a {chapter}-2.ipynb").exists()


@pytest.mark.parametrize("reader", [True, False])
def test_records_are_kept_where_a_program_runs_the_notebook(reader, monkeypatch):
    events, kept = Mock(), Mock()
    monkeypatch.setattr("IPython.get_ipython", lambda: Mock(kernel=Mock(_allow_stdin=reader), events=events))
    monkeypatch.setattr("IPython.display.display", kept)
    record("x", math.inf)
    claim("x is small", 2, below=1)
    assert events.register.called != reader
    if not reader:
        ((_, display), _) = events.register.call_args
        display()
        ((bundle,), _) = kept.call_args
        assert collected([{"outputs": [{"data": json.loads(json.dumps(bundle))}]}]) == (
            {"x": [math.inf]},
            [{"claim": "x is small", "value": 2.0, "holds": False}],
        )


def test_a_failed_run_is_kept_as_far_as_it_got(tmp_path, capsys):
    source = written(
        tmp_path / "a.ipynb", SETUP, 'record("first", 1)\nprint("so far")', "def f():\n    1 / 0\nf()", ANSWER
    )
    status, _, said = ended(capsys, "run", source, "-o", tmp_path / "out.ipynb")
    assert status == 1
    assert said.splitlines()[-4].startswith("gen-lib: code cell 4, `def f():`: ZeroDivisionError: division by zero")
    assert "line 3" in said
    assert str(tmp_path / "out.ipynb") in said
    assert "so far" in printed(tmp_path / "out.ipynb")
    assert collected(notebooks.read_cells(tmp_path / "out.ipynb"))[0] == {"first": [1.0]}


def test_what_went_wrong_is_one_line(tmp_path):
    source = written(tmp_path / "a.ipynb", "raise ValueError('two' + chr(10) + 'lines')")
    trouble = notebooks.execute(source, {}, tmp_path / "out.ipynb", tmp_path).trouble
    assert trouble.endswith("ValueError: two lines")
    assert len(trouble.splitlines()) == 1


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_a_kernel_that_dies_is_a_failure_and_the_next_one_lives(end, tmp_path):
    source = written(tmp_path / "a.ipynb", "print('begun')", f"import os; {end}")
    outcome = notebooks.execute(source, {}, tmp_path / "out.ipynb", tmp_path)
    assert "after code cell" in outcome.trouble
    assert "died" in outcome.trouble
    assert "begun" in printed(tmp_path / "out.ipynb")
    assert not notebooks.execute(written(source, "1 + 1"), {}, tmp_path / "out.ipynb", tmp_path).trouble


DIRTY = """\
import os, sys, random, gen_lib.slips, numpy, torch, matplotlib
seen = [os.environ.get("DIRTY"), hasattr(gen_lib.slips, "dirty"), "dirty" in globals(), torch.initial_seed()]
print("seen", *seen, matplotlib.rcParams["lines.linewidth"], matplotlib.get_backend(), os.getcwd())
threads = len(os.listdir(f"/proc/{os.getppid()}/task"))
print(threads, random.random(), numpy.random.rand(), sep="\\n")
os.environ["DIRTY"], gen_lib.slips.dirty, dirty = "1", 1, 1
torch.manual_seed(9); matplotlib.rcParams["lines.linewidth"] = 9
print("processes", os.getpid(), os.getsid(0), len(os.listdir("/proc/self/fd")))\
"""


def test_each_run_starts_from_the_same_clean_state(tmp_path):
    source = written(tmp_path / "a.ipynb", DIRTY)
    said = []
    for name in ("1.ipynb", "2.ipynb"):
        assert not notebooks.execute(source, {}, tmp_path / name, tmp_path).trouble
        said.append(printed(tmp_path / name).splitlines())
    assert said[0][0] == said[1][0]
    assert "seen None False False" in said[0][0]
    assert str(tmp_path) in said[0][0]
    assert said[0][1] == "1"  # only a process with one thread can be copied
    assert not {*said[0][2:4]} & {*said[1][2:4]}  # as in new processes, what is not seeded differs
    one, other = (line.split()[1:] for line in (said[0][4], said[1][4]))
    assert one[0] == one[1] != other[0] == other[1]  # each in a session of its own
    assert one[2] == other[2]  # nothing is left open


def test_settings_of_the_reader_do_not_show(tmp_path, monkeypatch):
    look = "print(matplotlib.get_backend(), matplotlib.rcParams['lines.linewidth'], 'extra' in globals())"
    source = written(tmp_path / "a.ipynb", f"import matplotlib\n{look}")
    notebooks.execute(source, {}, tmp_path / "clean.ipynb", tmp_path)
    profile = tmp_path / "ipython" / "profile_default" / "startup"
    profile.mkdir(parents=True)
    (profile / "own.py").write_text("extra = 1")
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 7")
    own = {"IPYTHONDIR": tmp_path / "ipython", "MPLBACKEND": "agg", "MATPLOTLIBRC": tmp_path / "matplotlibrc"}
    for name, value in own.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(kernels, "copier", kernels.Copier())
    notebooks.execute(source, {}, tmp_path / "own.ipynb", tmp_path)
    assert printed(tmp_path / "own.ipynb") == printed(tmp_path / "clean.ipynb") != ""


def test_without_copies_a_kernel_is_a_new_process(source, tmp_path, monkeypatch):
    monkeypatch.setattr(kernels, "FORKS", False)
    outcome = notebooks.execute(source, {"beta": 0.5}, tmp_path / "out.ipynb", tmp_path)
    assert outcome == notebooks.Outcome({"sum": [0.0, 0.5]}, [{"claim": "beta is small", "value": 0.5, "holds": True}])


WAITING = "import os, time, pathlib\nprint('begun')\npathlib.Path('pid').write_text(str(os.getpid()))\n"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_what_stops_a_run_keeps_what_is_there_and_leaves_no_process(how, tmp_path):
    source = written(tmp_path / "a.ipynb", "print('first')", WAITING, "time.sleep(600)")
    command = [sys.executable, "-c", "from gen_lib import cli; cli.main()", "run", str(source), "-o", "out.ipynb"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TQDM_DISABLE": "1"}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: "begun" in printed(tmp_path / "out.ipynb"))
        process.send_signal(how)
        assert process.wait(60) == {signal.SIGINT: 130, signal.SIGKILL: -9}[how]
        assert process.stderr.read().strip() == (
            "gen-lib: stopped, the run up to there: out.ipynb" if how is signal.SIGINT else ""
        )
    kernel = int((tmp_path / "pid").read_text())
    until(lambda: not Path(f"/proc/{kernel}").exists())
    assert "first" in printed(tmp_path / "out.ipynb")


def until(happens) -> None:
    end = time.monotonic() + 120
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.05)


# -- slips

BAD = {
    "no notebook": ([], "notebook"),
    "not there": (["nowhere.ipynb"], "is not there"),
    "another kind of file": (["chapter.py"], "must be a file .ipynb"),
    "no JSON": (["broken.ipynb"], "must be a notebook of format 4"),
    "another language": (["julia.ipynb"], "must be in python, it is in julia"),
    "two cells": (["two.ipynb"], "must have one cell tagged 'parameters'"),
    "misspelt": (["a.ipynb", "-p", "betta=1"], "did you mean 'beta'"),
    "a type": (["a.ipynb", "-p", "beta=abc"], "parameter 'beta' must be of type float, got 'abc'"),
    "a bound": (["a.ipynb", "-p", "beta=101"], "parameter 'beta' must lie from 0 to 100"),
    "not a number": (["a.ipynb", "-p", "beta=nan"], "parameter 'beta' must lie from 0 to 100"),
    "a choice": (["a.ipynb", "-p", "kind=gan"], "parameter 'kind' must be of type Literal['ae', 'vae']"),
    "no value": (["a.ipynb", "-p", "beta"], "parameter must be name=value, got 'beta'"),
    "no name": (["a.ipynb", "-p", "=3"], "parameter must be name=value"),
    "nothing": (["a.ipynb", "-p"], "parameters"),
    "an option": (["a.ipynb", "--betta", "3"], "betta"),
    "out": (["a.ipynb", "-o", "out.txt"], "out must end in .ipynb"),
    "out is there": (["a.ipynb", "-o", "two.ipynb"], "exists"),
    "out is the notebook": (["a.ipynb", "-o", "a.ipynb", "--force"], "out must be another file"),
    "out is a folder": (["a.ipynb", "-o", "folder.ipynb", "--force"], "folder"),
    "out in no folder": (["a.ipynb", "-o", "no/out.ipynb"], "out must be in a folder that exists"),
    "no file": (["a.ipynb", "-f", "no.yml"], "no.yml"),
    "a file of another kind": (["a.ipynb", "-f", "list.yml"], "must hold names and values"),
    "a file that is no YAML": (["a.ipynb", "-f", "bad.yml"], "must be YAML"),
    "force": (["a.ipynb", "--force", "maybe"], "maybe"),
}


@pytest.fixture
def full(tmp_path, monkeypatch):
    """A folder with files of all kinds."""
    written(tmp_path / "a.ipynb", SETUP, ANSWER)
    written(tmp_path / "two.ipynb", SETUP)
    two = json.loads((tmp_path / "two.ipynb").read_text())
    two["cells"].append(two["cells"][0] | {"id": "another"})
    (tmp_path / "two.ipynb").write_text(json.dumps(two))
    (tmp_path / "julia.ipynb").write_text(json.dumps(two | {"metadata": {"kernelspec": {"language": "julia"}}}))
    (tmp_path / "folder.ipynb").mkdir()
    texts = {
        "broken.ipynb": "{",
        "chapter.py": "",
        "list.yml": "[1]",
        "bad.yml": "a: [",
        "0.ipynb": "[]",
        "1.ipynb": "3",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def snapshot(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.parametrize("slip", BAD)
def test_slips_are_answered_in_words_before_a_kernel_starts(slip, full, capsys, idle):
    args, word = BAD[slip]
    before = snapshot(full)
    status, said, errors = ended(capsys, "run", *args)
    assert (status, said) == (2, "")
    assert word in errors
    assert "Traceback" not in errors
    assert snapshot(full) == before


def test_slips_do_not_wait_for_torch_or_a_kernel(full):
    code = "import sys; sys.modules['torch'] = sys.modules['papermill'] = None; from gen_lib import cli; cli.main()"
    command = [sys.executable, "-c", code, "run", "a.ipynb", "-p", "betta=1"]
    ran = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert ran.returncode == 2
    assert "did you mean 'beta'" in ran.stderr


def test_the_parameters_are_shown_on_request(full, capsys, idle):
    status, said, _ = ended(capsys, "run", "a.ipynb", "--help-notebook")
    assert status == 0
    assert "kind: Literal['ae', 'vae'] = 'ae'  which" in said.splitlines()


NAMES = st.sampled_from(["seed", "beta", "kind", "latent", "fast", "label", "betta", "", "a b", "-", "pm"])
WORDS = st.text(st.characters(codec="ascii", exclude_characters="\x00"), max_size=8) | st.sampled_from(
    ["nan", "1e400", "None", "[1]", "{}", "-1", "9" * 5000, "σ", "true", "vae"]
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pairs=st.lists(st.tuples(NAMES, WORDS), min_size=1, max_size=3))
def test_any_parameters_are_refused_or_good(pairs, full, capsys, monkeypatch):
    began = []
    monkeypatch.setattr(notebooks, "execute", lambda *args, **_: began.append(args) or notebooks.Outcome())
    before = snapshot(full)
    words = [word for name, value in pairs for word in ("-p", f"{name}={value}")]
    status, _, errors = ended(capsys, "run", "a.ipynb", *words)
    assert snapshot(full) == before
    assert "Traceback" not in errors
    if status == 0:
        ((_, parameters, _, _),) = began
        assert {name.strip() for name, _ in pairs} == {*parameters}
        assert 0 <= parameters.get("beta", 0) <= 100
        assert 0 <= parameters.get("seed", 0) <= 2**31
        assert parameters.get("kind", "ae") in ("ae", "vae")
        assert all(type(v) in (int, float, bool, str, type(None)) for v in parameters.values())
        assert not any(math.isnan(v) for v in parameters.values() if isinstance(v, float))
    else:
        assert (status, began) == (2, [])
        assert "parameter" in errors
