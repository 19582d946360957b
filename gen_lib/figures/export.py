"""What a page needs to run a trained net, or to know the exact velocity of a mixture."""

import base64
from typing import Any

import torch
from torch import Tensor, nn

from ..data import GaussianMixture
from ..nets import MLP, Linear

ACTIVATIONS: dict[type[nn.Module], str] = {nn.SiLU: "silu", nn.LeakyReLU: "leaky", nn.Sigmoid: "sigmoid"}


def floats(values: Tensor) -> str:
    """Numbers as base64 of little-endian float32, row by row.

    Example:
        >>> floats(torch.tensor([1.0]))
        'AACAPw=='
    """
    return base64.b64encode(values.detach().float().cpu().contiguous().numpy().astype("<f4").tobytes()).decode()


def net(mlp: MLP, members: int | None = None) -> dict[str, Any]:
    """A trained :class:`~gen_lib.nets.layers.MLP` for the script ``net.js``.

    Args:
        mlp: such as the ``map`` of a field
        members: the first so many of its members; all if not given

    Returns:
        the layers, the number of members, and the weights of one member after the other

    Raises:
        TypeError: a layer or an activation that the script does not know
    """
    layers: list[list[int] | str] = []
    parts: list[Tensor] = []
    for layer in mlp.layers:
        if isinstance(layer, Linear):
            inputs, outputs = layer.weight.shape[-2:]
            layers.append([inputs, outputs])
            parts += [layer.weight.reshape(-1, inputs * outputs), layer.bias.reshape(-1, outputs)]
        elif type(layer) in ACTIVATIONS and getattr(layer, "negative_slope", 0.2) == 0.2:
            layers.append(ACTIVATIONS[type(layer)])
        else:
            known = ", ".join(kind.__name__ for kind in ACTIVATIONS)
            raise TypeError(f"mlp must consist of Linear, LeakyReLU(0.2) and {known}, got {layer!r}")
    weights = torch.cat(parts, -1)[:members]
    return {"layers": layers, "members": len(weights), "weights": floats(weights)}


def mixture(of: GaussianMixture) -> dict[str, Any]:
    """A mixture on the line or in the plane for the script ``mixture.js``.

    Raises:
        ValueError: more than two dimensions

    Example:
        >>> from gen_lib import data
        >>> mixture(data.mixture_1d())["means"]
        [[-2.0], [2.0]]
    """
    if of.dim > 2:
        raise ValueError(f"of must be a mixture on the line or in the plane, got dimension {of.dim}")
    return {"weights": of.weights.tolist(), "means": of.means.tolist(), "covariances": of.covariances.tolist()}
