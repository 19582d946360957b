"""The course of training: one frame per epoch, a column per method, as still pictures or as a GIF that moves."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from matplotlib.animation import PillowWriter
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Generator, Tensor

from .. import check, plots, terminal
from ..data import Density
from .run import Comparison


def draw(axes: Sequence[Axes] | NDArray[Any], comparison: Comparison, epoch: int | None = None) -> list[Artist]:
    """One row of a frame: each method's samples (red) over the data (orange), as they were after an epoch.

    On the line a histogram over the density, in the plane points over points. All panels of a row show the same
    region, that of the data; what lies outside is not seen.

    Args:
        axes: one for each method
        comparison: what is shown, the first member of each net
        epoch: 1 is the first one; the last if not given

    Returns:
        what was drawn

    Raises:
        ValueError: another number of axes than methods, no such epoch, data that are neither on the line nor in the
            plane
    """
    if len(axes) != len(comparison.runs):
        raise ValueError(f"axes must be {len(comparison.runs)}, one per method, got {len(axes)}")
    epoch = comparison.epochs if epoch is None else check.whole("epoch", epoch, least=1)
    if epoch > comparison.epochs:
        raise ValueError(f"epoch must be at most {comparison.epochs}, got {epoch}")
    target = comparison.target
    if target.dim not in (1, 2):
        raise ValueError(f"comparison must be of dimension 1 or 2 to be drawn, got {target.dim}")
    data = target.sample(2000, Generator().manual_seed(0))
    low, high = data.amin(0), data.amax(0)
    low, high = low - 0.15 * (high - low), high + 0.15 * (high - low)
    artists: list[Artist] = []
    for ax, (name, run) in zip(axes, comparison.runs.items(), strict=True):
        panel = _on_the_line if target.dim == 1 else _in_the_plane
        artists += panel(ax, run.frames[epoch - 1], data, target, torch.stack([low, high], 1))
        ax.set(xticks=[], yticks=[], title=name)
    return artists


def _on_the_line(ax: Axes, samples: Tensor, data: Tensor, target: object, box: Tensor) -> list[Artist]:
    span = (box[0, 0].item(), box[0, 1].item())
    edges = torch.linspace(*span, 41)
    # not the histogram of numpy: samples outside the region still count
    bars = torch.histogram(samples[:, 0].cpu(), edges).hist / len(samples) / (edges[1] - edges[0])
    artists: list[Artist] = [ax.stairs(bars, edges, fill=True, color=plots.COLORS["output"], alpha=0.7)]
    if isinstance(target, Density):
        artists += plots.density(ax, target, span)
        most = target.log_prob(edges[:, None]).exp().max().item()
    else:
        height = torch.histogram(data[:, 0], edges, density=True).hist
        artists.append(ax.stairs(height, edges, color=plots.COLORS["data"]))
        most = height.max().item()
    ax.set(xlim=span, ylim=(0, 1.6 * most))
    ax.spines["left"].set_visible(False)
    return artists


def _in_the_plane(ax: Axes, samples: Tensor, data: Tensor, target: object, box: Tensor) -> list[Artist]:
    artists: list[Artist] = []
    for points, role in ((data[:500], "data"), (samples.cpu(), "output")):
        artists.append(
            ax.scatter(points[:, 0].numpy(), points[:, 1].numpy(), s=2, color=plots.COLORS[role], linewidths=0)
        )
    ax.set(xlim=box[0].tolist(), ylim=box[1].tolist())
    ax.set_aspect("equal")
    ax.spines[["left", "bottom"]].set_visible(False)
    return artists


def writable_gif(path: str | Path, overwrite: bool = False) -> Path:
    """Where a GIF may go: worth checking before a comparison that takes minutes, so it tries to write there.

    Args:
        path: ends in ``.gif``, in a folder that exists
        overwrite: what stands there may be replaced

    Returns:
        the path

    Raises:
        ValueError: another ending
        FileNotFoundError: no such folder
        FileExistsError: something stands there that may not be replaced
        OSError: nothing can be written there

    Example:
        >>> writable_gif("comparison.png")
        Traceback (most recent call last):
        ValueError: path must end in .gif, got comparison.png
    """
    path = Path(path)
    if path.suffix.lower() != ".gif":
        raise ValueError(f"path must end in .gif, got {path}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"path must lie in a folder that exists, got {path}")
    if path.exists() and not overwrite:
        raise FileExistsError(f"path must be new, {path} exists: choose another name, or overwrite it (--overwrite)")
    if path.exists() and not path.is_file():
        raise FileExistsError(f"path must be that of a file, {path} is not a file")
    half = _half(path)
    try:
        half.touch()
    except OSError as error:
        raise type(error)(f"path must be writable, {path} is not: {error.strerror}") from error
    half.unlink()
    return path


def _half(path: Path) -> Path:
    """Where it is until it is whole; the name is not longer than that of the GIF, which may be as long as it can be."""
    return path.with_name(f".{path.stem[:50]}-{os.getpid()}.gif")


def animate(
    comparisons: Comparison | Sequence[Comparison],
    path: str | Path,
    *,
    fps: int = 10,
    size: tuple[float, float] = (1.2, 1.2),
    dpi: int = 100,
    overwrite: bool = False,
    progress: bool = True,
) -> Path:
    """Write a GIF with exactly one frame per epoch and a column per method; each comparison is a row.

    It appears at once and whole: nothing half-written remains if the work is stopped.

    Args:
        comparisons: one, or several of the same methods and epochs, such as one on the line and one in the plane
        path: where to, ending in ``.gif``
        fps: frames per second
        size: width and height of a panel in inches
        dpi: pixels per inch
        overwrite: replace a file that is there
        progress: show a bar

    Returns:
        the path

    Raises:
        ValueError: nothing to draw, comparisons that do not fit together, an argument out of range
        FileNotFoundError: the folder does not exist
        FileExistsError: the file exists, and it was not said that it may be replaced
        OSError: nothing can be written there
    """
    rows = [comparisons] if isinstance(comparisons, Comparison) else list(comparisons)
    kinds = {(row.epochs, tuple(row.runs)) for row in rows}
    if len(kinds) != 1 or not rows[0].runs:
        raise ValueError(f"comparisons must be of the same methods and epochs, at least one, got {sorted(kinds)}")
    check.whole("fps", fps, least=1)
    check.whole("dpi", dpi, least=10)
    for side in size:
        check.number("size", side, above=0)
    path = writable_gif(path, overwrite)
    columns = len(rows[0].runs)
    figure = Figure((columns * size[0], len(rows) * size[1] + 0.3), dpi=dpi, layout="constrained")
    axes = figure.subplots(len(rows), columns, squeeze=False)
    drawn: list[Artist] = []
    half = _half(path)
    try:
        writer = PillowWriter(fps)
        writer.setup(figure, half, dpi)
        for epoch in terminal.bar(range(1, rows[0].epochs + 1), progress):
            for artist in drawn:
                artist.remove()
            drawn = [one for row, each in zip(axes, rows, strict=True) for one in draw(row, each, epoch)]
            for ax in axes[1:].flat:
                ax.set_title("")
            # The number also keeps frames apart: two that were equal would be stored as one.
            figure.suptitle(f"epoch {epoch} of {rows[0].epochs}", fontsize="medium")
            writer.grab_frame()
            figure.set_layout_engine("none")  # the panels stay where the first frame put them
        writer.finish()
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)
    return path
