"""What the figures of codes and their images share."""

import base64
from math import isqrt
from typing import Any

import torch
from matplotlib import ticker
from torch import Tensor

from ... import check
from ...likelihoods import identity
from ...nets import MLP, Autoencoder
from .. import export

#: Activations that the script knows, by the layers that are theirs.
MEANS = {identity: [], torch.sigmoid: ["sigmoid"]}


def edge_of(x: Tensor, *nets: Autoencoder) -> int:
    """Of square images that the nets can encode."""
    edge = isqrt(check.points("x", x).shape[-1])
    if x.ndim != 2 or edge**2 != x.shape[-1] or x.min() < 0 or x.max() > 1:
        found = f"shape {tuple(x.shape)} and values from {x.min():g} to {x.max():g}"
        raise ValueError(f"x must be square images in [0, 1] of shape (n, d), got {found}")
    for net in nets:
        check.points("x", x, net.dim)
    return edge


def decoder_of(net: Autoencoder, members: slice) -> dict[str, Any]:
    """The decoder with the activation that makes its output a mean."""
    likelihood = net.likelihood
    if not isinstance(net.decoder, MLP):
        raise TypeError(f"the decoder must be an MLP, got {type(net.decoder).__name__}")
    spec = export.net(net.decoder, members, small=True)
    if likelihood.outputs == 1 and likelihood.activation in MEANS:
        return {**spec, "layers": [*spec["layers"], *MEANS[likelihood.activation]]}
    raise TypeError(f"the likelihood must be one whose mean is the output or its sigmoid, got {likelihood!r}")


def greys(x: Tensor) -> str:
    """Images in [0, 1] as one byte per pixel."""
    return base64.b64encode((255 * x).round().byte().cpu().numpy().tobytes()).decode()


def ticks_of(low: float, high: float) -> list[float]:
    """A few round numbers between two ends."""
    found = ticker.MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(low, high)
    return [float(f"{tick:.6g}") for tick in found if low <= tick <= high]
