"""Judges in common use, with what they do not see: the distance of two Gaussians, and the overlap of two clouds."""

from typing import NamedTuple

import torch
from torch import Tensor

from .. import check
from ..data import GaussianMixture
from ..data.mixtures import exact
from ..shapes import PerMember, Points
from .distances import Others, _beside, _distances


def frechet(samples: Points, target: GaussianMixture | Tensor) -> PerMember:
    r"""Frechet distance, squared: how far two Gaussians are apart that have the moments of samples and of the target.

    .. math:: \| \mu - \nu \|^2 + \operatorname{tr} \Big( S + T - 2 \big( S^{1/2} T S^{1/2} \big)^{1/2} \Big)

    It is the squared Wasserstein-2 distance of the two Gaussians. With features of a trained classifier in place of
    points it is the Frechet Inception distance. Distributions with equal means and covariances have distance 0, however
    different they are; and finite samples of the target itself have not: :func:`frechet_bias`.

    Args:
        samples: shape ``(*members, n, d)`` with n at least 2
        target: a mixture, whose moments are exact, or points, ``(m, d)`` or ``(*members, m, d)``

    Returns:
        in squared units of the data, shape ``(*members,)``

    Raises:
        TypeError: another distribution than a mixture
        ValueError: fewer than two points on either side, different dimensions

    References:
        The Frechet distance between multivariate normal distributions (Dowson and Landau, 1982),
        doi 10.1016/0047-259X(82)90077-X; GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
        Equilibrium (Heusel et al., 2017), arXiv 1706.08500

    Example:
        >>> frechet(torch.tensor([[0.0], [2.0]]), torch.tensor([[3.0], [7.0]])).round(decimals=4)  # 4^2 + (2 - 1)^2 2
        tensor(18.)
    """
    if isinstance(target, Tensor):
        _beside(samples, target, least=2)
        centre = target.mean(-2, keepdim=True)
        (mean, spread), (nu, wide) = _moments(samples - centre), _moments(target - centre)
    else:
        mixture = exact("target", target, dim=samples.shape[-1])
        mean, spread = _moments(check.points("samples", samples).double() - mixture.mean.to(samples.device))
        nu, wide = torch.zeros_like(mixture.mean), mixture.covariance
    root = _root(spread)
    cross = _root(root @ wide @ root)
    parts = (spread + wide - 2 * cross).diagonal(dim1=-2, dim2=-1).sum(-1)
    return ((mean - nu).square().sum(-1) + parts.clamp_min(0)).to(samples)


def frechet_bias(covariance: Tensor, n: int) -> Tensor:
    r"""What n perfect samples of a Gaussian score in the mean, to first order in 1/n: not 0.

    .. math:: E\, d^2 \approx \frac1n \sum_i \lambda_i
        + \frac1n \sum_{i, j} \frac{(1 + \delta_{ij})\, \lambda_i \lambda_j}{2 (\lambda_i + \lambda_j)}

    with :math:`\lambda` the eigenvalues of the covariance. In d dimensions of variance 1 it is
    :math:`\frac{d}{n} + \frac{d (d + 1)}{4 n}`, so :math:`1.5 / n` on the line. Against m points instead of the exact
    moments, 1/n becomes 1/n + 1/m.

    Args:
        covariance: of the target, shape ``(d, d)``
        n: number of samples

    Returns:
        a number, in squared units of the data

    Raises:
        ValueError: a covariance of another shape or not finite, n below 2

    References:
        Effectively Unbiased FID and Inception Score and where to find them (Chong and Forsyth, 2020), arXiv 1911.07023,
        for the bias; the formula is the second order of the distance in the errors of mean and covariance

    Example:
        >>> frechet_bias(torch.eye(1, dtype=torch.float64), 100).item()
        0.015
    """
    n = check.whole("n", n, least=2)
    if check.points("covariance", covariance).shape[-1] != covariance.shape[-2] or covariance.ndim != 2:
        raise ValueError(f"covariance must have shape (d, d), got {tuple(covariance.shape)}")
    values = torch.linalg.eigvalsh(covariance.double()).clamp_min(0)
    sums = (values[:, None] + values).clamp_min(torch.finfo(values.dtype).tiny)
    pairs = values[:, None] * values / (2 * sums)
    return ((values.sum() + pairs.sum() + pairs.diagonal().sum()) / n).to(covariance)


class Overlap(NamedTuple):
    """How two clouds of points lie over each other; both of shape ``(*members,)``.

    Attributes:
        precision: fraction of the samples that lie where the target has points
        recall: fraction of the target's points that lie where there are samples
    """

    precision: PerMember
    recall: PerMember


def precision_recall(samples: Points, target: Others, neighbours: int = 3) -> Overlap:
    r"""Precision and recall: is each sample near the data, and is each datum near a sample?

    .. math:: \text{precision} = \frac1n \# \big\{ x : \| x - y \| \le r_k(y) \text{ for some datum } y \big\}, \qquad
        \text{recall} = \frac1m \# \big\{ y : \| y - x \| \le r_k(x) \text{ for some sample } x \big\}

    with :math:`r_k` the distance of a point to the k-th nearest other one of its own set. A cloud is where such balls
    are, so neither number sees how many points lie where: a mode with a hundredth of its mass counts as met.

    Args:
        samples: x, shape ``(*members, n, d)``
        target: y, shape ``(m, d)`` or ``(*members, m, d)``
        neighbours: k, below n and m

    Returns:
        two numbers from 0 to 1

    Raises:
        ValueError: different dimensions, neighbours not a whole number from 1 to below the numbers of points

    References:
        Improved Precision and Recall Metric for Assessing Generative Models (Kynkäänniemi et al., 2019),
        arXiv 1904.06991

    Example:
        >>> data = torch.arange(10.0)[:, None]
        >>> found = precision_recall(data[:5], data, neighbours=1)  # half of the data, and one beyond
        >>> round(found.precision.item(), 4), round(found.recall.item(), 4)
        (1.0, 0.6)
    """
    k = check.whole("neighbours", neighbours, least=1)
    _beside(samples, target, least=k + 1)

    def reach(points: Tensor) -> Tensor:
        return _distances(points, points).kthvalue(k + 1, -1).values  # the nearest point of all is the point itself

    apart = _distances(samples, target)
    precision = (apart <= reach(target)[..., None, :]).any(-1)
    recall = (apart <= reach(samples)[..., :, None]).any(-2)
    return Overlap(precision.to(samples).mean(-1), recall.to(samples).mean(-1))


def _moments(points: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and covariance, the latter over n - 1, in float64."""
    wide = points.double()
    mean = wide.mean(-2)
    off = wide - mean[..., None, :]
    return mean, off.mT @ off / (points.shape[-2] - 1)


def _root(matrix: Tensor) -> Tensor:
    """The square root of a symmetric matrix without negative eigenvalues."""
    values, vectors = torch.linalg.eigh((matrix + matrix.mT) / 2)
    return (vectors * values.clamp_min(0).sqrt()[..., None, :]) @ vectors.mT
