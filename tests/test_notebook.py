import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import nbconvert
import nbformat
import pytest
import torch
from papermill.translators import translate_parameters

from gen_lib import notebook
from gen_lib.notebook import ClaimError, claim, record, show
from gen_lib.parameters import ParameterError, checked, read_parameters

ROOT = Path(__file__).parents[1]
CELL = 'seed: int = 0  # of everything\nbeta: float = 1.0  # price\nname: str = "a"  # title\nfast: bool = False'
DECLARED, _ = read_parameters(["", "import torch", CELL], ["beta"])


def injected(**values):
    """The cell that papermill would put in."""
    return translate_parameters("python3", "python", values, "Parameters")


def test_the_parameters_cell_is_found():
    expected = {"seed": ("int", "0"), "beta": ("float", "1.0"), "name": ("str", "'a'"), "fast": ("bool", "False")}
    assert DECLARED == expected
    assert read_parameters(["import torch", "x = (", "class A:\n    x: int = 0"], []) == ({}, [])
    assert read_parameters(["", "x: int = 0", CELL], ["beta"])[0] == expected  # a cell of the reader's own before it
    assert read_parameters([CELL, "x: int = 0"], [])[0] == expected


@pytest.mark.parametrize(
    "values",
    [
        {"beta": 4, "seed": -1},
        {"beta": math.inf, "x": -math.inf, "y": math.nan},
        {"name": "a # b\n'c'", "fast": None},
        {"widths": [1, [2.5]], "table": {"a": True}},
        {},
    ],
)
def test_the_cell_of_papermill_is_known_until_another_takes_its_place(values):
    assert read_parameters([CELL, injected(**values)], ["beta"])[1] == list(values)
    assert read_parameters([CELL, injected(**values), injected(other=1)], ["beta"])[1] == ["other"]
    assert read_parameters([CELL, injected(**values), CELL], ["beta"])[1] == []


@pytest.mark.parametrize(
    "cell",
    [
        "# Parameters of my run\nwidth = 3",
        "# Parameters\nwidth = 2 * beta",
        "# Parameters\nwidth = beta",
        "# Parameters\nprint(beta)",
        "width = 3\n# Parameters",
    ],
)
def test_a_cell_of_the_reader_is_not_taken_for_papermills(cell):
    assert read_parameters([CELL, cell], ["beta"])[1] == []


SHELL = """
import gc, json, sys
import torch
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
shell = InteractiveShell.instance(config=Config({"HistoryManager": {"hist_file": ":memory:"}}))
gc.freeze()  # a reset collects garbage, and would look for it in all of torch
ended = []
for cells in json.loads(sys.argv[1]):
    shell.reset()
    for cell in ["from gen_lib.notebook import setup", *cells]:
        ran = shell.run_cell(cell, store_history=True, silent=False)
    error = ran.error_in_exec
    names = {name: shell.user_ns.get(name) for name in ("seed", "beta", "steps")}
    ended.append(f"{type(error).__name__}: {error}" if error else names)
print("\\n" + json.dumps(ended))
"""
P = "seed: int = 0\nbeta: float = 1.0  # price\nsteps: int = 100"
S = "setup(seed=(0, 9), beta=(0, 100), steps=(1, 5000))"
MISSPELT = "unknown parameter 'betta', did you mean 'beta'? Allowed: seed (int from 0 to 9, default 0), beta (float "
SESSIONS = {  # the cells that a reader runs, one after the other, and what comes of it
    "as it is": ([P, S], {"beta": 1.0}),
    "papermill": ([P, injected(beta=4), S], {"beta": 4.0}),
    "an edited value": ([P, injected(beta=4), S, injected(beta=8), S], {"beta": 8.0}),
    "an edited value, without papermill": ([P, S, P.replace("1.0", "16"), S], {"beta": 16.0}),
    "the parameters again": ([P, injected(beta=4), S, P, S], {"beta": 1.0}),
    "a line more": ([P, injected(beta=4), S, f"{P}\nbeta = 16", S], {"beta": 16.0}),
    "a line more at once": ([f"{P}\nbeta = 16", S], {"beta": 16.0}),
    "a cell between": ([P, injected(beta=4), "beta = 16", S], {"beta": 16.0}),
    "a cell afterwards": ([P, S, "beta = 16", S], {"beta": 16.0}),
    "set-up again": ([P, injected(beta=4), S, S], {"beta": 4.0}),
    "a title of one's own": ([P, "# Parameters of my run\nbeta = 5\nwidth = 3", S], {"beta": 5.0}),
    "a corrected name": ([P, injected(betta=4), S, injected(beta=4), S], {"beta": 4.0}),
    "a cell removed": ([P, injected(betta=4), S, P, S], {"beta": 1.0}),
    "a corrected value": ([P, injected(beta="abc"), S, injected(beta=4), S], {"beta": 4.0}),
    "expressions": (["seed: int = 0\nbeta: float = 1 / 3\nsteps: int = 5 * 500", S], {"beta": 1 / 3, "steps": 2500}),
    "an import": ([f"import math\n{P}\nbeta: float = math.tau", S], {"beta": math.tau}),
    "no type": ([P.replace(": float", ""), S], {"beta": 1.0}),
    "a magic": ([P, "%time beta = 2", S], {"beta": 2.0}),
    "another notebook": (["seed: int = 3\nrate: float = 0.5", "setup()"], {"seed": 3}),
    "a wrong name": ([P, injected(betta=4), S], MISSPELT),
    "a wrong name, twice": ([P, injected(betta=4), S, S], MISSPELT),
    "a wrong name after a cell with types": (["x: list = []", P, injected(betta=4), S], MISSPELT),
    "infinity": ([P, injected(beta=math.inf), S], "parameter 'beta' must lie from 0 to 100, got inf. Allowed: "),
    "infinitely many": ([P, injected(steps=math.inf), S], "parameter 'steps' must be of type int, got inf. Allowed: "),
    "an expression out of bounds": (
        ["seed: int = 0\nbeta: float = 1 / 3\nsteps: int = 5 * 5000", S],
        "parameter 'steps' must lie from 1 to 5000, got 25000. Allowed: seed (int from 0 to 9, default 0), "
        "beta (float from 0 to 100, default 1 / 3), steps (int from 1 to 5000, default 5 * 5000)",
    ),
    "another type": (
        [f"{P}\nwidths: list[int] = [8]", S],
        "parameter 'widths' must be declared as int, float, str, bool, Literal[...], or several of these and None "
        "joined by |, or in another cell, got list[int]. Allowed: ",
    ),
    "no type, out of bounds": ([P.replace(": float", "") + "\nbeta = 101", S], "'beta' must lie from 0"),
    "set-up first": ([S, P, S], {"beta": 1.0}),
    "set-up alone": ([S], "parameter 'beta' has no value, run the cell above; "),
    "a name removed": (["seed: int = 0\nsteps: int = 100", S], "parameter 'beta' has no value"),
}


@pytest.fixture(scope="module")
def sessions():
    """What became of each session, in one IPython."""
    everything = json.dumps([cells for cells, _ in SESSIONS.values()])
    run = [sys.executable, "-c", SHELL, everything]
    printed = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    return dict(zip(SESSIONS, json.loads(printed.splitlines()[-1]), strict=True))


@pytest.mark.xdist_group("sessions")
@pytest.mark.parametrize("name", SESSIONS)
def test_in_a_session_the_values_are_those_that_the_names_hold(sessions, name):
    _, expected = SESSIONS[name]
    if isinstance(expected, str):
        assert sessions[name].startswith("ParameterError: ")
        assert expected in sessions[name]
    else:
        assert {k: v for k, v in sessions[name].items() if k in expected} == expected
        assert all(type(sessions[name][k]) is type(v) for k, v in expected.items())


@pytest.mark.parametrize(
    ("given", "result"),
    [
        ({"beta": 4}, {"beta": 4.0}),
        ({"beta": "2.5"}, {"beta": 2.5}),  # papermill -r passes strings
        ({"seed": "7"}, {"seed": 7}),
        ({"seed": 7.0}, {"seed": 7}),
        ({"name": "b", "fast": True}, {"name": "b", "fast": True}),
        ({"fast": "false"}, {"fast": False}),
    ],
)
def test_values_get_their_declared_types(given, result):
    values = checked(DECLARED, given, {})
    assert values == result
    assert all(type(values[k]) is type(v) for k, v in result.items())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"betta": 4},
            "unknown parameter 'betta', did you mean 'beta'? Allowed: seed (int, default 0), beta (float from 0",
        ),
        ({"beta": "abc"}, "parameter 'beta' must be of type float, got 'abc'"),
        ({"seed": 1.5}, "parameter 'seed' must be of type int, got 1.5"),
        ({"seed": True}, "parameter 'seed' must be of type int, got True"),
        ({"seed": None}, "parameter 'seed' must be of type int, got None"),
        ({"fast": 1}, "parameter 'fast' must be of type bool, got 1"),
        ({"fast": "maybe"}, "parameter 'fast' must be of type bool, got 'maybe'"),
        ({"name": 3}, "parameter 'name' must be of type str, got 3"),
        ({"beta": 11.0}, "parameter 'beta' must lie from 0 to 10, got 11.0"),
        ({"beta": float("nan")}, "parameter 'beta' must lie from 0 to 10, got nan"),
        ({"betta": 4, "seed": "x"}, "did you mean 'beta'?; parameter 'seed' must be of type int, got 'x'"),
    ],
)
def test_slips_are_named_with_what_is_allowed(given, message):
    with pytest.raises(ParameterError, match=re.escape(message)):
        checked(DECLARED, given, {"beta": (0, 10)})


def test_whole_numbers_are_not_rounded():
    assert checked({"seed": ("int", "0")}, {"seed": 2**53 + 1}, {}) == {"seed": 2**53 + 1}
    with pytest.raises(ParameterError, match="'seed' must lie from 0 to 10, got 1000"):
        checked({"seed": ("int", "0")}, {"seed": 10**400}, {"seed": (0, 10)})


@pytest.mark.parametrize(("value", "threads"), [("2", 2), ("", 1), (None, 1)])
def test_setup_chooses_threads_and_seeds_torch(monkeypatch, value, threads):
    monkeypatch.delenv("GEN_LIB_THREADS", raising=False)
    if value is not None:
        monkeypatch.setenv("GEN_LIB_THREADS", value)
    torch.manual_seed(7)
    notebook.setup()
    assert torch.get_num_threads() == threads
    assert torch.initial_seed() == 0
    torch.set_num_threads(1)


@pytest.mark.parametrize("value", ["abc", "0", "-1", "1.5", str(2**64)])
def test_a_number_of_threads_that_is_none_is_named(monkeypatch, value):
    monkeypatch.setenv("GEN_LIB_THREADS", value)
    with pytest.raises(ValueError, match=f"GEN_LIB_THREADS must be a whole number .*, got '?{value}'?"):
        notebook.setup()


SCRIPT = """seed: int = 3  # of weights
beta: float = 1.0  # price
---
import torch
from gen_lib.figures import explore
from gen_lib.notebook import claim, setup
setup(seed=(0, 9), beta=(0.0, 10.0))
---
import matplotlib.pyplot as plt
explore(lambda k: plt.figure(figsize=(1, 1)), alt="An empty figure.", k=[1, 2])
print(torch.randn(3), torch.initial_seed())
claim("two is less than three", 2, below=3)"""


@pytest.mark.parametrize("program", [["python"], ["ipython", "--no-banner"]], ids=lambda program: program[0])
def test_an_exported_script_prints_the_same_numbers(tmp_path, program):
    """And of a figure its description, since a terminal shows no other form."""
    with open(ROOT / "notebooks" / "01_noise_to_data.ipynb", encoding="utf-8") as chapter:
        exported = nbformat.read(chapter, 4)
    exported.cells = exported.cells[:2] + [nbformat.v4.new_code_cell(cell) for cell in SCRIPT.split("---\n")]
    source, found = nbconvert.get_exporter("script")().from_notebook_node(exported)
    assert found["output_extension"] == ".py"
    (tmp_path / "chapter.py").write_text(source, "utf-8")
    name, *options = program
    run = [os.path.join(os.path.dirname(sys.executable), name), *options, "chapter.py"]
    environment = os.environ | {"IPYTHONDIR": str(tmp_path), "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    printed = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    torch.manual_seed(3)
    expected = ["An empty figure.", f"{torch.randn(3)} 3", "ok two is less than three: 2 (below 3)"]
    assert printed.splitlines() == expected


@pytest.mark.parametrize(
    ("value", "band", "holds"),
    [
        (1.0, {"below": 2}, True),
        (2.0, {"below": 2}, False),
        (1.0, {"above": 0, "below": 2}, True),
        (-1.0, {"above": 0, "below": 2}, False),
        (float("nan"), {"below": 2}, False),
        (float("nan"), {"above": 2}, False),
        (torch.tensor([1.0, 2.0]), {"below": 1.6}, True),
        (torch.tensor([1.0, 2.0]), {"below": 1.4}, False),
        (torch.tensor([1.0, 2.0]), {"below": 1.6, "of": "sets", "every": True}, False),
        (torch.tensor([1.0, 2.0]), {"above": 0.9, "below": 2.1, "of": "sets", "every": True}, True),
        (torch.tensor([1.0, 2.0]), {"above": 1.1, "of": "sets", "every": True}, False),
        (torch.tensor([1.0, float("nan")]), {"below": 2, "of": "sets", "every": True}, False),
        (torch.tensor([[1.0, 3.0]]), {"above": 1.9, "below": 2.1, "of": "sets of pairs"}, True),
    ],
)
def test_claims(value, band, holds, capsys, monkeypatch):
    monkeypatch.delenv("GEN_LIB_STRICT", raising=False)
    claim("a sentence", value, **band)
    assert capsys.readouterr().out.startswith("✓ a sentence" if holds else "✗ a sentence")
    monkeypatch.setenv("GEN_LIB_STRICT", "1")
    if holds:
        claim("a sentence", value, **band)
    else:
        with pytest.raises(ClaimError, match="✗ a sentence"):
            claim("a sentence", value, **band)


def test_a_claim_prints_its_unit_and_what_it_compares(capsys):
    values = torch.tensor([1.0, 2.0, 3.0])
    claim("distance", values, above=0.5, below=4)
    claim("distance", values, of="points", every=True, below=2.5)
    claim("distance", values[:1], below=4)
    assert capsys.readouterr().out.splitlines() == [
        "✓ distance: 2 ± 1, mean of 3 members (above 0.5 and below 4)",
        "✗ distance: 1 to 3, every one of 3 points (below 2.5)",
        "✓ distance: 1 (below 4)",
    ]


def test_a_loss_that_has_a_gradient_can_be_claimed(capsys):
    claim("loss", torch.ones(3, requires_grad=True) * 2, above=1)  # a warning would be an error
    assert capsys.readouterr().out.startswith("✓ loss: 2")


def test_any_numbers_are_shown(capsys):
    for values in ([1, 3], [True, False], [2.0]):
        show("W1", torch.tensor(values))
    assert capsys.readouterr().out.splitlines() == ["   2.000 ± 1.414  W1", "   0.500 ± 0.707  W1", "   2.000  W1"]


@pytest.mark.parametrize("text", [3, None, "", " "])
def test_a_claim_or_a_record_without_a_text_is_refused(text, unchecked):
    with pytest.raises(ValueError, match=f"text must be a text, got {text!r}"):
        claim(text, 1.0, below=2)
    with pytest.raises(ValueError, match=f"name must be a text, got {text!r}"):
        record(text, 1.0)


def test_a_claim_without_a_band_or_a_value_is_refused():
    with pytest.raises(ValueError, match="claim 'distance' needs a band"):
        claim("distance", 1.0)
    with pytest.raises(ValueError, match="claim 'distance' needs a value, got none"):
        claim("distance", torch.ones(0), below=1)
