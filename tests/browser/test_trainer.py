"""The trainer in the page has the gradients, the steps and the pairs of torch."""

from contextlib import contextmanager

import pytest
import torch
from torch import Tensor

from gen_lib import METHODS, couplings, draws, fit, methods
from gen_lib.figures import page
from gen_lib.methods.facm import one, one_minus_root
from gen_lib.nets import MLP

#: Of each loss and each of its options: the name in the page, its options there, the method here, and what moves.
CASES = {
    "decoder": ("decoder", {}, methods.decoder()),
    "decoder, optimal pairs": ("decoder", {"coupling": "optimal"}, methods.decoder(couplings.optimal)),
    "ae": ("ae", {}, methods.autoencoder()),
    "vae": ("vae", {}, methods.vae()),
    "vae, beta": ("vae_beta", {}, methods.vae(10.0)),
    "vae, free bits": ("vae", {"beta": 2.0, "free_bits": 0.02}, methods.vae(2.0, free_bits=0.02)),
    "gan": ("gan", {}, methods.gan()),
    "gan, two turns": ("gan", {"critic_turns": 2}, methods.gan(critic_turns=2)),
    "gan, relativistic": ("gan", {"relativistic": True, "gamma": 0.7}, methods.gan(relativistic=True, gamma=0.7)),
    "wgan": ("wgan", {"critic_turns": 1}, methods.wgan(critic_turns=1)),
    "wgan, penalty": ("wgan", {"critic_turns": 1, "penalty": 3.0}, methods.wgan(critic_turns=1, penalty=3.0)),
    "wgan, clip": ("wgan", {"critic_turns": 1, "clip": 0.05}, methods.wgan(critic_turns=1, clip=0.05)),
    "fm": ("fm", {}, methods.fm()),
    "fm, optimal pairs": ("fm", {"coupling": "optimal"}, methods.fm(couplings.optimal)),
    "meanflow": ("meanflow", {}, methods.meanflow()),
    "meanflow, p": ("meanflow", {"p": 0.75}, methods.meanflow(0.75)),
    "meanflow, improved": ("meanflow", {"improved": True, "same": 0.25}, methods.meanflow(improved=True, same=0.25)),
    "facm": ("facm", {}, methods.facm()),
    "facm, without anchor": ("facm", {"anchor": False}, methods.facm(anchor=False)),
    "facm, beta": ("facm", {"beta": "one"}, methods.facm(beta=one)),
    "facm, clamp": ("facm", {"clamp": 0.3, "p": 0.5}, methods.facm(clamp=0.3, p=0.5)),
    "facm, published": (
        "facm",
        {"p": 0.5, "alpha": "one_minus_root", "clamp": 1.0, "angle": True},
        methods.facm(p=0.5, alpha=one_minus_root, clamp=1.0, angle=True),
    ),
    "backflow": ("backflow", {}, methods.backflow()),
    "backflow, p": ("backflow", {"p": 0.5, "same": 0.5}, methods.backflow(0.5, same=0.5)),
    "backflow, independent": (
        "backflow",
        {"coupling": "independent"},
        methods.backflow(coupling=couplings.independent),
    ),
    "diffusion": ("diffusion", {}, methods.diffusion()),
    "diffusion, optimal pairs": ("diffusion", {"coupling": "optimal"}, methods.diffusion(coupling=couplings.optimal)),
}  # fmt: skip
REPLAY = """
const replay = (numbers) => {
  let at = 0;
  const take = (count) => { at += count; return Numbers.from(numbers.slice(at - count, at)); };
  return { uniform: take, normal: take };
};
const columns = (points) => Numbers.from(points[0].flatMap((_, i) => points.map((point) => point[i])));
const sampler = (points) => (stream, n) =>
  columns(Array.from(stream.uniform(n), (u) => points[Math.min(Math.floor(u * points.length), points.length - 1)]));
const begun = ({ method, options, dim, latent, batch, weights, drawn, lr, betas, steps, points }) => {
  const training = new trainer.Training({
    method, options, dim, latent, hidden: [8, 12, 8], batch, lr, betas, steps, sample: sampler(points),
    streams: [{ uniform: (n) => new Numbers(n).fill(0.5) }],
  });
  training.streams[0] = replay(drawn);
  trainer.maps(training.members[0]).forEach((net, k) => net.weights.set(weights[k]));
  return training;
};
"""


@pytest.fixture(scope="module")
def run(browser):
    """A function that evaluates an expression over the trainer, in a given type of numbers, with `spec` at hand."""
    tab = browser.new_page()
    tab.evaluate(page.trainer())
    begin = f"const trainer = genLibTrainer(Numbers); {REPLAY}"
    yield lambda expression, spec, numbers="Float64Array": tab.evaluate(
        f"spec => {{ const Numbers = {numbers}; {begin} return {expression}; }}", spec
    )
    tab.close()


@contextmanager
def recorded(monkeypatch):
    """What is drawn meanwhile, in order, points as columns."""
    drawn: list[Tensor] = []
    original = draws._draw

    def draw(source, shape, generator, like):
        values = original(source, shape, generator, like)
        drawn.append(values.mT.flatten() if values.ndim == 2 else values.flatten())
        return values

    with monkeypatch.context() as patch:
        patch.setattr(draws, "_draw", draw)
        yield drawn


def flat(net) -> list[Tensor]:
    """Numbers of each map of a net, as the page has them."""
    return [torch.cat([p.flatten() for p in part.parameters()]) for part in net.modules() if isinstance(part, MLP)]


def specification(name, net, drawn, points, options=None, batch=1, steps=1, lr=0.1):
    """What the page makes a training from."""
    numbers = torch.cat([values.double() for values in drawn]).tolist() if drawn else []
    return {
        "method": name, "options": options or {}, "dim": net.dim, "latent": net.latent, "batch": batch, "steps": steps,
        "lr": lr, "weights": as_lists(flat(net)), "drawn": numbers, "points": points.tolist(),
    }  # fmt: skip


def built(method, dim):
    """A net in double precision, with it the variance 1/2 of a decoder."""
    net = method.build(dim=dim, hidden=(8, 12, 8), seed=5).double()
    if hasattr(net, "likelihood"):
        net.likelihood.fixed.fill_(0.5**0.5)
    return net


def as_lists(tensors) -> list[list[float]]:
    return [tensor.detach().double().tolist() for tensor in tensors]


def one_step(run, monkeypatch, case, dim, numbers):
    """The relative error of loss and gradients of every turn."""
    name, options, method = CASES[case]
    torch.manual_seed(3)
    net = built(method, dim)
    points = torch.randn(40, dim).double() * 1.5 + 0.5
    worst = 0.0
    for turn, (moves, loss) in enumerate(method.turns):
        with recorded(monkeypatch) as drawn:
            z = draws.normal((16, dim)).double()
            x = points[(draws.uniform((16,)) * len(points)).long()]
            value = loss(net, *method.coupling(z, x)).mean()
        part = net.get_submodule(moves)
        gradients = torch.autograd.grad(value, list(part.parameters()))
        spec = specification(name, net, drawn, points, options=options, batch=16) | {"turn": turn}
        got = run(
            "(() => { const t = begun(spec), stream = t.streams[0], [moves, loss] = t.method.turns[spec.turn];"
            " const [z, x] = t.pairs(stream); const value = loss(t.members[0], z, x, stream, spec.batch);"
            " return [value, ...t.moving(t.members[0], moves).flatMap((net) => Array.from(net.gradient))]; })()",
            spec,
            numbers,
        )
        got, exact = (
            torch.tensor(got, dtype=torch.float64),
            torch.cat([value.detach()[None], *(g.flatten() for g in gradients)]),
        )
        worst = max(worst, ((got - exact).norm() / exact.norm()).item())
        assert torch.allclose(got[0], exact[0], rtol=1e-4)
    return worst


@pytest.mark.parametrize("dim", [1, 2])
@pytest.mark.parametrize("case", CASES)
def test_the_gradient_of_every_loss_and_option_is_that_of_torch(run, monkeypatch, case, dim):
    assert one_step(run, monkeypatch, case, dim, "Float64Array") < 1e-9
    assert one_step(run, monkeypatch, case, dim, "Float32Array") < 1e-4


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.0, 0.9)])
def test_a_step_of_adam(run, betas):
    weights = torch.randn(30, dtype=torch.float64, requires_grad=True)
    gradients = torch.randn(5, 30, dtype=torch.float64) * torch.logspace(-6, 2, 30, dtype=torch.float64)
    spec = {"weights": weights.tolist(), "gradients": gradients.tolist(), "betas": betas}
    adam = torch.optim.AdamW([weights], lr=0.03, betas=betas, weight_decay=0.0)
    for gradient in gradients:
        weights.grad = gradient
        adam.step()
    got = run(
        "(() => { const weights = Numbers.from(spec.weights), adam = new trainer.Adam(weights, spec.betas);"
        " for (const g of spec.gradients) adam.step(Numbers.from(g), 0.03); return Array.from(weights); })()",
        spec,
    )
    torch.testing.assert_close(torch.tensor(got, dtype=torch.float64), weights.detach(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_two_hundred_steps_on_the_same_numbers_end_at_the_same_weights(run, monkeypatch, case):
    """In double precision: a game is chaotic, and makes any rounding grow."""
    name, options, method = CASES[case]
    torch.manual_seed(4)
    net, points, batch, steps = built(method, 2), torch.randn(40, 2).double() * 1.5 + 0.5, 8, 200
    begin = flat(net)
    spec = specification(name, net, [], points, options=options, batch=batch, steps=steps, lr=3e-3)
    with monkeypatch.context() as patch:  # one draw at a time, so that they are recorded in order
        patch.setattr(draws.Streams, "take", lambda streams, draw, shape: draw(shape, generator=streams.generators[0]))
        with recorded(monkeypatch) as drawn:
            history = fit(method, net, points, steps=steps, batch=batch, lr=3e-3, progress=False)
    spec |= {"drawn": torch.cat([d.double() for d in drawn]).tolist()}
    got = run(
        "(() => { const t = begun(spec); for (let k = 0; k < spec.steps; k++) t.step();"
        " const weights = trainer.maps(t.members[0]).map((net) => Array.from(net.weights));"
        " return [Object.values(t.losses[0]), ...weights]; })()",
        spec,
    )
    losses, *weights = (torch.tensor(values, dtype=torch.float64) for values in got)
    for got_weights, before, after in zip(weights, begin, flat(net), strict=True):
        assert (got_weights - after).abs().max() < 1e-3
        assert (after - before).abs().max() > 0.02
    torch.testing.assert_close(
        losses, torch.stack([v[-1] for v in history.losses.values()]).double(), rtol=1e-2, atol=1e-3
    )


@pytest.mark.parametrize(("dim", "n"), [(1, 50), (2, 1), (2, 64), (3, 40)])
def test_optimal_pairs(run, dim, n):
    torch.manual_seed(n)
    z, x = torch.randn(2, n, dim)
    spec = {"z": z.T.flatten().tolist(), "x": x.T.flatten().tolist(), "dim": dim}
    got = run("Array.from(trainer.optimal(Numbers.from(spec.z), Numbers.from(spec.x), spec.dim))", spec)
    torch.testing.assert_close(torch.tensor(got).reshape(dim, n).T, couplings.optimal(z, x)[1])


def test_streams_are_uniform_and_normal_and_each_member_has_its_own(run):
    from scipy import stats

    got = run(
        "[0, 1, 2].flatMap((seed) => { const s = new trainer.Stream(seed);"
        " return [Array.from(s.uniform(20001)), Array.from(s.normal(20001))]; })",
        {},
    )
    for k, (values, law) in enumerate(zip(got, ["uniform", "norm"] * 3, strict=True)):
        assert stats.kstest(values, law).pvalue > 1e-3, k
        assert abs(stats.pearsonr(values[1:], values[:-1])[0]) < 0.03
    for other in (2, 4):
        assert abs(stats.pearsonr(got[0], got[other])[0]) < 0.03
    again = run("Array.from(new trainer.Stream(1).uniform(20001))", {})
    assert again == got[2]


def test_a_loss_that_is_not_finite_ends_training_at_the_last_good_state(run):
    net = METHODS["fm"].build(dim=2, hidden=(8, 12, 8), seed=5)
    spec = specification("fm", net, [], torch.randn(40, 2), batch=8, steps=100, lr=1e30)
    got = run(
        "(() => { const t = begun(spec); t.streams = [new trainer.Stream(1)]; t.keep(); let error = null;"
        " try { while (t.done < 100) t.step(); } catch (caught) { error = caught; }"
        " return [error instanceof trainer.NotFinite, ...t.members[0].map.weights]; })()",
        spec,
        "Float32Array",
    )
    assert got[0]
    torch.testing.assert_close(torch.tensor(got[1:]), flat(net)[0].detach(), rtol=0, atol=0)


def test_a_consistency_model_jumps_again_from_fresh_noise(run):
    net, z, fresh = built(METHODS["facm"], 2), *torch.randn(2, 20, 2).double()
    spec = specification("facm", net, [fresh], torch.zeros(1, 2)) | {"z": z.T.flatten().tolist()}
    spec["drawn"] = fresh.T.flatten().tolist()
    got = run(
        "(() => { const { method, members: [nets], streams: [stream] } = begun(spec);"
        " return Array.from(method.push(nets, Numbers.from(spec.z), 2, stream).at(-1)); })()",
        spec,
    )
    first = z + net(z, torch.zeros(20, 1).double(), torch.ones(20, 1).double()).detach()
    half = torch.full((20, 1), 0.5).double()
    middle = (fresh + first) / 2
    exact = middle + 0.5 * net(middle, half, torch.ones(20, 1).double()).detach()
    torch.testing.assert_close(torch.tensor(got, dtype=torch.float64).reshape(2, 20).T, exact, atol=1e-9, rtol=1e-9)


def test_the_page_has_every_ready_method(run):
    assert run("Object.keys(trainer.METHODS)", {}) == list(METHODS)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("steps", [1, 3])
def test_samples_and_codes_are_those_of_torch(run, method, steps):
    net = built(METHODS[method], 2)
    torch.manual_seed(0)
    several = method in ("fm", "meanflow", "backflow", "diffusion")
    z, choices = torch.randn(20, 2).double(), {"steps": steps} if several else {}
    spec = specification(method, net, [], torch.zeros(1, 2))
    spec |= {"z": z.T.flatten().tolist(), "choices": list(choices.values())}
    got = run(
        "(() => { const { method, members: [nets] } = begun(spec), z = Numbers.from(spec.z);"
        " return [method.push(nets, z, ...spec.choices).at(-1), method.encode?.(nets, z, ...spec.choices) ?? []]"
        ".map((all) => Array.from(all)); })()",
        spec,
    )
    made, codes = (torch.tensor(values, dtype=torch.float64) for values in got)
    torch.testing.assert_close(made.reshape(2, 20).T, METHODS[method].push(net, z, **choices)[-1], atol=1e-9, rtol=1e-9)
    if METHODS[method].encode is not None:
        exact = METHODS[method].encode(net, z, **choices)
        torch.testing.assert_close(codes.reshape(2, 20).T, exact, atol=1e-9, rtol=1e-9)
