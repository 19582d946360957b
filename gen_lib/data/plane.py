"""Shapes in the plane that can be drawn but have no density in closed form."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Generator, Tensor

from .. import check, draws
from ..shapes import Sizes


@dataclass(frozen=True, eq=False)
class Shape:
    """A distribution in the plane that can be drawn but has no density in closed form.

    Args:
        draw: called as ``draw(shape, generator)``, gives points ``(*shape, 2)``
    """

    draw: Callable[[Sizes, Generator | None], Tensor]
    dim: int = 2

    def sample(self, n: int | tuple[int, ...], generator: Generator | None = None) -> Tensor:
        """Independent points, shape ``(n, 2)`` or ``(*members, n, 2)``."""
        return self.draw(check.amount("n", n), generator)


def moons(noise: float = 0.05) -> Shape:
    """Two interleaving half circles of radius 1, with Gaussian noise of standard deviation ``noise``."""
    return Shape(partial(_moons, noise=noise))


def s_curve(noise: float = 0.05) -> Shape:
    """The letter S: two three-quarter circles of radius 1 joined at the origin, with noise as in :func:`moons`."""
    return Shape(partial(_s_curve, noise=noise))


def checkerboard() -> Shape:
    """Uniform on the black squares of a 4 x 4 board over [-2, 2]^2."""
    return Shape(_checkerboard)


def spiral(noise: float = 0.05) -> Shape:
    """One arm that winds out from the origin to radius 3, evenly covered along it, with noise as in :func:`moons`."""
    return Shape(partial(_spiral, noise=noise))


# Functions of the module, so that a shape can be sent to another process.


def _moons(shape: Sizes, generator: Generator | None, noise: float) -> Tensor:
    u = draws.uniform((*shape, 2), generator)
    angle, upper = math.pi * u[..., 0], u[..., 1] < 0.5
    outer = torch.stack([angle.cos(), angle.sin()], -1)
    inner = torch.stack([1 - angle.cos(), 0.5 - angle.sin()], -1)
    return torch.where(upper[..., None], outer, inner) + noise * draws.normal((*shape, 2), generator)


def _s_curve(shape: Sizes, generator: Generator | None, noise: float) -> Tensor:
    angle = 3 * math.pi * (draws.uniform(shape, generator) - 0.5)
    curve = torch.stack([angle.sin(), angle.sign() * (angle.cos() - 1)], -1)
    return curve + noise * draws.normal((*shape, 2), generator)


def _checkerboard(shape: Sizes, generator: Generator | None) -> Tensor:
    u = draws.uniform((*shape, 2), generator)
    column = (4 * u[..., 0]).floor()
    y = 4 * u[..., 1]  # the two black squares of a column, laid end to end, then put in their places
    row = 2 * (y / 2).floor() + column % 2
    return torch.stack([4 * u[..., 0] - 2, row + (y / 2) % 1 - 2], -1)


def _spiral(shape: Sizes, generator: Generator | None, noise: float) -> Tensor:
    angle = 3 * math.pi * draws.uniform(shape, generator).sqrt()
    arm = torch.stack([angle.cos(), angle.sin()], -1) * angle[..., None] / math.pi
    return arm + noise * draws.normal((*shape, 2), generator)
