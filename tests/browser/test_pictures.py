"""Drawn pictures in the pages: large enough to read, in contrast to their ground, described, without a card behind."""

import io

import matplotlib as mpl
import numpy as np
import pytest
import torch
from PIL import Image
from visiting import PHONE

from gen_lib import data, plots
from gen_lib.plots.markup import tidy
from gen_lib.plots.vector import NOTHING, SETTINGS

mpl.use("agg")
import matplotlib.pyplot as plt

LEAST = {PHONE: 9.0}  # pixels; the page shrinks 5 inches to its 350
SMALL = 0.65  # of the type around it: a number above or below the line
# One row per text of a picture: [pixels, contrast, whether it is smaller than what is around it, the text].
TEXTS = """() => {
    const parts = (colour) => {
        const numbers = colour.match(/[\\d.]+(?:e-?\\d+)?/g).map(Number);
        const whole = colour.startsWith("rgb") ? 255 : 1;
        return [...numbers.slice(0, 3).map((x) => x / whole), numbers[3] ?? 1];
    };
    const luminance = (rgb) => rgb.slice(0, 3).map((x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
        .reduce((sum, x, k) => sum + x * [0.2126, 0.7152, 0.0722][k], 0.05);
    const ground = (element) => {
        for (let up = element; up; up = up.parentElement) {
            const colour = parts(getComputedStyle(up).backgroundColor);
            if (colour[3]) return luminance(colour);
        }
        return 1.05;
    };
    return [...document.querySelectorAll("svg.gen-lib-picture")].flatMap((picture) => {
        const scale = picture.getBoundingClientRect().width / picture.viewBox.baseVal.width;
        const behind = ground(picture);
        const texts = [...picture.querySelectorAll("text, tspan")].filter((part) => part.firstChild?.data?.trim());
        return scale ? texts.map((part) => {
            const size = (element) => parseFloat(getComputedStyle(element).fontSize);
            const around = Math.max(size(part.parentElement), ...[...part.parentElement.children].map(size));
            const ink = luminance(parts(getComputedStyle(part).fill));
            const contrast = Math.max(ink, behind) / Math.min(ink, behind);
            const isIndex = part.matches("tspan") && size(part) < 0.75 * around;
            return [size(part) * scale, contrast, isIndex, part.firstChild.data];
        }) : [];
    });
}"""
# What is paper: areas that fill half of a picture and are light, and light grounds around it.
CARDS = """() => [...document.querySelectorAll("svg.gen-lib-picture, .gen-lib-figure")].flatMap((picture) => {
    const whole = picture.getBoundingClientRect();
    const light = (colour) => /^rgb\\(2[3-9]\\d, 2[3-9]\\d, 2[3-9]\\d\\)$/.test(colour);
    const areas = [...picture.querySelectorAll("path, rect")].filter((part) => {
        const { width, height } = part.getBoundingClientRect();
        return light(getComputedStyle(part).fill) && width * height > 0.5 * whole.width * whole.height;
    });
    let up = picture, grounds = 0;
    for (; up.tagName !== "ARTICLE" && up.parentElement; up = up.parentElement) {
        grounds += light(getComputedStyle(up).backgroundColor);
    }
    return areas.length + grounds ? [picture.outerHTML.slice(0, 99)] : [];
})"""
NAMELESS = """() => [...document.querySelectorAll("svg.gen-lib-picture")].filter((picture) =>
    picture.getAttribute("role") !== "img" || !picture.getAttribute("aria-label")?.trim()
).map((picture) => picture.outerHTML.slice(0, 99))"""
TWICE = """() => {
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    return ids.filter((id, k) => ids.indexOf(id) < k);
}"""


def test_text_is_large_enough(opened):
    bar = LEAST.get(tuple(opened.page.viewport_size.values()), 12.0)
    small = [
        f"{size:.1f} pixels: {text}"
        for size, _, is_index, text in opened.page.evaluate(TEXTS)
        if size < bar * (SMALL if is_index else 1) - 0.01
    ]
    assert small == []


def test_text_is_in_contrast_to_its_ground(opened):
    assert [f"{contrast:.1f}: {text}" for _, contrast, _, text in opened.page.evaluate(TEXTS) if contrast < 4.5] == []


def test_no_card_lies_behind_a_picture_in_the_dark(opened):
    if opened.page.evaluate("document.documentElement.dataset.theme") == "dark":
        assert opened.page.evaluate(CARDS) == []


def test_pictures_have_descriptions(opened):
    assert opened.page.evaluate(NAMELESS) == []


def test_names_are_unique(opened):
    assert opened.page.evaluate(TWICE) == []


PLAIN = """<style>body { background: #15181c }</style>
<article><svg class="gen-lib-picture" role="img" aria-label="A line."
viewBox="0 0 100 100" width="100" fill="#ced6dd"><path id="a" d="M0 0h50v50z" /><text y="50" style="font-size:12px"
>text<tspan style="font-size:8px">2</tspan></text></svg></article>"""


@pytest.mark.parametrize(
    ("good", "wrong", "found"),
    [
        ("", "", [0, 0, 0, 0, 0]),
        ("size:12px", "size:11px", [1, 0, 0, 0, 0]),
        ("size:8px", "size:7px", [1, 0, 0, 0, 0]),
        ('width="100"', 'width="90"', [2, 0, 0, 0, 0]),
        ("#ced6dd", "#606468", [0, 2, 0, 0, 0]),
        ("<path", '<path d="M0 0h100v100h-100z" fill="#fff" /><path', [0, 0, 1, 0, 0]),
        ("<svg", '<div style="background:#fff"><svg', [0, 2, 1, 0, 0]),
        ("A line.", "", [0, 0, 0, 1, 0]),
        ('role="img"', "", [0, 0, 0, 1, 0]),
        ("<text", '<text id="a"', [0, 0, 0, 0, 1]),
    ],
)
def test_what_a_reader_would_complain_of_is_found(page, good, wrong, found):
    page.set_content(PLAIN.replace(good, wrong, 1))
    texts = page.evaluate(TEXTS)
    small = [size for size, _, is_index, _ in texts if size < 12 * (SMALL if is_index else 1)]
    pale = [contrast for _, contrast, *_ in texts if contrast < 4.5]
    assert [len(small), len(pale), *(len(page.evaluate(check)) for check in (CARDS, NAMELESS, TWICE))] == found


@pytest.fixture
def page(window):
    tab = window.new_page()
    tab.set_viewport_size({"width": 700, "height": 600})
    yield tab
    tab.close()


def seen(page, picture, style=""):
    page.set_content(f'<style>body {{ margin: 0; font-family: "DejaVu Sans"; {style} }}</style>{picture}')
    return np.asarray(Image.open(io.BytesIO(page.locator("svg").screenshot())).convert("RGB")).astype(int)


def clouds(axes):
    plots.scatter_by_class(axes, torch.randn(400, 2), torch.randint(0, 3, (400,)))


def paths(axes):
    plots.states(axes, [torch.randn(300, 1), torch.randn(300, 1) / 2, torch.randn(300, 1)])


def marks(axes):
    plots.modes(axes, data.ring().sample(300), data.ring())
    axes.plot([0, 1, 2], [0, 1, -1], "o--", color="black", label=r"exact $F^{-1}(\Phi(z_1))$")
    axes.errorbar([1, 2], [1, 2], yerr=0.2, fmt="s", color="#d62728", markeredgecolor="white")
    axes.legend()


def areas(axes):
    axes.hist([1, 2, 2, 3, 3, 3], alpha=0.5)
    plots.band(axes, torch.linspace(0, 3, 50), torch.randn(4, 50), "output", "band")
    plots.arrows(axes, torch.randn(30, 2), torch.randn(30, 2))


def sheets(axes):
    plots.images(axes, torch.rand(20, 64), columns=10, titles=["one", "two"])


@pytest.mark.parametrize("draw", [clouds, paths, marks, areas, sheets])
def test_what_was_made_small_looks_the_same(page, draw):
    torch.manual_seed(0)
    with mpl.rc_context(plots.STYLE):
        figure, axes = plt.subplots()
        draw(axes)
        file = io.StringIO()
        with mpl.rc_context(SETTINGS):
            figure.savefig(file, format="svg", metadata=NOTHING)
        plt.close(figure)
    whole = file.getvalue().split("?>", 1)[1].replace("<svg ", '<svg style="width:576px;height:auto;display:block" ', 1)
    small = tidy(file.getvalue()).replace('style="', 'style="display:block;', 1)
    off = np.abs(seen(page, whole) - seen(page, small))
    assert off.mean() < 1.5
    assert (off.max(-1) > 100).mean() < 0.004


@pytest.mark.parametrize("theme", plots.GROUNDS)
def test_black_is_the_ink_and_white_the_ground(page, theme):
    with mpl.rc_context(plots.STYLE):
        figure, axes = plt.subplots()
        axes.plot([0, 1], color="black", linewidth=20)
        axes.text(0.5, 0.2, "label", bbox={"facecolor": "white"})
        picture = plots.svg(figure)
        plt.close(figure)
    shown = seen(
        page, picture, f"background: {theme}; --figure-ink: #00ff00; --figure-ground: {theme}; --figure-paper: none"
    )
    ground = [int(theme[k : k + 2], 16) for k in (1, 3, 5)]
    assert (shown[2, 2] == ground).all()
    assert (shown == [0, 255, 0]).all(-1).mean() > 0.02
    assert not (shown.sum(-1) < 30).any() or theme != "#ffffff"  # no black is left
