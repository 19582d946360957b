"""What figures say in words: after any move of the controls the numbers of a sentence are those that gen_lib computes.

Each figure is a generator: it shows the figure, then gives moves of its controls, and words with the numbers in them.
"""

import itertools
import math
import re
from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from matplotlib import pyplot as plt
from scipy.optimize import brentq

from gen_lib import METHODS, data, methods, metrics, parametrisations, samplers, truth
from gen_lib.compare import compare
from gen_lib.figures import choices, explore, live, page
from gen_lib.figures.live.latent_explorer import _square
from gen_lib.likelihoods import Bernoulli, ContinuousBernoulli, Gaussian
from gen_lib.methods.facm import BY_TARGET_TIME, consistency_error, cosine, one, one_minus_root
from gen_lib.methods.meanflow import robust

plt.switch_backend("agg")
LINE = data.mixture_1d()
# Most sliders go by equal steps: the place of a number is looked for from where it would be then.
MOVE = """(input, text) => {
    const read = () => input.getAttribute("aria-valuetext").replace("\u2212", "-"), from = Number(input.min);
    const places = Array.from({ length: Number(input.max) - from + 1 }, (_, k) => from + k);
    const at = k => {
        input.value = k;
        input.dispatchEvent(new Event("input", { bubbles: true }));
        return parseFloat(read());
    };
    const [low, high] = [from, places.at(-1)].map(at);
    const near = from + (parseFloat(text) - low) / (high - low) * (places.length - 1);
    places.sort((a, b) => Math.abs(a - near) - Math.abs(b - near));
    if (!places.some(k => (at(k), read() === text))) throw new Error(`${text} is not on this slider`);
}"""


def number(value):
    """One number in double precision, at which a function is asked."""
    return torch.tensor([[value]], dtype=torch.float64)


def first(net):
    """The first member of a net, in double precision as in JavaScript."""
    exact = deepcopy(net).double().requires_grad_(False)
    return lambda x, *times: exact(x, *times)[0]


@torch.no_grad()
def bent(kind, seed=1):
    """An untrained field on the line that changes fast in place and time."""
    net = METHODS[kind].build(dim=1, members=(2,), seed=seed)
    net.map.layers[0].weight[..., 1:, :] *= 15
    net.map.layers[-1].weight.mul_(9)
    return net


def decoder_map():
    steps, pairs = [0, 5, 20], {kind: (torch.randn(20, 1), torch.randn(20, 1)) for kind in ("random", "optimal")}
    snapshots = dict(zip(pairs, 1.7 * torch.randn(2, 3, 40, 1) + 0.4, strict=True))
    live.decoder_map(LINE, steps, snapshots, pairs, alt="Lines.")
    exact = LINE.quantile((torch.arange(40, dtype=torch.float64) + 0.5) / 40)
    for kind, k in (("random", 2), ("optimal", 1)):
        x = snapshots[kind][k].double()
        words = f"Step {steps[k]}, {kind} …mean {{}} and spread {{}}, the data {{}} and {{}}.…map {{}}, …data {{}}."
        numbers = [x.mean(), x.std(correction=0), LINE.mean, LINE.covariance.sqrt()]
        numbers += [(x - to).abs().mean() for to in (exact, LINE.mean)]
        yield {"pairs": kind, "step": str(steps[k])}, words, numbers


@torch.no_grad()
def autoencoder(kind, latent, members):
    """A method and its untrained net for images of 2 by 2 pixels, with codes far apart."""
    method = getattr(methods, kind)(likelihood="bernoulli")
    net = method.build(dim=4, latent=latent, hidden=(8,), members=members, seed=1)
    net.encoder.layers[-1].weight.mul_(9)
    return method, net


def latent_explorer():
    x, labels = torch.rand(60, 4), torch.arange(60) % 7
    nets = {kind: autoencoder(kind, 2, (2,)) for kind in ("autoencoder", "vae")}
    live.latent_explorer(nets, x, labels, alt="Codes.", start=(0, 3))
    codes = [method.encode(net, x)[0].detach().double() for method, net in nets.values()]
    words = "".join(f"{kind}: code ({{}}, {{}}); the nearest code is that of a test digit {{}}.…" for kind in nets)

    def numbers(places):
        return [n for z, c in zip(places, codes, strict=True) for n in (*z, labels[torch.cdist(z[None], c).argmin()])]

    yield {}, words, numbers([code[0] for code in codes])
    yield {"from digit": "5", "to digit": "2", "path": "0.35"}, words, numbers([c[5].lerp(c[2], 0.35) for c in codes])
    ends = torch.tensor([[*_square(code).values()] for code in codes], dtype=torch.float64)
    stops = torch.tensor([[30, 80], [75, 55]]).double() / 120  # of the sliders
    places = ends[..., 0].lerp(ends[..., 1], stops).mul(100).round() / 100
    sliders = [f"{kind} z{k}" for kind in nets for k in (1, 2)]
    yield dict(zip(sliders, places.flatten(), strict=True)), words, numbers(places)


def likelihood_bench():
    live.likelihood_bench(alt="Losses.")
    laws = {"Bernoulli": Bernoulli(), "continuous Bernoulli": ContinuousBernoulli(), "Gaussian": Gaussian(0.3)}
    laws["Gaussian, sigmoid"] = Gaussian(0.3, activation=torch.sigmoid)
    for (name, law), (x, mean) in itertools.product(laws.items(), ((0.4, 0.85), (0.9, 0.33))):
        roots = [brentq(lambda o, m=m, law=law: law.mean(number(o)).item() - m, -50, 50) for m in (mean, x)]
        output, best = number(roots[0]).requires_grad_(), number(roots[1])
        loss, least = (-law.log_prob(o, number(x)) for o in (output, best))
        slope, steep = (torch.autograd.grad(of.sum(), output)[0] for of in (loss, law.mean(output)))
        rates = [[o.sigmoid()] if isinstance(law, ContinuousBernoulli) else [] for o in (output, best)]
        rate = ", λ {}" if rates[0] else ""
        words = f"{name}, pixel {{}}, predicted mean {{}}{rate}, output {{}}: loss {{}} nats, "
        words += f"least {{}} at the mean {x:.2f}{rate}.…to the output {{}}, to the mean {{}}."
        moves = {"likelihood": name, "pixel x": x, "predicted mean": mean, "sigma of the Gaussians": 0.3}
        yield moves, words, [x, mean, *rates[0], output, loss, least, *rates[1], slope, slope / steep]
    least = {"Gaussian": f"least {Gaussian(0.3).log_prob(number(0.0), number(0.0)).neg().item():.2f} at the mean 0.00."}
    least |= {
        "Bernoulli": "least 0.00 towards the mean 0.",
        "continuous Bernoulli": "falls without end towards the mean 0.",
    }
    for name, end in least.items():
        yield {"likelihood": name, "pixel x": 0.0}, end, []


def beta_dial():
    prices, distortion, rate = torch.tensor([0.1, 1.0, 2.5]), 9 * torch.randn(3, 2), 5 + torch.randn(2, 3).mT
    (method, net), x = autoencoder("vae", 4, (3, 2)), torch.rand(60, 4)
    net.encoder.layers[-1].weight.data *= torch.arange(8) > torch.arange(3)[:, None, None, None]
    active = metrics.active_units(method.encode(net, x))[:, 0]
    live.beta_dial(net, prices, distortion, rate, x, alt="A dial.", digits={"a": 0}, start=1)
    words = "At beta {} the rate is {} nats and the distortion {} nats; {} of {} latents are active."
    for k in (1, 2, 0):
        yield {"beta": f"{prices[k]:g}"}, words, [prices[k], rate[k, 0], distortion[k, 0], active[k], 4]


def arena():
    ring, steps, names = data.ring(), [0, 5, 9], ["one", "other"]
    most = torch.arange(3, 15).reshape(2, 3, 2, 1) % 7 + 1  # modes in each frame
    middles = ring.means[(torch.rand(2, 3, 2, 50) * most).long()]
    pages = middles + 0.01 * (0.7 + most[..., None] / 4) * torch.randn(2, 3, 2, 50, 2)
    games = {name: (steps, pages[k].float(), torch.randn(3, 2, 4, 4)) for k, name in enumerate(names)}
    live.arena(ring, games, alt="Games.", snapshots=3, samples=20)
    found = metrics.modes_covered(pages, ring)
    for game, member, look in ((0, 0, 2), (1, 0, 2), (1, 1, 0), (0, 1, 1)):
        moves = {"game": names[game], "member": str(member + 1), "training step": str(steps[look])}
        words = f"{names[game]}, member {{}}, step {{}}: {{}} of {{}} modes covered, {{}} % of {{}} samples"
        met, good = found.covered[game, look, member], 100 * found.high_quality[game, look, member]
        yield moves, words, [member + 1, steps[look], met, 8, good, 50]


def flow_lab():
    live.flow_lab(LINE, {"learned": (net := bent("fm"))}, alt="Particles.", particles=100)
    z = torch.special.ndtri((torch.arange(100, dtype=torch.float64) + 0.5) / 100)[:, None]
    other = data.GaussianMixture(torch.tensor([0.45, 0.55]), torch.tensor([[-0.5], [0.75]]), LINE.covariances)
    words = "{} evaluation…: {} % of the particles end above 0; of the data {} % are."
    for mixture, moves in (
        (LINE, {}),
        (other, {2: "0.45", 3: "-0.50", 4: "0.75"}),
    ):  # the modes by position, not by name
        for field, v in {"exact": lambda x, t, of=mixture: truth.velocity(of, x, t), "learned": first(net)}.items():
            for sampler, asked in (("euler", 1), ("heun", 2)):
                above = (getattr(samplers, sampler)(v, z, 2)[-1] > 0).double().mean()
                numbers = [2 * asked, 100 * above, 100 * (1 - mixture.cdf(number(0.0)))]
                yield {**moves, "field": field, "sampler": sampler.title(), "steps": "2"}, words, numbers
    ends = [getattr(samplers, sampler)(v, z, 3)[-1] for sampler in ("euler", "heun")]  # the last field, by both
    above = [100 * (end > 0).double().mean() for end in ends]
    both = "Euler, {} evaluations: {} % …; Heun, {} evaluations: {} % …; of the data {} % are."
    numbers = [3, above[0], 6, above[1], 100 * (1 - other.cdf(number(0.0)))]
    yield {"sampler": "both", "steps": "3"}, both, numbers


def normals(seed):
    """Normal numbers as the figure draws them: the generator mulberry32, and the method of Box and Muller."""
    state, whole = seed, 0xFFFFFFFF

    def uniform():
        nonlocal state
        state = (state + 0x6D2B79F5) & whole
        t = ((state ^ (state >> 15)) * (state | 1)) & whole
        t ^= (t + (((t ^ (t >> 7)) * (t | 61)) & whole)) & whole
        return ((t ^ (t >> 14)) + 0.5) / (whole + 1)

    while True:
        yield math.sqrt(-2 * math.log(uniform())) * math.cos(2 * math.pi * uniform())


def noise_dial():
    live.noise_dial(LINE, {"learned": (net := bent("fm"))}, alt="Particles.", particles=100)
    z = torch.special.ndtri((torch.arange(100, dtype=torch.float64) + 0.5) / 100)[:, None]
    words = "Noise σ = {}, {} steps, at t = {}: W1 to the exact marginal is {} for the ODE, …, and {} for the SDE; "
    words += "for as many perfect samples it is {}."
    for field, v in {"exact": lambda x, t: truth.velocity(LINE, x, t), "learned": first(net)}.items():
        for sigma, steps, at in ((0.5, 20, 20), (2.0, 10, 6)):
            drawn = normals(1)

            def fresh(shape, generator=None, like=None, drawn=drawn):
                return torch.tensor(list(itertools.islice(drawn, len(like))), dtype=torch.float64)[:, None]

            def strength(t, sigma=sigma):
                return sigma * (1 - t).sqrt()

            score = parametrisations.reading(v, parametrisations.velocity, parametrisations.score)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("gen_lib.samplers.sde.draws.normal", fresh)
                loud = samplers.euler_maruyama(samplers.keeping(v, score, strength), z, steps, strength)
            quiet = samplers.euler(v, z, steps)
            exact = truth.flow_map(LINE, z, 0.0, at / steps)
            drawn = normals(0)
            perfect = truth.flow_map(LINE, fresh(None, like=z, drawn=drawn), 0.0, at / steps)
            off = [(x.sort(dim=0).values - exact).abs().mean() for x in (quiet[at], loud[at], perfect)]
            moves = {"field": field, "noise σ": f"{sigma:.1f}", "steps": str(steps), "time": at / steps}
            yield moves, words, [sigma, steps, at / steps, *off]


def ruler():
    live.ruler(LINE, {"learned": (net := bent("backflow"))}, alt="A jump.")
    fields = {"learned": first(net), "exact": lambda x, t, r: truth.average_velocity(LINE, x, t, r)}
    words = "From {} at t = {} the flow leads to {} at r = {}. One jump lands at {}, error {}MANY. "
    words += "Its slope is u = {}, …average velocity is {}; …at the start is {}."
    from_to = (("learned", 0.2, 0.85, -0.6, 3), ("learned", 0.9, 0.1, 1.35, 1), ("exact", 0.3, 0.9, -0.15, 4))
    for field, t, r, place, jumps in from_to:
        average, x, now = fields[field], number(place), number(t)
        end = truth.flow_map(LINE, x, t, r)
        lands = [samplers.jump(average, x, count, t, r)[-1] for count in sorted({1, jumps})]
        numbers = [place, t, end, r, *(n for land in lands for n in (land, (land - end).abs()))]
        numbers += [average(x, now, number(r)), truth.average_velocity(LINE, x, t, r), average(x, now, now)]
        many = f"; {jumps} jumps land at {{}}, error {{}}" if jumps > 1 else ""
        moves = {
            "now, t": t,
            "destination, r": r,
            "position x": place,
            "jumps n": str(jumps),
            "average velocity": field,
        }
        yield moves, words.replace("MANY", many), numbers


def weights():
    published, plain = (dict.fromkeys(("alpha", "beta", "clamp", "norm"), on) for on in (True, False))
    other = plain | {"alpha": True, "clamp": True}
    exact = LINE.quantile((torch.arange(1000) + 0.5) / 1000)
    ends = {"pairs": exact + 0.2 + 0.2 * torch.randn(2, 1, 1), "v*": exact - 0.4 + 0.1 * torch.randn(2, 1, 1)}
    beside = exact + 0.5 + 0.3 * torch.randn(2, 1, 1)  # of plain weights on the same target
    maps = {live.Setting(target="pairs", **published): ends["pairs"], live.Setting(target="v*", **plain): ends["v*"]}
    maps[live.Setting(target="pairs", **plain)] = beside
    live.weights(LINE, maps, alt="Maps.")
    menus = {"α": ("1", "1 − √t"), "β": ("1", "cos(πt/2)"), "clamp": ("off", "at 1")}
    menus["norm-L2"] = ("off", "on")
    words = "At t = {} an error of {} pulls with {}, one of 0.25 with {} and one of 4 with {}. "
    for target, on, t, g in (
        ("pairs", published, 0.35, -1.75),
        ("v*", plain, 0.6, 3.25),
        ("pairs", other, 0.15, 0.75),
        ("pairs", published, 0.6, 0.5),
    ):
        moves = {menu: texts[key] for (menu, texts), key in zip(menus.items(), on.values(), strict=True)}
        moves |= {"target": target, "time t": t, "error g": g}
        F, v = torch.full((3, 1), 0.3).double().requires_grad_(), 0.3 - torch.tensor([[g], [0.25], [4.0]]).double()
        time, alpha, clamp = torch.full_like(v, t), one_minus_root if on["alpha"] else one, 1.0 if on["clamp"] else None
        error = consistency_error(lambda x, t, r, F=F: F + 0 * x, 0 * v, time, v, BY_TARGET_TIME, alpha, clamp)
        loss = (cosine if on["beta"] else one)(time)[:, 0] * robust(error, on["norm"] / 2)
        numbers = [t, g, *torch.autograd.grad(loss.sum(), F)[0].abs()]
        w1, mass = metrics.w1(ends[target], LINE), (ends[target] > 0).double().mean((1, 2))
        of_maps = [w1.mean(), w1.std(), mass.mean(), mass.std(), 1 - LINE.cdf(number(0.0))] if on != other else []
        plainly = metrics.w1(beside, LINE)
        of_maps[2:2] = [plainly.mean(), plainly.std()] if on == published else []
        against = ", with plain weights {} ± {}" if on == published else ""
        told = (
            f"Nets …“{target}”: W1 {{}} ± {{}}{against}. Mass …zero: {{}} ± {{}}, exactly {{}}."
            if of_maps
            else "No net was"
        )
        yield moves, words + told, [*numbers, *of_maps]


def round_trip():
    live.round_trip(LINE, nets := {"a": bent("backflow"), "b": bent("backflow", 2)}, alt="A trip.")
    words = "x = {} is encoded to z = {}; exact is {}, error of the code {}.… x′ = {}: error of the round trip {}."
    for name, place, steps in (("a", 1.2, 4), ("b", -2.7, 1)):
        x, net = number(place), first(nets[name])
        z, exact = samplers.jump(net, x, steps, 1.0, 0.0)[-1], truth.flow_map(LINE, x, 1.0, 0.0)
        again = samplers.jump(net, z, steps)[-1]
        numbers = [place, z, exact, (z - exact).abs(), again, (again - x).abs()]
        yield {"datum x": f"{place:.1f}", "net": name, "steps each way": str(steps)}, words, numbers


def guidance_dial():
    live.guidance_dial(alt="Paths.")
    share = (torch.arange(200, dtype=torch.float64) + 0.5) / 200
    words = "At g = {} the guided flow has mean {} and standard deviation {}, the tilted density {} and {}. W1 …is {}."
    for g, m, s in ((4.0, 0.7, 0.6), (0.5, 0.7, 0.6), (7.25, 1.3, 0.4), (2.0, 0.2, 0.9)):
        variances = torch.full((2, 1, 1), s**2)
        mixture = data.GaussianMixture(torch.tensor([0.5, 0.5]), torch.tensor([[-m], [m]]), variances)
        right = data.Labelled(mixture).given(1)
        z = torch.special.ndtri(share)[:, None]
        x = samplers.heun(lambda x, t, of=(right, mixture, g): truth.guided_velocity(*of[:2], x, t, of[2]), z, 60)[-1]
        tilted = truth.Tilted(right, mixture, g)
        numbers = [g, x.mean(), x.std(correction=0), tilted.mean, tilted.variance.sqrt()]
        numbers.append((x - tilted.quantile(share)).abs().mean())
        yield {"strength g": f"{g:.2f}", "classes at ±m": f"{m:.1f}", "width s": f"{s:.1f}"}, words, numbers


def memory_dial():
    stored, held_out = LINE.sample((2, 16), torch.Generator().manual_seed(3)).double()
    live.memory_dial(LINE, stored, held_out, alt="A curve.", points=4)
    nodes = torch.linspace(-7, 6, 1301, dtype=torch.float64)[:, None]
    words = "{} stored points, the flow stopped at t = {}: noise {}. Copies: {} …Divergence from the data: {} nats."
    for n, t in ((4, 0.9), (16, 0.75), (8, 0.97), (2, 0.5)):
        model = data.spikes(stored[:n], (1 - t) / t)
        x = torch.linspace(-14, 14, 140_001, dtype=torch.float64)[:, None]
        near = [(x - of[:n].mT).abs().amin(-1) for of in (stored, held_out)]
        copies = (model.log_prob(x).exp() * (near[0] < near[1])).sum() * 2e-4
        log_p = LINE.log_prob(nodes)
        divergence = (log_p.exp() * (log_p - model.log_prob(nodes))).sum() / 100
        yield {"stored points N": str(n), "stopped at t": f"{t:.2f}"}, words, [n, t, (1 - t) / t, copies, divergence]


def scoreboard():
    few = {"epochs": 1, "steps_per_epoch": 3, "batch": 16, "samples": 60, "members": (3,), "progress": False}
    both = {kind: compare(["fm", "decoder"], of, **few) for kind, of in (("line", LINE), ("plane", data.moons()))}
    seconds = iter((12.34, 5.67, 8.91, 23.4))
    for board in both.values():
        board.runs.update({method: replace(run, seconds=next(seconds)) for method, run in board.runs.items()})
    live.scoreboard(both, alt="Scores.", count=40)
    for method, (board, distance) in itertools.product(("fm", "decoder"), (("line", "W1"), ("plane", "sliced W2"))):
        run = both[board].runs[method]
        value, floor = run.distances[distance]
        words = f"{method}, {board}: {distance} {{}} ± {{}}, {{}} times …, {{}} ± {{}}; {{}} eval…; trained in {{}} sec"
        numbers = [value.mean(), value.std(), value.mean() / floor.mean(), floor.mean(), floor.std()]
        yield {"data": board, "method": method}, words, [*numbers, run.evaluations, run.seconds]


def predict_choice():
    given = {"one": [1.1, 1.5], "two": [-3.0, -2.6, -2.1], "three": [4.2], "near": [-2.6, -2.3]}
    measured = {answer: torch.tensor(numbers) for answer, numbers in given.items()}
    live.predict_choice("Which?", measured, best="least", label="number", alt="Bars.")
    mean, std = measured["two"].mean(), measured["two"].std()
    yield {"two": "radio", "Show": "button"}, "Right: “two”, {} ± {}.", [mean, std]
    for answer, end in (("one", "."), ("near", ": within the error bar")):
        words = f"The answer is “two”, {{}} ± {{}}; you said “{answer}”, {{}} ± {{}}{end}"
        yield {answer: "radio"}, words, [mean, std, measured[answer].mean(), measured[answer].std()]
    yield {"three": "radio"}, "The answer is “two”, {} ± {}; you said “three”, {}.", [mean, std, 4.2]


def predict_curve():
    x, curves = torch.linspace(-2, 2, 41), {"many": torch.randn(3, 41), "single": 1 + 0.2 * torch.randn(41)}
    live.predict_curve("?", x, curves, between=(-2, 2), exact={"line": x}, xlabel="x", ylabel="y", alt="A.", digits=2)
    drawn, knots = torch.zeros(17).double(), torch.linspace(-2, 2, 17).double()
    words = "Your curve is off by {} from many and by {} from single and by {} from line, on average."
    for k, height, button in ((4, 1.7, {"Show": "button"}), (14, -0.9, {})):
        drawn[k] = height
        tents = (1 - (x[:, None] - knots).abs() / 0.25).clamp_min(0)  # of a curve that is straight between knots
        far = [(curve - tents @ drawn).abs().mean() for curve in (curves["many"].mean(0), curves["single"], x)]
        yield {"position on the axis": knots[k], "height of your curve": height, **button}, words, far


def gallery():
    said = {"2": "2 numbers, error 0.731.", "4": "4 numbers, error 0.25.", "8": "8 numbers, error 0.125."}
    steps = {step: {"copies": torch.rand(3, 12)} for step in said}
    live.gallery("numbers", steps, shape=(3, 2, 2), said=said, alt="Faces.", start="4")
    yield from (({"numbers": step}, said[step], []) for step in ("4", "8", "2"))


def explored():
    explore(lambda **_: plt.figure(figsize=(1, 1)), alt="Nothing.", slope=[1, 2.5, 4], name=["a", "b"], by=[3, 5])
    yield {"slope": "4", "name": "b", "by": "5"}, "slope {}, name b, by {}", [4, 5]


def move(tab, control, to):
    """A slider, also by its place, to a number or text; a menu or a row to an entry; a button or a radio is clicked."""
    sliders = tab.locator("input[type=range]")
    labelled = tab.locator("input[type=range], select, [role=radiogroup]").and_(
        tab.get_by_label(re.compile(f"^{control}"))
    )
    found = sliders.nth(control) if isinstance(control, int) else labelled
    if to in ("button", "radio"):
        tab.get_by_role(to, name=control).click()
    elif found.evaluate("control => control.tagName") == "SELECT":
        found.select_option(label=to)
    elif found.get_attribute("role") == "radiogroup":
        found.get_by_role("radio", name=to, exact=True).check()
    else:
        found.evaluate(MOVE, to if isinstance(to, str) else f"{float(to):.2f}")


def off(text, exact):
    """How far a printed number is from an exact one, in units of its last digit."""
    return abs(float(text) - exact) * 10 ** len(text.partition(".")[2])


def heard(tab, words, numbers):
    """The numbers of the sentence, as text, once they are those that are expected; it may take a moment to change."""
    assert words.count("{}") == len(numbers)
    numbers = [number.item() if isinstance(number, torch.Tensor) else number for number in numbers]
    pattern = re.escape(words).replace(r"\{\}", r"(-?\d+(?:\.\d+)?)").replace("…", ".*?")
    for _ in range(600):
        text = tab.locator(".gen-lib-said").text_content().replace("\u2212", "-")
        if (found := re.search(pattern, text)) and max(map(off, found.groups(), numbers), default=0) <= 0.51:
            return found.groups()
        tab.wait_for_timeout(50)
    raise AssertionError(f"said: {text!r}, expected: {words!r} with {numbers}")


FIGURES = [decoder_map, latent_explorer, likelihood_bench, beta_dial, arena, flow_lab, ruler, weights, round_trip]
FIGURES += [guidance_dial, memory_dial, noise_dial, scoreboard, predict_choice, predict_curve, gallery, explored]


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.__name__)
def test_a_sentence_says_what_gen_lib_computes(tab, monkeypatch, figure):
    bundles, told = [], {}
    for module in (choices, page):
        monkeypatch.setattr(module, "display", lambda bundle, raw=False: bundles.append(bundle) if raw else None)
    moves = list(figure())
    tab.goto("about:blank")
    tab.set_content(bundles.pop()["text/html"])
    for controls, words, numbers in moves:
        for control, to in controls.items():
            move(tab, control, to)
        told.setdefault(len(numbers), []).append(heard(tab, words, numbers))
    for sentences in told.values():
        places = [*zip(*sentences, strict=True)]
        assert len({*places}) == len(places), f"a swap would not be seen in {sentences}"
