"""The learning rate over the steps: a function from the fraction of steps done to a fraction of the initial rate."""

import math


def cosine(done: float) -> float:
    """Half a cosine from 1 to 0 as ``done`` goes from 0 to 1."""
    return (1 + math.cos(math.pi * done)) / 2


def late(done: float) -> float:
    """The learning rate stays as it was for two thirds of the steps, then falls to 0 on a straight line."""
    return min(1.0, 3 * (1 - done))


def constant(done: float) -> float:
    """The learning rate stays as it was."""
    return 1.0
