"""Networks that hold many members: independent copies of one architecture, trained together.

A weight has shape ``(*members, in, out)``, so one matrix product serves all members at once. A lone net has
``members=()``. Every net that a method builds has ``dim`` (of a point x), ``latent`` (of its noise z) and ``members``.
"""

from collections.abc import Callable
from math import prod, sqrt
from typing import TypeVar

import torch
from torch import Tensor, nn

from .likelihoods import Likelihood

Sizes = tuple[int, ...]
Module = TypeVar("Module", bound=nn.Module)


class Linear(nn.Module):
    r"""One affine map per member.

    .. math:: y = x W + b, \qquad W, b \sim U(-1/\sqrt{\text{in}},\, 1/\sqrt{\text{in}})

    Args:
        inputs, outputs: numbers of features
        members: shape of the members; ``()`` is an ordinary layer

    Example:
        >>> Linear(2, 5, members=(8,))(torch.zeros(8, 100, 2)).shape
        torch.Size([8, 100, 5])
    """

    def __init__(self, inputs: int, outputs: int, members: Sizes = ()):
        super().__init__()
        bound = 1 / sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(*members, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(*members, 1, outputs).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(*members, n, in)`` to ``(*members, n, out)``; points without members are given to all of them."""
        if x.ndim == self.weight.ndim == 3:
            return torch.baddbmm(self.bias, x, self.weight)  # one call instead of two
        return x @ self.weight + self.bias


class MLP(nn.Module):
    """Layers of :class:`Linear` with a smooth activation between them.

    Several inputs are put side by side: a velocity field is called as ``net(x_t, t)``.

    Args:
        inputs: number of input features, all inputs together
        outputs: number of output features
        hidden: widths of the hidden layers
        members: shape of the members
        activation: makes the activation between layers

    Example:
        >>> MLP(3, 2, hidden=(32,))(torch.zeros(10, 2), torch.zeros(10, 1)).shape
        torch.Size([10, 2])
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        hidden: Sizes = (32, 64, 32),
        members: Sizes = (),
        activation: Callable[[], nn.Module] = nn.SiLU,
    ):
        super().__init__()
        widths = (inputs, *hidden)
        layers: list[nn.Module] = []
        for width, following in zip(widths, hidden, strict=False):
            layers += [Linear(width, following, members), activation()]
        self.layers = nn.Sequential(*layers, Linear(widths[-1], outputs, members))

    def forward(self, *inputs: Tensor) -> Tensor:
        """Outputs of shape ``(*members, n, outputs)``."""
        return self.layers(torch.cat(inputs, -1))


class Net(nn.Module):
    """What every method builds. Abstract: it names what a net must know.

    Attributes:
        dim: dimension of a point x
        latent: dimension of its noise z
        members: shape of the members
    """

    dim: int
    latent: int
    members: Sizes


class Decoder(Net):
    """A map from noise z to data x, shape ``(*members, n, latent)`` to ``(*members, n, dim)``.

    Args:
        dim: dimension of a point x
        latent: dimension of its noise z
        hidden: widths of the hidden layers
        members: shape of the members
    """

    def __init__(self, dim: int, latent: int, hidden: Sizes = (32, 64, 32), members: Sizes = ()):
        super().__init__()
        self.dim, self.latent, self.members = dim, latent, members
        self.map = MLP(latent, dim, hidden, members)

    def forward(self, z: Tensor) -> Tensor:
        """Decode noise; noise without members is given to all of them."""
        return self.map(z)


class Field(Net):
    """A velocity, or an average velocity: called as ``net(x_t, t)`` or ``net(x_t, t, r)``, it gives a vector per point.

    Args:
        dim: dimension of a point
        latent: that of the noise, which must be the same: a flow keeps the dimension
        hidden: widths of the hidden layers
        members: shape of the members
        times: how many times it is asked with

    Raises:
        ValueError: latent is not dim
    """

    def __init__(self, dim: int, latent: int, hidden: Sizes = (32, 64, 32), members: Sizes = (), times: int = 1):
        super().__init__()
        if latent != dim:
            raise ValueError(f"latent must be the dimension of the data, {dim}, for a flow, got {latent}")
        self.dim, self.latent, self.members = dim, latent, members
        self.map = MLP(dim + times, dim, hidden, members)

    def forward(self, x_t: Tensor, *times: Tensor) -> Tensor:
        """The vector at each point, shape ``(*members, n, d)``."""
        return self.map(x_t, *times)


class Adversaries(Net):
    """Two players: ``generator`` maps noise to data, ``critic`` gives each point one number, high for real.

    Args:
        dim: dimension of a point
        latent: dimension of the noise
        hidden: widths of the hidden layers of both
        members: shape of the members
    """

    def __init__(self, dim: int, latent: int, hidden: Sizes = (32, 64, 32), members: Sizes = ()):
        super().__init__()
        self.dim, self.latent, self.members = dim, latent, members
        self.generator = MLP(latent, dim, hidden, members, leaky)
        self.critic = MLP(dim, 1, hidden, members, leaky)

    def score(self, x: Tensor) -> Tensor:
        """The critic's number for each point, shape ``(*members, n)``."""
        return self.critic(x)[..., 0]


def leaky() -> nn.Module:
    """The activation of adversarial nets: a slope of 0.2 keeps gradients alive where a unit is off."""
    return nn.LeakyReLU(0.2)


class Autoencoder(Net):
    """Two maps through a bottleneck: ``encoder`` from x to the numbers that describe z, ``decoder`` back.

    Args:
        dim: dimension of a point x
        latent: dimension of its code z
        hidden: widths of the encoder's layers; the decoder has them in reverse
        members: shape of the members
        codes: numbers the encoder gives per latent: 1 is a point, 2 are the mean and log-variance of a Gaussian
        likelihood: turns the decoder's output into a distribution of x
    """

    def __init__(self, dim: int, latent: int, hidden: Sizes, members: Sizes, codes: int, likelihood: Likelihood):
        super().__init__()
        self.dim, self.latent, self.members = dim, latent, members
        self.encoder = MLP(dim, codes * latent, hidden, members)
        self.decoder = MLP(latent, dim, hidden[::-1], members)
        self.likelihood = likelihood

    def decode(self, z: Tensor) -> Tensor:
        """The mean of the decoder's distribution: codes ``(*members, n, latent)`` to points ``(*members, n, dim)``."""
        return self.likelihood.mean(self.decoder(z))


def stacked(make: Callable[[Sizes], Module], members: Sizes, seed: int) -> Module:
    """Build a net whose member i has the initial weights of a lone net built under seed + i.

    Args:
        make: builds a net for a given shape of the members
        members: the shape wanted
        seed: of the first member; torch's global generator is left as it was

    Returns:
        the net, its weights of shape ``(*members, ...)``

    Example:
        >>> together = stacked(lambda members: Linear(1, 1, members), (3,), seed=0)
        >>> alone = stacked(lambda members: Linear(1, 1, members), (), seed=2)
        >>> torch.equal(together.weight[2], alone.weight)
        True
    """
    with torch.random.fork_rng(devices=[]):
        lone: list[Module] = []
        for member in range(prod(members)):
            torch.manual_seed(seed + member)
            lone.append(make(()))
        net = make(members)
    with torch.no_grad():
        for weight, *parts in zip(net.parameters(), *(one.parameters() for one in lone), strict=True):
            weight.copy_(torch.stack(parts).reshape(weight.shape))
    return net
