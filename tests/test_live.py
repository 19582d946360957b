"""Figures in which something runs: what they carry is what torch computes, and bad calls are refused."""

import base64
import copy
import io
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
import torch
from figure_parts import spec as spec_of
from matplotlib import pyplot as plt
from PIL import Image
from scipy.special import ndtr

from gen_lib import METHODS, data, fit, methods, samplers
from gen_lib.compare import compare
from gen_lib.figures import export, live
from gen_lib.methods.vae import kl_per_latent, posterior
from gen_lib.nets import MLP

mpl.use("agg")


@pytest.fixture(autouse=True)
def nothing_left_open():
    """What was shown is closed, and what is refused was not begun."""
    plt.close("all")
    yield
    assert not plt.get_fignums()


def test_the_flow_lab_carries_its_nets_and_starts_as_its_picture(moving):
    net = METHODS["fm"].build(dim=1, members=(8,))
    live.flow_lab(data.mixture_1d(), {"learned": net}, alt="Particles.", particles=20)
    spec = spec_of(moving[0])
    weights = np.frombuffer(base64.b64decode(dict(spec["fields"])["learned"]["weights"]), "<f4")
    assert dict(spec["fields"])["learned"]["members"] == 1
    first = [p[0].detach().flatten() for p in net.map.parameters()]
    assert np.array_equal(weights, torch.cat(first).numpy())
    assert spec["steps"] == 8
    assert set(moving[0]) == {"image/png", "text/html", "text/plain"}


@pytest.mark.parametrize(
    "of", [data.mixture_2d(), data.GaussianMixture(torch.ones(1), torch.zeros(1, 1), torch.ones(1, 1, 1))]
)
def test_the_flow_lab_refuses_other_mixtures(of):
    with pytest.raises(ValueError, match="two Gaussians on the line"):
        live.flow_lab(of, {}, alt="Particles.")


LINE = data.mixture_1d()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"steps": 5}, "steps must be one of 1, 2, 3"),
        ({"fields": {"exact": METHODS["fm"].build(dim=1)}}, 'the name "exact"'),
        ({"fields": {"two": METHODS["meanflow"].build(dim=1)}}, "'two' has 2 time.s. in dimension 1"),
        ({"fields": {"plane": METHODS["fm"].build(dim=2)}}, "'plane' has 1 time.s. in dimension 2"),
        ({"mixture": data.GaussianMixture(LINE.weights, LINE.means + 0.1, LINE.covariances)}, "modes at quarters"),
        ({"mixture": data.GaussianMixture(LINE.weights, 3 * LINE.means, LINE.covariances)}, "modes at quarters"),
        (
            {"mixture": data.GaussianMixture(torch.tensor([1.0, 2.0]) / 3, LINE.means, LINE.covariances)},
            "weights in twentieths",
        ),
        ({"particles": 0}, "particles must be a whole number of at least 1"),
    ],
)
def test_the_flow_lab_refuses_what_its_sliders_and_scripts_cannot_show(moving, change, words):
    with pytest.raises(ValueError, match=words):
        live.flow_lab(**{"mixture": LINE, "fields": {}, "alt": "Particles.", **change})
    assert moving == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mixture": data.mixture_2d()}, "mixture must be on the line, got dimension 2"),
        ({"steps": 7}, "steps must be one of 5, 10, 20"),
        ({"sigma": 0.7}, "sigma must be one of 0.0, 0.5"),
        ({"fields": {"exact": METHODS["fm"].build(dim=1)}}, 'the name "exact"'),
        ({"fields": {"two": METHODS["meanflow"].build(dim=1)}}, "'two' has 2 time.s. in dimension 1"),
        ({"particles": 0}, "particles must be a whole number of at least 1"),
    ],
)
def test_the_noise_dial_refuses_what_its_sliders_cannot_show(moving, change, words):
    with pytest.raises(ValueError, match=words):
        live.noise_dial(**{"mixture": LINE, "fields": {}, "alt": "Particles.", **change})
    assert moving == []


def shorts(kept) -> torch.Tensor:
    whole = np.frombuffer(base64.b64decode(kept["values"]), "<i2")
    return torch.from_numpy(whole.astype("f8")) / 32767 * kept["scale"]


SNAPSHOTS = {name: torch.randn(3, 40, 1) for name in ("random", "optimal")}
PAIRS = {name: (torch.randn(20, 1), torch.randn(20, 1)) for name in SNAPSHOTS}


def test_the_decoder_map_carries_every_look_and_its_distances(moving):
    mixture = data.mixture_1d()
    exact = mixture.quantile((torch.arange(40) + 0.5) / 40)
    snapshots = SNAPSHOTS | {"optimal": torch.stack([SNAPSHOTS["optimal"][0], mixture.mean.expand(40, 1), exact])}
    live.decoder_map(mixture, [0, 5, 20], snapshots, PAIRS, alt="Lines.")
    spec = spec_of(moving[0])
    assert set(moving[0]) == {"image/png", "text/html", "text/plain"}
    assert (spec["names"], spec["steps"]) == (["random", "optimal"], [0, 5, 20])
    for board, name in zip(spec["boards"], snapshots, strict=True):
        assert (shorts(board["snapshots"]) - snapshots[name].flatten()).abs().max() < 1e-3
        assert (shorts(board["to"]) - PAIRS[name][1].flatten()).abs().max() < 1e-3
    at_mean, at_exact = spec["boards"][1]["numbers"][1:]
    assert at_mean[0] == pytest.approx(-0.8)
    assert at_mean[1] == at_mean[3] == 0  # no spread, and no distance to the mean
    assert at_exact[2] == 0
    assert at_exact[1] == pytest.approx(spec["deviation"], rel=0.03)
    assert at_mean[2] == at_exact[3] > 1  # the one from the other


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"mixture": data.mixture_2d()}, "mixture must be on the line, got dimension 2"),
        ({"steps": [0, 5, 5]}, "steps must be at least two that rise"),
        ({"steps": [0, 5, 7.5]}, "steps must be a whole number of at least 0, got 7.5"),
        (
            {"mixture": data.GaussianMixture(LINE.weights, 2 * LINE.means, LINE.covariances)},
            "must lie between -5.5 and",
        ),
        (
            {"snapshots": {name: outputs.long() for name, outputs in SNAPSHOTS.items()}},
            "must hold floating-point numbers",
        ),
        ({"steps": [0, 5]}, r"snapshots must have shape \(2, n, 1\)"),
        ({"snapshots": SNAPSHOTS | {"optimal": torch.randn(3, 39, 1)}}, "snapshots must have shape"),
        (
            {"snapshots": SNAPSHOTS | {"optimal": SNAPSHOTS["optimal"].log()}},
            r"snapshots\['optimal'\] must be finite, got",
        ),
        ({"pairs": {"random": PAIRS["random"]}}, "pairs must have the names of snapshots"),
        ({"pairs": PAIRS | {"random": (torch.randn(20, 1), torch.randn(20, 1) / 0)}}, r"pairs\['random'\] must be"),
        ({"pairs": PAIRS | {"random": (torch.randn(20, 1), torch.randn(19, 1))}}, r"pairs must have shape \(m, 1\)"),
        ({"alt": " "}, "alt must say"),
    ],
)
def test_the_decoder_map_refuses(bad, words, unchecked):
    good = {"mixture": data.mixture_1d(), "steps": [0, 5, 20], "snapshots": SNAPSHOTS, "pairs": PAIRS, "alt": "Lines."}
    given = good | bad
    with pytest.raises(ValueError, match=words):
        live.decoder_map(given.pop("mixture"), given.pop("steps"), given.pop("snapshots"), given.pop("pairs"), **given)


def test_the_weights_carry_the_maps_that_were_trained_and_no_others(moving):
    mixture = data.mixture_1d()
    exact = mixture.quantile((torch.arange(1000) + 0.5) / 1000)
    ends = {
        live.Setting(target="pairs", alpha=True, clamp=True, norm=True): exact.expand(3, -1, -1) - 1,
        live.Setting(target="exact v*"): exact.expand(2, -1, -1),
    }
    live.weights(mixture, ends, alt="Maps.")
    spec = spec_of(moving[0])
    assert spec["targets"] == ["pairs", "exact v*"]
    assert spec["start"] == {"target": "pairs", "alpha": True, "beta": True, "clamp": True, "norm": True}
    low, right = spec["maps"]
    assert low["w1"] == pytest.approx([1, 0], abs=2e-2)
    assert right["w1"] == pytest.approx([0, 0], abs=2e-2)
    assert spec["mass"] == pytest.approx(0.7 * ndtr(-2.5) + 0.3 * ndtr(10 / 3), abs=1e-7)
    assert low["mass"][0] < right["mass"][0] == pytest.approx(spec["mass"], abs=1e-3)
    noise = torch.from_numpy(np.frombuffer(base64.b64decode(spec["z"]), "<f4").copy())
    for kept, members, off in ((low, 3, 1), (right, 2, 0)):
        curves = shorts(kept["ends"]).unflatten(0, (members, -1))
        truth = mixture.quantile(torch.special.ndtr(noise.double()))[:, 0] - off
        assert kept["members"] == members
        assert (curves - truth).abs().max() < 1e-2
    assert (shorts(spec["exact"]) - truth).abs().max() < 1e-2


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ([], "at least one setting, got none"),
        ([torch.randn(2, 50, 2)], r"ends must have shape \(members, n, 1\)"),
        ([torch.randn(1, 50, 1)], "members at least 2"),
        ([torch.randn(2, 50, 1), torch.randn(2, 40, 1)], "one n for all"),
        ([torch.randn(2, 50, 1), torch.randn(2, 50, 1).log()], r"ends\[Setting\(target='1'.* must be a finite number"),
    ],
)
def test_the_weights_refuse(ends, words):
    settings = {live.Setting(target=f"{k}"): end for k, end in enumerate(ends)}
    with pytest.raises(ValueError, match=words):
        live.weights(data.mixture_1d(), settings, alt="Maps.")
    with pytest.raises(ValueError, match="mixture must be on the line"):
        live.weights(data.mixture_2d(), settings, alt="Maps.")


FEW = {"epochs": 2, "steps_per_epoch": 3, "batch": 16, "samples": 60, "progress": False}


def test_the_scoreboard_carries_the_numbers_of_the_table(moving):
    both = {
        name: compare(["fm", "decoder", "gan"], target, members=(2,), **FEW)
        for name, target in (("line", data.mixture_1d()), ("plane", data.moons()))
    }
    live.scoreboard(both, alt="Scores.", count=40)
    line_board, plane_board = spec_of(moving[0])["boards"]
    assert (line_board["distance"], plane_board["distance"]) == ("W1", "sliced W2")
    for board, comparison in zip((line_board, plane_board), both.values(), strict=True):
        assert [row["name"] for row in board["rows"]] == ["decoder", "gan", "fm"]  # the cheapest first
        for row in board["rows"]:
            run = comparison.runs[row["name"]]
            value, floor = run.distances[board["distance"]]
            assert (row["mean"], row["std"]) == pytest.approx((value.mean().item(), value.std().item()))
            assert row["members"] == pytest.approx(value.tolist(), rel=1e-5)
            low, high = board["span"]
            assert all(low < np.log10(member) < high for member in row["members"])
            assert board["floor"] == pytest.approx([floor.mean().item(), floor.std().item()])
            assert (row["evaluations"], row["seconds"]) == (run.evaluations, pytest.approx(run.seconds, abs=0.01))
            assert (shorts(row["samples"]) - run.frames[-1][:40].flatten()).abs().max() < 1e-3
    low, high = line_board["box"][0]
    mass = shorts(line_board["data"]).mean() * (high - low)
    assert mass.item() == pytest.approx(1, abs=0.02)
    assert len(shorts(plane_board["data"])) == 80


def test_the_scoreboard_refuses(moving):
    alone = compare(["decoder"], data.mixture_1d(), members=(1,), **FEW)
    other = compare(["vae"], data.mixture_1d(), members=(2,), **FEW)
    space = compare(
        ["vae"], data.GaussianMixture(torch.ones(1), torch.zeros(1, 3), torch.eye(3)[None]), members=(2,), **FEW
    )
    dearer = replace(other, runs={"vae": replace(other.runs["vae"], evaluations=2)})
    for bad, words in (
        ({}, "comparisons must be of the same methods at the same cost, at least one"),
        ({"a": alone, "b": other}, "comparisons must be of the same methods"),
        ({"a": other, "b": dearer}, "at the same cost"),
        ({"a": alone}, "two members or more, 'a' has 1"),
        ({"b": other, "c": space}, "'c' is not"),
    ):
        with pytest.raises(ValueError, match=words):
            live.scoreboard(bad, alt="Scores.")
    pair = [compare(names, data.mixture_1d(), members=(2,), **FEW) for names in (["vae", "gan"], ["gan", "vae"])]
    live.scoreboard({"a": pair[0], "b": pair[1]}, alt="Scores.")
    assert [[row["name"] for row in board["rows"]] for board in spec_of(moving[0])["boards"]] == [["vae", "gan"]] * 2
    with pytest.raises(ValueError, match="count must be a whole number"):
        live.scoreboard({"b": other}, alt="Scores.", count=0)


def last(moving):
    """The specification and the bundle of what was shown last."""
    return spec_of(moving[-1]), moving[-1]


def numbers(text: str, kind: str = "<f4") -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


def coded(kind="vae", latent=2, likelihood="bernoulli", members=(2,)):
    """An untrained net for images of 2 by 2 pixels, images, and their classes."""
    method = getattr(methods, kind)(likelihood=likelihood)
    net = method.build(dim=4, latent=latent, hidden=(8,), members=members, seed=1)
    return method, net, torch.rand(12, 4, generator=torch.Generator().manual_seed(0)), torch.arange(12) % 3


def lost(part, net):
    """The net with a part that has diverged."""
    bad = copy.deepcopy(net)
    name = next(name for name, module in net.named_children() if module is part)
    with torch.no_grad():
        next(getattr(bad, name).parameters()).fill_(torch.nan)
    return bad


@pytest.mark.parametrize("latent", [2, 3])
def test_the_latent_explorer_carries_codes_and_decoders(moving, latent):
    nets = {}
    for kind in ("autoencoder", "vae"):
        method, net, x, labels = coded(kind, latent)
        with torch.no_grad():  # so that the codes spread further in one direction
            net.encoder.layers[-1].weight[..., 1] *= 50
        nets[kind] = method, net
    live.latent_explorer(nets, x, labels, alt="Codes.", start=(2, 0))
    spec, bundle = last(moving)
    assert set(bundle) == {"image/png", "text/html", "text/plain"}
    assert spec["start"] == [2, 0]
    assert spec["classes"] == [0, 1, 2]
    assert spec["examples"] == [0, 1, 2]
    assert spec["labels"] == labels.tolist()
    assert np.abs(numbers(spec["images"], "u1") / 255 - x[:3].flatten().numpy()).max() < 0.5 / 255 + 1e-6
    for (method, net), model in zip(nets.values(), spec["models"], strict=True):
        codes = method.encode(net, x)[0].detach()
        assert np.array_equal(numbers(model["places"]).reshape(12, 2), codes[:, :2].numpy())
        assert np.allclose(model["rest"], codes[:, 2:].mean(0))
        assert model["decoder"]["layers"][-1] == "sigmoid"
        (left, right), (low, high) = model["axes"]["x"], model["axes"]["y"]
        assert right - left == pytest.approx(high - low, abs=0.02)  # circles stay circles
        inside = (codes[:, :2] > torch.tensor([left, low])) & (codes[:, :2] < torch.tensor([right, high]))
        assert inside.all()


def test_the_latent_explorer_is_the_same_every_time(moving):
    method, net, x, labels = coded()
    pages = []
    for _ in range(2):
        live.latent_explorer({"VAE": (method, net)}, x, labels, alt="Codes.", start=(0, 1))
        pages.append(last(moving)[1]["text/html"])
    assert pages[0] == pages[1]


def test_the_latent_explorer_refuses_what_it_cannot_show():
    method, net, x, labels = coded()
    nets = {"VAE": (method, net)}
    for words, error, bad in [
        ("at least one method", ValueError, ({}, x, labels)),
        ("square images", ValueError, (nets, x[:, :3], labels)),
        (r"square images in \[0, 1\] .* values from -0.97", ValueError, (nets, x - 1, labels)),
        ("x must have points of dimension 4", ValueError, (nets, torch.rand(12, 9), labels)),
        ("labels must be whole numbers", ValueError, (nets, x, labels.float())),
        ("each of the 12 images", ValueError, (nets, x, labels[1:])),
        ("got shape .* and 1 classes", ValueError, (nets, x, 0 * labels)),
        ("two numbers or more", ValueError, ({"VAE": coded(latent=1)[:2]}, x, labels)),
        ("likelihood must be", TypeError, ({"VAE": coded(likelihood="continuous_bernoulli")[:2]}, x, labels)),
        ("'lost' does not; its training", ValueError, (nets | {"lost": (method, lost(net.encoder, net))}, x, labels)),
        ("mlp must have finite weights", ValueError, (nets | {"lost": (method, lost(net.decoder, net))}, x, labels)),
    ]:
        with pytest.raises(error, match=words):
            live.latent_explorer(*bad, alt="Codes.", start=(0, 1))
    for start in [(0, 0), (0, 7)]:
        with pytest.raises(ValueError, match=r"start must be two different ones of \[0, 1, 2\]"):
            live.latent_explorer(nets, x, labels, alt="Codes.", start=start)


def test_the_beta_dial_shows_the_first_net_of_each_price(moving):
    _, net, x, _ = coded(latent=3, likelihood="gaussian", members=(4, 2))
    prices, distortion = torch.tensor([0.1, 1.0, 2.0, 8.0]), torch.randn(4, 2)
    rate = distortion.exp()
    with torch.no_grad():  # so that one row has collapsed, and rows use different latents
        net.encoder.layers[-1].weight[3], net.encoder.layers[-1].bias[3] = 0, 0
        net.encoder.layers[-1].weight[1, :, :, 0] = 0
        mean, log_variance = (part[:, 0] for part in posterior(net, x))
        kl = kl_per_latent(mean, log_variance).mean(1)
    live.beta_dial(net, prices, distortion, rate, x, alt="A dial.", digits={"a": 3, "b": 0}, start=1)
    spec, bundle = last(moving)
    assert set(bundle) == {"image/png", "text/html", "text/plain"}
    assert spec["prices"] == [0.1, 1.0, 2.0, 8.0]
    assert np.allclose(spec["distortions"], distortion[:, 0])
    assert np.allclose(spec["rates"], rate[:, 0])
    assert spec["active"] == (mean.var(1) > 0.01).sum(-1).tolist()
    assert spec["active"][3] == 0
    for row, (first, second) in enumerate(spec["used"]):
        others = kl[row][[k for k in range(3) if k not in (first, second)]]
        assert kl[row, first] >= kl[row, second] >= others.max()
    assert np.allclose(numbers(spec["means"]).reshape(4, 2, 3), mean[:, [3, 0]])
    assert np.allclose(numbers(spec["spreads"]).reshape(4, 2, 3), (log_variance[:, [3, 0]] / 2).exp())
    dots = numbers(spec["dots"]["values"], "<i2").reshape(4, 12, 2) / 32767 * spec["dots"]["scale"]
    for row in range(4):
        assert np.allclose(dots[row], mean[row][:, spec["used"][row]], atol=1e-3)
    assert spec["decoder"]["members"] == 4
    biases = numbers(spec["decoder"]["scales"]).reshape(4, -1)[:, -4:]
    assert np.array_equal(biases, net.decoder.layers[-1].bias[:, 0, 0].detach().numpy())  # of the first seeds


def test_the_beta_dial_refuses_what_it_cannot_show():
    _, net, x, _ = coded(latent=3, likelihood="gaussian", members=(3, 2))
    prices, table = torch.tensor([1.0, 2.0, 3.0]), torch.ones(3, 2)
    good = {"net": net, "prices": prices, "distortion": table, "rate": table, "x": x, "digits": {"a": 0}}
    for words, bad in [
        ("prices must be finite and rise", {"prices": prices.flip(0)}),
        ("prices must be finite and rise", {"prices": torch.tensor([1.0, 2.0, torch.inf])}),
        ("rate must be a finite number", {"rate": table.log() / 0}),
        ("net must encode x as finite", {"net": lost(net.encoder, net)}),
        ("mlp must have finite weights", {"net": lost(net.decoder, net)}),
        ("row of members for each of 2 prices", {"prices": prices[:2]}),
        ("row of members", {"net": coded(members=(3,))[1]}),
        (r"distortion must have the shape of the members, \(3, 2\)", {"distortion": table.T}),
        ("rate must have the shape", {"rate": table[:, :1]}),
        ("square images", {"x": x[:, :3]}),
        ("indices below 12", {"digits": {"a": 12}}),
        ("one to eight indices", {"digits": {}}),
        ("start must be a row from 0 to 2", {"start": 3}),
        ("start must be a whole number", {"start": -1}),
        (r"digits\['a'\] must be a whole number", {"digits": {"a": -1}}),
        ("net must be a VAE", {"net": coded("autoencoder", latent=3, members=(3, 2))[1]}),
        ("x must have points of dimension 4", {"x": torch.rand(12, 9)}),
    ]:
        with pytest.raises(ValueError, match=words):
            live.beta_dial(**(good | bad), alt="A dial.")


def test_a_small_net_is_near_the_whole_one():
    """A quarter of the bytes, and every weight within half a step."""
    mlp = MLP(3, 5, hidden=(7,), members=(2, 2))
    spec = export.net(mlp, slice(0, None, 2), small=True)
    assert spec["members"] == 2
    steps, scales = numbers(spec["weights"], "i1").reshape(2, -1), numbers(spec["scales"]).reshape(2, -1)
    assert steps.shape[1] == 3 * 7 + 7 * 5
    assert np.abs(steps).max() == 127
    first = mlp.layers[0].weight[:, 0].detach().numpy()
    assert np.abs(steps[:, :21].reshape(2, 3, 7) * scales[:, None, :7] - first).max() <= scales[:, :7].max() * 0.501
    assert np.array_equal(scales[:, 7:14], mlp.layers[0].bias[:, 0, 0].detach().numpy())


def jumping(**build):
    return METHODS["backflow"].build(**{"dim": 1, "members": (2,), "seed": 3} | build)


def test_the_ruler_carries_its_nets_and_starts_as_it_is_asked(moving):
    net = jumping()
    for _ in range(2):
        live.ruler(data.mixture_1d(), {"learned": net}, alt="A jump.", position=-0.5, jumps=3)
    assert moving[0] == moving[1]
    assert set(moving[0]) == {"image/png", "text/html", "text/plain"}
    spec = spec_of(moving[0])
    assert spec["fields"] == [["learned", export.net(net.map, 1)]]
    assert spec["mixture"] == export.mixture(data.mixture_1d())
    assert (spec["position"], spec["jumps"]) == (-0.5, 3)
    low, high = spec["reach"]
    outside = data.mixture_1d().cdf(torch.tensor([[float(low)], [float(high)]]))
    assert low <= -3
    assert high >= 3
    assert outside[0] < 0.001
    assert outside[1] > 0.999


def test_the_round_trip_carries_its_nets_and_an_axis_for_their_errors(moving):
    mixture, nets = data.mixture_1d(), {"a": jumping(), "b": jumping(seed=4)}
    with torch.no_grad():
        list(nets["a"].map.parameters())[-2].mul_(20)  # it bends: else it comes back nearly exactly
    live.round_trip(mixture, nets, alt="A trip.", datum=1.2, steps=4)
    spec = spec_of(moving[0])
    assert spec["fields"] == [[name, export.net(net.map, 1)] for name, net in nets.items()]
    assert (spec["datum"], spec["steps"]) == (1.2, 4)
    x = mixture.quantile(torch.rand(1000, generator=torch.Generator().manual_seed(0)))
    with torch.no_grad():
        code = samplers.jump(nets["a"], x.expand(2, -1, -1), 4, 1.0, 0.0)[-1]
        error = (samplers.jump(nets["a"], code, 4)[-1] - x)[0].abs()
    assert (error <= spec["top"]).double().mean() > 0.98
    assert error.max() > spec["top"] / 6


def test_the_guidance_dial_starts_as_it_is_asked_and_knows_the_noise(moving):
    live.guidance_dial(alt="Paths.", strength=2.25, distance=1.2, width=0.4)
    spec = spec_of(moving[0])
    assert (spec["strength"], spec["distance"], spec["width"], spec["steps"]) == (9, 12, 4, 60)
    share = torch.special.ndtr(torch.from_numpy(numbers(spec["z"]).astype("f8")))
    assert torch.allclose(share, (torch.arange(200).double() + 0.5) / 200, atol=1e-6)


def test_the_memory_dial_carries_its_points_and_starts_as_it_is_asked(moving):
    stored, held_out = data.mixture_1d().sample((2, 20))
    live.memory_dial(data.mixture_1d(), stored, held_out, alt="A curve.", points=8, stop=0.75)
    spec = spec_of(moving[0])
    assert spec["counts"] == [2, 4, 8, 16]
    assert (spec["counts"][spec["points"]], spec["stops"][spec["stop"]]) == (8, 0.75)
    assert spec["mixture"] == export.mixture(data.mixture_1d())
    assert numbers(spec["stored"]).tolist() == stored[:, 0].tolist()
    assert numbers(spec["held"]).tolist() == held_out[:, 0].tolist()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: live.guidance_dial(alt="x", strength=9.0), "strength must lie from 0 to 8, got 9"),
        (lambda: live.guidance_dial(alt="x", distance=0.0), "distance must lie from 0.1 to 1.5, got 0"),
        (lambda: live.guidance_dial(alt="x", width=2.0), "width must lie from 0.2 to 1, got 2"),
        (lambda: live.memory_dial(PLANE, *points(8), alt="x"), "mixture must be on the line"),
        (lambda: live.memory_dial(LINE, *points(3), alt="x"), r"stored must have shape \(n, 1\) with n >= 4"),
        (lambda: live.memory_dial(LINE, *points(8)[:1], points(4)[0], alt="x"), "held_out must have shape .* the same"),
        (lambda: live.memory_dial(LINE, *points(8), alt="x", points=3), r"points must be one of \[2, 4, 8\], got 3"),
        (lambda: live.memory_dial(LINE, *points(8), alt="x", points=8, stop=0.91), "stop must be one of .*, got 0.91"),
        (lambda: live.guidance_dial(alt=" "), "alt must say"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_the_dials_refuse(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def points(n):
    return data.mixture_1d().sample((2, n), torch.Generator().manual_seed(0))


PLANE, LINE = data.mixture_2d(), data.mixture_1d()


@pytest.mark.parametrize(
    ("show", "of", "fields", "more", "words"),
    [
        (live.ruler, PLANE, {"a": jumping()}, {}, "mixture must be on the line, got dimension 2"),
        (live.ruler, LINE, {}, {}, "fields must hold at least one net"),
        (live.ruler, LINE, {"exact": jumping()}, {}, 'fields must leave the name "exact"'),
        (live.ruler, LINE, {"v": METHODS["fm"].build(dim=1)}, {}, "'v' has 1 time.s. in dimension 1"),
        (live.ruler, LINE, {"u": jumping(dim=2)}, {}, "'u' has 2 time.s. in dimension 2"),
        (live.ruler, LINE, {"u": jumping()}, {"position": 9.0}, "position must lie from -5 to 4, got 9"),
        (live.ruler, LINE, {"u": jumping()}, {"jumps": 0}, "jumps must be a whole number of at least 1"),
        (live.ruler, LINE, {"u": jumping()}, {"jumps": 9}, "jumps must be at most 8, got 9"),
        (live.ruler, LINE, {"u": jumping()}, {"alt": " "}, "alt must say"),
        (live.round_trip, PLANE, {"a": jumping()}, {}, "mixture must be on the line, got dimension 2"),
        (live.round_trip, LINE, {}, {}, "fields must hold at least one net"),
        (live.round_trip, LINE, {"v": METHODS["fm"].build(dim=1)}, {}, "'v' has 1 time.s. in dimension 1"),
        (live.round_trip, LINE, {"u": jumping()}, {"datum": -9.0}, "datum must lie from -5 to 4, got -9"),
        (live.round_trip, LINE, {"u": jumping()}, {"steps": 3}, "steps must be one of 1, 2, 4, 8, got 3"),
    ],
)
def test_figures_of_jumps_refuse_what_they_cannot_show(show, of, fields, more, words, moving):
    with pytest.raises(ValueError, match=words):
        show(of, fields, **{"alt": "A jump."} | more)
    assert moving == []


def test_the_likelihood_bench_starts_where_it_is_told(moving):
    live.likelihood_bench(alt="Losses.", pixel=1.0, mean=0.3, sigma=0.5)
    assert spec_of(moving[0]) == {"mean": 0.3, "pixel": 1.0, "sigma": 0.5}
    assert set(moving[0]) == {"image/png", "text/html", "text/plain"}


@pytest.mark.parametrize(
    ("bad", "words"),
    [({"pixel": 1.1}, "pixel must lie"), ({"mean": 0.0}, "mean must lie"), ({"sigma": 0.01}, "sigma must lie")],
)
def test_the_likelihood_bench_refuses_what_its_sliders_do_not_have(bad, words, moving):
    with pytest.raises(ValueError, match=words):
        live.likelihood_bench(alt="Losses.", **bad)
    assert moving == []


def watched(looking=True):
    """A short game on the ring, its snapshots, and its losses."""
    method, ring = METHODS["gan"], data.ring()
    net = method.build(dim=2, hidden=(16,), members=(3,), seed=1)
    z, steps, pages, fields = torch.randn(50, 2, generator=torch.Generator().manual_seed(0)), [], [], []

    def look(step, net):
        steps.append(step)
        pages.append(net.generator(z.expand(3, -1, -1)).detach())
        fields.append(live.critic_field(net, pages[-1], ring, side=6))

    history = fit(method, net, ring, steps=8, watch=look if looking else None, progress=False)
    return net, history, (steps, torch.stack(pages), torch.stack(fields)) if looking else None


def test_looking_at_a_game_does_not_change_it():
    one, other = watched()[1].losses, watched(looking=False)[1].losses
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_critic_field_is_the_score_above_the_middle():
    """By another route: place by place, the first row being the highest."""
    net, _, (_, pages, fields) = watched()
    assert fields.shape == (9, 3, 6, 6)
    ring = data.ring()
    data_score, score = net.score(ring.means.float()).mean(-1), net.score(pages[-1]).mean(-1)
    for row, column in ((0, 0), (1, 4), (5, 2)):
        place = torch.tensor([[1.6 * ((2 * column + 1) / 6 - 1), 1.6 * (1 - (2 * row + 1) / 6)]])
        torch.testing.assert_close(fields[-1, :, row, column], net.score(place)[:, 0] - (data_score + score) / 2)


def test_the_arena_carries_what_was_seen(moving):
    _, _, (steps, pages, fields) = watched()
    ring = data.ring()
    pages[4, 1, :30] = ring.means[2].float()  # one mode covered by 30 of 50 samples
    pages[4, 1, 30:] = torch.tensor([9.0, 0.0])
    live.arena(ring, {"game": (steps, pages, fields)}, alt="A game.", snapshots=5, samples=20)
    spec = spec_of(moving[0])
    (game,) = spec["games"]
    assert game["steps"] == [0, 2, 4, 6, 8]
    assert (spec["count"], spec["side"], len(spec["modes"])) == (50, 6, 8)
    assert (game["met"][2][1], game["good"][2][1]) == (1 << 2, 0.6)
    whole = np.frombuffer(base64.b64decode(game["samples"]["values"]), "<i2") / 32767 * game["samples"]["scale"]
    exact = pages[::2, :2, :20].clamp(-3.2, 3.2)
    assert np.abs(whole.reshape(5, 2, 20, 2) - exact.numpy()).max() < 1e-4
    pairs = np.frombuffer(base64.b64decode(game["field"]), "i1").astype(int) + 128
    levels = np.stack([pairs % 16, pairs // 16], -1).reshape(5, 2, 6, 6)
    assert ((levels > 7) == (fields[::2, :2] > 0).numpy()).all()
    share = 1 / (1 + np.exp(-fields[::2, :2].double().numpy()))
    sure = (levels - 7.5) / 7.5
    assert np.abs(np.sign(sure) * np.sqrt(np.abs(2 * share - 1)) - sure).max() < 1 / 7


def test_the_arena_is_the_same_at_every_build(moving):
    for _ in range(2):
        live.arena(data.ring(), {"game": watched()[2]}, alt="A game.")
    assert moving[0] == moving[1]


CROWD = data.GaussianMixture(torch.ones(31) / 31, torch.randn(31, 2), torch.eye(2).expand(31, 2, 2))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mixture": data.mixture_1d()}, "modes in the plane"),
        ({"mixture": data.GaussianMixture(torch.ones(1), torch.ones(1, 2), torch.eye(2)[None])}, "at different points"),
        ({"mixture": CROWD}, "up to 30 modes, got 31"),
        ({"games": {"a": ([0], torch.zeros(1, 2, 0, 2), torch.zeros(1, 2, 4, 4))}}, "must have samples"),
        ({"games": {"a": ([0], torch.zeros(1, 2, 5, 2), torch.zeros(1, 2, 0, 0))}}, "must have samples"),
        ({"members": 4}, "members at least 4"),
        ({"games": {}}, "at least one"),
        ({"games": {"a": ([0], torch.zeros(1, 2, 5, 2), torch.zeros(1, 2, 3, 3))}}, "the side even"),
        ({"games": {"a": ([0, 1], torch.zeros(1, 2, 5, 2), torch.zeros(1, 2, 4, 4))}}, "snapshots 2"),
        ({"games": {"a": ([0], torch.zeros(1, 2, 5), torch.zeros(1, 2, 4, 4))}}, "must have samples"),
        ({"snapshots": 0}, "snapshots must be"),
    ],
)
def test_the_arena_refuses_what_it_cannot_show(change, words, moving):
    with pytest.raises(ValueError, match=words):
        live.arena(**{"mixture": data.ring(), "games": {"game": watched()[2]}, "alt": "A game.", **change})
    assert moving == []


def test_the_arena_refuses_games_of_different_kinds(moving):
    games = {str(n): ([0], torch.zeros(1, 2, n, 2), torch.zeros(1, 2, 4, 4)) for n in (5, 6)}
    with pytest.raises(ValueError, match="same number n and side"):
        live.arena(data.ring(), games, alt="Games.")


def album(**more):
    """Three steps of two rows, five pictures of 4 x 6 pixels each; the first row stays the same."""
    generator = torch.Generator().manual_seed(1)
    same, *others = (torch.rand(5, 3 * 4 * 6, generator=generator) for _ in range(4))
    steps = {str(k): {"held out": same, "copies": other} for k, other in enumerate(others)}
    arguments = {"shape": (3, 4, 6), "said": {step: f"step {step}" for step in steps}, "alt": "Faces.", "steps": steps}
    live.gallery("numbers", **{**arguments, **more})
    return arguments["steps"]


def test_the_gallery_carries_every_pixel_and_a_row_that_stays_once(moving):
    steps = album(start="1")
    spec = spec_of(moving[0])
    assert (spec["steps"], spec["at"], len(spec["strips"])) == (["0", "1", "2"], 1, 4)
    assert spec["rows"][0] == ["held out", [0, 0, 0]]
    for k, strip in enumerate(spec["rows"][1][1]):
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(spec["strips"][strip]))))
        assert list(pixels.shape[1::-1]) == spec["ratio"]
        for n, picture in enumerate(steps[str(k)]["copies"]):
            exact = (picture.reshape(3, 4, 6).movedim(0, -1) * 255).round()
            assert np.abs(pixels[:, 7 * n : 7 * n + 6].astype(int) - exact.numpy()).max() <= 1


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"steps": {}}, "at least one"),
        ({"start": "7"}, "start must be one of"),
        ({"said": {"0": "one"}}, "said must have a sentence for each"),
        ({"steps": {"0": {"a": torch.zeros(5, 72)}, "1": {"b": torch.zeros(5, 72)}}}, "the same rows"),
        ({"steps": {k: {"a": torch.zeros(5 + int(k), 72)} for k in "012"}}, "as many pictures"),
        ({"alt": ""}, "alt must say"),
    ],
)
def test_the_gallery_refuses(moving, bad, words):
    with pytest.raises(ValueError, match=words):
        album(**bad)
    assert moving == []
