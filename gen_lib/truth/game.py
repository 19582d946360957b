"""What the critic of a game can know at best: the log-ratio of two densities, and the divergence that it measures."""

import math

from torch import Generator, Tensor
from torch.nn.functional import softplus

from .. import check
from ..data import Density, GaussianMixture
from ..data.mixtures import exact
from ..shapes import PerSample, Points
from .marginal import Estimate, compared, standard_scores


def log_ratio(p: Density, q: Density, x: Points) -> PerSample:
    r"""The optimal critic between data from p and samples from q: the logit of the chance that x is a datum.

    .. math:: D^*(x) = \log p(x) - \log q(x), \qquad \sigma(D^*(x)) = \frac{p(x)}{p(x) + q(x)}

    It is the minimiser of :func:`gen_lib.methods.gan.critic_loss` over all functions.

    Args:
        p: the data, a mixture or another distribution whose density is known
        q: what the generator makes, in the same form
        x: points, shape ``(*members, n, d)``

    Returns:
        nats, shape ``(*members, n)``, computed in float64, in the precision of x

    Raises:
        TypeError: a distribution without ``log_prob``
        ValueError: distributions or points of different dimensions

    References:
        Generative Adversarial Networks (Goodfellow et al., 2014), proposition 1, arXiv 1406.2661

    Example:
        >>> import torch
        >>> p, q = (GaussianMixture(torch.ones(1), torch.tensor([[m]]), torch.ones(1, 1, 1)) for m in (1.0, 0.0))
        >>> log_ratio(p, q, torch.tensor([[0.5], [2.0]]))  # x - 1/2
        tensor([0.0000, 1.5000])
    """
    for name, value in (("p", p), ("q", q)):
        if not isinstance(value, Density):
            raise TypeError(
                f"{name} must be a distribution with log_prob, such as a mixture, got {type(value).__name__}"
            )
    _beside(p, q)
    wide = check.points("x", x, p.dim).double()
    return (p.log_prob(wide) - q.log_prob(wide)).to(x)


def jensen_shannon(
    p: GaussianMixture, q: GaussianMixture, samples: int = 100_000, generator: Generator | None = None
) -> Estimate:
    r"""How far two distributions are apart for the best critic: from 0 for equal ones to log 2 for disjoint ones.

    .. math:: JS(p, q) = \tfrac12 KL\Big(p \,\Big\Vert\, \frac{p + q}2\Big)
        + \tfrac12 KL\Big(q \,\Big\Vert\, \frac{p + q}2\Big)
        = \log 2 - \tfrac12 \left( E_p\, \mathrm{softplus}(-D^*) + E_q\, \mathrm{softplus}(D^*) \right)

    with :math:`D^* =` :func:`log_ratio`: the loss of the best critic is :math:`2 \log 2 - 2\, JS`. On the line it is a
    quadrature, trapezoids in the standard score of each component, and its error the difference to every second node.
    In higher dimension it is a mean over random points, and its error the standard error.

    Args:
        p: one distribution
        q: the other
        samples: random points from each, where points are drawn
        generator: source of randomness; torch's global one if none is given

    Returns:
        value and error, in nats

    Raises:
        ValueError: mixtures of different dimensions, samples below 2

    References:
        Divergence measures based on the Shannon entropy (Lin, 1991), doi 10.1109/18.61115

    Example:
        >>> import torch
        >>> near, far = (GaussianMixture(torch.ones(1), torch.tensor([[m]]), torch.ones(1, 1, 1)) for m in (0.0, 99.0))
        >>> jensen_shannon(near, near).value, round(jensen_shannon(near, far).value, 6)  # log 2 = 0.693147
        (0.0, 0.693147)
    """
    samples = check.whole("samples", samples, least=2)
    _beside(exact("p", p), exact("q", q))
    p, q = p.moved(-p.mean), q.moved(-p.mean)  # it does not matter where they are, only where from each other
    halves = [_mean_surplus(p, q, samples, generator), _mean_surplus(q, p, samples, generator)]
    return Estimate(sum(h.value for h in halves) / 2, math.hypot(*(h.error for h in halves)) / 2)


def _mean_surplus(p: GaussianMixture, q: GaussianMixture, samples: int, generator: Generator | None) -> Estimate:
    """E_p[log 2 - softplus(-log p/q)] = KL(p || (p + q) / 2)."""

    def surplus(x: Tensor) -> Tensor:
        return math.log(2) - softplus(-log_ratio(p, q, x))

    if p.dim > 1:
        values = surplus(p.sample(samples, generator).double())
        return Estimate(values.mean().item(), (values.std() / samples**0.5).item())
    standard, bell = standard_scores(8193)
    weight = bell * (standard[1] - standard[0])
    nodes = p.means.double() + p.covariances[:, 0].double().sqrt() * standard  # (k, nodes)
    terms = p.weights.double()[:, None] * weight * surplus(nodes[..., None])
    return compared(terms.sum(), 2 * terms[:, ::2].sum())


def _beside(p: Density, q: Density) -> None:
    if p.dim != q.dim:
        raise ValueError(f"q must have the dimension of p, {p.dim}, got {q.dim}")
