"""Figures that move, with a kernel and without one, in the book, in Jupyter and in Colab."""

from . import live
from .choices import explore

__all__ = ["explore", "live"]
