"""When a member has trained enough: scores on held-out points, and who still runs.

A loss on the points it is trained on falls as long as there is something to learn by heart. So one part of the data is
held out, a score is taken on it from time to time, and training goes back to where the score was best.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor

from .. import check, draws, metrics
from ..method import Method
from ..nets import Net
from ..shapes import PerMember

Score = Callable[[Net], Tensor]
State = dict[str, Tensor]  # a copy of a state_dict, which training does not change


@dataclass(frozen=True)
class Stopping:
    """Early stopping, for each member by itself.

    A member stops when ``patience`` scores in a row were no better than its best. It keeps its weights from then on,
    and the run ends when all have stopped. What becomes of a member does not depend on the others beside it.

    The score is called once before training and then after every ``every`` steps and at the end: in evaluation mode,
    without gradients, and with the same random numbers (:mod:`gen_lib.draws`) each time and for each member.

    Attributes:
        score: from a net to one number per member, shape ``(*members,)``; lower is better
        every: steps between two scores
        patience: so many scores without a better one end the training of a member

    Raises:
        TypeError: a score that cannot be called
        ValueError: ``every`` or ``patience`` no whole number of at least 1

    References:
        Early Stopping - But When? (Prechelt, 1998), doi 10.1007/3-540-49430-8_3

    Example:
        >>> size = Stopping(lambda net: sum(p.square().flatten(1).sum(-1) for p in net.parameters()), every=50)
        >>> size.every, size.patience
        (50, 2)
    """

    score: Score
    every: int = 200
    patience: int = 2

    def __post_init__(self):
        if not callable(self.score):
            raise TypeError(f"score must be a function from a net to one number per member, got {self.score!r}")
        check.whole("every", self.every, least=1)
        check.whole("patience", self.patience, least=1)


def held_out_loss(method: Method, points: Tensor, *, seed: int = 0) -> Score:
    r"""The loss of a method on points it does not train on.

    .. math:: \frac1n \sum_{i=1}^n \ell(\theta; z_i, x_i)

    Noise and times are the same every time and for every member, so that only the weights make a difference. The pairs
    are those that the coupling makes of all the points at once.

    Args:
        method: with one turn; its loss and its coupling are used
        points: held-out data x, shape ``(n, d)``
        seed: of noise and times, which no training draws

    Returns:
        the score, a function from a net to the mean loss of each member, shape ``(*members,)``

    Raises:
        TypeError: no method
        ValueError: a game, whose losses do not say when to stop; points of the wrong shape or not finite

    Example:
        >>> from gen_lib import METHODS
        >>> net = METHODS["vae"].build(dim=2, members=(3,))
        >>> held_out_loss(METHODS["vae"], torch.randn(50, 2))(net).shape
        torch.Size([3])
    """
    points, seed = _held_out(method, points, seed)
    if len(method.turns) > 1:
        turns = [name for name, _ in method.turns]
        raise ValueError(
            "method must have a single turn: the losses of a game do not say when to stop, since each player's depends "
            f"on how good the other is; use sample_distance. It has got the turns {turns}"
        )
    ((_, loss),) = method.turns

    def score(net: Net) -> PerMember:
        with looking(net, seed) as weight:
            x = check.points("points", points, net.dim).to(weight).expand(*net.members, -1, -1)
            z = draws.normal((*x.shape[:-1], net.latent)).to(weight)
            return loss(net, *method.coupling(z, x)).mean(-1)

    return score


def sample_distance(
    method: Method,
    points: Tensor,
    *,
    n: int = 1000,
    distance: Callable[[Tensor, Tensor], Tensor] = metrics.sliced_w2,
    seed: int = 0,
) -> Score:
    """How far what a method makes of noise is from points it does not train on.

    The noise is the same every time and for every member.

    Args:
        method: its ``push`` is used, with its own number of steps
        points: held-out data, shape ``(m, d)``
        n: number of samples, and of points drawn from the held-out ones to compare them with; all m if there are fewer
        distance: called as ``distance(samples, points)``, gives one number per member
        seed: of the noise, which no training draws, and of the choice of points

    Returns:
        the score, a function from a net to the distance of each member, shape ``(*members,)``

    Raises:
        TypeError: no method, a distance that cannot be called
        ValueError: n no whole number of at least 1; points of the wrong shape or not finite

    Example:
        >>> from gen_lib import METHODS
        >>> net = METHODS["gan"].build(dim=2, members=(3,))
        >>> sample_distance(METHODS["gan"], torch.randn(50, 2))(net).shape
        torch.Size([3])
    """
    points, seed = _held_out(method, points, seed)
    if not callable(distance):
        raise TypeError(f"distance must be a function of samples and points, got {distance!r}")
    few = torch.randperm(len(points), generator=Generator().manual_seed(seed))[: check.whole("n", n, least=1)]
    target = points[few.to(points.device)]

    def score(net: Net) -> PerMember:
        with looking(net, seed) as weight:
            x = check.points("points", target, net.dim).to(weight)
            z = draws.normal((*net.members, len(x), net.latent)).to(weight)
            return distance(method.push(net, z)[-1], x)

    return score


def _held_out(method: Method, points: Tensor, seed: int) -> tuple[Tensor, int]:
    if not isinstance(method, Method):
        raise TypeError(f"method must be a Method, got {method!r}")
    points = check.points("points", points)
    if points.ndim != 2:
        raise ValueError(f"points must have shape (n, d), got {tuple(points.shape)}")
    return points, check.whole("seed", seed, least=0)


@contextmanager
def looking(net: Net, seed: int = 0) -> Iterator[Tensor]:
    """Within this context a net is looked at, and nothing that training depends on changes.

    Evaluation mode, no gradients, and the same stream for every member, which is none that a member trains with.

    Args:
        net: put back into its modes at the end
        seed: of the stream

    Returns:
        one of the net's weights, for its precision and device
    """
    modes = {module: module.training for module in net.modules()}
    weight = next(net.parameters()).detach()
    net.eval()
    try:
        with torch.no_grad(), draws.streams(net.members, 2**31 + seed, weight.device, shared=True):
            yield weight
    finally:
        for module, training in modes.items():
            module.training = training


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


class Runners:
    """The bookkeeping of early stopping: who still runs, and the best state of every member.

    Args:
        stopping: the rule; without one all run to the end
        net: the net at the start
        steps: number of steps, if nobody stops

    Attributes:
        running: who still trains, shape ``(*members,)``

    Raises:
        TypeError: a stopping that is none
        ValueError: a score of the wrong shape
    """

    def __init__(self, stopping: Stopping | None, net: Net, steps: int):
        if stopping is not None and not isinstance(stopping, Stopping):
            raise TypeError(f"stopping must be a Stopping, such as Stopping(score, every=200), got {stopping!r}")
        self.stopping, self.steps, self.members = stopping, steps, tuple(net.members)
        self.running = torch.ones(self.members, dtype=torch.bool)
        self.stopped = torch.full(self.members, steps)
        self.best_step, self.waited = torch.zeros(2, *self.members, dtype=torch.long)
        self.best_score = torch.full(self.members, torch.inf)
        self.checks, self.scores = list[int](), list[Tensor]()
        self.best = self.held = state(net) if stopping else {}
        self._scored(net)  # before work starts: a score of the wrong shape is found here

    def due(self, done: int) -> bool:
        """Whether a score is to be taken after so many steps."""
        return self.stopping is not None and (done % self.stopping.every == 0 or done == self.steps)

    def score(self, done: int, net: Net) -> None:
        """Take the score if it is due; who has waited long enough for a better one stops.

        Raises:
            ValueError: a score of the wrong shape, or not finite for one who still runs
        """
        if self.stopping is None or not self.due(done):
            return
        score, now = self._scored(net), state(net)
        if not score[self.running].isfinite().all():
            bad = (self.running & ~score.isfinite()).nonzero().tolist()
            raise ValueError(f"stopping.score must be finite, after {done} steps member(s) {bad} got {score.tolist()}")
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

    def record(self, done: int, net: Net) -> dict[str, Any]:
        """What the history says of stopping, after so many steps."""
        if self.stopping is None:
            return {}
        scores = torch.stack(self.scores) if self.scores else torch.empty(0, *self.members)
        steps = {"best_step": self.best_step, "stopped": self.stopped.clamp_max(done)}
        return {"checks": self.checks, "scores": scores, "last": state(net), **steps}

    def __str__(self) -> str:
        return f", score {self.scores[-1].nanmean():.3g}" if self.scores else ""

    def _scored(self, net: Net) -> Tensor:
        if self.stopping is None:
            return self.best_score
        with looking(net):
            score = self.stopping.score(net)
        if not isinstance(score, Tensor) or score.shape != self.members:
            got = f"shape {tuple(score.shape)}" if isinstance(score, Tensor) else repr(score)
            raise ValueError(f"stopping.score must give one number per member, a tensor {self.members}, got {got}")
        return score.detach().cpu()
