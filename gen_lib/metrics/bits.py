"""How many bits a model spends on a datum: the price of a lossless code, the same unit for every likelihood."""

import copy
import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from .. import check, draws
from ..likelihoods import Likelihood
from ..methods.vae import importance_weighted_bound, kl_per_latent, posterior
from ..nets import Autoencoder, still
from ..shapes import PerMember, PerSample, Points


class Elbo(NamedTuple):
    """The evidence lower bound and what it is made of, in nats per datum.

    Attributes:
        value: -(reconstruction + kl summed over latents), shape ``(*members,)``
        reconstruction: -log p(x|z), shape ``(*members,)``
        kl: of each latent: what its code costs, and at least what it says about x, shape ``(*members, latent)``
    """

    value: PerMember
    reconstruction: PerMember
    kl: Tensor


def elbo(net: Autoencoder, x: Points, codes: int = 50, generator: Generator | None = None) -> Elbo:
    r"""The evidence lower bound of data, latent by latent.

    .. math:: \frac1n \sum_i \Big[ E_{q(z \mid x_i)} \log p(x_i \mid z)
        - \sum_j \mathrm{KL}\big( q(z_j \mid x_i) \,\|\, \mathcal N(0, 1) \big) \Big]

    The weight beta of training plays no part. The KL is exact, the expectation a mean over draws of the code.

    Args:
        net: a trained VAE, left as it is
        x: data, shape ``(n, d)`` or ``(*members, n, d)``
        codes: draws of the code for each datum
        generator: of the codes; fixed draws if none is given

    Returns:
        bound, reconstruction, and KL of each latent, in nats per datum

    Raises:
        ValueError: no codes, data of another dimension, a net whose encoder gives no Gaussian

    References:
        Auto-Encoding Variational Bayes (Kingma and Welling, 2014), arXiv 1312.6114

    Example:
        >>> from gen_lib import METHODS
        >>> found = elbo(METHODS["vae"].build(dim=3, latent=2, members=(4,)), torch.zeros(5, 3))
        >>> found.value.shape, found.kl.shape
        (torch.Size([4]), torch.Size([4, 2]))
    """
    _gaussian(net, x)
    shape = (*net.members, x.shape[-2], net.latent)
    generator = generator or Generator().manual_seed(0)
    with still(net):
        mean, log_variance = posterior(net, x)
        reconstruction = torch.zeros(shape[:-1]).to(x)
        for _ in range(check.whole("codes", codes, least=1)):
            code = mean + (log_variance / 2).exp() * draws.normal(shape, generator, like=x)
            reconstruction -= net.likelihood.log_prob(net.decoder(code), x) / codes
        kl = kl_per_latent(mean, log_variance).mean(-2)
    return Elbo(-(reconstruction.mean(-1) + kl.sum(-1)), reconstruction.mean(-1), kl)


def bits_per_dimension(
    net: Autoencoder,
    x: Points,
    codes: int = 50,
    likelihood: Likelihood | None = None,
    generator: Generator | None = None,
) -> PerMember:
    r"""Bits that a VAE spends on each dimension of a datum, an upper bound.

    .. math:: -\frac{1}{d \log 2}\, E \log \frac1k \sum_{i=1}^k \frac{p(x \mid z_i)\, p(z_i)}{q(z_i \mid x)}

    One code gives the negative ELBO; more codes a lower number that tends to :math:`-\log p(x)`. Numbers of different
    likelihoods compare only if all are probabilities of the same levels; see
    :class:`~gen_lib.likelihoods.levels.Discretised`. A density counts bits of a position, which depend on the unit of
    length and may be negative.

    Args:
        net: a trained VAE, left as it is
        x: data, shape ``(n, d)`` or ``(*members, n, d)``
        codes: k, draws of the code for each datum
        likelihood: measures instead of the net's own; it is given the same output of the decoder, and must need as
            many numbers per dimension
        generator: of the codes; fixed draws if none is given

    Returns:
        bits per dimension, shape ``(*members,)``

    Raises:
        ValueError: no codes, data of another dimension, a net whose encoder gives no Gaussian, a likelihood that needs
            more or fewer outputs

    References:
        Importance Weighted Autoencoders (Burda et al., 2016), arXiv 1509.00519

    Example:
        >>> from gen_lib import METHODS
        >>> net = METHODS["vae"].build(dim=3, latent=2, members=(4,))
        >>> bits_per_dimension(net, torch.zeros(5, 3)).shape
        torch.Size([4])
    """
    _gaussian(net, x)
    measured = copy.deepcopy(net).eval().requires_grad_(False)
    if likelihood is not None and likelihood.outputs != net.likelihood.outputs:
        raise ValueError(
            f"likelihood must need as many outputs per dimension as the net has, {net.likelihood.outputs}, "
            f"got {likelihood!r}, which needs {likelihood.outputs}"
        )
    measured.likelihood = likelihood or measured.likelihood
    shape = (check.whole("codes", codes, least=1), *net.members, x.shape[-2], net.latent)
    noise: Tensor = draws.normal(shape, generator or Generator().manual_seed(0), like=x)
    return -importance_weighted_bound(measured, noise, x).mean(-1).detach() / (net.dim * math.log(2))


def dequantised_bits(
    log_prob: Callable[[Points], PerSample],
    x: Points,
    cell: float | Tensor,
    places: int = 1,
    generator: Generator | None = None,
) -> PerMember:
    r"""Bits that a density spends on each dimension of data that come in levels, an upper bound.

    .. math:: -\frac{1}{d \log 2}\, E \log \frac1k \sum_{i=1}^k p(x + \delta u_i)\, \delta^d,
        \qquad u_i \sim U\left(-\tfrac12, \tfrac12\right)^d

    The mean of :math:`p\, \delta^d` over a cell is its mass, the probability of the levels. The logarithm of a mean is
    at least the mean of the logarithms, so one place in each cell gives a bound, and more places a lower number that
    tends to the bits of the mass. It compares with the bits of a likelihood of levels,
    :class:`~gen_lib.likelihoods.levels.Discretised`, and does not depend on the unit of length.

    Args:
        log_prob: log-density in nats, called with points ``(*members, n, d)``; to be trained on
            :func:`~gen_lib.data.sets.dequantised` data
        x: data on their levels, shape ``(n, d)`` or ``(*members, n, d)``
        cell: :math:`\delta`, the distance of neighbouring levels, one number or one for each dimension
        places: k, in the cell of each datum, the same for all members
        generator: of the places; fixed draws if none is given

    Returns:
        bits per dimension, shape ``(*members,)``

    Raises:
        ValueError: bad points, a cell that is not positive, no places

    References:
        A note on the evaluation of generative models (Theis et al., 2016), arXiv 1511.01844; Importance Weighted
        Autoencoders (Burda et al., 2016), arXiv 1509.00519

    Example:
        >>> x = torch.zeros(5, 3)
        >>> dequantised_bits(lambda y: torch.zeros(y.shape[:-1]), x, cell=1 / 16)  # evenly over 16 levels
        tensor(4.)
    """
    *_, n, dim = check.points("x", x).shape
    check.number("cell", cell, above=0)
    generator = generator or Generator().manual_seed(0)
    logs = []
    for _ in range(check.whole("places", places, least=1)):
        u = draws.uniform((n, dim), generator, like=x) - 0.5
        logs.append(log_prob(x + cell * u))
    volume = torch.as_tensor(cell, dtype=torch.float64).log().expand(dim).sum().to(x)
    log_mass = torch.stack(logs).logsumexp(0) - math.log(places) + volume
    return -log_mass.mean(-1) / (dim * math.log(2))


def _gaussian(net: Autoencoder, x: Points) -> None:
    """Refuse data of another dimension, and nets that give a point instead of a distribution of codes."""
    check.points("x", x, dim=net.dim)
    with still(net):
        given = net.encoder(x[..., :1, :]).shape[-1] if isinstance(net, Autoencoder) else None
    if given != 2 * net.latent:
        raise ValueError(
            f"net must be a VAE, whose encoder gives the mean and log-variance of {net.latent} latents, "
            f"got {type(net).__name__}" + (f" with an encoder that gives {given} numbers" if given else "")
        )
