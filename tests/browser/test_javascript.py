"""What runs in the page gives the numbers that torch gives."""

import base64
import json

import pytest
import torch

from gen_lib import METHODS, data, samplers, truth
from gen_lib.figures import export, page
from gen_lib.nets import MLP, leaky

GENERATOR = torch.Generator().manual_seed(0)


@pytest.fixture(scope="module")
def run(browser):
    """A function that evaluates an expression over the scripts, with `spec` at hand; arrays come back as lists."""
    tab = browser.new_page()
    names = "Net, Mixture, euler, heun, jump, floats, clock"
    tab.evaluate(page.library())
    yield lambda expression, spec: torch.tensor(
        tab.evaluate(
            f"spec => {{ const {{ {names} }} = genLib; const got = {expression};"
            "return Array.isArray(got) ? got.map(g => Array.from(g)) : Array.from(got); }",
            json.loads(page.safe_json(spec)),
        ),
        dtype=torch.float64,
    )
    tab.close()


def near(got: torch.Tensor, exact: torch.Tensor) -> None:
    torch.testing.assert_close(got, exact.double().flatten(got.ndim - 1), atol=1e-5, rtol=1e-5)


def test_numbers_arrive_as_they_were(run):
    values = torch.randn(1000, generator=GENERATOR)
    assert torch.equal(run("floats(spec.values)", {"values": export.floats(values)}).float(), values)


@pytest.mark.parametrize("method", [name for name in METHODS if name != "wgan"])
@pytest.mark.parametrize("dim", [1, 2])
def test_every_net_of_every_method(run, method, dim):
    """Each member of each map that a net consists of."""
    net = METHODS[method].build(dim=dim, members=(3,), seed=7)
    maps = [part for part in net.modules() if isinstance(part, MLP)]
    assert maps
    for part in maps:
        x = 2 * torch.randn(20, part.layers[0].weight.shape[-2], generator=GENERATOR)
        exact = part(x).detach()
        for member in range(3):
            spec = {"net": export.net(part), "x": x.flatten().tolist(), "member": member}
            near(
                run("new Net(spec.net).forward(Float64Array.from(spec.x), spec.member)", spec), exact[member].flatten()
            )


def test_only_the_members_asked_for_are_exported(run):
    net = MLP(2, 1, members=(5,), activation=leaky)
    assert export.net(net, 2)["members"] == 2
    assert len(base64.b64decode(export.net(net, 2)["weights"])) == 2 / 5 * len(
        base64.b64decode(export.net(net)["weights"])
    )


def test_a_net_that_the_page_does_not_know_is_refused():
    with pytest.raises(TypeError, match="Tanh"):
        export.net(MLP(1, 1, activation=torch.nn.Tanh))
    with pytest.raises(TypeError, match=r"0\.1"):
        export.net(MLP(1, 1, activation=lambda: torch.nn.LeakyReLU(0.1)))


@pytest.mark.parametrize("sampler", ["euler", "heun"])
@pytest.mark.parametrize("ends", [(0.0, 1.0), (1.0, 0.0), (0.2, 0.7)])
def test_samplers_follow_a_learned_field(run, sampler, ends):
    net = METHODS["fm"].build(dim=2, seed=3)
    x = torch.randn(15, 2, generator=GENERATOR)
    exact = getattr(samplers, sampler)(net, x, 6, *ends)
    spec = {"net": export.net(net.map), "x": x.flatten().tolist(), "ends": ends}
    got = run(f"{sampler}(new Net(spec.net).field(2), spec.x, 6, ...spec.ends)", spec)
    near(got, torch.stack(exact).detach())


def test_jumps_of_an_average_velocity(run):
    net = METHODS["meanflow"].build(dim=1, seed=3)
    x = torch.randn(15, 1, generator=GENERATOR)
    spec = {"net": export.net(net.map), "x": x.flatten().tolist()}
    near(run("jump(new Net(spec.net).field(1), spec.x, 3)", spec), torch.stack(samplers.jump(net, x, 3)).detach())


SKEW = data.GaussianMixture(
    torch.tensor([0.2, 0.5, 0.3]),
    torch.tensor([[-1.0, 2.0], [3.0, 0.0], [0.0, -1.0]]),
    torch.tensor([[[1.0, 0.6], [0.6, 0.5]], [[0.2, 0.0], [0.0, 2.0]], [[1.0, -0.9], [-0.9, 1.0]]]),
)


@pytest.mark.parametrize("of", [data.mixture_1d(), data.mixture_2d(), SKEW], ids=["line", "plane", "skew"])
@pytest.mark.parametrize("t", [0.0, 0.3, 0.9, 1.0])
def test_exact_velocity_of_a_mixture(run, of, t):
    x = 3 * torch.randn(50, of.dim, generator=GENERATOR, dtype=torch.float64)
    x[0] = 30.0  # far out no density may become zero
    spec = {"mixture": export.mixture(of), "x": x.flatten().tolist(), "t": t}
    got = run("new Mixture(spec.mixture).velocity(Float64Array.from(spec.x), spec.t)", spec)
    near(got, truth.velocity(of, x, t).flatten())


def test_a_mixture_in_space_is_refused():
    space = data.GaussianMixture(torch.ones(1), torch.zeros(1, 3), torch.eye(3)[None])
    with pytest.raises(ValueError, match="dimension 3"):
        export.mixture(space)
