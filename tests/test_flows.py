"""Laws of the flow methods, against a Gaussian pair whose average velocity is known in closed form."""

import math

import pytest
import torch
from torch.func import jvp

from gen_lib import METHODS, couplings, data, fit, methods, metrics, truth
from gen_lib.methods.facm import BY_EXPANDED_TIME, BY_TARGET_TIME, anchor_loss, consistency_error, one_minus_root
from gen_lib.methods.flow_matching import flow_matching
from gen_lib.methods.meanflow import improved_identity, instantaneous, meanflow_identity, robust
from gen_lib.paths import circle, line, logit_normal, two_times, uniform
from gen_lib.samplers import heun

SCALE = 2.0  # data are N(0, SCALE^2)


def std(t):
    return ((1 - t) ** 2 + (SCALE * t) ** 2).sqrt()


def velocity(x, t):
    return x * ((SCALE**2 + 1) * t - 1) / std(t) ** 2


def average_velocity(x, t, r):
    gap = torch.where(r == t, 1.0, r - t)
    return torch.where(r == t, velocity(x, t), x * (std(r) / std(t) - 1) / gap)


def gaussian_pairs(n=400_000):
    return torch.randn(n, 1, dtype=torch.float64), SCALE * torch.randn(n, 1, dtype=torch.float64)


def slope_at_the_truth(loss):
    """Derivative of the mean loss in a factor on the net, at factor 1, in standard errors."""
    scale = torch.ones((), dtype=torch.float64)
    derivative = jvp(loss, (scale,), (torch.ones_like(scale),))[1]
    return derivative.mean() / (derivative.std() / len(derivative) ** 0.5), derivative.mean()


def scaled(scale):
    return lambda x, t, r: scale * average_velocity(x, t, r)


@pytest.mark.parametrize("identity", [meanflow_identity, improved_identity])
@pytest.mark.parametrize("ordered", [True, False], ids=["meanflow", "backflow"])
def test_the_true_average_velocity_is_stationary(identity, ordered):
    z, x = gaussian_pairs()
    t, r = two_times(x, uniform, same=0.25, ordered=ordered)

    def loss(scale):
        return identity(scaled(scale), z, x, t, r).square().sum(-1)

    z_score, slope = slope_at_the_truth(loss)
    assert abs(z_score) < 4
    assert abs(slope) < 0.05


def test_a_wrong_sign_of_the_derivative_term_would_be_seen():
    z, x = gaussian_pairs()
    t, r = two_times(x, uniform, same=0.25, ordered=True)

    def wrong(scale):
        mirrored = meanflow_identity(scaled(scale), z, x, t, r)
        x_t, v = line(z, x, t)
        u = scaled(scale)(x_t, t, r)
        return (2 * (u - v) - mirrored).square().sum(-1)  # u - v + (r - t) du instead of u - v - (r - t) du

    z_score, slope = slope_at_the_truth(wrong)
    assert abs(z_score) > 50
    assert abs(slope) > 0.3


STDS = {  # of x_t, for data N(0, SCALE^2)
    line: std,
    circle: lambda t: ((math.pi / 2 * t).cos() ** 2 + (SCALE * (math.pi / 2 * t).sin()) ** 2).sqrt(),
}


def average_velocity_on(path):
    """That of the Gaussian pair, whose flow map is x -> x std(r) / std(t)."""
    spread = STDS[path]

    def u(x, t, r):
        gap = torch.where(r == t, 1.0, r - t)
        rate = jvp(spread, (t.clone(),), (torch.ones_like(t),))[1] / spread(t)
        return torch.where(r == t, x * rate, x * (spread(r) / spread(t) - 1) / gap)

    return u


@pytest.mark.parametrize("path", STDS)
def test_a_path_begins_in_the_noise_and_ends_in_the_data_and_its_velocity_is_its_derivative(path):
    (z, x), t = torch.randn(2, 50, 2, dtype=torch.float64), torch.rand(50, 1, dtype=torch.float64)
    assert torch.allclose(path(z, x, torch.zeros_like(t))[0], z)
    assert torch.allclose(path(z, x, torch.ones_like(t))[0], x)
    derivative = jvp(lambda t: path(z, x, t)[0], (t,), (torch.ones_like(t),))[1]
    assert torch.allclose(path(z, x, t)[1], derivative)


@pytest.mark.parametrize("path", STDS)
@pytest.mark.parametrize(
    "make",
    [
        methods.fm,
        methods.meanflow,
        lambda **a: methods.meanflow(improved=True, **a),
        methods.backflow,
        methods.facm,
        methods.flow_map,
    ],
    ids=["fm", "meanflow", "improved", "backflow", "facm", "flow_map"],
)
def test_on_every_path_the_truth_of_a_gaussian_is_stationary(path, make):
    z, x = gaussian_pairs(200_000)
    u = average_velocity_on(path)

    def scaled_net(scale):
        return lambda x_t, t, r=None: scale * u(x_t, t, t if r is None else r)

    def at(path):
        loss = make(path=path, coupling=couplings.independent).loss
        torch.manual_seed(0)
        return slope_at_the_truth(lambda scale: loss(scaled_net(scale), z, x))[0]

    assert abs(at(path)) < 4
    assert abs(at(next(other for other in STDS if other is not path))) > 10  # the truth of one is not that of another


@pytest.mark.parametrize("path", STDS)
def test_with_the_exact_shortcut_one_gaussian_stays_the_target(path):
    z = torch.randn(100_000, 1, dtype=torch.float64)
    for steps in (1, 2, 4):
        made = methods.facm(path=path).push(average_velocity_on(path), z, steps=steps)[-1]
        assert abs(made.std() / SCALE - 1) < 4 / (2 * len(z)) ** 0.5
        assert abs(made.mean()) < 4 * SCALE / len(z) ** 0.5


def test_the_closed_form_is_the_one_of_truth():
    gaussian = data.GaussianMixture(torch.ones(1), torch.zeros(1, 1), torch.full((1, 1, 1), SCALE**2))
    x, t, r = torch.randn(100, 1).double(), torch.rand(100, 1).double(), torch.rand(100, 1).double()
    assert torch.allclose(truth.average_velocity(gaussian, x, t, r), average_velocity(x, t, r), atol=1e-9)
    assert torch.allclose(truth.velocity(gaussian, x, t), velocity(x, t), atol=1e-9)


def test_flow_matching_is_least_at_the_true_velocity():
    z, x = gaussian_pairs()
    t = torch.rand_like(z)
    z_score, _ = slope_at_the_truth(lambda s: flow_matching(lambda x, t: s * velocity(x, t), z, x, lambda _: t))
    assert abs(z_score) < 4
    exact = flow_matching(velocity, z, x, lambda _: t).mean()
    gaussian = data.GaussianMixture(torch.ones(1), torch.zeros(1, 1), torch.full((1, 1, 1), SCALE**2))
    assert abs(exact / truth.irreducible_loss(gaussian).value - 1) < 0.01


@pytest.mark.parametrize("conditioning", [BY_TARGET_TIME, BY_EXPANDED_TIME])
def test_the_true_shortcut_of_a_gaussian_is_stationary(conditioning):
    z, x = gaussian_pairs()
    t = torch.rand_like(z)
    x_t, v = line(z, x, t)

    def net(scale):
        if conditioning is BY_TARGET_TIME:
            return scaled(scale)
        return lambda x, c: (
            scale
            * torch.where(  # c from 0 to 1 is the shortcut, 2 - c the velocity
                c <= 1, average_velocity(x, c, torch.ones_like(c)), velocity(x, (2 - c).clamp_max(1))
            )
        )

    def loss(v, p):
        return lambda s: robust(consistency_error(net(s), x_t, t, v, conditioning), p)

    assert abs(slope_at_the_truth(loss(v, 0.0))[0]) < 4
    assert abs(slope_at_the_truth(loss(v, 0.5))[0]) < 4  # symmetric noise: its mean is its mode, robust is harmless
    exact = velocity(x_t, t)
    assert consistency_error(net(1.0), x_t, t, exact, conditioning).max() < 1e-12  # a teacher: no error to weigh
    assert abs(slope_at_the_truth(lambda s: anchor_loss(net(s), x_t, t, v, conditioning))[0]) < 4


def test_alpha_and_clamp_only_shrink_the_move_of_the_target():
    z, x = gaussian_pairs(1000)
    t = torch.rand_like(z)
    x_t, v = line(z, x, t)
    plain = consistency_error(average_velocity, x_t, t, v, BY_TARGET_TIME)
    alpha = consistency_error(average_velocity, x_t, t, v, BY_TARGET_TIME, alpha=one_minus_root)
    clamped = consistency_error(average_velocity, x_t, t, v, BY_TARGET_TIME, clamp=1.0)
    assert torch.allclose(alpha, (1 - t.sqrt())[:, 0] ** 2 * plain)
    assert torch.allclose(clamped, plain.clamp_max(1.0))


def test_robust_changes_nothing_at_zero_and_bounds_the_gradient_at_one():
    error = torch.tensor([1e-6, 1.0, 1e6], requires_grad=True)
    assert torch.equal(robust(error, 0.0), error)
    (gradient,) = torch.autograd.grad(robust(error, 1.0).sum(), error)
    assert torch.allclose(gradient, 1 / (error + 1e-3))
    p = torch.tensor([[0.0], [1.0]])
    both = robust(error.expand(2, 3), p)
    assert torch.equal(both[0], error)
    assert torch.allclose(both[1], robust(error, 1.0))


def test_times():
    x = torch.zeros(20_000, 2)
    t, r = two_times(x, uniform, same=0.3, ordered=True)
    assert t.shape == r.shape == (20_000, 1)
    assert (t <= r).all()
    assert abs((t == r).float().mean() - 0.3) < 0.015
    t, r = two_times(x, uniform, same=0.0, ordered=False)
    assert abs((t < r).float().mean() - 0.5) < 0.015
    middle = logit_normal(-0.4, 1.0)(x)
    assert abs(torch.logit(middle).mean() + 0.4) < 0.03
    assert abs(torch.logit(middle).std() - 1.0) < 0.03


@pytest.mark.parametrize("same", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("ordered", [True, False], ids=["meanflow", "backflow"])
def test_the_time_now_is_the_earlier_of_two_ordered_ones_also_where_both_are_the_same(ordered, same):
    t, r = two_times(torch.zeros(200_000, 1), uniform, same, ordered)
    for now in (t[t == r], t[t != r]):
        now = now.double().sort().values
        below = 1 - (1 - now) ** 2 if ordered else now  # the integral of 2 (1 - t), or of 1
        rank = (torch.arange(len(now)) + 0.5) / max(len(now), 1)
        assert ((below - rank).abs() * len(now) ** 0.5 < 2.5).all()  # the test of Kolmogorov and Smirnov


@pytest.mark.usefixtures("unchecked")  # a function stands for the net
def test_with_r_equal_t_meanflow_is_flow_matching_at_the_earlier_of_two_times():
    z, x = gaussian_pairs()

    def now(x):
        return two_times(x, uniform, same=1.0, ordered=True)[0]

    losses = []
    for loss in (methods.meanflow(same=1.0).loss, methods.fm(time=now).loss):
        torch.manual_seed(1)
        losses.append(loss(lambda x, t, r=None: velocity(x, t), z, x))
    assert torch.allclose(*losses)
    # Given x_t the velocity has the variance S^2 / std(t)^2; t has the density 2 (1 - t).
    clock = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000
    exact = (2 * (1 - clock) * SCALE**2 / std(clock) ** 2).mean()
    assert abs(losses[0].mean() - exact) < 4 * losses[0].std() / len(z) ** 0.5
    assert abs(exact / (SCALE * torch.pi / 2) - 1) > 0.1  # of uniform times


@pytest.mark.parametrize(
    ("method", "one_step", "ode"),
    [
        (methods.meanflow(), 0.25, 0.25),
        (methods.meanflow(improved=True), 0.25, 0.25),
        (methods.facm(), 0.2, 0.12),
        (methods.backflow(), 0.12, 0.12),
    ],
    ids=["meanflow", "improved", "facm", "backflow"],
)
def test_what_is_learned_is_close_to_the_exact_flow(method, one_step, ode):
    mixture = data.mixture_1d()
    net = method.build(dim=1, members=(3,))
    fit(method, net, mixture, steps=600, progress=False)
    z = torch.special.ndtri((torch.arange(1000) + 0.5) / 1000)[None, :, None].expand(3, -1, -1)
    with torch.no_grad():
        assert metrics.w1(method.push(net, z)[-1], mixture).mean() < one_step
        assert metrics.w1(heun(instantaneous(net), z, 50)[-1], mixture).mean() < ode
        exact = truth.flow_map(mixture, z.double(), 0.0, 1.0).float()
        assert (method.push(net, z)[-1] - exact).abs().mean() < 0.3


def test_flow_matching_learns_the_exact_velocity_and_its_likelihood():
    mixture = data.mixture_1d()
    net = METHODS["fm"].build(dim=1, members=(3,))
    fit(METHODS["fm"], net, mixture, steps=600, progress=False)
    t = torch.rand(3, 4000, 1)
    x_t, _ = line(torch.randn(3, 4000, 1), mixture.sample((3, 4000)), t)
    with torch.no_grad():
        error = (net(x_t, t) - truth.velocity(mixture, x_t, t)).square().mean()
        assert error < 0.05 * truth.velocity(mixture, x_t, t).square().mean()
        x = mixture.sample((3, 200))
        z = METHODS["fm"].encode(net, x)
        assert (METHODS["fm"].push(net, z)[-1] - x).abs().mean() < 0.01


def test_robust_weights_bias_the_one_step_map_of_conditional_targets():
    mixture = data.mixture_1d()
    z = torch.special.ndtri((torch.arange(1000) + 0.5) / 1000)[None, :, None].expand(2, -1, -1)
    method = methods.meanflow(p=torch.tensor([[0.0], [0.75]]))
    net = method.build(dim=1, members=(2,))
    fit(method, net, mixture, steps=600, progress=False)
    with torch.no_grad():
        plain, weighted = metrics.w1(method.push(net, z)[-1], mixture)
    assert weighted > 2 * plain


def test_backflow_encodes_what_it_decodes_in_one_step_each():
    method = methods.backflow(coupling=couplings.optimal)
    net = method.build(dim=1, members=(3,))
    fit(method, net, data.mixture_1d(), steps=600, progress=False)
    x = data.mixture_1d().sample((3, 1000))
    with torch.no_grad():
        z = method.encode(net, x)
        assert (method.push(net, z)[-1] - x).abs().mean() < 0.2
        assert metrics.w1(z, data.GaussianMixture(torch.ones(1), torch.zeros(1, 1), torch.ones(1, 1, 1))).mean() < 0.15


def test_facm_goes_back_and_jumps_again():
    net = METHODS["facm"].build(dim=1)
    states = METHODS["facm"].push(net, torch.randn(10, 1), steps=3)
    assert [s.shape for s in states] == [(10, 1)] * 4


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: methods.meanflow(p=-0.5), "p must be a finite number of at least 0, got -0.5"),
        (lambda: methods.meanflow(same=1.5), "same must lie from 0 to 1, got 1.5"),
        (lambda: methods.backflow(same=-0.1), "same must lie from 0 to 1, got -0.1"),
        (lambda: methods.facm(clamp=0.0), "clamp must be a finite number above 0, got 0.0"),
        (lambda: logit_normal(std=0.0), "std must be a finite number above 0, got 0.0"),
        (
            lambda: METHODS["fm"].build(dim=2, latent=1),
            "latent must be the dimension of the data, 2, for a flow, got 1",
        ),
    ],
)
def test_bad_choices(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("dim", [1, 2])
def test_the_angle_in_the_anchor_turns_the_velocity_and_does_not_stretch_it(dim):
    F = torch.randn(1000, dim, dtype=torch.float64).requires_grad_()
    x_t, v = torch.randn(2, 1000, dim, dtype=torch.float64)
    t = torch.rand(1000, 1, dtype=torch.float64)

    def gradient(angle):
        loss = anchor_loss(lambda *_: F, x_t, t, v, BY_TARGET_TIME, angle)
        return torch.autograd.grad(loss.sum(), F)[0]

    plain, turn = gradient(False), gradient(True) - gradient(False)
    assert torch.allclose(plain, 2 * (F - v))
    assert torch.allclose((turn * F).sum(-1), torch.zeros(1000, dtype=torch.float64), atol=1e-9)
    cos = (F * v).sum(-1) / (F.norm(dim=-1) * v.norm(dim=-1))
    sine = (1 - cos.square()).clamp_min(0).sqrt()  # nothing on the line
    assert torch.allclose(turn.norm(dim=-1) * F.norm(dim=-1), sine, atol=1e-6)
    assert ((turn * v).sum(-1) < 1e-9).all()  # minus the gradient turns towards v
