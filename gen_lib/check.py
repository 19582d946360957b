"""Bad input is refused before work starts, by an error that names the argument, the value and what would be right."""

import math
import numbers
from typing import Any

import torch
from torch import Tensor

from .slips import brief as brief
from .slips import whole as whole


def number(name: str, value: object, least: float = -math.inf, above: float = -math.inf) -> None:
    """A finite number, or a tensor of them, that is not too small.

    Raises:
        ValueError: another type, an empty tensor, a value that is not finite, below ``least`` or not above ``above``

    Example:
        >>> number("beta", -1.0, least=0)
        Traceback (most recent call last):
        ValueError: beta must be a finite number of at least 0, got -1.0
    """
    good = isinstance(value, numbers.Real | Tensor) and not isinstance(value, bool)
    found = brief(value)
    if good:
        v = value if isinstance(value, Tensor) else torch.tensor(_float(value), dtype=torch.float64, device="cpu")
        fits = v.isfinite() & (v >= least) & (v > above)
        good = v.numel() > 0 and bool(fits.all())
        if v.numel() > 8:
            found = f"{int((~fits).sum())} of {v.numel()} entries that are not"
    if not good:
        bound = f" above {above:g}" if above > -math.inf else f" of at least {least:g}" if least > -math.inf else ""
        raise ValueError(f"{name} must be a finite number{bound}, got {found}")


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number beyond all floats
        return math.inf


def fraction(name: str, value: float) -> None:
    """A number from 0 to 1.

    Raises:
        ValueError: another type or value

    Example:
        >>> fraction("same", 1.5)
        Traceback (most recent call last):
        ValueError: same must lie from 0 to 1, got 1.5
    """
    number(name, value)
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must lie from 0 to 1, got {brief(value)}")


def amount(name: str, value: object) -> tuple[int, ...]:
    """How many points: a whole number n, or a tuple ``(*members, n)``.

    Raises:
        ValueError: something else, a negative number

    Example:
        >>> amount("n", 5), amount("n", (3, 5))
        ((5,), (3, 5))
    """
    if isinstance(value, tuple | list) and value:
        return tuple(whole(f"each of {name}", v, least=0) for v in value)
    return (whole(name, value, least=0),)


def sizes(name: str, value: object) -> tuple[int, ...]:
    """A tuple of positive whole numbers, such as the widths of hidden layers or the shape of the members.

    Raises:
        ValueError: something else, such as a single number

    Example:
        >>> sizes("members", 8)
        Traceback (most recent call last):
        ValueError: members must be a tuple of whole numbers, such as (8,), got 8
    """
    if not isinstance(value, tuple | list | torch.Size):
        raise ValueError(f"{name} must be a tuple of whole numbers, such as (8,), got {brief(value)}")
    return tuple(whole(f"each of {name}", v, least=1) for v in value)


def precision(name: str, value: Tensor) -> Tensor:
    """Numbers in float32 or float64. Half precision is refused: it holds neither a distance nor a density well.

    Raises:
        ValueError: whole numbers, half precision

    Example:
        >>> precision("x", torch.zeros(3).half())
        Traceback (most recent call last):
        ValueError: x must be in float32 or float64, got torch.float16
    """
    if not value.is_floating_point():
        raise ValueError(f"{name} must hold floating-point numbers, got {value.dtype}")
    if value.dtype not in (torch.float32, torch.float64):
        raise ValueError(f"{name} must be in float32 or float64, got {value.dtype}")
    return value


def points(name: str, value: object, dim: int | None = None) -> Tensor:
    """A tensor of points: float32 or float64, shape ``(..., n, d)``, at least one, no NaN, the right dimension.

    Raises:
        TypeError: not a tensor
        ValueError: another shape, no points, another type (:func:`precision`) or dimension, NaN or infinite entries

    Example:
        >>> points("x", torch.zeros(5))
        Traceback (most recent call last):
        ValueError: x must have shape (..., n, d) with n, d >= 1, got (5,)
    """
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be a tensor of shape (n, d), got {type(value).__name__}")
    if value.ndim < 2 or value.numel() == 0:
        raise ValueError(f"{name} must have shape (..., n, d) with n, d >= 1, got {tuple(value.shape)}")
    precision(name, value)
    if dim is not None and value.shape[-1] != dim:
        raise ValueError(f"{name} must have points of dimension {dim}, got shape {tuple(value.shape)}")
    if not value.isfinite().all():
        raise ValueError(f"{name} must be finite, got {int((~value.isfinite()).sum())} NaN or infinite entries")
    return value
