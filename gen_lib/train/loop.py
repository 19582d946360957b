"""The training loop, one for all methods: draw pairs, loss, backward, step."""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from tqdm.auto import tqdm

from .. import check, draws
from ..data import Distribution
from ..method import Method
from ..nets import Net
from ..slips import Table
from .record import History, Record
from .stopping import Stopping


def cosine(done: float) -> float:
    """Learning rate as a share of the initial one: half a cosine from 1 to 0 as ``done`` goes from 0 to 1."""
    return (1 + math.cos(math.pi * done)) / 2


def late(done: float) -> float:
    """The learning rate stays as it was for two thirds of the steps, then falls to 0 on a straight line."""
    return min(1.0, 3 * (1 - done))


def constant(done: float) -> float:
    """The learning rate stays as it was."""
    return 1.0


PRESETS: Table[dict[str, Any]] = Table(
    fast={},
    classic={"steps": 16_000, "batch": 64, "lr": 1e-3, "seed": 42, "schedule": constant},
).called("preset")
"""Ready arguments of :func:`fit`, as in ``fit(method, net, points, **PRESETS["classic"])``.

``fast`` is the default. ``classic`` is how such toys are usually trained: 2000 epochs over 500 points in batches of 64,
at a constant rate; it takes four to seven times as long and ends no better.
"""


class _Adam(torch.optim.AdamW):
    """torch's own, without the wrappers that import its compiler, of which nothing is used here.

    They take nearly a second before the first step, and in every step of a small net as long as the step itself.
    """

    add_param_group = inspect.unwrap(torch.optim.AdamW.add_param_group)
    step = torch.no_grad()(inspect.unwrap(torch.optim.AdamW.step))


def fit(
    method: Method | Callable[[float], Method],
    net: Net,
    data: Distribution | Tensor,
    *,
    steps: int = 2000,
    batch: int = 256,
    lr: float | Mapping[str, float] = 1e-2,
    betas: tuple[float, float] = (0.9, 0.999),
    seed: int = 0,
    schedule: Callable[[float], float] = cosine,
    clip: float | None = None,
    weight_decay: float = 0.0,
    stopping: Stopping | None = None,
    watch: Callable[[int, Net], None] | None = None,
    progress: bool = True,
) -> History:
    """Train all members of a net at once, in place.

    Every member draws its own noise and data from its own stream (:mod:`gen_lib.draws`): member i under ``seed`` sees
    what a lone net sees under ``seed + i``, however many train beside it. The same seed on the same machine gives the
    same numbers, bit for bit.

    Args:
        method: gives the losses, the turns and the pairs; or a function from the share of steps done, from 0 to just
            below 1, to the method of that step, as for a warm-up: ``lambda done: vae(beta=min(1.0, done / 0.3))``.
            It may change the losses, not which submodules move
        net: from ``method.build``
        data: a distribution, drawn afresh at every step, or a tensor of points ``(n, d)``, drawn with replacement
        steps: number of steps; one step is one pass over the method's turns
        batch: pairs per member and turn
        lr: initial learning rate of Adam; in a game each player may have its own, by the name of its turn:
            ``{"critic": 3e-3, "generator": 1e-3}``
        betas: how much of the past Adam keeps, in the mean of the gradient and in that of its square, each from 0 to
            below 1. In a game the gradient of one player changes with the other, and what it was before misleads:
            ``(0.0, 0.9)``
        seed: of the noise, the data and the times
        schedule: share of the learning rate as a function of the share of steps done
        clip: largest norm of a member's gradient; members never share a clip
        weight_decay: decoupled decay (AdamW)
        stopping: when a member has trained enough, and the net is left at its best
            (:class:`~gen_lib.train.stopping.Stopping`). It only looks: the losses up to a stop are those without it
        watch: called as ``watch(step, net)`` before every step and once at the end, to look, not to change; only then
            does stopping put the best back
        progress: show a bar

    Returns:
        the loss of every step and member, the time it took, and what stopping saw

    Raises:
        TypeError: no method, a stopping that is none
        ValueError: an argument out of range, data of the wrong shape, data that is not finite, turns that change, a
            score of the wrong shape or not finite
        gen_lib.train.record.NotFinite: a loss became NaN or infinite; net and error hold the last good state

    Example:
        >>> from gen_lib import METHODS, data
        >>> net = METHODS["decoder"].build(dim=1, members=(2,))
        >>> history = fit(METHODS["decoder"], net, data.mixture_1d(), steps=5, progress=False)
        >>> history.losses["loss"].shape
        torch.Size([5, 2])
    """
    steps, batch = check.whole("steps", steps, least=1), check.whole("batch", batch, least=1)
    seed = check.whole("seed", seed, least=0)
    check.number("weight_decay", weight_decay, least=0)
    if clip is not None:
        check.number("clip", clip, above=0)
    plan = _plan(method, steps)
    names = [name for name, _ in plan[0].turns]
    rates = _rates(lr, names)
    _check_betas(betas)
    sample = _source(data, net)
    weight = next(net.parameters())
    movers = {name: list(net.get_submodule(name).parameters()) for name in names}
    adams = {n: _Adam(p, rates[n], betas=betas, weight_decay=weight_decay, fused=True) for n, p in movers.items()}
    record = Record(net, names, steps, stopping)
    bar = tqdm(range(steps), leave=False, **({} if progress else {"disable": True}))  # else TQDM_DISABLE decides
    with draws.streams(net.members, seed, weight.device):
        for step in bar:
            if watch is not None:
                watch(step, net)
            now = plan[step]
            for curve, (name, loss) in zip(record.curves, now.turns, strict=True):
                z = draws.normal((*net.members, batch, net.latent)).to(weight)
                z, x = now.coupling(z, sample((*net.members, batch)).to(weight))
                value = loss(net, z, x).mean(-1)
                gradients: Sequence[Tensor] = torch.autograd.grad(value.sum(), movers[name])
                if clip is not None:
                    gradients = _clipped(gradients, clip, len(net.members))
                for p, g in zip(movers[name], gradients, strict=True):
                    p.grad = g.contiguous()  # the fused step takes its memory to be laid out as that of p
                for group in adams[name].param_groups:
                    group["lr"] = rates[name] * schedule(step / steps)
                adams[name].step()
                if now.constrain is not None:
                    with torch.no_grad():
                        now.constrain(net)
                curve[step] = value.detach()
            record.close(step + 1)
            bar.set_postfix_str(record.news, refresh=False)
            if record.over:
                break
    if watch is not None:
        watch(step + 1, net)
    return record.finish(step + 1)


def _plan(method: Method | Callable[[float], Method], steps: int) -> list[Method]:
    """The method of every step, made before the first one, so that a slip in a schedule is found before work starts."""
    if not isinstance(method, Method) and not callable(method):
        raise TypeError(f"method must be a Method, or a function from the share of steps done to one, got {method!r}")
    plan = [method] * steps if isinstance(method, Method) else [method(step / steps) for step in range(steps)]
    first: list[str] = []
    for step, one in enumerate(plan):
        if not isinstance(one, Method):
            raise TypeError(f"method must give a Method at every step, at {step / steps:g} done it gave {one!r}")
        turns = [name for name, _ in one.turns]
        first = first or turns
        if turns != first:
            raise ValueError(f"method must keep its turns, {first}, at {step / steps:g} done it has {turns}")
    return plan


def _rates(lr: float | Mapping[str, float], names: list[str]) -> dict[str, float]:
    """The learning rate of each turn."""
    if not isinstance(lr, Mapping):
        check.number("lr", lr, above=0)
        return dict.fromkeys(names, lr)
    if set(lr) != set(names):
        raise ValueError(f"lr must name every turn, {sorted(set(names))}, got {sorted(lr)}")
    for name, rate in lr.items():
        check.number(f"lr of {name}", rate, above=0)
    return dict(lr)


def _check_betas(betas: tuple[float, float]) -> None:
    if not isinstance(betas, tuple) or len(betas) != 2:
        raise ValueError(f"betas must be two numbers, such as (0.9, 0.999), got {betas!r}")
    for beta in betas:
        check.number("each of betas", beta, least=0)
        if beta >= 1:
            raise ValueError(f"each of betas must lie from 0 to below 1, got {beta!r}")


def _source(data: Distribution | Tensor, net: Net) -> Callable[[tuple[int, ...]], Tensor]:
    """A function from a shape to that many data points."""
    if not isinstance(data, Tensor):
        if not isinstance(data, Distribution) or data.dim != net.dim:
            raise ValueError(f"data must be a tensor (n, d) or a distribution, with d = {net.dim}, got {data!r}")
        return data.sample
    points = check.points("data", data, dim=net.dim)
    if points.ndim != 2:
        raise ValueError(f"data must have shape (n, {net.dim}), got {tuple(points.shape)}")
    most = len(points) - 1  # a uniform number just below 1 may round up to it
    return lambda shape: points[(draws.uniform(shape).to(points.device) * len(points)).long().clamp_max(most)]


def _clipped(gradients: Sequence[Tensor], most: float, members: int) -> list[Tensor]:
    """Scale the gradient of each member to a norm of at most ``most``."""
    norms = torch.stack([g.flatten(members).norm(dim=-1) for g in gradients]).norm(dim=0)
    scale = (most / norms).clamp_max(1)
    return [g * scale.reshape(*scale.shape, *[1] * (g.ndim - members)) for g in gradients]
