"""What is learned: distributions with known densities, shapes in the plane, and real digits.

A ``Distribution`` has ``dim`` and ``sample(n, generator=None)``; a ``Density`` has ``log_prob(x)`` as well.
The mixtures of Gaussians carry the book: their velocity field, flow map and likelihood are known exactly
(:mod:`gen_lib.truth`), so whatever a net has learned can be compared with what is true.
"""

from collections.abc import Callable

from ..slips import Table
from .labelled import Labelled
from .mixtures import (
    Density,
    Distribution,
    GaussianMixture,
    eight_gaussians,
    grid,
    mixture_1d,
    mixture_2d,
    ring,
    two_modes_2d,
)
from .plane import Shape, checkerboard, moons, s_curve, spiral
from .sets import Digits, dequantised, digits, split
from .stored import Stored, spikes

__all__ = [
    "TARGETS",
    "Density",
    "Digits",
    "Distribution",
    "GaussianMixture",
    "Labelled",
    "Shape",
    "Stored",
    "checkerboard",
    "dequantised",
    "digits",
    "eight_gaussians",
    "grid",
    "mixture_1d",
    "mixture_2d",
    "moons",
    "ring",
    "s_curve",
    "spikes",
    "spiral",
    "split",
    "two_modes_2d",
]

TARGETS = Table[Callable[[], Distribution]](
    mixture_1d=mixture_1d,
    mixture_2d=mixture_2d,
    two_modes_2d=two_modes_2d,
    ring=ring,
    grid=grid,
    eight_gaussians=eight_gaussians,
    moons=moons,
    s_curve=s_curve,
    checkerboard=checkerboard,
    spiral=spiral,
).called("target")
"""What can be chosen by name: a name to the function that makes the distribution."""
