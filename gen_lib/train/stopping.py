"""When a member has trained enough: scores on held-out points.

A loss on the points it is trained on falls as long as there is something to learn by heart. So one part of the data is
held out, a score is taken on it from time to time, and training goes back to where the score was best.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from .. import check, draws, metrics
from ..method import Method
from ..nets import Net, still
from ..shapes import PerMember
from ..slips import brief

Score = Callable[[Net], Tensor]


@dataclass(frozen=True)
class Stopping:
    """Early stopping, for each member by itself.

    A member stops when ``patience`` scores in a row were no better than its best. Its weights do not move from then on,
    the run ends when all have stopped, and then every member goes back to the weights of its best score. What becomes
    of a member does not depend on the others.

    The score is called once before training, which only tests its shape, and then after every ``every`` steps and at
    the end: in evaluation mode, without gradients, and with the same random numbers (:mod:`gen_lib.draws`) each time
    and for each member.

    Attributes:
        score: from a net to one number per member, shape ``(*members,)``; lower is better
        every: steps between two scores
        patience: number of scores without a better one that ends the training of a member

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
            raise TypeError(f"score must be a function from a net to one number per member, got {brief(self.score)}")
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
        TypeError: method is not a Method
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
        with evaluating(net, seed) as weight:
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
        TypeError: method is not a Method, a distance that cannot be called
        ValueError: n no whole number of at least 1; points of the wrong shape or not finite

    Example:
        >>> from gen_lib import METHODS
        >>> net = METHODS["gan"].build(dim=2, members=(3,))
        >>> sample_distance(METHODS["gan"], torch.randn(50, 2))(net).shape
        torch.Size([3])
    """
    points, seed = _held_out(method, points, seed)
    if not callable(distance):
        raise TypeError(f"distance must be a function of samples and points, got {brief(distance)}")
    few = torch.randperm(len(points), generator=Generator().manual_seed(seed))[: check.whole("n", n, least=1)]
    target = points[few.to(points.device)]

    def score(net: Net) -> PerMember:
        with evaluating(net, seed) as weight:
            x = check.points("points", target, net.dim).to(weight)
            z = draws.normal((*net.members, len(x), net.latent)).to(weight)
            return distance(method.push(net, z)[-1], x)

    return score


def _held_out(method: Method, points: Tensor, seed: int) -> tuple[Tensor, int]:
    if not isinstance(method, Method):
        raise TypeError(f"method must be a Method, got {brief(method)}")
    points = check.points("points", points)
    if points.ndim != 2:
        raise ValueError(f"points must have shape (n, d), got {tuple(points.shape)}")
    return points, check.whole("seed", seed, least=0)


@contextmanager
def evaluating(net: Net, seed: int = 0) -> Iterator[Tensor]:
    """Within this context a net is scored, and nothing that training depends on changes.

    As :func:`~gen_lib.nets.models.still`, and every member draws from the same stream, which is none that a member
    trains with.

    Args:
        net: put back into its modes at the end
        seed: of the stream

    Returns:
        one of the net's weights, for its precision and device
    """
    with still(net) as weight, draws.streams(net.members, 2**31 + seed, weight.device, shared=True):
        yield weight


def look(watch: Callable[[int, Net], None] | None, step: int, net: Net) -> None:
    """Let somebody look at a net: as for a score nothing changes, and draws of any shape come from a stream aside."""
    if watch is not None:
        with still(net) as weight, draws.drawing(Generator(weight.device).manual_seed(2**31)):
            watch(step, net)
