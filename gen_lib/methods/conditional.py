"""A flow that can be told a class, and guidance: more of what the label adds than there is."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from .. import check, draws
from ..couplings import independent
from ..method import Method, Turn, factory
from ..nets import NO_LABEL, Sizes
from ..nets.fields import Field
from ..shapes import Points, States


def parted(labelled: Tensor) -> tuple[Points, Tensor]:
    """Points and labels of labelled points, ``(*members, n, d + 1)``: the label is the last coordinate.

    Example:
        >>> x, c = parted(torch.tensor([[0.5, 1.5, 7.0]]))
        >>> x.tolist(), c.tolist()
        ([[0.5, 1.5]], [[7.0]])
    """
    return labelled[..., :-1], labelled[..., -1:]


def guided(net: Callable[..., Tensor], labels: Tensor, guidance: float) -> Callable[..., Points]:
    r"""The field of a class, moved on from that of all data: classifier-free guidance.

    .. math:: v_g(x, t) = v(x, t) + g\, \big( v(x, t \mid c) - v(x, t) \big)

    With g = 1 it is the field of the class, with g = 0 that of all data; each is then evaluated alone.

    Args:
        net: called as ``net(x_t, t, labels=labels)``, and without labels
        labels: the classes c, shape ``(n, 1)`` or ``(*members, n, 1)``
        guidance: g

    Returns:
        a field, called as the net without labels

    Raises:
        ValueError: a guidance that is not finite

    References:
        Classifier-Free Diffusion Guidance (Ho and Salimans, 2022), arXiv 2207.12598, whose w is g - 1

    Example:
        >>> field = guided(lambda x, t, labels=None: x if labels is None else x + labels, torch.ones(1, 1), 3.0)
        >>> field(torch.zeros(1, 1), torch.zeros(1, 1)).item()
        3.0
    """
    check.number("guidance", guidance)
    told = partial(net, labels=labels)
    if guidance in (0, 1):
        return told if guidance else net
    return lambda x_t, *times: torch.lerp(net(x_t, *times), told(x_t, *times), float(guidance))


@factory
def conditional(method: Method, classes: int, drop: float = 0.1) -> Method:
    r"""A method of flows that learns the field of every class, and that of all data, in one net.

    It trains on labelled points: their last coordinate is the class, a whole number from 0. A label is dropped with
    a small probability, and then the net learns the field of all data. So data have one dimension more than noise:
    ``conditional(fm(), classes=10).build(dim=65, latent=64)``.

    ``push(net, z, labels=c, guidance=g)`` follows :func:`guided`, with all further choices of the method;
    ``push(net, z)`` makes samples of all data. ``encode`` and ``density`` take labelled points.

    Args:
        method: such as ``fm()``, whose net is a :class:`~gen_lib.nets.fields.Field`; other pairs than independent ones
            would give a class the noise near it, and ``push`` could not know which
        classes: number of them
        drop: probability of dropping a label

    Raises:
        ValueError: a method whose net has no times, one with other pairs; classes below 1; drop not a probability

    References:
        Classifier-Free Diffusion Guidance (Ho and Salimans, 2022), arXiv 2207.12598

    Example:
        >>> from gen_lib.methods import fm
        >>> two = conditional(fm(), classes=2)
        >>> net = two.build(dim=2, latent=1)
        >>> two.push(net, torch.zeros(3, 1), labels=torch.ones(3, 1), guidance=4.0, steps=5)[-1].shape
        torch.Size([3, 1])
    """
    classes = check.whole("classes", classes, least=1)
    check.fraction("drop", drop)
    lone = method.build(dim=1, hidden=(1,))
    if not isinstance(lone, Field):
        raise ValueError(f"method must be one of flows, whose net is a Field, got one with a {type(lone).__name__}")
    if method.coupling is not independent:
        raise ValueError("method must have independent pairs: others depend on the label, which noise has not")

    def architecture(dim: int, latent: int, hidden: Sizes, members: Sizes) -> Field:
        return Field(dim, latent, hidden, members, lone.times, classes)

    def loss(net: Callable[..., Tensor], z: Points, x: Tensor) -> Tensor:
        points, labels = parted(x)
        dropped = draws.uniform(tuple(labels.shape), like=labels) < drop
        return method.loss(partial(net, labels=labels.masked_fill(dropped, NO_LABEL)), z, points)

    def push(
        net: Callable[..., Tensor], z: Points, labels: Tensor | None = None, guidance: float = 1.0, **choices: object
    ) -> States:
        return method.push(net if labels is None else guided(net, labels, guidance), z, **choices)

    def of_its_class(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def labelled(net: Callable[..., Tensor], x: Tensor, **choices: object) -> Tensor:
            points, labels = parted(x)
            return function(partial(net, labels=labels), points, **choices)

        return labelled

    return Method(
        architecture=architecture,
        turns=(Turn("", loss),),
        push=push,
        encode=method.encode and of_its_class(method.encode),
        density=method.density and of_its_class(method.density),
    )
