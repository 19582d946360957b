"""The lecturer's solutions hold, and belong to the exercises that send the reader to them."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest
from notebook_key import read, source

ROOT = Path(__file__).parents[1]
NOTEBOOKS = {path.stem[:2]: path for path in sorted(ROOT.glob("notebooks/*.ipynb"))}
SOLUTIONS = sorted(ROOT.glob("teaching/solutions/*.py"))
EXERCISE = re.compile(r"^\*\*(\d+)\. .*?\*\*", re.MULTILINE)
HIDDEN = "*(Solution in the lecturer's file.)*"

pytest.register_assert_rewrite("solutions")  # a failure shows the values


def exercises(path: Path) -> dict[int, str]:
    """The text of each exercise, from its number to the next."""
    prose = "\n\n".join(source(cell) for cell in read(path)["cells"] if cell["cell_type"] == "markdown")
    section = re.search(r"^## Exercises$(.*?)(?=^## |\Z)", prose, re.MULTILINE | re.DOTALL)
    _, *parts = EXERCISE.split(section[1] if section else "")
    numbers = [int(number) for number in parts[::2]]
    assert numbers == [*range(1, len(numbers) + 1)], f"{path.stem}: exercises {numbers}"
    return dict(zip(numbers, parts[1::2], strict=True))


def functions(path: Path) -> list[ast.FunctionDef]:
    body = ast.parse(path.read_text("utf-8")).body
    return [node for node in body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]


ALL = [(path, function) for path in SOLUTIONS for function in functions(path)]
each_solution = pytest.mark.parametrize(
    ("path", "function"), ALL, ids=[f"{path.stem}-{function.name}" for path, function in ALL]
)


@each_solution
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
    """An exercise shows its solution, or has one in the lecturer's file: one of the two."""
    found = exercises(NOTEBOOKS[number])
    assert found
    shown = {k for k, text in found.items() if "<summary>Solution</summary>" in text}
    hidden = {k for k, text in found.items() if text.rstrip().endswith(HIDDEN)}
    assert shown & hidden == set()
    assert shown | hidden == {*found}
    path = ROOT / f"teaching/solutions/chapter_{number}.py"
    assert hidden == {int(f.name.removeprefix("exercise_")) for f in (functions(path) if path.exists() else [])}
