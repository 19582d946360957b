"""Chapter 5, mode collapse."""

import math

import torch
from torch.distributions import Normal
from torch.nn.functional import softplus

from gen_lib import data, methods, metrics


def exercise_4() -> None:
    r"""The best constant is c = 0, its loss is :math:`2 \log 2 = 1.39`, and the generator gets no gradient at all.

    The loss (1) of a constant is softplus(-c) + softplus(c). Its derivative, :math:`\sigma(c) - \sigma(-c)`, is zero at
    c = 0 only, and it is convex. The generator's gradient contains the slope of D at the samples, which is zero. At the
    first steps of section 8 the critic's loss is near 1.39: the critic cannot decide yet, though the samples are bad.
    """
    constants = torch.linspace(-3, 3, 601, dtype=torch.float64)
    losses = softplus(-constants) + softplus(constants)
    assert constants[losses.argmin()].abs() < 1e-9
    assert abs(losses.min().item() - 2 * math.log(2)) < 1e-12

    gan = methods.gan()
    net = gan.build(dim=2, seed=0)
    net.critic = _Constant(net.critic)
    z, x = torch.randn(2, 64, 2, generator=torch.Generator().manual_seed(0))
    critic_turn, generator_turn = gan.turns
    assert (critic_turn.loss(net, z, x) - 2 * math.log(2)).abs().max() < 1e-6
    generator_turn.loss(net, z, x).mean().backward()
    assert all(p.grad is None or not p.grad.any() for p in net.generator.parameters())


class _Constant(torch.nn.Module):
    """A critic that gives every point 0."""

    def __init__(self, critic: torch.nn.Module):
        super().__init__()
        self.critic = critic

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 0 * self.critic(x)


def exercise_5() -> None:
    r"""The fraction is :math:`2 \Phi(-\operatorname{artanh}(0.97) / k)`; 99 % needs k = 167.

    A sample is of high quality if :math:`|\tanh(k z)| \ge 0.97`, that is :math:`|z| \ge 2.09 / k`. With 99 % in the
    tails, 2.09 / k is the quantile of 0.505, which is 0.0125. A generator with slopes up to L that reaches both modes
    must cross the gap, from -0.97 to 0.97, on an interval of noise at least 1.94 / L wide. Every interval has a
    positive probability under the normal distribution, so some samples are always on the bridge.
    """
    normal, edge = Normal(torch.zeros((), dtype=torch.float64), 1), math.atanh(0.97)
    modes = data.GaussianMixture(torch.full((2,), 0.5), torch.tensor([[-1.0], [1.0]]), torch.full((2, 1, 1), 1e-4))
    z = torch.randn(200_000, 1, generator=torch.Generator().manual_seed(0))
    for k in (3.0, 20.0, 167.0):
        fraction = 2 * normal.cdf(torch.tensor(-edge / k, dtype=torch.float64)).item()
        measured = metrics.modes_covered((k * z).tanh(), modes).high_quality
        assert abs(measured.item() - fraction) < 0.004
    needed = edge / normal.icdf(torch.tensor(0.505, dtype=torch.float64)).item()
    assert abs(needed - 167) < 0.5

    crossing = 2 * edge / needed  # noise on the bridge of the tanh, whose largest slope is k
    assert crossing > 1.94 / needed
