from itertools import permutations

import pytest
import torch
from scipy.optimize import linear_sum_assignment

from gen_lib import couplings
from gen_lib.couplings import independent, optimal


def cost(z, x):
    return (z - x).square().sum((-2, -1))


@pytest.mark.parametrize("n", [1, 2, 5, 7])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_optimal_is_the_cheapest_of_all_permutations(n, d):
    z, x = torch.randn(2, n, d)
    paired = cost(*optimal(z, x))
    assert paired <= min(cost(z, x[list(order)]) for order in permutations(range(n))) + 1e-5


@pytest.mark.parametrize("distance", [0.0, 1e3])
@pytest.mark.parametrize(("n", "d"), [(96, 2), (256, 2), (600, 2), (128, 64)])
def test_optimal_costs_what_scipys_assignment_does(n, d, distance):
    """Also far from the origin, where float32 distances by matrix products lose what is near."""
    z, x = torch.randn(2, n, d) + distance
    apart = (z.double()[:, None] - x.double()).square().sum(-1)
    rows, columns = linear_sum_assignment(apart)
    assert cost(*(points.double() for points in optimal(z, x))) <= apart[rows, columns].sum() * (1 + 1e-12)


@pytest.mark.parametrize("far", [1e4, 1e8])
def test_where_the_data_are_does_not_matter(far):
    """A square of 1e16 has no digits left for the pairs; moved data have the same best ones."""
    z, x = torch.randn(2, 200, 3, dtype=torch.float64)
    x = (x + far) - far  # what is left when they have been there
    _, near = optimal(z, x)
    assert torch.equal(optimal(z, x + far)[1] - far, near)


def test_ties_are_a_permutation_all_the_same():
    z, x = torch.zeros(50, 2), torch.arange(100.0).reshape(50, 2) // 40
    assert torch.equal(optimal(z, x)[1].sort(0).values, x.sort(0).values)


@pytest.mark.parametrize("shape", [(40, 1), (3, 40, 1), (40, 2), (3, 40, 2), (2, 3, 20, 2)])
def test_optimal_is_a_permutation_that_leaves_noise_in_place(shape):
    z, x = torch.randn(2, *shape)
    z_after, x_after = optimal(z, x)
    assert torch.equal(z, z_after)
    order = (x_after[..., :, None, :] == x[..., None, :, :]).all(-1).int().argmax(-1)
    assert torch.equal(order.sort(-1).values, torch.arange(shape[-2]).expand(*shape[:-1]))
    assert (cost(z, x_after) < cost(z, x)).all()


def test_members_are_paired_apart():
    z, x = torch.randn(2, 4, 30, 2)
    _, together = optimal(z, x)
    for i in range(4):
        assert torch.equal(optimal(z[i], x[i])[1], together[i])


def test_optimal_does_not_depend_on_the_order_of_the_data():
    z, x = torch.randn(2, 30, 2)
    assert torch.equal(optimal(z, x)[1], optimal(z, x[torch.randperm(30)])[1])


def test_independent_changes_nothing():
    z, x = torch.randn(2, 5, 2)
    assert independent(z, x)[0] is z
    assert independent(z, x)[1] is x


@pytest.mark.usefixtures("unchecked")
def test_noise_and_data_that_cannot_be_paired():
    with pytest.raises(ValueError, match=r"same shape to be paired, got \(3, 2\) and \(3, 64\)"):
        couplings.optimal(torch.zeros(3, 2), torch.zeros(3, 64))
    with pytest.raises(ValueError, match=r"same shape to be paired, got \(3, 5, 2\) and \(4, 5, 2\)"):
        couplings.optimal(torch.zeros(3, 5, 2), torch.zeros(4, 5, 2))
    with pytest.raises(ValueError, match="x must be finite, got 1 NaN"):
        couplings.optimal(torch.zeros(1, 2), torch.tensor([[float("nan"), 0.0]]))
    with pytest.raises(ValueError, match="z must be finite, got 1 NaN"):
        couplings.optimal(torch.tensor([[float("nan"), 0.0]]), torch.zeros(1, 2))
