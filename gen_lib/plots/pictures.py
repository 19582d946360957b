"""Pictures: grids of images, and points of the plane by class."""

from collections.abc import Mapping, Sequence
from math import prod

import torch
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
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
        titles: a word next to each row, from the top
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


def scatter_by_class(
    axes: Axes, points: Points, labels: Tensor, size: float = 8.0, names: Sequence[str] = ()
) -> list[Artist]:
    """Points of the plane, one colour per class, the class's name at its median.

    Args:
        axes: where to draw
        points: shape ``(n, d)``, of which the first two dimensions are drawn; of members the first
        labels: classes, whole numbers of shape ``(n,)``
        size: of a point, in points squared
        names: of the classes; their numbers if not given

    Raises:
        ValueError: labels that are no classes, or not as many as points
    """
    xy = one_member(points).cpu()
    classes = _classes(labels, len(xy), names)
    labels = labels.cpu()
    artists: list[Artist] = []
    for k in classes:
        mine = xy[labels == k].numpy()
        artists.append(axes.scatter(mine[:, 0], mine[:, 1], s=size, color=CLASSES[k % 10], alpha=0.6, linewidths=0))
    for k, name in classes.items():
        middle = xy[labels == k].median(0).values
        form = "circle" if len(name) < 2 else "round"
        box = {"boxstyle": f"{form},pad=0.15", "facecolor": "white", "edgecolor": CLASSES[k % 10]}
        artists.append(
            axes.text(middle[0].item(), middle[1].item(), name, ha="center", va="center", fontsize=10, bbox=box)
        )
    return artists


def thumbnails(
    axes: Axes,
    points: Codes,
    x: Points,
    apart: float | None = None,
    zoom: float | None = None,
    shape: Sizes | None = None,
    labels: Tensor | None = None,
    names: Sequence[str] = (),
) -> list[Artist]:
    """Images at their points in the plane, as many as find room: none comes too near to one drawn before it.

    Args:
        axes: where to draw, at its final size
        points: shape ``(n, 2)``; of members the first is drawn
        x: flat images ``(n, d)`` in [0, 1]
        apart: least distance of two images, as a fraction of the width and of the height of the plot; so that no image
            covers another if not given
        zoom: size of a pixel of the image, in points; so that an image is 12 points high if not given
        shape: of an image, as in :func:`images`
        labels: classes, whole numbers of shape ``(n,)``: frames have their colours, and a legend says which
        names: of the classes, for the legend

    Raises:
        ValueError: images of another shape, or not as many as points; labels that are no classes
    """
    xy, pictures = one_member(points).cpu(), _pictures(x, shape)
    if len(xy) != len(pictures):
        raise ValueError(f"points and x must be as many, got {len(xy)} points and {len(pictures)} images")
    classes = {} if labels is None else _classes(labels, len(xy), names)
    height, width = pictures.shape[1:3]
    zoom = 12 / height if zoom is None else zoom
    axes.update_datalim(xy.numpy())
    axes.autoscale_view()
    legend = [_legend(axes, classes)] if classes else []
    axes.figure.canvas.figure.draw_without_rendering()  # now the axes have their size
    low, high = xy.amin(0), xy.amax(0)
    corners = torch.as_tensor(axes.transData.transform(torch.stack([low, high]).numpy()))
    span = (corners[1] - corners[0]).abs() * 72 / axes.figure.dpi  # of the points on paper, in points
    size = torch.tensor([width, height]) * zoom + 3  # of an image with its frame, and a little air
    least = size / span.clamp_min(1e-9) if apart is None else torch.tensor([apart, apart])
    place = (xy - low) / (high - low).clamp_min(1e-12)
    artists: list[Artist] = []
    shown = torch.zeros(0, 2)
    for i, here in enumerate(place):
        if ((shown - here).abs() < least).all(-1).any():
            continue
        shown = torch.cat([shown, here[None]])
        image = OffsetImage(
            pictures[i].numpy(), zoom=zoom, cmap="gray_r", clim=(0, 1), interpolation="nearest", zorder=2
        )
        frame = {} if labels is None else {"edgecolor": CLASSES[int(labels[i]) % 10], "linewidth": 1.5}
        at = (xy[i, 0].item(), xy[i, 1].item())
        artists.append(axes.add_artist(AnnotationBbox(image, at, frameon=bool(frame), pad=0, bboxprops=frame)))
    return artists + legend


def _legend(axes: Axes, classes: Mapping[int, str]) -> Legend:
    """A dot in the colour of each class next to its name, right of the axes."""
    dots = [Line2D([], [], marker="o", linestyle="", color=CLASSES[k % 10]) for k in classes]
    names = list(classes.values())
    return axes.legend(dots, names, loc="center left", bbox_to_anchor=(1, 0.5), handletextpad=0.1, borderaxespad=0.2)


def _classes(labels: Tensor, n: int, names: Sequence[str]) -> dict[int, str]:
    """The classes that occur, each with its name."""
    if labels.shape != (n,) or labels.is_floating_point() or labels.is_complex() or labels.min() < 0:
        raise ValueError(
            f"labels must be whole numbers from 0 on, one for each of {n} points, got {labels.dtype} of shape "
            f"{tuple(labels.shape)}"
        )
    present = labels.unique().tolist()
    if names and present[-1] >= len(names):
        raise ValueError(f"names must name all classes up to {present[-1]}, got {len(names)} of them")
    return {k: names[k] if names else str(k) for k in present}


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
