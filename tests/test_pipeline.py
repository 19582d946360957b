"""From notebook to page: what runs again, what stops the build, and what it says then, in small books made here."""

import base64
import contextlib
import copy
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import execute
import make_pages
import nbconvert
import nbformat
import pytest
from building import in_a_copy, sphinx
from executed_outputs import cell_trouble, lighter_pictures, scripts_once
from notebook_key import EXECUTED, has_passed, is_fresh, key
from runs import Ran

from gen_lib.figures import page
from gen_lib.plots import pixels
from gen_lib.records import MIME

ROOT = Path(__file__).parents[1]
EXTENSIONS = ROOT / "book" / "_ext"
ONE_WORKER = pytest.mark.xdist_group("pipeline")  # the fixtures below are made once


def markdown(text):
    return {"cell_type": "markdown", "id": "m", "metadata": {}, "source": text}


def code(text, *tags, outputs=(), **metadata):
    metadata |= {"tags": list(tags)} if tags else {}
    cell = {"cell_type": "code", "id": "c", "metadata": metadata, "source": text}
    return cell | {"outputs": list(outputs), "execution_count": None}


def notebook(*cells):
    cells = [cell | {"id": f"cell-{i}"} for i, cell in enumerate(cells)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def book(root, **notebooks):
    """A book with the real library, so that a test may edit it."""
    shutil.copytree(ROOT / "gen_lib", root / "gen_lib", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.txt", root)
    (root / "notebooks").mkdir()
    for name, content in notebooks.items():
        (root / "notebooks" / f"{name}.ipynb").write_text(json.dumps(content), "utf-8")
    return root


def append(path, text):
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def run(root, *arguments):
    """Exit status, standard output and standard error of execute.py."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = execute.main([*arguments, "--root", str(root)])
    return status, out.getvalue(), err.getvalue()


PROSE = markdown("# A title")
DESCRIBED = {"mystnb": {"image": {"alt": "a line"}}}
GREEDY = "much = bytearray(400_000_000)"
SHOWN = """class Shown:
    def _repr_svg_(self):
        with open("drawn", "a") as file:
            file.write("once ")
        return "<svg/>"
Shown()"""
BROKEN = {
    "claim": code("from gen_lib.notebook import claim\nclaim('two is less than one', 2, below=1)"),
    "error": code("x = 1\nx / 0"),
    "syntax": code("x = ("),
    "warning": code("import warnings\nwarnings.warn('this is old')"),
    "random": code("import time\nprint(time.time())", "nbval-check-output"),
    "order": code("print(hash('noise'))", "nbval-check-output"),
    "dead": code("import os\nos._exit(1)"),
    "parameter": code("beta: float = 1\nbeta = 4\nfrom gen_lib.notebook import setup\nsetup(beta=(0, 3))"),
}
EXPECTED = {
    "claim": [
        "notebooks/claim.ipynb: code cell 2, `from gen_lib.notebook import claim`: ClaimError",
        "two is less than one",
    ],
    "error": ["notebooks/error.ipynb: code cell 2, `x = 1`: ZeroDivisionError: division by zero"],
    "syntax": ["notebooks/syntax.ipynb: code cell 2, `x = (`: ", "Error: "],  # in the words of that Python
    "warning": ["notebooks/warning.ipynb: code cell 2, `import warnings`: a warning", "UserWarning: this is old"],
    "random": ["notebooks/random.ipynb: the second run differs from the first\ncode cell 2: Cell outputs differ"],
    "order": ["notebooks/order.ipynb: the second run differs from the first\ncode cell 2: Cell outputs differ"],
    "dead": ["notebooks/dead.ipynb: code cell 2, `import os`: DeadKernelError: Kernel died"],
    "parameter": ["`beta: float = 1`: ParameterError: parameter 'beta' must lie from 0 to 3, got 4"],
}


SEEN = """import os, sys
import matplotlib as mpl
print([item for item in sorted(os.environ.items()) if not item[0].startswith(("JPY_", "PYTEST_"))])
print(sys.path, sys.flags.optimize, sys.warnoptions, get_ipython().config.get("InlineBackend"))
print({name: value for name, value in mpl.rcParams.items() if value != mpl.rcParamsDefault[name]})
sorted(set(globals()) - set(get_ipython().user_ns_hidden))"""
DRAWN = """import matplotlib.pyplot as plt
plt.plot([1, 2]);"""
STYLED = """from gen_lib import plots
plots.use_style()
plt.plot([2, 1], "o--");"""
MOVING = """from gen_lib import METHODS, data, fit
from gen_lib.figures import explore
fit(METHODS["fm"], METHODS["fm"].build(dim=1), data.mixture_1d(), steps=2)
explore(lambda k: plt.figure(figsize=(1, 1)), alt="An empty figure.", k=[1, 2])"""


def hostile(folder):
    """What a builder may have set, all of which would change the book or stop it."""
    home = folder / "home"
    kernel = {"argv": ["false"], "display_name": "another Python", "language": "python"}
    profile = "c.InlineBackend.figure_formats = {'svg'}\nc.InlineBackend.print_figure_kwargs = {'dpi': 9}"
    for place in (home / ".ipython", folder / "ipython"):
        write(place / "profile_default" / "ipython_kernel_config.py", profile)
        write(place / "profile_default" / "startup" / "mine.py", "mine = print\ndef print(*_): mine('mine')")
    for place in (home / ".config" / "matplotlib", folder / "matplotlib"):
        write(place / "matplotlibrc", "figure.facecolor: red\nfigure.figsize: 1, 1")
    for place in (home / ".local" / "share" / "jupyter", folder / "jupyter"):
        write(place / "kernels" / "python3" / "kernel.json", json.dumps(kernel))
    for name in ("papermill", "nbval", "matplotlib", "usercustomize"):
        write(folder / "python" / f"{name}.py", "raise SystemExit('another one')")
    folders = {"HOME": home, "IPYTHONDIR": folder / "ipython", "MPLCONFIGDIR": folder / "matplotlib"}
    folders |= {"MATPLOTLIBRC": folder / "matplotlib", "XDG_CONFIG_HOME": home / ".config"}
    folders |= {"JUPYTER_PATH": folder / "jupyter", "JUPYTER_DATA_DIR": folder / "jupyter"}
    folders |= {"PYTHONPATH": folder / "python", "PYTHONSTARTUP": folder / "python" / "papermill.py"}
    values = {"MPLBACKEND": "Agg", "PYTHONWARNINGS": "error", "PYTHONOPTIMIZE": "2", "PIP_USER": "1", "COLUMNS": "20"}
    values |= {"GEN_LIB_THREADS": "abc", "OMP_NUM_THREADS": "7", "GEN_LIB_STRICT": "0", "LC_ALL": "C", "LANG": "ko_KR"}
    values |= {"PYTEST_ADDOPTS": "--collect-only", "JUPYTER_PLATFORM_DIRS": "1", "PYTHONHASHSEED": "1"}
    return values | {name: str(path) for name, path in folders.items()}


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def copy_of(root, name):
    return root / EXECUTED / "notebooks" / f"{name}.ipynb"


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """A book with good notebooks among broken ones, executed by `make book` in part and then by `make test`.

    The path has a space, and whoever makes the rest has settings of their own, in files and variables.
    """
    notebooks = {name: notebook(PROSE, code("print('fine')"), cell) for name, cell in BROKEN.items()}
    compared = code("print(1)", "nbval-check-output")
    notebooks["good"] = notebook(PROSE, compared, code("%pwd"), code(GREEDY), code(SHOWN))
    cells = code(SEEN, "nbval-check-output"), code(DRAWN, **DESCRIBED), code(MOVING), code(STYLED, **DESCRIBED)
    notebooks["one"] = notebook(PROSE, *cells)
    root = book(tmp_path_factory.mktemp("a book"), **notebooks)
    assert run(root, "good", "random", "one")[::2] == (0, "")
    one = copy_of(root, "one")
    copies = [one.read_text("utf-8")]
    one.unlink()  # so that the other builder makes it, too
    for folder in (root / "notebooks", one.parent):
        write(folder / "matplotlibrc", "axes.facecolor: red")
    settings = os.environ | hostile(tmp_path_factory.mktemp("settings"))
    command = [sys.executable, EXTENSIONS / "execute.py", "--compare", "--jobs", "1", "--root", root]
    ran = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    assert one.exists(), ran.stderr
    copies.append(one.read_text("utf-8"))
    return SimpleNamespace(root=root, status=ran.returncode, out=ran.stdout, err=ran.stderr, copies=copies)


@ONE_WORKER
@pytest.mark.parametrize("name", BROKEN)
def test_failure_names_the_cell_and_keeps_the_run(executed, name):
    root = executed.root
    assert executed.status == 1
    assert all(text in executed.err for text in EXPECTED[name])
    assert (root / EXECUTED / "failed" / f"{name}.ipynb").exists()
    assert not copy_of(root, name).exists()


@ONE_WORKER
def test_other_notebooks_finish(executed):
    root, out = executed.root, executed.out
    total = len(BROKEN) + 2
    assert f"{total - 2} of {total} notebooks to execute, {total} to compare, 1 at a time" in out
    assert out.count("FAILED") == len(BROKEN)
    assert "  good: compared in " in out  # it was executed before
    done = json.loads(copy_of(root, "good").read_text("utf-8"))
    assert done["cells"][2]["outputs"][0]["data"]["text/plain"] == [repr(str(root / "notebooks"))]


@ONE_WORKER
def test_the_second_run_draws_no_pictures(executed):
    assert [file.read_text() for file in executed.root.rglob("drawn")] == ["once "]
    assert has_passed(copy_of(executed.root, "good"))


@ONE_WORKER
def test_memory_of_the_kernel_is_measured(executed):
    peak = {name: measured["peak"] for name, measured in execute.recorded(executed.root).items()}
    assert peak["good"] > peak["random"] + 0.3


@ONE_WORKER
@pytest.mark.parametrize(("arguments", "second"), [([], ""), (["--compare"], ", 0 to compare")])
def test_another_run_executes_nothing(executed, arguments, second):
    said = f"0 of 1 notebooks to execute{second}, 1 at a time\n"
    assert run(executed.root, "good", *arguments) == (0, said, "")


@ONE_WORKER
def test_unknown_name_is_refused(executed):
    with pytest.raises(SystemExit, match="2"):
        run(executed.root, "god")


@ONE_WORKER
def test_settings_of_the_builder_do_not_show_in_the_book(executed):
    one, another = ([cell["outputs"] for cell in json.loads(copy)["cells"][1:]] for copy in executed.copies)
    assert one == another
    *_, names = one[0]
    assert "".join(names["data"]["text/plain"]) == "['mpl', 'os', 'sys']"  # the book's own settings leave no name
    assert "image/png" in one[1][-1]["data"]
    assert "".join(one[-1][-1]["data"]["image/svg+xml"]).startswith(
        '<svg xmlns="http://www.w3.org/2000/svg" class="gen-lib'
    )
    assert "image/png" in one[-1][-1]["data"]  # for print


@ONE_WORKER
def test_the_second_run_is_one_whatever_the_builder_has_set(executed):
    said = executed.err
    assert said.count("the second run differs from the first") == 2
    for name in ("order", "random"):
        assert f"notebooks/{name}.ipynb: the second run differs from the first" in said


@ONE_WORKER
def test_a_figure_with_controls_needs_no_kernel_and_no_network_after_export(executed):
    """And a bar that has run is not kept."""
    for content in executed.copies:
        page, _ = nbconvert.HTMLExporter().from_notebook_node(nbformat.reads(content, 4))
        assert "<gen-lib-explore>" in page
        assert "widget-view" not in page
        assert "widget-state" not in page
        assert "widgets" not in json.loads(content)["metadata"]


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """A book whose notebooks are not run: `runs.did` says what would be, and `runs.outcome` what becomes of it."""

    def pretend(function, root, source, target=None):
        runs.did.append(f"{function.__name__} {source.stem}")
        if target:
            shutil.copy(source, target)
        return Ran(runs.outcome.get(runs.did[-1], ""), 0.5)

    root = book(tmp_path, **{name: notebook(PROSE, code(f"print('{name}')")) for name in "abc"})
    runs = SimpleNamespace(root=root, did=[], outcome={})
    monkeypatch.setattr(execute, "run", pretend)
    monkeypatch.setattr(execute, "run_apart", pretend)
    return runs


def state(root):
    """The copies, and whether each has passed the comparison."""
    return {path.stem: has_passed(path) for path in sorted((root / EXECUTED / "notebooks").iterdir())}


def test_one_run_makes_the_copy_and_the_comparison_comes_later_and_once(runs):
    assert run(runs.root, "a", "b")[0] == 0
    assert sorted(runs.did) == ["papermill a", "papermill b"]
    assert state(runs.root) == {"a": False, "b": False}
    before = copy_of(runs.root, "a").stat().st_mtime_ns
    runs.did.clear()
    assert run(runs.root, "--compare", "--jobs", "1")[0] == 0
    assert sorted(runs.did) == ["nbval a", "nbval b", "nbval c", "papermill c"]
    assert state(runs.root) == {"a": True, "b": True, "c": True}
    assert copy_of(runs.root, "a").stat().st_mtime_ns == before  # its page is not made again
    runs.did.clear()
    assert run(runs.root)[0] == run(runs.root, "--compare")[0] == 0
    assert runs.did == []


def test_all_the_first_runs_begin_before_any_second_one_and_what_failed_has_none(runs):
    runs.outcome["papermill b"] = "it fails"
    assert run(runs.root, "--compare", "--jobs", "1")[0] == 1
    assert runs.did == ["papermill a", "papermill b", "papermill c", "nbval a", "nbval c"]


def test_edited_code_has_to_pass_again(runs):
    run(runs.root, "a", "--compare")
    (runs.root / "notebooks" / "a.ipynb").write_text(json.dumps(notebook(code("print(2)"))), "utf-8")
    run(runs.root, "a")
    assert state(runs.root) == {"a": False}


def test_copy_that_differs_in_the_second_run_is_not_shown(runs):
    run(runs.root, "a", "b")
    runs.outcome["nbval a"] = "it differs"
    status, _, err = run(runs.root, "a", "b", "--compare")
    assert status == 1
    assert "notebooks/a.ipynb: it differs\n  The run up to there: _build/executed/failed/a.ipynb" in err
    assert state(runs.root) == {"b": True}
    runs.did.clear()
    assert run(runs.root, "a", "b")[0] == 0
    assert runs.did == ["papermill a"]
    assert state(runs.root) == {"a": False, "b": True}
    assert not (runs.root / EXECUTED / "failed" / "a.ipynb").exists()


def test_longest_of_last_time_comes_first(runs):
    """Also if the copies are stale or have failed; one without a record says what it takes, or may take its limit."""
    for name, seconds in {"a": 7.5, "b": 59.0}.items():
        (runs.root / EXECUTED).mkdir(parents=True, exist_ok=True)
        execute.record(runs.root, name, seconds=seconds, peak=0.5)
    run(runs.root, "--jobs", "1")
    assert runs.did == ["papermill c", "papermill b", "papermill a"]
    for name, seconds in {"a": 30, "b": 10, "c": 20}.items():
        execute.record(runs.root, name, seconds=seconds, peak=0.5)
    append(runs.root / "gen_lib" / "couplings.py", "# a change\n")
    runs.outcome["papermill a"] = "it fails"
    runs.did.clear()
    run(runs.root, "--jobs", "1")
    assert runs.did == ["papermill a", "papermill c", "papermill b"]
    assert execute.recorded(runs.root)["a"]["seconds"] == 30
    (runs.root / execute.RECORD).unlink()
    for name, seconds in {"a": 20, "b": 90, "c": 45}.items():
        content = notebook(
            markdown(f"# A title\n\nall cells together run in about {seconds} seconds on one core."), code("1")
        )
        (runs.root / "notebooks" / f"{name}.ipynb").write_text(json.dumps(content), "utf-8")
    runs.did.clear()
    run(runs.root, "--jobs", "1")
    assert runs.did == ["papermill b", "papermill c", "papermill a"]


@pytest.mark.parametrize(("cores", "gigabytes", "at_a_time"), [(2, 16, 2), (64, 16, 14), (4, 2.5, 2), (8, 0.9, 1)])
def test_as_many_at_a_time_as_cores_and_memory_allow(monkeypatch, cores, gigabytes, at_a_time):
    monkeypatch.setattr("joblib.cpu_count", lambda: cores)
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=gigabytes * 1e9))
    assert execute.places() == at_a_time


def test_long_and_large_notebooks_are_reported(runs, monkeypatch):
    monkeypatch.setattr(execute, "GIGABYTES", 0.4)
    content = notebook(code("1")) | {"metadata": {"gen_lib": {"seconds": -1}}}
    (runs.root / "notebooks" / "a.ipynb").write_text(json.dumps(content), "utf-8")
    assert "  a: 0 s, peak 0.5 GB, WARNING: more than its -1 s, WARNING: more than 0.4 GB\n" in run(runs.root, "a")[1]


@pytest.fixture
def small(tmp_path):
    """A notebook and its fresh executed copy."""
    content = notebook(PROSE, code("print(1)"))
    root = book(tmp_path, one=content)
    done = root / "one.ipynb"
    done.write_text(json.dumps(content | {"metadata": {"gen_lib": {"key": key(content, root)}}}), "utf-8")
    assert is_fresh(done, content, root)
    return root, content, done


def edit_markdown(root, content):
    content["cells"][0]["source"] = "# Another title"


def edit_description(root, content):
    content["cells"][1]["metadata"]["mystnb"] = {"image": {"alt": "a line"}}


def edit_id(root, content):
    content["cells"][1]["id"] = "another"


def edit_code(root, content):
    content["cells"][1]["source"] = "print(2)"


def edit_tags(root, content):
    content["cells"][1]["metadata"]["tags"] = ["parameters"]


def edit_library(root, content):
    append(root / "gen_lib" / "methods" / "vae.py", "# a change\n")


def add_script(root, content):
    (root / "gen_lib" / "live.js").write_text("let x = 1;")


def edit_pins(root, content):
    append(root / "requirements.txt", "another==1.0\n")


@pytest.mark.parametrize("edit", [edit_markdown, edit_description, edit_id])
def test_edits_that_keep_the_copy_fresh(small, edit):
    root, content, done = small
    edit(root, content)
    assert is_fresh(done, content, root)


@pytest.mark.parametrize("edit", [edit_code, edit_tags, edit_library, add_script, edit_pins])
def test_edits_that_make_the_copy_stale(small, edit):
    root, content, done = small
    edit(root, content)
    assert not is_fresh(done, content, root)


def test_lines_and_text_are_the_same_source(small):
    root, content, done = small
    content["cells"][1]["source"] = ["print(1)"]
    assert is_fresh(done, content, root)


TEXT = {"output_type": "stream", "name": "stdout", "text": "Figure(640x480)"}
PICTURE = {"output_type": "display_data", "data": {"image/png": "", "text/plain": "<Figure>"}, "metadata": {}}
VALUE = {"output_type": "execute_result", "data": {"text/plain": "Field()"}, "metadata": {}, "execution_count": 1}


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        (code("plot()", outputs=[PICTURE]), "its picture has no description"),
        (code("net", outputs=[VALUE]), "value of its last line"),
        (code("plot()", outputs=[PICTURE], mystnb={"image": {"alt": " "}}), "its picture has no description"),
        (code("plot()", **DESCRIBED), "its metadata describe a picture, but it shows none"),
        (code("print(1)", outputs=[TEXT], **DESCRIBED), "its metadata describe a picture, but it shows none"),
        (markdown("![](a.png)"), "picture a.png has no description"),
        (markdown('Text <img src="a.png"> text'), "has no description"),
        (markdown('<img src="a.png" alt="">'), "has no description"),
        (markdown("```{note}\nText\n```"), "directive {note} shows raw"),
        (markdown("Text\n\n:::{note}\nText\n:::"), "MyST syntax :::{note}"),
        (markdown("See {ref}`target` there"), "MyST syntax {ref}"),
        (markdown("(target)=\n# Title"), "MyST syntax (target)="),
    ],
)
def test_cell_that_makes_a_bad_page(cell, problem):
    (message,) = cell_trouble(notebook(PROSE, cell))
    assert message.startswith("cell 2, `")
    assert problem in message


@pytest.mark.parametrize(
    "cell",
    [
        code("plot()", outputs=[PICTURE], **DESCRIBED),
        code(""),
        markdown(""),
        markdown('![a line](a.png) <img alt="a line" src="a.png">'),
        markdown("The set {x} and `{ref}` and $f(x)=x$,\n\n$$\na_{i} \\tag{1}\n$$\n\nand {x} `code`"),
        markdown("```python\nx = {1}\n```\n\n````\n```{note}\n```\n````"),
    ],
)
def test_cell_that_makes_a_good_page(cell):
    assert list(cell_trouble(notebook(PROSE, cell))) == []


def test_a_notebook_that_has_not_run_has_no_pictures_to_miss():
    assert list(cell_trouble(notebook(PROSE, code("plot()", **DESCRIBED)), ran=False)) == []


SETTINGS = {
    "extensions": "myst_nb,executed_outputs",
    "root_doc": "notebooks/fresh",
    "exclude_patterns": "_build",
    "html_theme": "basic",
    "nb_execution_mode": "off",
}


def build(root):
    """The warnings of a build of the pages."""
    built = sphinx(root, "-C", "-q", *(word for name, value in SETTINGS.items() for word in ("-D", f"{name}={value}")))
    assert built.returncode == 0
    return built.stderr


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A book whose copies are fresh, missing, stale and made with other parameters."""
    content = notebook(PROSE, code("print(1)"), code("bar()"))
    root = book(tmp_path_factory.mktemp("pages"), **dict.fromkeys(["fresh", "missing", "stale", "injected"], content))
    ran = copy.deepcopy(content) | {"metadata": {"gen_lib": {"key": key(content, root)}}}
    ran["cells"][0]["source"] = "# Old prose"
    ran["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "the result"}]
    widget = {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "a progress bar"}
    displays = [widget, {MIME: {"records": [{"name": "W1", "values": [0.5]}]}}]
    ran["cells"][2]["outputs"] = [{"output_type": "display_data", "data": one, "metadata": {}} for one in displays]
    stale = ran | {"metadata": {"gen_lib": {"key": "of another day"}}}
    injected = ran | {"cells": [code("beta = 4", "injected-parameters"), *ran["cells"]]}
    folder = root / EXECUTED / "notebooks"
    folder.mkdir(parents=True)
    for name, done in {"fresh": ran, "stale": stale, "injected": injected}.items():
        (folder / f"{name}.ipynb").write_text(json.dumps(done), "utf-8")
    return root, build(root)


@ONE_WORKER
@pytest.mark.parametrize(
    ("name", "problem"),
    [("missing", "no executed copy"), ("stale", "is stale"), ("injected", "ran with other parameters")],
)
def test_bad_copy_is_a_warning_and_its_outputs_are_not_shown(pages, name, problem):
    root, warnings = pages
    assert [line for line in warnings.splitlines() if f"{name}.ipynb: WARNING" in line and problem in line]
    assert "the result" not in (root / "_build/html/notebooks" / f"{name}.html").read_text("utf-8")


@ONE_WORKER
def test_page_shows_prose_of_the_source_and_outputs_of_the_copy(pages):
    root, warnings = pages
    assert "fresh.ipynb" not in warnings
    page = (root / "_build/html/notebooks/fresh.html").read_text("utf-8")
    assert "A title" in page
    assert "Old prose" not in page
    assert "the result" in page
    assert "a progress bar" not in page


def test_pictures_of_a_page_are_made_lighter_once(tmp_path, monkeypatch):
    drawn = [b"one", b"another"]
    monkeypatch.setattr(pixels, "lighter", lambda picture: drawn.remove(picture) or b"light " + picture)
    for _ in range(2):
        outputs = [{"data": {"image/png": base64.b64encode(picture).decode()}} for picture in (b"one", b"another")]
        lighter_pictures(notebook(code("plot()", outputs=outputs)), tmp_path / "kept")
        shown = [base64.b64decode(output["data"]["image/png"]) for output in outputs]
        assert shown == [b"light one", b"light another"]


def test_a_page_has_the_script_of_its_figures_once():
    figures = [
        page.element(name, {"at": k}, "<svg/>", "A picture.")
        for k, name in enumerate(["explore", "flow-lab", "explore"])
    ]
    cells = [code("a()"), code("b()"), code("c()")]
    for cell, figure in zip(cells, figures, strict=True):
        data = {"text/html": figure, "image/png": ""}
        cell["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
    content = notebook(*cells)
    scripts_once(content)
    assert list(cell_trouble(content)) == []  # they describe themselves, with or without their scripts
    kept = [cell["outputs"][0]["data"]["text/html"] for cell in content["cells"]]
    assert kept[0] == figures[0]
    assert ["<script data-gen-lib" in text for text in kept] == [True, True, False]
    assert ['data-gen-lib="library"' in text for text in kept] == [True, False, False]
    assert all('<script type="application/json">' in text and "</gen-lib-" in text for text in kept)


@ONE_WORKER
def test_library_edit_is_noticed_by_a_build_that_sees_no_changed_page(pages):
    root = pages[0]
    append(root / "gen_lib" / "couplings.py", "# a change\n")
    assert "fresh.ipynb is stale" in build(root)


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A book whose pages are not made: `shelf.made` counts how often they would be; `shelf.fails` is the outcome."""

    def pretend(root):
        shelf.made += 1
        for name in (".doctrees", "html"):
            (root / "_build" / name).mkdir(exist_ok=True)
        (root / "_build" / "html" / "index.html").write_text(shelf.html, "utf-8")
        return shelf.fails

    shelf = SimpleNamespace(root=tmp_path, made=0, fails=0, html="<p>A page</p>")
    shelf.pages = lambda: make_pages.main(["--root", str(tmp_path)])
    for name in ("_toc.yml", "notebooks/a.ipynb", "book/a/b.md", "gen_lib/a.py", f"{EXECUTED}/notebooks/a.ipynb"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        os.utime(path, (1, 1))  # so that a test that edits it leaves another time, however fast it is
    monkeypatch.setattr(make_pages, "sphinx", pretend)
    return shelf


@pytest.mark.parametrize("name", ["_toc.yml", "notebooks/a.ipynb", "book/a/b.md", "gen_lib/a.py", "book/new.md"])
def test_pages_are_made_again_when_what_they_show_has_changed(shelf, name):
    assert shelf.pages() == shelf.pages() == 0
    assert shelf.made == 1
    (shelf.root / name).write_text("Other words")
    assert shelf.pages() == shelf.pages() == 0
    assert shelf.made == 2


def test_pages_are_made_again_when_a_notebook_ran_again_or_one_is_gone(shelf):
    shelf.pages()
    (shelf.root / EXECUTED / "notebooks" / "a.ipynb").write_text("Other numbers")
    shelf.pages()
    (shelf.root / "book" / "a" / "b.md").unlink()
    shelf.pages()
    shutil.rmtree(shelf.root / "_build" / "html")
    shelf.pages()
    assert shelf.made == 4


def test_after_a_failure_all_pages_are_read_again(shelf):
    shelf.pages()
    (shelf.root / "_toc.yml").write_text("another page")
    shelf.fails = 1
    assert shelf.pages() == shelf.pages() == 1
    assert not (shelf.root / "_build" / ".doctrees").exists()
    shelf.fails = 0
    assert shelf.pages() == shelf.pages() == 0
    assert shelf.made == 4


def test_broken_link_is_reported_until_it_is_mended(shelf, capsys):
    shelf.html = '<a href="nowhere.html">'
    assert shelf.pages() == shelf.pages() == 1
    assert capsys.readouterr().out.count("index.html: nowhere.html: no such file") == 2
    shelf.html = '<a href="index.html">'
    assert shelf.pages() == 0


def test_warning_of_sphinx_is_an_error_and_comes_again(tmp_path):
    (tmp_path / "_config.yml").write_text("title: A book")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/a\nchapters:\n- file: book/b")
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "a.md").write_text("# A title\n\n[](nowhere.md)")
    (tmp_path / "book" / "b.md").write_text("# Another title")
    import jupyter_book.sphinx  # noqa: F401  once, and not in each of the two copies

    for _ in range(2):
        assert in_a_copy(lambda: make_pages.main(["--root", str(tmp_path)]), tmp_path / "said.txt") == 1
        said = (tmp_path / "said.txt").read_text("utf-8")
        assert "a.md:3: WARNING: 'myst' cross-reference target not found: 'nowhere.md'" in said


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("", None),
        ('<skipped type="pytest.skip" message="needs a GPU: none here"/>', None),
        ('<skipped type="pytest.xfail" message="known"/>', None),
        ('<skipped type="pytest.skip" message="no browser"/>', "pages.test_x was skipped: no browser"),
        (None, "no tests ran"),
    ],
)
def test_skipped_tests_stop_the_checks(tmp_path, case, message):
    report = tmp_path / "report.xml"
    cases = "" if case is None else f'<testcase classname="pages" name="test_x">{case}</testcase>'
    report.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    script = [sys.executable, ROOT / ".ci" / "no_skips.py", report]
    ran = subprocess.run(script, capture_output=True, text=True, check=False)
    assert bool(ran.returncode) == bool(message)
    assert (message or "") in ran.stderr
