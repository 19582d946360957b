"""Several methods on the same data with nets of the same size: quality, cost, and the course of training.

Example:
    >>> import torch
    >>> from gen_lib import data
    >>> few = compare(["decoder", "fm"], data.mixture_1d(), epochs=2, steps_per_epoch=5, members=(2,), progress=False)
    >>> few.runs["fm"].frames.shape, few.runs["fm"].evaluations, few.runs["fm"].distances["W1"].value.shape
    (torch.Size([2, 500, 1]), 100, torch.Size([2]))
"""

from .frames import animate, draw, writable_gif
from .run import RATES, Comparison, Interrupted, Run, compare, distances, evaluations
from .table import table, text

__all__ = ["RATES", "Comparison", "Interrupted", "Run", "animate", "compare", "distances"]
__all__ += ["draw", "evaluations", "table", "text", "writable_gif"]
