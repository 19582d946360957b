"""What every chapter calls first (set-up) and last (claims)."""

import ast
import math
import os
from typing import Any

import torch
from IPython import get_ipython
from torch import Tensor

from . import plots

TYPES = {"int": int, "float": float, "str": str, "bool": bool}


class ClaimError(AssertionError):
    """A sentence of the book is not true in this run."""


class ParameterError(ValueError):
    """A parameter of the notebook has a name, a type or a value that it cannot have."""


def setup(**bounds: tuple[float, float]) -> None:
    """Check the chapter's parameters, choose threads and the look of the figures, seed torch.

    papermill passes any name and any type on to the notebook; here, in the first cell that runs, a slip becomes an
    error that names the parameter and what is allowed. Values are put back with the type of the parameters cell.

    Small nets run fastest on one thread. The environment variable ``GEN_LIB_THREADS`` overrides that.

    Args:
        bounds: name of a parameter to its least and largest value

    Raises:
        ParameterError: unknown name, wrong type, or value out of bounds

    Example:
        >>> setup()
    """
    torch.set_num_threads(int(os.environ.get("GEN_LIB_THREADS", "1")))
    plots.use_style()
    shell = get_ipython()
    if shell is None:
        return
    cells = shell.user_ns.get("In", [])
    declared = declared_parameters(cells)
    if declared:
        given = {name: shell.user_ns.get(name, default) for name, (_, default) in declared.items()}
        shell.user_ns.update(checked(declared, {**given, **injected_parameters(cells)}, bounds))
    torch.manual_seed(shell.user_ns.get("seed", 0))


def declared_parameters(cells: list[str]) -> dict[str, tuple[type, object]]:
    """Names, types and defaults of the parameters cell: the first one that only assigns annotated names.

    Args:
        cells: the source of the cells that have run
    """
    for cell in cells:
        body = _statements(cell)
        if body and all(isinstance(s, ast.AnnAssign) and s.value for s in body):
            typed = [(s.target, s.annotation, s.value) for s in body if isinstance(s, ast.AnnAssign) and s.value]
            return {ast.unparse(t): (TYPES[ast.unparse(kind)], ast.literal_eval(v)) for t, kind, v in typed}
    return {}


def injected_parameters(cells: list[str]) -> dict[str, object]:
    """Names and values of the cell that papermill puts in, empty without one."""
    for cell in cells:
        if cell.lstrip().startswith("# Parameters"):
            assignments = [s for s in _statements(cell) if isinstance(s, ast.Assign)]
            return {ast.unparse(s.targets[0]): ast.literal_eval(s.value) for s in assignments}
    return {}


def _statements(cell: str) -> list[ast.stmt]:
    try:
        return ast.parse(cell).body
    except SyntaxError:  # a magic or a shell line: not a parameters cell
        return []


def checked(
    declared: dict[str, tuple[type, object]], given: dict[str, object], bounds: dict[str, tuple[float, float]]
) -> dict[str, Any]:
    """The given values with their declared types, or an error that lists every slip and what is allowed.

    Args:
        declared: name to type and default
        given: name to value
        bounds: name to least and largest value

    Raises:
        ParameterError: unknown name, wrong type, or value out of bounds

    Example:
        >>> checked({"beta": (float, 1.0)}, {"beta": 4}, {"beta": (0, 100)})
        {'beta': 4.0}
        >>> checked({"beta": (float, 1.0)}, {"betta": 4}, {"beta": (0, 100)})
        Traceback (most recent call last):
        gen_lib.notebook.ParameterError: unknown parameter 'betta'. Allowed: beta (float from 0 to 100, default 1.0)
    """
    errors: list[str] = []
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in declared:
            errors.append(f"unknown parameter {name!r}")
            continue
        kind, _ = declared[name]
        low, high = bounds.get(name, (-math.inf, math.inf))
        try:
            values[name] = _as(kind, value)
        except (TypeError, ValueError):
            errors.append(f"parameter {name!r} must be of type {kind.__name__}, got {value!r}")
            continue
        if kind in (int, float) and not low <= values[name] <= high:
            errors.append(f"parameter {name!r} must lie from {low} to {high}, got {value!r}")
    if errors:
        allowed = ", ".join(
            f"{name} ({kind.__name__}"
            + (f" from {bounds[name][0]} to {bounds[name][1]}" if name in bounds else "")
            + f", default {default!r})"
            for name, (kind, default) in declared.items()
        )
        raise ParameterError(f"{'; '.join(errors)}. Allowed: {allowed}")
    return values


def _as(kind: type, value: Any) -> Any:
    """The value as that type, where no information is lost; papermill's -r passes strings."""
    if isinstance(value, bool) != (kind is bool) and not isinstance(value, str):
        raise TypeError
    if kind is bool and isinstance(value, str):
        return {"true": True, "false": False}[value.lower()] if value.lower() in ("true", "false") else int("no")
    converted = kind(value)
    if kind is int and float(value) != converted:
        raise ValueError
    if kind is str and not isinstance(value, str):
        raise TypeError
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
    print(f"{values.mean():8.{digits}f} ± {values.std():.{digits}f}  {name}")


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
    print(line)
    if not holds and os.environ.get("GEN_LIB_STRICT") == "1":
        raise ClaimError(line)
