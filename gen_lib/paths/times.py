"""How times on a path are drawn for training."""

from collections.abc import Callable
from functools import partial

from .. import check, draws
from ..shapes import Points, Times
from .affine import Path, time_of

TimeDraw = Callable[[Points], Times]  # from points to one time for each


def uniform(x: Points) -> Times:
    """One time from U(0, 1) for each point x ``(*members, n, d)``, shape ``(*members, n, 1)``."""
    return draws.uniform((*x.shape[:-1], 1), like=x)


def logit_normal(mean: float = 0.0, std: float = 1.0) -> TimeDraw:
    r"""Times that are the sigmoid of a normal number; with the defaults they dwell in the middle.

    .. math:: t = \varsigma(\mu + \sigma \varepsilon), \qquad \varepsilon \sim N(0, 1), \qquad
        \varsigma(a) = \frac{1}{1 + e^{-a}}

    Args:
        mean: :math:`\mu`; below 0 the times lie nearer to the noise
        std: :math:`\sigma`, above 0

    Returns:
        a function from points to one time for each

    Raises:
        ValueError: a mean that is not finite, std not positive

    References:
        Scaling Rectified Flow Transformers for High-Resolution Image Synthesis (Esser et al., 2024), arXiv 2403.03206

    Example:
        >>> import torch
        >>> logit_normal(-1.0)(torch.zeros(5, 2)).shape
        torch.Size([5, 1])
    """
    check.number("mean", mean)
    check.number("std", std, above=0)
    return partial(_logit_normal, mean=mean, std=std)  # a function of the module, so that it can be sent


def _logit_normal(x: Points, mean: float, std: float) -> Times:
    return (mean + std * draws.normal((*x.shape[:-1], 1), like=x)).sigmoid()


def log_normal(path: Path, mean: float = -1.2, std: float = 1.2) -> TimeDraw:
    r"""Times at which the ratio of noise to data is log-normal: where EDM looks in training.

    .. math:: \ln \frac{a_t}{b_t} = \mu + \sigma \varepsilon, \qquad \varepsilon \sim N(0, 1)

    On the straight path, whose ratio is (1 - t) / t, these are the times of :func:`logit_normal` of mean
    :math:`-\mu`.

    Args:
        path: affine, with a ratio that falls in time
        mean: :math:`\mu`; above 0 the times lie nearer to the noise
        std: :math:`\sigma`, above 0

    Returns:
        a function from points to one time for each

    Raises:
        ValueError: a mean that is not finite, std not positive

    References:
        Elucidating the Design Space of Diffusion-Based Generative Models (Karras et al., 2022), arXiv 2206.00364

    Example:
        >>> import torch
        >>> from gen_lib.paths import line
        >>> log_normal(line)(torch.zeros(5, 2)).shape
        torch.Size([5, 1])
    """
    check.number("mean", mean)
    check.number("std", std, above=0)
    return partial(_log_normal, path=path, mean=mean, std=std)


def _log_normal(x: Points, path: Path, mean: float, std: float) -> Times:
    return time_of(path, (mean + std * draws.normal((*x.shape[:-1], 1), like=x)).exp())


def two_times(x: Points, time: TimeDraw, same: float, ordered: bool) -> tuple[Times, Times]:
    r"""A time t to be at and a time r to go to, for each point.

    Two times are drawn, ordered if wanted, and then r is set to t for a fraction of the points. So t is the earlier of
    two ordered times even where r = t, as in the authors' code of MeanFlow: uniform draws give it the density

    .. math:: p(t) = 2 (1 - t) \quad \text{(ordered)}, \qquad p(t) = 1 \quad \text{(not ordered)}

    Args:
        x: points, shape ``(*members, n, d)``
        time: draws each of them
        same: fraction of the points with r = t
        ordered: whether r is never before t

    Returns:
        t and r, each of shape ``(*members, n, 1)``

    References:
        Improved Mean Flows (Geng et al., 2025), arXiv 2512.02012; its code, https://github.com/Lyy-iiis/imeanflow,
        ``sample_tr``

    Example:
        >>> import torch
        >>> t, r = two_times(torch.zeros(100, 1), uniform, same=0.5, ordered=True)
        >>> bool((t <= r).all())
        True
    """
    t, r = time(x), time(x)
    if ordered:
        t, r = t.minimum(r), t.maximum(r)
    return t, r.where(draws.uniform(tuple(r.shape), like=x) >= same, t)
