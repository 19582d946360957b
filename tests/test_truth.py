"""The exact answers, each held against another road to the same number."""

import math
from itertools import product

import numpy as np
import pytest
import torch
from numpy.polynomial.legendre import leggauss
from scipy.integrate import quad
from scipy.linalg import expm, sqrtm
from torch.autograd import grad
from torch.distributions import MultivariateNormal, Normal, kl_divergence
from torch.func import jvp

from gen_lib import data, methods, samplers, truth
from gen_lib.data import GaussianMixture
from gen_lib.likelihoods import Gaussian, LearnedGaussian
from gen_lib.methods.vae import elbo_terms, posterior
from gen_lib.truth import flow, latent


def gaussians(*numbers) -> GaussianMixture:
    """Weights, means and covariances, as they are written."""
    return GaussianMixture(*(torch.as_tensor(part, dtype=torch.float64) for part in numbers))


def narrow() -> GaussianMixture:
    """Two thin modes with a gap of a hundred standard deviations between them."""
    return gaussians([0.5, 0.5], [[-1.0], [1.0]], [[[4e-4]], [[4e-4]]])


def solid() -> GaussianMixture:
    """Three Gaussians in space, with full covariances."""
    root = torch.randn(3, 3, 3, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    means = torch.tensor([[1.0, 0.0, -1.0], [-2.0, 1.0, 0.0], [0.0, 0.0, 2.0]])
    return gaussians([0.2, 0.3, 0.5], means, root @ root.mT / 2 + 0.1 * torch.eye(3))


def one(dim: int = 3) -> GaussianMixture:
    """A single Gaussian with a mean and a full covariance."""
    root = torch.randn(dim, dim, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return gaussians([1.0], [list(range(1, dim + 1))], (root @ root.T + 0.2 * torch.eye(dim))[None])


def moved(mixture: GaussianMixture, t: float) -> GaussianMixture:
    """The distribution of x_t, built from its definition."""
    covariances = (1 - t) ** 2 * torch.eye(mixture.dim).double() + t**2 * mixture.covariances
    return gaussians(mixture.weights, t * mixture.means, covariances)


def on_the_way(mixture: GaussianMixture, shape: tuple[int, ...], low: float = 0.05, high: float = 0.95):
    """Points x_t and their times, members first."""
    t = low + (high - low) * torch.rand(*shape, 1, dtype=torch.float64)
    z = torch.randn(*shape, mixture.dim, dtype=torch.float64)
    return (1 - t) * z + t * mixture.sample(shape).double(), t


ALL = [data.mixture_1d, narrow, data.mixture_2d, data.two_modes_2d, solid, one]
LINE = [data.mixture_1d, narrow]
MAPPED = [*LINE, one]


# The density of x_t, its score and its velocity


@pytest.mark.parametrize("make", ALL)
def test_density_of_x_t_is_that_of_the_moved_mixture(make):
    mixture = make()
    for t in (0.0, 0.2, 0.7, 1.0):
        x = moved(mixture, t).sample((2, 20)).double()
        assert torch.allclose(truth.log_prob_at(mixture, x, t), moved(mixture, t).log_prob(x), rtol=1e-9)
    z = torch.randn(9, mixture.dim, dtype=torch.float64)
    assert torch.allclose(truth.log_prob_at(mixture, z, 0), Normal(0.0, 1.0).log_prob(z).sum(-1))


@pytest.mark.parametrize("make", ALL)
def test_score_is_the_gradient_of_the_log_density_and_gives_the_velocity(make):
    mixture = make()
    x, t = on_the_way(mixture, (2, 50))
    x.requires_grad_()
    score = truth.score(mixture, x, t)
    (gradient,) = grad(truth.log_prob_at(mixture, x, t).sum(), x)
    assert torch.allclose(score, gradient, rtol=1e-9)
    assert torch.allclose(truth.velocity(mixture, x, t), x / t + (1 - t) / t * score, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("make", ALL)
def test_velocity_carries_the_density(make):
    r"""The continuity equation: d/dt log p + div v + v . score = 0."""
    mixture = make()
    x, t = on_the_way(mixture, (2, 30))
    x.requires_grad_()
    t.requires_grad_()
    (rate,) = grad(truth.log_prob_at(mixture, x, t).sum(), t)
    v = truth.velocity(mixture, x, t)
    divergence = sum(grad(v[..., i].sum(), x, retain_graph=True)[0][..., i] for i in range(mixture.dim))
    carried = (v * truth.score(mixture, x, t)).sum(-1)
    size = rate[..., 0].abs() + divergence.abs() + carried.abs()
    assert ((rate[..., 0] + divergence + carried).abs() < 1e-9 * size).all()


@pytest.mark.parametrize("make", [data.mixture_1d, data.two_modes_2d])
def test_velocity_and_its_variance_are_those_of_the_paths_through_the_point(make):
    mixture = make()
    data_points = mixture.sample(200_000).double()
    for t in (0.3, 0.6, 0.85):
        x_t = moved(mixture, t).sample(4).double()
        for point in x_t:
            z = (point - t * data_points) / (1 - t)  # the noise that leads through the point to each datum
            weight = (-z.square().sum(-1) / 2).softmax(0)[:, None]
            v = data_points - z
            mean = (weight * v).sum(0)
            spread = (weight * (v - mean).square()).sum()
            error = (weight.square() * (v - mean).square()).sum(0).sqrt()
            assert ((truth.velocity(mixture, point[None], t)[0] - mean).abs() < 5 * error).all()
            exact = truth.velocity_variance(mixture, point[None], t)[0]
            fourth = ((weight * ((v - mean).square().sum(-1, keepdim=True) - spread)) ** 2).sum().sqrt()
            assert (exact - spread).abs() < 5 * fourth


def test_velocity_at_the_ends():
    mixture = data.mixture_2d()
    z = torch.randn(7, 2, dtype=torch.float64)
    assert torch.allclose(truth.velocity(mixture, z, 0.0), mixture.mean - z)  # E[x] - z: nothing is known of x
    assert torch.allclose(truth.velocity(mixture, z, 1.0), z)  # x - E[z]: nothing is known of z
    assert torch.allclose(truth.velocity_variance(mixture, z, 0.0), mixture.covariance.trace())
    assert torch.allclose(truth.velocity_variance(mixture, z, 1.0), torch.tensor(2.0).double())


# The loss that remains


def test_irreducible_loss_of_one_gaussian_is_an_arc_tangent():
    mixture = one()
    values = torch.linalg.eigvalsh(mixture.covariances[0]).tolist()
    exact = sum(quad(lambda t, v=v: v / ((1 - t) ** 2 + t**2 * v), 0, 1, epsabs=1e-12)[0] for v in values)
    assert truth.irreducible_loss(mixture) == (pytest.approx(exact, abs=1e-10), 0.0)


def test_irreducible_loss_on_the_line_is_the_loss_at_the_exact_velocity():
    twice = gaussians([0.5, 0.5], [[1.0], [1.0]], [[[0.25]], [[0.25]]])
    assert truth.irreducible_loss(twice).value == pytest.approx(math.pi / 4, abs=1e-12)
    for make in LINE:
        mixture = make()
        found = truth.irreducible_loss(mixture)
        assert found.error < 1e-6
        x, z = mixture.sample(400_000).double(), torch.randn(400_000, 1, dtype=torch.float64)
        t = torch.rand(400_000, 1, dtype=torch.float64)
        loss = (truth.velocity(mixture, (1 - t) * z + t * x, t) - (x - z)).square()
        assert abs(found.value - loss.mean().item()) < 5 * loss.std().item() / 400_000**0.5


def test_irreducible_loss_in_the_plane_knows_its_error():
    covariance = [[0.5, 0.2], [0.2, 0.9]]
    twice = gaussians([0.4, 0.6], [[1.0, 2.0], [1.0, 2.0]], [covariance, covariance])
    exact = math.pi / 2 * np.trace(sqrtm(np.array(covariance)))
    misses = []
    for seed in range(20):
        found = truth.irreducible_loss(twice, 2000, torch.Generator().manual_seed(seed))
        misses.append((found.value - exact) / found.error)
    assert 0.5 < np.std(misses) < 1.6  # in units of the error that was stated
    assert abs(np.mean(misses)) < 4 / 20**0.5


# The flow map and the average velocity


@pytest.mark.parametrize("make", MAPPED)
def test_flow_map_composes_inverts_and_starts_where_it_is(make):
    mixture = make()
    x, t = on_the_way(mixture, (2, 40), 0, 1)
    # A point between the modes at late times was torn from its neighbours: it stands for a single number at time 0.
    s, r = (torch.rand_like(t) * t for _ in range(2))
    there = truth.flow_map(mixture, x, t, r)
    assert torch.allclose(truth.flow_map(mixture, truth.flow_map(mixture, x, t, s), s, r), there, atol=1e-10)
    assert torch.allclose(truth.flow_map(mixture, x, t, t), x, rtol=1e-10, atol=1e-12)
    z = torch.randn(2, 40, mixture.dim, dtype=torch.float64)
    forth = truth.flow_map(mixture, z, 0.0, r)
    assert torch.allclose(truth.flow_map(mixture, forth, r, 0.0), z, atol=1e-10)
    assert torch.allclose(truth.flow_map(mixture, forth, r, t), truth.flow_map(mixture, z, 0.0, t), atol=1e-8)


@pytest.mark.parametrize("make", LINE)
def test_flow_map_keeps_the_mass_on_each_side(make):
    mixture = make()
    z = torch.linspace(-3, 3, 50, dtype=torch.float64)[:, None]
    for r in (0.4, 0.9, 1.0):
        x = truth.flow_map(mixture, z, 0.0, r)
        assert (x.diff(dim=0) > 0).all()
        assert torch.allclose(moved(mixture, r).cdf(x), torch.special.ndtr(z[:, 0]), atol=1e-14)


@pytest.mark.parametrize("make", MAPPED)
def test_velocity_is_the_derivative_of_the_flow_map(make):
    mixture = make()
    x, t = on_the_way(mixture, (2, 30), 0.1, 0.9)
    h = 1e-5
    v = (truth.flow_map(mixture, x, t, t + h) - truth.flow_map(mixture, x, t, t - h)) / (2 * h)
    assert torch.allclose(truth.velocity(mixture, x, t), v, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("make", "reach"), [(data.mixture_1d, 30.0), (narrow, 1.5)])
def test_flow_map_follows_the_velocity_in_the_tails_and_in_the_gap(make, reach):
    mixture = make()

    def field(x, t):
        return truth.velocity(mixture, x, t)

    x = torch.linspace(-reach, reach, 9, dtype=torch.float64)[:, None]  # up to 50 standard deviations out
    for t, r in ((1.0, 0.0), (0.9, 0.3)):  # backwards, so that the gap closes
        followed = samplers.adaptive(field, x, rtol=1e-8, atol=1e-8, start=t, end=r)[-1]
        assert torch.allclose(truth.flow_map(mixture, x, t, r), followed, rtol=1e-6, atol=1e-6)


def test_flow_map_finds_every_point_also_between_narrow_components():
    """Newton's step goes astray where there is hardly any mass; no point may be left there."""
    parts = [0.2, 0.5, 0.3], [[-4.0], [0.0], [5.0]], [[[0.01]], [[1.0]], [[0.04]]]
    mixture = GaussianMixture(*(torch.tensor(part, dtype=torch.float64) for part in parts))
    x = torch.linspace(-16, 16, 20_001, dtype=torch.float64)[:, None]
    for t, r in ((0.0, 1.0), (0.3, 0.7), (0.5, 0.501), (0.9, 0.2)):
        there = truth.flow_map(mixture, x, t, r)
        assert (there.diff(dim=0) > 0).all()
        assert torch.allclose(truth.flow_map(mixture, there, r, t), x, atol=1e-9)


def test_flow_map_knows_no_left_and_right():
    mixture = data.mixture_1d()
    mirror = gaussians(mixture.weights, -mixture.means, mixture.covariances)
    z = torch.linspace(-38, 38, 77, dtype=torch.float64)[:, None]  # where 1 - F is 10^-316, and F rounds to 1
    x = truth.flow_map(mixture, z, 0.0, 1.0)
    assert torch.allclose(truth.flow_map(mirror, -z, 0.0, 1.0), -x, rtol=1e-12)
    # Far out the wider component has all the mass: points are on its line, but for the logarithm of its weight.
    far = torch.tensor([[-1e6], [1e6]], dtype=torch.float64)
    assert torch.allclose(truth.flow_map(mixture, far, 0.0, 1.0), -2 + 0.8 * far, rtol=1e-9)


def test_quantiles_and_the_closed_form_of_one_gaussian_agree():
    once = gaussians([1.0], [[1.0]], [[[0.25]]])
    twice = gaussians([0.3, 0.7], [[1.0], [1.0]], [[[0.25]], [[0.25]]])
    x = torch.linspace(-9, 9, 37, dtype=torch.float64)[:, None]
    for t, r in ((0.0, 1.0), (0.7, 0.2), (0.5, 0.50001), (1.0, 1.0)):
        for function in (truth.flow_map, truth.average_velocity):
            assert torch.allclose(function(twice, x, t, r), function(once, x, t, r), rtol=1e-9)


def test_average_velocity_of_the_methods_gaussian():
    std = 0.4
    mixture = gaussians([1.0], [[0.0] * 3], std**2 * torch.eye(3)[None].double())
    x, t = on_the_way(mixture, (2, 50), 0, 1)
    r = torch.rand_like(t)

    def spread(s):
        return ((1 - s) ** 2 + (std * s) ** 2).sqrt()

    exact = x * (spread(r) / spread(t) - 1) / (r - t)
    assert torch.allclose(truth.average_velocity(mixture, x, t, r), exact, rtol=1e-9)


def test_flow_map_of_a_gaussian_with_full_covariance():
    mixture = one()
    x = mixture.sample(20).double()
    for t, r in ((0.0, 1.0), (0.3, 0.8), (1.0, 0.1)):
        mean, now, wanted = mixture.means[0], *(moved(mixture, s).covariances[0].numpy() for s in (t, r))
        stretch = torch.as_tensor(sqrtm(wanted) @ np.linalg.inv(sqrtm(now)))
        exact = r * mean + (x - t * mean) @ stretch.T
        assert torch.allclose(truth.flow_map(mixture, x, t, r), exact, atol=1e-10)
        assert torch.allclose(truth.average_velocity(mixture, x, t, r), (exact - x) / (r - t), atol=1e-10)


@pytest.mark.parametrize("make", MAPPED)
@pytest.mark.parametrize("gap", [0.5, 1.01 * flow.NEAR, 0.99 * flow.NEAR, 1e-7, 1e-12, 0.0])
def test_average_velocity_is_the_mean_along_the_way_also_where_the_ends_meet(make, gap):
    mixture = make()
    x, t = on_the_way(mixture, (2, 20), 0.5, 0.9)
    r = t - gap
    nodes, weights = (torch.tensor(values)[:, None, None, None] for values in leggauss(40))
    s = t + (1 + nodes) / 2 * (r - t)
    x_s = truth.flow_map(mixture, x.expand(40, -1, -1, -1), t.expand_as(s), s)
    mean = (weights / 2 * truth.velocity(mixture, x_s, s)).sum(0)
    assert torch.allclose(truth.average_velocity(mixture, x, t, r), mean, rtol=1e-9, atol=1e-9)
    if gap == 0:
        assert torch.allclose(truth.average_velocity(mixture, x, t, r), truth.velocity(mixture, x, t), rtol=1e-12)


@pytest.mark.parametrize("make", MAPPED)
@pytest.mark.parametrize("function", [truth.flow_map, truth.average_velocity])
def test_derivatives_of_the_flow_are_those_of_its_values(make, function):
    mixture = make()
    x, t = on_the_way(mixture, (2, 20), 0.3, 0.9)
    inputs, h = [x, t, torch.rand_like(t) * 0.2], 1e-6
    for i in range(3):
        one_way = [torch.full_like(value, float(j == i)) for j, value in enumerate(inputs)]
        forth, back = ([v + sign * h * d for v, d in zip(inputs, one_way, strict=True)] for sign in (1, -1))
        slope = (function(mixture, *forth) - function(mixture, *back)) / (2 * h)
        _, forward, *_ = jvp(lambda *now: function(mixture, *now), tuple(inputs), tuple(one_way))
        assert torch.allclose(forward, slope, rtol=1e-5, atol=1e-6)
        if i == 1:  # a time moves one point only, so a sum has its derivative, in reverse mode
            t_now = t.clone().requires_grad_()
            (reverse,) = grad(function(mixture, x, t_now, inputs[2]).sum(), t_now)
            assert torch.allclose(reverse[..., 0], forward.sum(-1), rtol=1e-9)


@pytest.mark.parametrize("make", MAPPED)
def test_the_meanflow_identity_holds_for_the_exact_average_velocity(make):
    mixture = make()
    x, t = on_the_way(mixture, (2, 20))
    r = torch.rand_like(t) * 0.9 + 0.05
    r[:, :5] = t[:, :5]
    if make is narrow:
        r = torch.minimum(r, t)
    v = truth.velocity(mixture, x, t)

    def field(x, t):
        return truth.average_velocity(mixture, x, t, r)

    u, du, *_ = jvp(field, (x, t), (v, torch.ones_like(t)))
    assert torch.allclose(u, v + (r - t) * du, rtol=1e-6, atol=1e-6)


# The likelihood of a flow


@pytest.mark.parametrize("make", [data.mixture_1d, data.mixture_2d, data.two_modes_2d])
def test_likelihood_of_the_exact_flow_is_the_density_of_the_data(make):
    mixture = make()
    x = mixture.sample((2, 15)).double()
    found = truth.pushforward_log_prob(lambda x, t: truth.velocity(mixture, x, t), x)
    assert (found - mixture.log_prob(x)).abs().max() < 1e-6


def test_likelihood_of_a_linear_flow():
    a = torch.tensor([[0.5, 1.0], [-0.3, 0.2]], dtype=torch.float64)  # it turns, shears and stretches
    x = torch.randn(2, 8, 2, dtype=torch.float64)
    turn = torch.as_tensor(expm(a.numpy()))
    exact = MultivariateNormal(torch.zeros(2).double(), turn @ turn.T).log_prob(x)
    assert torch.allclose(truth.pushforward_log_prob(lambda x, t: x @ a.T, x), exact, atol=1e-7)


def test_likelihood_of_a_net_integrates_to_one():
    net = methods.METHODS["fm"].build(dim=1, members=(2,)).double()
    x = torch.linspace(-8, 8, 400, dtype=torch.float64)[:, None].expand(2, 400, 1)
    with torch.no_grad():
        density = truth.pushforward_log_prob(net, x, rtol=1e-6, atol=1e-6).exp()
    assert torch.allclose(density.sum(-1) * 16 / 399, torch.ones(2).double(), atol=1e-4)


# The linear VAE


def linear_vae(x: torch.Tensor, size: int):
    """A real VAE without hidden layers, set to the optimum that ``ppca`` gives."""
    best = truth.ppca(x, size)
    net = methods.vae(likelihood=lambda members: Gaussian()).build(x.shape[-1], latent=size, hidden=()).double()
    with torch.no_grad():
        encoder, decoder = net.encoder.layers[0], net.decoder.layers[0]
        encoder.weight[:, :size], encoder.weight[:, size:] = best.encoder.mT, 0
        encoder.bias[:, :size] = -best.encoder @ best.mean
        encoder.bias[:, size:] = best.covariance.diagonal().log()
        decoder.weight.copy_(best.weight.mT)
        decoder.bias.copy_(best.mean[None])
        net.likelihood.sigma.copy_(best.variance.sqrt())
    return net, best


def exact_elbo(net, x, size):
    """The ELBO without noise: of what is quadratic in z, the mean over 2 q symmetric points is the expectation."""
    nodes = size**0.5 * torch.cat([torch.eye(size), -torch.eye(size)]).double()
    terms = [sum(elbo_terms(net, node.expand(len(x), size), x)) for node in nodes]
    return -torch.stack(terms).mean(0)


def cloud(dim: int = 5, n: int = 300):
    return torch.randn(n, dim, dtype=torch.float64) @ torch.randn(dim, dim, dtype=torch.float64) + torch.arange(dim)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_ppca_is_the_model_whose_likelihood_it_states_and_the_elbo_there(size):
    x = cloud()
    net, best = linear_vae(x, size)
    model = MultivariateNormal(best.mean, best.weight @ best.weight.T + best.variance * torch.eye(5).double())
    assert model.log_prob(x).mean().item() == pytest.approx(best.log_prob.item(), abs=1e-10)
    assert exact_elbo(net, x, size).mean().item() == pytest.approx(best.log_prob.item(), abs=1e-10)
    inner = best.weight.T @ best.weight + best.variance * torch.eye(size)
    assert torch.allclose(best.covariance, best.variance * torch.linalg.inv(inner))
    assert torch.allclose(best.encoder, torch.linalg.inv(inner) @ best.weight.T)


def test_gradient_descent_on_the_elbo_reaches_ppca():
    x = cloud(4)
    best = truth.ppca(x, 2)
    net = methods.vae(likelihood="gaussian_learned").build(4, latent=2, hidden=()).double()
    assert isinstance(net.likelihood, LearnedGaussian)
    descent = torch.optim.LBFGS(net.parameters(), max_iter=2000, tolerance_grad=1e-9, line_search_fn="strong_wolfe")

    def loss():
        descent.zero_grad()
        value = -exact_elbo(net, x, 2).mean()
        value.backward()
        return value

    reached = -descent.step(loss).item()
    assert reached < best.log_prob  # the start is not the end
    reached = exact_elbo(net, x, 2).mean().item()
    assert reached == pytest.approx(best.log_prob.item(), abs=1e-6)
    assert reached < best.log_prob + 1e-10
    weight = net.decoder.layers[0].weight.mT
    assert torch.allclose(weight @ weight.mT, best.weight @ best.weight.mT, atol=1e-2)
    assert net.likelihood.sigma.square().item() == pytest.approx(best.variance.item(), rel=1e-3)


def test_ppca_of_members_and_of_a_mixture():
    x = torch.stack([cloud(), 2 * cloud()])
    together, alone = truth.ppca(x, 2), truth.ppca(x[1], 2)
    assert [tuple(part.shape) for part in together] == [(2, 5, 2), (2,), (2, 5), (2, 2, 5), (2, 2, 2), (2,)]
    assert together.log_prob[1].item() == pytest.approx(alone.log_prob.item(), abs=1e-12)
    assert truth.ppca(x[0].float(), 2).weight.dtype == torch.float32
    mixture = data.mixture_2d()
    endless = truth.ppca(mixture, 1)
    many = truth.ppca(mixture.sample(200_000), 1)
    assert endless.log_prob.item() == pytest.approx(many.log_prob.item(), abs=0.02)
    exact = MultivariateNormal(endless.mean, endless.weight @ endless.weight.T + endless.variance * torch.eye(2))
    assert torch.allclose(exact.covariance_matrix, mixture.covariance)  # with one direction left nothing is lost


# The gap of a VAE


@pytest.mark.parametrize("size", [1, 2])
def test_at_the_optimum_of_the_linear_vae_there_is_no_gap(size):
    x = cloud(3, 40)
    net, best = linear_vae(x, size)
    found = truth.elbo_gap(net, x, tolerance=1e-9 if size == 1 else 1e-5)
    assert found.log_prob.mean().item() == pytest.approx(best.log_prob.item(), abs=1e-10)
    assert found.elbo.mean().item() == pytest.approx(best.log_prob.item(), abs=1e-10)
    assert found.gap.abs().max() < 1e-10
    assert found.kl.abs().max() < 1e-10


def test_gap_of_a_linear_decoder_in_closed_form():
    net = methods.vae(likelihood=lambda members: Gaussian(torch.tensor([[0.6], [0.9]]))).build(
        3, latent=2, hidden=(), members=(2,)
    )
    x = torch.randn(6, 3, dtype=torch.float64)
    found = truth.elbo_gap(net, x)
    assert next(net.parameters()).dtype == torch.float32  # the net was left as it was
    for member in range(2):
        layer, variance = net.double().decoder.layers[0], net.likelihood.sigma[member].double() ** 2
        w, b = layer.weight[member].mT, layer.bias[member, 0]
        model = MultivariateNormal(b, w @ w.T + variance * torch.eye(3))
        inner = torch.linalg.inv(w.T @ w + variance * torch.eye(2))
        true = MultivariateNormal((x - b) @ w @ inner.T, variance * inner)
        mean, log_variance = (part[member] for part in posterior(net, x.expand(2, 6, 3)))
        kl = kl_divergence(MultivariateNormal(mean, torch.diag_embed(log_variance.exp())), true)
        for number, exact in ((found.log_prob, model.log_prob(x)), (found.gap, kl), (found.kl, kl)):
            assert torch.allclose(number[member], exact, atol=1e-6)
            assert ((number[member] - exact).abs() <= found.error[member]).all()


@pytest.mark.parametrize(("dim", "size", "sigma"), [(1, 1, 0.7), (2, 1, 0.05), (2, 2, 0.7)])
def test_gap_is_the_distance_of_the_encoder_from_the_true_posterior(dim, size, sigma):
    method = methods.vae(likelihood=lambda members: Gaussian(sigma))
    net = method.build(dim, latent=size, members=(2,))
    x = torch.randn(2, 8, dim, dtype=torch.float64)
    found = truth.elbo_gap(net, x)
    assert ((found.gap - found.kl).abs() <= found.error).all()
    assert (found.error < 1e-3).all()
    assert (found.gap > 1e-3).all()
    alone = method.build(dim, latent=size, seed=1)
    assert torch.allclose(truth.elbo_gap(alone, x[1]).gap, found.gap[1], atol=1e-6)
    z = torch.randn(4000, 2, 8, size)
    terms = -sum(elbo_terms(net, z, x.float().expand(4000, 2, 8, dim)))
    assert ((terms.mean(0) - found.elbo).abs() < 5 * terms.std(0) / 4000**0.5 + 1e-5).all()


def test_a_posterior_between_the_nodes_shows_in_the_error():
    for seed in range(3):
        net = methods.vae(likelihood=lambda members: Gaussian(1e-3)).build(1, latent=1, hidden=(8,), seed=seed)
        with torch.no_grad():
            net.encoder.layers[-1].bias[..., 1] = -26.0  # q is a needle, thinner than the finest grid
        found = truth.elbo_gap(net, torch.randn(20, 1, dtype=torch.float64))
        assert (found.error > 0.1).all()
        assert ((found.gap - found.kl).abs() <= found.error).all()


def test_each_level_of_the_grid_states_its_error(monkeypatch):
    net = methods.vae(likelihood=lambda members: Gaussian(0.1)).build(2, latent=1)
    x = torch.randn(10, 2, dtype=torch.float64)
    exact = truth.elbo_gap(net, x, tolerance=1e-9)
    assert exact.error.max() < 1e-9
    for count in (33, 65, 129, 257, 513):
        monkeypatch.setitem(latent.LEVELS, 1, ((1.0, count, 73),))
        rough = truth.elbo_gap(net, x)
        for name in ("log_prob", "elbo", "gap", "kl"):
            assert ((getattr(rough, name) - getattr(exact, name)).abs() <= rough.error + 1e-9).all(), name


@pytest.mark.parametrize("size", [1, 2])
def test_the_likelihood_of_a_bernoulli_vae_adds_up_to_one(size):
    net = methods.vae(likelihood="bernoulli").build(4, latent=size)
    every = torch.tensor(list(product([0.0, 1.0], repeat=4)), dtype=torch.float64)
    found = truth.elbo_gap(net, every)
    assert found.log_prob.exp().sum().item() == pytest.approx(1, abs=1e-9)
    assert ((found.gap - found.kl).abs() <= found.error).all()


# Shapes, precision, bad input


FUNCTIONS = [
    lambda m, x, t: truth.velocity(m, x, t),
    lambda m, x, t: truth.score(m, x, t),
    lambda m, x, t: truth.log_prob_at(m, x, t)[..., None],
    lambda m, x, t: truth.velocity_variance(m, x, t)[..., None],
    lambda m, x, t: truth.flow_map(m, x, t, 0.5),
    lambda m, x, t: truth.average_velocity(m, x, t, 0.5),
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_members_times_and_precision(function):
    mixture = data.mixture_1d()
    x, t = on_the_way(mixture, (2, 3, 20))
    together = function(mixture, x, t)
    assert torch.allclose(together[1, 2], function(mixture, x[1, 2], t[1, 2]), rtol=1e-12)
    assert torch.equal(function(mixture, x, 0.3), function(mixture, x, torch.full_like(t, 0.3)))
    assert torch.equal(function(mixture, x, 0.3), function(mixture, x, torch.tensor(0.3, dtype=torch.float64)))
    single = function(mixture, x.float(), t.float())
    assert single.dtype == torch.float32
    # computed in float64 from the rounded input: nothing is lost but that rounding, and that of the output
    assert torch.equal(single, function(mixture, x.float().double(), t.float().double()).float())


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.usefixtures("unchecked")
def test_bad_input_is_refused_by_name(function):
    mixture, x = data.mixture_1d(), torch.zeros(3, 1)
    for time in (-0.1, 1.1, math.nan, torch.full((3, 1), 2.0)):
        with pytest.raises(ValueError, match="t must lie from 0 to 1, got"):
            function(mixture, x, time)
    with pytest.raises(ValueError, match=r"t must be a number or have shape \(3, 1\), got \(3,\)"):
        function(mixture, x, torch.zeros(3))
    with pytest.raises(ValueError, match=r"x(_t)? must have points of dimension 1, got shape \(3, 2\)"):
        function(mixture, torch.zeros(3, 2), 0.5)
    with pytest.raises(ValueError, match=r"x(_t)? must be finite, got 3 NaN"):
        function(mixture, x * math.nan, 0.5)


@pytest.mark.usefixtures("unchecked")
def test_what_has_no_closed_form_or_no_optimum_is_refused():
    x = torch.zeros(3, 2)
    for function in (truth.flow_map, truth.average_velocity):
        with pytest.raises(
            ValueError, match=r"mixture must be one-dimensional or a single Gaussian .* got 2 Gaussians"
        ):
            function(data.mixture_2d(), x, 0.0, 1.0)
        with pytest.raises(ValueError, match=r"r must lie from 0 to 1, got 1\.5"):
            function(data.mixture_1d(), x[:, :1], 0.0, 1.5)
    with pytest.raises(ValueError, match=r"latent must be below the dimension of the data, 2, .* got 2"):
        truth.ppca(torch.randn(9, 2), 2)
    with pytest.raises(ValueError, match="latent must be a whole number of at least 1, got 0"):
        truth.ppca(torch.randn(9, 2), 0)
    with pytest.raises(ValueError, match="data must vary in more than latent = 1 directions"):
        truth.ppca(torch.randn(9, 1) @ torch.ones(1, 3), 1)
    with pytest.raises(ValueError, match="samples must be a whole number of at least 2, got 1"):
        truth.irreducible_loss(data.mixture_2d(), samples=1)
    with pytest.raises(ValueError, match="rtol must be a finite number above 0, got 0"):
        truth.pushforward_log_prob(lambda x, t: x, x, rtol=0)


@pytest.mark.parametrize(
    ("arguments", "likelihood", "call", "message"),
    [
        ({"latent": 3}, "gaussian", {}, "net must have a latent of dimension 1 or 2 .* got 3"),
        ({}, "gaussian_optimal", {}, "likelihood of its own, not one that follows the batch"),
        ({}, "gaussian", {"x": torch.zeros(4, 3)}, "x must have points of dimension 2"),
        ({"members": (2,)}, "gaussian", {"x": torch.zeros(3, 4, 2)}, r"the members \(2,\) first, got \(3, 4, 2\)"),
        ({}, "gaussian", {"tolerance": 0.0}, "tolerance must be a finite number above 0"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_a_gap_that_cannot_be_computed_is_refused(arguments, likelihood, call, message):
    net = methods.vae(likelihood=likelihood).build(2, **arguments)
    with pytest.raises(ValueError, match=message):
        truth.elbo_gap(net, **{"x": torch.zeros(4, 2), **call})
