"""What every chapter calls first (set-up) and last (claims)."""

import ast
import math
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from IPython import get_ipython
from torch import Tensor

from . import plots, terminal
from .slips import brief, threads, whole

TYPES = {"int": int, "float": float, "str": str, "bool": bool}
Bounds = Mapping[str, tuple[float, float]]
Declared = dict[str, tuple[str, str]]


class ClaimError(AssertionError):
    """A sentence of the book is not true in this run."""


class ParameterError(ValueError):
    """A parameter of the notebook has a name, a type or a value that it cannot have."""


def setup(**bounds: tuple[float, float]) -> None:
    """Check the chapter's parameters, choose threads and the look of the figures, seed torch.

    papermill passes any name and any type on to the notebook; here, in the first cell that runs, a slip becomes an
    error that names the parameter and what is allowed. What counts is the value that a name holds now, whichever cell
    gave it; it is put back with the type that the parameters cell declares. In a script, such as one exported from a
    chapter, there are no cells, and only torch is seeded.

    Small nets run fastest on one thread. The environment variable ``GEN_LIB_THREADS`` overrides that.

    Args:
        bounds: name of a parameter to its least and largest value

    Raises:
        ParameterError: unknown name, wrong type, or value out of bounds
        ValueError: ``GEN_LIB_THREADS`` is not a number of threads

    Example:
        >>> setup()
    """
    torch.set_num_threads(threads())
    plots.use_style()
    terminal.forgive()
    names = vars(sys.modules["__main__"])  # of the notebook or of the script
    shell = get_ipython()
    if shell and shell.user_ns is names and any(cells := shell.history_manager.input_hist_parsed):
        declared, injected = read_parameters(cells, bounds)
        given = {name: names[name] for name in [*declared, *bounds, *injected] if name in names}
        names.update(checked(declared, given, bounds))
    torch.manual_seed(whole("seed", names.get("seed", 0), least=0))


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
        body = _statements(cell)
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


def _statements(cell: str) -> list[ast.stmt]:
    try:
        return ast.parse(cell).body
    except SyntaxError:
        return []


def _is_injected(statement: ast.stmt) -> bool:
    """Whether papermill may have written it: ``name = 4``, and ``float('inf')`` for what has no literal."""
    if not (isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)):
        return False
    names = [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
    return set(names[1:]) <= {"float"}


def checked(declared: Declared, given: Mapping[str, object], bounds: Bounds) -> dict[str, Any]:
    """The given values with their declared types, or an error that lists every slip and what is allowed.

    Args:
        declared: name to type and default, as they are written
        given: name to value
        bounds: name to least and largest value

    Raises:
        ParameterError: unknown name, wrong type, no value, or value out of bounds

    Example:
        >>> checked({"beta": ("float", "1.0")}, {"beta": 4}, {"beta": (0, 100)})
        {'beta': 4.0}
        >>> checked({"beta": ("float", "1.0")}, {"beta": 1, "betta": 4}, {"beta": (0, 100)})
        Traceback (most recent call last):
        gen_lib.notebook.ParameterError: unknown parameter 'betta'. Allowed: beta (float from 0 to 100, default 1.0)
    """
    errors = [f"parameter {name!r} has no value, run the cell above" for name in bounds if name not in given]
    values: dict[str, Any] = {}
    for name, value in given.items():
        undeclared = "" if name not in bounds else "int" if isinstance(value, int) else "float"
        kind, _ = declared.get(name, (undeclared, ""))
        low, high = bounds.get(name, (-math.inf, math.inf))
        if not kind:
            errors.append(f"unknown parameter {name!r}")
        elif kind not in TYPES:
            errors.append(f"parameter {name!r} must be declared as {', '.join(TYPES)}, or in another cell, got {kind}")
        else:
            try:
                values[name] = _as(TYPES[kind], value)
            except (TypeError, ValueError, OverflowError):
                errors.append(f"parameter {name!r} must be of type {kind}, got {brief(value)}")
                continue
            if kind in ("int", "float") and not low <= values[name] <= high:
                errors.append(f"parameter {name!r} must lie from {low} to {high}, got {brief(value)}")
    if errors:
        allowed = ", ".join(
            f"{name} ({kind}"
            + (f" from {bounds[name][0]} to {bounds[name][1]}" if name in bounds else "")
            + f", default {default})"
            for name, (kind, default) in declared.items()
        )
        raise ParameterError(f"{'; '.join(errors)}. Allowed: {allowed}")
    return values


def _as(kind: type, value: Any) -> Any:
    """The value as that type, where no information is lost; papermill's -r passes strings."""
    if kind is bool and isinstance(value, str):
        value = {"true": True, "false": False}.get(value.lower())
    if isinstance(value, bool) != (kind is bool) or (kind is str and not isinstance(value, str)):
        raise TypeError
    converted = kind(value)
    if kind is int and converted != value and not isinstance(value, str):
        raise ValueError
    return converted


def show(name: str, values: Tensor, digits: int = 3) -> None:
    """Print the mean of several values and their standard deviation, such as those of the members, with a name.

    Args:
        name: what they are
        values: one per member, or of whatever they are
        digits: after the point

    Example:
        >>> show("W1", torch.tensor([0.1, 0.2, 0.3]))
           0.200 ± 0.100  W1
    """
    terminal.say(f"{values.mean():8.{digits}f} ± {values.std():.{digits}f}  {name}")


def claim(
    text: str,
    value: float | Tensor,
    *,
    below: float | None = None,
    above: float | None = None,
    of: str = "members",
    every: bool = False,
) -> None:
    """Print a sentence of the book with its number and whether it holds.

    Of several values the mean is compared, and printed with their standard deviation; with ``every`` each of them is,
    and the least and the largest are printed. With the environment variable ``GEN_LIB_STRICT=1`` (set when the book is
    built) a claim that fails stops the notebook.

    Args:
        text: the sentence, or the quantity
        value: the number, or several
        below: what is compared must be smaller than this
        above: what is compared must be larger than this; at least one of the two is needed
        of: what the values are, if they are not those of the members: ``"points"``, ``"sets of pairs"``
        every: compare each value instead of the mean

    Raises:
        ValueError: no band; no value
        ClaimError: the claim fails, in a strict run

    Example:
        >>> claim("two is less than three", 2, below=3)
        ✓ two is less than three: 2 (below 3)
        >>> claim("W1", torch.tensor([0.1, 0.2, 0.3]), below=0.25)
        ✓ W1: 0.2 ± 0.1, mean of 3 members (below 0.25)
        >>> claim("W1", torch.tensor([0.1, 0.2, 0.3]), of="sets", every=True, below=0.25)
        ✗ W1: 0.1 to 0.3, every one of 3 sets (below 0.25)
    """
    if below is None and above is None:
        raise ValueError(f"claim {text!r} needs a band: below=, above= or both")
    values = torch.as_tensor(value, dtype=torch.float64).flatten()
    if not len(values):
        raise ValueError(f"claim {text!r} needs a value, got none")
    low, high = (values.min(), values.max()) if every else (values.mean(), values.mean())
    holds = (below is None or high < below) and (above is None or low > above)
    if every:
        number = f"{low:.3g} to {high:.3g}, every one of {len(values)} {of}"
    elif len(values) > 1:
        number = f"{low:.3g} ± {values.std():.2g}, mean of {len(values)} {of}"
    else:
        number = f"{low:.3g}"
    bounds = {"above": above, "below": below}
    band = " and ".join(f"{name} {bound:g}" for name, bound in bounds.items() if bound is not None)
    line = f"{'✓' if holds else '✗'} {text}: {number} ({band})"
    terminal.say(line)
    if not holds and os.environ.get("GEN_LIB_STRICT") == "1":
        raise ClaimError(line)
