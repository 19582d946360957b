"""The pictures of a run."""

import io
from collections.abc import Callable
from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch import Generator, Tensor

from .. import check, plots
from ..data import GaussianMixture
from ..plots.style import one_member
from .loading import Loaded

SHOWN = 500  # points in a picture of the plane


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
    figure = Figure(size, layout="constrained", dpi=150)
    draw(figure)
    content = io.BytesIO()
    figure.savefig(content, format="png")
    return run.folder.keep(f"{name}.png", content.getvalue())


def samples(run: Loaded, n: int = 100, seed: int = 0) -> Path:
    """What the run makes of noise: a sheet of images, points over data in the plane, a histogram on the line.

    Args:
        run: of members the first is shown
        n: number of samples; of images the next square number that is not larger
        seed: of the noise

    Returns:
        path of ``samples.png``
    """
    made = one_member(run.method.sample(run.net, n, Generator().manual_seed(seed))).cpu()
    if run.source.shape is not None:
        side = max(1, int(n**0.5))
        return keep(run, "samples", lambda f: _sheet(f, made[: side * side], side, run.source.shape), (4, 4))
    data = run.source.part("validation")
    return keep(run, "samples", lambda figure: _over_data(figure, made, data, run.source.target), (4, 4))


def maps(run: Loaded, n: int = SHOWN, seed: int = 0) -> Path | None:
    """How the run takes noise to data, with the states on the way; on the line and in the plane only.

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
    with torch.no_grad():
        states = [one_member(state).cpu() for state in run.method.push(run.net, z)]

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
    history = run.history

    def draw(figure: Figure) -> None:
        losses, scores = figure.subplots(1, 2)
        for name, curve in history.losses.items():
            flat = curve.reshape(len(curve), -1).mean(-1)
            losses.plot(range(1, len(flat) + 1), flat.numpy(), linewidth=0.8, label=name)
        losses.set(xlabel="step", ylabel="loss", title="training")
        losses.legend()
        scores.plot(history.checks, history.scores.reshape(len(history.checks), -1).numpy(), linewidth=0.8)
        for step in history.best_step.reshape(-1).tolist():
            scores.axvline(step, linestyle=":", linewidth=0.8, color=plots.COLORS["coupling"])
        scores.set(xlabel="step", ylabel="validation", title="dotted: the best weights")

    return keep(run, "curves", draw, (8, 3))


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
    axes.legend()


def _cloud(axes: object, points: Tensor, role: str) -> None:
    first, second = check.points("points", points)[:, :2].T.numpy()
    axes.scatter(first, second, s=4, color=plots.COLORS[role], label=role, linewidths=0)  # type: ignore[attr-defined]
