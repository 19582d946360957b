"""Diffusion as a method: what it learns on each path and from each prediction, and how it samples."""

import pytest
import torch

from gen_lib import METHODS, data, fit, methods, metrics, parametrisations, paths, truth
from gen_lib.methods.diffusion import denoising, field, variance
from gen_lib.parametrisations import convert, edm, noise, score, velocity
from gen_lib.paths import circle, coefficients, line

KEPT, LOUD = paths.variance_preserving(), paths.variance_exploding()
WAYS = {
    "default": {},
    "straight": {"path": line},
    "noise": {"predict": noise, "path": KEPT},
    "score": {"predict": score, "path": KEPT, "weight": variance},
    "data": {"predict": parametrisations.data, "path": KEPT},
    "edm": {"predict": edm, "path": LOUD, "time": paths.log_normal(LOUD)},
}


def test_names_are_those_of_the_functions():
    for name, of in parametrisations.PARAMETRISATIONS.items():
        assert getattr(parametrisations, name) is of
    z, x = torch.randn(2, 50, 1)
    net = METHODS["diffusion"].build(dim=1)
    losses = []
    for method in (methods.diffusion("noise", path="variance_preserving"), methods.diffusion(noise, path=KEPT)):
        torch.manual_seed(0)
        losses.append(method.loss(net, z, x))
    assert torch.equal(*losses)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("way", WAYS)
def test_the_truth_is_stationary_for_every_prediction_and_path(way):
    mixture, choices = data.mixture_1d(), WAYS[way]
    path, predict = choices.get("path", circle), choices.get("predict", velocity)
    n = 100_000
    z, x = torch.randn(n, 1, dtype=torch.float64), mixture.sample(n).double()

    def slope(of):
        """Of the loss where what is right is multiplied by 1: its mean over its error."""
        factor = torch.ones(n, 1, dtype=torch.float64, requires_grad=True)

        def net(points, t):
            at = coefficients(path, t)
            x_t = points * parametrisations.scale(at)
            v = truth.velocity(mixture, x_t, t, of)
            return factor * convert(v, x_t, at, velocity, predict)

        torch.manual_seed(0)
        denoising(net, z, x, **{"path": path, **choices}).sum().backward()
        return (factor.grad.mean() / factor.grad.std() * n**0.5).item()

    assert abs(slope(path)) < 4
    assert abs(slope(circle if path is line else line)) > 10  # the truth of one path is not that of another


@pytest.mark.parametrize(
    ("way", "limit"), [("default", 0.13), ("straight", 0.13), ("noise", 0.2), ("score", 0.2), ("edm", 0.25)]
)
def test_what_is_learned_is_close_to_the_data_by_ddim_and_by_ddpm(way, limit):
    mixture, method = data.mixture_1d(), methods.diffusion(**WAYS[way])
    net = method.build(dim=1, members=(3,))
    fit(method, net, mixture, steps=800, progress=False)
    z = torch.special.ndtri((torch.arange(1000) + 0.5) / 1000)[None, :, None].expand(3, -1, -1)
    assert metrics.w1(method.push(net, z)[-1], mixture).mean() < limit
    assert metrics.w1(method.push(net, z, eta=1.0, generator=seeded())[-1], mixture).mean() < limit
    x = mixture.sample((3, 200), seeded())
    assert (method.push(net, method.encode(net, x, 60), 60)[-1] - x).abs().mean() < 0.2
    points = torch.linspace(-8, 8, 321)[:, None]
    density = method.log_prob(net, points, rtol=1e-4, atol=1e-4).exp()
    assert torch.allclose(torch.trapezoid(density, points[:, 0], dim=-1), torch.ones(3), atol=1e-2)
    exact = mixture.log_prob(points.double()).exp()
    assert (density - exact).abs().mean() < 0.03


@pytest.mark.usefixtures("unchecked")  # a function stands for the net
def test_on_the_straight_path_diffusion_is_flow_matching_on_points_of_scale_one():
    z, x = torch.randn(2, 500, 1)
    net = METHODS["diffusion"].build(dim=1)

    def scaled(x_t, t):
        return net(x_t / ((1 - t).square() + t.square()).sqrt(), t)

    torch.manual_seed(0)
    one = methods.diffusion(path=line).loss(net, z, x)
    torch.manual_seed(0)
    other = methods.fm().loss(scaled, z, x)
    assert torch.allclose(one, other, rtol=1e-5)
    t = torch.full((500, 1), 0.3)
    assert torch.allclose(field(net, velocity, line)(x, t), scaled(x, t), rtol=1e-5, atol=1e-6)


def test_a_method_of_diffusion_samples_with_noise_if_asked():
    method = METHODS["diffusion"]
    net = method.build(dim=2, members=(3,))
    z = torch.randn(3, 5, 2)
    quiet, loud = method.push(net, z, 4), method.push(net, z, 4, eta=1.0, generator=seeded())
    assert quiet[0] is z
    assert loud[0] is z
    assert not torch.allclose(quiet[-1], loud[-1])
    assert torch.equal(method.push(net, z, 4, eta=1.0, generator=seeded())[-1], loud[-1])
    chosen = method.sample(net, 5, seeded(), steps=4, eta=1.0)
    assert torch.equal(chosen, method.sample(net, 5, seeded(), steps=4, eta=1.0))
    assert (method.push(net, method.encode(net, z, 400), 400)[-1] - z).abs().max() < 0.05
