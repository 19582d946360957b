"""Drawing: one palette by role, functions that take axes and return artists."""

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
import torch
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.image import AxesImage
from torch import Tensor

from . import check
from .data import GaussianMixture
from .shapes import Points, States

#: The colour of each role, here and in the pages.
COLORS = {
    "prior": "#1f77b4",
    "data": "#ff7f0e",
    "latent": "#2ca02c",
    "output": "#d62728",
    "coupling": "#7f7f7f",
    "inference": "#9467bd",
    "encode": "#8c564b",
    "decode": "#e377c2",
}

# Narrow figures with type of ordinary size: on a telephone the page shrinks them to 350 pixels.
#: Applied by :func:`use_style`.
STYLE: Any = {
    "figure.figsize": (5.0, 3.2),
    "figure.dpi": 150,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.5,
    "image.cmap": "gray_r",
}


def use_style() -> None:
    """Make :data:`STYLE` the look of all figures drawn from now on."""
    mpl.rcParams.update(STYLE)


def _one_member(points: Points) -> Tensor:
    """Shape ``(n, d)``: the points, or those of the first member."""
    points = check.points("points", points.detach())
    return points.reshape(-1, *points.shape[-2:])[0]


def lines(axes: Axes, states: States, role: str = "coupling", count: int = 60) -> LineCollection:
    """A line through the states of each point: on the line with time across from 0 to 1, in the plane as it moves.

    Args:
        axes: where to draw
        states: ``[z, ..., x]``, each of shape ``(n, 1)`` or ``(n, 2)``; two of them are a pair; of members the first
            is drawn
        role: which of :data:`COLORS`
        count: the first so many points are drawn

    Raises:
        ValueError: fewer than two states, points that are neither on the line nor in the plane, an unknown role
    """
    if len(states) < 2:
        raise ValueError(f"states must be at least two, from z to x, got {len(states)}")
    way = torch.stack([_one_member(state)[:count].cpu() for state in states], 1)  # (count, states, d)
    if way.shape[-1] == 1:
        across = torch.linspace(0, 1, len(states)).to(way)[None, :, None].expand(len(way), -1, 1)
        way = torch.cat([across, way], -1)
    if way.shape[-1] != 2:
        raise ValueError(f"states must hold points of dimension 1 or 2 to be drawn, got {way.shape[-1]}")
    color = check.known("role", role, COLORS)
    artist = LineCollection(list(way.numpy()), colors=color, alpha=0.5, linewidths=0.8)
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
        role: which of :data:`COLORS`
        side: ``"left"`` or ``"right"`` of the base line
        at: the base line
        label: for the legend
    """
    heights, edges = torch.histogram(_one_member(values)[:, 0].cpu(), bins=40, density=True)
    sign = {"left": -1, "right": 1}[side]
    scale = 0.35 / heights.max()
    bars = axes.barh(
        ((edges[1:] + edges[:-1]) / 2).numpy(),
        (sign * scale * heights).numpy(),
        height=(edges[1:] - edges[:-1]).numpy(),
        left=at,
        color=COLORS[role],
        alpha=0.45,
        label=label or None,
    )
    return list(bars)


NAMES = {"prior": "noise z", "data": "data x", "latent": "code ẑ", "output": "output x̂"}


def states(
    axes: Axes,
    states: States,
    role: str = "inference",
    ends: tuple[str, str] = ("prior", "output"),
    count: int = 60,
) -> list[Artist]:
    """Any map or coupling in one picture: where the points start, where they end, and the way between.

    On the line noise lies left, data right, and time runs across; two states make the two panels of a single jump. In
    the plane the points of both ends and their trajectories are drawn.

    Args:
        axes: where to draw
        states: ``[z, ..., x]``, each of shape ``(n, 1)`` or ``(n, 2)``; of members the first is drawn
        role: colour of the lines: coupling (grey), inference, encode or decode
        ends: roles of the two ends
        count: so many lines

    Raises:
        ValueError: as :func:`lines`
    """
    artists: list[Artist] = [lines(axes, states, role, count)]
    start, end = _one_member(states[0]).cpu(), _one_member(states[-1]).cpu()
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


def arrows(axes: Axes, start: Points, end: Points, role: str = "inference", count: int = 60) -> Artist:
    """One-step predictions in the plane: an arrow from each point to where one jump takes it.

    Args:
        axes: where to draw
        start: shape ``(n, 2)``
        end: same shape
        role: which of :data:`COLORS`
        count: the first so many points are drawn
    """
    a, b = (_one_member(points)[:count].cpu().numpy() for points in (start, end))
    color = check.known("role", role, COLORS)
    return axes.quiver(*a.T, *(b - a).T, angles="xy", scale_units="xy", scale=1, color=color, alpha=0.6, width=0.004)


def field(
    axes: Axes, velocity: Callable[[Tensor, Tensor], Tensor], span: tuple[float, float], t: float | None = None
) -> Artist:
    """A velocity field: on the line as colour over time and place, in the plane as arrows at one time.

    Beside the exact one (``truth.velocity``), call it twice with the same ``span``.

    Args:
        axes: where to draw
        velocity: called as ``velocity(x_t, t)``; of members the first is drawn
        span: least and largest coordinate
        t: a time for the plane; none for the line
    """
    with torch.no_grad():
        if t is None:
            times, places = torch.meshgrid(torch.linspace(0, 1, 101), torch.linspace(*span, 121), indexing="ij")
            v = _one_member(velocity(places.reshape(-1, 1), times.reshape(-1, 1)))[:, 0].reshape(times.shape)
            most = v.abs().max().item()
            shown = axes.pcolormesh(
                times.numpy(), places.numpy(), v.numpy(), cmap="RdBu_r", vmin=-most, vmax=most, rasterized=True
            )
            axes.set(xlabel="time t", ylabel="place x")
            return shown
        grid = torch.linspace(*span, 17)
        places = torch.cartesian_prod(grid, grid)
        v = _one_member(velocity(places, torch.full((len(places), 1), t)))
    return axes.quiver(*places.numpy().T, *v.numpy().T, color=COLORS["inference"], angles="xy", width=0.004)


def density(
    axes: Axes, mixture: GaussianMixture, span: tuple[float, float], role: str = "data", label: str = ""
) -> Sequence[Artist]:
    """The exact density of a one-dimensional mixture over an interval."""
    x = torch.linspace(*span, 400)[:, None]
    return axes.plot(x[:, 0].numpy(), mixture.log_prob(x).exp().numpy(), color=COLORS[role], label=label or None)


def band(axes: Axes, x: Tensor, values: Tensor, role: str, label: str = "") -> list[Artist]:
    """A curve with its error bar: the mean over members (first axis) and one standard deviation around it.

    Args:
        axes: where to draw
        x: shape ``(n,)``
        values: shape ``(members, n)``
        role: which of :data:`COLORS`
        label: for the legend
    """
    mean, std = (part.detach().cpu().numpy() for part in (values.mean(0), values.std(0)))
    (curve,) = axes.plot(x.cpu().numpy(), mean, color=COLORS[role], label=label or None)
    return [
        curve,
        axes.fill_between(x.cpu().numpy(), mean - std, mean + std, color=COLORS[role], alpha=0.25, linewidth=0),
    ]


def images(axes: Axes, x: Points, columns: int, titles: Sequence[str] = ()) -> AxesImage:
    """Flat square images ``(n, d)`` in [0, 1] as a grid, row by row, a white line between them.

    Args:
        axes: where to draw
        x: images, ``d`` a square number
        columns: images per row; ``n`` must fill the rows
        titles: a word beside each row, from the top

    Raises:
        ValueError: images that are not square, rows that are not full
    """
    pictures = _one_member(x).cpu()
    side = round(pictures.shape[-1] ** 0.5)
    if side * side != pictures.shape[-1]:
        raise ValueError(f"x must hold square images, got {pictures.shape[-1]} pixels")
    if len(pictures) % columns:
        raise ValueError(f"columns must divide the number of images, {len(pictures)}, got {columns}")
    framed = torch.nn.functional.pad(pictures.reshape(-1, columns, side, side), (1, 0, 1, 0))
    sheet = framed.permute(0, 2, 1, 3).reshape(len(framed) * (side + 1), columns * (side + 1))
    shown = axes.imshow(sheet.numpy(), vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([(side + 1) * (row + 0.5) for row in range(len(titles))], titles)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return shown


def scatter_by_class(axes: Axes, points: Points, labels: Tensor, size: float = 8.0) -> list[Artist]:
    """Points of the plane, one colour per class, the class's name at its median."""
    xy = _one_member(points).cpu()
    colors = [colormaps["turbo"]((k + 0.5) / 10) for k in range(10)]  # not the ten that stand for roles
    artists: list[Artist] = []
    for k in labels.unique().tolist():
        mine = xy[labels == k].numpy()
        artists.append(axes.scatter(mine[:, 0], mine[:, 1], s=size, color=colors[k % 10], alpha=0.6, linewidths=0))
    for k in labels.unique().tolist():
        middle = xy[labels == k].median(0).values
        box = {"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": colors[k % 10]}
        artists.append(
            axes.text(middle[0].item(), middle[1].item(), str(k), ha="center", va="center", fontsize=9, bbox=box)
        )
    return artists
