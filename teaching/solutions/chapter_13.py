"""Chapter 13, guidance, memory and judges."""

from itertools import combinations

import torch

from gen_lib import metrics, samplers, truth
from gen_lib.data import GaussianMixture


def exercise_4() -> None:
    r"""With (4, 3, 2), (1, 0, 0) the fraction is 9/10 and the p-value 1/20; with (4, 3, 1), (2, 0, 0) 8/10 and 1/10.

    The largest sum of three of the numbers 4, 3, 2, 1, 0, 0 is 4 + 3 + 2 = 9, in one of the 20 choices. In the second
    case the stored points have the same six numbers. Of their choices one has the sum 9 and one the sum 8, so two of 20
    reach 8. With three points of each kind no p-value can be below 1/20: few stored points prove little.
    """

    def samples(hits: tuple[int, ...]) -> torch.Tensor:
        """As many points at each stored one, which stand at 0, 1, ..., 5."""
        return torch.arange(6.0).repeat_interleave(torch.tensor(hits))[:, None] + 0.1

    stored = torch.arange(6.0)[:, None]
    for hits, fraction, p_value in (((4, 3, 2, 1, 0, 0), 0.9, 1 / 20), ((4, 3, 1, 2, 0, 0), 0.8, 2 / 20)):
        sums = [sum(choice) for choice in combinations(hits, 3)]
        assert len(sums) == 20
        assert sum(total >= sum(hits[:3]) for total in sums) / 20 == p_value
        found = metrics.copies(samples(hits), stored[:3], stored[3:])
        assert abs(found.fraction.item() - fraction) < 1e-6
        assert abs(found.p_value.item() - p_value) < 1e-6


def exercise_5() -> None:
    r"""Both are N(g m, 1): with equal variances guidance is right.

    At time t both are Gaussians of variance :math:`V = (1 - t)^2 + t^2`, so the fields are :math:`a_t x` for all data
    and :math:`m + a_t (x - t m)` for the class, with the same :math:`a_t = (2 t - 1) / V`. Their difference is
    :math:`m (1 - t a_t) = m (1 - t) / V`, the same at every x. So guidance with g follows the field of a class with the
    mean g m, and ends in N(g m, 1). The tilted density is
    :math:`\exp(-\frac g2 (x - m)^2 - \frac{1 - g}2 x^2) \propto \exp(-\frac12 (x - g m)^2)`.

    With two modes the classifier is certain beyond them, so the difference falls to zero there, at late times and not
    at early ones: it depends on x and t, and what an early push has done stays done.
    """

    def gaussian(mean: float) -> GaussianMixture:
        return GaussianMixture(torch.ones(1), torch.tensor([[mean]]), torch.ones(1, 1, 1))

    m, g = 0.75, 3.0
    x = torch.linspace(-3, 3, 7, dtype=torch.float64)[:, None]
    for t in (0.0, 0.3, 0.8, 1.0):
        apart = truth.velocity(gaussian(m), x, t) - truth.velocity(gaussian(0.0), x, t)
        assert torch.allclose(apart, torch.full_like(x, m * (1 - t) / ((1 - t) ** 2 + t**2)))
    end = samplers.heun(lambda x, t: truth.guided_velocity(gaussian(m), gaussian(0.0), x, t, g), x, 400)[-1]
    assert torch.allclose(end, x + g * m, atol=1e-4)
    tilted = truth.Tilted(gaussian(m), gaussian(0.0), g)
    assert abs(tilted.mean.item() - g * m) < 1e-9
    assert abs(tilted.variance.item() - 1) < 1e-9
