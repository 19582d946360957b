"""Which noise is paired with which datum.

Every method learns from pairs (z, x). A coupling takes a batch of noise and a batch of data, drawn independently, and
decides who belongs to whom. It stands outside every loss: the same loss with other pairs is another method.
"""

import torch
from scipy.optimize import linear_sum_assignment

from . import check
from .shapes import Codes, Points


def independent(z: Codes, x: Points) -> tuple[Codes, Points]:
    r"""Leave the pairs as they were drawn: noise and data know nothing of each other.

    .. math:: \pi(z, x) = p(z)\, p(x)

    Args:
        z: noise, shape ``(*members, n, latent)``
        x: data, shape ``(*members, n, d)``

    Returns:
        z and x, unchanged
    """
    return z, x


def optimal(z: Codes, x: Points) -> tuple[Codes, Points]:
    r"""Re-pair the batch so that the total squared distance is least (minibatch optimal transport).

    .. math:: \min_\sigma \sum_i \| x_{\sigma(i)} - z_i \|^2 \quad \text{over permutations } \sigma

    On the line the best permutation sorts: the smallest noise takes the smallest datum. In higher dimension the
    assignment problem is solved exactly by the Hungarian method, once per member.

    Args:
        z: noise, shape ``(*members, n, d)``
        x: data, same shape

    Returns:
        z unchanged and x reordered

    Raises:
        ValueError: noise and data of different shape

    References:
        Computational Optimal Transport (Peyré and Cuturi, 2019), arXiv 1803.00567

    Example:
        >>> z, x = torch.tensor([[0.0], [1.0]]), torch.tensor([[9.0], [5.0]])
        >>> optimal(z, x)[1].flatten()
        tensor([5., 9.])
    """
    if z.shape != x.shape:
        raise ValueError(f"z and x must have the same shape to be paired, got {tuple(z.shape)} and {tuple(x.shape)}")
    check.points("z", z)
    if z.shape[-1] == 1:
        rank = z.argsort(-2).argsort(-2)
        return z, x.sort(-2).values.gather(-2, rank)
    flat_z, flat_x = z.flatten(0, -3) if z.ndim > 2 else z[None], x.flatten(0, -3) if x.ndim > 2 else x[None]
    cost = torch.cdist(flat_z, flat_x).square().detach().cpu().numpy()
    order = torch.stack([torch.as_tensor(linear_sum_assignment(c)[1]) for c in cost]).to(x.device)
    return z, flat_x.gather(1, order[..., None].expand_as(flat_x)).reshape(x.shape)
