"""Layers that hold many members: one affine map, and several with an activation between them."""

from collections.abc import Callable
from math import sqrt

import torch
from torch import Tensor, nn

Sizes = tuple[int, ...]


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


def leaky() -> nn.Module:
    """The activation of adversarial nets: a slope of 0.2 keeps gradients alive where a unit is off."""
    return nn.LeakyReLU(0.2)
