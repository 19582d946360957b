"""The distribution of a point of a path, as a mixture again: its mean, covariance, quantiles and samples."""

import torch

from .. import check
from ..data import GaussianMixture
from ..data.mixtures import exact
from ..paths import Path, coefficients, line


def mixture_at(mixture: GaussianMixture, t: float, path: Path = line) -> GaussianMixture:
    r"""The distribution of x_t when the data are a mixture, independent of the noise.

    .. math:: p_t = \sum_k \pi_k\, \mathcal N(b_t m_k,\, a_t^2 I + b_t^2 S_k), \qquad
        E[x_t] = b_t E[x], \qquad \mathrm{Var}[x_t] = a_t^2 I + b_t^2\, \mathrm{Var}[x]

    Args:
        mixture: the data
        t: time in [0, 1]
        path: from noise to data, affine

    Returns:
        a mixture, whose ``mean`` and ``covariance`` are the exact moments, and to which samples are compared

    Raises:
        ValueError: a time outside [0, 1], a path that is not affine

    Example:
        >>> from gen_lib import data
        >>> half = mixture_at(data.mixture_1d(), 0.5)
        >>> half.mean, data.mixture_1d().mean / 2
        (tensor([-0.4000], dtype=torch.float64), tensor([-0.4000], dtype=torch.float64))
    """
    check.fraction("t", t)
    known = exact("mixture", mixture)
    at = coefficients(path, torch.tensor([[t]], dtype=torch.float64))
    noise, data = at.noise.item(), at.data.item()
    own = noise**2 * torch.eye(known.dim, dtype=torch.float64) + data**2 * known.covariances
    return GaussianMixture(known.weights, data * known.means, own)
