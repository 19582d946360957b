"""Drawing: one palette by role, functions that take axes and return artists."""

from .curves import band, density
from .games import modes
from .maps import arrows, field, lines, sideways, states
from .pictures import images, scatter_by_class, thumbnails
from .style import CLASSES, COLORS, STYLE, use_style

__all__ = ["CLASSES", "COLORS", "STYLE", "arrows", "band", "density", "field", "images", "lines"]
__all__ += ["modes", "scatter_by_class", "sideways", "states", "thumbnails", "use_style"]
