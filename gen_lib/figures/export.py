"""What a page needs to run a trained net, or to know the exact velocity of a mixture."""

import base64
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..data import GaussianMixture
from ..nets import MLP, Dropout, Field, Linear

ACTIVATIONS: dict[type[nn.Module], str] = {nn.SiLU: "silu", nn.LeakyReLU: "leaky", nn.Sigmoid: "sigmoid"}


def floats(values: Tensor) -> str:
    """Numbers as base64 of little-endian float32, row by row.

    Example:
        >>> floats(torch.tensor([1.0]))
        'AACAPw=='
    """
    return base64.b64encode(values.detach().float().cpu().contiguous().numpy().astype("<f4").tobytes()).decode()


def shorts(values: Tensor) -> dict[str, Any]:
    """Numbers for a drawing, as base64 of little-endian 16-bit integers and the number that 32767 stands for.

    Example:
        >>> shorts(torch.tensor([2.0, -2.0]))
        {'scale': 2.0, 'values': '/38BgA=='}
    """
    scale = max(values.abs().max().item(), 1e-30)
    whole = (values.detach().double().cpu() / scale * 32767).round().contiguous().numpy().astype("<i2")
    return {"scale": scale, "values": base64.b64encode(whole.tobytes()).decode()}


def signed_bytes(values: Tensor) -> str:
    """Whole numbers from -127 to 127 as base64 of one byte each, row by row.

    Example:
        >>> signed_bytes(torch.tensor([1, -1, 127]))
        'Af9/'
    """
    return base64.b64encode(values.cpu().contiguous().numpy().astype("i1").tobytes()).decode()


def net(mlp: MLP, members: int | slice | None = None, small: bool = False) -> dict[str, Any]:
    """A trained :class:`~gen_lib.nets.layers.MLP` for the script ``net.js``.

    Args:
        mlp: such as the ``map`` of a field
        members: number of its members, the first ones, or a slice of them; all if not given
        small: a quarter of the size; each weight is one of 255 steps up to the largest weight of its output

    Returns:
        the layers, the number of members, and the weights of one member after the other; if small, the weights without
        biases in steps, and of each layer the step and the bias of each output

    Raises:
        TypeError: a layer or an activation that the script does not know
        ValueError: weights that are not finite
    """
    if not all(weights.isfinite().all() for weights in mlp.parameters()):
        raise ValueError("mlp must have finite weights, got NaN or infinite ones; its training may have diverged")
    layers: list[list[int] | str] = []
    parts: list[Tensor] = []
    scales: list[Tensor] = []
    for layer in mlp.layers:
        if isinstance(layer, Linear):
            inputs, outputs = layer.weight.shape[-2:]
            layers.append([inputs, outputs])
            weight, bias = layer.weight.detach().reshape(-1, inputs, outputs), layer.bias.detach().reshape(-1, outputs)
            step = weight.abs().amax(1, keepdim=True).clamp_min(1e-30) / 127 if small else torch.ones(())
            parts += [(weight / step).flatten(1)] + ([] if small else [bias])
            scales += [step.flatten(1), bias] if small else []
        elif isinstance(layer, Dropout):
            continue  # the page shows nets as they are after training
        elif type(layer) in ACTIVATIONS and getattr(layer, "negative_slope", 0.2) == 0.2:
            layers.append(ACTIVATIONS[type(layer)])
        else:
            known = ", ".join(kind.__name__ for kind in ACTIVATIONS)
            raise TypeError(f"mlp must consist of Linear, LeakyReLU(0.2) and {known}, got {layer!r}")
    some = members if isinstance(members, slice) else slice(members)
    weights = torch.cat(parts, -1)[some]
    spec = {"layers": layers, "members": len(weights)}
    if small:
        return {**spec, "weights": signed_bytes(weights.round()), "scales": floats(torch.cat(scales, -1)[some])}
    return {**spec, "weights": floats(weights)}


def check_fields(fields: Mapping[str, Field], times: int) -> None:
    """Refuse nets that are not velocities on the line, called with a position and a given number of times.

    Raises:
        ValueError: another dimension, another number of times
    """
    kind = ("velocities", "x_t and t") if times == 1 else ("average velocities", "x_t, t and r")
    for name, field in fields.items():
        if not isinstance(field, Field) or field.times != times or field.dim != 1:
            known = isinstance(field, Field)
            found = f"{field.times} time(s) in dimension {field.dim}" if known else f"a {type(field).__name__}"
            raise ValueError(f"fields must be {kind[0]} on the line, called with {kind[1]}, but {name!r} has {found}")


def check_mixture(mixture: GaussianMixture, limit: float) -> None:
    """Refuse a mixture that a drawing from -limit to limit does not hold.

    Raises:
        ValueError: one that is not on the line, or has more than a thousandth of its mass on either side

    Example:
        >>> from gen_lib import data
        >>> check_mixture(data.mixture_1d(), 3.0)
        Traceback (most recent call last):
        ValueError: mixture must lie between -3 and 3, where the axis ends, got -4.39 to 3.63
    """
    if mixture.dim != 1:
        raise ValueError(f"mixture must be on the line, got dimension {mixture.dim}")
    low, high = mixture.quantile(torch.tensor([0.001, 0.999], dtype=torch.float64))[:, 0].tolist()
    if low < -limit or high > limit:
        ends = f"{low:.2f} to {high:.2f}"
        raise ValueError(f"mixture must lie between {-limit:g} and {limit:g}, where the axis ends, got {ends}")


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
