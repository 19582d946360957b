"""Whether samples are copies of the training set: nearer to it than to points that were held out."""

from dataclasses import dataclass
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from .. import check
from ..shapes import PerMember, Points
from .distances import Others, _distances

HeldOut: TypeAlias = Float[Tensor, "*#members k d"]  # points of which there may be more or fewer than trained on


@dataclass(frozen=True)
class Copies:
    """How many samples are nearest to a training point, and how many of a perfect model would be.

    Attributes:
        fraction: of the samples whose nearest training point is nearer than any held-out point, shape ``(*members,)``
        hits: how many samples have each stored point as their nearest, shape ``(*members, n + m)``, held-out ones last
        trained: number n of training points
    """

    fraction: PerMember
    hits: Tensor
    trained: int

    @property
    def expected(self) -> float:
        """The mean fraction of a perfect model, n / (n + m)."""
        return self.trained / self.hits.shape[-1]

    @property
    def spread(self) -> PerMember:
        """Standard deviation of the fraction of a perfect model, given which points are stored."""
        hits, stored = self.hits.double(), self.hits.shape[-1]
        pairs = self.trained * (stored - self.trained) / (stored * max(stored - 1, 1))
        return ((pairs * (hits - hits.mean(-1, keepdim=True)).square().sum(-1)).sqrt() / hits.sum(-1)).to(self.fraction)

    @property
    def p_value(self) -> PerMember:
        """Probability that a perfect model has so large a fraction or a larger one, exactly."""
        rows = self.hits.reshape(-1, self.hits.shape[-1])
        tails = [_tail(row, self.trained) for row in rows]
        return torch.stack(tails).reshape(self.fraction.shape).to(self.fraction)


def copies(samples: Points, train: Others, held_out: HeldOut) -> Copies:
    r"""The fraction of samples that are nearer to the training set than to a held-out set, with its exact null law.

    .. math:: \hat s = \frac1K \# \big\{ j : \min_i \| x_j - y_i \| < \min_i \| x_j - \tilde y_i \| \big\}

    If training, held-out and new points all come from one distribution, nothing tells which n of the n + m stored
    points were trained on. So given the samples and the stored points, each choice of n of them is as likely as any
    other: with :math:`c_i` the number of samples that have stored point i as their nearest,

    .. math:: E\, \hat s = \frac{n}{n + m}, \qquad
        \operatorname{Var} \hat s = \frac{n m}{K^2 (n + m) (n + m - 1)} \sum_i (c_i - \bar c)^2,

    and the whole law is that of the sum of n of the :math:`c_i`, drawn without replacement. The probability of the tail
    is computed from it, without simulation and in any dimension.

    Args:
        samples: new points x, shape ``(*members, K, d)``
        train: points y that the model was trained on, shape ``(n, d)`` or ``(*members, n, d)``
        held_out: points of the same distribution that it never saw, ``(m, d)`` or ``(*members, m, d)``

    Returns:
        the fraction, and what it is for a perfect model

    Raises:
        ValueError: points of different dimensions or members, not finite

    References:
        A Non-Parametric Test to Detect Data-Copying in Generative Models (Meehan, Chaudhuri and Dasgupta, 2020),
        arXiv 2004.05675, for a test on the same three samples

    Example:
        >>> stored = torch.arange(8.0)[:, None]
        >>> found = copies(stored[:4] + 0.1, stored[:4], stored[4:])  # one choice of four points in 70 is so bad
        >>> found.fraction.item(), found.expected, round(1 / found.p_value.item())
        (1.0, 0.5, 70)
    """
    check.points("samples", samples)
    for name, points in (("train", train), ("held_out", held_out)):
        check.points(name, points, dim=samples.shape[-1])
    members = torch.broadcast_shapes(*(points.shape[:-2] for points in (samples, train, held_out)))
    both = torch.cat([points.expand(*members, *points.shape[-2:]) for points in (train, held_out)], -2)
    apart, n = _distances(samples.expand(*members, *samples.shape[-2:]), both), train.shape[-2]
    of_train, of_held_out = apart[..., :n].min(-1), apart[..., n:].min(-1)
    copied = of_train.values < of_held_out.values
    nearest = torch.where(copied, of_train.indices, n + of_held_out.indices)
    hits = torch.zeros(both.shape[:-1], dtype=torch.long, device=samples.device)
    hits = hits.scatter_add(-1, nearest, torch.ones_like(nearest))
    return Copies(copied.to(samples).mean(-1), hits, n)


def _tail(hits: Tensor, n: int) -> Tensor:
    """Probability that n of these numbers, drawn without replacement, add up to as much as the first n or to more.

    Point by point: of all choices of j points among those seen so far, the fraction that has the sum s. Points without
    hits, often most, add nothing to s: how many of the others are chosen follows the hypergeometric law.
    """
    some, width = hits[hits > 0].tolist(), int(hits.sum()) + 1
    j = torch.arange(min(n, len(some)) + 1, dtype=torch.float64)
    fraction = torch.zeros(len(j), width, dtype=torch.float64)
    fraction[0, 0] = 1
    for seen, hit in enumerate(some, start=1):
        chosen = torch.zeros_like(fraction)
        chosen[1:, hit:] = fraction[:-1, : width - hit]
        with_it = (j / seen).clamp_max(1)[:, None]  # a choice of j out of `seen` points has the last one so often
        fraction = torch.lerp(fraction, chosen, with_it)
    reached = fraction[:, int(hits[:n].sum()) :].sum(-1)
    return (reached * _hypergeometric(j, len(some), len(hits), n)).sum().clamp(0, 1)


def _hypergeometric(j: Tensor, marked: int, total: int, n: int) -> Tensor:
    """Probability that of n points out of ``total``, drawn without replacement, j are among the marked ones."""

    def log_ways(of: Tensor, take: Tensor) -> Tensor:
        inside = (take >= 0) & (take <= of)
        ways = (of + 1).lgamma() - (take + 1).clamp_min(1).lgamma() - (of - take + 1).clamp_min(1).lgamma()
        return ways.masked_fill(~inside, -torch.inf)

    a, b, c = (torch.tensor(float(v), dtype=torch.float64) for v in (marked, total - marked, total))
    return (log_ways(a, j) + log_ways(b, n - j) - log_ways(c, torch.tensor(float(n), dtype=torch.float64))).exp()
