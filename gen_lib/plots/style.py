"""One palette by role, and the style of all figures."""

from typing import Any

import matplotlib as mpl
from torch import Tensor

from .. import check
from ..shapes import Points

#: The colour of each role, here and in the pages. Curves that compare numbers have no role, and take any of them.
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

#: Colours of ten classes, none of which stands for a role. They stay apart for readers who confuse red with green, or
#: blue with yellow (Accessible Color Sequences for Data Visualization, Petroff, 2021, arXiv 2107.02270).
CLASSES = ("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd")

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
    """Make :data:`STYLE` the style of all figures drawn from now on."""
    mpl.rcParams.update(STYLE)


def one_member(points: Points) -> Tensor:
    """Shape ``(n, d)``: the points, or those of the first member.

    Raises:
        ValueError: points that are empty or not finite
    """
    points = check.points("points", points.detach())
    return points.reshape(-1, *points.shape[-2:])[0]
