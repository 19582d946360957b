"""Drawing: one palette by role, functions that take axes and return artists."""

from .curves import band, density, learning
from .games import modes
from .latents import class_means, copies, latent_grid, quantiles, traversals, walk, walks
from .maps import arrows, field, lines, sideways, states
from .pictures import images, scatter_by_class, thumbnails
from .planes import Plane, plane, principal, prior_circles, tsne, widest
from .style import CLASSES, COLORS, GROUNDS, STYLE
from .vector import svg, use_style

__all__ = [
    "CLASSES",
    "COLORS",
    "GROUNDS",
    "STYLE",
    "Plane",
    "arrows",
    "band",
    "class_means",
    "copies",
    "density",
    "field",
]
__all__ += ["images", "latent_grid", "learning", "lines", "modes", "plane", "principal", "prior_circles", "quantiles"]
__all__ += ["scatter_by_class", "sideways", "states", "svg", "thumbnails", "traversals", "tsne", "use_style", "walk"]
__all__ += ["walks", "widest"]
