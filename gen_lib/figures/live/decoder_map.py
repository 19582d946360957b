"""A decoder while it learns."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from ... import check, plots
from ...data import GaussianMixture
from ...shapes import Points
from .. import export
from ..page import show

Pairs = tuple[Points, Points]
SHOWN = 150  # pairs


def decoder_map(
    mixture: GaussianMixture,
    steps: Sequence[int],
    snapshots: Mapping[str, Tensor],
    pairs: Mapping[str, Pairs],
    *,
    alt: str,
) -> None:
    """A decoder at any step of its training, as lines from noise to output and as a curve through its pairs.

    The reader chooses the pairs and the step, or lets the training play. Dashed lines show what the decoder can become:
    the mean of the data, and the exact transport map.

    Args:
        mixture: the data, on the line between -5.5 and 5.5
        steps: training steps of the snapshots, rising
        snapshots: name of the pairs to the outputs at these steps, shape ``(steps, n, 1)``, from the noise at its
            quantiles ``(k + 1/2) / n``; the first is shown first
        pairs: the same names to pairs of their kind, noise and data of shape ``(m, 1)``; the first 150 are drawn
        alt: what the figure shows, for those who do not see it

    Raises:
        ValueError: a mixture that is not there, steps that do not rise, snapshots or pairs of another shape or
            not finite, other names of pairs than of snapshots
    """
    export.check_mixture(mixture, 5.5)
    steps = [check.whole("steps", step.item() if isinstance(step, Tensor) else step, least=0) for step in steps]
    if len(steps) < 2 or sorted(set(steps)) != steps:
        raise ValueError(f"steps must be at least two that rise, got {steps}")
    if not snapshots or list(snapshots) != list(pairs):
        raise ValueError(f"pairs must have the names of snapshots, at least one, {list(snapshots)}, got {list(pairs)}")
    shapes = {tuple(outputs.shape) for outputs in snapshots.values()}
    n = next(iter(shapes))[1] if all(len(shape) == 3 for shape in shapes) else 0
    if n < 2 or shapes != {(len(steps), n, 1)}:
        raise ValueError(
            f"snapshots must have shape ({len(steps)}, n, 1), one n of at least 2 for all, got {sorted(shapes)}"
        )
    for name, (z, x) in pairs.items():
        if z.shape != x.shape or z.ndim != 2 or z.shape[1] != 1:
            raise ValueError(f"pairs must have shape (m, 1), noise and data alike, got {[*z.shape]} and {[*x.shape]}")
        for numbers, where in ((z, "pairs"), (x, "pairs"), (snapshots[name], "snapshots")):
            check.points(f"{where}[{name!r}]", numbers)
    fraction = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    z, exact, mean = torch.special.ndtri(fraction), mixture.quantile(fraction)[:, 0], mixture.mean.item()
    grid = torch.linspace(-5.5, 5.5, 111)[:, None]
    spec = {
        "boards": [_board(snapshots[name].detach()[..., 0], *pairs[name], exact, mean) for name in snapshots],
        "density": export.shorts(mixture.log_prob(grid).exp()),
        "deviation": mixture.covariance.item() ** 0.5,
        "exact": export.floats(exact),
        "mean": mean,
        "names": list(snapshots),
        "steps": steps,
        "z": export.floats(z),
    }
    first = next(iter(snapshots))
    figure = plt.figure(figsize=(5, 3), layout="constrained")
    axes, graph = figure.subplots(1, 2, sharey=True)
    last = snapshots[first].detach()[-1]
    plots.lines(axes, list(pairs[first]), "coupling")
    plots.states(axes, [z[:, None].to(last), last], count=n)
    graph.scatter(*(ends[:SHOWN] for ends in pairs[first]), s=2, color=plots.COLORS["coupling"])
    graph.plot(z, last, color=plots.COLORS["output"], lw=2)
    graph.plot(z, exact, "k--", lw=1)
    graph.axhline(mean, color="black", linestyle=":", linewidth=1)
    axes.set(ylabel="value", ylim=(-5.5, 5.5))
    graph.set(xlabel="noise z", title=f"{first} pairs")
    show("decoder-map", spec, figure, alt)


def _board(outputs: Tensor, z: Tensor, x: Tensor, exact: Tensor, mean: float) -> dict[str, object]:
    """Outputs at each step, with their mean and spread and their mean distances to the exact map and to the mean."""
    off = ((outputs - exact).abs().mean(1), (outputs - mean).abs().mean(1))
    numbers = torch.stack([outputs.mean(1), outputs.std(1, correction=0), *off], 1).double()
    return {
        "from": export.shorts(z[:SHOWN]),
        "snapshots": export.shorts(outputs),
        "numbers": [[round(value, 4) for value in row] for row in numbers.tolist()],
        "to": export.shorts(x[:SHOWN]),
    }
