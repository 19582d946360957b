"""Slips in names and whole numbers are answered by what would be right.

Nothing here needs torch, so that the command line can refuse them before it imports it.
"""

import numbers
import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from reprlib import Repr
from typing import TypeVar

Value = TypeVar("Value")

#: Names of the methods that are ready, in the order of the book (``gen_lib.METHODS``).
METHOD_NAMES = ("decoder", "ae", "vae", "vae_beta", "gan", "wgan", "fm", "meanflow", "facm", "backflow", "diffusion")

#: Names of what can be learned (``gen_lib.data.TARGETS``).
TARGET_NAMES = (
    *("mixture_1d", "mixture_2d", "two_modes_2d", "ring", "grid", "eight_gaussians"),
    *("moons", "s_curve", "checkerboard", "spiral"),
)


#: The largest whole number that torch takes as a size; there is room for the seeds of members above it.
MOST = 2**63 - 1

_short = Repr()
_short.maxdict = 6
_short.maxstring = _short.maxother = 200
_short.maxlong = 60


def brief(value: object) -> str:
    """A value as an error shows it: of many entries the first six and how many there are.

    Example:
        >>> brief([0.5] * 80_000)
        '[0.5, 0.5, 0.5, 0.5, 0.5, 0.5, ...] of length 80000'
    """
    text = _short.repr(value)
    if isinstance(value, list | tuple | dict | set | frozenset) and len(value) > 6:
        return f"{text} of length {len(value)}"
    return text


def whole(name: str, value: object, least: int) -> int:
    """A whole number that is not too small, and not too large for torch.

    Raises:
        ValueError: a value that is not whole, below ``least``, or 2^63 and more; True and False are not numbers

    Example:
        >>> whole("steps", 0, least=1)
        Traceback (most recent call last):
        ValueError: steps must be a whole number of at least 1, got 0
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {brief(value)}")
    if int(value) > MOST:
        raise ValueError(f"{name} must be a whole number from {least} to {MOST}, got {brief(value)}")
    return int(value)


def threads() -> int:
    """How many threads to compute with: small nets run fastest on one, ``GEN_LIB_THREADS`` overrides that.

    Raises:
        ValueError: the variable is not a number of threads
    """
    value = os.environ.get("GEN_LIB_THREADS") or "1"
    return whole("GEN_LIB_THREADS", int(value) if value.isdecimal() else value, least=1)


class UnknownName(KeyError, ValueError):
    """A name that stands in no table. Its text says which names do."""

    def __str__(self) -> str:
        return str(self.args[0])  # a KeyError would put quotes around it


class Table(dict[str, Value]):
    """A dictionary of names whose missing entries are explained.

    Example:
        >>> Table(gan=1, wgan=2).called("method")["gann"]
        Traceback (most recent call last):
        gen_lib.slips.UnknownName: unknown method 'gann', did you mean 'gan'? Known: gan, wgan
    """

    def called(self, name: str) -> "Table[Value]":
        """The same table, with the word for its entries that errors use."""
        self.name = name
        return self

    def __missing__(self, key: str) -> Value:
        return known(self.name, key, self)


def known(name: str, value: str, table: Mapping[str, Value]) -> Value:
    """The entry of a table of names.

    Raises:
        UnknownName: a name that is not in the table, with the nearest one that is

    Example:
        >>> known("likelihood", "bernouli", {"bernoulli": 1, "gaussian": 2})
        Traceback (most recent call last):
        gen_lib.slips.UnknownName: unknown likelihood 'bernouli', did you mean 'bernoulli'? Known: bernoulli, gaussian
    """
    if not isinstance(value, str) or value not in table:
        raise UnknownName(f"unknown {name} {brief(value)}{nearest(value, table) or '.'} Known: {', '.join(table)}")
    return table[value]


def nearest(value: object, names: Iterable[str]) -> str:
    """What was perhaps meant, as the end of a sentence.

    Example:
        >>> nearest("betta", ["alpha", "beta"]), nearest("x", ["alpha", "beta"])
        (", did you mean 'beta'?", '')
    """
    near = get_close_matches(str(value)[:100], list(names), 1)
    return f", did you mean {near[0]!r}?" if near else ""
