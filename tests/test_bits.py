import math

import pytest
import torch

from gen_lib import likelihoods, methods, metrics, truth


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
