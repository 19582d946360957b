"""Figures that move look and behave like one family, in every page: sizes, controls for fingers, motion, presets."""

import re

import matplotlib as mpl
import pytest
import torch
from visiting import BEGUN, DESK, PHONE, SETTLED, SHOWN, of_page, stopped_clock, with_figures

from gen_lib import METHODS, data, plots
from gen_lib.figures import live, page

mpl.use("agg")
LAPTOP = (1366, 768)
each_page = pytest.mark.parametrize("path", [of_page(path) for path in with_figures()])
# What the canvases of a page write and in which sizes, from now on, and all sizes of type in its figures.
LISTEN = """() => {
    window.sizes = new Set();
    const write = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (words, ...more) {
        if (words) sizes.add(parseFloat(/[\\d.]+(?=px)/.exec(this.font)));
        return write.call(this, words, ...more);
    };
}"""
SIZES = """() => {
    const said = part => [...part.childNodes].some(child => child.nodeType === Node.TEXT_NODE && child.data.trim());
    const parts = [...document.querySelectorAll(".gen-lib-figure :not(svg, svg *)")];
    for (const part of parts.filter(part => part.checkVisibility() && said(part))) {
        sizes.add(parseFloat(getComputedStyle(part).fontSize));
    }
    return [...sizes];
}"""
PARTS = """figure => {
    const box = part => part.getBoundingClientRect(), all = box(figure);
    const pictures = [...figure.querySelectorAll(".gen-lib-stage > *")].map(box);
    return {
        height: all.height, width: all.width,
        stage: box(figure.querySelector(".gen-lib-stage")).bottom,
        controls: box(figure.querySelector(".gen-lib-controls")).top,
        left: Math.min(...pictures.map(b => b.left)) - all.left,
        right: all.right - Math.max(...pictures.map(b => b.right)) }; }"""
# How wide and how high each drawing is between its axes: names must leave room for what they name.
BETWEEN_AXES = """figure => [...figure.querySelectorAll("canvas")].filter(({ plot }) => plot).map(
    ({ plot: { width, height, left, right, top, bottom } }) => [width - left - right, height - top - bottom]
)"""
TOUCHED = "control => Math.round(10 * (control.closest('label') ?? control).getBoundingClientRect().height) / 10"


@pytest.fixture(scope="module")
def figures():
    """A flow, a decoder in training, and both kinds of predictions, by name."""
    bundles = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "display", lambda bundle, raw=False: bundles.append(bundle))
        live.flow_lab(data.mixture_1d(), {"learned": METHODS["fm"].build(dim=1, seed=0)}, alt="Particles.")
        snapshots = {"some": torch.stack([torch.linspace(-2, 2, 40)[:, None] * k for k in (0, 1, 2)])}
        pairs = {"some": (torch.zeros(20, 1), torch.ones(20, 1))}
        live.decoder_map(data.mixture_1d(), [0, 10, 20], snapshots, pairs, alt="Lines.")
        measured = {"first": torch.tensor([123.4]), "second": torch.tensor([567.8])}
        live.predict_choice("Which?", measured, best="least", label="number", alt="The answer is first.")
        x = torch.linspace(0, 1, 9)
        live.predict_curve("How?", x, {"it": 0.5 + 0 * x}, between=(0, 1), xlabel="x", ylabel="y", alt="It is flat.")
    names = ("flow-lab", "decoder-map", "predict-choice", "predict-curve")
    return dict(zip(names, (bundle["text/html"] for bundle in bundles), strict=True))


@pytest.fixture
def alone(browser, window, figures):
    """A function that opens a figure alone, in a window of its own if it asks for more than a size."""
    tabs = []

    def open_(kind, **more):
        tab = browser.new_page(**more) if more else window.new_page()
        tabs.append(tab)
        tab.set_viewport_size({"width": 800, "height": 800})
        tab.set_content(f"<!doctype html><body>{figures[kind]}<div style='height: 3000px'></div>")
        tab.wait_for_function(BEGUN)
        return tab, tab.locator(f"gen-lib-{kind}")

    yield open_
    for tab in tabs:
        tab.close()


@pytest.fixture
def held(worn):
    """A function that opens a page on a laptop, or on a phone that is touched."""
    sessions = []

    def hold(path, size):
        tab = worn(path, size).page
        sessions.append(tab.context.new_cdp_session(tab))
        sessions[-1].send("Emulation.setTouchEmulationEnabled", {"enabled": size == PHONE, "maxTouchPoints": 5})
        tab.evaluate(LISTEN)
        for width, height in ((320, 600), PHONE) if size == PHONE else (LAPTOP,):  # what is drawn is drawn again
            tab.set_viewport_size({"width": width, "height": height})
            tab.evaluate(SETTLED)
        return tab

    yield hold
    for session in sessions:
        session.send("Emulation.setTouchEmulationEnabled", {"enabled": False})


@pytest.mark.parametrize(("size", "most"), [(DESK, 700), (PHONE, 780)], ids=["laptop", "phone"])
@each_page
def test_a_figure_and_its_controls_fit_one_screen(held, path, size, most):
    """The picture comes first, as wide as the column; type has three sizes; a finger finds every control."""
    phone, tab = size == PHONE, held(path, size)
    assert tab.evaluate("matchMedia('(pointer: coarse)').matches") == phone
    assert tab.evaluate("sizes.size > 0 || !document.querySelector('.gen-lib-figure:not(gen-lib-flow-plane) canvas')")
    for figure in tab.locator("css=[class~=gen-lib-figure]").all():
        name, parts = figure.evaluate("f => f.localName"), figure.evaluate(PARTS)
        assert 60 < parts["height"] <= most, name
        assert parts["stage"] <= parts["controls"], name
        drawn = figure.locator(".gen-lib-stage svg.gen-lib-picture").count()  # in the size of the book's drawings
        assert drawn or max(parts["left"], parts["right"]) <= 0.12 * parts["width"], name
        assert all(side >= 40 for sides in figure.evaluate(BETWEEN_AXES) for side in sides), name
        figure.evaluate("f => f.querySelectorAll('.gen-lib-fold').forEach(fold => { fold.open = true; })")
        for control in figure.locator("input, button:not([hidden]), select, summary").all() if phone else ():
            assert control.evaluate(TOUCHED) >= 44, control.evaluate("c => c.outerHTML")
    assert set(tab.evaluate(SIZES)) <= {12, 14, 16}
    assert tab.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_a_colour_is_seen_on_its_ground(browser):
    """Marks with a contrast of 3, text with 4.5 (WCAG 2.2), by another route: the formula in Python."""
    tab = browser.new_page()
    tab.evaluate(page.library())

    def luminance(colour):
        parts = torch.tensor([int(colour[k : k + 2], 16) for k in (1, 3, 5)]).double() / 255
        linear = torch.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return (linear @ torch.tensor([0.2126, 0.7152, 0.0722]).double()).item() + 0.05

    def contrast(one, other):
        low, high = sorted((luminance(one), luminance(other)))
        return high / low

    colours = [*plots.COLORS.values(), *plots.CLASSES]
    for dark, ground in ((False, "#ffffff"), (True, "#15181c")):
        for least in (3, 4.5):
            seen = tab.evaluate(
                "([all, dark, least]) => all.map(c => genLib.seen(c, dark, least))", [colours, dark, least]
            )
            ratios = [luminance(colour) / luminance(ground) for colour in seen]
            assert min(max(r, 1 / r) for r in ratios) >= least
            kept = [
                colour for colour in colours if max(r := luminance(colour) / luminance(ground), 1 / r) >= least + 0.01
            ]
            assert set(kept) <= set(seen)  # what is seen already stays as it is
    tab.close()


def test_a_preset_sets_several_controls_and_says_when_they_stand_so(alone):
    tab, figure = alone("flow-lab")
    button = figure.get_by_role("button", name="Euler against Heun")
    assert button.get_attribute("aria-pressed") == "false"
    before = figure.evaluate(SHOWN)
    button.click()
    assert figure.evaluate(SHOWN) != before
    assert button.get_attribute("aria-pressed") == "true"
    assert figure.get_by_label("steps").get_attribute("aria-valuetext") == "4"
    assert figure.get_by_role("radio", name="both").is_checked()
    assert re.search(r"Euler, 4 evaluations.*Heun, 8 evaluations", tab.locator(".gen-lib-said").inner_text())
    figure.get_by_role("radio", name="Heun", exact=True).check()
    assert button.get_attribute("aria-pressed") == "false"


def test_a_row_of_choices_answers_to_arrow_keys(alone):
    _, figure = alone("flow-lab")
    row = figure.get_by_role("radiogroup", name="sampler")
    row.get_by_role("radio", name="Euler").focus()
    before = figure.evaluate(SHOWN)
    row.get_by_role("radio", name="Euler").press("ArrowRight")
    assert row.get_by_role("radio", name="Heun").is_checked()
    assert figure.evaluate(SHOWN) != before
    assert "solid" in row.locator("label:has(:checked)").evaluate("l => getComputedStyle(l).outlineStyle")


@pytest.fixture
def timed(alone):
    """A function that opens a figure alone, whose time passes only when a test says so."""

    def open_(kind, reduced_motion="no-preference"):
        tab, figure = alone(kind, reduced_motion=reduced_motion)
        stopped_clock(tab)
        return tab, figure

    return open_


def played(tab, milliseconds):
    """How many pictures the only figure shows in that time, looked at 50 times a second."""
    seen = set()
    for _ in range(milliseconds // 20):
        tab.clock.run_for(20)
        seen.add(tab.locator(".gen-lib-figure").evaluate(SHOWN))
    return len(seen)


def test_time_is_smooth_motion_between_steps(timed):
    """Three snapshots, and many pictures on the way from the first to the last."""
    tab, figure = timed("decoder-map")
    figure.get_by_role("button", name="Play training").click()
    assert played(tab, 700) > 10
    tab.clock.run_for(10_000)
    assert figure.get_by_role("button", name="Play training").is_visible()
    assert figure.get_by_label("step").input_value() == "2"


def test_without_motion_there_are_steps_only(timed):
    tab, figure = timed("decoder-map", reduced_motion="reduce")
    figure.get_by_role("button", name="Play training").click()
    assert played(tab, 700) == 1
    tab.clock.run_for(10_000)
    assert figure.get_by_role("button", name="Play training").is_visible()
    assert figure.get_by_label("step").input_value() == "2"


def test_what_is_out_of_view_stands_still(timed):
    tab, figure = timed("flow-lab")
    figure.get_by_role("button", name="Play time").click()
    tab.evaluate("scrollTo(0, 2500)")
    tab.wait_for_function("document.querySelector('.gen-lib-figure').inView === false")
    assert played(tab, 300) == 1
    tab.evaluate("scrollTo(0, 0)")
    tab.wait_for_function("document.querySelector('.gen-lib-figure').inView")
    assert played(tab, 300) > 3


def test_a_hand_on_the_slider_stops_what_plays(timed):
    tab, figure = timed("flow-lab")
    figure.get_by_role("button", name="Play time").click()
    figure.get_by_role("slider", name="time").press("Home")
    assert figure.locator("button").first.inner_text() == "Play"  # at once
    assert played(tab, 200) == 1


@pytest.mark.parametrize("kind", ["predict-choice", "predict-curve"])
def test_a_prediction_is_scored_after_it_was_made_and_not_before(alone, kind):
    """Nothing gives the answer away: not the words, not what they are called, not the picture without a script."""
    tab, figure = alone(kind)
    show = figure.get_by_role("button", name="Show what was measured")
    assert show.is_disabled()
    shown = figure.evaluate("f => { f.querySelector('script').remove(); return f.outerHTML; }")
    for answer in ("123", "567", "off by", "The answer", "flat", "Right"):
        assert answer not in shown
    assert figure.locator("rect").count() == 0
    if kind == "predict-choice":
        figure.get_by_role("radio", name="second").check()
    else:
        figure.get_by_label("height of your curve").press("ArrowUp")
    assert "you said" not in tab.locator(".gen-lib-said").inner_text()
    show.click()
    assert re.search("you said|off by", tab.locator(".gen-lib-said").inner_text())
