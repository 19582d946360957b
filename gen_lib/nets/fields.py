"""Velocity fields: nets that know a point, one or more times, and, if they are told, the label of the datum."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

from .. import check
from .layers import MLP, Sizes
from .models import Net

NO_LABEL = -1  # in place of a label: the field of all data together


@final
class Field(Net):
    """A velocity, or an average velocity: called as ``net(x_t, t)`` or ``net(x_t, t, r)``, it gives a vector per point.

    With classes it can be told which of them the datum is of, ``net(x_t, t, labels=c)``. A label enters as one number
    per class, 1 for that class and 0 for the others; all are 0 without a label. Data of such a net are labelled points:
    their last coordinate is the label, so ``dim`` is one more than ``latent``.

    Args:
        dim: dimension of a datum
        latent: that of the noise, which must be that of a point: a flow keeps the dimension
        hidden: widths of the hidden layers
        members: shape of the members
        times: how many times it is called with
        classes: number of different labels; 0 for data without labels

    Attributes:
        times: the same
        classes: the same

    Raises:
        ValueError: latent is not the dimension of a point

    References:
        Classifier-Free Diffusion Guidance (Ho and Salimans, 2022), arXiv 2207.12598

    Example:
        >>> net, x, t = Field(dim=3, latent=2, classes=10), torch.zeros(5, 2), torch.zeros(5, 1)
        >>> net(x, t, labels=torch.full((5, 1), 7.0)).shape, net(x, t).shape
        (torch.Size([5, 2]), torch.Size([5, 2]))
    """

    def __init__(
        self,
        dim: int,
        latent: int,
        hidden: Sizes = (32, 64, 32),
        members: Sizes = (),
        times: int = 1,
        classes: int = 0,
    ):
        super().__init__(dim, latent, members)
        points = dim - 1 if classes else dim
        if latent != points:
            those = "a datum without its label" if classes else "the data"
            raise ValueError(f"latent must be the dimension of {those}, {points}, for a flow, got {latent}")
        self.times, self.classes = times, check.whole("classes", classes, least=0)
        self.map = MLP(latent + times + classes, latent, hidden, members)

    def forward(self, x_t: Tensor, *times: Tensor, labels: Tensor | None = None) -> Tensor:
        """The vector at each point, shape ``(*members, n, d)``.

        Args:
            x_t: points, shape ``(*members, n, d)``
            times: each of shape ``(*members, n, 1)``
            labels: whole numbers from 0, or ``NO_LABEL``, shape ``(n, 1)`` or ``(*members, n, 1)``; none for all points
                if not given

        Raises:
            ValueError: labels that are not those of a class, labels for a net without classes
        """
        return self.map(x_t, *times, *self._told(x_t, labels))

    def along(self, inputs: Sequence[Tensor], direction: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """The vector at each point, and its derivative in a direction: :meth:`~gen_lib.nets.layers.MLP.along`."""
        return self.map.along(inputs, direction)

    def _told(self, x_t: Tensor, labels: Tensor | None) -> list[Tensor]:
        """What the map is told of the labels: nothing, or one number per class."""
        if not self.classes:
            if labels is not None:
                raise ValueError("labels must not be given to a net without classes, got some")
            return []
        if labels is None:
            labels = x_t.new_full((x_t.shape[-2], 1), NO_LABEL)
        told = labels == torch.arange(self.classes, device=x_t.device)
        known = told.any(-1, keepdim=True) | (labels == NO_LABEL)
        if not known.all():
            wrong, most = labels[~known][0].item(), self.classes - 1
            raise ValueError(f"labels must be whole numbers from 0 to {most}, or {NO_LABEL}, got {wrong:g}")
        return [told.to(x_t)]
