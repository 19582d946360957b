"""What the files of the repository say about each other agrees."""

import ast
import pkgutil
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import nbconvert
import pytest
import yaml
from notebook_key import code_cells, read, source, tags
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PYTHON = SpecifierSet(PROJECT["requires-python"])

each_notebook = pytest.mark.parametrize(
    "notebook", [read(path) for path in NOTEBOOKS], ids=[path.stem for path in NOTEBOOKS]
)


def pins() -> dict[str, str]:
    """Name to exact version."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    found = [Requirement(text) for line in lines if (text := line.partition("#")[0].strip())]
    return {canonicalize_name(pin.name): str(pin.specifier) for pin in found}


def test_pins_are_exact_and_the_same_on_every_system():
    assert [name for name, version in pins().items() if not re.fullmatch(r"==[\w.]+", version)] == []


@pytest.mark.parametrize("group", [None, "book", "test", "images"])
def test_bounds_admit_the_pins(group):
    """And what the book and its checks need is pinned."""
    needed = PROJECT["optional-dependencies"][group] if group else PROJECT["dependencies"]
    for requirement in map(Requirement, needed):
        if requirement.name == PROJECT["name"]:  # another group, which has its own turn
            continue
        version = pins().get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not in requirements.txt"
        if version:
            assert requirement.specifier.contains(version.removeprefix("==")), f"{requirement}, but the pin {version}"


def test_bounds_are_lower_bounds():
    """An upper bound breaks Colab sooner or later. Jupyter Book 2 is another program."""
    capped = [r for r in PROJECT["dependencies"] if not re.fullmatch(r"[\w-]+(\[\w+\])?>=[\d.]+", r)]
    assert capped == []


def test_conda_environment_takes_the_pins():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    *conda, pip = environment["dependencies"]
    assert pip == {"pip": ["--requirement requirements.txt", "--editable ."]}
    python = next(line.partition("=")[2] for line in conda if line.startswith("python="))
    assert PYTHON.contains(python)
    assert [line for line in conda if not line.startswith("python=")] == ["pip"]  # no version beside the pins


def test_wheel_holds_the_whole_library(tmp_path):
    tree = tmp_path / "tree"
    shutil.copytree(ROOT / "gen_lib", tree / "gen_lib", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, tree]
    subprocess.run(build, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        packed = {name for name in wheel.namelist() if name.startswith("gen_lib/")}
    assert packed == {path.relative_to(tree).as_posix() for path in tree.glob("gen_lib/**/*.*")}


@pytest.mark.xdist_group("one worker")
def test_tests_of_a_group_go_to_one_worker(request):
    """So that what they share, such as an open page, is made once."""
    assert request.node.nodeid.endswith("@one worker") == request.config.getoption("loadgroup", False)


@pytest.fixture(scope="module")
def files():
    """All that belongs to the repository, or will with the next commit."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_large_files(files):
    assert [f"{path}: {path.stat().st_size} bytes" for path in files if path.stat().st_size > 1_000_000] == []


def test_every_program_is_linted(files):
    """No pattern for what is made may leave out a folder of the same name elsewhere."""
    command = [sys.executable, "-m", "ruff", "check", "--show-files", "--no-cache", "."]
    linted = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    assert {path for path in files if path.suffix in (".py", ".ipynb")} - {*map(Path, linted)} == set()


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows(workflow):
    text = workflow.read_text("utf-8")
    versions = re.findall(r'"(3\.\d+)"', text)
    assert versions
    assert all(map(PYTHON.contains, versions))
    actions = re.findall(r"uses: (.*)", text)
    assert [action for action in actions if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}  # v[\d.]+", action)] == []


def commands(*targets):
    """What make would run."""
    made = subprocess.run(["make", "--dry-run", *targets], cwd=ROOT, check=True, capture_output=True, text=True)
    return made.stdout


def test_numbers_must_come_out_twice_before_others_read_them():
    """In the checks and when the book is published; who makes it for himself need not wait for that."""
    assert "execute.py --compare" not in commands("book")
    assert "execute.py --compare" in commands("test").partition("execute.py\n")[0]
    publishing = yaml.safe_load((ROOT / ".github/workflows/pages.yml").read_text("utf-8"))
    (make,) = (step["run"] for step in publishing["jobs"]["build"]["steps"] if "run" in step)
    assert "execute.py --compare" in commands(*make.split()[1:]).partition("execute.py\n")[0]
    assert "\nmake test " in (ROOT / ".ci/run").read_text("utf-8")


def test_table_of_contents_lists_every_notebook_and_page():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
    below = [page for chapter in chapters for page in chapter.get("sections", [])]
    listed = [toc["root"], *(page["file"] for page in [*chapters, *below])]
    pages = [*NOTEBOOKS, *ROOT.glob("book/**/*.md")]
    assert sorted(listed) == sorted(path.relative_to(ROOT).with_suffix("").as_posix() for path in pages)


def test_citation_agrees():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert citation["repository-code"] == CONFIG["repository"]["url"]


@each_notebook
def test_notebook_is_stored_without_results(notebook):
    assert [source(cell) for cell in code_cells(notebook) if cell["outputs"] or cell["execution_count"]] == []
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_script_exported_from_a_notebook_is_python(path):
    script, found = nbconvert.get_exporter("script")().from_filename(path)
    assert found["output_extension"] == ".py"
    assert compile(script, path.stem, "exec")


@each_notebook
def test_notebook_declares_its_parameters(notebook):
    (cell,) = (cell for cell in code_cells(notebook) if "parameters" in tags(cell))
    statements = ast.parse(source(cell)).body
    assert 3 <= len(statements) <= 6
    assert all(isinstance(statement, ast.AnnAssign) for statement in statements)
    assert all(re.search(r"\S  # \w", line) for line in source(cell).splitlines()), "each with a comment as help"
    assert "seed" in [ast.unparse(statement.target) for statement in statements]


@each_notebook
def test_code_cells_are_short(notebook):
    """What does not fit on a slide belongs to the library."""
    assert {cell["id"]: source(cell) for cell in code_cells(notebook) if len(source(cell).splitlines()) > 25} == {}


@each_notebook
def test_notebook_installs_the_library_from_this_repository(notebook):
    install = source(next(code_cells(notebook)))
    assert f'git+{CONFIG["repository"]["url"]}"' in install


def test_the_table_of_symbols_has_the_letters_of_every_loss_and_names_what_is_there():
    page = (ROOT / "book" / "notation.md").read_text("utf-8")
    rows = [row.split("|")[1] for row in page.partition("## Symbols")[2].splitlines() if row.startswith("| $")]
    symbols = {symbol for row in rows for symbol in re.findall(r"\$(.+?)\$", row)}
    losses = {"G", "D", "F(x_t, t, r)", r"\bar v", "g", r"\alpha(t)", r"\beta(t)", r"\rho", "p", "u(x_t, t, r)"}
    assert losses - symbols == set()
    for name in re.findall(r"`(?:gen_lib\.)?((?:truth|metrics|methods)\.[\w.]+)`", page):
        assert callable(pkgutil.resolve_name(f"gen_lib.{name}"))
