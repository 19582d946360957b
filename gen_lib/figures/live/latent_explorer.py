"""A plane of codes to walk in, decoded as the reader goes."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from torch import Tensor

from ... import plots
from ...method import Method
from ...nets import Autoencoder
from ...plots.style import one_member
from ...shapes import Codes
from .. import export
from ..page import show
from .codes import decoder_of, edge_of, greys, ticks_of


def latent_explorer(
    nets: Mapping[str, tuple[Method, Autoencoder]],
    x: Tensor,
    labels: Tensor,
    *,
    alt: str,
    start: tuple[int, int] = (7, 1),
) -> None:
    """A point in the latent plane of each net, decoded as it moves.

    The reader drags the point or moves its two sliders, and chooses two classes: a slider leads the points of all nets
    along the straight path between the codes of the first images of both. Of a code with more than two numbers the
    first two are moved; the others stay at their mean over the images.

    Args:
        nets: name to a method and its trained net, of which the first member is shown
        x: square images in [0, 1], shape ``(n, d)``
        labels: the class of each, whole numbers of shape ``(n,)``, at most ten different ones
        alt: what the figure shows, for those who do not see it
        start: the two classes between which the path leads at first

    Raises:
        ValueError: no nets, images that are not square or not what the nets encode, labels that do not fit, fewer than
            two numbers in a code, nets that have diverged
        TypeError: a decoder or a likelihood that the script does not know
    """
    if not nets:
        raise ValueError("nets must hold at least one method with its net, got none")
    edge = edge_of(x, *(net for _, net in nets.values()))
    classes = labels.unique().tolist()
    if labels.is_floating_point():
        raise ValueError(f"labels must be whole numbers, got {labels.dtype}")
    if labels.shape != x.shape[:1] or not 2 <= len(classes) <= len(plots.CLASSES):
        raise ValueError(
            f"labels must give each of the {len(x)} images one of two to ten classes, "
            f"got shape {tuple(labels.shape)} and {len(classes)} classes"
        )
    if len(start) != 2 or start[0] == start[1] or not set(start) <= set(classes):
        raise ValueError(f"start must be two different ones of {classes}, got {start}")
    examples = [int((labels == k).nonzero()[0, 0]) for k in classes]
    ends = [examples[classes.index(k)] for k in start]
    decoders = {name: decoder_of(net, slice(1)) for name, (_, net) in nets.items()}
    codes = {name: _codes(name, *pair, x) for name, pair in nets.items()}

    figure = plt.figure(figsize=(5, 3.4))
    grid = figure.subplots(2, len(nets), height_ratios=[3, 1], squeeze=False)
    models = []
    for (name, (_, net)), ax, row in zip(nets.items(), *grid, strict=True):
        places, rest = codes[name][:, :2], codes[name][:, 2:].mean(0)
        with torch.no_grad():
            first = net.decode(torch.cat([places[ends[0]], rest])[None])
        axes = _square(places)
        ticks = {f"{key}Ticks": ticks_of(*span) for key, span in axes.items()}
        models.append(
            {
                "name": name,
                "decoder": decoders[name],
                "places": export.floats(places),
                "rest": rest.tolist(),
                "axes": axes | ticks,
            }
        )
        _plane(ax, places, labels, places[ends])
        ax.set(title=name, xlabel="$z_1$", ylabel="$z_2$", xlim=axes["x"], ylim=axes["y"], aspect="equal")
        plots.images(row, torch.stack([x[ends[0]], one_member(first)[0], x[ends[1]]]), columns=3)
    spec = {
        "colours": [plots.CLASSES[k % 10] for k in classes],
        "classes": classes,
        "edge": edge,
        "examples": examples,
        "images": greys(x[examples]),
        "labels": labels.tolist(),
        "models": models,
        "start": [classes.index(k) for k in start],
    }
    show("latent-explorer", spec, figure, alt)


def _codes(name: str, method: Method, net: Autoencoder, x: Tensor) -> Codes:
    """Of the first member, shape ``(n, latent)``."""
    if method.encode is None or net.latent < 2:
        raise ValueError(f"nets must encode x as two numbers or more, which {name!r} does not")
    codes = method.encode(net, x)
    if not codes.isfinite().all():
        raise ValueError(
            f"nets must encode x as finite numbers, which {name!r} does not; its training may have diverged"
        )
    return one_member(codes)


def _square(codes: Tensor) -> dict[str, list[float]]:
    """Axes of one scale around all codes and the circle of two standard deviations."""
    low, high = codes.amin(0).clamp_max(-2), codes.amax(0).clamp_min(2)
    half = 0.54 * float((high - low).max())
    return {
        key: [round(middle - half, 2), round(middle + half, 2)]
        for key, middle in zip("xy", ((low + high) / 2).tolist(), strict=True)
    }


def _plane(ax: Axes, codes: Tensor, labels: Tensor, ends: Tensor) -> None:
    """The latent plane at the start: codes by class, the noise, and the path with the point at its start."""
    plots.scatter_by_class(ax, codes, labels, size=6)
    plots.prior_circles(ax)
    ax.plot(*ends.T, color="black", ls="--", marker="o", markersize=3, zorder=4)
    ax.plot(*ends[0], "o", color=plots.COLORS["decode"], mec="black", markersize=9, zorder=5)
