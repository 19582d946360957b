"""The memory dial: the exact flow of stored points, stopped early, between a copy and a model."""

import matplotlib.pyplot as plt
import torch

from ... import check, plots
from ...data import GaussianMixture, spikes
from ...shapes import Points
from .. import export
from ..page import show

STOPS = [*range(50, 100, 5), 97, 98, 99]  # hundredths of time, in the page


def memory_dial(
    mixture: GaussianMixture, stored: Points, held_out: Points, *, alt: str, points: int = 32, stop: float = 0.9
) -> None:
    r"""The exact flow of N stored points, stopped at a time t and divided by t: its density, and how much it copies.

    What comes out are stored points with noise of standard deviation (1 - t) / t. The reader moves N and t. The
    fraction of copies, the mass that is nearer to a stored point than to any held-out one, is exact; the divergence
    from the data, KL(data || stopped flow), is a quadrature.

    Args:
        mixture: the data, on the line between -5 and 5
        stored: points of them, shape ``(n, 1)``, n at least 4; N is a power of 2 up to n
        held_out: as many others
        alt: what the figure shows, for those who do not see it
        points: N at the start
        stop: t at the start, one of 0.5, 0.55, ..., 0.95, 0.97, 0.98, 0.99

    Raises:
        ValueError: a mixture that is not there, sets of another shape, N or t that is not on its slider
    """
    export.check_mixture(mixture, 5.0)
    for name, found in (("stored", stored), ("held_out", held_out)):
        shape = tuple(check.points(name, found, dim=1).shape)
        if len(shape) != 2 or shape[0] < 4 or shape != tuple(stored.shape):
            raise ValueError(f"{name} must have shape (n, 1) with n >= 4, the same for both, got {shape}")
    counts = [2**k for k in range(1, 12) if 2**k <= len(stored)]
    if points not in counts:
        raise ValueError(f"points must be one of {counts}, got {points}")
    if round(100 * stop) not in STOPS or abs(100 * stop - round(100 * stop)) > 1e-6:
        raise ValueError(f"stop must be one of {[s / 100 for s in STOPS]}, got {stop:g}")
    at = torch.linspace(-5, 5, 600, dtype=torch.float64)[:, None]
    figure = plt.figure(figsize=(5, 2.6), layout="constrained")
    axes = figure.subplots()
    axes.fill_between(at[:, 0], mixture.log_prob(at).exp(), color=plots.COLORS["data"], alpha=0.4)
    stopped = spikes(stored[:points], (1 - stop) / stop)
    axes.plot(at, stopped.log_prob(at).exp(), color=plots.COLORS["output"], lw=2)
    axes.plot(stored[:points, 0], torch.full((points,), -0.03), "|", color=plots.COLORS["output"], ms=8)
    axes.plot(held_out[:points, 0], torch.full((points,), -0.07), "|", color=plots.COLORS["prior"], ms=8)
    axes.set(xlabel="x", ylabel="density", xlim=(-5, 5), ylim=(-0.1, 0.8))
    spec = {
        "counts": counts,
        "held": export.floats(held_out),
        "mixture": export.mixture(mixture),
        "points": counts.index(points),
        "stop": STOPS.index(round(100 * stop)),
        "stops": [s / 100 for s in STOPS],
        "stored": export.floats(stored),
    }
    show("memory-dial", spec, figure, alt)
