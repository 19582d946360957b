import pytest
import torch
from torch.distributions import Bernoulli, Independent, Normal

from gen_lib import likelihoods


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
