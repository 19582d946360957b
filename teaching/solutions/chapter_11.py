"""Chapter 11, all methods side by side."""

import itertools
import math

import torch

from gen_lib import data, metrics
from gen_lib.data import GaussianMixture


def exercise_4() -> None:
    r"""In the order of size 0 goes to 1, 1 to 2 and 5 to 3: :math:`(1 + 1 + 2) / 3 = 4/3`. Moved by 10 it is 10.

    On the line the sorted assignment is optimal. 0 to 3, 1 to 2 and 5 to 1 costs :math:`(3 + 1 + 4) / 3 = 8/3`. After
    the move every point of the first set has to go right, so each assignment costs the difference of the means,
    12 - 2 = 10: of a set that is far away :math:`W_1` measures how far it is, and no longer its shape.
    """
    x, y = torch.tensor([0.0, 1, 5]), torch.tensor([1.0, 2, 3])
    costs = sorted((x - y[list(order)]).abs().mean().item() for order in itertools.permutations(range(3)))
    assert abs(costs[0] - 4 / 3) < 1e-6
    assert abs(costs[-1] - 8 / 3) < 1e-6
    assert abs(metrics.w1(x[:, None], y[:, None]).item() - costs[0]) < 1e-6

    moved = {(x - y[list(order)] - 10).abs().mean().item() for order in itertools.permutations(range(3))}
    assert max(moved) - min(moved) < 1e-5
    assert abs(metrics.w1(x[:, None], y[:, None] + 10).item() - 10) < 1e-5


def exercise_5() -> None:
    r"""From a single point a all the mass must travel, so :math:`W_1 = E |x - a|`; the best point is the median, -1.55.

    For a Gaussian :math:`E |x - a| = s \sqrt{2 / \pi}\, e^{-d^2 / 2} + s d\, (1 - 2 \Phi(-d))` with d = (m - a) / s.
    At the mean a = -0.8 this gives 0.7 x 1.25 + 0.3 x 2.80 = 1.71. The derivative of E |x - a| is P(x < a) - P(x > a),
    which is zero at the median. There :math:`W_1` is 1.58, somewhat better. The absolute error finds the median, the
    squared error the mean.
    """
    mixture = data.mixture_1d()
    mean, std = mixture.means[:, 0].double(), mixture.covariances[:, 0, 0].sqrt().double()

    def distance(a: float) -> torch.Tensor:
        d = (mean - a) / std
        bell = math.sqrt(2 / math.pi) * (-(d**2) / 2).exp()
        return mixture.weights.double() @ (std * (bell + d * torch.erf(d / math.sqrt(2))))

    def point(a: float, mixture: GaussianMixture = mixture) -> float:
        return metrics.w1(torch.full((2000, 1), a), mixture).item()

    median = mixture.quantile(torch.tensor([0.5], dtype=torch.float64)).item()
    for a in (-0.8, median, 1.0):
        assert abs(point(a) - distance(a).item()) < 1e-3
    assert abs(point(-0.8) - 1.71) < 0.01
    assert abs(median + 1.55) < 0.01
    assert abs(point(median) - 1.58) < 0.01
    assert point(median) < point(-0.8)
    assert point(median) < min(point(median - 0.1), point(median + 0.1))
