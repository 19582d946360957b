"""From notebook to page: what runs again, what stops the build, and what it says then, in small books made here."""

import contextlib
import copy
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import execute
import pytest
from executed_outputs import cell_trouble, scripts_once
from notebook_key import EXECUTED, is_fresh, key

from gen_lib.figures.page import element

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
BROKEN = {
    "claim": code("from gen_lib.notebook import claim\nclaim('two is less than one', 2, below=1)"),
    "error": code("x = 1\nx / 0"),
    "syntax": code("x = ("),
    "warning": code("import warnings\nwarnings.warn('this is old')"),
    "random": code("import time\nprint(time.time())", "nbval-check-output"),
    "dead": code("import os\nos._exit(1)"),
}
EXPECTED = {
    "claim": [
        "notebooks/claim.ipynb: code cell 2, `from gen_lib.notebook import claim`: ClaimError",
        "two is less than one",
    ],
    "error": ["notebooks/error.ipynb: code cell 2, `x = 1`: ZeroDivisionError: division by zero"],
    "syntax": ["notebooks/syntax.ipynb: code cell 2, `x = (`: SyntaxError: incomplete input"],
    "warning": ["notebooks/warning.ipynb: code cell 2, `import warnings`: a warning", "UserWarning: this is old"],
    "random": ["notebooks/random.ipynb: the second run differs from the first\ncode cell 2: Cell outputs differ"],
    "dead": ["notebooks/dead.ipynb: code cell 2, `import os`: DeadKernelError: Kernel died"],
}


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """A book with one good notebook among broken ones, after its first execution. The path has a space."""
    notebooks = {name: notebook(PROSE, code("print('fine')"), cell) for name, cell in BROKEN.items()}
    notebooks["good"] = notebook(PROSE, code("print(1)", "nbval-check-output"), code("%pwd"))
    root = book(tmp_path_factory.mktemp("a book"), **notebooks)
    return root, *run(root)


@ONE_WORKER
@pytest.mark.parametrize("name", BROKEN)
def test_failure_names_the_cell_and_keeps_the_run(executed, name):
    root, status, _, err = executed
    assert status == 1
    assert all(text in err for text in EXPECTED[name])
    assert (root / EXECUTED / "failed" / f"{name}.ipynb").exists()
    assert not (root / EXECUTED / "notebooks" / f"{name}.ipynb").exists()


@ONE_WORKER
def test_other_notebooks_finish(executed):
    root, _, out, _ = executed
    assert f"{len(BROKEN) + 1} of {len(BROKEN) + 1} notebooks to execute" in out
    assert out.count("FAILED") == len(BROKEN)
    done = json.loads((root / EXECUTED / "notebooks" / "good.ipynb").read_text("utf-8"))
    assert done["cells"][2]["outputs"][0]["data"]["text/plain"] == [repr(str(root / "notebooks"))]


@ONE_WORKER
def test_second_run_executes_nothing(executed):
    assert run(executed[0], "good", "--jobs", "1") == (0, "0 of 1 notebooks to execute, 1 at a time\n", "")


@ONE_WORKER
def test_unknown_name_is_refused(executed):
    with pytest.raises(SystemExit, match="2"):
        run(executed[0], "god")


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


PICTURE = {"output_type": "display_data", "data": {"image/png": "", "text/plain": "<Figure>"}, "metadata": {}}
DESCRIBED = {"mystnb": {"image": {"alt": "a line"}}}


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        (code("plot()", outputs=[PICTURE]), "its picture has no description"),
        (code("plot()", outputs=[PICTURE], mystnb={"image": {"alt": " "}}), "its picture has no description"),
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


SETTINGS = {
    "extensions": "myst_nb,executed_outputs",
    "root_doc": "notebooks/fresh",
    "exclude_patterns": "_build",
    "html_theme": "basic",
    "nb_execution_mode": "off",
}


def build(root):
    """The warnings of a build of the pages."""
    settings = [word for name, value in SETTINGS.items() for word in ("-D", f"{name}={value}")]
    command = [sys.executable, "-m", "sphinx", "-C", "-q", *settings, root, root / "_build" / "html"]
    environment = os.environ | {"PYTHONPATH": str(EXTENSIONS)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stderr


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A book whose copies are fresh, missing, stale and made with other parameters."""
    content = notebook(PROSE, code("print(1)"), code("bar()"))
    root = book(tmp_path_factory.mktemp("pages"), **dict.fromkeys(["fresh", "missing", "stale", "injected"], content))
    ran = copy.deepcopy(content) | {"metadata": {"gen_lib": {"key": key(content, root)}}}
    ran["cells"][0]["source"] = "# Old prose"
    ran["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "the result"}]
    widget = {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "a progress bar"}
    ran["cells"][2]["outputs"] = [{"output_type": "display_data", "data": widget, "metadata": {}}]
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


def test_a_page_has_the_script_of_its_figures_once():
    figures = [element(name, {"at": k}, b"", "A picture.") for k, name in enumerate(["explore", "flow-lab", "explore"])]
    cells = [code("a()"), code("b()"), code("c()")]
    for cell, figure in zip(cells, figures, strict=True):
        data = {"text/html": figure, "image/png": ""}
        cell["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
    page = notebook(*cells)
    scripts_once(page)
    assert list(cell_trouble(page)) == []  # they describe themselves, with or without their scripts
    kept = [cell["outputs"][0]["data"]["text/html"] for cell in page["cells"]]
    assert kept[0] == figures[0]
    assert ["<script data-gen-lib" in text for text in kept] == [True, True, False]
    assert ['data-gen-lib="library"' in text for text in kept] == [True, False, False]
    assert all('<script type="application/json">' in text and "</gen-lib-" in text for text in kept)


@ONE_WORKER
def test_library_edit_is_noticed_by_a_build_that_sees_no_changed_page(pages):
    root = pages[0]
    append(root / "gen_lib" / "paths.py", "# a change\n")
    assert "fresh.ipynb is stale" in build(root)


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
