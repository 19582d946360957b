"""BackFlow: one average velocity for both directions, so that one step decodes and one step encodes."""

from collections.abc import Callable
from dataclasses import replace

from torch import Tensor

from .. import check
from ..couplings import optimal
from ..method import Coupling, Method, Turn, factory
from ..paths import Path, TimeDraw, line, two_times, uniform
from ..samplers import jump
from ..shapes import PerSample, Points
from .meanflow import improved_identity, meanflow, robust


def encode(net: Callable[..., Tensor], x: Points, steps: int = 1) -> Points:
    r"""Jump backwards, from data to noise.

    .. math:: z = x - u(x, 1, 0) \quad \text{in one step}

    Args:
        net: average velocity that has learned both orders of its times, called as ``net(x_t, t, r)``
        x: data, shape ``(*members, n, d)``
        steps: number of jumps

    Returns:
        z, shape of x
    """
    return jump(net, x, steps, start=1.0, end=0.0)[-1]


@factory
def backflow(
    p: float | Tensor = 0.0,
    *,
    same: float = 0.25,
    time: TimeDraw = uniform,
    coupling: Coupling = optimal,
    path: Path = line,
) -> Method:
    r"""The improved MeanFlow loss with both orders of the times, on optimal pairs.

    .. math:: \| u_\theta(x_t, t, r) - (r - t)\, \mathrm{sg}(du_\theta/dt) - v \|^2, \qquad t, r \text{ independent}

    Args:
        p: exponent of the robust weight, at least 0; a tensor ``(*members, 1)`` gives each member its own
        same: probability of r = t
        time: draws both times, in any order
        coupling: which noise is paired with which datum
        path: from noise to data

    Raises:
        ValueError: p negative, same outside [0, 1]

    References:
        Improved Mean Flows: On the Challenges of Fastforward Generative Models (Geng et al., 2025), arXiv 2512.02012;
        both directions: BiFM: Bidirectional Flow Matching for Few-Step Image Editing and Generation (Dai et al., 2026),
        arXiv 2603.24942; optimal pairs: Transport Based Mean Flows for Generative Modeling (Akbari et al., 2025),
        arXiv 2509.22592
    """
    check.number("p", p, least=0)
    check.fraction("same", same)

    def loss(net: Callable[..., Tensor], z: Points, x: Points) -> PerSample:
        t, r = two_times(x, time, same, ordered=False)
        return robust(improved_identity(net, z, x, t, r, path).square().sum(-1), p)

    return replace(meanflow(coupling=coupling), turns=(Turn("", loss),), encode=encode)
