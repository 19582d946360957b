import math

import pytest
import torch

from gen_lib import data, likelihoods, methods, metrics, truth


def vae(likelihood, members=(3,), latent=1):
    return methods.vae(likelihood=likelihood).build(dim=4, latent=latent, hidden=(8,), members=members)


def test_with_many_codes_the_bits_are_those_of_the_exact_likelihood():
    net, x = vae(lambda members: likelihoods.Gaussian(1.5)), torch.randn(6, 4)
    exact = -truth.elbo_gap(net, x).log_prob.mean(-1) / (4 * math.log(2))
    assert torch.allclose(metrics.bits_per_dimension(net, x, codes=2000), exact, atol=0.01)


def test_one_code_gives_the_elbo_and_more_codes_fewer_bits():
    net, x = vae("bernoulli"), torch.rand(2000, 4).round()
    with torch.no_grad():
        net.decoder.layers[-1].weight.mul_(8)
    elbo = truth.elbo_gap(net, x).elbo.mean(-1)
    one, some, many = (metrics.bits_per_dimension(net, x, codes=k) for k in (1, 10, 100))
    assert torch.allclose(one, -elbo / (4 * math.log(2)), atol=0.05)
    assert (one > some).all()
    assert (some > many).all()


def test_a_uniform_guess_costs_the_logarithm_of_the_number_of_levels():
    net = vae("continuous_bernoulli")
    with torch.no_grad():
        for weight in net.parameters():
            weight.zero_()  # the code is never looked at, all greys are equally likely
    inner = torch.full((5, 4), 0.5)
    levels = likelihoods.Discretised(likelihoods.ContinuousBernoulli(), levels=9)
    assert torch.allclose(metrics.bits_per_dimension(net, inner, likelihood=levels), torch.full((3,), 3.0), atol=1e-4)
    assert torch.allclose(metrics.bits_per_dimension(net, inner), torch.zeros(3), atol=1e-4)  # of a position in [0, 1]


def test_another_likelihood_measures_and_the_net_stays_as_it_is():
    net, x = vae("gaussian"), torch.rand(5, 4)
    before, kept = {name: value.clone() for name, value in net.state_dict().items()}, net.likelihood
    other = metrics.bits_per_dimension(net, x, likelihood=likelihoods.Gaussian(0.1))
    assert not torch.allclose(other, metrics.bits_per_dimension(net, x))
    assert net.likelihood is kept
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(weight.requires_grad for weight in net.parameters())


def levels_of(mixture, n, cell):
    """Draws on a lattice, and the mass that the mixture gives to the cell of each."""
    x = (mixture.sample(n).double() / cell).round() * cell
    return x, mixture.cdf(x + cell / 2) - mixture.cdf(x - cell / 2)


def test_with_many_places_the_bits_of_a_density_are_those_of_the_mass_of_the_cells():
    mixture = data.mixture_1d()
    x, mass = levels_of(mixture, 4000, cell=2.5)
    exact = -mass.log2().mean()
    one, some, many = (metrics.dequantised_bits(mixture.log_prob, x, 2.5, places=k) for k in (1, 3, 300))
    assert exact < many + 0.002 < exact + 0.01
    assert one > some + 0.2
    assert some > exact + 0.05


def test_bits_of_a_density_do_not_depend_on_the_unit_of_any_dimension():
    mixture, unit = data.mixture_2d(), torch.tensor([10.0, 0.2], dtype=torch.float64)
    x = (mixture.sample((2, 50)).double() * 4).round() / 4

    def other(y):
        return mixture.log_prob(y / unit) - unit.log().sum()

    here, there = (
        metrics.dequantised_bits(mixture.log_prob, x, 0.25),
        metrics.dequantised_bits(other, x * unit, unit / 4),
    )
    assert here.shape == (2,)
    assert torch.allclose(here, there, atol=1e-9)


def test_dequantised_data_fill_the_cells_of_their_levels_evenly():
    x, cell = torch.tensor([[0.0, 3.0], [1.0, 3.0], [2.0, 5.0]]), torch.tensor([1.0, 2.0])
    drawn = data.dequantised(x, cell).sample((2, 30_000), torch.Generator().manual_seed(0))
    assert drawn.shape == (2, 30_000, 2)
    first = drawn[..., 0].round()
    assert all(abs((first == k).float().mean() - 1 / 3) < 0.01 for k in (0, 1, 2))  # every datum is as frequent
    assert (((drawn[..., 1] > 4) == (first == 2)).float().mean()) == 1  # and stays whole
    for place in ((drawn[..., 0] - first), (drawn[..., 1] - 3).remainder(2) / 2 - 0.5):
        assert abs(place.mean()) < 0.005
        assert abs(place.var() - 1 / 12) < 0.002


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.dequantised_bits(len, torch.zeros(5, 3), 0.0), "cell must be a finite number above 0, got 0"),
        (lambda: metrics.dequantised_bits(len, torch.zeros(5, 3), 1.0, places=0), "places must be .* got 0"),
        (lambda: metrics.dequantised_bits(len, torch.zeros(5), 1.0), "x must have shape"),
        (lambda: data.dequantised(torch.zeros(5), 1.0), "points must have shape"),
        (lambda: data.dequantised(torch.zeros(5, 3), -1.0), "cell must be a finite number above 0, got -1"),
    ],
)
def test_bad_calls_of_what_has_levels(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"codes": 0}, "codes must be a whole number of at least 1, got 0"),
        ({"x": torch.zeros(5, 3)}, "x must have points of dimension 4"),
    ],
)
def test_bad_calls(arguments, message):
    with pytest.raises(ValueError, match=message):
        metrics.bits_per_dimension(vae("gaussian"), **{"x": torch.zeros(5, 4), **arguments})
