"""Finite sets: scanned digits, and any tensor split into parts."""

import math
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from .. import check, draws
from ..shapes import Points, Sizes
from ..slips import brief
from .plane import Shape


class Digits(NamedTuple):
    """Real scans of handwritten digits, 8 x 8 pixels in [0, 1], flat, with their labels 0 to 9."""

    train: Tensor
    train_labels: Tensor
    test: Tensor
    test_labels: Tensor


def held_out(position: int, first: int = 4) -> bool:
    """Every fifth of a set is held out, by its position: no random number decides, and more points move none.

    Images begin with the fifth, so that a short list has some to train on; the digits with the first.

    Args:
        position: in the set, from 0
        first: position of the first that is held out

    Example:
        >>> [held_out(i) for i in range(6)]
        [False, False, False, False, True, False]
    """
    return position % 5 == first


def digits() -> Digits:
    """1,797 scanned digits of 13 people, a fixed fifth of them held out.

    Every fifth image is a test image, from the first on: no random number decides, so the split is the same everywhere.

    Returns:
        images ``(n, 64)`` in [0, 1] and labels ``(n,)``: 1,437 to train on, 360 to test on

    References:
        Optical Recognition of Handwritten Digits (Alpaydin and Kaynak, 1998), UCI Machine Learning Repository

    Example:
        >>> [tuple(part.shape) for part in digits()]
        [(1437, 64), (1437,), (360, 64), (360,)]
    """
    from sklearn.datasets import load_digits  # here, because it takes a second that the toys need not wait

    images, labels = load_digits(return_X_y=True)
    x, y = torch.tensor(images / 16, dtype=torch.get_default_dtype()), torch.tensor(labels)
    out = torch.tensor([held_out(i, first=0) for i in range(len(x))])
    return Digits(x[~out], y[~out], x[out], y[out])


def dequantised(points: Points, cell: float | Tensor) -> Shape:
    r"""Data that come in levels, spread evenly over the cells of their levels: they have a density.

    .. math:: y = x + \delta u, \qquad x \text{ one of the points}, \quad u \sim U\left(-\tfrac12, \tfrac12\right)^d

    The data themselves have none: a density may be as high as one likes at finitely many levels, and a flow that is
    trained on them raises it there without limit.

    Args:
        points: data, shape ``(n, d)``
        cell: :math:`\delta`, the distance of neighbouring levels, one number or one for each dimension

    Returns:
        a distribution to draw from, each draw from another datum and at another place in its cell

    Raises:
        TypeError, ValueError: points that are not a tensor ``(n, d)``; a cell that is not positive

    References:
        A note on the evaluation of generative models (Theis et al., 2016), arXiv 1511.01844

    Example:
        >>> y = dequantised(torch.tensor([[0.0], [1.0]]), cell=1.0).sample(1000)
        >>> bool(((y > -0.5) & (y < 1.5)).all()), bool(((y - y.round()).abs() > 0.25).any())
        (True, True)
    """
    check.points("points", points)
    check.number("cell", cell, above=0)
    return Shape(partial(_dequantised, points=points, cell=cell), points.shape[-1])


def _dequantised(shape: Sizes, generator: Generator | None, points: Tensor, cell: float | Tensor) -> Tensor:
    most = len(points) - 1  # a uniform number just below 1 may round up to it
    chosen = (draws.uniform(shape, generator) * len(points)).long().clamp_max(most)
    return points[chosen] + cell * (draws.uniform((*shape, points.shape[-1]), generator, like=points) - 0.5)


def split(points: Tensor, fractions: Sequence[float], seed: int = 0) -> tuple[Tensor, ...]:
    """Cut a tensor into random parts, such as one to train on and one that says when to stop.

    The same seed and number of points give the same split, so labels are split like their points by a second call.

    Args:
        points: shape ``(n, ...)``, points or labels
        fractions: of the points, one for each part, positive, sum one; sizes are rounded
        seed: of the shuffle

    Returns:
        a tensor for each fraction; together they hold every point once

    Raises:
        TypeError: points that are not a tensor
        ValueError: nothing to split, fractions that are not positive or do not add up to 1, a part that would be empty

    Example:
        >>> train, validation = split(torch.arange(10), (0.8, 0.2))
        >>> len(train), len(validation), torch.cat([train, validation]).sort().values.tolist()
        (8, 2, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    if not isinstance(points, Tensor):
        raise TypeError(f"points must be a tensor of shape (n, ...), got {type(points).__name__}")
    if points.ndim == 0 or len(points) == 0:
        raise ValueError(f"points must have shape (n, ...) with n >= 1, got {tuple(points.shape)}")
    if not isinstance(fractions, tuple | list):
        raise ValueError(f"fractions must be a tuple of numbers, such as (0.9, 0.1), got {brief(fractions)}")
    for fraction in fractions:
        check.number("each of fractions", fraction, above=0)
    if not math.isclose(sum(fractions), 1, abs_tol=1e-6):
        raise ValueError(f"fractions must add up to 1, got {brief(fractions)} with sum {sum(fractions):g}")
    n, seed = len(points), check.whole("seed", seed, least=0)
    edges = [round(sum(fractions[:i]) * n) for i in range(len(fractions) + 1)]
    parts = torch.randperm(n, generator=Generator().manual_seed(seed)).tensor_split(edges[1:-1])
    if any(len(part) == 0 for part in parts):
        sizes = [len(part) for part in parts]
        raise ValueError(f"fractions must leave no part empty, got {brief(fractions)} of {n} points: parts of {sizes}")
    return tuple(points[part.to(points.device)] for part in parts)
