"""Which noise is paired with which datum.

Every method learns from pairs (z, x). A coupling takes a batch of noise and a batch of data, drawn independently, and
decides who belongs to whom. It stands outside every loss: the same loss with other pairs is another method.
"""

import numpy as np
import torch
from torch import Tensor

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
    assignment problem is solved exactly by the network simplex method of POT, once per member.

    Args:
        z: noise, shape ``(n, d)`` or ``(*members, n, d)``
        x: data, of the same shape; what has no members is given to all members of the other

    Returns:
        z unchanged and x reordered

    Raises:
        TypeError: noise or data that are not tensors
        ValueError: noise and data of different shape, or not finite

    References:
        Computational Optimal Transport (Peyré and Cuturi, 2019), arXiv 1803.00567; POT: Python Optimal Transport
        (Flamary et al., 2021), https://jmlr.org/papers/v22/20-451.html

    Example:
        >>> z, x = torch.tensor([[0.0], [1.0]]), torch.tensor([[9.0], [5.0]])
        >>> optimal(z, x)[1].flatten()
        tensor([5., 9.])
    """
    check.points("z", z)
    check.points("x", x)
    members = {z.shape[:-2], x.shape[:-2]} - {()}
    if z.shape[-2:] != x.shape[-2:] or len(members) > 1:
        raise ValueError(f"z and x must have the same shape to be paired, got {tuple(z.shape)} and {tuple(x.shape)}")
    shape = max(z.shape, x.shape, key=len)
    noise, x = z.expand(shape), x.expand(shape)
    if z.shape[-1] == 1:
        rank = noise.argsort(-2).argsort(-2)
        return z, x.sort(-2).values.gather(-2, rank)
    flat_z, flat_x = (points.reshape(-1, *shape[-2:]) for points in (noise, x))
    # Moving all data changes no order of the costs, but far away they would lose the digits in which they differ.
    near_z, near_x = (p.detach().double() - p.detach().double().mean(-2, keepdim=True) for p in (flat_z, flat_x))
    cost = torch.cdist(near_z, near_x, compute_mode="donot_use_mm_for_euclid_dist").square()
    order = torch.stack([_assignment(c) for c in cost.cpu()]).to(x.device)
    return z, flat_x.gather(1, order[..., None].expand_as(flat_x)).reshape(shape)


def _assignment(cost: Tensor) -> Tensor:
    """The column of each row in the permutation of least total cost, whatever its unit: the solver has a threshold."""
    import ot  # here, since it takes longer to import than torch

    one = np.ones(len(cost))  # whole numbers, so that the plan is a permutation to the bit
    relative = (cost / cost.max().clamp_min(1e-300)).numpy()
    return torch.as_tensor(ot.emd(one, one, relative, numItermax=10**7)).argmax(-1)
