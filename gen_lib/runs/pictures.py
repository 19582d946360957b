"""The pictures of a run."""

import io
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import matplotlib as mpl
import torch
from matplotlib.figure import Figure
from torch import Generator, Tensor

from .. import check, plots
from ..data import GaussianMixture
from ..plots.style import STYLE, one_member
from ..slips import known
from .folder import Folder
from .loading import Loaded, in_memory
from .prepared import Prepared
from .whole import Refused

SHOWN = 500  # points in a picture of the plane
SHEET = 400  # images in one picture
NEAR = 4  # points that t-SNE needs at least


def keep(run: Loaded, name: str, draw: Callable[[Figure], object], size: tuple[float, float]) -> Path:
    """Draw a picture and write it into the folder of the run.

    Args:
        run: whose picture it is
        name: of the file, without ending
        draw: draws into a figure
        size: width and height in inches

    Returns:
        the path
    """
    content = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure = Figure(size, layout="constrained", dpi=150)
        draw(figure)
        figure.savefig(content, format="png")
    return run.folder.keep(f"{name}.png", content.getvalue())


def snapshots(folder: Folder, prepared: Prepared) -> Callable[[int], Path]:
    """A function that keeps a picture of the samples after a given number of steps, always of the same noise.

    Args:
        folder: of the run, in which ``snapshots/000100.png`` appears after 100 steps
        prepared: the run in memory
    """
    run = in_memory(prepared, folder)
    below = folder.path / "snapshots"
    if below.is_symlink():
        raise Refused(f"{below} must be a folder, it is a link to {os.readlink(below)}")
    below.mkdir(exist_ok=True)
    return lambda done: samples(run, name=f"snapshots/{done:06d}")


def samples(run: Loaded, n: int = 100, seed: int = 0, name: str = "samples") -> Path:
    """What the run makes of noise: a sheet of images, points over data in the plane, a histogram on the line.

    Args:
        run: of members the first is shown
        n: number of samples; of images the next square number that is not larger, at most 400
        seed: of the noise
        name: of the file, without ending

    Returns:
        path of the picture
    """
    made = one_member(run.method.sample(run.net, n, Generator().manual_seed(seed))).float().cpu()
    if run.source.shape is not None:
        side = int(min(n, SHEET) ** 0.5)
        return keep(run, name, lambda f: _sheet(f, made[: side * side], side, run.source.shape), (4, 4))
    data = run.source.part("validation")
    size = (4.0, 4.0 if made.shape[-1] == 1 else _height(data))
    return keep(run, name, lambda figure: _over_data(figure, made, data, run.source.target), size)


def maps(run: Loaded, n: int = SHOWN, seed: int = 0) -> Path | None:
    """How the run takes noise to data, with the states on the path; on the line and in the plane only.

    Args:
        run: of members the first is shown
        n: number of points
        seed: of the noise

    Returns:
        path of ``maps.png``, None in another dimension
    """
    if run.net.dim not in (1, 2) or run.net.latent != run.net.dim:
        return None
    weight = next(run.net.parameters())
    z = torch.randn(*run.net.members, n, run.net.latent, generator=Generator().manual_seed(seed)).to(weight)
    states = [one_member(state).float().cpu() for state in run.method.push(run.net, z)]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        if run.net.dim == 2:
            _cloud(axes, run.source.part("validation")[:SHOWN], "data")
        plots.states(axes, states)

    return keep(run, "maps", draw, (5, 4))


def curves(run: Loaded) -> Path:
    """Losses and validation over the steps, with the step of the best weights.

    Returns:
        path of ``curves.png``
    """
    return keep(run, "curves", lambda figure: plots.learning(figure.subplots(), run.history), (6, 3.5))


def latents(run: Loaded, split: str = "test", ends: tuple[str, str] | None = None, seed: int = 0) -> list[Path]:
    """The codes of a run and what they decode to.

    Args:
        run: of a method with an encoder; of members the first is shown
        split: whose points are encoded
        ends: names of two classes: a walk between their means, and one between an image of each; the first and the
            last class if not given
        seed: of t-SNE

    Returns:
        the paths of ``tsne.png`` (with thumbnails of images), ``scatter.png`` (the two latents that say most, by
        class), and, of images, ``copies.png``, ``grid.png``, ``interpolation.png`` and ``walk.png``

    Raises:
        ValueError: a method without an encoder, nothing to draw since codes and points are single numbers or there are
            too few, a class that the points do not have
    """
    method, net, source = run.method, run.net, run.source
    if method.encode is None:
        raise ValueError(f"run must be of a method with an encoder, {run.settings.method} has none")
    points = source.part(split, Generator().manual_seed(seed)).to(next(net.parameters()))
    few = torch.randperm(len(points), generator=Generator().manual_seed(seed))[:SHOWN]  # a folder is sorted by class
    x = points[few]
    labels = source.labels.get(split, torch.zeros(len(points), dtype=torch.long))[few]
    names, shape = source.names or ("data",), source.shape if source.shape != (1, 8, 8) else None
    with torch.no_grad():
        codes = one_member(method.encode(net, x)).cpu()
    of_images = source.shape is not None
    number = {name: int(k) for k in labels.unique() for name in names[k : k + 1]}
    if ends is not None:
        between = [known(f"class of the {split} points", name, number) for name in ends]
    elif len(number) > 1:
        between = [min(number.values()), max(number.values())]
    else:
        between = []
    made = []
    if codes.shape[-1] > 1 and len(codes) >= NEAR:
        thumbs = x.float().cpu() if of_images else None
        flat = plots.tsne(codes, seed=seed)
        made.append(
            keep(
                run, "tsne", lambda f: plots.plane(f.subplots(), flat, labels, thumbs, names=names, shape=shape), (7, 7)
            )
        )
        wide = plots.widest(codes)
        made.append(keep(run, "scatter", lambda f: plots.plane(f.subplots(), wide, labels, names=names), (5, 5)))
    if not of_images and not made:
        raise ValueError(f"run must have codes of two numbers or more and {NEAR} points, got {tuple(codes.shape)}")
    if not of_images:
        return made
    shown = x[: 20 if len(x) >= 20 else 10]  # full rows
    made.append(
        keep(run, "copies", lambda f: plots.copies(f.subplots(), method, net, shown, min(10, len(x)), shape), (7, 3))
    )
    if net.latent == 2:
        made.append(keep(run, "grid", lambda f: plots.latent_grid(f.subplots(), method, net, 12, shape=shape), (6, 6)))
    else:
        most = codes.var(0, correction=0).argsort(descending=True)[:8].tolist()
        made.append(keep(run, "grid", lambda f: plots.traversals(f.subplots(), method, net, most, shape=shape), (6, 5)))
    if between:
        one, two = between
        means = plots.class_means(codes, labels, (one, two))
        first = torch.stack([codes[labels == k][0] for k in (one, two)])
        for name, (start, end) in {"interpolation": first, "walk": means}.items():
            draw = partial(_walk, run=run, start=start[None], end=end[None], shape=shape)
            made.append(keep(run, name, draw, (7, 1)))
    return made


def _walk(figure: Figure, run: Loaded, start: Tensor, end: Tensor, shape: tuple[int, int, int] | None) -> None:
    plots.walks(figure.subplots(), run.method, run.net, start, end, shape=shape)


def _sheet(figure: Figure, x: Tensor, columns: int, shape: tuple[int, int, int] | None) -> None:
    plots.images(figure.subplots(), x.clamp(0, 1), columns, shape=None if shape == (1, 8, 8) else shape)


def _over_data(figure: Figure, made: Tensor, data: Tensor, target: object) -> None:
    axes = figure.subplots()
    if made.shape[-1] == 1:
        low, high = float(data.min()), float(data.max())
        span = (low - 0.15 * (high - low), high + 0.15 * (high - low))
        bars = torch.histogram(made[:, 0], torch.linspace(*span, 41))
        width = bars.bin_edges[1] - bars.bin_edges[0]
        axes.stairs(bars.hist / len(made) / width, bars.bin_edges, fill=True, alpha=0.6, color=plots.COLORS["output"])
        if isinstance(target, GaussianMixture):
            plots.density(axes, target, span)
        axes.set(xlabel="x", ylabel="density")
        return
    _cloud(axes, data[:SHOWN], "data")
    _cloud(axes, made[:SHOWN], "output")
    axes.set_aspect("equal")
    axes.legend(markerscale=3)


def _height(data: Tensor) -> float:
    """Of a picture 4 inches wide, so that points of the plane fill it; the same in all snapshots of a run."""
    across, up = (data[:, :2].amax(0) - data[:, :2].amin(0)).tolist()
    return 0.3 + 3.7 * min(max(up / max(across, 1e-9), 0.4), 1.6)


def _cloud(axes: object, points: Tensor, role: str) -> None:
    first, second = check.points("points", points)[:, :2].T.numpy()
    axes.scatter(first, second, s=4, color=plots.COLORS[role], label=role, linewidths=0)  # type: ignore[attr-defined]
