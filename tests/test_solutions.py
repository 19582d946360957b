"""The lecturer's solutions hold, and belong to the exercises that send the reader to them."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest
from exercises import exercises
from notebook_key import read

ROOT = Path(__file__).parents[1]
NOTEBOOKS = {path.stem[:2]: path for path in sorted(ROOT.glob("notebooks/*.ipynb"))}
SOLUTIONS = sorted(ROOT.glob("teaching/solutions/*.py"))
pytest.register_assert_rewrite("solutions")  # a failure shows the values


def functions(path: Path) -> list[ast.FunctionDef]:
    body = ast.parse(path.read_text("utf-8")).body
    return [node for node in body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]


ALL = [(path, function) for path in SOLUTIONS for function in functions(path)]
each_solution = pytest.mark.parametrize(
    ("path", "function"), ALL, ids=[f"{path.stem}-{function.name}" for path, function in ALL]
)


@each_solution
@pytest.mark.usefixtures("unchecked")  # as a lecturer runs it
def test_a_solution_says_the_answer_and_checks_it(path, function):
    assert re.fullmatch(r"exercise_\d+", function.name)
    assert len(ast.get_docstring(function) or "") > 60, "the docstring is the answer, in words and formulas"
    assert any(isinstance(node, ast.Assert) for node in ast.walk(function)), "nothing is checked"
    solution = getattr(importlib.import_module(f"solutions.{path.stem}"), function.name)
    assert not inspect.signature(solution).parameters
    assert solution() is None


def test_every_file_belongs_to_a_chapter():
    assert {path.stem for path in SOLUTIONS} <= {f"chapter_{number}" for number in NOTEBOOKS}


@pytest.mark.parametrize("number", NOTEBOOKS)
def test_exercises_and_solutions_agree(number):
    """An exercise shows its solution, or has one in the lecturer's file: one of the two. Two are the lecturer's."""
    found = exercises(read(NOTEBOOKS[number]))
    assert [one.number for one in found] == [*range(1, len(found) + 1)]
    assert [one.name for one in found if one.is_shown == one.is_hidden] == []
    assert [one.name for one in found if not one.grade] == []
    hidden = {one.number for one in found if one.is_hidden}
    assert len(hidden) >= 2
    path = ROOT / f"teaching/solutions/chapter_{number}.py"
    assert hidden == {int(f.name.removeprefix("exercise_")) for f in (functions(path) if path.exists() else [])}
