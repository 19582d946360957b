"""The autoencoder: learn to copy through a bottleneck. A code for every datum, but no distribution of codes."""

from torch import Tensor

from .. import check, likelihoods
from ..likelihoods import Maker
from ..method import Method, Turn, factory
from ..nets import Autoencoder, Maps, check_maps, plain
from ..samplers import once
from ..shapes import Codes, PerSample, Points, States


def reconstruction_loss(net: Autoencoder, z: Codes, x: Points) -> PerSample:
    r"""How badly the decoder explains x from the encoder's code.

    .. math:: -\log p(x \mid E(x)), \qquad \text{for a Gaussian } \|D(E(x)) - x\|^2 + \text{const}

    The noise z is not used: nothing in this loss makes the codes look like it, which is why decoding noise fails.

    Args:
        net: encoder, decoder and likelihood
        z: noise, ignored
        x: data, shape ``(*members, n, d)``

    Returns:
        loss per sample in nats, shape ``(*members, n)``

    References:
        Reducing the Dimensionality of Data with Neural Networks (Hinton and Salakhutdinov, 2006),
        doi 10.1126/science.1127647
    """
    return -net.likelihood.log_prob(net.decoder(net.encoder(x)), x)


def push(net: Autoencoder, z: Codes) -> States:
    """Decode noise as if it were a code.

    Args:
        net: an autoencoder, or a VAE, of which the decoder is used
        z: noise, shape ``(*members, n, latent)``

    Returns:
        ``[z, D(z)]``, with D(z) the mean of the decoder's distribution, shape ``(*members, n, d)``
    """
    return once(net.decode, z)


def encode(net: Autoencoder, x: Points) -> Tensor:
    """The code of each datum, shape ``(*members, n, latent)``."""
    return net.encoder(check.points("x", x, net.dim))


@factory
def autoencoder(likelihood: str | Maker = "gaussian", maps: Maps = plain) -> Method:
    """An autoencoder whose reconstruction loss is the negative log of ``likelihood``.

    Args:
        likelihood: name or maker of the decoder's distribution; the default gives the squared error, plus a constant
        maps: what encoder and decoder are made of: ``nets.plain``, or ``nets.convolutional(shape)`` for images

    Raises:
        ValueError: likelihood unknown
        TypeError: no maps
    """
    make = likelihoods.maker(likelihood)
    check_maps(maps)

    def architecture(dim, latent, hidden, members):
        return Autoencoder(dim, latent, hidden, members, codes=1, likelihood=make(members), maps=maps)

    return Method(architecture=architecture, turns=(Turn("", reconstruction_loss),), push=push, encode=encode)
