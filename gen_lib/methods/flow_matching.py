"""Flow matching: learn the velocity of paths from noise to data, and follow it."""

from collections.abc import Callable

from torch import Tensor

from ..couplings import independent
from ..density import pushforward_log_prob
from ..method import Coupling, Method, Turn, factory
from ..nets import Field
from ..paths import Path, TimeDraw, line, uniform
from ..samplers import heun
from ..shapes import PerSample, Points, States


def flow_matching(
    net: Callable[..., Tensor], z: Points, x: Points, time: TimeDraw = uniform, path: Path = line
) -> PerSample:
    r"""Regress the velocity of the path from z to x, which is straight unless told otherwise.

    .. math:: \| v_\theta(x_t, t) - (x - z) \|^2

    The minimiser is the *average* velocity of the paths through :math:`x_t`, :math:`E[x - z \mid x_t]`: crossing paths
    untangle.

    Args:
        net: velocity field, called as ``net(x_t, t)``
        z: noise, shape ``(*members, n, d)``
        x: data, same shape
        time: draws one time in [0, 1] per pair
        path: where a pair is at a time, and how fast

    Returns:
        squared error per sample, shape ``(*members, n)``

    References:
        Flow Matching for Generative Modeling (Lipman et al., 2023), arXiv 2210.02747

    Example:
        >>> import torch
        >>> z, x = torch.randn(2, 64, 2)
        >>> flow_matching(lambda x_t, t: x - z, z, x).max()
        tensor(0.)
    """
    t = time(x)
    x_t, v = path(z, x, t)
    return (net(x_t, t) - v).square().sum(-1)


def push(net: Callable[..., Tensor], z: Points, steps: int = 50) -> States:
    """Follow the velocity from noise to data by Heun's method, two evaluations a step.

    Args:
        net: velocity field, called as ``net(x_t, t)``
        z: noise, shape ``(*members, n, d)``
        steps: number of steps

    Returns:
        ``steps + 1`` states, z first
    """
    return heun(net, z, steps)


def encode(net: Callable[..., Tensor], x: Points, steps: int = 50) -> Points:
    """Follow the velocity backwards, from data x to noise, both of shape ``(*members, n, d)``, by Heun's method."""
    return heun(net, x, steps, start=1.0, end=0.0)[-1]


def density(net: Callable[..., Tensor], x: Points, rtol: float = 1e-5, atol: float = 1e-5) -> PerSample:
    """The log-density at x of what the velocity makes of noise: :func:`~gen_lib.density.pushforward_log_prob`."""
    return pushforward_log_prob(net, x, rtol, atol)


@factory
def fm(coupling: Coupling = independent, time: TimeDraw = uniform, path: Path = line) -> Method:
    """Flow matching.

    Args:
        coupling: which noise is paired with which datum
        time: draws one time in [0, 1] per pair
        path: from noise to data

    References:
        Flow Matching for Generative Modeling (Lipman et al., 2023), arXiv 2210.02747; with optimal pairs:
        Improving and generalizing flow-based generative models with minibatch optimal transport (Tong et al., 2024),
        arXiv 2302.00482
    """

    def loss(net: Callable[..., Tensor], z: Points, x: Points) -> PerSample:
        return flow_matching(net, z, x, time, path)

    return Method(
        architecture=Field,
        turns=(Turn("", loss),),
        push=push,
        encode=encode,
        density=density,
        coupling=coupling,
    )
