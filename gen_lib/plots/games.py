"""Games: samples over the modes that they should cover."""

from matplotlib.artist import Artist
from matplotlib.axes import Axes

from ..data import GaussianMixture
from ..metrics import modes_covered
from ..shapes import Points
from .style import COLORS, one_member


def modes(axes: Axes, samples: Points, mixture: GaussianMixture, count: int = 1000) -> list[Artist]:
    """Samples in the plane over the modes of a mixture: a full circle is a covered mode, an empty one is missed.

    The circles are larger than the modes, which may be too small to be seen. Which modes count as covered is decided by
    all the samples, as in :func:`gen_lib.metrics.quality.modes_covered`.

    Args:
        axes: where to draw
        samples: shape ``(*members, n, 2)``; of members the first is drawn
        mixture: with modes in the plane
        count: number of samples that are drawn, the first ones

    Raises:
        ValueError: samples or a mixture that do not lie in the plane
    """
    points = one_member(samples).cpu()
    if mixture.dim != 2:
        raise ValueError(f"mixture must lie in the plane, got dimension {mixture.dim}")
    met = modes_covered(points, mixture).met.tolist()
    artists: list[Artist] = []
    for (x, y), full in zip(mixture.means.tolist(), met, strict=True):
        face = COLORS["data"] if full else "none"
        artists.append(
            axes.scatter(x, y, s=40, facecolor=face, edgecolor=COLORS["data"], linewidths=1, alpha=0.7, zorder=1)
        )
    few = points[:count].numpy()
    artists.append(axes.scatter(few[:, 0], few[:, 1], s=1.5, color=COLORS["output"], linewidths=0, zorder=2))
    axes.set_aspect("equal")
    axes.set(xticks=[], yticks=[])
    return artists
