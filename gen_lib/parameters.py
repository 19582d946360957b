"""The parameters of a notebook: what its cell declares, and what a value may be.

Nothing here needs torch, so that a command line can refuse a slip before a kernel starts.
"""

import ast
import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from .slips import brief, nearest

TYPES = {"int": int, "float": float, "str": str, "bool": bool}
ALLOWED = f"{', '.join(TYPES)}, Literal[...], or several of these and None joined by |"
Bounds = Mapping[str, tuple[float, float]]
Declared = dict[str, tuple[str, str]]


class ParameterError(ValueError):
    """A parameter of the notebook has a name, a type or a value that it cannot have."""


def read_parameters(cells: Iterable[str], bounds: Iterable[str]) -> tuple[Declared, list[str]]:
    """What the parameters cell declares, and the names in the cell that papermill puts in below it.

    The parameters cell is the one that declares a name with bounds, or without bounds the first that declares any. If
    it has run again with other names, these count as well. A cell of papermill counts until the parameters cell or
    another one of papermill runs.

    Args:
        cells: the source of the cells that have run
        bounds: the names with bounds

    Returns:
        name to type and default, as they are written; the injected names
    """
    declared: Declared = {}
    injected: list[str] = []
    known = {*bounds}
    for cell in cells:
        body = statements(cell)
        found = {
            ast.unparse(s.target): (ast.unparse(s.annotation), ast.unparse(s.value))
            for s in body
            if isinstance(s, ast.AnnAssign) and s.simple and s.value
        }
        if found and (not known or known & found.keys()):
            declared, injected = declared | found, []
            known |= found.keys()
        elif cell.splitlines()[:1] == ["# Parameters"] and all(map(_is_injected, body)):
            injected = [ast.unparse(s.targets[0]) for s in body if isinstance(s, ast.Assign)]
    return declared, injected


def statements(cell: str) -> list[ast.stmt]:
    """The statements of a cell; none if it is not plain Python.

    Example:
        >>> [type(s).__name__ for s in statements("x = 1; print(x)")], statements("%matplotlib inline")
        (['Assign', 'Expr'], [])
    """
    try:
        return ast.parse(cell).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _is_injected(statement: ast.stmt) -> bool:
    """Whether papermill may have written it: ``name = 4``, and ``float('inf')`` for what has no literal."""
    if not (isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)):
        return False
    names = [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
    return set(names[1:]) <= {"float"}


def checked(declared: Declared, given: Mapping[str, object], bounds: Bounds) -> dict[str, Any]:
    """The given values with their declared types, or an error that lists every slip and what is allowed.

    A type is ``int``, ``float``, ``str``, ``bool``, ``Literal[...]``, or several of them, also with None:
    ``Optional[int]``, ``float | None``. Of several the first that can hold the value counts.

    Args:
        declared: name to type and default, as they are written
        given: name to value
        bounds: name to least and largest value

    Raises:
        ParameterError: unknown name, wrong type, no value, or value out of bounds

    Example:
        >>> checked({"beta": ("float", "1.0")}, {"beta": 4}, {"beta": (0, 100)})
        {'beta': 4.0}
        >>> checked({"kind": ("Literal['ae', 'vae'] | None", "None")}, {"kind": "vae"}, {})
        {'kind': 'vae'}
        >>> checked({"beta": ("float", "1.0")}, {"beta": 1, "betta": 4}, {"beta": (0, 100)})
        Traceback (most recent call last):
        gen_lib.parameters.ParameterError: unknown parameter 'betta', did you mean 'beta'? Allowed: beta (float from 0 \
to 100, default 1.0)
    """
    errors = [f"parameter {name!r} has no value, run the cell above" for name in bounds if name not in given]
    values: dict[str, Any] = {}
    for name, value in given.items():
        undeclared = "" if name not in bounds else "int" if isinstance(value, int) else "float"
        kind, _ = declared.get(name, (undeclared, ""))
        low, high = bounds.get(name, (-math.inf, math.inf))
        if not kind:
            errors.append(f"unknown parameter {name!r}{nearest(name, declared)}")
            continue
        try:
            values[name] = converted(kind, value)
        except (LookupError, SyntaxError):
            errors.append(f"parameter {name!r} must be declared as {ALLOWED}, or in another cell, got {kind}")
            continue
        except (TypeError, ValueError, OverflowError):
            errors.append(f"parameter {name!r} must be of type {kind}, got {brief(value)}")
            continue
        if type(values[name]) in (int, float) and "Literal" not in kind and not low <= values[name] <= high:
            errors.append(f"parameter {name!r} must lie from {low} to {high}, got {brief(value)}")
    if errors:
        text = "; ".join(errors)
        raise ParameterError(f"{text}{' ' if text.endswith('?') else '. '}Allowed: {allowed(declared, bounds)}")
    return values


def allowed(declared: Declared, bounds: Bounds) -> str:
    """The parameters of a notebook in words, with their types, bounds and defaults.

    Example:
        >>> allowed({"beta": ("float", "1.0")}, {"beta": (0, 100)})
        'beta (float from 0 to 100, default 1.0)'
    """
    return ", ".join(
        f"{name} ({kind}"
        + (f" from {bounds[name][0]} to {bounds[name][1]}" if name in bounds else "")
        + f", default {default})"
        for name, (kind, default) in declared.items()
    )


def converted(kind: str, value: object) -> Any:
    """The value as a declared type, where no information is lost; texts, as papermill's -r passes them, are read.

    Args:
        kind: the type as it is written
        value: any

    Raises:
        LookupError: a type that parameters cannot have
        TypeError, ValueError, OverflowError: a value that the type cannot hold

    Example:
        >>> converted("int", "1e3"), converted("float | None", None), converted("Literal[1, 'a']", "1")
        (1000, None, 1)
    """
    options = _readers(kind)
    for option in options:
        try:
            return option(value)
        except (TypeError, ValueError, OverflowError):
            if option is options[-1]:
                raise
    raise LookupError(kind)


def optional(kind: str) -> bool:
    """Whether a parameter of that type may be None.

    Example:
        >>> optional("Optional[int]"), optional("str")
        (True, False)
    """
    return _none in _readers(kind)


@cache
def _readers(kind: str) -> tuple[Any, ...]:
    return (*_options(ast.parse(kind, mode="eval").body),)


def _options(annotation: ast.expr) -> Iterator[Any]:
    """The functions that convert to each of the types that an annotation joins."""
    match annotation:
        case ast.Name(id=name) if name in TYPES:
            yield {"int": _int, "float": _float, "str": _str, "bool": _bool}[name]
        case ast.Constant(value=None):
            yield _none
        case ast.Constant(value=str(text)):  # a type in quotes
            yield from _options(ast.parse(text, mode="eval").body)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield from _options(left)
            yield from _options(right)
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inside):
            parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
            if name == "Literal":
                try:
                    yield _one_of(tuple(map(ast.literal_eval, parts)))
                except ValueError:
                    raise LookupError(ast.unparse(annotation)) from None
            elif name in ("Optional", "Union"):
                for part in parts:
                    yield from _options(part)
                yield from [_none] * (name == "Optional")
            else:
                raise LookupError(name)
        case _:
            raise LookupError(ast.unparse(annotation))


def _int(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            value = float(value)  # "1e3"
    whole = int(value)
    if whole != value:
        raise ValueError
    return whole


def _float(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError
    return float(value)


def _str(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _bool(value: Any) -> bool:
    if isinstance(value, str):
        value = {"true": True, "false": False}.get(value.lower())
    if not isinstance(value, bool):
        raise TypeError
    return value


def _none(value: Any) -> None:
    if value is not None:
        raise TypeError


def _one_of(choices: tuple[Any, ...]) -> Any:
    def choose(value: Any) -> Any:
        for choice in choices:
            if type(value) is type(choice) and value == choice:
                return choice
        for choice in choices:
            if isinstance(value, str) and value == str(choice):
                return choice
        raise ValueError

    return choose
