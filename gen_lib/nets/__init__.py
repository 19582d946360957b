"""Networks that hold many members: independent copies of one architecture, trained together.

A weight has shape ``(*members, in, out)``, so one matrix product serves all members at once. A lone net has
``members=()``. Every net that a method builds has ``dim`` (of a point x), ``latent`` (of its noise z) and ``members``.
What maps between the two is a multilayer perceptron (:data:`~gen_lib.nets.models.plain`, with dropout
:func:`~gen_lib.nets.models.perceptron`) or, for images, :func:`~gen_lib.nets.convolutions.convolutional`.
"""

from .convolutions import Down, ImageDecoder, ImageEncoder, Up, convolutional
from .fields import NO_LABEL, Field
from .layers import MLP, Dropout, Linear, Sizes, leaky
from .models import Adversaries, Autoencoder, Decoder, Maps, Net, check_maps, perceptron, plain, stacked, still

__all__ = ["MLP", "NO_LABEL", "Adversaries", "Autoencoder", "Decoder", "Down", "Dropout", "Field", "ImageDecoder"]
__all__ += ["ImageEncoder"]
__all__ += ["Linear", "Maps", "Net", "Sizes", "Up", "check_maps", "convolutional", "leaky", "perceptron", "plain"]
__all__ += ["stacked", "still"]
