"""What a notebook takes, read from its file: slips are refused before a kernel starts.

Only what is written as a plain value is known here; the notebook itself checks all of it once more (``setup``).
"""

import ast
import hashlib
import json
import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..parameters import Declared, checked, optional, read_parameters, statements
from ..slips import brief

OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


class Expression(str):
    """The source of a value that only the notebook can compute."""

    __slots__ = ()


@dataclass(frozen=True)
class Notebook:
    """A notebook in Python with its parameters.

    Attributes:
        path: of the file
        declared: name to type and default, as they are written
        comments: name to what is said about it
        bounds: name to least and largest value, as far as they are written as numbers
        code: hash of the code cells and their tags
    """

    path: Path
    declared: Declared
    comments: dict[str, str]
    bounds: dict[str, tuple[float, float]]
    code: str

    def checked(self, given: Mapping[str, object]) -> dict[str, Any]:
        """The given parameters with their types.

        Raises:
            ParameterError: unknown name, wrong type, or value out of bounds
        """
        usual = {name: value for name, value in self.defaults.items() if not isinstance(value, Expression)}
        values = usual | {name: self._read(name, value) for name, value in given.items()}
        typed = checked(self.declared, values, {name: self.bounds[name] for name in values if name in self.bounds})
        return {name: typed[name] for name in given}

    def _read(self, name: str, value: object) -> object:
        empty = isinstance(value, str) and value in ("None", "null")
        return None if empty and name in self.declared and optional(self.declared[name][0]) else value

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """What the parameters are if they are not given; what is no plain value as an :class:`Expression`."""
        return {name: constant(text, Expression(text)) for name, (_, text) in self.declared.items()}

    def help(self) -> str:
        """A line for each parameter: name, type, bounds, default, meaning.

        Example:
            >>> bounds = {"beta": (0, 9)}
            >>> Notebook(Path(), {"beta": ("float", "1.0")}, {"beta": "weight"}, bounds, "").help()
            'beta: float = 1.0  from 0 to 9; weight'
        """
        lines = []
        for name, (kind, default) in self.declared.items():
            notes = [f"from {self.bounds[name][0]} to {self.bounds[name][1]}"] if name in self.bounds else []
            notes += [self.comments[name]] if self.comments.get(name) else []
            lines.append(f"{name}: {kind} = {default}  {'; '.join(notes)}".rstrip())
        return "\n".join(lines)


def read(path: str | Path) -> Notebook:
    """Read a notebook without running anything.

    Args:
        path: of a file .ipynb

    Raises:
        FileNotFoundError: no such file
        ValueError: not a notebook in Python, or several cells tagged ``parameters``

    Returns:
        the notebook with its parameters
    """
    path = Path(path)
    if path.suffix != ".ipynb":
        raise ValueError(f"notebook must be a file .ipynb, got {brief(str(path))}")
    if not path.is_file():
        raise FileNotFoundError(f"notebook {path} is not there")
    try:
        content = json.loads(path.read_text("utf8"))
        cells = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
        sources = ["".join(cell["source"]) for cell in cells]
        tags = [sorted(cell.get("metadata", {}).get("tags", [])) for cell in cells]
        language = content.get("metadata", {}).get("kernelspec", {}).get("language", "python")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"notebook {path} must be a notebook of format 4: {type(error).__name__}: {error}") from error
    if language != "python":
        raise ValueError(f"notebook {path} must be in python, it is in {language}")
    own = [source for source, tagged in zip(sources, tags, strict=True) if "parameters" in tagged]
    if len(own) > 1:
        raise ValueError(f"notebook {path} must have one cell tagged 'parameters', it has {len(own)}")
    code = hashlib.sha256(json.dumps([sources, tags]).encode()).hexdigest()[:16]
    declared, comments = _declared(own[0]) if own else ({}, {})
    return Notebook(path, declared, comments, _bounds(sources, declared), code)


def _declared(cell: str) -> tuple[Declared, dict[str, str]]:
    """The parameters of a cell with types, or without types with those of their values; and their comments."""
    declared, _ = read_parameters([cell], [])
    lines, comments = cell.encode().splitlines(), {}  # ast counts bytes
    for statement in statements(cell):
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)):
                pass
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                kind = type(constant(ast.unparse(value))).__name__
                declared.setdefault(name, (kind if kind in ("int", "float", "str", "bool") else "object", ""))
                declared[name] = (declared[name][0], ast.unparse(value))
            case _:
                continue
        line = lines[(statement.end_lineno or 1) - 1]
        comments[name] = line[statement.end_col_offset :].decode().partition("#")[2].strip()
    return declared, comments


def _bounds(sources: list[str], declared: Declared) -> dict[str, tuple[float, float]]:
    """The bounds that ``setup`` is given, also by a dictionary: ``setup(seed=(0, 9), **bounds)``."""
    found: dict[str, tuple[float, float]] = {}
    tables: dict[str, ast.expr] = {}
    for source in sources:
        for node in [inner for statement in statements(source) for inner in ast.walk(statement)]:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict() as table):
                    tables[name] = table
                case ast.Call(func=ast.Name(id="setup") | ast.Attribute(attr="setup"), keywords=keywords):
                    for keyword in keywords:
                        given = keyword.value
                        if keyword.arg is None and isinstance(given, ast.Name):
                            given = tables.get(given.id, given)
                        values = constant(ast.unparse(given))
                        many = {keyword.arg: values} if keyword.arg else values
                        found |= many if isinstance(many, dict) else {}
    return {name: pair for name, pair in found.items() if name in declared and _is_pair(pair)}


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(type(end) in (int, float) for end in value)


def constant(text: str, otherwise: Any = None) -> Any:
    """The value of an expression of numbers, texts, tuples, lists and dictionaries, or something else if it is none.

    Example:
        >>> constant("(0, 2**31)"), constant("1 / 4"), constant("open('x')")
        ((0, 2147483648), 0.25, None)
    """
    try:
        return _value(ast.parse(text, mode="eval").body)
    except (ValueError, TypeError, SyntaxError, ArithmeticError, RecursionError, MemoryError):
        return otherwise


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Tuple(elts=parts):
            return tuple(map(_value, parts))
        case ast.List(elts=parts):
            return [*map(_value, parts)]
        case ast.Dict(keys=keys, values=values):
            return {ast.literal_eval(key): _value(value) for key, value in zip(keys, values, strict=True) if key}
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            base, power = _value(left), _value(right)
            if abs(power) > 1000 or abs(base) > 1e6:
                raise ValueError(f"{base}**{power} is too large")
            return base**power
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            numbers = _value(left), _value(right)
            if not all(isinstance(number, int | float) for number in numbers):
                raise ValueError("an operation on other things than numbers")
            return OPERATORS[type(op)](*numbers)
        case ast.Attribute(value=ast.Name(id="math"), attr="inf" | "pi" | "e" | "tau" as name):
            return getattr(math, name)
    return ast.literal_eval(node)
