"""Maps and couplings: where points start, where they end, and the path between."""

from collections.abc import Callable

import torch
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from torch import Tensor

from ..shapes import Points, States
from ..slips import known
from .style import COLORS, one_member

NAMES = {"prior": "noise z", "data": "data x", "latent": "code ẑ", "output": "output x̂"}


def states(
    axes: Axes,
    states: States,
    role: str = "inference",
    ends: tuple[str, str] = ("prior", "output"),
    count: int = 60,
) -> list[Artist]:
    """Any map or coupling in one picture: where the points start, where they end, and the path between.

    On the line noise lies left, data right, and time runs across; two states make the two panels of a single jump. In
    the plane the points of both ends and their trajectories are drawn.

    Args:
        axes: where to draw
        states: ``[z, ..., x]``, each of shape ``(n, 1)`` or ``(n, 2)``; of members the first is drawn
        role: colour of the lines: coupling (grey), inference, encode or decode
        ends: roles of the two ends
        count: number of lines

    Raises:
        ValueError: as :func:`lines`
    """
    artists: list[Artist] = [lines(axes, states, role, count)]
    start, end = one_member(states[0]).cpu(), one_member(states[-1]).cpu()
    if start.shape[-1] == 2:
        for points, name in zip((start, end), ends, strict=True):
            artists.append(
                axes.scatter(
                    points[:, 0].numpy(), points[:, 1].numpy(), s=6, color=COLORS[name], label=NAMES[name], zorder=3
                )
            )
        axes.set_aspect("equal")
        return artists
    artists += sideways(axes, start, ends[0], "left", 0.0) + sideways(axes, end, ends[1], "right", 1.0)
    axes.set_xlim(-0.42, 1.42)
    axes.set_xticks([0, 1], [NAMES[ends[0]], NAMES[ends[1]]])
    axes.tick_params(axis="x", length=0)
    axes.spines["bottom"].set_visible(False)
    return artists


def _some(points: Points, count: int) -> Tensor:
    """As many points of the first member, evenly chosen."""
    points = one_member(points).cpu()
    count = min(count, len(points))
    return points[torch.arange(count) * len(points) // max(count, 1)]


def lines(axes: Axes, states: States, role: str = "coupling", count: int = 60) -> LineCollection:
    """A line through the states of each point: on the line with time across from 0 to 1, in the plane as it moves.

    Args:
        axes: where to draw
        states: ``[z, ..., x]``, each of shape ``(n, 1)`` or ``(n, 2)``; two of them are a pair; of members the first
            is drawn
        role: which of :data:`~gen_lib.plots.style.COLORS`
        count: number of points that are drawn, evenly chosen among them, since they may be sorted

    Raises:
        ValueError: fewer than two states, points that are neither on the line nor in the plane, an unknown role
    """
    if len(states) < 2:
        raise ValueError(f"states must be at least two, from z to x, got {len(states)}")
    paths = torch.stack([_some(state, count) for state in states], 1)  # (count, states, d)
    if paths.shape[-1] == 1:
        across = torch.linspace(0, 1, len(states)).to(paths)[None, :, None].expand(len(paths), -1, 1)
        paths = torch.cat([across, paths], -1)
    if paths.shape[-1] != 2:
        raise ValueError(f"states must hold points of dimension 1 or 2 to be drawn, got {paths.shape[-1]}")
    color = known("role", role, COLORS)
    artist = LineCollection(list(paths.numpy()), colors=color, alpha=0.5, linewidths=0.8)
    axes.add_collection(artist)
    axes.autoscale_view()
    return artist


def sideways(
    axes: Axes, values: Points, role: str, side: str = "right", at: float = 0.0, label: str = ""
) -> list[Artist]:
    """A histogram of one-dimensional points lying on its side, its base line at ``x = at``.

    Args:
        axes: where to draw
        values: shape ``(n, 1)``
        role: which of :data:`~gen_lib.plots.style.COLORS`
        side: ``"left"`` or ``"right"`` of the base line
        at: the base line
        label: for the legend

    Raises:
        KeyError: another side, an unknown role
    """
    heights, edges = torch.histogram(one_member(values)[:, 0].cpu(), bins=40, density=True)
    sign = {"left": -1, "right": 1}[side]
    scale = 0.35 / heights.max()
    bars = axes.barh(
        ((edges[1:] + edges[:-1]) / 2).numpy(),
        (sign * scale * heights).numpy(),
        height=(edges[1:] - edges[:-1]).numpy(),
        left=at,
        color=COLORS[role],
        alpha=0.6,
        label=label or None,
    )
    return list(bars)


def arrows(axes: Axes, start: Points, end: Points, role: str = "inference", count: int = 60) -> Artist:
    """One-step predictions in the plane: an arrow from each point to where one jump takes it.

    Args:
        axes: where to draw
        start: shape ``(n, 2)``
        end: same shape
        role: which of :data:`~gen_lib.plots.style.COLORS`
        count: number of points that are drawn, evenly chosen among them, since they may be sorted

    Raises:
        ValueError: an unknown role
    """
    a, b = (_some(points, count).numpy() for points in (start, end))
    color = known("role", role, COLORS)
    return axes.quiver(*a.T, *(b - a).T, angles="xy", scale_units="xy", scale=1, color=color, alpha=0.6, width=0.004)


def field(
    axes: Axes, velocity: Callable[[Tensor, Tensor], Tensor], span: tuple[float, float], t: float | None = None
) -> Artist:
    """A velocity field: on the line as colour over time and position, in the plane as arrows at one time.

    Next to the exact one (``truth.velocity``), call it twice with the same ``span``.

    Args:
        axes: where to draw
        velocity: called as ``velocity(x_t, t)``; of members the first is drawn
        span: least and largest coordinate
        t: a time for the plane; none for the line
    """
    with torch.no_grad():
        if t is None:
            times, points = torch.meshgrid(torch.linspace(0, 1, 101), torch.linspace(*span, 121), indexing="ij")
            v = one_member(velocity(points.reshape(-1, 1), times.reshape(-1, 1)))[:, 0].reshape(times.shape)
            most = v.abs().max().item()
            half = (span[1] - span[0]) / 240  # of a square, of which each value fills one
            edges = (-0.005, 1.005, span[0] - half, span[1] + half)
            shown = axes.imshow(
                v.mT.numpy(), "RdBu_r", aspect="auto", interpolation="nearest", vmin=-most, vmax=most, origin="lower",
                extent=edges,
            )  # fmt: skip
            axes.set(xlabel="time t", ylabel="position x")
            return shown
        grid = torch.linspace(*span, 17)
        points = torch.cartesian_prod(grid, grid)
        v = one_member(velocity(points, torch.full((len(points), 1), t)))
    return axes.quiver(*points.numpy().T, *v.numpy().T, color=COLORS["inference"], angles="xy", width=0.004)
