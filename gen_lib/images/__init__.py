"""Image sets: cartoon faces made here, folders of pictures, sets of the Hugging Face hub.

All are flat rows in [0, 1] with a part held out, as the digits are, and say their channels and size:
``train.view(-1, channels, size, size)`` are the pictures.

Example:
    >>> few = faces(10, size=16)
    >>> few.train.view(-1, few.channels, few.size, few.size).shape
    torch.Size([8, 3, 16, 16])
"""

from .base import ImageSet
from .faces import FACTORS, draw, faces, factors
from .folder import folder
from .hub import HUB, Unavailable, hub

__all__ = ["FACTORS", "HUB", "ImageSet", "Unavailable", "draw", "faces", "factors", "folder", "hub"]
