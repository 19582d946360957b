import pytest
import torch

from gen_lib import METHODS
from gen_lib.nets import MLP, Linear, stacked
from gen_lib.paths import line, uniform


@pytest.mark.parametrize("members", [(), (3,), (2, 3)])
def test_linear_is_an_affine_map_per_member(members):
    layer = Linear(4, 5, members)
    x = torch.randn(*members, 7, 4)
    by_hand = torch.einsum("...ni,...io->...no", x, layer.weight) + layer.bias
    assert torch.allclose(layer(x), by_hand, atol=1e-6)
    assert torch.allclose(layer(x[(0,) * len(members)]), layer(x[(0,) * len(members)].expand(x.shape)), atol=1e-6)


def test_initial_weights_are_those_of_torch():
    weight = Linear(50, 400).weight
    reference = torch.nn.Linear(50, 400).weight
    assert weight.abs().max() <= 50**-0.5
    assert abs(weight.std() / reference.std() - 1) < 0.02


@pytest.mark.parametrize("members", [(), (3,), (2, 3)])
@pytest.mark.parametrize("activation", [torch.nn.SiLU, torch.nn.LeakyReLU, torch.nn.Sigmoid, torch.nn.Tanh])
def test_the_derivative_along_a_direction_is_that_of_forward_mode(members, activation):
    net = MLP(3, 2, members=members, activation=activation).double()
    x, t, v, one = (torch.randn(*members, 50, d, dtype=torch.float64) for d in (2, 1, 2, 1))
    u, du = net.along((x, t), (v, one))
    exact, slope, *_ = torch.func.jvp(net, (x, t), (v, one))
    assert torch.equal(u, exact)
    assert torch.allclose(du, slope, rtol=1e-12, atol=1e-14)
    assert u.requires_grad
    assert not du.requires_grad
    gradients, wanted = (torch.autograd.grad(out.square().sum(), list(net.parameters())) for out in (u, net(x, t)))
    assert all(map(torch.equal, gradients, wanted))
    with torch.no_grad():
        assert torch.equal(net.along((x, t), (v, one))[1], du)


@pytest.mark.parametrize("name", METHODS)
def test_member_i_is_the_lone_net_with_seed_plus_i(name):
    together = METHODS[name].build(dim=2, members=(2, 2), seed=5)
    for i in range(4):
        alone = METHODS[name].build(dim=2, seed=5 + i).state_dict()
        for key, value in together.state_dict().items():
            if value.ndim > alone[key].ndim:
                assert torch.equal(value[i // 2, i % 2], alone[key])


def test_building_leaves_the_global_generator_alone():
    torch.manual_seed(1)
    before = torch.rand(1)
    torch.manual_seed(1)
    stacked(lambda members: MLP(1, 1, members=members), (2,), seed=0)
    assert torch.equal(torch.rand(1), before)


def test_line_runs_from_noise_to_data():
    z, x = torch.randn(2, 6, 2)
    assert torch.equal(line(z, x, torch.zeros(6, 1))[0], z)
    assert torch.equal(line(z, x, torch.ones(6, 1))[0], x)
    t = uniform(x)
    assert t.shape == (6, 1)
    forward = torch.func.jvp(lambda t: line(z, x, t)[0], (t,), (torch.ones_like(t),))[1]
    assert torch.allclose(forward, line(z, x, t)[1], atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dim": 0}, "dim must be a whole number of at least 1, got 0"),
        ({"dim": 1, "latent": 1.5}, "latent must be a whole number of at least 1, got 1.5"),
        ({"dim": 1, "hidden": 32}, r"hidden must be a tuple of whole numbers.* got 32"),
        ({"dim": 1, "hidden": (32, -1)}, "each of hidden must be a whole number of at least 1, got -1"),
        ({"dim": 1, "members": (0,)}, "each of members must be a whole number of at least 1, got 0"),
        ({"dim": 1, "members": 8}, r"members must be a tuple of whole numbers, such as \(8,\), got 8"),
        ({"dim": 1, "seed": -1}, "seed must be a whole number of at least 0, got -1"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_bad_sizes(arguments, message):
    with pytest.raises(ValueError, match=message):
        METHODS["vae"].build(**arguments)
