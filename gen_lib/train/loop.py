"""The training loop, one for all methods: draw pairs, loss, backward, step."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from .. import check, draws, terminal
from ..data import Distribution
from ..method import Method
from ..nets import Net
from ..slips import Table
from .record import History
from .schedules import constant, cosine
from .stopping import Stopping, look
from .training import Schedule, Training

Watch = Callable[[int, Net], None]

PRESETS: Table[dict[str, Any]] = Table(
    fast={},
    classic={"steps": 16_000, "batch": 64, "lr": 1e-3, "seed": 42, "schedule": constant},
).called("preset")
"""Ready arguments of :func:`fit`, as in ``fit(method, net, points, **PRESETS["classic"])``.

``fast`` is the default. ``classic`` is how such toys are usually trained: 2000 epochs over 500 points in batches of 64,
at a constant rate; it takes four to seven times as long and ends no better.
"""


def fit(
    method: Method | Callable[[float], Method],
    net: Net,
    data: Distribution | Tensor,
    *,
    steps: int = 2000,
    batch: int = 256,
    lr: float | Mapping[str, float] = 1e-2,
    betas: tuple[float, float] = (0.9, 0.999),
    seed: draws.Seed = 0,
    schedule: Schedule = cosine,
    clip: float | None = None,
    weight_decay: float = 0.0,
    stopping: Stopping | None = None,
    watch: Callable[[int, Net], None] | None = None,
    progress: bool = True,
) -> History:
    """Train all members of a net at once, in place.

    Every member draws its own noise and data from its own stream (:mod:`gen_lib.draws`): member i under ``seed`` sees
    what a lone net sees under ``seed + i``, however many train alongside it. The same seed on the same machine gives
    the same numbers, bit for bit.

    Args:
        method: gives the losses, the turns and the pairs; or a function from the fraction of steps done, from 0 to just
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
        seed: of the noise, the data and the times, of the first member; or one for each
        schedule: fraction of the learning rate as a function of the fraction of steps done
        clip: largest norm of a member's gradient; members never share a clip
        weight_decay: decoupled decay (AdamW)
        stopping: when a member has trained enough, and the net is left at its best
            (:class:`~gen_lib.train.stopping.Stopping`). It only watches: the losses up to a stop are those without it
        watch: called as ``watch(step, net)`` before every step and once at the end, to watch, not to change. Its random
            numbers (:mod:`gen_lib.draws`) come from a stream of their own, the same at each call. Stopping puts the
            best weights back after the last call
        progress: show a bar

    Returns:
        the loss of every step and member, of a turn that repeats the last one; the time it took; what stopping saw

    Raises:
        TypeError: method is no Method, or stopping is neither None nor a Stopping
        ValueError: an argument out of range, data of the wrong shape, data that is not finite, turns that change, a
            score of the wrong shape
        gen_lib.train.record.NotFinite: a loss became NaN or infinite; net and error hold the last good state
        gen_lib.train.stops.ScoreNotFinite: the score of a member became NaN or infinite

    Example:
        >>> from gen_lib import METHODS, data
        >>> net = METHODS["decoder"].build(dim=1, members=(2,))
        >>> history = fit(METHODS["decoder"], net, data.mixture_1d(), steps=5, progress=False)
        >>> history.losses["loss"].shape
        torch.Size([5, 2])
    """
    training = Training(
        method, net, data, steps=steps, batch=batch, lr=lr, betas=betas, seed=seed, schedule=schedule, clip=clip,
        weight_decay=weight_decay, stopping=stopping,
    )  # fmt: skip
    return run(training, watch=watch, progress=progress)


def run(training: Training, *, until: int | None = None, watch: Watch | None = None, progress: bool = True) -> History:
    """Train from where a training is to its end, or until a given number of steps is done.

    Args:
        training: a run, at its beginning or stopped in between
        until: number of steps after which to pause; to the end if not given
        watch: as in :func:`fit`
        progress: as in :func:`fit`

    Returns:
        the history up to there; at the end stopping has put the best back

    Raises:
        ValueError: ``until`` not a whole number of at least 0
        gen_lib.train.record.NotFinite: as in :func:`fit`
    """
    net, record = training.net, training.record
    last = training.steps if until is None else min(check.whole("until", until, least=0), training.steps)
    bar = terminal.bar(range(training.done, last), progress, initial=training.done, total=training.steps)
    record.begin()
    with torch.enable_grad(), training.streams.drawn():
        for step in bar:
            if record.finished:
                break
            look(watch, step, net)
            method, training.within_step = training.plan(step), True
            for curve, (name, loss) in zip(record.curves, method.turns, strict=True):
                value = training.move(name, training.value(method, loss))
                if method.constrain is not None:
                    with torch.no_grad():
                        method.constrain(net)
                curve[step] = value
            training.done = step + 1
            record.close(training.done)
            training.within_step = False
            bar.set_postfix_str(record.summary, refresh=False)
        if training.ended:
            look(watch, training.done, net)
    if training.ended:
        record.end()
    record.pause()
    return record.history(training.done)
