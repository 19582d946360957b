from itertools import product

import pytest
import torch

from gen_lib import METHODS, data, draws, fit, methods, metrics
from gen_lib.figures import export
from gen_lib.likelihoods import Gaussian
from gen_lib.nets import MLP, Dropout, Linear, Maps, convolutional, leaky, perceptron, plain, stacked
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


# One member alone

SIGMAS = torch.tensor([0.5, 2.0])[:, None, None]  # of members (2, 3): the same for three
BUILT = {
    **{name: (METHODS[name], 3) for name in METHODS},
    "vae of several likelihoods": (methods.vae(likelihood="gaussian_learned", maps=perceptron(0.1)), 3),
    "vae with sigmas": (methods.vae(likelihood=lambda members: Gaussian(0.1 + torch.rand(*members, 1))), 3),
    "vae with sigmas of some": (
        methods.vae(likelihood=lambda members: Gaussian(SIGMAS if len(members) == 2 else 1.0)),
        3,
    ),
    "images": (methods.vae(likelihood="gaussian_heteroscedastic", maps=convolutional((1, 4, 4))), 16),
    "game of images": (methods.gan(maps=convolutional((1, 4, 4))), 16),
}


def answers(method, net, z, x):
    """All that a net can be called for: losses, samples, codes, scores."""
    with draws.streams(net.members, 0, shared=True):
        found = [turn.loss(net, z, x) for turn in method.turns]
    found += [method.push(net, z)[-1], *([method.encode(net, x)] if method.encode else [])]
    return [part.detach() for part in found]


@pytest.mark.parametrize("members", [(3,), (2, 3), ()])
@pytest.mark.parametrize("name", BUILT)
def test_a_lone_member_does_what_it_does_among_others(name, members):
    method, dim = BUILT[name]
    net = method.build(dim, hidden=(4,), members=members).double().eval()
    z, x = torch.randn(*members, 5, net.latent).double(), torch.rand(*members, 5, dim).double()
    together = answers(method, net, z, x)
    for index in product(*map(range, members)):
        lone = net.member(index)
        assert (type(lone), lone.members) == (type(net), ())
        assert not lone.training
        for alone, among in zip(answers(method, lone, z[index], x[index]), together, strict=True):
            assert torch.allclose(alone, among[index], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", BUILT)
def test_a_lone_member_is_a_net_of_its_own(name):
    method, dim = BUILT[name]
    net = method.build(dim, hidden=(4,), members=(2, 3))
    lone, alone = net.member((1, 2)), method.build(dim, hidden=(4,))
    before = {key: value.clone() for key, value in net.state_dict().items()}
    alone.load_state_dict(lone.state_dict())  # a checkpoint of one net as of any
    fit(method, lone, torch.rand(9, dim), steps=2, batch=4, progress=False)
    assert all(torch.equal(net.state_dict()[key], value) for key, value in before.items())
    assert not all(map(torch.equal, lone.parameters(), alone.parameters()))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("members", "index", "message"),
    [
        ((3,), 3, r"one of members=\(3,\), from 0, got 3"),
        ((3,), -1, "index must be a whole number of at least 0, got -1"),
        ((3,), (1, 0), r"one number for each dimension of members=\(3,\), got \(1, 0\)"),
        ((2, 3), 1, r"one number for each dimension of members=\(2, 3\), got 1"),
        ((2, 3), (1, 3), r"one of members=\(2, 3\), from 0, got \(1, 3\)"),
        ((), 0, r"one number for each dimension of members=\(\), got 0"),
        ((3,), 1.0, "index must be a whole number of at least 0, got 1.0"),
    ],
)
def test_a_member_that_is_none_is_refused(members, index, message):
    with pytest.raises(ValueError, match=message):
        METHODS["fm"].build(dim=2, members=members).member(index)


# Dropout

MADE_OF = {"ae": methods.autoencoder, "vae": methods.vae, "gan": methods.gan, "wgan": methods.wgan}
SHORT = {"steps": 5, "batch": 16, "progress": False}


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_keeps_the_mean_and_drops_as_many_as_it_says(p):
    x = torch.tensor([1.0, -2.0, 0.5])[:, None].expand(3, 100_000)
    kept = Dropout(p)(x)
    assert torch.allclose((kept == 0).float().mean(-1), torch.tensor(p), atol=0.01)
    assert torch.allclose(kept.mean(-1), x[:, 0], atol=0.02 * (p / (1 - p)) ** 0.5)
    torch.testing.assert_close(kept.var(-1), x[:, 0].square() * p / (1 - p), rtol=0.03, atol=0)


def by_hand(activation, order=1):
    """Maps of affine layers and activations, and nothing else."""

    def make(inputs, outputs, hidden, members):
        net = MLP(inputs, outputs, hidden[::order], members, activation)
        net.layers = torch.nn.Sequential(*(layer for layer in net.layers if not isinstance(layer, Dropout)))
        return net

    return make


@pytest.mark.parametrize("name", MADE_OF)
def test_without_dropout_the_maps_are_the_plain_ones(name):
    smooth, steep = by_hand(torch.nn.SiLU), by_hand(leaky)
    bare = Maps(encoder=smooth, decoder=by_hand(torch.nn.SiLU, -1), generator=steep, critic=steep)
    found = []
    for maps in (bare, plain, perceptron(0.0)):
        net = MADE_OF[name](maps=maps).build(dim=2, hidden=(4, 8), members=(2,))
        fit(MADE_OF[name](maps=maps), net, data.mixture_2d(), **SHORT)
        found.append(net.state_dict())
    for other in found[1:]:
        assert found[0].keys() == other.keys()
        assert all(torch.equal(found[0][key], other[key]) for key in other)


@pytest.mark.parametrize("name", MADE_OF)
def test_members_drop_as_if_alone(name):
    method = MADE_OF[name](maps=perceptron(0.3))
    together = method.build(dim=2, members=(3,), seed=7).double()
    fit(method, together, data.mixture_2d(), seed=7, **SHORT)
    for i in range(3):
        alone = method.build(dim=2, seed=7 + i).double()
        fit(method, alone, data.mixture_2d(), seed=7 + i, **SHORT)
        for (key, whole), part in zip(together.named_parameters(), alone.parameters(), strict=True):
            assert torch.allclose(whole[i], part, atol=1e-6), key


def test_every_number_of_every_member_has_a_coin_of_its_own():
    net = MLP(1, 1, (500,), members=(2,), dropout=0.5)
    with draws.streams((2,), seed=0):
        kept = net.layers[2](torch.ones(2, 500, 100)).ne(0).double()
    for flat in (kept.flatten(1), kept[0], kept[0].mT):  # members, units, points
        agree = (flat[0] == flat[1]).double().mean()
        assert abs(agree - 0.5) < 4 * 0.5 / flat.shape[1] ** 0.5


def test_nothing_is_dropped_in_evaluation_mode():
    method, bare = methods.vae(maps=perceptron(0.5)), methods.vae()
    net, plain_net = (m.build(dim=2, members=(2,)) for m in (method, bare))
    for weight, same in zip(plain_net.parameters(), net.parameters(), strict=True):
        assert torch.equal(weight, same)  # dropout draws no initial weights
    x = torch.randn(2, 5, 2)
    assert not torch.equal(net.encoder(x), plain_net.encoder(x))
    generators = [torch.Generator().manual_seed(0) for _ in range(2)]
    assert torch.equal(method.sample(net, 9, generators[0]), bare.sample(plain_net, 9, generators[1]))
    torch.manual_seed(0)
    bound = method.log_prob(net, x)
    torch.manual_seed(0)
    assert torch.equal(bound, bare.log_prob(plain_net, x))
    measures = (metrics.reconstruction_error, lambda method, net, x: metrics.bits_per_dimension(net, x))
    for measure in measures:
        assert torch.equal(measure(method, net, x), measure(bare, plain_net, x))
    assert export.net(net.decoder) == export.net(plain_net.decoder)
    assert net.training  # as it was
    assert torch.equal(net.eval().decode(x), plain_net.decode(x))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("p", "message"), [(1.0, "from 0 to below 1, got 1.0"), (-0.1, "from 0 to 1"), ("much", "finite")]
)
def test_a_dropout_that_is_no_probability_is_refused(p, message):
    with pytest.raises(ValueError, match=f"dropout must .*{message}"):
        perceptron(p)
