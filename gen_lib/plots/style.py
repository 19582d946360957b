"""One palette by role, and the style of all figures."""

from typing import Any

from torch import Tensor

from .. import check
from ..shapes import Points

#: The colour of each role, here and in the pages, seen as well on a light as on a dark ground. Curves that compare
#: numbers have no role, and take any of them.
COLORS = {
    "prior": "#1f77b4",
    "data": "#e36d00",
    "latent": "#2ca02c",
    "output": "#d62728",
    "coupling": "#7f7f7f",
    "inference": "#9467bd",
    "encode": "#955f53",
    "decode": "#d863b4",
}

#: Grounds of the page, light and dark.
GROUNDS = ("#ffffff", "#15181c")

#: Colours of ten classes, none of which stands for a role. They have the same contrast, and stay apart for readers who
#: confuse red with green, or blue with yellow (how far, after Accessible Color Sequences for Data Visualization,
#: Petroff, 2021, arXiv 2107.02270, whose own colours are too light for a light ground).
CLASSES = ("#1695ae", "#cf8306", "#d70c23", "#ae7af9", "#794dba", "#924e78", "#06751d", "#ff35ae", "#7c846e", "#bf00ff")

# Narrow figures with type of ordinary size. A page shows 5 inches as 576 pixels, 10 points as 16; a telephone shrinks
# them to 350, and 10 points to 9.7.
#: Applied by :func:`~gen_lib.plots.vector.use_style`.
STYLE: Any = {
    "figure.figsize": (5.0, 3.2),
    "figure.dpi": 150,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 10,
    "lines.linewidth": 1.5,
    "image.cmap": "gray_r",
}


def one_member(points: Points) -> Tensor:
    """Shape ``(n, d)``: the points, or those of the first member.

    Raises:
        ValueError: points that are empty or not finite
    """
    points = check.points("points", points.detach())
    return points.reshape(-1, *points.shape[-2:])[0]
