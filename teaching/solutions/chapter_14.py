"""Chapter 14, laboratory."""

import math

import torch
from torch.distributions import Normal, kl_divergence

from gen_lib.methods.vae import kl_per_latent


def exercise_4() -> None:
    r"""The KL is :math:`\tfrac12 (1 + v - 1 - \log v)`: least at v = 1, where it is 1/2 nat.

    That is the price of the mean alone. With means of 2 and -2 and variance 1/4 the KL is
    :math:`\tfrac12 (4 + \tfrac14 - 1 + \log 4) = 2.32` nats, though one of two classes takes only
    :math:`\log 2 = 0.69`. The KL is charged against the prior N(0, 1), and the two Gaussians together are not it:
    the mean over images of the KL is the information of the code plus the divergence of the mixture of all posteriors
    from the prior. The second part is paid for nothing.
    """

    def nats(mean: float, variance: torch.Tensor) -> torch.Tensor:
        posterior = torch.full_like(variance, mean), variance.log()
        found = kl_per_latent(*(part[:, None] for part in posterior))[:, 0]
        exact = kl_divergence(Normal(posterior[0], variance.sqrt()), Normal(0, 1))
        assert (found - exact).abs().max() < 1e-9
        return found

    v = torch.linspace(0.1, 4, 391, dtype=torch.float64)
    least, at = nats(1.0, v).min(0)
    assert abs(v[at] - 1) < 1e-9
    assert abs(least - 0.5) < 1e-9

    quarter = torch.tensor([0.25], dtype=torch.float64)
    cost = nats(2.0, quarter).item()
    assert abs(cost - 2.32) < 0.005

    x = torch.linspace(-8, 8, 4001, dtype=torch.float64)  # cost = information + divergence of the mixture
    classes = [Normal(mean, 0.5).log_prob(x) for mean in (-2, 2)]
    mixture = torch.logsumexp(torch.stack(classes), 0) - math.log(2)
    information = torch.trapezoid(classes[0].exp() * (classes[0] - mixture), x).item()
    wasted = torch.trapezoid(mixture.exp() * (mixture - Normal(0, 1).log_prob(x)), x).item()
    assert abs(information - math.log(2)) < 0.001
    assert abs(information + wasted - cost) < 0.001


def exercise_5() -> None:
    r"""About 1,640 images each: :math:`n = 4 (0.9 \cdot 0.1 + 0.92 \cdot 0.08) / 0.02^2`.

    A fraction p of n independent images has the variance p (1 - p) / n, and variances of independent numbers add up.
    On the same images most answers of two models agree, and images on which they agree do not change the difference:
    its variance is at most the fraction on which they differ, over n. If the better model repairs 3 of 100 images and
    spoils 1, that is 0.04, a quarter of the sum above, and about 400 images are enough.
    """
    spread = 0.9 * 0.1 + 0.92 * 0.08
    needed = 4 * spread / 0.02**2
    assert abs(needed - 1636) < 1

    random = torch.Generator().manual_seed(0)
    first, second = (torch.rand(4000, 1636, generator=random) < p for p in (0.9, 0.92))
    apart = second.double().mean(1) - first.double().mean(1)
    assert abs(apart.mean() - 0.02) < 0.001
    assert abs(apart.std() - 0.01) < 0.0005  # so 0.02 is two standard errors

    u = torch.rand(4000, 409, generator=random)  # repaired below 0.03, spoilt above 0.99
    change = (u < 0.03).double() - (u > 0.99).double()
    assert abs(change.mean() - 0.02) < 0.001
    assert abs(change.mean(1).std() - 0.01) < 0.0005
    assert 0.24 < 0.04 / spread < 0.25
