"""Solutions of the exercises of Chapter 2 that the chapter leaves open."""

import math

import torch
from torch.distributions import Normal

from gen_lib.methods.vae import kl_per_latent


def exercise_4() -> None:
    r"""Clouds that fill the prior.

    The mean of μ² over the data is its variance, 1 - σ². So the mean of (4) is ½ (1 - σ² + σ² - 1 - log σ²) = -log σ:
    only the width counts. At σ = ½ the latent costs log 2 = 0.69 nats, one bit: its cloud is half as wide as the prior.
    Three nats need σ = e⁻³ = 0.05. So every nat makes the clouds narrower by a factor e, and e times as many of them
    find room under the prior.
    """
    for sigma, nats in ((0.5, math.log(2)), (math.exp(-3), 3.0)):
        means = torch.linspace(-1, 1, 1001, dtype=torch.float64)[:, None]
        means = means / means.std(correction=0) * math.sqrt(1 - sigma**2)
        log_variance = torch.full_like(means, 2 * math.log(sigma))
        assert abs(kl_per_latent(means, log_variance).mean().item() - nats) < 1e-9


def exercise_5() -> None:
    r"""Where the mean KL goes.

    Put log q(z) - log q(z) into the mean KL: (1/N) Σ E[log q(z|xᵢ) - log p(z)], the expectation under q(z|xᵢ), is

        (1/N) Σ KL(q(z|xᵢ) ‖ q(z)) + (1/N) Σ E[log q(z) - log p(z)],

    and the last mean over i is an expectation under q(z), that is KL(q(z) ‖ p(z)). The first term is the mutual
    information of image and code: how many nats the code carries about which image it came from. It is at most log N,
    since log N nats tell N images apart. The second says how far all clouds together are from the prior, so
    what is wrong with samples that are decoded from the prior; it has no upper limit and can exceed log N. A KL is
    never negative, so each of the two is at most the mean KL. Hence the mean KL bounds what the code carries.
    """
    mean = torch.tensor([-2.0, -0.5, 0.3, 1.4], dtype=torch.float64)
    std = torch.tensor([0.3, 0.6, 0.9, 0.5], dtype=torch.float64)
    z = torch.linspace(-10, 10, 20_001, dtype=torch.float64)[:, None]
    clouds = Normal(mean, std).log_prob(z)
    together = clouds.exp().mean(1, keepdim=True).log()
    prior = Normal(0.0, 1.0).log_prob(z)

    def integral(values: torch.Tensor) -> torch.Tensor:
        return torch.trapezoid(values, z[:, 0], dim=0)

    carried = integral(clouds.exp() * (clouds - together)).mean().item()
    away = integral(together.exp() * (together - prior)).item()
    total = kl_per_latent(mean[:, None], 2 * std.log()[:, None]).mean().item()
    assert abs(carried + away - total) < 1e-6
    assert 0 < carried < math.log(4)
    assert away > 0
    # Moved away from the prior, the code carries the same and costs more.
    far = kl_per_latent(mean[:, None] + 5, 2 * std.log()[:, None]).mean().item()
    assert far - carried > math.log(4)
