"""Laws of the three equations of a flow map, at exact maps and at nets whose remainder is known in closed form."""

import pytest
import torch
from torch import nn

from gen_lib import couplings, data, fit, methods, metrics, truth
from gen_lib.data import GaussianMixture
from gen_lib.methods.flow_map import eulerian, held, lagrangian, semigroup

EQUATIONS = [semigroup, eulerian, lagrangian]
each_equation = pytest.mark.parametrize("equation", EQUATIONS, ids=lambda equation: equation.__name__)


def round_one():
    wide = torch.tensor([[2.0, 0.5], [0.5, 1.0]])
    return GaussianMixture(torch.ones(1), torch.tensor([[1.0, -2.0]]), wide[None])


def between(mixture, n=500):
    """Points of the paths, and two ordered times."""
    a, b = 0.02 + 0.96 * torch.rand(2, n, 1, dtype=torch.float64)
    t, r = a.minimum(b), a.maximum(b)
    z = torch.randn(n, mixture.dim, dtype=torch.float64)
    return (1 - t) * z + t * mixture.sample(n).double(), t, r


@each_equation
@pytest.mark.parametrize("make", [data.mixture_1d, round_one])
def test_the_exact_map_satisfies_every_equation(equation, make):
    mixture = make()
    places = between(mixture)

    def left(factor):
        def u(x, t, r):
            return factor(t, r) * truth.average_velocity(mixture, x, t, r)

        return equation(u, *places).abs()

    assert left(lambda t, r: 1.0).max() < 1e-9
    assert left(lambda t, r: 1 + (r - t) / 10).mean() > 1e-3  # right at r = t, and wrong beyond


@each_equation
def test_every_equation_holds_for_a_field_that_never_changes(equation):
    """Whatever it is: only the anchor, flow matching at r = t, ties it to data."""
    x = torch.randn(20, 2)
    t, r = torch.rand(2, 20, 1)
    assert equation(lambda x, t, r: torch.full_like(x, 3.0), x, t, r).abs().max() < 1e-5


class Stretch(nn.Module):
    """u = a x, at all times."""

    def __init__(self, a):
        super().__init__()
        self.a = nn.Parameter(torch.tensor(a, dtype=torch.float64))

    def forward(self, x, t, r):
        return self.a * x


# What is left, as a function of the weight a and of b, the weight of the teacher, for a point x and the time h = r - t.
BY_HAND = {
    semigroup: lambda a, b, x, h: a * x - (b * x + b * (x + h / 2 * b * x)) / 2,
    eulerian: lambda a, b, x, h: a * x - h * a * b * x - b * x,
    lagrangian: lambda a, b, x, h: a * x - b * (x + h * a * x),
}


@each_equation
def test_the_remainder_and_its_gradient_are_those_found_by_hand(equation):
    """The weights of the teacher are held, and all else is differentiated."""
    net, x = Stretch(0.7), torch.randn(30, 1, dtype=torch.float64)
    t, r = torch.rand(2, 30, 1, dtype=torch.float64)
    left = equation(net, x, t, r)
    a = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    expected = BY_HAND[equation](a, a.detach(), x, r - t)
    assert torch.allclose(left, expected, atol=1e-12)
    weights = torch.randn_like(left)
    (found,), (right,) = (torch.autograd.grad((weights * y).sum(), w) for y, w in ((left, net.a), (expected, a)))
    assert torch.allclose(found, right, rtol=1e-9)


@each_equation
def test_points_without_members_are_given_to_all(equation):
    net, x = methods.flow_map().build(dim=2, members=(3,)), torch.randn(5, 2)
    t, r = torch.rand(2, 5, 1)
    spread = (value.expand(3, -1, -1) for value in (x, t, r))
    assert torch.allclose(equation(net, x, t, r), equation(net, *spread), atol=1e-6)


def test_a_teacher_passes_gradients_to_its_inputs_alone():
    net = methods.flow_map().build(dim=2, members=(3,))
    x = torch.randn(3, 5, 2, requires_grad=True)
    t, r = torch.rand(2, 3, 5, 1)
    assert torch.equal(held(net)(x, t, r), net(x, t, r))
    held(net)(x, t, r).sum().backward()
    assert x.grad.abs().min() > 0
    assert all(weight.grad is None and weight.requires_grad for weight in net.parameters())


@each_equation
def test_the_loss_is_least_at_the_exact_map(equation):
    mixture = data.mixture_1d()
    loss = methods.flow_map(equation).loss
    z, x = torch.randn(40_000, 1, dtype=torch.float64), mixture.sample(40_000).double()

    def mean(by, n):
        torch.manual_seed(1)
        values = loss(lambda x, t, r: truth.average_velocity(mixture, x, t, r) + by * (r - t), z[:n], x[:n])
        return values.mean(), values.std() / len(values) ** 0.5

    exact, error = mean(0.0, len(x))
    assert abs(exact - truth.irreducible_loss(mixture).value) < 4 * error  # the equation leaves nothing
    assert mean(0.3, 4000)[0] > mean(0.0, 4000)[0]


@each_equation
def test_what_is_learned_is_close_to_the_exact_map(equation):
    mixture, method = data.mixture_1d(), methods.flow_map(equation, coupling=couplings.independent)
    net = method.build(dim=1, members=(2,))
    fit(method, net, mixture, steps=400, batch=128, progress=False)
    z = torch.special.ndtri((torch.arange(500) + 0.5) / 500)[None, :, None].expand(2, -1, -1)
    exact = truth.flow_map(mixture, z.double(), 0.0, 1.0).float()
    assert (method.push(net, z)[-1] - exact).abs().mean() < 0.3
    assert metrics.w1(method.push(net, z, steps=8)[-1], mixture).mean() < 0.2
    assert (method.push(net, method.encode(net, exact), steps=8)[-1] - exact).abs().mean() < 0.3
