"""What the figures of jumps by a learned average velocity on the line share."""

from collections.abc import Mapping

import torch

from ... import check, samplers
from ...data import GaussianMixture
from ...nets import Field
from ...shapes import Points, States
from .. import export


def reach_of(mixture: GaussianMixture, fields: Mapping[str, Field]) -> tuple[int, int]:
    """Whole numbers between which nearly all noise and data lie; refuses what cannot be shown."""
    if mixture.dim != 1:
        raise ValueError(f"mixture must be on the line, got dimension {mixture.dim}")
    if not fields:
        raise ValueError("fields must hold at least one net, got none")
    export.check_fields(fields, times=2)
    low, high = mixture.quantile(torch.tensor([0.001, 0.999], dtype=torch.float64))[:, 0].tolist()
    return min(-3, int(low // 1)), max(3, int(-(-high // 1)))


def jumps_of(field: Field, x: Points, steps: int, start: float = 0.0, end: float = 1.0) -> States:
    """The jumps of the first member."""
    with torch.no_grad():
        states = samplers.jump(field, x.expand(*field.members, -1, -1), steps, start, end)
    return [state.reshape(-1, *x.shape)[0] for state in states]


def placed(name: str, value: float, reach: tuple[int, int], per: int) -> float:
    """Where a slider with ``per`` positions per unit puts a point."""
    check.number(name, value)
    if not reach[0] <= value <= reach[1]:
        raise ValueError(f"{name} must lie from {reach[0]} to {reach[1]}, got {value}")
    return round(value * per) / per


def drawing_of(mixture: GaussianMixture, fields: Mapping[str, Field], reach: tuple[int, int]) -> dict[str, object]:
    nets = [[name, export.net(field.map, 1)] for name, field in fields.items()]  # in this order, also in JavaScript
    return {"fields": nets, "mixture": export.mixture(mixture), "reach": reach}
