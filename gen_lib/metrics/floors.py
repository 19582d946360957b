"""What a metric is for perfect samples: its floor."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Generator, Tensor

from .. import check
from ..data import Distribution
from ..shapes import Points


def floor(metric: Callable[[Tensor, Tensor], Tensor], target: Distribution, n: int, repeats: int = 20) -> Tensor:
    """The metric between two independent draws of the target: what perfect samples would score.

    Args:
        metric: called as ``metric(samples, target)``
        target: the distribution
        n: number of points in each draw
        repeats: number of pairs of draws

    Returns:
        one value per pair, shape ``(repeats,)``; the draws are fixed

    Example:
        >>> from gen_lib import data, metrics
        >>> bool(floor(metrics.w1, data.mixture_1d(), 1000).mean() < 0.15)
        True
    """
    generator = Generator().manual_seed(0)
    return metric(target.sample((repeats, n), generator), target.sample((repeats, n), generator))


class WithFloor(NamedTuple):
    """A metric and its floor.

    Attributes:
        value: of each member, shape ``(*members,)``
        floor: of pairs of independent draws of the target, shape ``(repeats,)``

    Example:
        >>> import torch
        >>> print(WithFloor(torch.tensor([0.2, 0.4]), torch.tensor([0.1, 0.1])))
        0.3 ± 0.14 (floor 0.1 ± 0)
    """

    value: Tensor
    floor: Tensor

    def __str__(self) -> str:
        parts = (f"{v.mean():.3g}" + (f" ± {v.std():.2g}" if v.numel() > 1 else "") for v in self)
        return "{} (floor {})".format(*parts)


def with_floor(
    metric: Callable[[Tensor, Tensor], Tensor], samples: Points, target: Distribution, repeats: int = 20
) -> WithFloor:
    """The metric of samples against a fresh draw of the target, and what perfect samples would score: ready to print.

    Args:
        metric: called as ``metric(samples, target)``
        samples: shape ``(*members, n, d)``
        target: the distribution
        repeats: number of pairs of draws for the floor

    Returns:
        value and floor; printed, both with mean and standard deviation

    Example:
        >>> import torch
        >>> from gen_lib import data, metrics
        >>> level = with_floor(metrics.w1, torch.zeros(8, 500, 1), data.mixture_1d())
        >>> level.value.shape, level.floor.shape
        (torch.Size([8]), torch.Size([20]))
    """
    n = check.points("samples", samples, target.dim).shape[-2]
    drawn = target.sample(n, Generator().manual_seed(1)).to(samples)
    return WithFloor(metric(samples, drawn), floor(metric, target, n, repeats))
