"""Figures as vectors: nothing is lost on the way from Matplotlib, and what is drawn is seen on both grounds."""

import base64
import io
import itertools
import re
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
import torch
from PIL import Image

from gen_lib import data, plots
from gen_lib.plots import outline, svg
from gen_lib.plots.markup import TEXT, paint

mpl.use("agg")
import matplotlib.pyplot as plt

INKS = ("#000000", "#ced6dd")  # of a page, on its grounds
# How readers see red, green and blue of whom one kind of cones is missing (Machado et al., 2009).
SEEN = {
    "all cones": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
# From light to the cones and on to Oklab, in which equal distances look alike (Ottosson, 2020).
CONES = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566]]
CONES += [[0.0883024619, 0.2817188376, 0.6299787005]]
LAB = [[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099]]
LAB += [[0.0259040371, 0.7827717662, -0.808675766]]


def parts(colour):
    return np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255


def light(rgb):
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """Of two colours, as WCAG 2 has it."""
    low, high = sorted(0.05 + light(rgb) @ [0.2126, 0.7152, 0.0722] for rgb in (one, other))
    return high / low


def oklab(colour, cones):
    seen = np.clip(np.asarray(cones) @ light(parts(colour)), 0, 1)
    return np.asarray(LAB) @ np.cbrt(np.asarray(CONES) @ seen)


@pytest.mark.parametrize("ground", plots.GROUNDS)
@pytest.mark.parametrize("colour", [*plots.COLORS.values(), *plots.CLASSES])
def test_marks_are_seen_on_both_grounds(colour, ground):
    assert contrast(parts(colour), parts(ground)) >= 3


@pytest.mark.parametrize("k", range(2))
@pytest.mark.parametrize("colour", [*plots.COLORS.values(), *plots.CLASSES])
def test_texts_in_a_colour_are_read_on_both_grounds(colour, k):
    assert f"{colour} {100 * TEXT:.0f}%" in paint(colour, is_text=True) or colour not in paint(colour, is_text=True)
    shown = TEXT * parts(colour) + (1 - TEXT) * parts(INKS[k])
    assert contrast(shown, parts(plots.GROUNDS[k])) >= 4.5


@pytest.mark.parametrize("cones", SEEN)
def test_classes_are_told_apart(cones):
    """As well as those of the palette that was made for it, which are at least 0.061 apart."""
    colours = [oklab(colour, SEEN[cones]) for colour in plots.CLASSES]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(colours, 2)) > 0.07


def followed(d):
    """The points that a path leads to, read as a browser reads it; a circle counts with the ends of its arcs."""
    at, start, points = np.zeros(2), np.zeros(2), []
    for step, numbers in re.findall(r"([MmLlHhVvCcQqZz])([^MmLlHhVvCcQqZz]*)", d):
        values = [float(number) for number in re.findall(r"-?\d*\.?\d+", numbers)]
        if step in "Zz":
            at = start
        else:
            move = {"h": [*values, 0], "v": [0, *values]}.get(step, values)[-2:]
            at = np.array(move) + (0 if step.isupper() else at)
            start = at if step in "Mm" else start
        points.append(at)
    return np.array(points)


def test_a_path_leads_where_it_led():
    torch.manual_seed(0)
    for step, pairs in (("L", 1), ("C", 3), ("Q", 2)):
        corners = 100 * torch.randn(20, 2 * pairs, dtype=torch.float64)
        drawn = "M 1 2 " + " ".join(f"{step} {' '.join(f'{x:.6f}' for x in row.tolist())}" for row in corners)
        drawn += f" z M -3 .5 L -3 7.25 {step} " + " ".join("-3" for _ in range(2 * pairs))
        found = followed(outline.path(outline.steps(drawn)))
        truth = [[1, 2], *corners[:, -2:].tolist(), [1, 2], [-3, 0.5], [-3, 7.25], [-3, -3]]
        assert np.abs(found - truth).max() < 0.0051  # rounded once, and not at each step


def distance(point, line):
    """From a point to the nearest of a polygonal line."""
    a, b = line[:-1], line[1:]
    along = np.clip(((point - a) * (b - a)).sum(-1) / ((b - a) ** 2).sum(-1).clip(1e-12), 0, 1)
    return np.linalg.norm(a + along[:, None] * (b - a) - point, axis=-1).min()


def test_a_thinned_curve_is_the_same_to_the_eye():
    x = np.linspace(0, 300, 500)
    curve = np.stack([x, 80 * np.sin(x / 20)], 1)
    drawn = "M " + " L ".join(f"{a:.6f} {b:.6f}" for a, b in curve)
    kept = followed(outline.path(outline.fewer(outline.steps(drawn))))
    assert len(kept) < 200
    assert max(distance(point, kept) for point in curve) < 0.05  # points: a twelfth of a pixel


def test_few_points_of_a_closed_line_stay():
    square = outline.steps("M 0 0 L 5 0 L 10 0 L 10 10 L 0 10 L 0 0 z M 3 3 L 3 3")
    assert outline.path(outline.fewer(square)) == "M0 0h10v10h-10v-10zm3 3h0"


@pytest.fixture
def drawing():
    """A figure, and what it has become: a function that gives the root of its SVG."""
    with mpl.rc_context(plots.STYLE):
        figure, axes = plt.subplots()
        yield figure, axes, lambda: ElementTree.fromstring(svg(figure))
        plt.close(figure)


def every(root, tag):
    return root.findall(f".//{{http://www.w3.org/2000/svg}}{tag}")


@pytest.mark.parametrize("alpha", [1.0, 0.5])
def test_no_point_of_a_cloud_is_lost(drawing, alpha):
    _, axes, made = drawing
    points = torch.cartesian_prod(torch.arange(30.0), torch.arange(20.0)).numpy()
    axes.scatter(*points.T, s=4, color=plots.COLORS["data"], linewidths=0, alpha=alpha)
    dots = [path for path in every(made(), "path") if "linecap:round" in path.attrib["style"]]
    assert len(dots) == (1 if alpha == 1 else 8)
    assert all(f"stroke:{plots.COLORS['data']}" in path.attrib["style"] for path in dots)
    found = np.concatenate([followed(path.attrib["d"])[::2] for path in dots])
    transformed = axes.transData.transform(points) * 72 / axes.figure.dpi
    shift = found.min(0) - (transformed * [1, -1]).min(0)
    assert len(found) == 600
    assert (
        np.abs(np.array(sorted(found.tolist())) - sorted((transformed * [1, -1] + shift).round(1).tolist())).max() < 0.2
    )
    assert not every(made(), "use") or len(every(made(), "use")) < 30  # the ticks


def test_points_of_many_colours_are_one_path_a_colour(drawing):
    _, axes, made = drawing
    value = torch.arange(500) % 7
    axes.scatter(torch.randn(500), torch.randn(500), s=4, c=value, cmap="viridis", linewidths=0)
    dots = [path for path in every(made(), "path") if "linecap:round" in path.attrib.get("style", "")]
    assert len(dots) == 7
    assert sum(path.attrib["d"].count("h0") for path in dots) == 500


@pytest.mark.parametrize("edge", [0, 1, 2.5])
def test_a_dot_is_as_wide_as_it_was(drawing, edge):
    """An edge in the colour of the face makes it wider."""
    _, axes, made = drawing
    axes.scatter(range(9), range(9), s=16, color="#d62728", linewidths=edge)
    (dots,) = [path for path in every(made(), "path") if "linecap:round" in path.attrib.get("style", "")]
    assert float(re.search(r"stroke-width:([\d.]+)", dots.attrib["style"])[1]) == pytest.approx(4 + edge, abs=0.01)


def test_marks_with_an_edge_stay_marks(drawing):
    _, axes, made = drawing
    axes.scatter(range(9), range(9), color="#d62728", edgecolors="white")
    uses = [use for use in every(made(), "use") if "#d62728" in use.attrib["style"]]
    assert len(uses) == 9
    assert "stroke:var(--figure-ground,#fff)" in uses[0].attrib["style"]


def test_bars_that_look_alike_are_one_path(drawing):
    _, axes, made = drawing
    bars = axes.bar(range(40), range(1, 41), color=plots.COLORS["prior"])
    (path,) = [path for path in every(made(), "path") if plots.COLORS["prior"] in path.attrib["style"]]
    assert path.attrib["d"].count("z") == len(bars)


def test_areas_that_go_round_both_ways_stay_apart(drawing):
    """As one path the smaller one would be a hole in the larger one."""
    _, axes, made = drawing
    for corners in ([(0, 0), (4, 0), (4, 4), (0, 4)], [(1, 1), (1, 2), (2, 2), (2, 1)]):
        axes.add_patch(plt.Polygon(corners, facecolor="#d62728"))
    axes.autoscale_view()
    assert len([path for path in every(made(), "path") if "fill:#d62728" in path.attrib["style"]]) == 2


def test_text_stays_text(drawing):
    _, axes, made = drawing
    axes.set(xlabel=r"noise $\hat{z}_{12}$ (variance 8.00)", ylabel="density <of> x & y", title="read\nin two lines")
    axes.plot([0, 1], [2, 3], label="a curve")
    axes.legend()
    root = made()
    texts = ["".join(text.itertext()) for text in every(root, "text")]
    assert {"density <of> x & y", "read", "in two lines", "a curve"} <= set(texts)
    (formula,) = [text for text in every(root, "text") if "noise" in "".join(text.itertext())]
    assert [part.text for part in formula] == ["noise\xa0", "z\u0302", "12", "\xa0(variance\xa08.00)"]
    assert "font-family" not in ElementTree.tostring(root, "unicode")


def test_black_and_white_are_those_of_the_page(drawing):
    _, axes, made = drawing
    axes.plot([0, 1], color="black")
    axes.text(0, 0, "a label", bbox={"facecolor": "white"}, color="#d62728")
    axes.axhline(0.5, color="0.5")
    root = made()
    styles = ElementTree.tostring(root, "unicode")
    assert re.findall(r"#000000|#ffffff|#808080", styles) == []
    assert every(root, "path")[0].attrib["style"] == "fill:var(--figure-paper,#fff)"
    assert "stroke:color-mix(in srgb,var(--figure-ground,#fff) 50%,var(--figure-ink,#000))" in styles
    assert "fill:color-mix(in srgb,#d62728 60%,var(--figure-ink,#000))" in styles


def test_images_keep_their_pixels(drawing):
    _, axes, made = drawing
    x = torch.rand(6, 16)
    plots.images(axes, x, columns=3)
    (image,) = every(made(), "image")
    found = Image.open(io.BytesIO(base64.b64decode(image.attrib["href"].split(",")[1]))).convert("L")
    assert found.size == (15, 10)
    ink = 1 - torch.tensor(np.array(found)).float() / 255
    assert (ink[1:5, 1:5].flatten() - x[0]).abs().max() < 0.01


def test_the_same_figure_is_the_same_text(drawing):
    figure, axes, _ = drawing
    plots.modes(axes, data.ring().means, data.ring())
    axes.plot([0, 1], "o--")
    svg(figure)  # the layout is found
    first = svg(figure)
    assert first == svg(figure)
    assert len(first) < 15_000
    ids = re.findall(r'id="([\w-]+)"', first)
    assert len({*ids}) == len(ids) > 0
    assert {*re.findall(r"(?<=#)p[\w-]+", first)} == {*ids}
    axes.plot([0, 2], "s:")
    assert not {*ids} & {*re.findall(r'id="([\w-]+)"', svg(figure))}  # two figures of a page have no name in common


def test_in_a_page_five_inches_are_36_rem(drawing):
    figure, *_ = drawing
    root = ElementTree.fromstring(svg(figure, tight=False))
    assert (root.attrib["width"], root.attrib["viewBox"].split()[2]) == ("576", "360")
