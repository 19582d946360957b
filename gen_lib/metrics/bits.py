"""How many bits a model spends on a datum: the price of a lossless code, the same unit for every likelihood."""

import copy
import math

from torch import Generator, Tensor

from .. import check, draws
from ..likelihoods import Likelihood
from ..methods.vae import importance_weighted_bound
from ..nets import Autoencoder
from ..shapes import PerMember, Points


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
        likelihood: measures instead of the net's own; it is given the same output of the decoder
        generator: of the codes; fixed draws if none is given

    Returns:
        bits per dimension, shape ``(*members,)``

    Raises:
        ValueError: no codes, data of another dimension

    References:
        Importance Weighted Autoencoders (Burda et al., 2016), arXiv 1509.00519

    Example:
        >>> import torch
        >>> from gen_lib import METHODS
        >>> net = METHODS["vae"].build(dim=3, latent=2, members=(4,))
        >>> bits_per_dimension(net, torch.zeros(5, 3)).shape
        torch.Size([4])
    """
    check.points("x", x, dim=net.dim)
    measured = copy.deepcopy(net).requires_grad_(False)
    measured.likelihood = likelihood or measured.likelihood
    shape = (check.whole("codes", codes, least=1), *net.members, x.shape[-2], net.latent)
    noise: Tensor = draws.normal(shape, generator or Generator().manual_seed(0), like=x)
    return -importance_weighted_bound(measured, noise, x).mean(-1).detach() / (net.dim * math.log(2))
