"""What runs in the page gives the numbers that torch gives."""

import base64
import json
from copy import deepcopy

import pytest
import torch

from gen_lib import METHODS, data, methods, samplers, truth
from gen_lib.figures import export, page
from gen_lib.figures.live.codes import decoder_of, greys
from gen_lib.figures.live.round_trip import _there_and_back
from gen_lib.likelihoods import Bernoulli, ContinuousBernoulli, Gaussian
from gen_lib.methods.facm import BY_TARGET_TIME, consistency_error, cosine, one, one_minus_root
from gen_lib.methods.meanflow import robust
from gen_lib.nets import MLP, Linear, leaky

GENERATOR = torch.Generator().manual_seed(0)


@pytest.fixture(scope="module")
def run(browser):
    """A function that evaluates an expression over the scripts, with `spec` at hand; arrays come back as lists."""
    tab = browser.new_page()
    names = (
        "Net, Mixture, euler, heun, jump, floats, clock, shorts, facm, codes, "
        "greys, bytes, flowMap, averageVelocity, logNormal, normal, marginal, bernoulli, continuousBernoulli, "
        "gaussian, bent"
    )
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


@pytest.mark.parametrize("values", [torch.randn(1000), torch.zeros(3), torch.tensor([-2.0, 1e-6])])
def test_numbers_for_a_drawing_arrive_to_half_a_step(run, values):
    got = run("shorts(spec.values)", {"values": export.shorts(values)})
    assert (got - values).abs().max() <= 0.5001 * values.abs().max() / 32767


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("beta", [False, True])
@pytest.mark.parametrize("clamp", [False, True])
@pytest.mark.parametrize("norm", [False, True])
def test_pull_of_the_weighted_loss_of_facm(run, alpha, beta, clamp, norm):
    """The gradient in the shortcut, of a net that answers F everywhere, so that its error is F - v."""
    g, t = 2 * torch.randn(60, 1, dtype=torch.float64), torch.rand(60, 1, dtype=torch.float64)
    g[:20] /= 50  # where norm-L2 bends
    F = torch.randn(60, 1, dtype=torch.float64, requires_grad=True)
    error = consistency_error(
        lambda x, t, r: F + 0 * x,
        torch.zeros_like(g),
        t,
        F.detach() - g,
        BY_TARGET_TIME,
        one_minus_root if alpha else one,
        1.0 if clamp else None,
    )
    loss = (cosine if beta else one)(t)[:, 0] * robust(error, 0.5 if norm else 0.0)
    (exact,) = torch.autograd.grad(loss.sum(), F)
    spec = {
        "weights": {"alpha": alpha, "beta": beta, "clamp": clamp, "norm": norm},
        "g": g.flatten().tolist(),
        "t": t.flatten().tolist(),
    }
    near(run("Float64Array.from(spec.g, (g, k) => facm.pull(spec.weights, g, spec.t[k]))", spec), exact.flatten())


def test_factors_of_time_of_facm(run):
    t = torch.linspace(0, 1, 41, dtype=torch.float64)[:, None]
    for name, exact in (("alpha", one_minus_root(t)), ("beta", cosine(t))):
        near(run(f"Float64Array.from(spec.t, (t) => facm.{name}(t))", {"t": t.flatten().tolist()}), exact.flatten())
        near(
            run(f"Float64Array.from(spec.t, (t) => facm.{name}(t, false))", {"t": t.flatten().tolist()}),
            one(t).flatten(),
        )


def in_steps(mlp: MLP) -> MLP:
    """The net that arrives when each weight is one of 255 steps up to the largest weight of its output."""
    copy = deepcopy(mlp)
    with torch.no_grad():
        for layer in copy.layers:
            if isinstance(layer, Linear):
                step = layer.weight.abs().amax(-2, keepdim=True) / 127
                layer.weight.copy_((layer.weight / step).round() * step)
    return copy


@pytest.mark.parametrize("stride", [1, 2])
def test_small_nets_arrive_member_by_member(run, stride):
    mlp = MLP(3, 5, hidden=(16, 8), members=(2, 2))
    x = 2 * torch.randn(20, 3, generator=GENERATOR)
    exact = in_steps(mlp)(x).detach().flatten(0, 1)
    assert (exact - mlp(x).flatten(0, 1)).abs().max() < 0.02
    for member in range(4 // stride):
        spec = {"net": export.net(mlp, slice(0, None, stride), small=True), "x": x.flatten().tolist(), "member": member}
        got = run("new Net(spec.net).forward(Float64Array.from(spec.x), spec.member)", spec)
        near(got, exact[member * stride].flatten())


def test_images_of_a_bernoulli_decoder(run):
    """With the sigmoid behind it, as the likelihood has it."""
    net = methods.vae(likelihood="bernoulli").build(dim=16, latent=2, hidden=(8,), seed=3)
    z = 3 * torch.randn(20, 2, generator=GENERATOR)
    exact = net.likelihood.mean(in_steps(net.decoder)(z)).detach()
    spec = {"net": decoder_of(net, slice(1)), "z": z.flatten().tolist()}
    near(run("new Net(spec.net).forward(Float64Array.from(spec.z))", spec), exact.flatten())


def test_codes_of_the_page_are_those_of_torch(run):
    many, a, b = (torch.randn(n, 3, generator=GENERATOR).double() for n in (50, 1, 1))
    spread = torch.rand(1, 3, generator=GENERATOR).double()
    spec = {name: value.flatten().tolist() for name, value in {"many": many, "a": a, "b": b, "spread": spread}.items()}
    for way in (0.0, 0.3, 1.0):
        near(run(f"Float64Array.from(codes.between(spec.a, spec.b, {way}))", spec), a.lerp(b, way).flatten())
    near(run("Float64Array.from(codes.drawn(spec.a, spec.spread, spec.b))", spec), (a + spread * b).flatten())
    near(run("codes.list(Float64Array.from(spec.many), 3)", spec), many)
    nearest = torch.cdist(3 * a, many).argmin()
    assert run("[[codes.nearest(spec.many, spec.a.map((value) => 3 * value))]]", spec).item() == nearest
    rim = run("codes.outline(spec.a, spec.spread, 2)", spec)
    off = (rim - a[:, :2]) / spread[:, :2]
    near(off.norm(dim=-1), torch.full((len(rim),), 2.0))
    assert off.amax() > 1.99
    assert off.amin() < -1.99


def test_ink_is_black_and_what_lies_outside_is_cut_off(run):
    x = torch.tensor([0.0, 1.0, 0.5, -0.3, 1.7])
    bytes_ = run("greys(spec.x)", {"x": x.tolist()}).reshape(5, 4)
    assert (bytes_[:, 3] == 255).all()
    assert (bytes_[:, :3] - 255 * (1 - x.clamp(0, 1)).double()[:, None]).abs().max() <= 0.5
    kept = greys(torch.rand(7, 4, generator=torch.Generator().manual_seed(0)))
    pixels = run("Float64Array.from(bytes(spec.x), (byte) => byte / 255)", {"x": kept})
    assert (pixels - torch.rand(7, 4, generator=torch.Generator().manual_seed(0)).flatten()).abs().max() <= 0.501 / 255


def on_a_line(weights, means, variances):
    means, variances = torch.tensor(means)[:, None], torch.tensor(variances)[:, None, None]
    return data.GaussianMixture(torch.tensor(weights), means, variances)


ON_A_LINE = {
    "two": data.mixture_1d(),
    "one": on_a_line([1.0], [1.5], [0.3]),
    "far apart": on_a_line([0.3, 0.7], [-10.0, 10.0], [0.01, 0.04]),
    "three": on_a_line([0.2, 0.5, 0.3], [3.0, -1.0, 0.5], [0.2, 2.0, 0.05]),
}


@pytest.mark.parametrize("of", ON_A_LINE.values(), ids=ON_A_LINE)
def test_exact_flow_on_the_line(run, of):
    """Random times in any order, the ends of time, times that are equal or nearly so, and points far out."""
    x = 3 * torch.randn(120, 1, generator=GENERATOR, dtype=torch.float64)
    t, r = torch.rand(2, 120, 1, generator=GENERATOR, dtype=torch.float64)
    t[:20], r[:20], t[20:40], r[20:40] = 0, 1, 1, 0
    r[40:50] = t[40:50]
    r[50:60] = (t[50:60] + torch.logspace(-7, -3, 10, dtype=torch.float64)[:, None]).clamp_max(1)
    x[[0, 20, 60]], x[[1, 21, 61]] = 30.0, -30.0
    spec = {"mixture": export.mixture(of), "all": torch.cat([x, t, r], 1).tolist()}
    many = "Float64Array.from(spec.all, (all) => {}(new Mixture(spec.mixture), ...all))"
    near(run(many.format("flowMap"), spec), truth.flow_map(of, x, t, r).flatten())
    near(run(many.format("averageVelocity"), spec), truth.average_velocity(of, x, t, r).flatten())
    spec["all"] = torch.cat([x, t], 1).tolist()
    density = torch.stack([truth.log_prob_at(of, x[k : k + 1], t[k].item()) for k in range(120)])
    near(run(many.format("marginal"), spec), density.flatten().exp())


def test_distribution_function_of_a_normal_number(run):
    x = torch.linspace(-40, 8, 2001, dtype=torch.float64)
    exact = torch.special.log_ndtr(x)
    spec = {"x": x.tolist()}
    torch.testing.assert_close(run("Float64Array.from(spec.x, logNormal)", spec), exact, atol=0, rtol=1e-11)
    torch.testing.assert_close(run("Float64Array.from(spec.x, normal)", spec), exact.exp(), atol=0, rtol=1e-11)


def test_exact_jumps_of_any_number_end_where_the_flow_does(run):
    of, ends = data.mixture_1d(), (0.9, 0.1)
    x = 2 * torch.randn(20, 1, generator=GENERATOR, dtype=torch.float64)
    spec = {"mixture": export.mixture(of), "x": x.flatten().tolist(), "ends": ends}
    average = "(x, t, r) => x.map((at) => averageVelocity(new Mixture(spec.mixture), at, t, r))"
    for count in (1, 5):
        got = run(f"jump({average}, spec.x, {count}, ...spec.ends)", spec)
        near(got[-1], truth.flow_map(of, x, *ends).flatten())


@pytest.mark.parametrize("steps", [1, 4])
def test_there_and_back_with_a_net(run, steps):
    net = METHODS["backflow"].build(dim=1, members=(2,), seed=3)
    x = 2 * torch.randn(15, 1, generator=GENERATOR)
    there, back = _there_and_back(net, x, steps)
    spec = {"net": export.net(net.map, 1), "x": x.flatten().tolist()}
    go = f"const u = new Net(spec.net).field(1), there = jump(u, spec.x, {steps}, 1, 0);"
    got = run(f"(() => {{ {go} return [...there, ...jump(u, there[{steps}], {steps})]; }})()", spec)
    near(got, torch.stack(there + back))


# Around 0, where the closed forms of the continuous Bernoulli divide 0 by 0; where they change over to series; far out.
EDGES = [0.0, 1e-9, 1e-4, 0.0099, 0.0101, 0.0999, 0.1001, 1.0, 30.0, 300.0]
LAWS = {
    "bernoulli": Bernoulli(),
    "continuousBernoulli": ContinuousBernoulli(),
    "gaussian(0.0625)": Gaussian(0.0625).double(),
    "gaussian(0.75)": Gaussian(0.75).double(),
    "bent(gaussian(0.25))": Gaussian(0.25, activation=torch.sigmoid).double(),
}


@pytest.mark.parametrize("law", LAWS)
def test_likelihoods_and_their_slopes(run, law):
    edges = torch.tensor(EDGES + [-o for o in EDGES], dtype=torch.float64)
    output = torch.cat([3 * torch.randn(40, generator=GENERATOR, dtype=torch.float64), edges])[:, None].requires_grad_()
    x = torch.rand(len(output), 1, generator=GENERATOR, dtype=torch.float64)
    x[:2] = torch.tensor([[0.0], [1.0]])
    loss, mean = -LAWS[law].log_prob(output, x), LAWS[law].mean(output)
    (slope,) = torch.autograd.grad(loss.sum(), output)
    (mean_slope,) = torch.autograd.grad(mean.sum(), output)
    spec = {"o": output.flatten().tolist(), "x": x.flatten().tolist()}
    exact = {"loss": loss, "slope": slope, "mean": mean, "meanSlope": mean_slope}
    for name, value in exact.items():
        got = run(f"Float64Array.from(spec.o, (o, k) => {law}.{name}(o, spec.x[k]))", spec)
        torch.testing.assert_close(got, value.detach().flatten(), atol=1e-8, rtol=1e-8)  # else no series would matter


@pytest.mark.parametrize("law", LAWS)
def test_the_output_of_a_mean_has_that_mean(run, law):
    means = torch.linspace(0.005, 0.995, 199, dtype=torch.float64)
    got = run(f"Float64Array.from(spec.mean, (mean) => {law}.output(mean))", {"mean": means.tolist()})
    near(LAWS[law].mean(got[:, None])[:, 0], means)


def test_a_continuous_bernoulli_is_normalised(run):
    """The integral of exp(-loss) over the greys is 1, also next to lambda = 1/2."""
    spec = {"o": EDGES[:-1]}
    integral = """Float64Array.from(spec.o, (o) => Array.from({ length: 20000 }, (_, k) =>
        Math.exp(-continuousBernoulli.loss(o, (k + 0.5) / 20000)) / 20000).reduce((a, b) => a + b))"""
    near(run(integral, spec), torch.ones(len(EDGES) - 1))
