"""The state of a run that was kept: read, and checked against the net it is for, before anything is done with it."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..check import whole
from ..nets import Net
from ..slips import brief
from . import files

COPIES = 16  # a state holds the net, its moments, its best and its held weights
FLOATS = (torch.float32, torch.float64)


class Form(NamedTuple):
    """What a tensor must be like; a size that is None may be any."""

    shape: tuple[int | None, ...]
    types: tuple[torch.dtype, ...]


def read(path: Path, net: Net, turns: Sequence[str], steps: int) -> dict[str, Any]:
    """The state of a run, if it is one of this net.

    Args:
        path: where it is kept
        net: of the run, with any weights
        turns: the parts that move, in their order
        steps: of the whole run

    Returns:
        what :meth:`gen_lib.train.training.Training.state` gives

    Raises:
        FileNotFoundError: no such file
        Refused: something else; what stands in it was not run, and no more memory was taken than the file has
    """
    weights = sum(p.numel() * p.element_size() for p in net.parameters())
    curves = 8 * steps * len(turns) * math.prod(net.members)
    state = files.load_state(path, COPIES * weights + files.SLACK + curves)
    try:
        done = state["done"]
        if whole("done", done, least=0) > steps:
            raise ValueError(f"done must be at most {steps}, got {done}")
        _fits(state, _form(state, net, turns, done), "")
        checks = state["record"]["stops"]["checks"]
        if checks != sorted({whole("each of checks", step, least=1) for step in checks}) or checks[-1:] > [done]:
            raise ValueError(f"checks must grow up to {done}, got {brief(checks)}")
        whole("checked", state["record"]["checked"], least=0)
        for name, adam in state["adams"].items():
            if any(kept and kept["step"] != done * turns.count(name) for kept in adam.values()):
                raise ValueError(f"adams.{name} must have taken {done * turns.count(name)} steps")
        for kept in state["streams"]["stock"].values():
            if whole("used", kept["used"], least=0) > kept["block"].shape[-1]:
                raise ValueError(f"used must be at most {kept['block'].shape[-1]}, got {kept['used']}")
    except (ValueError, TypeError, KeyError) as error:
        raise files.Refused(f"{path} must be a state of this run: {error}") from error
    return state


def _form(state: dict[str, Any], net: Net, turns: Sequence[str], done: int) -> dict[str, Any]:
    """What a state must be like after that many steps."""
    members, streams = net.members, math.prod(net.members)
    weights = {name: Form(tuple(value.shape), (value.dtype,)) for name, value in net.state_dict().items()}
    number, count = Form(members, FLOATS), Form(members, (torch.long,))

    def moments(part: str) -> dict[str, Any]:
        shapes = [Form(tuple(p.shape), (p.dtype,)) for p in net.get_submodule(part).parameters()]
        one = Form((), FLOATS)
        return {str(i): {"step": one, "exp_avg": s, "exp_avg_sq": s} if done else {} for i, s in enumerate(shapes)}

    stock, scores = state["streams"]["stock"], len(state["record"]["stops"]["checks"])
    stops: dict[str, Any] = {
        "running": Form(members, (torch.bool,)),
        "stopped": count,
        "best_step": count,
        "waited": count,
    }
    stops |= {"best_score": number, "checks": list, "scores": Form((scores, *members), FLOATS)}
    stops |= {"best": weights, "held": weights}
    record = {"curves": {str(i): Form((done, *members), FLOATS) for i in range(len(turns))}, "seconds": float}
    record |= {"stops": stops, "good": weights, "checked": int, "last": weights if state["record"]["last"] else {}}
    drawn = {"block": Form((streams, None), (torch.float32,)), "used": int}
    return {
        "settings": dict,
        "done": int,
        "net": weights,
        "adams": {name: moments(name) for name in turns},
        "streams": {
            "generators": Form((streams, None), (torch.uint8,)),
            "stock": {name: drawn for name in ("rand", "randn") if name in stock},
        },
        "record": record,
    }


def _fits(value: Any, form: Any, name: str) -> None:
    """Refuse a value that is not like its form."""
    if isinstance(form, dict):
        if not isinstance(value, dict) or value.keys() != form.keys():
            got = list(value) if isinstance(value, dict) else value
            raise ValueError(f"{name or 'it'} must be a table of {', '.join(form) or 'nothing'}, got {brief(got)}")
        for key, part in form.items():
            _fits(value[key], part, f"{name}.{key}".strip("."))
    elif isinstance(form, Form):
        plain = type(value) is Tensor and value.layout is torch.strided and value.device.type == "cpu"
        fits = plain and len(value.shape) == len(form.shape) and value.dtype in form.types
        if not fits or any(size not in (None, got) for size, got in zip(form.shape, value.shape, strict=True)):
            got = f"{tuple(value.shape)} {value.dtype}" if plain else brief(value)
            raise ValueError(f"{name} must be numbers of shape {form.shape} and type {form.types[0]}, got {got}")
    elif type(value) is not form:
        raise ValueError(f"{name} must be of type {form.__name__}, got {brief(value)}")
