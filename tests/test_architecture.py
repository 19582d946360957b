"""The modules import each other one way only, and none grows beyond what can be read in one sitting."""

import ast
import json
from pathlib import Path

import pytest

from gen_lib.figures import page
from gen_lib.plots import COLORS

LIBRARY = Path(__file__).parent.parent / "gen_lib"
# From left to right: a module imports only what stands before it (the order of the book's design).
ORDER = ["slips", "parameters", "terminal", "records", "shapes", "draws", "check", "data", "images", "paths"]
ORDER += ["parametrisations", "couplings", "likelihoods", "nets"]
ORDER += [
    "counting",
    "samplers",
    "density",
    "method",
    "methods",
    "truth",
    "metrics",
    "train",
    "plots",
    "compare",
    "figures",
    "notebook",
    "runs",
]
ORDER += ["cli"]
FILES = [f for f in sorted(LIBRARY.rglob("*.py")) if f != LIBRARY / "__init__.py"]


def top(file: Path) -> str:
    return file.relative_to(LIBRARY).parts[0].removesuffix(".py")


def imported(file: Path) -> set[str]:
    """Top-level modules of gen_lib that a file imports."""
    found = set()
    depth = len(file.relative_to(LIBRARY).parts)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf8"))):
        if isinstance(node, ast.ImportFrom) and node.level == depth:
            found |= {node.module.split(".")[0]} if node.module else {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").startswith("gen_lib"):
            found |= {(node.module + ".").split(".")[1]} - {""} or {a.name for a in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("gen_lib.")}
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(LIBRARY)))
def test_imports_point_one_way(file):
    place = ORDER.index(top(file))
    backwards = {name for name in imported(file) if ORDER.index(name) >= place and name != top(file)}
    assert not backwards, f"{file.name} imports {backwards}, which stand to its right in {ORDER}"


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(LIBRARY)))
def test_no_module_is_too_long_to_read(file):
    assert len(file.read_text(encoding="utf8").splitlines()) <= 300


def test_imports_are_read_from_the_source():
    module = LIBRARY / "data" / "mixtures.py"
    assert {"check", "draws", "shapes"} <= imported(module)
    assert "metrics" not in imported(module)


def test_a_figure_has_one_name_in_python_and_in_the_page():
    scripts = {path.stem for path in (LIBRARY / "figures" / "js").glob("*.js")}
    figures = {"explore" if path.stem == "choices" else path.stem for path in (LIBRARY / "figures").rglob("*.py")}
    assert scripts <= figures
    for path in (LIBRARY / "figures" / "live").glob("*.py"):
        shows = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)]
        shown = [n.args[0].value for n in shows if isinstance(n.func, ast.Name) and n.func.id == "show"]
        assert shown == ([path.stem.replace("_", "-")] if path.stem in scripts else []), path.name


def test_the_library_of_the_page_is_its_folder():
    assert sorted(page.LIBRARY) == sorted(path.stem for path in (LIBRARY / "figures" / "js" / "library").glob("*.js"))


def test_scripts_have_the_colours_of_the_roles_from_python():
    for path in (LIBRARY / "figures" / "js").rglob("*.js"):
        assert not [colour for colour in COLORS.values() if colour in path.read_text("utf-8")], path.name
    assert json.dumps(COLORS) in page.library()
