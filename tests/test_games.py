"""Laws of the adversarial methods."""

import pytest
import torch

from gen_lib import METHODS, data, fit, methods, metrics
from gen_lib.methods.gan import critic_loss, score_and_slope
from gen_lib.nets import Adversaries


class Fixed(Adversaries):
    """A game with a generator and a critic given in closed form; points are one-dimensional."""

    def __init__(self, score, shift=0.0):
        super().__init__(dim=1, latent=1, hidden=())
        self.by_hand, self.shift = score, shift
        del self.generator
        self.generator = self.move

    def score(self, x):
        return self.by_hand(x[..., 0])

    def move(self, z):
        return z + self.shift


def test_the_optimal_critic_is_the_log_ratio_of_the_densities():
    n = 400_000
    z, x = torch.randn(n, 1).double(), 1 + torch.randn(n, 1).double()  # q = N(0, 1), p = N(1, 1): log p/q = x - 1/2
    for direction in (lambda x: x, torch.ones_like, torch.sin):
        derivative = torch.func.jvp(
            lambda a, d=direction: critic_loss(Fixed(lambda x: x - 0.5 + a * d(x)), z, x),
            (torch.zeros((), dtype=torch.float64),),
            (torch.ones((), dtype=torch.float64),),
        )[1]
        assert abs(derivative.mean()) < 4 * derivative.std() / n**0.5


def test_the_relativistic_critic_is_its_equation_term_by_term(unchecked):
    """In one pass of the critic over data and samples; here each term by a pass of its own."""
    net = METHODS["gan"].build(dim=2, members=(3,), seed=1)
    z, x = torch.randn(2, 3, 50, 2)
    gamma = torch.tensor([[0.0], [0.5], [2.0]])
    (_, critic), _ = methods.gan(relativistic=True, gamma=gamma).turns
    made = net.generator(z).detach()
    slopes = score_and_slope(net, x)[1] + score_and_slope(net, made)[1]
    by_hand = (1 + (net.score(made) - net.score(x)).exp()).log() + gamma / 2 * slopes
    loss = critic(net, z, x)
    assert torch.allclose(loss, by_hand, rtol=1e-5, atol=1e-6)
    with pytest.raises(RuntimeError, match="must match the size"):
        critic(net, z[:, :20], x)  # data must not be paired with data
    weights = list(net.critic.parameters())
    for got, wanted in zip(*(torch.autograd.grad(part.sum(), weights) for part in (loss, by_hand)), strict=True):
        assert torch.allclose(got, wanted, rtol=1e-4, atol=1e-4)


def test_squared_slope_of_a_linear_critic_is_its_squared_weight():
    net = METHODS["gan"].build(dim=3, members=(2,), hidden=())
    slope = score_and_slope(net, torch.randn(2, 5, 3))[1]
    weight = net.critic.layers[0].weight
    assert torch.allclose(slope, weight.square().sum((-2, -1))[:, None].expand(2, 5), atol=1e-6)
    gradient = torch.autograd.grad(slope.mean(-1).sum(), weight)[0]
    assert torch.allclose(gradient, 2 * weight, atol=1e-6)


def test_the_gradient_penalty_is_zero_for_slope_one_and_known_for_others():
    ((_, loss), *_) = methods.wgan(penalty=10.0).turns
    z, x = torch.randn(2, 50, 1)
    for slope in (1.0, -1.0, 3.0):
        net = Fixed(lambda x, slope=slope: slope * x)
        exact = slope * (z - x)[:, 0] + 10.0 * (abs(slope) - 1) ** 2
        assert torch.allclose(loss(net, z, x), exact, atol=1e-4)


def test_relativistic_losses_depend_on_differences_only():
    method = methods.gan(relativistic=True, gamma=0.0)
    z, x = torch.randn(2, 50, 1)
    for _, loss in method.turns:
        assert torch.allclose(loss(Fixed(torch.sin), z, x), loss(Fixed(lambda x: torch.sin(x) + 7), z, x), atol=1e-5)
    with_penalty = methods.gan(relativistic=True, gamma=4.0).turns[0].loss
    difference = with_penalty(Fixed(lambda x: 3 * x), z, x) - method.turns[0].loss(Fixed(lambda x: 3 * x), z, x)
    assert torch.allclose(difference, torch.full((50,), 4.0 / 2 * (9 + 9)), atol=1e-4)


def test_the_generators_loss_falls_where_the_critic_sees_data():
    _, (_, loss) = methods.gan().turns
    z, x = torch.randn(2, 50, 1)
    assert (loss(Fixed(lambda x: x, shift=1.0), z, x) < loss(Fixed(lambda x: x), z, x)).all()


def test_clipping_keeps_the_critic_in_its_box_and_leaves_the_generator():
    method = methods.wgan(clip=0.05)
    net = method.build(dim=2, members=(2,))
    fit(method, net, data.mixture_2d(), steps=5, batch=16, lr=0.1, progress=False)
    assert max(p.abs().max() for p in net.critic.parameters()) <= 0.05
    assert max(p.abs().max() for p in net.generator.parameters()) > 0.05


def test_the_critic_has_its_turns_and_the_curves_their_names():
    method = methods.wgan(critic_turns=3)
    assert [name for name, _ in method.turns] == ["critic"] * 3 + ["generator"]
    net = method.build(dim=1, members=(2,))
    history = fit(method, net, data.mixture_1d(), steps=4, batch=8, progress=False)
    assert {name: tuple(curve.shape) for name, curve in history.losses.items()} == {
        "critic": (4, 2),
        "generator": (4, 2),
    }


def test_a_wasserstein_game_finds_the_mixture_better_than_a_single_bump():
    mixture = data.mixture_1d()
    net = METHODS["wgan"].build(dim=1, members=(3,))
    fit(METHODS["wgan"], net, mixture, steps=400, lr=3e-3, batch=128, progress=False)
    with torch.no_grad():
        samples = METHODS["wgan"].push(net, torch.randn(3, 2000, 1))[-1]
    bump = mixture.mean + mixture.covariance.sqrt()[0] * torch.randn(3, 2000, 1).double()
    assert metrics.w1(samples, mixture).mean() < 0.6 * metrics.w1(bump.float(), mixture).mean()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: methods.gan(critic_turns=0), "critic_turns must be a whole number of at least 1, got 0"),
        (lambda: methods.gan(gamma=-1.0), "gamma must be a finite number of at least 0, got -1.0"),
        (lambda: methods.wgan(penalty=-1.0), "penalty must be a finite number of at least 0, got -1.0"),
        (lambda: methods.wgan(clip=0.0), "clip must be a finite number above 0, got 0.0"),
    ],
)
def test_bad_choices(call, message):
    with pytest.raises(ValueError, match=message):
        call()
