"""Pictures: grids of images, and points of the plane by class."""

from collections.abc import Sequence

import torch
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from torch import Tensor

from ..shapes import Codes, Points
from .style import one_member


def images(axes: Axes, x: Points, columns: int, titles: Sequence[str] = ()) -> AxesImage:
    """Flat square images ``(n, d)`` in [0, 1] as a grid, row by row, a white line between them.

    Args:
        axes: where to draw
        x: images, ``d`` a square number
        columns: images per row; ``n`` must fill the rows
        titles: a word beside each row, from the top

    Raises:
        ValueError: images that are not square, rows that are not full
    """
    pictures = _squares(x)
    side = pictures.shape[-1]
    if len(pictures) % columns:
        raise ValueError(f"columns must divide the number of images, {len(pictures)}, got {columns}")
    framed = torch.nn.functional.pad(pictures.reshape(-1, columns, side, side), (1, 0, 1, 0))
    sheet = framed.permute(0, 2, 1, 3).reshape(len(framed) * (side + 1), columns * (side + 1))
    shown = axes.imshow(sheet.numpy(), vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([(side + 1) * (row + 0.5) for row in range(len(titles))], titles)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return shown


def scatter_by_class(axes: Axes, points: Points, labels: Tensor, size: float = 8.0) -> list[Artist]:
    """Points of the plane, one colour per class, the class's name at its median.

    Args:
        axes: where to draw
        points: shape ``(n, d)``, of which the first two dimensions are drawn; of members the first
        labels: classes, whole numbers of shape ``(n,)``
        size: of a point, in points squared
    """
    xy = one_member(points).cpu()
    colors = [colormaps["turbo"]((k + 0.5) / 10) for k in range(10)]  # not the ten that stand for roles
    artists: list[Artist] = []
    for k in labels.unique().tolist():
        mine = xy[labels == k].numpy()
        artists.append(axes.scatter(mine[:, 0], mine[:, 1], s=size, color=colors[k % 10], alpha=0.6, linewidths=0))
    for k in labels.unique().tolist():
        middle = xy[labels == k].median(0).values
        box = {"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": colors[k % 10]}
        artists.append(
            axes.text(middle[0].item(), middle[1].item(), str(k), ha="center", va="center", fontsize=9, bbox=box)
        )
    return artists


def thumbnails(axes: Axes, points: Codes, x: Points, apart: float = 0.06, zoom: float = 1.6) -> list[Artist]:
    """Images at their points in the plane, as many as find room: none comes too near to one drawn before it.

    Args:
        axes: where to draw
        points: shape ``(n, 2)``; of members the first is drawn
        x: flat square images ``(n, d)`` in [0, 1]
        apart: least distance of two images, as a share of the width and of the height of the plot
        zoom: size of a pixel of the image, in points

    Raises:
        ValueError: images that are not square, or not as many as points
    """
    xy, pictures = one_member(points).cpu(), _squares(x)
    if len(xy) != len(pictures):
        raise ValueError(f"points and x must be as many, got {len(xy)} points and {len(pictures)} images")
    low, high = xy.amin(0), xy.amax(0)
    place = (xy - low) / (high - low).clamp_min(1e-12)
    shown: list[int] = []
    for i in range(len(place)):
        if all((place[i] - place[j]).abs().max() >= apart for j in shown):
            shown.append(i)
    artists: list[Artist] = []
    for i in shown:
        ink = OffsetImage(pictures[i].numpy(), zoom=zoom, cmap="gray_r", clim=(0, 1), interpolation="nearest")
        artists.append(axes.add_artist(AnnotationBbox(ink, (xy[i, 0].item(), xy[i, 1].item()), frameon=False, pad=0)))
    axes.update_datalim(xy.numpy())
    axes.autoscale_view()
    return artists


def _squares(x: Points) -> Tensor:
    """Flat images of one member as ``(n, side, side)``."""
    pictures = one_member(x).cpu()
    side = round(pictures.shape[-1] ** 0.5)
    if side * side != pictures.shape[-1]:
        raise ValueError(f"x must hold square images, got {pictures.shape[-1]} pixels")
    return pictures.reshape(-1, side, side)
