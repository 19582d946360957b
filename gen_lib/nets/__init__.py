"""Networks that hold many members: independent copies of one architecture, trained together.

A weight has shape ``(*members, in, out)``, so one matrix product serves all members at once. A lone net has
``members=()``. Every net that a method builds has ``dim`` (of a point x), ``latent`` (of its noise z) and ``members``.
What maps between the two is a multilayer perceptron (:data:`~gen_lib.nets.models.plain`) or, for images,
:func:`~gen_lib.nets.convolutions.convolutional`.
"""

from .convolutions import Down, ImageDecoder, ImageEncoder, Up, convolutional
from .layers import MLP, Linear, Sizes, leaky
from .models import Adversaries, Autoencoder, Decoder, Field, Maps, Net, check_maps, plain, stacked

__all__ = ["MLP", "Adversaries", "Autoencoder", "Decoder", "Down", "Field", "ImageDecoder", "ImageEncoder", "Linear"]
__all__ += ["Maps", "Net", "Sizes", "Up", "check_maps", "convolutional", "leaky", "plain", "stacked"]
