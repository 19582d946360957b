"""Solutions of the exercises of Chapter 4 that the chapter leaves open."""

import math

import torch

from gen_lib import data


def exercise_4() -> None:
    r"""A shop with four codes.

    The total is D + βR. From (0, 8) to (2, 4) a nat saves 2, from (2, 4) to (5, 2) it saves 2/3. So (0, 8) is the best
    for β > 2, (2, 4) for 2/3 < β < 2, and (5, 2) for β < 2/3. The code (3, 3.7) is never bought: at the rate 3 the line
    from (2, 4) to (5, 2) has the distortion 10/3, which is less. Every price selects a point at which a straight line
    touches the set of codes from below. So the curve of section 1 shows only the convex lower boundary of what is
    possible: codes above it may exist, but no price selects them.
    """
    codes = torch.tensor([[0.0, 8.0], [2.0, 4.0], [3.0, 3.7], [5.0, 2.0]])
    for price, best in ((0.1, 3), (0.6, 3), (0.7, 1), (1.9, 1), (2.1, 0), (9.0, 0)):
        assert (codes[:, 1] + price * codes[:, 0]).argmin() == best
    every = torch.linspace(0, 10, 10_001)
    assert 2 not in (codes[:, 1:] + every * codes[:, :1]).argmin(0)


def exercise_5() -> None:
    r"""The slope of the linear curve.

    Let k directions have ℓᵢ > τ. Only these depend on τ: dD/dτ = k / (2σ²) and dR/dτ = -k / (2τ). The quotient is
    dD/dR = -τ/σ² = -β, whatever k is: the curve has no kink where a latent leaves. If k latents are in use at both
    prices, the rate rises by k · ½ log 2 = 0.35 k nats when β falls from 1 to ½, for eight latents by 2.8 nats. The
    eigenvalues themselves do not matter, as long as they exceed σ².
    """
    sigma = 0.25
    eigenvalues = torch.linalg.eigvalsh(data.digits().train.double().T.cov(correction=0)).flip(0)[:8]

    def curve(beta: float) -> tuple[float, float]:
        tau = beta * sigma**2
        distortion = torch.minimum(eigenvalues, torch.tensor(tau)).sum() / (2 * sigma**2)
        return distortion.item(), (eigenvalues / tau).log().clamp_min(0).sum().item() / 2

    for beta in (0.5, 1.0, 3.0, 6.0):  # eight latents are in use at the first two, fewer at the others
        (d_low, r_low), (d_high, r_high) = curve(beta * 0.999), curve(beta * 1.001)
        assert abs((d_high - d_low) / (r_high - r_low) + beta) < 1e-3 * beta
    assert abs(curve(0.5)[1] - curve(1.0)[1] - 8 * math.log(2) / 2) < 1e-6
