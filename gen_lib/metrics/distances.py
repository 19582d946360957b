"""Distances between samples and data, one number per member."""

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from torch import Generator, Tensor
from torch.special import ndtr

from .. import check
from ..couplings import optimal
from ..data import GaussianMixture
from ..data.mixtures import exact
from ..shapes import PerMember, Points

Others: TypeAlias = Float[Tensor, "*#members m d"]  # points of which there may be more or fewer


def w1(samples: Points, target: GaussianMixture | Tensor) -> PerMember:
    r"""Wasserstein-1 distance on the line: how far the mass must be carried, on average.

    .. math:: W_1 = \int_0^1 | F_n^{-1}(u) - F^{-1}(u) | \, du

    Against a mixture the integral is exact: within each step of :math:`F_n^{-1}` it splits where the two quantile
    functions cross, and on each side it is known in closed form for every Gaussian.

    Args:
        samples: shape ``(*members, n, 1)``
        target: a one-dimensional mixture, or points ``(..., n, 1)``, as many as there are samples

    Returns:
        distance in the units of the data, shape ``(*members,)``

    Raises:
        TypeError: another distribution than a mixture: draw points from it
        ValueError: points or a mixture that are not one-dimensional, or points that are not equally many

    References:
        Computational Optimal Transport (Peyré and Cuturi, 2019), section 2.6, arXiv 1803.00567

    Example:
        >>> w1(torch.zeros(4, 1), torch.ones(4, 1))
        tensor(1.)
    """
    x = _ascending(check.points("samples", samples, dim=1)[..., 0])
    if isinstance(target, Tensor):
        y = _ascending(_beside(samples, target, equal=True)[..., 0])
        return (x - y).abs().mean(-1)
    mixture, x = exact("target", target, dim=1), x.double().cpu()
    mean, std = mixture.means[:, 0], mixture.covariances[:, 0, 0].sqrt()
    u = torch.arange(1, x.shape[-1], dtype=torch.float64) / x.shape[-1]
    edge = torch.cat([u.new_full((1,), -math.inf), mixture.quantile(u)[:, 0], u.new_full((1,), math.inf)])
    low, high = edge[:-1], edge[1:]

    def up_to_x_and_beyond(function: Callable[[Tensor], Tensor]) -> Tensor:
        below, at, beyond = (function((y[..., None] - mean) / std) for y in (low, x.clamp(low, high), high))
        return (at - below) - (beyond - at)

    # The integral of (x - y) N(y; m, s^2) is (x - m) Phi + s phi: what is subtracted does not grow with the distance.
    mass, bell = up_to_x_and_beyond(ndtr), up_to_x_and_beyond(lambda y: torch.exp(-y.square() / 2))
    parts = (x[..., None] - mean) * mass + std * bell / (2 * math.pi) ** 0.5
    return (parts * mixture.weights).sum((-2, -1)).to(samples)


def w2(samples: Points, target: Points) -> PerMember:
    r"""Wasserstein-2 distance between two sets of equally many points, by the best assignment.

    .. math:: W_2^2 = \min_\sigma \frac1n \sum_i \| x_i - y_{\sigma(i)} \|^2 \quad \text{over permutations } \sigma

    Exact for the sets; for the distributions behind them it is too large, the more so the higher the dimension. The
    cost grows faster than the square of n (half a second for two thousand points), except on the line, where sorting
    solves it.

    Args:
        samples: x, shape ``(*members, n, d)``
        target: y, shape ``(n, d)`` or that of the samples

    Returns:
        distance in the units of the data, shape ``(*members,)``

    Raises:
        ValueError: different numbers of points or dimensions

    References:
        Computational Optimal Transport (Peyré and Cuturi, 2019), section 2.3, arXiv 1803.00567

    Example:
        >>> w2(torch.tensor([[0.0, 0.0], [1.0, 0.0]]), torch.tensor([[1.0, 2.0], [0.0, 2.0]]))
        tensor(2.)
    """
    target = _beside(samples, target, equal=True)
    shape = torch.broadcast_shapes(samples.shape, target.shape)
    x, y = optimal(samples.double().expand(shape), target.double().expand(shape))
    return (x - y).square().sum(-1).mean(-1).sqrt().to(samples)


def sliced_w2(samples: Points, target: Points, directions: int = 128, generator: Generator | None = None) -> PerMember:
    r"""Wasserstein-2 distance averaged over random directions, where sorting solves it.

    .. math:: SW_2^2 = E_{\theta} \left[ W_2^2(\theta^T x, \theta^T y) \right], \qquad \|\theta\| = 1

    Args:
        samples: shape ``(*members, n, d)``
        target: shape ``(n, d)`` or that of the samples
        directions: number of random directions
        generator: source of the directions; the same fixed ones for every call if none is given

    Returns:
        distance in the units of the data, shape ``(*members,)``

    Raises:
        ValueError: different numbers of points or dimensions

    References:
        Sliced and Radon Wasserstein Barycenters of Measures (Bonneel et al., 2015), doi 10.1007/s10851-014-0506-3

    Example:
        >>> sliced_w2(torch.zeros(4, 2), torch.zeros(4, 2)).item()
        0.0
    """
    _beside(samples, target, equal=True)
    directions = check.whole("directions", directions, least=1)
    generator = generator or Generator().manual_seed(0)
    shape = samples.shape[-1], directions
    theta = torch.randn(shape, generator=generator, device=generator.device, dtype=torch.float32).to(samples)
    theta = theta / theta.norm(dim=0)
    centre = target.mean(-2, keepdim=True)  # far from the origin a projection would lose what is near
    along, reached = (_ascending(theta.mT @ (points - centre).mT) for points in (samples, target))
    return (along - reached).square().mean((-2, -1)).sqrt()


def energy_distance(samples: Points, target: Others) -> PerMember:
    r"""Energy distance, an unbiased estimate of its square, zero only for equal distributions.

    .. math:: 2\,E\|x - y\| - E\|x - x'\| - E\|y - y'\|

    Args:
        samples: x, shape ``(*members, n, d)``
        target: y, shape ``(m, d)`` or ``(*members, m, d)``; n and m may differ, and are at least 2

    Returns:
        in the units of the data, shape ``(*members,)``; around 0, at times below it, for equal distributions

    Raises:
        ValueError: fewer than two points on either side, different dimensions

    References:
        Energy statistics: A class of statistics based on distances (Székely and Rizzo, 2013),
        doi 10.1016/j.jspi.2013.03.018

    Example:
        >>> energy_distance(torch.zeros(4, 1), torch.ones(4, 1)).item()  # twice the distance of the two points
        2.0
    """
    _beside(samples, target, least=2)
    return 2 * _distances(samples, target).mean((-2, -1)) - _within(samples) - _within(target)


def _within(points: Tensor) -> Tensor:
    """Mean distance between two different points of a set."""
    # each pair once; among points of many dimensions, as pictures are, in a tenth of the time that cdist takes
    means = [torch.pdist(one).mean() for one in points.reshape(-1, *points.shape[-2:])]
    return torch.stack(means).reshape(points.shape[:-2])


def mmd(samples: Points, target: Others, bandwidths: Sequence[float] | None = None) -> PerMember:
    r"""Maximum mean discrepancy under a sum of Gaussian kernels, an unbiased estimate of its square.

    .. math:: E\,k(x, x') + E\,k(y, y') - 2\,E\,k(x, y), \qquad
        k(x, y) = \sum_b \exp\left( -\frac{\|x - y\|^2}{2 b^2} \right)

    Without bandwidths they are 1/4, 1/2, 1, 2 and 4 times the median distance between two points of the target. The
    samples have no say in it, so that all methods are measured with the same kernel.

    Args:
        samples: x, shape ``(*members, n, d)``
        target: y, shape ``(m, d)`` or ``(*members, m, d)``; n and m may differ, and are at least 2
        bandwidths: b, in the units of the data

    Returns:
        without unit, shape ``(*members,)``; around 0, at times below it, for equal distributions

    Raises:
        ValueError: fewer than two points on either side, different dimensions, a bandwidth that is not positive

    References:
        A Kernel Two-Sample Test (Gretton et al., 2012), https://jmlr.org/papers/v13/gretton12a.html

    Example:
        >>> far = mmd(torch.zeros(4, 2), torch.full((4, 2), 100.0), bandwidths=[1.0])  # 1 + 1 - 0
        >>> far.item()
        2.0
    """
    _beside(samples, target, least=2)
    if bandwidths is None:
        first, second = torch.triu_indices(target.shape[-2], target.shape[-2], offset=1)
        median = _distances(target, target)[..., first, second].median(-1).values[..., None, None]
        scales = [median * factor for factor in (0.25, 0.5, 1, 2, 4)]
        if not (median > 0).all():
            raise ValueError("target must hold different points for its median distance to be a bandwidth, got copies")
    else:
        check.number("bandwidths", torch.tensor(bandwidths), above=0)
        scales = [torch.tensor(b).to(samples) for b in bandwidths]

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        squared = _distances(x, y).square()
        return torch.stack([torch.exp(-squared / (2 * b.square())) for b in scales]).sum(0)

    def within(points: Tensor) -> Tensor:
        n = points.shape[-2]
        return (kernel(points, points).sum((-2, -1)) - n * len(scales)) / (n * (n - 1))  # without k(x, x) = 1

    return within(samples) + within(target) - 2 * kernel(samples, target).mean((-2, -1))


def _beside(samples: Tensor, target: Tensor, least: int = 1, equal: bool = False) -> Tensor:
    """The target, when it can be compared with the samples."""
    check.points("samples", samples)
    check.points("target", target, dim=samples.shape[-1])
    members, others = samples.shape[:-2], target.shape[:-2]
    if members and others and members != others:
        raise ValueError(f"target must have no members or those of samples, {tuple(members)}, got {tuple(others)}")
    for name, points in (("samples", samples), ("target", target)):
        if points.shape[-2] < least:
            raise ValueError(f"{name} must hold at least {least} points, got {points.shape[-2]}")
    if equal and target.shape[-2] != samples.shape[-2]:
        raise ValueError(f"target must hold as many points as samples, {samples.shape[-2]}, got {target.shape[-2]}")
    return target


def _ascending(x: Tensor) -> Tensor:
    """In order along the last dimension. On a processor NumPy's vector instructions sort much faster."""
    if x.requires_grad or x.device.type != "cpu":
        return x.sort(-1).values
    return torch.from_numpy(np.sort(x.numpy(), -1))


def _distances(x: Tensor, y: Tensor) -> Tensor:
    """Euclidean distances of all pairs, ``(*members, n, m)``; not by matrix products, which lose what is near."""
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")
