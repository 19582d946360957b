import inspect
import pickle

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from gen_lib import METHODS, Method, Turn, couplings, data, fit, likelihoods, methods, metrics, nets, truth
from gen_lib.methods.autoencoder import encode, push, reconstruction_loss
from gen_lib.methods.vae import charged, elbo_terms, importance_weighted_bound, kl_per_latent, posterior


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("members", [(), (3,)])
def test_every_method_keeps_the_one_interface(name, members):
    method = METHODS[name]
    net = method.build(dim=2, members=members)
    assert (net.dim, net.latent, net.members) == (2, 2, members)
    z, x = torch.randn(2, *members, 5, 2)
    for _, loss in method.turns:
        assert loss(net, z, x).shape == (*members, 5)
    states = method.push(net, z)
    assert states[0] is z
    assert states[-1].shape == (*members, 5, 2)
    if method.encode is not None:
        assert method.encode(net, x).shape == (*members, 5, 2)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("members", [(), (3,)])
def test_samples_are_what_push_makes_of_the_noise_of_the_generator(name, members):
    method = METHODS[name]
    net = method.build(dim=2, members=members)
    points = method.sample(net, 5, torch.Generator().manual_seed(1))
    z = torch.randn(*members, 5, 2, generator=torch.Generator().manual_seed(1))
    assert not points.requires_grad
    assert torch.equal(points, method.push(net, z)[-1])
    with pytest.raises(ValueError, match="n must be a whole number of at least 1, got 0"):
        method.sample(net, 0)


@pytest.mark.parametrize("name", METHODS)
def test_only_the_functions_behind_a_method_keep_gradients(name):
    method = METHODS[name]
    net = method.build(dim=2)
    z = torch.randn(5, 2)
    assert not any(state.requires_grad for state in method.push(net, z))
    assert inspect.unwrap(method.push)(net, z)[-1].requires_grad
    if method.encode is not None:
        assert not method.encode(net, z.requires_grad_()).requires_grad
        assert inspect.unwrap(method.encode)(net, z).requires_grad


def test_a_method_can_be_sent_to_a_process_if_its_functions_can():
    method = Method(architecture=nets.Autoencoder, turns=(Turn("", reconstruction_loss),), push=push, encode=encode)
    sent = pickle.loads(pickle.dumps(method))
    net, x = METHODS["ae"].build(dim=2), torch.randn(5, 2)
    assert torch.equal(sent.encode(net, x), method.encode(net, x))
    assert not sent.encode(net, x).requires_grad


def test_a_method_has_one_loss_and_a_game_several():
    assert METHODS["fm"].loss is METHODS["fm"].turns[0].loss
    with pytest.raises(ValueError, match=r"no single loss: choose one of its turns, \['critic', 'generator'\]"):
        _ = METHODS["gan"].loss
    for turns in ((), (("", methods.decoder().loss),)):
        with pytest.raises(TypeError, match="turns"):  # by the types where they are checked
            Method(architecture=METHODS["fm"].architecture, turns=turns, push=METHODS["fm"].push)
    assert Turn("", methods.decoder().loss).moves == ""


@pytest.mark.parametrize("name", METHODS)
def test_a_density_is_one_in_all_and_a_bound_is_below_it(name):
    method, x = METHODS[name], torch.linspace(-8, 8, 321)[:, None]
    net = method.build(dim=1, members=(2,), hidden=(16,))
    if method.density is None:
        assert name in ("decoder", "ae", "gan", "wgan")
        with pytest.raises(ValueError, match="method must have a density, this one has density=None"):
            method.log_prob(net, x)
        return
    if name.startswith("vae"):
        x = x[120:201]  # from -2 to 2: far from the codes that the prior makes, the draws of a bound vary much
    found = method.log_prob(net, x)
    assert found.shape == (2, len(x))
    assert not found.requires_grad
    mass = torch.trapezoid(found.exp(), x[:, 0], dim=-1)
    if name.startswith("vae"):
        exact = truth.elbo_gap(net, x)
        assert ((exact.elbo - 0.1 < found) & (found < exact.log_prob + 0.3)).all()  # it is random
        assert (exact.log_prob - found).abs().mean() < 0.1
    else:
        assert torch.allclose(mass, torch.ones(2), atol=1e-3)


@pytest.mark.parametrize("name", ["meanflow", "backflow", "facm"])
def test_the_density_of_a_jumping_flow_is_that_of_its_velocity(name):
    net = METHODS[name].build(dim=2, hidden=(8,))
    x = torch.randn(5, 2)
    by_hand = truth.pushforward_log_prob(lambda x_t, t: net(x_t, t, t), x)
    assert torch.allclose(METHODS[name].log_prob(net, x), by_hand, atol=1e-4)


def test_random_pairs_learn_the_mean_and_optimal_pairs_the_transport_map():
    mixture = data.mixture_1d()
    z = torch.linspace(-2, 2, 41)[:, None]
    exact = mixture.quantile(torch.special.ndtr(z[:, 0].double()))[:, 0].float()
    for coupling, answer in ((couplings.independent, mixture.mean.float().expand(41)), (couplings.optimal, exact)):
        method = methods.decoder(coupling)
        net = method.build(dim=1, members=(5,))
        fit(method, net, mixture, steps=600, progress=False)
        weight = torch.exp(-z[:, 0].square() / 2)
        error = ((net(z)[..., 0] - answer).abs() * weight).sum(-1) / weight.sum()
        assert error.mean() < 0.15


def test_kl_is_torchs_and_monte_carlos():
    mean, log_variance = torch.randn(2, 6, 3)
    q = Normal(mean, (log_variance / 2).exp())
    closed = kl_per_latent(mean, log_variance)
    assert torch.allclose(closed, kl_divergence(q, Normal(0.0, 1.0)), atol=1e-5)
    z = q.sample((200_000,))
    ratio = q.log_prob(z) - Normal(0.0, 1.0).log_prob(z)
    assert ((closed - ratio.mean(0)).abs() < 5 * ratio.std(0) / 200_000**0.5).all()
    assert (closed >= 0).all()


def test_vae_loss_is_the_negative_elbo_and_beta_its_price():
    net = METHODS["vae"].build(dim=3, latent=2, members=(2,))
    z, x = torch.randn(2, 5, 2), torch.randn(2, 5, 3)
    reconstruction, kl = elbo_terms(net, z, x)
    mean, log_variance = posterior(net, x)
    code = mean + (log_variance / 2).exp() * z
    exact = Normal(net.decoder(code), 0.5**0.5).log_prob(x).sum(-1)
    assert torch.allclose(-reconstruction, exact, atol=1e-5)
    beta = torch.tensor([[0.0], [4.0]])
    loss = methods.vae(beta=beta).loss
    assert torch.allclose(loss(net, z, x), -exact + beta * kl, atol=1e-4)


def test_an_expensive_code_collapses_and_a_cheap_one_does_not():
    mixture = data.mixture_1d()
    method = methods.vae(beta=torch.tensor([[0.3], [10.0]]))
    net = method.build(dim=1, members=(2,))
    fit(method, net, mixture, steps=600, progress=False)
    x = mixture.sample(2000)
    kl = kl_per_latent(*posterior(net, x)).mean((-2, -1))
    error = metrics.reconstruction_error(method, net, x)
    assert kl[0] > 0.5
    assert kl[1] < 0.01
    assert abs(error[1] / mixture.covariance[0, 0] - 1) < 0.1


def test_free_bits_charge_the_larger_of_allowance_and_mean_kl():
    kl = torch.rand(3, 50, 4).square()  # means near 1/3, on both sides of the allowance
    for allowance in (0.0, 0.3, 0.34, 2.0):
        formula = kl.mean(-2).clamp_min(allowance).sum(-1)
        assert torch.allclose(charged(kl, allowance).mean(-1), formula)
        for i in range(3):
            assert torch.equal(charged(kl, allowance)[i], charged(kl[i], allowance))  # members never share
    each = torch.tensor([[0.0], [0.3], [2.0]])
    assert torch.equal(charged(kl, each)[1], charged(kl[1], 0.3))
    assert torch.allclose(charged(kl, each)[2], torch.tensor(8.0))


def test_a_latent_below_its_allowance_is_not_pushed_and_one_above_pays_in_full():
    mean = torch.tensor([0.1, 2.0]).repeat(8, 1).requires_grad_()
    log_variance = torch.zeros(8, 2, requires_grad=True)
    charged(kl_per_latent(mean, log_variance), free_bits=0.5).sum().backward()
    assert torch.equal(mean.grad, torch.tensor([0.0, 2.0]).repeat(8, 1))  # the derivative of mu^2 / 2


def test_free_bits_are_kept_in_the_loss_and_in_training():
    net = METHODS["vae"].build(dim=3, latent=2, members=(2,))
    z, x = torch.randn(2, 5, 2), torch.randn(2, 5, 3)
    reconstruction, _ = elbo_terms(net, z, x)
    loss = methods.vae(beta=2.0, free_bits=100.0).loss
    assert torch.allclose(loss(net, z, x), reconstruction + 2.0 * 2 * 100.0)
    mixture = data.mixture_1d()
    method = methods.vae(beta=10.0, free_bits=torch.tensor([[0.0], [0.5]]))
    net = method.build(dim=1, members=(2,))
    fit(method, net, mixture, steps=600, progress=False)
    kl = kl_per_latent(*posterior(net, mixture.sample(2000))).mean((-2, -1))
    assert kl[0] < 0.01
    assert 0.4 < kl[1] < 0.7


@pytest.mark.parametrize("beta", [0.5, 2.0])
def test_a_linear_vae_collapses_where_the_eigenvalue_meets_the_price(beta):
    eigenvalues, variance = torch.tensor([4.0, 2.0, 0.7, 0.1]), 0.5
    law = data.GaussianMixture(torch.ones(1), torch.zeros(1, 4), eigenvalues.diag()[None])
    method = methods.vae(beta=beta, likelihood=lambda members: likelihoods.Gaussian(variance**0.5))
    net = method.build(dim=4, latent=3, hidden=(), members=(4,))
    fit(method, net, law, steps=1500, lr=2e-2, progress=False)
    x = law.sample(4000)
    kl = kl_per_latent(*posterior(net, x)).mean(-2).sort(descending=True).values
    exact = (eigenvalues[:3] / (beta * variance)).log().clamp_min(0) / 2
    assert torch.allclose(kl, exact.expand_as(kl), atol=0.06)
    active = metrics.active_units(method.encode(net, x))
    assert torch.equal(active, (eigenvalues[:3] > beta * variance).sum().expand(4).float())


def test_autoencoder_ignores_the_noise():
    net = METHODS["ae"].build(dim=3, latent=2)
    loss = METHODS["ae"].loss
    x = torch.randn(5, 3)
    assert torch.equal(loss(net, torch.zeros(5, 2), x), loss(net, torch.ones(5, 2), x))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: METHODS["mean_flow"], "unknown method 'mean_flow', did you mean 'meanflow'"),
        (lambda: methods.vae(beta=-1.0), "beta must be a finite number of at least 0, got -1.0"),
        (lambda: methods.vae(beta=float("nan")), "beta must be a finite number"),
        (lambda: methods.vae(free_bits=-0.5), "free_bits must be a finite number of at least 0, got -0.5"),
        (lambda: methods.vae(free_bits=torch.tensor([0.1, float("inf")])), "free_bits must be a finite number"),
        (lambda: methods.vae(likelihood="poisson"), "unknown likelihood 'poisson'"),
        (lambda: methods.autoencoder(likelihood="bernouli"), "did you mean 'bernoulli'"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_bad_choices_are_refused_when_they_are_made(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_importance_weighted_bound_grows_from_the_elbo_towards_the_likelihood():
    net = METHODS["vae"].build(dim=1, members=(2,)).double()
    x = data.mixture_1d().sample(40).double()
    z = torch.randn(1024, 2, 40, 1, dtype=torch.float64)
    with torch.no_grad():
        by_draws = {
            k: torch.stack([importance_weighted_bound(net, part, x) for part in z.split(k)]) for k in (1, 4, 64)
        }
        elbo = -torch.stack([sum(elbo_terms(net, one, x)) for one in z])
    means = {k: values.mean((0, -1)) for k, values in by_draws.items()}
    assert torch.allclose(by_draws[1].mean(0), elbo.mean(0), atol=0.05 * elbo.std())
    assert (means[1] < means[4]).all()
    assert (means[4] < means[64]).all()
    exact = truth.elbo_gap(net, x).log_prob.mean(-1)
    assert (means[64] < exact + 0.01).all()
    assert torch.allclose(means[64], exact, atol=0.05)


@pytest.mark.parametrize("likelihood", likelihoods.LIKELIHOODS)
def test_a_vae_trains_with_every_likelihood(likelihood):
    method = methods.vae(likelihood=likelihood)
    net = method.build(dim=4, latent=2, members=(2,))
    x = torch.rand(200, 4)
    history = fit(method, net, x, steps=60, batch=64, progress=False)
    assert (history.losses["loss"][-10:].mean(0) < history.losses["loss"][:10].mean(0)).all()
    assert method.push(net, torch.randn(2, 5, 2))[-1].shape == (2, 5, 4)
