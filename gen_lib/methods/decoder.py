"""A decoder alone: the plainest map from noise to data, and the first failure of the book."""

from collections.abc import Callable

from torch import Tensor

from ..couplings import independent
from ..method import Coupling, Method, Turn, factory
from ..nets import Decoder
from ..samplers import once
from ..shapes import Codes, PerSample, Points, States


def squared_error(net: Callable[..., Tensor], z: Codes, x: Points) -> PerSample:
    r"""Train the net to hit the datum that was paired with its noise.

    .. math:: \| D(z) - x \|^2

    The minimiser is :math:`D(z) = E[x \mid z]`. With independent pairs that is the constant :math:`E[x]`: the decoder
    collapses to the mean. With optimal pairs within a batch it tends to the optimal transport map as batches grow.

    Args:
        net: decoder, called as ``net(z)``
        z: noise, shape ``(*members, n, latent)``
        x: data, shape ``(*members, n, d)``

    Returns:
        squared error per sample, shape ``(*members, n)``

    Example:
        >>> import torch
        >>> squared_error(lambda z: 0 * z, torch.zeros(3, 1), torch.full((3, 1), 2.0))
        tensor([4., 4., 4.])
    """
    return (net(z) - x).square().sum(-1)


def push(net: Callable[..., Tensor], z: Codes) -> States:
    """One jump.

    Args:
        net: decoder, called as ``net(z)``
        z: noise, shape ``(*members, n, latent)``

    Returns:
        ``[z, D(z)]``, the last of shape ``(*members, n, d)``
    """
    return once(net, z)


@factory
def decoder(coupling: Coupling = independent) -> Method:
    """A decoder trained on the pairs that ``coupling`` gives.

    Args:
        coupling: which noise is paired with which datum; with independent pairs the decoder collapses to the mean
    """
    return Method(architecture=Decoder, turns=(Turn("", squared_error),), push=push, coupling=coupling)
