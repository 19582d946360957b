"""What samples and codes contain."""

import pytest
import torch
from torch import Generator

from gen_lib import metrics


def normal(*shape: int, seed: int = 0):
    return torch.randn(*shape, generator=Generator().manual_seed(seed), dtype=torch.float64)


def test_diversity_is_the_mean_over_pairs():
    x = normal(3, 7, 4)
    pairs = [(x[:, i] - x[:, j]).norm(dim=-1) for i in range(7) for j in range(i)]
    torch.testing.assert_close(metrics.diversity(x), torch.stack(pairs).mean(0))


def test_diversity_scales_with_the_points_and_ignores_where_they_are():
    x = normal(50, 5)
    torch.testing.assert_close(metrics.diversity(3 * x + 7), 3 * metrics.diversity(x))
    assert metrics.diversity(torch.ones(5, 3)) == 0


def test_the_energy_distance_is_made_of_it():
    x, y = normal(30, 2), normal(40, 2, seed=1)
    across = torch.cdist(x, y).mean()
    expected = 2 * across - metrics.diversity(x) - metrics.diversity(y)
    torch.testing.assert_close(metrics.energy_distance(x, y), expected)


def test_diversity_needs_two_points():
    with pytest.raises(ValueError, match="at least 2"):
        metrics.diversity(torch.zeros(1, 3))


def noisy(n: int, latent: int = 3, noise: float = 1.0):
    """Codes, and factors of which a share of 1 / (1 + noise^2) is affine in them."""
    c = normal(n, latent)
    return c, 5 + c @ normal(latent, 2, seed=1) / normal(latent, 2, seed=1).norm(dim=0) + noise * normal(n, 2, seed=2)


@pytest.mark.parametrize("noise", [0.5, 1.0, 2.0])
def test_r2_is_the_share_of_the_variance_that_is_affine(noise):
    c, y = noisy(40_000, noise=noise)
    found = metrics.linear_probe((c[:20_000], c[20_000:]), (y[:20_000], y[20_000:]))
    torch.testing.assert_close(found, torch.full((2,), 1 / (1 + noise**2)).double(), atol=0.02, rtol=0)


def test_what_is_not_in_the_code_has_no_r2():
    _, y = noisy(4000)
    other = normal(4000, 3, seed=9)
    found = metrics.linear_probe((other[:2000], other[2000:]), (y[:2000], y[2000:]))
    assert (found.abs() < 0.02).all()


def test_both_ways_to_solve_agree():
    """Doubling every column leaves the span and makes the codes more than the points."""
    c, y = noisy(40, latent=15)
    few = metrics.linear_probe((c[:24], c[24:]), (y[:24], y[24:]), ridges=(0.2,))
    twice = torch.cat([c, c], -1)  # the same map spread over two columns has half the squared weights
    many = metrics.linear_probe((twice[:24], twice[24:]), (y[:24], y[24:]), ridges=(0.4,))
    torch.testing.assert_close(few, many)


def test_the_scale_of_a_latent_and_the_members_beside_it_do_not_matter():
    c, y = noisy(400)
    alone = metrics.linear_probe((c[:200], c[200:]), (y[:200], y[200:]))
    both = torch.stack([c * torch.tensor([1.0, 100.0, 0.01]) + 3, normal(400, 3, seed=5)])
    together = metrics.linear_probe((both[:, :200], both[:, 200:]), (y[:200], y[200:]))
    torch.testing.assert_close(together[0], alone)


def test_the_held_out_codes_do_not_choose_the_ridge():
    c, y = noisy(60, latent=40)
    ridges = (1e-4, 10.0)
    first = metrics.linear_probe((c[:50], c[50:]), (y[:50], y[50:]), ridges)
    swapped = metrics.linear_probe((c[:50], c[50:]), (y[:50], -y[50:]), ridges)
    single = [metrics.linear_probe((c[:50], c[50:]), (y[:50], -y[50:]), (r,)) for r in ridges]
    kept = [metrics.linear_probe((c[:50], c[50:]), (y[:50], y[50:]), (r,)) for r in ridges]
    for k in range(2):
        chosen = [i for i in range(2) if torch.equal(kept[i][k], first[k])]
        assert torch.equal(single[chosen[0]][k], swapped[k])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"codes": (torch.rand(20, 2), torch.rand(4, 2)), "factors": (torch.rand(19, 1), torch.rand(4, 1))}, "as many"),
        ({"ridges": ()}, "ridges"),
        ({"ridges": (0.0,)}, "ridges"),
        ({"factors": (torch.rand(20, 1), torch.ones(4, 1))}, "constant"),
        ({"codes": (torch.rand(5, 2), torch.rand(4, 2)), "factors": (torch.rand(5, 1), torch.rand(4, 1))}, "n >= 10"),
    ],
)
def test_what_cannot_be_probed_is_refused(change, message):
    good = {"codes": (torch.rand(20, 2), torch.rand(4, 2)), "factors": (torch.rand(20, 1), torch.rand(4, 1))}
    with pytest.raises(ValueError, match=message):
        metrics.linear_probe(**(good | change))
