"""What a run leaves behind: its curves, its scores, and the last state in which all was well."""

import time
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ..nets import Net
from .stopping import Stopping
from .stops import State, Stops, state


@dataclass
class History:
    """What happened in training.

    Attributes:
        losses: name of the turn to its loss at every step, shape ``(steps, *members)``; ``"loss"`` for a single turn.
            With stopping they end with the last step done, and are NaN for a member after its own stop
        seconds: wall time
        checks: steps at which a score was taken; this and what follows is empty without stopping
        scores: of those checks, shape ``(checks, *members)``, NaN for a member after its stop
        best_step: step of the best score, shape ``(*members,)``
        stopped: step at which the member stopped, the last one for who never did, shape ``(*members,)``
        last: ``state_dict`` with every member as it was at its stop; the net itself is left at its best
    """

    losses: dict[str, Tensor] = field(default_factory=dict)
    seconds: float = 0.0
    checks: list[int] = field(default_factory=list)
    scores: Tensor = field(default_factory=lambda: torch.empty(0))
    best_step: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.long))
    stopped: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.long))
    last: State = field(default_factory=dict)


class NotFinite(ArithmeticError):
    """Training stopped because a loss became NaN or infinite.

    Attributes:
        turn: which loss
        step: the first step (from 0) with such a loss
        members: index of each member it happened to, such as ``[[3]]``; ``[[]]`` is a lone net
        checkpoint: ``state_dict`` of the net at the last check before, when all was well; the net itself is put back
        history: the curves up to that step
    """

    def __init__(self, turn: str, step: int, members: list[list[int]], checkpoint: State, history: History):
        self.turn, self.step, self.members, self.checkpoint, self.history = turn, step, members, checkpoint, history
        super().__init__(
            f"the {turn} became NaN or infinite at step {step} in member(s) {members}: try a smaller lr. "
            "The net is back at its last good state; .checkpoint and .history of this error hold it and the curves."
        )

    def __reduce__(self):
        """Sent from one process to another, it is made anew."""
        return type(self), (self.turn, self.step, self.members, self.checkpoint, self.history), self.__dict__


class Record:
    """What :func:`~gen_lib.train.loop.fit` writes down, and what it checks from time to time.

    Args:
        net: the net at the start
        names: of the turns
        steps: number of steps, if nobody stops
        stopping: the rule of early stopping

    Attributes:
        curves: loss of each turn, shape ``(steps, *members)``, on the device of the net
        summary: what the bar shows
        finished: whether all members have stopped

    Raises:
        TypeError: stopping is neither None nor a Stopping
        ValueError: a score of the wrong shape
    """

    def __init__(self, net: Net, names: list[str], steps: int, stopping: Stopping | None):
        self.net, self.names, self.steps = net, names, steps
        self.stops = Stops(stopping, net, steps)
        device = next(net.parameters()).device
        self.curves = [torch.zeros(steps, *net.members, device=device) for _ in names]
        self.summary, self.finished = "", False
        self.good, self.checked = state(net), 0
        self.last: State = {}  # at the end, before the best is put back
        self.seconds, self.start = 0.0, time.perf_counter()

    def begin(self) -> None:
        """The clock runs from here."""
        self.start = time.perf_counter()

    def pause(self) -> None:
        """The clock stops."""
        now = time.perf_counter()
        self.seconds, self.start = self.seconds + now - self.start, now

    def close(self, done: int) -> None:
        """End a step, with the number of steps so far.

        Raises:
            NotFinite: a loss became NaN or infinite
            ValueError: a score of the wrong shape
            gen_lib.train.stops.ScoreNotFinite: a score is not finite
        """
        self.stops.hold(self.net)
        # checked every 100 steps: checking after every step would cost more than the step on an accelerator
        if done % 100 == 0 or done == self.steps or self.stops.due(done):
            self._stop_if_not_finite(done)
            self.good, self.checked = state(self.net), done
            self.stops.score(done, self.net)
            self.summary = f"loss {self.curves[-1][done - 1].mean():.3g}{self.stops}"
            self.finished = not self.stops.running.any()

    def next_check(self, done: int) -> int:
        """The step after which the next score is taken; the last one without stopping."""
        every = self.stops.stopping.every if self.stops.stopping else self.steps
        return min(self.steps, (done // every + 1) * every)

    def history(self, done: int) -> History:
        """What there is to tell after this number of steps."""
        # of repeated turns (five of a critic) the last is kept
        curves = [self.stops.while_running(curve[:done].cpu()) for curve in self.curves]
        history = History({name or "loss": curve for name, curve in zip(self.names, curves, strict=True)}, self.seconds)
        if self.stops.stopping is not None:
            history.checks, history.scores = list(self.stops.checks), self.stops.all_scores()
            history.best_step, history.stopped = self.stops.best_step.clone(), self.stops.stopped.clamp_max(done)
            history.last = self.last or state(self.net)
        return history

    def end(self) -> None:
        """The run is over: every member is left at its best score, if there are scores."""
        if not self.last:
            self.last = state(self.net)
            self.stops.put_best(self.net)

    def state(self, done: int) -> dict[str, Any]:
        """All of this after this number of steps, as tensors and numbers, for :meth:`load`."""
        curves = {str(turn): curve[:done].clone() for turn, curve in enumerate(self.curves)}
        weights = {"good": dict(self.good), "checked": self.checked, "last": dict(self.last)}
        return {"curves": curves, "seconds": self.seconds, "stops": self.stops.state(), **weights}

    def load(self, state: dict[str, Any], done: int) -> None:
        """Go on from a state that a record of the same run has left."""
        for turn, curve in enumerate(self.curves):
            curve[:done] = state["curves"][str(turn)]
        self.seconds, self.checked = state["seconds"], state["checked"]
        self.good, self.last = dict(state["good"]), dict(state["last"])
        self.stops.load(state["stops"])
        self.finished = not self.stops.running.any()

    def _stop_if_not_finite(self, done: int) -> None:
        for name, curve in zip(self.names, self.curves, strict=True):
            bad = ~curve[self.checked : done].isfinite().cpu() & self.stops.running
            if bad.any():
                later, *_ = bad.nonzero()[0].tolist()
                members, step = bad[later].nonzero().tolist(), self.checked + later
                self.net.load_state_dict(self.good)
                self.pause()
                turn = f"loss of turn {name!r}" if name else "loss"
                raise NotFinite(turn, step, members, self.good, self.history(step + 1))
