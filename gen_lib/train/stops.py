"""The bookkeeping of early stopping."""

from typing import Any

import torch
from torch import Tensor

from ..nets import Net
from ..slips import brief
from .stopping import Stopping, evaluating

State = dict[str, Tensor]  # a copy of a state_dict, which training does not change
KEPT = ("running", "stopped", "best_step", "waited", "best_score")  # one per member


class ScoreNotFinite(ArithmeticError):
    """Training stopped because the score of a member that still ran became NaN or infinite."""


def state(net: Net) -> State:
    """A copy of the ``state_dict`` of a net."""
    return {name: value.detach().clone() for name, value in net.state_dict().items()}


def _chosen(mask: Tensor, new: State, old: State) -> State:
    """The state in which the members of the mask are ``new``, the others ``old``; what members share is new."""

    def choose(a: Tensor, b: Tensor) -> Tensor:
        if a.shape[: mask.ndim] != mask.shape:
            return a
        return torch.where(mask.to(a.device).reshape(mask.shape + (1,) * (a.ndim - mask.ndim)), a, b)

    return {name: choose(new[name], old[name]) for name in new}


class Stops:
    """The bookkeeping of early stopping: who still trains, and the best state of every member.

    Args:
        stopping: the rule; without one all run to the end
        net: the net at the start
        steps: number of steps, if nobody stops

    Attributes:
        running: who still trains, shape ``(*members,)``

    Raises:
        TypeError: stopping is neither None nor a Stopping
        ValueError: a score of the wrong shape
    """

    def __init__(self, stopping: Stopping | None, net: Net, steps: int):
        if stopping is not None and not isinstance(stopping, Stopping):
            raise TypeError(f"stopping must be a Stopping, such as Stopping(score, every=200), got {brief(stopping)}")
        self.stopping, self.steps, self.members = stopping, steps, tuple(net.members)
        self.running = torch.ones(self.members, dtype=torch.bool)
        self.stopped = torch.full(self.members, steps)
        self.best_step, self.waited = torch.zeros(2, *self.members, dtype=torch.long)
        self.best_score = torch.full(self.members, torch.inf)
        self.checks, self.scores = list[int](), list[Tensor]()
        self.best = self.held = state(net) if stopping else {}
        self._scored(net)  # before work starts: a score of the wrong shape is found here

    def due(self, done: int) -> bool:
        """Whether a score is to be taken after this number of steps."""
        return self.stopping is not None and (done % self.stopping.every == 0 or done == self.steps)

    def score(self, done: int, net: Net) -> None:
        """Take the score if it is due; who has waited long enough for a better one stops.

        Raises:
            ValueError: a score of the wrong shape
            gen_lib.train.stops.ScoreNotFinite: it is not finite for one who still runs
        """
        if self.stopping is None or not self.due(done):
            return
        score, now = self._scored(net), state(net)
        if not score[self.running].isfinite().all():
            bad = (self.running & ~score.isfinite()).nonzero().tolist()
            said = f"stopping.score must be finite, after {done} steps member(s) {bad} got {score.tolist()}"
            raise ScoreNotFinite(said)
        self.checks.append(done)
        self.scores.append(score.where(self.running, torch.nan))
        better = self.running & (score < self.best_score)
        self.best, self.best_score = _chosen(better, now, self.best), score.where(better, self.best_score)
        self.best_step[better] = done
        self.waited = (self.waited + 1).where(~better, 0)
        stops = self.running & (self.waited >= self.stopping.patience)
        self.stopped[stops] = done
        self.running, self.held = self.running & ~stops, now

    def hold(self, net: Net) -> None:
        """Put those who have stopped back to where they were: one step moves all members."""
        if not self.running.all():
            net.load_state_dict(_chosen(self.running, net.state_dict(), self.held))

    def put_best(self, net: Net) -> None:
        """Leave every member of the net at its best score."""
        if self.stopping is not None:
            net.load_state_dict(self.best)

    def while_running(self, curve: Tensor) -> Tensor:
        """A curve ``(steps, *members)`` with NaN for each member after its stop."""
        step = torch.arange(len(curve)).reshape(-1, *[1] * len(self.members))
        return curve.masked_fill(step >= self.stopped, torch.nan)

    def all_scores(self) -> Tensor:
        """The scores so far, shape ``(checks, *members)``, NaN for a member after its stop."""
        return torch.stack(self.scores) if self.scores else torch.empty(0, *self.members)

    def state(self) -> dict[str, Any]:
        """All of this as tensors and numbers, for :meth:`load`."""
        kept = {name: getattr(self, name).clone() for name in KEPT}
        return kept | {"checks": list(self.checks), "scores": self.all_scores(), "best": self.best, "held": self.held}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state that the same rule has left."""
        for name in KEPT:
            setattr(self, name, state[name].clone())
        self.checks, self.scores = list(state["checks"]), [*state["scores"]]
        self.best, self.held = dict(state["best"]), dict(state["held"])

    def __str__(self) -> str:
        return f", score {self.scores[-1].nanmean():.3g}" if self.scores else ""

    def _scored(self, net: Net) -> Tensor:
        if self.stopping is None:
            return self.best_score
        with evaluating(net):
            score = self.stopping.score(net)
        if not isinstance(score, Tensor) or score.shape != self.members:
            got = f"shape {tuple(score.shape)}" if isinstance(score, Tensor) else brief(score)
            raise ValueError(f"stopping.score must give one number per member, a tensor {self.members}, got {got}")
        return score.detach().cpu().to(torch.promote_types(score.dtype, torch.float32))
