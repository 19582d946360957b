"""Layers that hold many members: one affine map, and several with an activation between them."""

from collections.abc import Callable, Sequence
from math import sqrt

import torch
from torch import Tensor, nn

from .. import check, draws
from ..shapes import Sizes as Sizes


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

    @property
    def members(self) -> Sizes:
        """Shape of the members."""
        return tuple(self.weight.shape[:-2])

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(*members, n, in)`` to ``(*members, n, out)``; points without members are given to all of them.

        Raises:
            ValueError: another number of features, other members, another precision
        """
        _check([x], self)
        return self.columns(x.mT).mT

    def columns(self, h: Tensor) -> Tensor:
        """The same with one column per point, ``(*members, in, n)`` to ``(*members, out, n)``.

        Where there are few features, as in and behind the first and last layer of most nets here, the matrix products
        take less time than with one row per point (``make bench``, section step).
        """
        weight, bias = self.weight.mT, self.bias.mT
        if h.ndim == weight.ndim == 3:
            return torch.baddbmm(bias, weight, h)  # one call instead of two
        return torch.addmm(bias, weight, h) if h.ndim == weight.ndim == 2 else weight @ h + bias


class Dropout(nn.Module):
    r"""In training every number is dropped with probability p, and those that stay are enlarged to keep the mean.

    .. math:: y = \frac{b\, x}{1 - p}, \qquad b \sim \text{Bernoulli}(1 - p)

    In evaluation mode (``net.eval()``) nothing happens. The coins come from :mod:`gen_lib.draws`, so that in training
    every member has its own.

    Args:
        p: the probability, from 0 to below 1

    Raises:
        ValueError: another p

    References:
        Dropout: A Simple Way to Prevent Neural Networks from Overfitting (Srivastava et al., 2014),
        https://jmlr.org/papers/v15/srivastava14a.html

    Example:
        >>> sorted(Dropout(0.5)(torch.ones(100)).unique().tolist()), Dropout(0.5).eval()(torch.ones(2)).tolist()
        ([0.0, 2.0], [1.0, 1.0])
    """

    def __init__(self, p: float):
        super().__init__()
        check.fraction("dropout", p)
        if p == 1:
            raise ValueError(f"dropout must lie from 0 to below 1, got {p}")
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """The numbers that stay, shape of x, which begins with the members."""
        if not self.training:
            return x
        return x * (draws.uniform(tuple(x.shape), like=x) >= self.p) / (1 - self.p)

    def extra_repr(self) -> str:
        """What the printed net says of it."""
        return f"p={self.p:g}"


class MLP(nn.Module):
    """Layers of :class:`Linear` with a smooth activation between them.

    Several inputs are put side by side: a velocity field is called as ``net(x_t, t)``.

    Args:
        inputs: number of input features, all inputs together
        outputs: number of output features
        hidden: widths of the hidden layers
        members: shape of the members
        activation: makes the activation between layers, a function of each number alone
        dropout: probability of :class:`Dropout` behind every activation

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
        dropout: float = 0.0,
    ):
        super().__init__()
        widths = (inputs, *hidden)
        layers: list[nn.Module] = []
        for width, following in zip(widths, hidden, strict=False):
            layers += [Linear(width, following, members), activation(), *([Dropout(dropout)] if dropout else [])]
        self.layers = nn.Sequential(*layers, Linear(widths[-1], outputs, members))

    def forward(self, *inputs: Tensor) -> Tensor:
        """Outputs of shape ``(*members, n, outputs)``; inputs without members are given to all of them.

        Raises:
            ValueError: another number of features, other members, another precision
        """
        h = _columns(inputs, self.layers[0])
        for layer in self.layers:
            h = layer.columns(h) if isinstance(layer, Linear) else layer(h)
        return h.mT

    def along(self, inputs: Sequence[Tensor], direction: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        r"""Outputs, and their derivative in a direction: the chain rule, carried forwards from layer to layer.

        .. math:: h \mapsto h W + b, \quad \dot h \mapsto \dot h\, W; \qquad
            h \mapsto a(h), \quad \dot h \mapsto a'(h)\, \dot h

        The numbers are those of ``torch.func.jvp``; loss and gradient with them take about half of the time
        (``make bench``, section derivative). No gradient flows through the derivative.

        Args:
            inputs: as in a call of the net, each of shape ``(*members, n, inputs)``
            direction: how each of them moves, same shapes

        Returns:
            outputs and derivative, both of shape ``(*members, n, outputs)``

        Example:
            >>> net = MLP(1, 1, hidden=())
            >>> _, slope = net.along([torch.zeros(4, 1)], [torch.ones(4, 1)])
            >>> bool((slope == net.layers[0].weight).all())
            True
        """
        h, moves = _columns(inputs, self.layers[0]), _columns(direction, self.layers[0])
        for layer in self.layers:
            if isinstance(layer, Linear):
                h, moves = layer.columns(h), layer.weight.detach().mT @ moves
            else:  # of one number each: its Jacobian is diagonal, so the product from the left is that from the right
                with torch.enable_grad():
                    at = h if h.requires_grad else h.detach().requires_grad_()
                    h = layer(at)
                (moves,) = torch.autograd.grad(h, at, moves, retain_graph=True)
        return h.mT, moves.mT.detach()


def _columns(inputs: Sequence[Tensor], layer: nn.Module) -> Tensor:
    """Inputs of shape ``(*members, n, inputs)`` one above the other, one column per point, if the layer can take them.

    Those without members are given to all members of the others.
    """
    _check(inputs, layer)
    lead = max((x.shape[:-2] for x in inputs), key=len)
    return torch.cat([(x if x.ndim == len(lead) + 2 else x.expand(*lead, -1, -1)).mT for x in inputs], -2)


def _check(inputs: Sequence[Tensor], layer: nn.Module) -> None:
    """Refuse what the layer cannot take."""
    assert isinstance(layer, Linear)
    *members, features, _ = layer.weight.shape
    shapes, types = [tuple(x.shape) for x in inputs], {x.dtype for x in inputs}
    lead = max((shape[:-2] for shape in shapes), key=len)
    if any(len(shape) < 2 or shape[:-2] not in (lead, ()) or shape[-2] != shapes[0][-2] for shape in shapes):
        raise ValueError(f"inputs must have the same members and points, got shapes {shapes}")
    if sum(shape[-1] for shape in shapes) != features:
        raise ValueError(f"inputs must have {features} features, all together, got shapes {shapes}")
    if any(a != b and 1 not in (a, b) for a, b in zip(lead[::-1], members[::-1], strict=False)):
        raise ValueError(f"inputs must have no members or those of the net, {tuple(members)}, got shapes {shapes}")
    if types != {layer.weight.dtype} and not torch.is_autocast_enabled(layer.weight.device.type):
        raise ValueError(f"inputs must be in the precision of the net, {layer.weight.dtype}, got {types}")


def leaky() -> nn.Module:
    """The activation of adversarial nets: a slope of 0.2 keeps gradients alive where a unit is off."""
    return nn.LeakyReLU(0.2)
