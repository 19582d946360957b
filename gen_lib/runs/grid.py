"""Grids of parameters: what a sweep runs over, and in which order.

The points of a grid are never held in memory: a grid of 10^9 points of which a hundred are drawn costs a hundred.
"""

import csv
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

from ..slips import brief, whole

RANGE = re.compile(r"(-?\d+):(-?\d+)(?::(-?\d+))?")
SPACED = re.compile(r"(lin|log):([^,]+),([^,]+),([^,]+)")
MOST_VALUES = 100_000  # of one parameter
FORMS = "name=0.1,1,10 or name=0:8 (8 left out) or name=lin:0,1,5 or name=log:1e-3,1e-1,5"


def parse(grids: Sequence[str]) -> dict[str, list[str]]:
    """The values of each parameter, as texts.

    Args:
        grids: such as ``beta=0.1,1,10``, ``seed=0:8``, ``steps=100:500:100``, ``lr=log:1e-3,1e-1,3``; a value with a
            comma goes in double quotes

    Raises:
        ValueError: another form, no value, too many values, or a name that comes twice

    Example:
        >>> parse(["beta=0.1,1", "seed=0:3", "lr=log:1e-3,1e-1,3"])
        {'beta': ['0.1', '1'], 'seed': ['0', '1', '2'], 'lr': ['0.001', '0.01', '0.1']}
    """
    axes: dict[str, list[str]] = {}
    for text in grids:
        name, equals, values = text.partition("=")
        name = name.strip()
        if not equals or not all(part.isidentifier() for part in name.split(".")):
            raise ValueError(f"grid must be {FORMS}, got {brief(text)}")
        if name in axes:
            raise ValueError(f"grid must name each parameter once, {name!r} comes twice")
        axes[name] = _values(name, values.strip())
    return axes


def _values(name: str, text: str) -> list[str]:
    if found := RANGE.fullmatch(text):
        first, end, step = int(found[1]), int(found[2]), int(found[3] or 1)
        if not step or not len(range(first, end, step)[: MOST_VALUES + 1]):
            raise ValueError(f"grid {name} must have a value, {text} has none: the end is left out, as in 0:8")
        return [str(value) for value in range(first, end, step)[: _few(name, range(first, end, step))]]
    if found := SPACED.fullmatch(text):
        return _spaced(name, text, *found.groups())
    try:
        (values,) = csv.reader([text], skipinitialspace=True, strict=True)
    except (csv.Error, ValueError) as error:
        raise ValueError(f"grid {name} must be {FORMS}, got {brief(text)}") from error
    values = [value.strip() for value in values]
    if not values or (len(values) > 1 and "" in values) or values == [""]:
        raise ValueError(f"grid {name} must have a value between any two commas, got {brief(text)}")
    return values[: _few(name, values)]


def _spaced(name: str, text: str, kind: str, first: str, last: str, count: str) -> list[str]:
    try:
        low, high, n = float(first), float(last), whole(f"the number of values of {name}", int(count), least=2)
        if not abs(high - low) < float("inf") or (kind == "log" and min(low, high) <= 0):
            raise ValueError(f"ends must be finite{', and above 0' * (kind == 'log')}")
        _few(name, range(n))
    except ValueError as error:
        raise ValueError(f"grid {name} must be {kind}:FIRST,LAST,NUMBER, got {brief(text)}: {error}") from error
    parts = [index / (n - 1) for index in range(n)]
    between = [low * (high / low) ** part if kind == "log" else low + (high - low) * part for part in parts]
    return [f"{value:.12g}" for value in between]


def _few(name: str, values: Sequence[Any]) -> int:
    try:
        n = len(values)
    except OverflowError:
        n = MOST_VALUES + 1
    if n > MOST_VALUES:
        raise ValueError(f"grid {name} must have at most {MOST_VALUES} values")
    return n


def points(axes: Mapping[str, Sequence[Any]], n: int | None = None, seed: int = 0) -> Iterator[dict[str, Any]]:
    """The points of a grid: all of them, the last parameter moving fastest, or a number of them drawn at random.

    The first points drawn do not depend on how many are drawn.

    Args:
        axes: name to values
        n: how many to draw, none of them twice
        seed: of the draw

    Raises:
        ValueError: ``n`` is below 1 or there are not as many points

    Example:
        >>> [*points({"a": [1, 2], "b": [3, 4]})][:2], [*points({"a": range(100)}, 2)]
        ([{'a': 1, 'b': 3}, {'a': 1, 'b': 4}], [{'a': 49}, {'a': 98}])
    """
    total = prod(map(len, axes.values()))
    if n is not None and whole("random", n, least=1) > total:
        raise ValueError(f"random must be at most {total}, the points of the grid, got {n}")
    return (_point(axes, index) for index in (range(total) if n is None else _drawn(total, n, seed)))


def _drawn(total: int, n: int, seed: int) -> Iterator[int]:
    """Numbers below the total in the order of a shuffle that stops after n: what was moved is remembered."""
    stream, moved = random.Random(seed), dict[int, int]()
    for index in range(n):
        other = stream.randrange(index, total)
        yield moved.get(other, other)
        moved[other] = moved.pop(index, index)


def _point(axes: Mapping[str, Sequence[Any]], index: int) -> dict[str, Any]:
    point = {}
    for name in reversed([*axes]):
        index, place = divmod(index, len(axes[name]))
        point[name] = axes[name][place]
    return {name: point[name] for name in axes}


def key(parameters: Mapping[str, Any]) -> str:
    """Equal for equal parameters, and for no others: 1 and 1.0 and True differ.

    Example:
        >>> key({"a": 1, "b": 2.0}) == key({"b": 2.0, "a": 1}) != key({"a": True, "b": 2.0})
        True
    """
    return json.dumps(parameters, sort_keys=True)
