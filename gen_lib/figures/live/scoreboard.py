"""Methods side by side."""

import math
from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import torch
from torch import Generator, Tensor

from ... import check, plots
from ...compare import Comparison
from ...data import Density, Distribution
from .. import export
from ..page import show

TICKS = [digit * 10.0**power for power in range(-3, 2) for digit in (1, 2, 5)]


def scoreboard(comparisons: Mapping[str, Comparison], *, alt: str, count: int = 300) -> None:
    """All methods by quality and by what a sample costs; the samples of the one that is chosen are next to them.

    The reader chooses the data and walks through the methods by a slider, or points at them. The distance is the first
    of those that were measured: ``W1`` on the line, the sliced ``W2`` in the plane. Every member is a dot, their mean a
    dash: on a logarithmic axis an error bar would reach too far down, or have no end there at all.

    Args:
        comparisons: name to what was compared, a mixture on the line or any data in the plane, the same methods at the
            same cost with two members or more; the first is shown first
        alt: what the figure shows, for those who do not see it
        count: number of samples of each method, of its first member

    Raises:
        ValueError: nothing to compare, other methods or costs in one than in another, a single member, data that cannot
            be drawn
    """
    check.whole("count", count, least=1)
    costs = {
        name: {method: run.evaluations for method, run in comparison.runs.items()}
        for name, comparison in comparisons.items()
    }
    first = next(iter(costs.values()), {})
    if not first or any(cost != first for cost in costs.values()):
        raise ValueError(f"comparisons must be of the same methods at the same cost, at least one, got {costs}")
    methods = sorted(first, key=first.__getitem__)
    boards = [_board(name, each, methods, count) for name, each in comparisons.items()]
    count_rows = max(len(board["rows"]) for board in boards)
    figure = plt.figure(figsize=(5, 0.9 + 0.26 * count_rows), layout="constrained")
    axes = figure.subplots(1, len(boards), squeeze=False)[0]
    for ax, board in zip(axes, boards, strict=True):
        places = range(len(board["rows"]))
        members = torch.tensor([row["members"] for row in board["rows"]])
        dots = torch.tensor(places)[:, None].expand_as(members)
        ax.scatter(members, dots, s=12, color=plots.COLORS["output"], alpha=0.5, linewidths=0)
        ax.scatter([row["mean"] for row in board["rows"]], places, s=90, color=plots.COLORS["output"], marker="|")
        ax.axvline(board["floor"][0], color="black", linestyle="--", linewidth=1)
        ax.set(xscale="log", xlabel=board["distance"], title=board["name"])
        ends = [10**end for end in board["span"]]
        ticks = [tick for tick in TICKS if ends[0] <= tick <= ends[1] and math.log10(tick) % 1 == 0]
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.minorticks_off()
        ax.set_xlim(ends)
        told, names = ([f"{row['name']}, {row['evaluations']}" for row in b["rows"]] for b in (boards[0], board))
        ax.set_yticks(places, names if ax is axes[0] or names != told else [""] * len(names))
        ax.invert_yaxis()
    show("scoreboard", {"boards": boards}, figure, alt)


def _board(name: str, comparison: Comparison, methods: list[str], count: int) -> dict[str, Any]:
    """What the page shows of one comparison; a row for each method, the cheapest first."""
    rows: list[dict[str, Any]] = []
    for method in methods:
        run = comparison.runs[method]
        distance = next(iter(run.distances))
        value, floor = run.distances[distance]
        if value.numel() < 2:
            raise ValueError(f"comparisons must have two members or more, {name!r} has {value.numel()}")
        rows.append(
            {
                "evaluations": run.evaluations,
                "mean": value.mean().item(),
                "members": [float(f"{member:.6g}") for member in value.flatten().tolist()],
                "name": method,
                "samples": export.shorts(run.frames[-1][:count]),
                "seconds": round(run.seconds, 2),
                "std": value.std().item(),
            }
        )
    level = [floor.mean().item(), floor.std().item()]
    shown = [level[0], *(member for row in rows for member in row["members"])]
    box, seen = _data(name, comparison.target, count)
    return {
        "box": box.tolist(),
        "data": export.shorts(seen),
        "dim": comparison.target.dim,
        "distance": distance,
        "floor": level,
        "name": name,
        "rows": rows,
        "span": [math.log10(min(shown)) - 0.1, math.log10(max(shown)) + 0.25],
    }


def _data(name: str, target: Distribution, count: int) -> tuple[Tensor, Tensor]:
    """The region that is shown, ``(d, 2)``, and in it the density at equal steps or points of the data."""
    if not (target.dim == 2 or (target.dim == 1 and isinstance(target, Density))):
        raise ValueError(f"comparisons must be of a density on the line or of data in the plane, {name!r} is not")
    data = target.sample(2000, Generator().manual_seed(0))
    margin = 0.15 * (data.amax(0) - data.amin(0))
    box = torch.stack([data.amin(0) - margin, data.amax(0) + margin], 1)
    if isinstance(target, Density) and target.dim == 1:
        places = torch.linspace(box[0, 0].item(), box[0, 1].item(), 151)
        return box, target.log_prob(places[:, None]).exp()
    return box, data[:count]
