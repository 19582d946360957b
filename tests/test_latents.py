"""Pictures of a model with codes: planes, copies, grids, walks, and how it was trained."""

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
import torch
from torch import Generator

from gen_lib import METHODS, data, fit, methods, metrics, nets, plots
from gen_lib.method import Method
from gen_lib.nets import Net
from gen_lib.train import Stopping, held_out_loss

mpl.use("agg")
import matplotlib.pyplot as plt
from matplotlib.colors import to_hex, to_rgb


class Quantiles(Net):
    """Its code is an image of 2 x 2 pixels: each pixel is the share of N(0, 1) below its latent."""

    def __init__(self, latent: int = 4, members: tuple = ()):
        super().__init__(4, latent, members)
        self.weight = torch.nn.Parameter(torch.ones(()))


by_quantile = Method(
    architecture=lambda dim, latent, hidden, members: Quantiles(latent, members),
    turns=METHODS["ae"].turns,
    push=lambda net, z: [z, torch.special.ndtr(z.expand(*net.members, -1, -1))],
    encode=lambda net, x: torch.special.ndtri(x).expand(*net.members, -1, -1),
)


def tiles(picture, side: int = 2):
    """The sheet of images as ``(rows, columns, pixels)``."""
    sheet = torch.tensor(np.asarray(picture.get_array()))
    height, width = (length // (side + 1) for length in sheet.shape)
    cut = sheet.reshape(height, side + 1, width, side + 1).transpose(1, 2)[..., 1:, 1:]
    return cut.flatten(2)


def test_every_tile_of_the_grid_stands_for_the_same_share_of_the_noise(axes):
    found = tiles(plots.latent_grid(axes, by_quantile, Quantiles(), side=5, latents=(2, 0)))
    shares = (torch.arange(5) + 0.5) / 5
    assert torch.allclose(found[..., 2], shares[None].expand(5, 5))  # from left to right
    assert torch.allclose(found[..., 0], shares.flip(0)[:, None].expand(5, 5))  # from below
    assert (found[..., [1, 3]] == 0.5).all()
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$z_{3}$", "$z_{1}$")


def test_in_a_row_one_latent_moves_and_the_others_stay(axes):
    start = torch.tensor([[0.3, -0.2, 1.0, 0.0]])
    nats = torch.tensor([0.5, 2.0, 0.0, 1.25])
    found = tiles(plots.traversals(axes, by_quantile, Quantiles(), (1, 3), start, columns=7, carried=nats))
    for row, moving in enumerate((1, 3)):
        assert torch.allclose(found[row, :, moving], (torch.arange(7) + 0.5) / 7)
        others = [j for j in range(4) if j != moving]
        assert torch.allclose(found[row][:, others], torch.special.ndtr(start[:, others]).expand(7, 3))
    assert [t.get_text() for t in axes.get_yticklabels()] == ["$z_{2}$: 2.00 nats", "$z_{4}$: 1.25 nats"]


def test_a_walk_is_straight_even_and_the_same_backwards():
    start, end = torch.randn(2, 3, 5, 4)
    found = plots.walk(start, end, 10)
    assert found.shape == (3, 5, 10, 4)
    assert torch.equal(found[..., 0, :], start)
    assert torch.equal(found[..., -1, :], end)
    steps = found.diff(dim=-2)
    assert torch.allclose(steps, ((end - start) / 9)[..., None, :].expand_as(steps), atol=1e-6)
    assert torch.allclose(plots.walk(end, start, 10).flip(-2), found, atol=1e-6)


def test_walks_are_decoded_a_row_for_each_pair(axes):
    x = torch.rand(4, 4, generator=Generator().manual_seed(0)) * 0.8 + 0.1
    codes = by_quantile.encode(Quantiles(), x)
    found = tiles(plots.walks(axes, by_quantile, Quantiles(members=(2,)), codes[:2], codes[2:], columns=6))
    assert torch.allclose(found[:, 0], x[:2], atol=1e-6)
    assert torch.allclose(found[:, -1], x[2:], atol=1e-6)
    assert found.shape == (2, 6, 4)


def test_copies_stand_below_their_images(axes):
    x = torch.rand(6, 4, generator=Generator().manual_seed(0)) * 0.8 + 0.1
    halves = Method(
        architecture=by_quantile.architecture,
        turns=by_quantile.turns,
        push=lambda net, z: [z, z / 2],
        encode=lambda net, x: x,
    )
    found = tiles(plots.copies(axes, halves, Quantiles(), x, columns=3))
    assert torch.equal(found[[0, 2]].flatten(0, 1), x)
    assert torch.equal(found[[1, 3]].flatten(0, 1), x / 2)
    assert [t.get_text() for t in axes.get_yticklabels()] == ["image", "copy"] * 2


def test_the_means_of_the_classes_have_the_mean_of_all():
    codes, labels = torch.randn(2, 60, 3), torch.arange(60) % 4
    means = plots.class_means(codes, labels, (0, 1, 2, 3))
    assert torch.allclose(means.mean(-2), codes.mean(-2), atol=1e-6)
    assert torch.equal(plots.class_means(codes, labels, (3, 1)), means[:, [3, 1]])


def test_a_net_in_training_is_shown_and_measured_without_its_dropout(axes):
    vae = methods.vae(likelihood="bernoulli", maps=nets.perceptron(dropout=0.5))
    net, x = vae.build(dim=4, latent=2, hidden=(16,)), torch.rand(3, 4)

    def found():
        pictures = (
            plots.copies(axes, vae, net, x, columns=3),
            plots.latent_grid(axes, vae, net, side=3),
            plots.traversals(axes, vae, net, (0, 1)),
            plots.walks(axes, vae, net, torch.zeros(1, 2), torch.ones(1, 2)),
        )
        return [*(np.asarray(picture.get_array()) for picture in pictures), metrics.elbo(net, x).value.numpy()]

    in_training, evaluated = found(), (net.eval(), found())[1]
    for one, other in zip(in_training, evaluated, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda ax, net: plots.latent_grid(ax, by_quantile, net, latents=(1, 4)), r"latents must be some of 0 to 3"),
        (lambda ax, net: plots.latent_grid(ax, by_quantile, net, latents=(1, 1)), r"two different ones, got \(1, 1\)"),
        (lambda ax, net: plots.latent_grid(ax, by_quantile, net, side=0), "side must be a whole number of at least 1"),
        (lambda ax, net: plots.traversals(ax, by_quantile, net, ()), r"latents must be some of 0 to 3, got \[\]"),
        (
            lambda ax, net: plots.traversals(ax, by_quantile, net, (0,), start=torch.zeros(2, 4)),
            r"start must be one code of 4 numbers, got shape \(2, 4\)",
        ),
        (
            lambda ax, net: plots.traversals(ax, by_quantile, net, (0,), carried=torch.zeros(3)),
            r"carried must be nats of each of 4 latents, got \(3,\)",
        ),
        (lambda ax, net: plots.copies(ax, METHODS["gan"], net, torch.zeros(1, 4), 1), "method must have an encoder"),
        (
            lambda ax, net: plots.copies(ax, by_quantile, net, torch.full((5, 4), 0.5), 3),
            "columns must divide the number of images, 5, got 3",
        ),
        (
            lambda ax, net: plots.walks(ax, by_quantile, net, torch.zeros(1, 3), torch.zeros(1, 3)),
            "codes of 4 numbers, got 3",
        ),
        (lambda ax, net: plots.walk(torch.zeros(1, 3), torch.zeros(2, 3)), "start and end must be as many codes"),
        (lambda ax, net: plots.walk(torch.zeros(1, 3), torch.zeros(1, 3), 1), "steps must be .* at least 2"),
        (
            lambda ax, net: plots.class_means(torch.zeros(3, 2), torch.tensor([3, 3, 7]), (3, 5)),
            r"classes must be among those of the labels, \[3, 7\], got \[5\]",
        ),
    ],
)
def test_what_cannot_be_decoded_is_refused(axes, call, message):
    with pytest.raises(ValueError, match=message):
        call(axes, Quantiles())


# Planes


def normal(*shape: int, seed: int = 0):
    return torch.randn(*shape, generator=Generator().manual_seed(seed))


def groups(n: int = 120, latent: int = 6, classes: int = 4):
    labels = torch.arange(n) % classes
    return 12 * normal(classes, latent, seed=1)[labels] + normal(n, latent), labels


def test_the_latents_that_say_most_are_shown():
    codes = normal(500, 4) * torch.tensor([0.5, 2.0, 1.0, 0.1])
    by_variance, by_nats = plots.widest(codes), plots.widest(codes, torch.tensor([0.2, 0.0, 0.7, 0.9]))
    assert torch.equal(by_variance.points, codes[:, [1, 2]])
    assert torch.equal(by_nats.points, codes[:, [3, 2]])
    assert by_nats.names == ("$z_{4}$ (0.90 nats)", "$z_{3}$ (0.70 nats)")


def test_principal_components_keep_the_noise_and_most_of_the_variance():
    codes = normal(400, 5) @ normal(5, 5, seed=3) + 3
    plane = plots.principal(codes)
    turn = torch.linalg.lstsq(codes, plane.points).solution
    assert torch.allclose(turn.mT @ turn, torch.eye(2), atol=1e-4)  # N(0, I) stays N(0, I)
    sizes = torch.linalg.eigvalsh(codes.T.cov()).flip(0)
    assert torch.allclose(plane.points.T.cov(), sizes[:2].diag(), atol=1e-3)
    assert plane.names[0] == f"principal component 1 ({100 * sizes[0] / sizes.sum():.0f} % of the variance)"
    turned = plots.principal(codes @ torch.linalg.qr(normal(5, 5, seed=4)).Q).points
    assert torch.allclose(turned.abs(), plane.points.abs(), atol=1e-3)


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_tsne_keeps_neighbours_and_has_a_seed(seed):
    codes, labels = groups()
    points = plots.tsne(codes, seed=seed).points
    assert torch.equal(points, plots.tsne(codes, seed=seed).points)
    assert not torch.allclose(points, plots.tsne(codes, seed=2).points, atol=1.0)
    held = torch.arange(120) % 3 == 0
    assert metrics.neighbour_probe((points[~held], points[held]), (labels[~held], labels[held])) == 1


def test_few_points_have_few_neighbours_and_the_axis_says_so():
    assert plots.tsne(normal(120, 3)).names[0] == "t-SNE of 3 latents, perplexity 30"
    assert plots.tsne(normal(30, 3)).names[0] == "t-SNE of 3 latents, perplexity 10"
    assert plots.tsne(normal(4, 3)).points.isfinite().all()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.tsne(normal(3, 2)), "codes must be at least 4 .* got 3"),
        (lambda: plots.tsne(normal(20, 2), perplexity=20), "perplexity must be below the number of codes, 20, got 20"),
        (lambda: plots.tsne(normal(20, 2), perplexity=0), "perplexity must be a finite number above 0"),
        (lambda: plots.widest(normal(20, 1)), "at least two latents to lie in a plane, got one"),
        (lambda: plots.principal(torch.ones(20, 3)), "codes must differ"),
        (lambda: plots.widest(normal(20, 3), torch.zeros(2)), r"nats of each of 3 latents, got \(2,\)"),
    ],
)
def test_what_has_no_plane_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def circles(axes):
    return sorted(p.radius for p in axes.patches if isinstance(p, mpl.patches.Circle))


def test_the_circles_of_the_noise_are_drawn_where_they_mean_something(axes):
    codes, labels = groups()
    plots.plane(axes, plots.principal(codes), labels)
    assert circles(axes) == [1, 2]
    assert all(to_hex(p.get_edgecolor()) == plots.COLORS["prior"] for p in axes.patches)
    assert axes.get_xlabel().startswith("principal component 1")
    figure, other = plt.subplots()
    plots.plane(other, plots.tsne(codes), labels)
    assert circles(other) == []
    plt.close(figure)


def test_images_in_a_plane_do_not_cover_each_other_and_have_the_colours_of_their_classes():
    codes, labels = normal(120, 6), torch.arange(120) % 4
    names = ("ant", "bee", "cat", "a dog that takes room")
    for size in ((3, 3), (6, 4)):
        figure, ax = plt.subplots(figsize=size, layout="constrained")
        ax.set_title("codes")
        found = plots.plane(ax, plots.tsne(codes), labels, torch.rand(120, 64), names=names)
        figure.canvas.draw()
        shown = [a for a in found if hasattr(a, "offsetbox")]
        boxes = [a.get_window_extent() for a in shown]
        assert len(shown) > 10
        assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
        at = {tuple(point.tolist()): int(k) for point, k in zip(plots.tsne(codes).points, labels, strict=True)}
        for a in shown:
            assert to_hex(a.patch.get_edgecolor()) == plots.CLASSES[at[a.xy]]
        legend = ax.get_legend()
        assert [t.get_text() for t in legend.get_texts()] == list(names)
        assert [to_hex(h.get_color()) for h in legend.legend_handles] == list(plots.CLASSES[:4])
        plt.close(figure)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("labels", "names", "message"),
    [
        (torch.zeros(5), (), "labels must be whole numbers .* got torch.float32"),
        (torch.zeros(4, dtype=torch.long), (), r"one for each of 5 points, got torch.int64 of shape \(4,\)"),
        (torch.tensor([0, 1, -1, 0, 0]), (), "labels must be whole numbers from 0 on"),
        (torch.tensor([0, 1, 2, 0, 0]), ("a", "b"), "names must name all classes up to 2, got 2"),
    ],
)
def test_labels_that_are_no_classes_are_refused(axes, labels, names, message):
    with pytest.raises(ValueError, match=message):
        plots.scatter_by_class(axes, torch.zeros(5, 2), labels, names=names)
    with pytest.raises(ValueError, match=message):
        plots.thumbnails(axes, normal(5, 2), torch.zeros(5, 4), labels=labels, names=names)


# Colours of the classes

CONFUSED = {  # what is seen with a kind of colour blindness, in linear light (Machado et al., 2009, severity 1)
    "none": torch.eye(3).tolist(),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def lab(colors, seen):
    """CIE L*a*b* of sRGB colours, white D65."""
    rgb = np.array([to_rgb(c) for c in colors])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ np.array(seen).T
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
    xyz = np.clip(linear, 0, 1) @ np.array(to_xyz).T / [0.95047, 1, 1.08883]
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], -1)


@pytest.mark.parametrize("kind", CONFUSED)
def test_the_colours_of_ten_classes_are_told_apart(kind):
    seen = lab(plots.CLASSES, CONFUSED[kind])
    distances = [np.linalg.norm(a - b) for a, b in combinations(seen, 2)]
    assert min(distances) > 15  # those of matplotlib's tab10 and turbo come as near as 5 and 7
    assert seen[:, 0].max() < 90  # and none is lost on white
    assert len(set(plots.CLASSES)) == 10
    assert not set(plots.CLASSES) & set(plots.COLORS.values())


# Training curves


@pytest.fixture(scope="module")
def trained():
    vae = METHODS["vae"]
    train, held_out = data.split(data.moons().sample(80, Generator().manual_seed(0)), (0.5, 0.5))
    net = vae.build(dim=2, members=(3,), hidden=(32,))
    return fit(
        vae, net, train, steps=400, batch=20, lr=5e-2, progress=False,
        stopping=Stopping(held_out_loss(vae, held_out), every=20, patience=2),
    )  # fmt: skip


def drawn(artists, name: str):
    """Lines of a colour, and dots."""
    return [a for a in artists if hasattr(a, "get_xdata") and a.get_color() == plots.curves.CURVES[name]]


def test_curves_are_those_of_the_history_and_the_dot_is_where_stopping_goes_back_to(axes, trained):
    artists = plots.learning(axes, trained, points=10_000)
    assert len(set(trained.stopped.tolist())) > 1  # members that stop at different steps
    for name, x, curves in (
        ("loss", range(1, 401), trained.losses["loss"]),
        ("validation", trained.checks, trained.scores),
    ):
        lines = drawn(artists, name)
        assert len(lines) == 3
        for line, curve, stop in zip(lines, curves.T, trained.stopped, strict=True):
            assert line.get_xdata().tolist() == [step for step in x if step <= stop]
            assert line.get_ydata().tolist() == curve[curve.isfinite()].tolist()
    dots = torch.tensor(np.asarray(artists[-1].get_offsets()))
    assert dots[:, 0].tolist() == trained.best_step.tolist()
    assert torch.allclose(dots[:, 1].float(), trained.scores.nan_to_num(torch.inf).amin(0))


def test_a_table_of_metrics_gives_the_same_curves(axes, trained):
    rows = []
    for step, loss in enumerate(trained.losses["loss"], 1):
        score = trained.scores[trained.checks.index(step)] if step in trained.checks else None
        members = {f"loss[{k}]": repr(loss[k].item()) for k in range(3)}
        scores = {f"validation[{k}]": "" if score is None else str(score[k].item()) for k in range(3)}
        rows.append({"step": str(step), "seconds": "0.1"} | members | scores)
    of_rows, of_history = plots.learning(axes, rows), plots.learning(axes, trained)
    for one, other in zip(of_rows[:-1], of_history[:-1], strict=True):
        assert one.get_xydata().tolist() == other.get_xydata().tolist()
    assert np.array_equal(of_rows[-1].get_offsets(), of_history[-1].get_offsets())


def test_a_long_curve_keeps_its_mean(axes):
    rows = [{"step": k, "kl": float(k % 7), "reconstruction": 1.0} for k in range(1, 1001)]
    kl, reconstruction = plots.learning(axes, rows, points=100)
    assert len(kl.get_ydata()) == 100
    assert len(plots.learning(axes, rows, points=300)[0].get_ydata()) == 250  # four steps each: 334 would be too many
    assert kl.get_ydata().mean() == pytest.approx(sum(k % 7 for k in range(1, 1001)) / 1000)
    assert kl.get_xdata()[0] == pytest.approx(5.5)  # the middle of the first ten steps
    assert set(reconstruction.get_ydata()) == {1.0}
    assert [t.get_text() for t in axes.get_legend().get_texts()][:2] == ["kl", "reconstruction"]


def test_the_fall_at_the_start_does_not_set_the_scale(axes):
    plots.learning(axes, [{"step": k, "loss": 1000.0 if k == 0 else 2.0 + k / 100} for k in range(101)])
    low, high = axes.get_ylim()
    assert 1.9 < low < 2.06
    assert 3 < high < 3.2
    plots.learning(axes, [{"step": 0, "loss": 5.0}])  # a run that has only begun
    assert axes.get_ylim()[0] < 5 < axes.get_ylim()[1]


def test_each_player_of_a_game_has_its_curve(axes):
    gan = METHODS["gan"]
    history = fit(gan, gan.build(dim=2), data.moons().sample(50), steps=20, batch=8, progress=False)
    found = plots.learning(axes, history)
    assert {a.get_label() for a in found} == {"critic", "generator"}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "columns loss, validation, .* got no rows"),
        ([{"step": 1, "time": 3}], "columns loss, .* got step, time"),
        ([{"loss": 3.0}], r"rows must have a step each, got one with \{'loss': 3.0\}"),
        ([{"step": 1, "loss": "high"}], "column loss must hold numbers, got 'high' at step 1"),
    ],
)
def test_a_table_without_curves_is_refused(axes, rows, message):
    with pytest.raises(ValueError, match=message):
        plots.learning(axes, rows)
