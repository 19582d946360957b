"""Pictures: grids of images, and points of the plane by class."""

from collections.abc import Sequence
from math import prod

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from torch import Tensor

from .. import check
from ..nets import Sizes
from ..shapes import Codes, Points
from .style import CLASSES, one_member


def images(axes: Axes, x: Points, columns: int, titles: Sequence[str] = (), shape: Sizes | None = None) -> AxesImage:
    """Flat images ``(n, d)`` in [0, 1] as a grid, row by row, a white line between them.

    Args:
        axes: where to draw
        x: images, shape ``(n, d)``; of members the first are drawn
        columns: images per row; ``n`` must fill the rows
        titles: a word beside each row, from the top
        shape: of an image: ``(3, height, width)`` is red, green and blue, ``(1, height, width)`` grey, and 1 is white;
            without a shape, images are squares on which 1 is black ink

    Raises:
        ValueError: images of another shape, rows that are not full

    Example:
        >>> import torch
        >>> from matplotlib.figure import Figure
        >>> sheet = images(Figure().subplots(), torch.rand(6, 3 * 8 * 8), columns=3, shape=(3, 8, 8))
        >>> sheet.get_array().shape
        (18, 27, 3)
    """
    pictures = _pictures(x, shape)
    n, height, width, *light = pictures.shape
    if n % columns:
        raise ValueError(f"columns must divide the number of images, {n}, got {columns}")
    white = 1.0 if light else 0.0  # ink is dark where it is 1
    framed = pictures.new_full((n, height + 1, width + 1, *light), white)
    framed[:, 1:, 1:] = pictures
    rows = framed.reshape(-1, columns, height + 1, width + 1, *light).transpose(1, 2)
    sheet = rows.reshape(-1, columns * (width + 1), *light)
    shown = axes.imshow(sheet.numpy(), vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([(height + 1) * (row + 0.5) for row in range(len(titles))], titles)
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
    artists: list[Artist] = []
    for k in labels.unique().tolist():
        mine = xy[labels == k].numpy()
        artists.append(axes.scatter(mine[:, 0], mine[:, 1], s=size, color=CLASSES[k % 10], alpha=0.6, linewidths=0))
    for k in labels.unique().tolist():
        middle = xy[labels == k].median(0).values
        box = {"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": CLASSES[k % 10]}
        artists.append(
            axes.text(middle[0].item(), middle[1].item(), str(k), ha="center", va="center", fontsize=9, bbox=box)
        )
    return artists


def thumbnails(
    axes: Axes, points: Codes, x: Points, apart: float = 0.06, zoom: float = 1.6, shape: Sizes | None = None
) -> list[Artist]:
    """Images at their points in the plane, as many as find room: none comes too near to one drawn before it.

    Args:
        axes: where to draw
        points: shape ``(n, 2)``; of members the first is drawn
        x: flat images ``(n, d)`` in [0, 1]
        apart: least distance of two images, as a share of the width and of the height of the plot
        zoom: size of a pixel of the image, in points
        shape: of an image, as in :func:`images`

    Raises:
        ValueError: images of another shape, or not as many as points
    """
    xy, pictures = one_member(points).cpu(), _pictures(x, shape)
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


def _pictures(x: Points, shape: Sizes | None) -> Tensor:
    """Flat images of one member: ink as ``(n, side, side)``, or with a shape, light as ``(n, height, width, 3)``."""
    pictures = one_member(x).cpu()
    pixels = pictures.shape[-1]
    if shape is None:
        side = round(pixels**0.5)
        if side * side != pixels:
            raise ValueError(f"without a shape, x must hold square images, got {pixels} pixels")
        return pictures.reshape(-1, side, side)
    shape = check.sizes("shape", shape)
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise ValueError(f"shape must be (1, height, width) (grey) or (3, height, width) (colour), got {shape}")
    if prod(shape) != pixels:
        raise ValueError(f"shape must have as many entries as an image of x, {pixels}, got {shape}: {prod(shape)}")
    light = pictures.reshape(-1, *shape).expand(-1, 3, -1, -1).clamp(0, 1)  # or Matplotlib would warn
    return light.permute(0, 2, 3, 1)
