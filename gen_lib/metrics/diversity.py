"""What samples and codes contain: how far samples differ from each other, and which known factors a code holds."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .. import check
from ..shapes import PerMember, Points
from .distances import _within


def diversity(points: Points) -> PerMember:
    r"""Mean distance between two different points of a set: 0 if all are the same.

    .. math:: \frac{1}{n (n - 1)} \sum_{i \ne j} \| x_i - x_j \|

    Divide that of samples by that of data: below 1 samples are too much alike, whether because modes are missing or
    because all are blurred. It says nothing about how good they are; noise has diversity too.

    Args:
        points: shape ``(*members, n, d)``, at least two

    Returns:
        in the units of the data, shape ``(*members,)``

    Raises:
        ValueError: fewer than two points, or not finite

    Example:
        >>> diversity(torch.tensor([[0.0, 0.0], [3.0, 4.0]])).item()
        5.0
    """
    if check.points("points", points).shape[-2] < 2:
        raise ValueError("points must be at least 2, so that they can differ, got 1")
    return _within(points)


def linear_probe(
    codes: tuple[Tensor, Tensor], factors: tuple[Tensor, Tensor], ridges: Sequence[float] = (1e-3, 1e-2, 1e-1)
) -> Tensor:
    r"""How much of each factor an affine map reads from a code, on codes that it was not fitted to.

    .. math:: R^2_k = 1 - \frac{E\,(y_k - \hat y_k)^2}{\operatorname{Var} y_k}, \qquad
        \hat y = W \tilde c + b, \quad
        (W, b) = \arg\min \frac1n \sum_i \| y_i - W \tilde c_i - b \|^2 + \rho \| W \|^2

    with :math:`\tilde c` the code at variance 1. 1 is a factor that is known exactly, 0 one of which nothing can be
    read, below 0 the map has learned by heart. For each factor and member the ridge :math:`\rho` is the one that
    predicts the last fifth of the fitting codes best, from the others; the held-out codes have no say.

    Args:
        codes: to fit on, shape ``(*members, n, latent)``, and held out, ``(*members, m, latent)``
        factors: of both, shapes ``(n, k)`` and ``(m, k)``
        ridges: weights :math:`\rho` to choose from, above 0

    Returns:
        :math:`R^2` of the held-out codes, shape ``(*members, k)``

    Raises:
        ValueError: fewer than 10 codes to fit on or 2 held out, as many factors as codes are not given, ridges not
            positive, a factor that is constant

    References:
        Understanding intermediate layers using linear classifier probes (Alain and Bengio, 2016), arXiv 1610.01644

    Example:
        >>> c = torch.randn(200, 3, generator=torch.Generator().manual_seed(0))
        >>> linear_probe((c[:100], c[100:]), (c[:100, :1] - c[:100, 1:2], c[100:, :1] - c[100:, 1:2])).item() > 0.99
        True
    """
    (fit, new), (known, wanted) = codes, factors
    for name, c, y, least in (("fitted", fit, known, 10), ("held-out", new, wanted, 2)):
        check.points(f"{name} codes", c)
        if check.points(f"{name} factors", y).shape[:-1] != c.shape[-2:-1] or c.shape[-2] < least:
            got = f"shapes {tuple(c.shape)} and {tuple(y.shape)}"
            raise ValueError(f"{name} codes and factors must be as many, (n, ...) and (n, k) with n >= {least}: {got}")
    if not ridges:
        raise ValueError("ridges must hold at least one number, got none")
    check.number("ridges", torch.tensor(list(ridges)), above=0)
    if not (wanted.var(0) > 0).all():
        raise ValueError("held-out factors must vary, one of them is constant")
    members = torch.broadcast_shapes(fit.shape[:-2], new.shape[:-2])
    fit, new = (c.expand(*members, *c.shape[-2:]) for c in (fit, new))
    cut = len(known) * 4 // 5
    score = _r2(fit[..., :cut, :], known[:cut], fit[..., cut:, :], known[cut:], ridges)
    found = _r2(fit, known, new, wanted, ridges)
    return found.gather(0, score.argmax(0, keepdim=True))[0]


def _r2(fit: Tensor, known: Tensor, new: Tensor, wanted: Tensor, ridges: Sequence[float]) -> Tensor:
    """R^2 of each ridge, shape ``(ridges, *members, k)``, solved in whichever of codes and points there are fewer."""
    like, (fit, known, new, wanted) = fit, (t.detach().double() for t in (fit, known, new, wanted))
    # measured from the first of them: a latent that is constant becomes 0 to the bit, wherever it is
    fit, new, known, wanted = fit - fit[..., :1, :], new - fit[..., :1, :], known - known[:1], wanted - known[:1]
    scale = fit.std(-2, keepdim=True)
    scale = scale.clamp_min(1e-6 * scale.amax(-1, keepdim=True)).clamp_min(1e-300)
    middle, centre = fit.mean(-2, keepdim=True), known.mean(0)
    fit, new = (fit - middle) / scale, (new - middle) / scale
    n, d = fit.shape[-2:]
    gram, target = (fit.mT @ fit, fit.mT @ (known - centre)) if d <= n else (fit @ fit.mT, known - centre)
    solved = [torch.linalg.solve(gram + ridge * n * torch.eye(min(n, d)).to(fit), target) for ridge in ridges]
    weights = torch.stack(solved) if d <= n else fit.mT @ torch.stack(solved)
    error = (new @ weights - (wanted - centre)).square().mean(-2)
    return (1 - error / wanted.var(0, correction=0)).to(like)
