import math

import pytest
import torch
from torch.distributions import Bernoulli, Independent, Normal

from gen_lib import likelihoods, methods, metrics
from gen_lib.nets import MLP


@pytest.mark.parametrize("sigma", [0.3, 0.5**0.5, 2.0])
def test_gaussian_is_torchs(sigma):
    output, x = torch.randn(2, 3, 7, 4)
    exact = Independent(Normal(output, sigma), 1).log_prob(x)
    assert torch.allclose(likelihoods.Gaussian(sigma).log_prob(output, x), exact, atol=1e-4)


def test_default_gaussian_is_the_squared_error_plus_a_constant():
    output, x, y = torch.randn(3, 7, 4)
    likelihood = likelihoods.Gaussian()
    difference = likelihood.log_prob(output, x) - likelihood.log_prob(output, y)
    assert torch.allclose(difference, (y - output).square().sum(-1) - (x - output).square().sum(-1), atol=1e-4)


def test_each_member_may_have_its_own_sigma():
    sigma = torch.tensor([[0.5], [2.0]])
    output, x = torch.randn(2, 2, 7, 4)
    together = likelihoods.Gaussian(sigma)
    for i in range(2):
        alone = likelihoods.Gaussian(sigma[i, 0])
        assert torch.allclose(together.log_prob(output, x)[i], alone.log_prob(output[i], x[i]), atol=1e-5)
    draws = together.sample(torch.zeros(2, 50_000, 1))
    assert torch.allclose(draws.std(1), sigma, rtol=0.02)


def test_bernoulli_is_torchs_on_black_and_white():
    logits, x = torch.randn(5, 7), torch.rand(5, 7).round()
    exact = Independent(Bernoulli(logits=logits), 1).log_prob(x)
    assert torch.allclose(likelihoods.Bernoulli().log_prob(logits, x), exact, atol=1e-5)


def test_bernoulli_mean_and_draws_agree():
    logits = torch.linspace(-3, 3, 7).expand(40_000, 7)
    likelihood = likelihoods.Bernoulli()
    draws = likelihood.sample(logits, torch.Generator().manual_seed(0))
    assert set(draws.unique().tolist()) == {0.0, 1.0}
    assert torch.allclose(draws.mean(0), likelihood.mean(logits)[0], atol=0.01)


def test_bernoulli_is_best_at_the_mean_of_grey_pixels():
    x = torch.rand(1000, 1)
    logit = torch.zeros(1, requires_grad=True)
    shift = torch.logit(x.mean())
    (gradient,) = torch.autograd.grad(
        likelihoods.Bernoulli().log_prob((logit + shift).expand(1000, 1), x).mean(), logit
    )
    assert abs(gradient) < 1e-6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: likelihoods.Gaussian(0.0), "sigma must be a finite number above 0, got 0.0"),
        (lambda: likelihoods.maker("gausian"), "unknown likelihood 'gausian', did you mean 'gaussian'"),
        (
            lambda: likelihoods.Bernoulli().log_prob(torch.zeros(2, 1), torch.tensor([[0.0], [1.5]])),
            r"a Bernoulli needs data in \[0, 1\], got values from 0 to 1.5",
        ),
        (lambda: likelihoods.Discretised(likelihoods.Gaussian(), levels=1), "levels must be .* at least 2, got 1"),
        (
            lambda: likelihoods.Discretised(likelihoods.Gaussian(), span=(1.0, 0.0)),
            "last minus first of span must be a finite number above 0, got -1.0",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_continuous_bernoulli_is_a_density_with_its_own_mean():
    likelihood = likelihoods.ContinuousBernoulli()
    logits = torch.linspace(-6, 6, 25, dtype=torch.float64)
    x = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000
    density = likelihood.log_prob(logits[:, None, None].expand(-1, 20_000, 1), x[:, None]).exp()
    assert torch.allclose(density.mean(1), torch.ones_like(logits), atol=1e-6)
    mean = likelihood.mean(logits[:, None])[:, 0]
    assert torch.allclose((density * x).mean(1), mean, atol=1e-5)
    rate = logits.sigmoid()
    away = (rate - 0.5).abs() > 0.01
    formula = rate / (2 * rate - 1) + 1 / (2 * torch.atanh(1 - 2 * rate))
    assert torch.allclose(mean[away], formula[away], atol=1e-9)


def test_continuous_bernoulli_draws_have_its_mean():
    logits = torch.tensor([-3.0, -0.5, 0.0, 2.0]).expand(50_000, 4)
    likelihood = likelihoods.ContinuousBernoulli()
    draws = likelihood.sample(logits, torch.Generator().manual_seed(0))
    assert torch.allclose(draws.mean(0), likelihood.mean(logits)[0], atol=0.01)


def test_optimal_sigma_is_where_the_learned_one_rests():
    output, x = torch.zeros(2, 500, 3), torch.randn(2, 500, 3) * torch.tensor([0.3, 2.0])[:, None, None]
    optimal, learned = likelihoods.OptimalGaussian(), likelihoods.LearnedGaussian((2,))
    assert torch.allclose(optimal.sigma(output, x)[:, 0], x.square().mean((1, 2)).sqrt())
    adam = torch.optim.Adam(learned.parameters(), 0.05)
    for _ in range(400):
        adam.zero_grad()
        (-learned.log_prob(output, x).mean()).backward()
        adam.step()
    assert torch.allclose(learned.sigma, optimal.sigma(output, x), rtol=1e-3)
    assert torch.allclose(learned.log_prob(output, x), optimal.log_prob(output, x), atol=1e-3)
    for sigma in (0.9, 1.1):
        other = likelihoods.Gaussian(sigma * optimal.sigma(output, x))
        assert (other.log_prob(output, x).mean(-1) < optimal.log_prob(output, x).mean(-1)).all()


def test_sigma_has_a_floor_where_copies_are_perfect():
    x = torch.randn(5, 2)
    assert likelihoods.OptimalGaussian().sigma(x, x) == pytest.approx(2.718281828**-6)
    learned = likelihoods.LearnedGaussian()
    with torch.no_grad():
        learned.raw.fill_(-100.0)
    assert learned.sigma.item() == pytest.approx(2.718281828**-6)


@pytest.mark.parametrize("make", [likelihoods.Gaussian, likelihoods.LearnedGaussian, likelihoods.OptimalGaussian])
def test_activation_makes_the_mean_and_the_log_prob_of_the_mean(make):
    output, x = torch.randn(2, 3, 7, 4)
    plain, bent = make(), make(activation=torch.tanh)
    assert torch.equal(plain.mean(output), output)
    assert torch.equal(bent.mean(output), output.tanh())
    assert torch.equal(bent.log_prob(output, x), plain.log_prob(output.tanh(), x))


def test_draws_of_a_gaussian_lie_around_the_activation():
    likelihood = likelihoods.Gaussian(0.1, activation=torch.sigmoid)
    draws = likelihood.sample(torch.full((50_000, 1), -2.0), torch.Generator().manual_seed(0))
    assert draws.mean().item() == pytest.approx(torch.tensor(-2.0).sigmoid().item(), abs=2e-3)
    assert draws.std().item() == pytest.approx(0.1, rel=0.02)


def test_continuous_bernoulli_is_torchs_where_torch_does_not_clamp():
    logits = torch.linspace(-12, 12, 49, dtype=torch.float64)[:, None]
    x = torch.rand(49, 1, dtype=torch.float64)
    torchs = torch.distributions.ContinuousBernoulli(logits=logits, lims=(0.49999, 0.50001))
    likelihood = likelihoods.ContinuousBernoulli()
    assert torch.allclose(likelihood.log_prob(logits, x), torchs.log_prob(x)[:, 0], atol=1e-6)
    assert torch.allclose(likelihood.mean(logits), torchs.mean, atol=1e-6)


@pytest.mark.parametrize("logit", [-500.0, -30.0, -0.05, 0.0, 0.05, 30.0, 500.0])
def test_continuous_bernoulli_mean_is_the_slope_of_its_normaliser(logit):
    """So the gradient of -log p in the logit is mean - x; in single precision, for logits of any size."""
    logits, x = torch.full((3, 1), logit, requires_grad=True), torch.tensor([[0.0], [0.3], [1.0]])
    likelihood = likelihoods.ContinuousBernoulli()
    (gradient,) = torch.autograd.grad(-likelihood.log_prob(logits, x).sum(), logits)
    assert torch.allclose(gradient, likelihood.mean(logits).detach() - x, atol=1e-5)
    draws = likelihood.sample(torch.full((50_000, 1), logit), torch.Generator().manual_seed(0))
    assert draws.min() >= 0
    assert draws.max() <= 1
    assert draws.mean().item() == pytest.approx(likelihood.mean(logits)[0].item(), abs=4e-3)


DENSITIES = [likelihoods.Gaussian(0.2), likelihoods.Gaussian(0.01), likelihoods.ContinuousBernoulli()]


@pytest.mark.parametrize("density", DENSITIES, ids=repr)
def test_mass_is_the_integral_of_the_density(density):
    output = torch.tensor([-4.0, 0.0, 0.3, 5.0], dtype=torch.float64)[:, None]
    density = density.double()
    nodes = (torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000
    for low, high in ((0.25, 0.5), (0.0, 1.0), (0.9, 0.95)):
        y = low + (high - low) * nodes
        log_density = torch.stack([density.log_prob(o.expand(len(y), 1), y[:, None]) for o in output])
        exact = log_density.logsumexp(-1) + torch.tensor((high - low) / len(y)).log()
        edges = (torch.full_like(output, edge) for edge in (low, high))
        assert torch.allclose(density.log_mass(output, *edges)[:, 0], exact, rtol=1e-4, atol=1e-4)
    density.float()


@pytest.mark.parametrize(
    ("density", "span"), [(d, (0.0, 1.0)) for d in DENSITIES] + [(likelihoods.Gaussian(0.2), (-1.0, 1.0))]
)
def test_levels_are_a_distribution_with_its_own_mean_and_draws(density, span):
    likelihood = likelihoods.Discretised(density, levels=5, span=span)
    levels = torch.linspace(*span, 5)
    output = torch.tensor([-3.0, 0.1, 0.33, 1.2])
    mass = torch.stack([likelihood.log_prob(output[:, None], level.expand(4, 1)).exp() for level in levels])
    assert torch.allclose(mass.sum(0), torch.ones(4), atol=1e-5)
    assert torch.allclose((levels[:, None] * mass).sum(0), likelihood.mean(output[:, None])[:, 0], atol=1e-5)
    draws = likelihood.sample(output.expand(50_000, 4), torch.Generator().manual_seed(0))
    shares = (draws[..., None] == levels).float().mean(0)
    assert torch.allclose(shares.sum(-1), torch.ones(4))
    assert torch.allclose(shares, mass.T, atol=0.01)


def test_masses_do_not_depend_on_the_scale_of_the_data():
    output, x = torch.rand(6, 3), torch.randint(0, 17, (6, 3)) / 16
    narrow = likelihoods.Discretised(likelihoods.Gaussian(0.2))
    wide = likelihoods.Discretised(likelihoods.Gaussian(0.4), span=(-1.0, 1.0))
    assert torch.allclose(narrow.log_prob(output, x), wide.log_prob(2 * output - 1, 2 * x - 1), atol=1e-4)


def test_narrow_cells_make_masses_of_densities():
    density = likelihoods.Gaussian(0.2).double()
    output, x = torch.rand(6, 3, dtype=torch.float64), torch.full((6, 3), 0.25, dtype=torch.float64)
    mass = likelihoods.Discretised(density, levels=100_001).log_prob(output, x)
    assert torch.allclose(mass, density.log_prob(output, x) - 3 * torch.tensor(100_000.0).log(), atol=1e-4)


def test_masses_can_be_trained_far_out_in_the_tails():
    """Finite values and slopes where the probability itself is zero in single precision, sigma included."""
    likelihood = likelihoods.Discretised(likelihoods.LearnedGaussian())
    with torch.no_grad():
        likelihood.density.raw.fill_(-3.0)
    output = torch.tensor([[-40.0, 40.0, 0.5, 0.5]], requires_grad=True)
    loss = -likelihood.log_prob(output, torch.tensor([[1.0, 0.0, 0.0, 1.0]])).sum()
    slope, raw = torch.autograd.grad(loss, [output, likelihood.density.raw])
    assert loss.isfinite()
    assert raw.isfinite().all()
    assert slope[0].sign().tolist() == [-1.0, 1.0, 1.0, -1.0]


def test_a_coin_has_no_density():
    with pytest.raises(TypeError, match="Bernoulli has no log_mass"):
        likelihoods.Discretised(likelihoods.Bernoulli()).log_prob(torch.zeros(2, 3), torch.zeros(2, 3))


# A standard deviation from the decoder

LEAST = math.exp(-6)


def output_for(mean, sigma, least=LEAST):
    """The output of a decoder that means these, in float64."""
    above = sigma.log() - math.log(least)
    raw = above + torch.log(-torch.expm1(-above)) + math.log(least)  # the soft floor, undone
    return torch.cat([mean, 2 * raw], -1).double()


def test_a_heteroscedastic_gaussian_is_torchs():
    mean, x = torch.randn(2, 3, 7, 4, dtype=torch.float64)
    sigma = 0.01 + torch.rand(3, 7, 4, dtype=torch.float64) * 3
    likelihood, output = likelihoods.HeteroscedasticGaussian(), output_for(mean, sigma)
    assert torch.allclose(likelihood.spread(output), sigma)
    exact = Independent(Normal(mean, sigma), 1).log_prob(x)
    assert torch.allclose(likelihood.log_prob(output, x), exact)
    draws = likelihood.sample(output[0, 0].expand(50_000, 8), torch.Generator().manual_seed(0))
    assert torch.allclose(draws.mean(0), mean[0, 0], atol=0.05)
    assert torch.allclose(draws.std(0), sigma[0, 0], rtol=0.02)
    low, high = mean - 0.3, mean + 1
    between = (Normal(mean, sigma).cdf(high) - Normal(mean, sigma).cdf(low)).log()
    assert torch.allclose(likelihood.log_mass(output, low, high), between)


def test_with_one_sigma_for_all_it_is_the_plain_gaussian():
    mean, x = torch.randn(2, 3, 7, 4, dtype=torch.float64)
    output = output_for(mean, torch.full_like(mean, 0.3))
    plain = likelihoods.Gaussian(0.3).double()
    assert torch.allclose(likelihoods.HeteroscedasticGaussian().log_prob(output, x), plain.log_prob(mean, x))


def test_the_best_sigma_is_the_size_of_the_residuals():
    x = torch.randn(500, 3, dtype=torch.float64) * torch.tensor([0.02, 0.3, 2.0])
    residual, likelihood = x.square().mean(0).sqrt(), likelihoods.HeteroscedasticGaussian()
    log_variance = output_for(torch.zeros(3), residual)[3:].requires_grad_()
    output = torch.cat([torch.zeros_like(x), log_variance.expand_as(x)], -1)
    value = likelihood.log_prob(output, x).mean()
    (gradient,) = torch.autograd.grad(value, log_variance)
    assert gradient.abs().max() < 1e-9
    for factor in (0.9, 1.1):
        other = output_for(torch.zeros_like(x), (factor * residual).expand_as(x))
        assert (likelihood.log_prob(other, x).mean() < value - 0.01).all()


@pytest.mark.parametrize("least", [LEAST, 0.1])
def test_a_perfect_copy_has_a_bounded_density(least):
    x, likelihood = torch.randn(5, 3), likelihoods.HeteroscedasticGaussian(least=least)
    bound = 3 * Normal(0.0, least).log_prob(torch.tensor(0.0))
    for log_variance in (-1e4, -100.0, -20.0, 0.0):
        output = torch.cat([x, torch.full_like(x, log_variance)], -1).requires_grad_()
        value = likelihood.log_prob(output, x)
        (gradient,) = torch.autograd.grad(value.sum(), output)
        assert (value <= bound + 1e-4).all()
        assert gradient.isfinite().all()
    assert torch.allclose(likelihood.log_prob(torch.cat([x, torch.full_like(x, -1e4)], -1), x), bound.expand(5))


def test_a_decoder_learns_where_the_data_are_wide():
    """Two codes of one latent, one with narrow data and one with wide: no single sigma fits both."""
    code = torch.tensor([-1.0, 1.0])[:, None].repeat(500, 1)
    sigma = torch.tensor([0.1, 1.0])[:, None].repeat(500, 1)
    x = code + sigma * torch.randn(1000, 1, generator=torch.Generator().manual_seed(0))
    net, likelihood = MLP(1, 2, (16,)), likelihoods.HeteroscedasticGaussian()
    adam = torch.optim.Adam(net.parameters(), 0.02)
    for _ in range(500):
        loss = -likelihood.log_prob(net(code), x).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    residual = (x - likelihood.mean(net(code))).reshape(500, 2).square().mean(0).sqrt()
    assert torch.allclose(likelihood.spread(net(code))[:2, 0], residual, rtol=0.02)
    assert torch.allclose(residual, torch.tensor([0.1, 1.0]), rtol=0.1)


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        (likelihoods.Gaussian(0.1), TypeError, r"got the likelihood Gaussian\(sigma=0.1\) itself"),
        (likelihoods.Gaussian, ValueError, r"this one fails without members: sigma must be .* above 0, got \(\)"),
        (likelihoods.Bernoulli, ValueError, "this one fails without members: "),
        (lambda members: "gaussian", TypeError, "this one gave 'gaussian'"),
        (lambda: likelihoods.Gaussian(), ValueError, "this one fails without members: .*takes 0 positional arguments"),
    ],
)
@pytest.mark.parametrize("make", [methods.vae, methods.autoencoder])
@pytest.mark.usefixtures("unchecked")
def test_a_likelihood_is_checked_where_it_is_given(make, given, kind, message):
    with pytest.raises(kind, match="^likelihood must be a name, or a function such as .*" + message):
        make(likelihood=given)


def test_checking_a_likelihood_draws_nothing():
    torch.manual_seed(3)
    methods.vae(likelihood=lambda members: likelihoods.Gaussian(torch.rand(()).item() + 1))
    after = torch.rand(1)
    torch.manual_seed(3)
    assert torch.equal(torch.rand(1), after)


def test_bits_are_not_measured_by_a_likelihood_that_needs_other_outputs():
    net = methods.vae().build(dim=4, latent=2, hidden=(8,))
    with pytest.raises(ValueError, match=r"outputs per dimension as the net has, 1, got Hetero.* needs 2"):
        metrics.bits_per_dimension(net, torch.zeros(3, 4), likelihood=likelihoods.HeteroscedasticGaussian())
