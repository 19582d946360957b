r"""Convolutional maps for square images, with members.

A convolution gives every pixel of its output the same weights, looking at a small window of its input. At stride 2 the
image halves; transposed, it doubles:

.. math:: y_{o,p} = b_o + \sum_{c,\, q} W_{o,c,q}\, x_{c,\, 2p + q}, \qquad q \in \{-1, 0, 1, 2\}^2

The window has 4 pixels on a side because 2 divides 4: every pixel is then looked at equally often, while a window of 3
would leave a checkerboard in images and in gradients. Members lie side by side in the channels, as the groups of one
convolution; channels vary fastest in memory. On a processor that took less time than a loop, ``vmap`` or unfolding.

References:
    Deconvolution and Checkerboard Artifacts (Odena et al., 2016), doi 10.23915/distill.00003
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from math import prod, sqrt

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d

from .. import check
from ..shapes import Codes, Points
from .layers import Linear, Sizes, leaky
from .models import Maps

Activation = Callable[[], nn.Module]
FAINT = 0.1


def gain(activation: Activation) -> float:
    r"""How much weights must enlarge what an activation lets through, so that sizes stay the same from layer to layer.

    .. math:: g = 1 / E[a(z)^2], \quad z \sim \mathcal N(0, 1), \qquad W \sim \mathcal N(0, g / \text{inputs})

    Args:
        activation: makes the activation a

    References:
        Delving Deep into Rectifiers: Surpassing Human-Level Performance on ImageNet Classification
        (He et al., 2015), arXiv 1502.01852

    Example:
        >>> round(gain(nn.ReLU), 2), round(gain(nn.Identity), 2)
        (2.0, 1.0)
    """
    z = torch.special.ndtri((torch.arange(10_000, dtype=torch.float64) + 0.5) / 10_000)
    return 1 / activation()(z).square().mean().item()


class Convolution(nn.Module):
    """What :class:`Down` and :class:`Up` have in common: windows of 4 pixels at stride 2, and members in the channels.

    Args:
        channels: of the weights of a member, the first two dimensions
        outputs: channels of a member that come out
        members: shape of the members, side by side in the channels
        variance: of the initial weights
    """

    def __init__(self, channels: tuple[int, int], outputs: int, members: Sizes, variance: float):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(*members, *channels, 4, 4) * sqrt(variance))
        self.bias = nn.Parameter(torch.zeros(*members, outputs))

    def slid(self, convolve: Callable[..., Tensor], x: Tensor) -> Tensor:
        """Over images ``(n, members * inputs, size, size)``."""
        weight = self.weight.reshape(-1, *self.weight.shape[-3:])
        return convolve(x, weight, self.bias.flatten(), stride=2, padding=1, groups=prod(self.bias.shape[:-1]))


class Down(Convolution):
    """A convolution per member that halves the image.

    Args:
        inputs, outputs: channels of a member
        members: shape of the members, side by side in the channels
        gain: of the activation before it, by which its initial weights are larger

    Example:
        >>> Down(3, 16, members=(2,))(torch.zeros(5, 2 * 3, 32, 32)).shape
        torch.Size([5, 32, 16, 16])
    """

    def __init__(self, inputs: int, outputs: int, members: Sizes = (), gain: float = 1.0):
        super().__init__((outputs, inputs), outputs, members, gain / (16 * inputs))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(n, members * inputs, size, size)`` to ``(n, members * outputs, size / 2, size / 2)``."""
        return self.slid(conv2d, x)


class Up(Convolution):
    """A transposed convolution per member that doubles the image; arguments are those of :class:`Down`.

    Example:
        >>> Up(16, 3, members=(2,))(torch.zeros(5, 2 * 16, 16, 16)).shape
        torch.Size([5, 6, 32, 32])
    """

    def __init__(self, inputs: int, outputs: int, members: Sizes = (), gain: float = 1.0):
        super().__init__((inputs, outputs), outputs, members, gain / (4 * inputs))  # 4 pixels of 16 reach one

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(n, members * inputs, size, size)`` to ``(n, members * outputs, 2 * size, 2 * size)``."""
        return self.slid(conv_transpose2d, x)


class ImageEncoder(nn.Module):
    """From images to numbers: halve the image once per entry of ``hidden``, then one affine map.

    Args:
        shape: of an image, ``(channels, size, size)``
        outputs: how many numbers
        hidden: channels after each halving
        members: shape of the members
        activation: makes the activation between layers

    Example:
        >>> ImageEncoder((3, 32, 32), 10, hidden=(8, 16), members=(2,))(torch.zeros(2, 5, 3 * 32 * 32)).shape
        torch.Size([2, 5, 10])
    """

    def __init__(
        self,
        shape: Sizes,
        outputs: int,
        hidden: Sizes = (16, 32, 64),
        members: Sizes = (),
        activation: Activation = nn.SiLU,
    ):
        super().__init__()
        self.shape = shape
        channels = (shape[0], *hidden)
        layers: list[nn.Module] = []
        for before, following in pairwise(channels):
            layers += [Down(before, following, members, gain(activation)), activation()]
        self.layers = nn.Sequential(*layers)
        self.last = Linear(channels[-1] * (shape[1] >> len(hidden)) ** 2, outputs, members)

    def forward(self, x: Points) -> Tensor:
        """Map flat images in [0, 1], ``(*members, n, channels * size * size)``, to ``(*members, n, outputs)``.

        Raises:
            ValueError: images of another size
        """
        if x.shape[-1] != prod(self.shape):
            raise ValueError(f"x must have points of dimension {prod(self.shape)}, got shape {tuple(x.shape)}")
        members = self.last.members
        lead = torch.broadcast_shapes(x.shape[:-2], members)
        images = 2 * x.reshape(*x.shape[:-1], *self.shape) - 1  # around 0, where the initial weights expect them
        return self.last(_apart(self.layers(_together(images, lead, members)), lead, members).flatten(-3))


class ImageDecoder(nn.Module):
    """From numbers to images: one affine map to the smallest image, then double it once per entry of ``hidden``.

    The last layer starts with a tenth of the usual weights, so that the first pictures are faint.

    Args:
        inputs: how many numbers
        shape: of an image, ``(channels, size, size)``
        hidden: channels before each doubling, from the last to the first: those of the encoder
        members: shape of the members
        activation: makes the activation between layers

    Example:
        >>> ImageDecoder(10, (3, 32, 32), hidden=(8, 16), members=(2,))(torch.zeros(2, 5, 10)).shape
        torch.Size([2, 5, 3072])
    """

    def __init__(
        self,
        inputs: int,
        shape: Sizes,
        hidden: Sizes = (16, 32, 64),
        members: Sizes = (),
        activation: Activation = nn.SiLU,
    ):
        super().__init__()
        channels = (shape[0], *hidden)[::-1]
        size = shape[1] >> len(hidden)
        self.smallest = (channels[0], size, size)
        self.first = Linear(inputs, prod(self.smallest), members)
        gains = [gain(activation)] * len(hidden)
        if gains:
            gains[-1] *= FAINT**2  # a game does not unlearn the grain that strong first pictures would have
        layers: list[nn.Module] = []
        for (before, following), strength in zip(pairwise(channels), gains, strict=True):
            layers += [activation(), Up(before, following, members, strength)]
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Codes) -> Points:
        """Map ``(*members, n, inputs)`` to flat images ``(*members, n, channels * size * size)``."""
        small, members = self.first(z), self.first.members
        lead = small.shape[:-2]
        images = small.reshape(*small.shape[:-1], *self.smallest)
        return _apart(self.layers(_together(images, lead, members)), lead, members).flatten(-3)


def _together(images: Tensor, lead: torch.Size, members: Sizes) -> Tensor:
    """Images ``(*lead, n, c, h, w)``, lead ending in the members, to ``(all, members * c, h, w)``."""
    n, c, h, w = images.shape[-4:]
    images = images.expand(*lead, n, c, h, w).reshape(-1, prod(members), n, c, h, w)
    side_by_side = images.transpose(1, 2).reshape(-1, prod(members) * c, h, w)
    return side_by_side.contiguous(memory_format=torch.channels_last)  # a third less time for grouped ones


def _apart(images: Tensor, lead: torch.Size, members: Sizes) -> Tensor:
    """The inverse of :func:`_together`."""
    together, side_by_side, h, w = images.shape
    n, extra = together * prod(members) // prod(lead), prod(lead) // prod(members)
    images = images.reshape(extra, n, prod(members), side_by_side // prod(members), h, w).transpose(1, 2)
    return images.reshape(*lead, *images.shape[2:])


def convolutional(shape: Sizes) -> Maps:
    """Maps for images: encoder and critic halve them, decoder and generator double them.

    ``hidden`` of ``build`` is then the number of channels after each halving, from the largest image to the smallest;
    ``dim`` is ``channels * size * size``. Images stay flat and in [0, 1]; the generator of a game ends in a sigmoid,
    the decoder of an autoencoder in what its likelihood needs.

    Args:
        shape: of an image: ``(1, size, size)`` is grey, ``(3, size, size)`` red, green and blue

    Raises:
        ValueError: another shape; in ``build``, if ``dim`` is another or ``size`` cannot be halved so often

    References:
        Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks
        (Radford et al., 2016), arXiv 1511.06434

    Example:
        >>> from gen_lib import methods
        >>> method = methods.vae(likelihood="bernoulli", maps=convolutional((3, 32, 32)))
        >>> net = method.build(dim=3 * 32 * 32, latent=8, hidden=(8, 16), members=(2,))
        >>> net.encoder(torch.rand(2, 5, 3 * 32 * 32)).shape, net.decoder(torch.zeros(2, 5, 8)).shape
        (torch.Size([2, 5, 16]), torch.Size([2, 5, 3072]))
    """
    shape = check.sizes("shape", shape)
    if len(shape) != 3 or shape[0] not in (1, 3) or shape[1] != shape[2]:
        raise ValueError(f"shape must be (1, size, size) (grey) or (3, size, size) (colour), got {shape}")

    # Functions of the module: a method with these maps can be sent to another process.
    return Maps(*(partial(make, shape=shape) for make in (_encoder, _decoder, _generator, _critic)))


def _fits(dim: int, hidden: Sizes, shape: Sizes) -> None:
    """Refuse in ``build`` what the maps of such images cannot be made for."""
    if dim != prod(shape):
        raise ValueError(f"dim must be {prod(shape)} for images of shape {shape}, got {dim}")
    size, times = shape[1], len(hidden)
    if size % 2**times:
        most = (size & -size).bit_length() - 1
        raise ValueError(
            f"hidden must have at most {most} entries, as each halves the image and {size} can be halved {most} "
            f"times, or shape a size that is a multiple of {2**times}, got hidden={hidden} and shape={shape}"
        )


def _encoder(dim: int, outputs: int, hidden: Sizes, members: Sizes, shape: Sizes) -> nn.Module:
    _fits(dim, hidden, shape)
    return ImageEncoder(shape, outputs, hidden, members)


def _critic(dim: int, outputs: int, hidden: Sizes, members: Sizes, shape: Sizes) -> nn.Module:
    _fits(dim, hidden, shape)
    return ImageEncoder(shape, outputs, hidden, members, leaky)


def _decoder(inputs: int, dim: int, hidden: Sizes, members: Sizes, shape: Sizes) -> nn.Module:
    several, rest = divmod(dim, prod(shape))  # numbers that a likelihood needs per pixel
    _fits(dim if rest or not several else prod(shape), hidden, shape)
    return ImageDecoder(inputs, (several * shape[0], *shape[1:]), hidden, members)


def _generator(inputs: int, dim: int, hidden: Sizes, members: Sizes, shape: Sizes) -> nn.Module:
    _fits(dim, hidden, shape)
    return nn.Sequential(ImageDecoder(inputs, shape, hidden, members, leaky), nn.Sigmoid())
