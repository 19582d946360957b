"""Curves: exact densities, means with their error bars, and what training wrote down."""

import re
from collections.abc import Mapping, Sequence

import torch
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from torch import Tensor

from .. import check
from ..data import Density
from ..train import History
from .style import COLORS

#: Colours of what is written down in training, of each player's loss too.
CURVES = {
    "loss": COLORS["coupling"],
    "validation": COLORS["inference"],
    "kl": COLORS["prior"],
    "reconstruction": COLORS["output"],
    "critic": COLORS["encode"],
    "generator": COLORS["decode"],
}


def density(
    axes: Axes, mixture: Density, span: tuple[float, float], role: str = "data", label: str = ""
) -> Sequence[Artist]:
    """The exact density of a one-dimensional distribution over an interval.

    Args:
        axes: where to draw
        mixture: of dimension 1, a mixture or another distribution with ``log_prob``
        span: ends of the interval
        role: which of :data:`~gen_lib.plots.style.COLORS`
        label: for the legend

    Raises:
        ValueError: a mixture of another dimension
    """
    x = torch.linspace(*span, 400)[:, None]
    return axes.plot(x[:, 0].numpy(), mixture.log_prob(x).exp().numpy(), color=COLORS[role], label=label or None)


def band(axes: Axes, x: Tensor, values: Tensor, role: str, label: str = "") -> list[Artist]:
    """A curve with its error bar: the mean over members (first axis) and one standard deviation around it.

    Args:
        axes: where to draw
        x: shape ``(n,)``
        values: shape ``(members, n)``
        role: which of :data:`~gen_lib.plots.style.COLORS`
        label: for the legend
    """
    mean, std = (part.detach().cpu().numpy() for part in (values.mean(0), values.std(0)))
    (curve,) = axes.plot(x.cpu().numpy(), mean, color=COLORS[role], label=label or None)
    return [
        curve,
        axes.fill_between(x.cpu().numpy(), mean - std, mean + std, color=COLORS[role], alpha=0.25, linewidth=0),
    ]


def learning(axes: Axes, record: History | Sequence[Mapping[str, object]], points: int = 200) -> list[Artist]:
    """Training curves, a line for each member: losses and validation, or the columns of a table of metrics.

    A long curve is drawn by means over as many steps as leave a given number of points, and the axis shows the range
    after the first twentieth of the steps, in which a loss falls from far above. A dot marks the best validation
    of each member: where early stopping goes back to. Where a line ends, the member has stopped.

    Args:
        axes: where to draw
        record: a history; or rows of a table, such as ``list(csv.DictReader(file))`` of a run's ``metrics.csv``, with a
            column ``step`` and any of ``loss``, ``validation``, ``kl`` and ``reconstruction``, or one for each member,
            ``loss[0]``: numbers, also as text, empty where nothing was measured
        points: most that are drawn of one curve

    Raises:
        ValueError: rows without a step, or without any of the columns; text that is no number

    Example:
        >>> from matplotlib.figure import Figure
        >>> rows = [{"step": "100", "loss": "3.5", "kl": ""}, {"step": "200", "loss": "2.5", "kl": "1.0"}]
        >>> [line.get_label() for line in learning(Figure().subplots(), rows)]
        ['loss', 'kl']
    """
    check.whole("points", points, least=2)
    curves = _written(record) if isinstance(record, History) else _columns(record)
    artists: list[Artist] = []
    for name, (steps, values) in curves.items():
        for member, line in enumerate(values.T):
            there = line.isfinite()
            x, y = (_thinned(part[there], points).numpy() for part in (steps, line))
            (curve,) = axes.plot(
                x, y, color=CURVES.get(name, COLORS["data"]), linewidth=1, alpha=0.8, label=None if member else name
            )
            artists.append(curve)
    if "validation" in curves:
        steps, values = curves["validation"]
        at = values.nan_to_num(torch.inf).argmin(0)
        best, color = values.gather(0, at[None])[0], CURVES["validation"]
        artists.append(
            axes.scatter(steps[at], best, s=16, color=color, edgecolors="white", linewidths=0.5, zorder=3, label="best")
        )
    later = torch.cat([values[steps >= steps[-1] / 20].flatten() for steps, values in curves.values()])
    seen = later[later.isfinite()]
    low, high = seen.min().item(), seen.max().item()
    air = 0.05 * (high - low or 1)
    axes.set(xlabel="training step", ylabel="loss", ylim=(low - air, high + air))
    axes.legend()
    return artists


def _written(history: History) -> dict[str, tuple[Tensor, Tensor]]:
    """Name to steps ``(n,)`` and values ``(n, members)``."""
    curves = {name: (torch.arange(1, len(c) + 1), c.reshape(len(c), -1)) for name, c in history.losses.items()}
    if history.checks:
        curves["validation"] = torch.tensor(history.checks), history.scores.reshape(len(history.checks), -1)
    return curves


def _columns(rows: Sequence[Mapping[str, object]]) -> dict[str, tuple[Tensor, Tensor]]:
    """The same from rows of a table."""
    for row in rows:
        if row.get("step") in (None, ""):
            raise ValueError(f"rows must have a step each, got one with {dict(row)}")
    curves = {}
    for name in CURVES:
        columns = [column for column in (rows[0] if rows else ()) if re.fullmatch(rf"{name}(\[\d+\])?", column)]
        values = torch.tensor([[_number(column, row) for column in columns] for row in rows])
        if values.isfinite().any():
            curves[name] = torch.tensor([_number("step", row) for row in rows]), values
    if not curves:
        found = ", ".join(rows[0]) if rows else "no rows"
        raise ValueError(f"rows must have one of the columns {', '.join(CURVES)}, got {found}")
    return curves


def _number(name: str, row: Mapping[str, object]) -> float:
    value = row.get(name)
    try:
        return float("nan") if value in (None, "") else float(str(value))
    except ValueError:
        raise ValueError(f"column {name} must hold numbers, got {value!r} at step {row['step']}") from None


def _thinned(values: Tensor, points: int) -> Tensor:
    """Means over as many neighbours as leave few points."""
    few = -(-len(values) // points)
    return torch.stack([part.double().mean() for part in values.split(max(few, 1))]) if len(values) else values
