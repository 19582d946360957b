"""Laws of the convolutional maps: what a member computes, what it may depend on, and what it starts from."""

import itertools

import pytest
import torch
from torch.nn.functional import conv2d, conv_transpose2d

from gen_lib import fit, images, methods
from gen_lib.methods.gan import score_and_slope
from gen_lib.nets import Down, ImageDecoder, ImageEncoder, Linear, Up, convolutional

SHAPE, DIM = (3, 16, 16), 3 * 16 * 16
MADE = {
    "ae": methods.autoencoder("bernoulli", maps=convolutional(SHAPE)),
    "vae": methods.vae(likelihood="bernoulli", maps=convolutional(SHAPE)),
    "gan": methods.gan(relativistic=True, maps=convolutional(SHAPE)),
    "wgan": methods.wgan(maps=convolutional(SHAPE)),
}


def build(name, members=(), seed=0):
    return MADE[name].build(dim=DIM, latent=4, hidden=(4, 6), members=members, seed=seed)


def maps_of(net):
    """Its map to numbers, and its map to images."""
    return (net.encoder, net.decoder) if hasattr(net, "encoder") else (net.critic, net.generator)


@pytest.mark.parametrize(("layer", "by_hand"), [(Down, conv2d), (Up, conv_transpose2d)])
def test_a_member_convolves_with_its_own_weights(layer, by_hand):
    both = layer(3, 5, members=(2, 2))
    torch.nn.init.normal_(both.bias)
    x = torch.randn(7, 4 * 3, 8, 8)
    sides = both(x).chunk(4, 1)
    for k, (i, j) in enumerate(itertools.product(range(2), range(2))):
        alone = by_hand(x.chunk(4, 1)[k], both.weight[i, j], both.bias[i, j], stride=2, padding=1)
        assert torch.allclose(sides[k], alone, atol=1e-5)


def test_going_up_is_the_adjoint_of_going_down():
    down, up = Down(3, 5), Up(5, 3)
    with torch.no_grad():
        up.weight.copy_(down.weight)  # the bias is zero at the start
        x, y = torch.randn(2, 3, 16, 16), torch.randn(2, 5, 8, 8)
        assert (down(x) * y).sum() == pytest.approx((x * up(y)).sum().item(), rel=1e-4)


def test_every_pixel_is_met_equally_often():
    down, up = Down(1, 1), Up(1, 1)
    with torch.no_grad():
        for layer in (down, up):
            layer.weight.fill_(1.0)
        assert (up(torch.ones(1, 1, 8, 8))[..., 1:-1, 1:-1] == 4).all()  # no checkerboard, except at the border
    x = torch.ones(1, 1, 16, 16, requires_grad=True)
    down(x).sum().backward()
    assert (x.grad[..., 1:-1, 1:-1] == 4).all()


@pytest.mark.parametrize("hidden", [(), (4,), (4, 6, 8, 10)])
@pytest.mark.parametrize("shape", [(3, 16, 16), (1, 48, 48)])
@pytest.mark.parametrize("members", [(), (2, 3)])
def test_images_become_numbers_and_numbers_images(hidden, shape, members):
    dim = shape[0] * shape[1] * shape[2]
    encoder, decoder = ImageEncoder(shape, 5, hidden, members), ImageDecoder(5, shape, hidden, members)
    assert encoder(torch.rand(*members, 2, dim)).shape == (*members, 2, 5)
    assert decoder(torch.randn(*members, 2, 5)).shape == (*members, 2, dim)
    smallest = shape[1] // 2 ** len(hidden)
    assert encoder.last.weight.shape[-2] == (hidden or shape)[-1 if hidden else 0] * smallest**2


@pytest.mark.parametrize("name", MADE)
def test_points_without_members_are_given_to_all_and_more_dimensions_go_through(name):
    for net_map, width in zip(maps_of(build(name, (2, 3))), (DIM, 4), strict=True):
        x = torch.rand(5, 1, 1, 7, width)
        alone = torch.stack([net_map(part.expand(2, 3, 7, width)) for part in x])
        assert torch.allclose(net_map(x), alone, atol=1e-5)
        assert torch.allclose(net_map(x[0, 0, 0]), alone[0], atol=1e-5)


@pytest.mark.parametrize("name", MADE)
def test_member_i_is_the_lone_net_under_seed_plus_i(name):
    together, x, z = build(name, (2, 2), seed=5), torch.rand(2, 2, 3, DIM), torch.randn(2, 2, 3, 4)
    for i, (j, k) in enumerate(itertools.product(range(2), range(2))):
        alone = build(name, seed=5 + i)
        for key, value in together.state_dict().items():
            assert torch.equal(value[j, k], alone.state_dict()[key])
        for both, one, points in zip(maps_of(together), maps_of(alone), (x, z), strict=True):
            assert torch.allclose(both(points)[j, k], one(points[j, k]), atol=1e-5)


@pytest.mark.parametrize("name", MADE)
def test_members_train_as_if_alone_and_the_same_twice(name):
    x = torch.rand(50, DIM)

    def trained(members, seed):
        net = build(name, members, seed)
        fit(MADE[name], net, x, steps=3, batch=4, lr=1e-3, seed=seed, progress=False)
        return {key: weight.detach() for key, weight in net.named_parameters()}

    first, again, alone = trained((3,), 0), trained((3,), 0), trained((), 2)
    for key, one in first.items():
        assert torch.equal(one, again[key])
        # In pairs the last bias of the critic cancels. Its gradient is rounding, and Adam takes a whole step for any.
        if not (key == "critic.last.bias" and name == "gan"):
            assert torch.allclose(one[2], alone[key], atol=1e-4)


@pytest.mark.parametrize("name", MADE)
def test_an_image_does_not_depend_on_the_others_of_its_batch_or_of_other_members(name):
    for net_map, width in zip(maps_of(build(name, (2,))), (DIM, 4), strict=True):
        x = torch.rand(2, 5, width, requires_grad=True)
        out = net_map(x)
        (gradient,) = torch.autograd.grad(out[1, 3].sum(), x)
        assert gradient[1, 3].abs().max() > 0
        gradient[1, 3] = 0
        assert (gradient == 0).all()
        assert torch.allclose(net_map(x[:, 3:4]), out[:, 3:4], atol=1e-5)


def test_at_the_start_a_picture_of_middle_grey_says_nothing():
    encoder = ImageEncoder(SHAPE, 5)
    assert torch.allclose(encoder(torch.full((2, DIM), 0.5)), encoder.last.bias.expand(2, 5))


def test_the_first_pictures_of_a_game_are_nearly_middle_grey():
    x = build("gan").generator(torch.randn(50, 4))
    assert (x - 0.5).abs().mean() < 0.03


@pytest.mark.parametrize("relativistic", [False, True])
def test_a_generator_of_images_ends_between_black_and_white(relativistic):
    method = methods.gan(relativistic=relativistic, maps=convolutional(SHAPE))
    net = method.build(dim=DIM, latent=4, hidden=(4, 6))
    x = method.push(net, 1000 * torch.randn(20, 4))[-1]
    assert x.min() >= 0
    assert x.max() <= 1
    assert x.max() - x.min() > 0.5


def test_the_slope_of_the_penalty_is_that_of_finite_differences():
    net, x = build("gan", (2,)).double(), torch.rand(2, 3, DIM, dtype=torch.float64)
    step = 1e-6
    towards = torch.randn_like(x[0])
    slopes = torch.autograd.grad(net.score(leaf := x.clone().requires_grad_()).sum(), leaf)[0]
    by_hand = (net.score(x + step * towards) - net.score(x - step * towards)) / (2 * step)
    assert torch.allclose((slopes * towards).sum(-1), by_hand, atol=1e-7)
    assert torch.allclose(score_and_slope(net, x)[1], slopes.square().sum(-1))
    weights = list(net.critic.parameters())
    gradients = torch.autograd.grad(score_and_slope(net, x)[1].sum(), weights, allow_unused=True)
    for weight, gradient in zip(weights, gradients, strict=True):
        if gradient is None:  # the last bias moves no slope
            assert weight is net.critic.last.bias
            continue
        direction = torch.randn_like(weight)
        penalties = []
        for sign in (1, -1):
            with torch.no_grad():
                weight += sign * step * direction
            penalties.append(score_and_slope(net, x)[1].sum().item())
            with torch.no_grad():
                weight -= sign * step * direction
        slope = (penalties[0] - penalties[1]) / (2 * step)
        assert (gradient * direction).sum().item() == pytest.approx(slope, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", ["vae", "gan"])
@pytest.mark.parametrize("hidden", [(8, 8, 8, 8, 8, 8), (8, 16, 32, 32, 64, 64)])
def test_six_halvings_neither_lose_nor_blow_up_what_passes(name, hidden):
    shape = (3, 256, 256)
    method = {"vae": methods.vae, "gan": methods.gan}[name](maps=convolutional(shape))
    net = method.build(dim=3 * 256 * 256, latent=16, hidden=hidden)
    sizes, gradients = [], []

    def look(module, inputs, output):
        sizes.append(output.square().mean().sqrt().item())
        output.register_hook(lambda g: gradients.append(g.norm().item()))

    for module in net.modules():
        if isinstance(module, Down | Up | Linear):
            module.register_forward_hook(look)
    to_numbers, to_images = maps_of(net)
    x = images.faces(5, size=256, progress=False).train
    for out in (to_numbers(x), to_images(torch.randn(4, 16))):
        (out * torch.randn_like(out)).sum().backward()
    assert len(sizes) == len(gradients) == 14
    assert sizes[-1] < 0.15  # faint on purpose
    assert 0.05 < min(sizes[:-1]) < max(sizes[:-1]) < 3
    for one_map in (gradients[:7], gradients[8:]):  # from the last layer to the first
        assert max(one_map) < 10 * min(one_map)


@pytest.mark.parametrize("name", ["ae", "vae"])
def test_faces_are_copied_better_than_by_their_mean(name):
    faces = images.faces(600, size=16, progress=False)
    net = MADE[name].build(dim=DIM, latent=16, hidden=(8, 16), members=(2,))
    fit(MADE[name], net, faces.train, steps=250, batch=16, lr=5e-3, progress=False)
    with torch.no_grad():
        copies = net.decode(MADE[name].encode(net, faces.test))
    error = (copies - faces.test).square().mean((-2, -1))
    assert (error < 0.6 * (faces.train.mean(0) - faces.test).square().mean()).all()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: convolutional((2, 8, 8)), r"shape must be \(1, size, size\) .*, got \(2, 8, 8\)"),
        (lambda: convolutional((3, 8, 16)), r"shape must be .* \(3, size, size\) .*, got \(3, 8, 16\)"),
        (lambda: convolutional((8, 8)), r"got \(8, 8\)"),
        (lambda: convolutional(32), "shape must be a tuple of whole numbers"),
        (lambda: convolutional((3, 0, 0)), "each of shape must be a whole number of at least 1, got 0"),
        (lambda: MADE["vae"].build(dim=784), r"dim must be 768 for images of shape \(3, 16, 16\), got 784"),
        (lambda: MADE["wgan"].build(dim=784), r"dim must be 768 for images of shape \(3, 16, 16\), got 784"),
        (
            lambda: MADE["gan"].build(dim=DIM, hidden=(1,) * 5),
            r"hidden must have at most 4 entries.* halved 4 times.* multiple of 32, got hidden=\(1, 1, 1, 1, 1\)",
        ),
        (
            lambda: methods.autoencoder(maps=convolutional((1, 28, 28))).build(dim=784, hidden=(1, 1, 1)),
            r"hidden must have at most 2 entries.* multiple of 8, got hidden=\(1, 1, 1\) and shape=\(1, 28, 28\)",
        ),
    ],
)
def test_images_that_do_not_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("make", [methods.autoencoder, methods.vae, methods.gan, methods.wgan])
def test_what_are_no_maps_is_refused_when_the_method_is_made(make):
    with pytest.raises(TypeError, match=r"maps must be nets.plain, nets.convolutional\(shape\) .*, got 'cnn'"):
        make(maps="cnn")
