"""Figures as vectors, for pages and notebooks."""

import io
from typing import Any

import matplotlib as mpl
from IPython import get_ipython
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from .markup import tidy
from .style import STYLE

DPI = 230  # of what stays pixels: two for each of the page
SETTINGS: Any = {"svg.fonttype": "none", "svg.hashsalt": "gen_lib"}
NOTHING = dict.fromkeys(("Date", "Creator", "Format", "Type"))


def svg(figure: Figure, tight: bool = True) -> str:
    """A figure as SVG: text as text, curves as curves, images with the pixels that they have.

    Args:
        figure: what to draw
        tight: cut to what is drawn, as notebooks do; else of the figure's own size

    Returns:
        an element ``<svg>``; see :mod:`gen_lib.plots.markup`
    """
    for mesh in figure.findobj(QuadMesh):
        mesh.set_rasterized(True)
    for image in figure.findobj(AxesImage):
        image.set_interpolation("none")  # the same squares to the eye, and no more pixels than there are
    file = io.StringIO()
    with mpl.rc_context(SETTINGS):
        box = {"bbox_inches": "tight", "pad_inches": 0.03} if tight else {"bbox_inches": None}
        figure.savefig(file, format="svg", dpi=DPI, metadata=NOTHING, **box)
    return tidy(file.getvalue())


def use_style() -> None:
    """Make :data:`~gen_lib.plots.style.STYLE` the style of all figures drawn from now on; a notebook shows them as SVG.

    The notebook keeps its PNG as well, for print and for front ends that show no SVG.
    """
    mpl.rcParams.update(STYLE)
    if shell := get_ipython():
        import matplotlib_inline.backend_inline  # noqa: F401  (it says what a notebook shows, once: what comes first)

        shell.display_formatter.formatters["image/svg+xml"].for_type(Figure, svg)
