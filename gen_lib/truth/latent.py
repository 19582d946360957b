r"""What a VAE is worth exactly: its likelihood by quadrature over the latent, and the optimum of the linear one.

A latent of one or two dimensions can be covered by a grid. Then log p(x) and the true posterior are numbers instead of
bounds, and the looseness of the ELBO is seen for what it is: the distance of the encoder from the true posterior.
"""

import copy
import math
from typing import NamedTuple

import torch
from torch import Tensor

from .. import check
from ..data import GaussianMixture
from ..data.mixtures import exact
from ..methods.vae import kl_per_latent, posterior
from ..nets import Autoencoder
from ..shapes import Codes, PerSample, Points

REACH = 10.0  # standard deviations of the prior that the grid covers at least; beyond lies e^-50 of its mass
# From coarse to fine, per direction: how much further the grid reaches, its nodes, and those around the encoder's mean.
LEVELS = {
    1: ((1.0, 1025, 73), (1.5, 8193, 145), (3.0, 65537, 289)),
    2: ((1.0, 129, 49), (1.25, 257, 73), (1.5, 513, 97), (2.0, 1025, 145)),
}
LARGEST = 1 << 19  # numbers in an intermediate tensor: 4 MB, which stay in the cache


class ElboGap(NamedTuple):
    """How loose the ELBO is, in nats, each of shape ``(*members, n)``.

    Attributes:
        log_prob: log p(x), the latent integrated out
        elbo: what a VAE maximises in its stead (with beta = 1)
        gap: log_prob - elbo, never negative
        kl: KL(q(z|x) || p(z|x)), computed from the true posterior, not from the gap
        error: how far each of these may be off
    """

    log_prob: PerSample
    elbo: PerSample
    gap: PerSample
    kl: PerSample
    error: PerSample


class Ppca(NamedTuple):
    """The best linear VAE, x ~ N(W z + mean, variance I) with z ~ N(0, I).

    Attributes:
        weight: W, shape ``(*members, d, latent)``, its columns orthogonal, the longest first
        variance: of the noise, shape ``(*members,)``
        mean: of the data, shape ``(*members, d)``
        encoder: the posterior mean of z is ``encoder @ (x - mean)``; shape ``(*members, latent, d)``
        covariance: of the posterior, the same for every x, diagonal; shape ``(*members, latent, latent)``
        log_prob: mean log-likelihood of a datum, which is its ELBO as well, shape ``(*members,)``
    """

    weight: Tensor
    variance: Tensor
    mean: Tensor
    encoder: Tensor
    covariance: Tensor
    log_prob: Tensor


def ppca(data: Tensor | GaussianMixture, latent: int) -> Ppca:
    r"""Probabilistic principal components: the optimum of the linear VAE with Gaussian noise, in closed form.

    .. math:: W = U_q (L_q - \sigma^2 I)^{1/2}, \qquad \sigma^2 = \frac{1}{d - q} \sum_{i > q} \ell_i, \qquad
        M = W^T W + \sigma^2 I

    .. math:: q(z \mid x) = \mathcal N\left( M^{-1} W^T (x - \bar x),\, \sigma^2 M^{-1} \right), \qquad
        E[\log p] = -\tfrac12 \Big[ d \log 2\pi + \sum_{i \le q} \log \ell_i + (d - q) \log \sigma^2 + d \Big]

    :math:`\ell_i` are the eigenvalues of the covariance in falling order and :math:`U_q` the first q eigenvectors. Any
    rotation of the latent is as good: W R with orthogonal R; here R = I, and the sign of a column is arbitrary.

    Args:
        data: points ``(*members, n, d)``, whose covariance is taken with 1/n, or a mixture for endless data
        latent: q, from 1 to d - 1

    Returns:
        the optimum, computed in float64, in the precision of the data

    Raises:
        ValueError: latent out of range, data that vary in no more than ``latent`` directions

    References:
        Probabilistic Principal Component Analysis (Tipping and Bishop, 1999), doi 10.1111/1467-9868.00196;
        Don't Blame the ELBO! A Linear VAE Perspective on Posterior Collapse (Lucas et al., 2019), arXiv 1911.02469

    Example:
        >>> from gen_lib.data import GaussianMixture
        >>> covariance = torch.tensor([[5.0, 0.0], [0.0, 1.0]])
        >>> best = ppca(GaussianMixture(torch.ones(1), torch.zeros(1, 2), covariance[None]), latent=1)
        >>> best.weight.abs().flatten().tolist(), best.variance.item()
        ([2.0, 0.0], 1.0)
    """
    if isinstance(data, Tensor):
        like, points = data, check.points("data", data).double()
        mean = points.mean(-2)
        centred = points - mean[..., None, :]
        covariance = centred.mT @ centred / points.shape[-2]
    else:
        like, mean, covariance = exact("data", data).mean, data.mean, data.covariance
    dim = mean.shape[-1]
    if check.whole("latent", latent, least=1) >= dim:
        raise ValueError(f"latent must be below the dimension of the data, {dim}, to leave some noise, got {latent}")
    values, vectors = (part.flip(-1) for part in torch.linalg.eigh(covariance))
    kept, variance = values[..., :latent], values[..., latent:].mean(-1)
    if not (variance > 1e-14 * values[..., 0]).all():
        raise ValueError(f"data must vary in more than latent = {latent} directions, or no noise is left to model")
    noise = variance[..., None]
    weight = vectors[..., :latent] * (kept - noise).clamp_min(0).sqrt()[..., None, :]
    # W'W + variance I is the diagonal of the kept eigenvalues
    logs = kept.log().sum(-1) + (dim - latent) * variance.log()
    best = Ppca(
        weight=weight,
        variance=variance,
        mean=mean,
        encoder=weight.mT / kept[..., None],
        covariance=torch.diag_embed(noise / kept),
        log_prob=-(dim * math.log(2 * math.pi) + logs + dim) / 2,
    )
    return Ppca(*(part.to(like) for part in best))


@torch.no_grad()
def elbo_gap(net: Autoencoder, x: Points, tolerance: float = 1e-3) -> ElboGap:
    r"""The likelihood of a VAE, its ELBO, and the distance of its encoder from the true posterior.

    .. math:: \log p(x) - \underbrace{\left( E_{q} \left[ \log p(x \mid z) \right]
        - \mathrm{KL}\left( q(z \mid x) \,\|\, p(z) \right) \right)}_{\text{ELBO}}
        = \mathrm{KL}\left( q(z \mid x) \,\|\, p(z \mid x) \right), \qquad
        p(x) = \int p(x \mid z)\, \mathcal N(z; 0, I)\, dz

    The integrals are sums over equidistant nodes, which for smooth integrands converge faster than any power of their
    distance: log p(x) and the right-hand side on one grid over the latent, the ELBO on nodes that follow the encoder's
    Gaussian. So the two sides meet only in their result. The error is what changes when every second node is left out,
    together with the mass beyond the edge of the grid. It is that of the coarser sum, so the finer one is better. If a
    decoder with very little noise has a posterior that falls between the nodes of the finest grid, the error says so.

    Args:
        net: a VAE with a latent of dimension 1 or 2; evaluated in float64, and left as it is
        x: data, shape ``(n, d)``, given to all members, or ``(*members, n, d)``
        tolerance: in nats; the nodes become denser, and reach further, until the error is below, or as far as they go

    Returns:
        log-likelihood, ELBO, their gap, the KL, and the error that was reached

    Raises:
        ValueError: a latent of more than two dimensions, a likelihood that depends on the batch, data of the wrong
            shape, a tolerance that is not positive

    References:
        Inference Suboptimality in Variational Autoencoders (Cremer, Li and Duvenaud, 2018), arXiv 1801.03558

    Example:
        >>> from gen_lib import METHODS, data
        >>> found = elbo_gap(METHODS["vae"].build(dim=1, members=(2,)), data.mixture_1d().sample(5).double())
        >>> bool(((found.gap - found.kl).abs() < found.error).all() and (found.error < 1e-3).all())
        True
    """
    if net.latent not in LEVELS:
        raise ValueError(f"net must have a latent of dimension 1 or 2 to be covered by a grid, got {net.latent}")
    if net.likelihood.of_batch:
        got = type(net.likelihood).__name__
        raise ValueError(f"net must have a likelihood of its own, not one that follows the batch, got {got}")
    check.number("tolerance", tolerance, above=0)
    points = check.points("x", x, net.dim).double()
    if points.ndim > 2 and points.shape[:-2] != net.members:
        raise ValueError(f"x must have the shape (n, d) or the members {net.members} first, got {tuple(x.shape)}")
    points = points.expand(*net.members, *points.shape[-2:])
    exact = copy.deepcopy(net).double().eval()
    mean, log_variance = posterior(exact, points)
    reach = max(REACH, (mean.abs() + 9 * (log_variance / 2).exp()).max().item())
    for further, count, count_around in LEVELS[net.latent]:
        grid, around = _nodes(further * reach, count, points, net.latent), _nodes(9.0, count_around, points, net.latent)
        found = _integrated(exact, grid, around, points, mean, log_variance)
        if found.error.max() <= tolerance:
            break
    return ElboGap(*(part.to(x) for part in found))


class _Nodes(NamedTuple):
    """Equidistant nodes over an interval or a square around 0."""

    z: Tensor  # shape (g, latent)
    cell: Tensor  # sums over all nodes and over those with even numbers become integrals by it, shape (g, 2)
    edge: Tensor  # which nodes lie on the border, shape (g,)
    step: float


def _nodes(reach: float, count: int, like: Tensor, latent: int) -> _Nodes:
    number = torch.cartesian_prod(*[torch.arange(count, device=like.device)] * latent).reshape(-1, latent)
    step = 2 * reach / (count - 1)
    even, edge = (number % 2 == 0).all(-1), ((number == 0) | (number == count - 1)).any(-1)
    cell = torch.stack([torch.ones_like(even).to(like), 2**latent * even.to(like)], -1) * step**latent
    return _Nodes(number.to(like) * step - reach, cell, edge, step)


def _integrated(net: Autoencoder, grid: _Nodes, around: _Nodes, x: Points, mean: Codes, log_variance: Codes) -> ElboGap:
    """As many points at once as fit into the cache."""
    width = max(weight.shape[-1] for weight in net.decoder.parameters())
    most = LARGEST // math.prod(net.members)
    output = torch.cat([net.decoder(z) for z in grid.z.split(max(1, most // width))], -2)
    at_once = max(1, most // max(len(grid.z) * max(net.dim, output.shape[-1]), len(around.z) * width))
    chunks = zip(*(part.split(at_once, -2) for part in (x, mean, log_variance)), strict=True)
    found = [_gap(net, grid, around, output, *chunk) for chunk in chunks]
    return ElboGap(*(torch.cat(parts, -1) for parts in zip(*found, strict=True)))


def _gap(
    net: Autoencoder, grid: _Nodes, around: _Nodes, output: Tensor, x: Points, mean: Codes, log_variance: Codes
) -> ElboGap:
    """For some of the points; ``output`` is the decoder's on the grid. Integrals have a last axis: fine, coarse."""
    n, std = x.shape[-2], (log_variance / 2).exp()
    centre, spread = mean[..., None, :], std[..., None, :]  # (*members, n, 1, latent), against nodes (g, latent)

    log_joint = _log_likelihood(net, output[..., None, :, :].expand(*x.shape[:-1], *output.shape[-2:]), x)
    log_joint = log_joint + _log_normal(grid.z)  # (*members, n, g)
    top = log_joint.amax(-1, keepdim=True)
    log_prob = ((log_joint - top).exp() @ grid.cell).log() + top

    followed = net.decoder((centre + spread * around.z).flatten(-3, -2)).unflatten(-2, (n, -1))
    weight = _log_normal(around.z).exp()[:, None] * around.cell
    elbo = _log_likelihood(net, followed, x) @ weight - kl_per_latent(mean, log_variance).sum(-1, keepdim=True)

    log_q = _log_normal((grid.z - centre) / spread) - spread.log().sum(-1)
    q = log_q.exp()
    seen = q @ grid.cell  # 1, if the grid resolves q
    kl = (q * (log_q - log_joint)) @ grid.cell + log_prob * seen

    gap = log_prob - elbo
    # The density along the border, as if it went on for one more unit
    beyond = (log_joint[..., grid.edge] - log_prob[..., :1]).exp().sum(-1) * grid.cell[0, 0] / grid.step
    unseen = (seen[..., 0] - 1).abs() * (1 + gap[..., 0].abs())
    change = sum((integral[..., 0] - integral[..., 1]).abs() for integral in (log_prob, elbo, kl))
    rounding = 1e-13 * (1 + log_prob[..., 0].abs() + elbo[..., 0].abs())
    return ElboGap(log_prob[..., 0], elbo[..., 0], gap[..., 0], kl[..., 0], beyond + unseen + change + rounding)


def _log_normal(z: Tensor) -> Tensor:
    """Log-density of N(0, I), summed over the last axis."""
    return -(z.square() + math.log(2 * math.pi)).sum(-1) / 2


def _log_likelihood(net: Autoencoder, output: Tensor, x: Points) -> Tensor:
    """log p(x|z) where output is the decoder's at g codes per point, ``(*members, n, g, o)``; ``(*members, n, g)``."""
    # One flat list of pairs: a likelihood knows members and points, no third axis.
    pairs = x[..., None, :].expand(*output.shape[:-1], x.shape[-1]).flatten(-3, -2)
    return net.likelihood.log_prob(output.flatten(-3, -2), pairs).unflatten(-1, output.shape[-3:-1])
