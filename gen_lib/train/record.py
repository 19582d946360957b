"""What a run leaves behind: its curves, its scores, and the last state in which all was well."""

import time
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..nets import Net
from .stopping import Runners, State, Stopping, state


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
    """What :func:`~gen_lib.train.loop.fit` writes down, and what it looks at from time to time.

    Args:
        net: the net at the start
        names: of the turns
        steps: number of steps, if nobody stops
        stopping: the rule of early stopping

    Attributes:
        curves: loss of each turn, shape ``(steps, *members)``
        news: what the bar shows
        over: whether all members have stopped

    Raises:
        TypeError: a stopping that is none
        ValueError: a score of the wrong shape
    """

    def __init__(self, net: Net, names: list[str], steps: int, stopping: Stopping | None):
        self.net, self.names, self.steps = net, names, steps
        self.runners = Runners(stopping, net, steps)
        self.curves = [torch.zeros(steps, *net.members) for _ in names]
        self.news, self.over = "", False
        self.good, self.checked, self.start = state(net), 0, time.perf_counter()

    def close(self, done: int) -> None:
        """End a step, the last of so many.

        Raises:
            NotFinite: a loss became NaN or infinite
            ValueError: a score of the wrong shape or not finite
        """
        self.runners.hold(self.net)
        # looked at every 100 steps: asking after every step would cost more than the step on an accelerator
        if done % 100 == 0 or done == self.steps or self.runners.due(done):
            self._stop_if_not_finite(done)
            self.good, self.checked = state(self.net), done
            self.runners.score(done, self.net)
            self.news = f"loss {self.curves[-1][done - 1].mean():.3g}{self.runners}"
            self.over = not self.runners.running.any()

    def finish(self, done: int) -> History:
        """The history of so many steps; every member is left at its best."""
        history = self._history(done)
        self.runners.put_best(self.net)
        return history

    def _history(self, done: int) -> History:
        # of repeated turns (five of a critic) the last is kept
        curves = [self.runners.while_running(curve[:done]) for curve in self.curves]
        losses = {name or "loss": curve for name, curve in zip(self.names, curves, strict=True)}
        return History(losses, time.perf_counter() - self.start, **self.runners.record(done, self.net))

    def _stop_if_not_finite(self, done: int) -> None:
        for name, curve in zip(self.names, self.curves, strict=True):
            bad = ~curve[self.checked : done].isfinite() & self.runners.running
            if bad.any():
                later, *_ = bad.nonzero()[0].tolist()
                members, step = bad[later].nonzero().tolist(), self.checked + later
                self.net.load_state_dict(self.good)
                turn = f"loss of turn {name!r}" if name else "loss"
                raise NotFinite(turn, step, members, self.good, self._history(step + 1))
