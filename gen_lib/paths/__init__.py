"""Paths from noise to data, and how times on them are drawn. Noise is at t = 0, data at t = 1."""

from .affine import (
    PATHS,
    Coefficients,
    Path,
    affine,
    circle,
    coefficients,
    line,
    parts,
    time_of,
    variance_exploding,
    variance_preserving,
)
from .times import TimeDraw, log_normal, logit_normal, two_times, uniform

__all__ = [
    "PATHS",
    "Coefficients",
    "Path",
    "TimeDraw",
    "affine",
    "circle",
    "coefficients",
    "line",
    "log_normal",
    "logit_normal",
    "parts",
    "time_of",
    "two_times",
    "uniform",
    "variance_exploding",
    "variance_preserving",
]
