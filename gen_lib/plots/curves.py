"""Curves: exact densities, and means with their error bars."""

from collections.abc import Sequence

import torch
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from torch import Tensor

from ..data import Density
from .style import COLORS


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
