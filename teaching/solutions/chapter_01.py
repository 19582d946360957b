"""Solutions of the exercises of Chapter 1 that the chapter leaves open."""

import torch

from gen_lib import couplings, data
from gen_lib.data import GaussianMixture


def exercise_4() -> None:
    r"""A map that you can write down.

    The distribution function of N(3, 2²) is F(x) = Φ((x - 3) / 2), so T(z) = F⁻¹(Φ(z)) = 3 + 2z. Along this map
    E (T(z) - z)² = E (3 + z)² = 9 + 1 = 10. For independent pairs E (x - z)² = (E x)² + Var x + Var z = 9 + 4 + 1 = 14.
    The covariance of noise and datum explains the difference: E (x - z)² = (E x)² + Var x + Var z - 2 Cov(z, x). It is
    0 for independent pairs, and Cov(z, 3 + 2z) = 2 for sorted ones, the largest value that two standard deviations of 1
    and 2 allow. So optimal transport saves 2 · 2 = 4. What is left is the squared difference of the means, 9, plus the
    squared difference of the standard deviations, 1.
    """
    law = GaussianMixture(torch.ones(1), torch.tensor([[3.0]]), torch.tensor([[[4.0]]]))
    z = torch.linspace(-3, 3, 61, dtype=torch.float64)
    transport = law.quantile(torch.special.ndtr(z))[:, 0]
    assert (transport - (3 + 2 * z)).abs().max() < 1e-4
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(20_000, 1, generator=generator)
    points = law.sample(20_000, generator)
    for pairing, exact in ((couplings.independent, 14), (couplings.optimal, 10)):
        a, b = pairing(noise, points)
        assert abs((a - b).square().mean().item() - exact) < 0.3


def exercise_5() -> None:
    r"""A batch of two.

    The partner of z is the smaller of the two data if the other noise sample is larger than z, which has probability
    1 - Φ(z). So E[x | z] = (1 - Φ(z)) E min + Φ(z) E max. Since min + max = x₁ + x₂ and max - min = |x₁ - x₂|, we have
    E min = m - Δ/2 and E max = m + Δ/2 with Δ = E |x₁ - x₂|, and

        D(z) = m + (2 Φ(z) - 1) Δ/2.

    The factor 2 Φ(z) - 1 lies between -1 and 1, so no output is farther than Δ/2 from m. Whatever the data, the map is
    the same smooth curve, moved and scaled: two modes cannot be seen in pairs from batches of two.
    """
    law = data.mixture_1d()
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(50_000, 2, 1, generator=generator)
    x = law.sample((50_000, 2), generator)
    partner = couplings.optimal(z, x)[1].flatten()
    mean, apart = law.mean.item(), (x[:, 0] - x[:, 1]).abs().mean().item()
    noise = z.flatten()
    for low, high in ((-2.0, -1.0), (-1.0, 0.0), (0.0, 1.0), (1.0, 2.0)):
        inside = (noise > low) & (noise < high)
        predicted = mean + (2 * torch.special.ndtr(noise[inside]) - 1).mean() * apart / 2
        assert abs(partner[inside].mean() - predicted) < 0.05
