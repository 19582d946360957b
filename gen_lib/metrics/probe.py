"""How much of a class can be read from a code: classifiers on codes that they were not fitted to."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .. import check
from ..shapes import PerMember


def class_probe(codes: tuple[Tensor, Tensor], labels: tuple[Tensor, Tensor]) -> PerMember:
    r"""Fraction of held-out codes whose class an affine map reads: logistic regression.

    .. math:: \hat y = \operatorname{argmax}_k\, (W \tilde c + b)_k, \qquad
        (W, b) = \arg\min \sum_i -\log \operatorname{softmax}_{y_i} (W \tilde c_i + b) + \tfrac12 \| W \|^2

    with :math:`\tilde c` the code whitened: mean 0 and covariance I over the fitted codes. So an invertible affine map
    of the codes changes nothing, and codes of different methods can be compared. Of m held-out codes a fraction p has
    the standard error :math:`\sqrt{p (1 - p) / m}`, however many members there are.

    Posterior means of a latent that carries nothing may still differ a little from class to class, and whitened the
    probe reads them; the decoder, which sees their noise, cannot. Draws from q(z|x) have that noise.

    Args:
        codes: to fit on, shape ``(*members, n, latent)``, and held out, ``(*members, m, latent)``
        labels: classes of both, whole numbers of shapes ``(n,)`` and ``(m,)``

    Returns:
        from 0 to 1, shape ``(*members,)``

    Raises:
        ValueError: codes and labels that are not as many, fewer than two classes to fit, a class that is only held out

    References:
        Understanding intermediate layers using linear classifier probes (Alain and Bengio, 2016), arXiv 1610.01644

    Example:
        >>> c = torch.tensor([[-2.0], [-1.0], [1.0], [2.0]])
        >>> class_probe((c, 3 * c), (torch.tensor([0, 0, 7, 7]), torch.tensor([0, 0, 7, 0])))
        tensor(0.7500)
    """
    from sklearn.linear_model import LogisticRegression  # here, because it takes a second that the toys need not wait

    def fraction(fit: Tensor, new: Tensor, known: Tensor, wanted: Tensor) -> float:
        fit, new = _white(fit, new)
        return LogisticRegression(max_iter=2000).fit(_array(fit), _array(known)).score(_array(new), _array(wanted))

    return _per_member(fraction, codes, labels)


def neighbour_probe(codes: tuple[Tensor, Tensor], labels: tuple[Tensor, Tensor], neighbours: int = 5) -> PerMember:
    """Fraction of held-out codes whose class most of their nearest codes have: what is near is of one class.

    Distances are those between the codes as they are, so a turn of the codes changes nothing and another scale of one
    latent does.

    Args:
        codes: that are looked up, shape ``(*members, n, latent)``, and held out, ``(*members, m, latent)``
        labels: classes of both, whole numbers of shapes ``(n,)`` and ``(m,)``
        neighbours: how many have a vote; of classes with as many votes the first wins

    Returns:
        from 0 to 1, shape ``(*members,)``

    Raises:
        ValueError: as :func:`class_probe`; neighbours no whole number from 1 to n

    Example:
        >>> c = torch.tensor([[-2.0], [-1.0], [1.0], [2.0]])
        >>> neighbour_probe((c, 3 * c), (torch.tensor([0, 0, 7, 7]), torch.tensor([0, 0, 7, 0])), neighbours=1)
        tensor(0.7500)
    """
    from sklearn.neighbors import KNeighborsClassifier

    if check.whole("neighbours", neighbours, least=1) > codes[0].shape[-2]:
        raise ValueError(f"neighbours must be at most the number of codes, {codes[0].shape[-2]}, got {neighbours}")

    def fraction(fit: Tensor, new: Tensor, known: Tensor, wanted: Tensor) -> float:
        return KNeighborsClassifier(neighbours).fit(_array(fit), _array(known)).score(_array(new), _array(wanted))

    return _per_member(fraction, codes, labels)


def _per_member(
    fraction: Callable[[Tensor, Tensor, Tensor, Tensor], float],
    codes: tuple[Tensor, Tensor],
    labels: tuple[Tensor, Tensor],
) -> PerMember:
    """What ``fraction(fit, new, known, wanted)`` is for the codes of each member."""
    (fit, new), (known, wanted) = codes, labels
    for name, c, y in (("fitted", fit, known), ("held-out", new, wanted)):
        check.points(f"{name} codes", c)
        if y.shape != c.shape[-2:-1] or y.is_floating_point():
            got = f"codes {tuple(c.shape)} and labels {tuple(y.shape)} of {y.dtype}"
            raise ValueError(f"{name} codes need a label each, whole numbers of shape (n,), got {got}")
    if len(known.unique()) < 2:
        raise ValueError(f"fitted labels must be of two classes at least, got {known.unique().tolist()} only")
    if unseen := sorted({*wanted.tolist()} - {*known.tolist()}):
        raise ValueError(f"held-out labels must be of classes among the fitted ones, got also {unseen}")
    members = torch.broadcast_shapes(fit.shape[:-2], new.shape[:-2])
    # measured from the first of them: a latent that is constant becomes 0 to the bit, wherever it is
    origin = fit[..., :1, :].detach()
    moved = [(c.detach() - origin).double().expand(*members, *c.shape[-2:]) for c in (fit, new)]
    each = zip(*(c.reshape(-1, *c.shape[-2:]) for c in moved), strict=True)
    found = [fraction(a, b, known, wanted) for a, b in each]
    return torch.tensor(found, dtype=fit.dtype, device=fit.device).reshape(members)


def _white(fit: Tensor, new: Tensor) -> tuple[Tensor, Tensor]:
    """Both by the affine map that gives the first mean 0 and covariance I; directions without variance are left out."""
    middle, scale = fit.mean(0), fit.std(0, correction=0)
    scale = scale.where(scale > 0, 1)
    _, sizes, directions = torch.linalg.svd((fit - middle) / scale, full_matrices=False)
    kept = sizes > 1e-6 * sizes[0]  # of float32 codes the rest is rounding
    if not kept.any():  # all the same: they say nothing
        return fit.new_zeros(len(fit), 1), new.new_zeros(len(new), 1)
    turn = directions[kept].mT / sizes[kept] * len(fit) ** 0.5
    return (fit - middle) / scale @ turn, (new - middle) / scale @ turn


def _array(values: Tensor) -> NDArray[np.generic]:
    return values.cpu().numpy()
