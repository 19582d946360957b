"""Weights and states in files (:mod:`gen_lib.runs.whole`) that never run code when they are read.

Weights are kept as safetensors: numbers, names and words, nothing that could be executed. What has no such form (the
state of an optimiser, of the streams) is read with ``weights_only=True``, after a look at its size and its packing.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as as_bytes
from torch import Tensor

from .whole import Refused as Refused
from .whole import plain as plain
from .whole import write as write

SLACK = 1 << 26  # bytes that a state may have beyond what its net explains: curves, streams
TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64}
ADVICE = (
    "A .pt or .ckpt file of another program may run code when it is loaded. Where you trust it: "
    "safetensors.torch.save_file(torch.load(FILE, weights_only=True), 'weights.safetensors'), then load that"
)


def save_weights(path: Path, weights: Mapping[str, Tensor], words: Mapping[str, str]) -> Path:
    """Keep the weights of a net as safetensors.

    Args:
        path: where to
        weights: a ``state_dict``
        words: what they are, kept with them: texts only

    Returns:
        the path
    """
    apart = {name: value.detach().cpu().contiguous().clone() for name, value in weights.items()}
    return write(path, as_bytes(apart, written(words)))


def written(words: Mapping[str, str]) -> dict[str, str]:
    """Words as they stand in the header: in one piece, since the order of several would change from file to file."""
    return {"gen_lib": json.dumps(dict(words), sort_keys=True)}


def load_weights(path: Path, expected: Mapping[str, Tensor], words: Mapping[str, str]) -> dict[str, Tensor]:
    """The weights in a file, once its header has said that they are those of the net.

    Args:
        path: where they are kept
        expected: the ``state_dict`` of the net they are for
        words: what must be kept with them, such as the name of the method

    Returns:
        name to tensor, with the names, shapes and types of those expected

    Raises:
        FileNotFoundError: no such file
        Refused: no safetensors file, one that is cut off, other words, names, shapes or types; nothing of it was read
    """
    plain(path)
    try:
        with safe_open(path, "pt") as file:
            said = _said(file.metadata() or {})
            for name, wanted in words.items():
                if said.get(name) != wanted:
                    raise Refused(f"{path} must hold weights of {name} {wanted}, it says {said.get(name)!r}")
            there = {
                name: (tuple(part.get_shape()), TYPES.get(part.get_dtype()))
                for name in file.keys()  # noqa: SIM118  no dictionary
                for part in [file.get_slice(name)]
            }
            here = {name: (tuple(value.shape), value.dtype) for name, value in expected.items()}
            if there != here:
                raise Refused(f"{path} holds other weights than this net has: {_difference(here, there)}")
            return {name: file.get_tensor(name) for name in here}
    except SafetensorError as error:
        advice = f". {ADVICE}" if path.suffix != ".safetensors" else ""
        raise Refused(f"{path} must be a whole safetensors file: {error}{advice}") from error


def save_state(path: Path, state: Mapping[str, Any]) -> Path:
    """Keep nested dictionaries and lists of tensors, numbers and texts."""
    buffer = io.BytesIO()
    torch.save(dict(state), buffer)
    return write(path, buffer.getvalue())


def load_state(path: Path, most: int) -> dict[str, Any]:
    """What :func:`save_state` has kept.

    Args:
        path: where it is kept
        most: bytes that it may have

    Returns:
        the dictionary, its tensors on the CPU

    Raises:
        FileNotFoundError: no such file
        Refused: larger, packed, cut off, or with something in it that could run code; nothing was run
    """
    plain(path)
    if (size := path.stat().st_size) > most:
        raise Refused(f"{path} must have at most {most} bytes for a net of this size, it has {size}")
    try:
        with zipfile.ZipFile(path) as packed:
            entries = packed.infolist()
        if any(one.compress_type != zipfile.ZIP_STORED for one in entries) or sum(e.file_size for e in entries) > size:
            raise Refused(f"{path} must not be packed: it would be larger in memory than on the disk")
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Refused:
        raise
    except Exception as error:  # a crafted file leads the reader to a dozen kinds
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Refused(f"{path} must be a whole state of a run that holds numbers only: {reason}. {ADVICE}") from error
    if not isinstance(loaded, dict):
        raise Refused(f"{path} must hold the state of a run, it holds a {type(loaded).__name__}")
    return loaded


def _said(header: Mapping[str, str]) -> dict[str, Any]:
    try:
        return dict(json.loads(header.get("gen_lib", "{}")))
    except (ValueError, TypeError, RecursionError):
        return {}


def _difference(here: dict[str, Any], there: dict[str, Any]) -> str:
    """The first thing in which two tables of shapes differ, in words."""
    for name in [*here, *there]:
        if here.get(name) != there.get(name):
            wanted, got = (f"{side[name][0]} {side[name][1]}" if name in side else "none" for side in (here, there))
            return f"{name!r} must be {wanted}, in the file it is {got}"
    return "their order"
