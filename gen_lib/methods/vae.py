"""The variational autoencoder: an autoencoder whose codes must look like the noise it will be sampled from."""

import math

import torch
from torch import Tensor

from .. import check, draws, likelihoods
from ..likelihoods import Maker
from ..method import Method, Turn, factory
from ..nets import Autoencoder, Maps, check_maps, plain
from ..shapes import Codes, PerSample, Points
from .autoencoder import push


def posterior(net: Autoencoder, x: Points) -> tuple[Tensor, Tensor]:
    """Mean and log-variance of the encoder's Gaussian q(z|x), each of shape ``(*members, n, latent)``."""
    mean, log_variance = net.encoder(x).chunk(2, -1)
    return mean, log_variance


def kl_per_latent(mean: Codes, log_variance: Codes) -> Codes:
    r"""How far the encoder's Gaussian is from the prior N(0, I), latent by latent.

    .. math:: \mathrm{KL} = \tfrac12 \left( \mu^2 + \sigma^2 - 1 - \log \sigma^2 \right)

    Args:
        mean: :math:`\mu`, shape ``(*members, n, latent)``
        log_variance: :math:`\log\sigma^2`, same shape

    Returns:
        nats, same shape, never negative

    Example:
        >>> kl_per_latent(torch.ones(1, 1), torch.zeros(1, 1)).item()
        0.5
    """
    return (mean.square() + log_variance.exp() - 1 - log_variance) / 2


def elbo_terms(net: Autoencoder, z: Codes, x: Points) -> tuple[PerSample, PerSample]:
    r"""The two halves of the evidence lower bound, ELBO = -(reconstruction + KL).

    .. math:: \tilde z = \mu(x) + \sigma(x)\, z, \qquad
        \underbrace{-\log p(x \mid \tilde z)}_{\text{reconstruction}}, \quad
        \underbrace{\mathrm{KL}\left(q(z \mid x) \,\|\, \mathcal N(0, I)\right)}_{\text{price of the code}}

    The noise of the reparameterisation is the z of the pair.

    Args:
        net: encoder, decoder and likelihood
        z: noise, shape ``(*members, n, latent)``
        x: data, shape ``(*members, n, d)``

    Returns:
        reconstruction and KL per sample in nats, each of shape ``(*members, n)``, summed over pixels and latents

    References:
        Auto-Encoding Variational Bayes (Kingma and Welling, 2014), arXiv 1312.6114
    """
    reconstruction, kl = _terms(net, z, x)
    return reconstruction, kl.sum(-1)


def _terms(net: Autoencoder, z: Codes, x: Points) -> tuple[PerSample, Codes]:
    """As :func:`elbo_terms`, with the KL of each latent by itself."""
    mean, log_variance = posterior(net, x)
    code = mean + (log_variance / 2).exp() * z
    return -net.likelihood.log_prob(net.decoder(code), x), kl_per_latent(mean, log_variance)


def charged(kl: Codes, free_bits: float | Tensor) -> PerSample:
    r"""What the code costs when every latent has an allowance: only what goes beyond it is worth saving.

    .. math:: \frac1n \sum_i \text{charged}_i
        = \sum_j \max\Big( \lambda,\; \frac1n \sum_i \mathrm{KL}_{ij} \Big)

    Whether latent j is charged is decided by its mean over the batch, for each member by itself. A latent below the
    allowance costs the constant :math:`\lambda`, so no gradient pushes it further down.

    Args:
        kl: nats of each latent, shape ``(*members, n, latent)``
        free_bits: the allowance :math:`\lambda`, nats per latent; a tensor ``(*members, 1)`` gives each member its own

    Returns:
        nats per sample, shape ``(*members, n)``

    References:
        Improved Variational Inference with Inverse Autoregressive Flow (Kingma et al., 2016), arXiv 1606.04934

    Example:
        >>> charged(torch.tensor([[0.1, 2.0], [0.3, 4.0]]), free_bits=0.5)
        tensor([2.5000, 4.5000])
    """
    allowance = torch.as_tensor(free_bits, dtype=kl.dtype, device=kl.device)[..., None]
    return torch.where(kl.mean(-2, keepdim=True) > allowance, kl, allowance).sum(-1)


def importance_weighted_bound(net: Autoencoder, z: Tensor, x: Points) -> Tensor:
    r"""A tighter bound on log p(x) than the ELBO, from k draws of the code for each datum.

    .. math:: \log \frac1k \sum_{i=1}^k \frac{p(x \mid z_i)\, p(z_i)}{q(z_i \mid x)}, \qquad
        z_i = \mu(x) + \sigma(x)\, \varepsilon_i

    Its expectation is the ELBO for k = 1, never falls as k grows, and tends to log p(x).

    Args:
        net: encoder, decoder and likelihood
        z: noise, k draws for each datum, shape ``(k, *members, n, latent)``
        x: data, shape ``(*members, n, d)``

    Returns:
        nats per datum, shape ``(*members, n)``

    References:
        Importance Weighted Autoencoders (Burda et al., 2016), arXiv 1509.00519
    """
    mean, log_variance = posterior(net, x)
    weights = []
    for noise in z:
        code = mean + (log_variance / 2).exp() * noise
        log_ratio = (noise.square() + log_variance - code.square()).sum(-1) / 2  # log p(code) - log q(code | x)
        weights.append(net.likelihood.log_prob(net.decoder(code), x) + log_ratio)
    return torch.stack(weights).logsumexp(0) - math.log(len(z))


def encode(net: Autoencoder, x: Points) -> Tensor:
    """The mean of q(z|x): sampled in training, the mean afterwards. Shape ``(*members, n, latent)``."""
    return posterior(net, check.points("x", x, net.dim))[0]


def density(net: Autoencoder, x: Points, samples: int = 100) -> PerSample:
    """A lower bound of log p(x): :func:`importance_weighted_bound` with ``samples`` draws of the code per datum."""
    check.whole("samples", samples, least=1)
    lead = (*net.members, x.shape[-2])
    z = draws.normal((*lead, samples, net.latent), like=x).movedim(-2, 0)
    return importance_weighted_bound(net, z, x)


@factory
def vae(
    beta: float | Tensor = 1.0,
    likelihood: str | Maker = "gaussian",
    free_bits: float | Tensor = 0.0,
    maps: Maps = plain,
) -> Method:
    r"""A VAE with the weight beta on its KL: reconstruction + beta KL.

    Args:
        beta: price of the code, at least 0; a tensor ``(*members, 1)`` gives each member its own
        likelihood: name or maker of the decoder's distribution
        free_bits: nats that each latent may carry at no charge (:func:`charged`), at least 0; a tensor as beta
        maps: what encoder and decoder are made of: ``nets.plain``, or ``nets.convolutional(shape)`` for images

    Raises:
        ValueError: beta or free_bits negative or not finite, likelihood unknown
        TypeError: no maps

    References:
        beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework (Higgins et al., 2017)
    """
    check.number("beta", beta, least=0)
    check.number("free_bits", free_bits, least=0)
    make = likelihoods.maker(likelihood)
    check_maps(maps)

    def loss(net: Autoencoder, z: Codes, x: Points) -> PerSample:
        reconstruction, kl = _terms(net, z, x)
        return reconstruction + torch.as_tensor(beta, dtype=kl.dtype, device=kl.device) * charged(kl, free_bits)

    def architecture(dim, latent, hidden, members):
        return Autoencoder(dim, latent, hidden, members, codes=2, likelihood=make(members), maps=maps)

    return Method(architecture=architecture, turns=(Turn("", loss),), push=push, encode=encode, density=density)
