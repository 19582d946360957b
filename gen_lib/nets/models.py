"""What methods build: nets that know the dimensions of a point and of its noise, and their members."""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from .. import check
from ..draws import Seed, seeds
from ..likelihoods import Likelihood
from .layers import MLP, Dropout, Sizes, leaky

Module = TypeVar("Module", bound=nn.Module)
Own = TypeVar("Own", bound="Net")
MapMaker = Callable[[int, int, Sizes, Sizes], nn.Module]  # (inputs, outputs, hidden, members) -> net


class Net(nn.Module):
    """What every method builds: a net that knows the dimensions of a point and of its noise, and its members.

    Args:
        dim: dimension of a point x
        latent: dimension of its noise z
        members: shape of the members
    """

    def __init__(self, dim: int, latent: int, members: Sizes):
        super().__init__()
        self.dim, self.latent, self.members = dim, latent, members

    def member(self: Own, index: int | Sequence[int]) -> Own:
        """A lone net that is one member of this one: a copy with weights of its own.

        Args:
            index: which member, from 0; one number for each dimension of the members

        Returns:
            a net of the same class, with ``members=()``

        Raises:
            ValueError: a member that there is not

        Example:
            >>> nets, x = Decoder(dim=2, latent=2, members=(3,)).double(), torch.ones(5, 2).double()
            >>> torch.allclose(nets.member(1)(x), nets(x)[1])
            True
        """
        wanted = tuple(index) if isinstance(index, Sequence) else (index,)
        if len(wanted) != len(self.members):
            raise ValueError(f"index must have one number for each dimension of members={self.members}, got {index}")
        for number, size in zip(wanted, self.members, strict=True):
            if check.whole("index", number, least=0) >= size:
                raise ValueError(f"index must be that of one of members={self.members}, from 0, got {index}")

        def own(value: Tensor) -> Tensor:
            lead = value.shape[: len(wanted)]  # a buffer may be the same for all members
            shared = len(lead) < len(wanted) or any(a not in (1, b) for a, b in zip(lead, self.members, strict=True))
            here = () if shared else tuple(i if size > 1 else 0 for i, size in zip(wanted, lead, strict=True))
            return value.detach()[here].clone()

        parts: dict[int, Any] = {id(p): nn.Parameter(own(p), p.requires_grad) for p in self.parameters()}
        parts |= {id(buffer): own(buffer) for buffer in self.buffers()}
        lone = copy.deepcopy(self, parts)  # which takes these for copies that are made already
        lone.members = ()
        return lone


@contextmanager
def still(net: nn.Module) -> Iterator[Tensor]:
    """Within this context a net is in evaluation mode and there are no gradients; its modes come back at the end.

    All is computed in the precision of its weights, with which it is kept, also while losses are computed in half.

    Args:
        net: any net

    Returns:
        one of the net's weights, for its precision and device
    """
    modes = {module: module.training for module in net.modules()}
    net.eval()
    try:
        weight = next(net.parameters()).detach()
        with torch.no_grad(), torch.autocast(weight.device.type, enabled=False):
            yield weight
    finally:
        for module, training in modes.items():
            module.training = training


@dataclass(frozen=True)
class Maps:
    """The maps that autoencoders and games are made of. Each is called with (inputs, outputs, hidden, members).

    Attributes:
        encoder: makes a net from points to the numbers that describe their codes
        decoder: makes a net from codes to points, or to several numbers per dimension; it has ``hidden`` in reverse
        generator: makes a net from noise to points
        critic: makes a net from points to one number
    """

    encoder: MapMaker
    decoder: MapMaker
    generator: MapMaker
    critic: MapMaker


def _reversed(inputs: int, outputs: int, hidden: Sizes, members: Sizes, dropout: float) -> MLP:
    return MLP(inputs, outputs, hidden[::-1], members, dropout=dropout)


def perceptron(dropout: float = 0.0) -> Maps:
    """Multilayer perceptrons, for points of any kind.

    With dropout a net makes other points in training mode, in which it is built and trained, than in evaluation mode.
    Methods and metrics evaluate it in the latter; before it is called by hand, say ``net.eval()``.

    Args:
        dropout: probability with which, in training, each number behind an activation is dropped
            (:class:`~gen_lib.nets.layers.Dropout`)

    Raises:
        ValueError: a probability that is not from 0 to below 1

    Example:
        >>> from gen_lib import methods
        >>> net = methods.vae(maps=perceptron(dropout=0.1)).build(dim=4, latent=2, hidden=(8,))
        >>> net.encoder.layers[2]
        Dropout(p=0.1)
    """
    Dropout(dropout)  # refused here, before a net is built
    smooth, steep = partial(MLP, dropout=dropout), partial(MLP, activation=leaky, dropout=dropout)
    return Maps(encoder=smooth, decoder=partial(_reversed, dropout=dropout), generator=steep, critic=steep)


#: Multilayer perceptrons without dropout.
plain = perceptron()


def check_maps(maps: object) -> Maps:
    """The maps, if they are some.

    Raises:
        TypeError: something else, such as ``convolutional`` without a shape

    Example:
        >>> check_maps("convolutional")
        Traceback (most recent call last):
        TypeError: maps must be nets.plain, nets.convolutional(shape) or other Maps, got 'convolutional'
    """
    if not isinstance(maps, Maps):
        raise TypeError(f"maps must be nets.plain, nets.convolutional(shape) or other Maps, got {maps!r}")
    return maps


class Decoder(Net):
    """A map from noise z to data x, shape ``(*members, n, latent)`` to ``(*members, n, dim)``.

    Args:
        dim: dimension of a point x
        latent: dimension of its noise z
        hidden: widths of the hidden layers
        members: shape of the members
    """

    def __init__(self, dim: int, latent: int, hidden: Sizes = (32, 64, 32), members: Sizes = ()):
        super().__init__(dim, latent, members)
        self.map = MLP(latent, dim, hidden, members)

    def forward(self, z: Tensor) -> Tensor:
        """Decode noise; noise without members is given to all of them."""
        return self.map(z)


class Adversaries(Net):
    """Two players: ``generator`` maps noise to data, ``critic`` gives each point one number, high for real.

    Args:
        dim: dimension of a point
        latent: dimension of the noise
        hidden: widths of the hidden layers of both
        members: shape of the members
        maps: what both are made of
    """

    def __init__(self, dim: int, latent: int, hidden: Sizes = (32, 64, 32), members: Sizes = (), maps: Maps = plain):
        super().__init__(dim, latent, members)
        self.generator = maps.generator(latent, dim, hidden, members)
        self.critic = maps.critic(dim, 1, hidden, members)

    def score(self, x: Tensor) -> Tensor:
        """The critic's number for each point, shape ``(*members, n)``."""
        return self.critic(x)[..., 0]


class Autoencoder(Net):
    """Two maps through a bottleneck: ``encoder`` from x to the numbers that describe z, ``decoder`` back.

    Args:
        dim: dimension of a point x
        latent: dimension of its code z
        hidden: widths of the encoder's layers; the decoder has them in reverse
        members: shape of the members
        codes: numbers the encoder gives per latent: 1 is a point, 2 are the mean and log-variance of a Gaussian
        likelihood: turns the decoder's output into a distribution of x, and says how many numbers that takes
        maps: what both are made of
    """

    def __init__(
        self,
        dim: int,
        latent: int,
        hidden: Sizes,
        members: Sizes,
        codes: int,
        likelihood: Likelihood,
        maps: Maps = plain,
    ):
        super().__init__(dim, latent, members)
        self.encoder = maps.encoder(dim, codes * latent, hidden, members)
        self.decoder = maps.decoder(latent, likelihood.outputs * dim, hidden, members)
        self.likelihood = likelihood

    def decode(self, z: Tensor) -> Tensor:
        """The mean of the decoder's distribution: codes ``(*members, n, latent)`` to points ``(*members, n, dim)``."""
        return self.likelihood.mean(self.decoder(z))


def stacked(make: Callable[[Sizes], Module], members: Sizes, seed: Seed) -> Module:
    """Build a net whose member i has the initial weights of a lone net built under seed + i.

    Args:
        make: builds a net for a given shape of the members
        members: the shape wanted
        seed: of the first member, or one for each; torch's global generator is left as it was

    Returns:
        the net, its weights of shape ``(*members, ...)``

    Example:
        >>> from gen_lib.nets import Linear
        >>> together = stacked(lambda members: Linear(1, 1, members), (3,), seed=0)
        >>> alone = stacked(lambda members: Linear(1, 1, members), (), seed=2)
        >>> torch.equal(together.weight[2], alone.weight)
        True
    """
    with torch.random.fork_rng(devices=[]):
        lone: list[Module] = []
        for own in seeds(seed, members):
            torch.manual_seed(own)
            lone.append(make(()))
        net = make(members)
    with torch.no_grad():
        for weight, *parts in zip(net.parameters(), *(one.parameters() for one in lone), strict=True):
            weight.copy_(torch.stack(parts).reshape(weight.shape))
    return net
