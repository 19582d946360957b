"""Points that are stored: training sets of a given size, one for each member, and what learns them by heart."""

import torch
from torch import Generator, Tensor

from .. import check, draws
from ..shapes import Points
from .mixtures import GaussianMixture


class Stored:
    """Training sets, one for each member of a net, from which points are drawn with replacement.

    Args:
        sets: points, shape ``(*members, N, d)``
        sizes: how many of them each member has, the first ones, shape ``(*members,)``; all if not given

    Raises:
        ValueError: points of another shape or not finite, sizes that are not whole numbers from 1 to N, one each

    Example:
        >>> two = Stored(torch.arange(6.0).reshape(2, 3, 1), sizes=torch.tensor([3, 1]))  # 0, 1, 2 and 3
        >>> two.sample((2, 4)).shape, two.sample((2, 4))[1, :, 0].tolist()
        (torch.Size([2, 4, 1]), [3.0, 3.0, 3.0, 3.0])
    """

    def __init__(self, sets: Points, sizes: Tensor | None = None):
        self.sets, (*members, n, self.dim) = sets, check.points("sets", sets).shape
        self.sizes = torch.full(members, n) if sizes is None else sizes
        good = self.sizes.shape == torch.Size(members) and not self.sizes.is_floating_point()
        if not good or not ((self.sizes >= 1) & (self.sizes <= n)).all():
            raise ValueError(f"sizes must be whole numbers from 1 to {n}, of shape {tuple(members)}, got {sizes}")

    def sample(self, n: int | tuple[int, ...], generator: Generator | None = None) -> Tensor:
        """Draws with replacement, each member from its set, shape ``(*members, n, d)``.

        Args:
            n: number of points, or a shape ``(*members, n)``, with the members of the sets
            generator: source of randomness; torch's global one if none is given

        Raises:
            ValueError: other members than those of the sets
        """
        *members, count = check.amount("n", n)
        if tuple(members) != tuple(self.sets.shape[:-2]):
            raise ValueError(f"n must have the members of the sets, {tuple(self.sets.shape[:-2])}, got {n}")
        u, sizes = draws.uniform((*members, count), generator), self.sizes[..., None]
        # a uniform number just below 1 may round up to the size
        chosen = (u.to(self.sets.device) * sizes).long().minimum(sizes - 1)
        return self.sets.gather(-2, chosen[..., None].expand(*chosen.shape, self.dim))


def spikes(points: Points, std: float = 1e-3) -> GaussianMixture:
    r"""A stored set of points as a distribution: one narrow Gaussian at each of them.

    .. math:: p(x) = \frac1N \sum_i \mathcal N(x;\, x_i,\, h^2 I)

    With a tiny h it is what a method finds that reaches the least loss on these points. Its exact velocity is that of
    the optimal flow, and its samples are the points. With a larger h it is a kernel density estimate.

    Args:
        points: shape ``(n, d)``
        std: h, above 0, in the units of the data

    Raises:
        ValueError: points of another shape or not finite, std not positive

    References:
        On the Closed-Form of Flow Matching: Generalization Does Not Arise from Target Stochasticity (Bertrand et al.,
        2025), arXiv 2506.03719

    Example:
        >>> stored = torch.tensor([[0.0], [5.0]])
        >>> spikes(stored).sample(4, torch.Generator().manual_seed(0)).round(decimals=1)[:, 0].abs().tolist()
        [0.0, 5.0, 0.0, 0.0]
    """
    if check.points("points", points).ndim != 2:
        raise ValueError(f"points must have shape (n, d), got {tuple(points.shape)}")
    check.number("std", std, above=0)
    n, dim = points.shape
    covariance = std**2 * torch.eye(dim, dtype=torch.float64)
    return GaussianMixture(torch.full((n,), 1 / n, dtype=torch.float64), points, covariance.expand(n, dim, dim))
