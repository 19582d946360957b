"""A method that the library does not have, as anybody would add one: consistency training with a stochastic sampler."""

from itertools import pairwise

import torch
from torch import Generator, Tensor

from gen_lib import Method, Turn, draws
from gen_lib.method import factory
from gen_lib.nets import Field
from gen_lib.paths import line, uniform
from gen_lib.samplers import clock, times


def end(net, x_t: Tensor, t: Tensor) -> Tensor:
    r"""Where the flow through a point ends, exact at the data: :math:`f(x_t, t) = x_t + (1 - t) F(x_t, t)`."""
    return x_t + (1 - t) * net(x_t, t)


@factory
def consistency(gap: float = 0.05) -> Method:
    r"""Two neighbours on a path end at the same point.

    .. math:: \| f(x_t, t) - \mathrm{sg} f(x_{t + h}, t + h) \|^2

    References:
        Consistency Models (Song et al., 2023), arXiv 2303.01469
    """

    def loss(net, z: Tensor, x: Tensor) -> Tensor:
        t = (1 - gap) * uniform(x)
        here, ahead = line(z, x, t)[0], line(z, x, t + gap)[0]
        return (end(net, here, t) - end(net, ahead, t + gap).detach()).square().sum(-1)

    def push(net, z: Tensor, steps: int = 4, generator: Generator | None = None) -> list[Tensor]:
        """Jump to the end; each further step goes back to a time with fresh noise and jumps again."""
        states = [z]
        for t, following in pairwise(times(steps)):
            x = end(net, states[-1], clock(t, z))
            states.append(torch.lerp(draws.normal(tuple(z.shape), generator, like=z), x, following))
        return states

    return Method(architecture=Field, turns=(Turn("", loss),), push=push)
