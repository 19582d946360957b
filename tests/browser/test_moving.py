"""Figures that move: every control of every page changes the picture; alone they keep their manners."""

import html
import re

import matplotlib as mpl
import pytest
import torch
from visiting import BEGUN, DESK, PHONE, SHOWN, SITE, of_page, stopped_clock, with_figures

from gen_lib import METHODS, data
from gen_lib.figures import choices, explore, live, page

mpl.use("agg")
from matplotlib import pyplot as plt

FIGURES = with_figures()
each_page = pytest.mark.parametrize("path", [of_page(path) for path in FIGURES])
# What is out of view is not laid out, as for a reader: then a page answers twice as fast.
AS_READ = "for (const part of document.querySelectorAll('.bd-article section')) part.style.contentVisibility = ''"
# The middle of what is drawn in a colour that is near to one: where a reader would take hold of it.
FIND = """([name, color]) => {
    const canvas = document.querySelector(name + " canvas"), { width, height } = canvas;
    const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    let best = null;
    for (let y = 6; y < height - 6; y++) for (let x = 6; x < width - 6; x++) {
        let all = true;
        for (const [dx, dy] of [[0, 0], [4, 0], [-4, 0], [0, 4], [0, -4]]) {
            const at = 4 * ((y + dy) * width + x + dx);
            all &&= color.every((c, k) => Math.abs(pixels[at + k] / 255 - c) < 0.12) && pixels[at + 3] > 200;
        }
        if (all) { best = [x, y]; break; }
    }
    const scale = canvas.getBoundingClientRect().width / width;
    return best.map(v => v * scale);
}"""


def line(slope, color="red"):
    plt.figure(figsize=(4, 2))
    plt.plot([0, slope], color=color)


@pytest.fixture(scope="module")
def figures():
    """Two outputs: explore with a menu whose text looks like markup and enough numbers to play, and a live figure."""
    bundles = []
    with pytest.MonkeyPatch.context() as patch:
        for module in (choices, page):
            patch.setattr(module, "display", lambda bundle, raw=False: bundles.append(bundle) if raw else None)
        explore(
            lambda slope, evil: line(slope, "red" if evil == "plain" else "blue"),
            alt="A line.",
            slope=[1, 2, 3, 4, 5],
            evil=["plain", "</script><img src=x onerror='window.hurt = true'> and too long for a row"],
        )
        net = METHODS["meanflow"].build(dim=1, seed=0)
        live.ruler(data.mixture_1d(), {"</script><b>": net}, alt="A jump.")
        equal = {"a": torch.ones(1), "b": torch.ones(1), "c": torch.ones(1) + 1}
        live.predict_choice("Which?", equal, best="least", label="number", alt="Bars.")
    return dict(zip(("explore", "ruler", "choice"), (bundle["text/html"] for bundle in bundles), strict=True))


@pytest.fixture(scope="module")
def alone(figures):
    return figures["explore"]


def opened(place, tmp_path, body: str, begun: bool = True, **context):
    """A figure in a tab of a window, or of a browser, which opens a window for it."""
    path = tmp_path / "figure.html"
    path.write_text(f"<!doctype html><html lang=en><title>A figure</title><body>{body}", "utf-8")
    page = place.new_page(**context)
    page.messages = []
    page.on("console", lambda message: page.messages.append(message.text))
    page.on("pageerror", lambda error: page.messages.append(str(error)))
    page.goto(path.as_uri())
    if begun:
        page.wait_for_function(BEGUN)
    return page


def pressed(page, figure, button) -> None:
    """A button changes the picture, at once or by playing, which is stopped again; but not if all stands so already."""
    if button.get_attribute("aria-pressed") == "true":
        return
    page.evaluate("frame => { window.frame = frame; }", figure.evaluate(SHOWN))
    name = button.evaluate("b => b.innerText")
    button.click()
    page.wait_for_function(f"figure => ({SHOWN})(figure) !== window.frame", arg=figure.element_handle())
    if name == "Play" and button.inner_text() == "Stop":
        button.press("Enter")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@each_page
def test_every_control_of_every_figure_changes_the_picture(worn, path, size):
    seen = worn(path, size)
    seen.page.evaluate(AS_READ)
    requests = len(seen.requests)
    # what trains has controls for what comes next, and tests of its own
    for figure in seen.page.locator("css=[class~=gen-lib-figure]:not(gen-lib-playground)").all():
        controls = figure.locator("input[type=range], select").all()
        assert controls or figure.locator("input[type=radio]").count()
        for control in controls:
            before = figure.evaluate(SHOWN)
            assert control.is_visible()
            control.focus()
            control.press(
                "ArrowUp" if control.evaluate("c => c.value !== c.min && c.tagName === 'INPUT'") else "ArrowDown"
            )
            if figure.evaluate(SHOWN) == before:
                control.press("End")
            if figure.evaluate(SHOWN) == before:
                control.press("Home")
            assert figure.evaluate(SHOWN) != before, control.evaluate("c => c.closest('label').innerText")
        for choice in figure.locator(".gen-lib-segments input").all():
            if choice.is_checked():
                continue
            before = figure.evaluate(SHOWN)
            choice.check()
            assert figure.evaluate(SHOWN) != before, choice.evaluate("c => c.closest('[role]').innerText")
        for choice in figure.locator("fieldset input").all()[:1]:
            choice.check()
        for button in figure.locator("button").all():
            pressed(seen.page, figure, button)
        for choice in figure.locator("fieldset input").all()[1:]:  # the answer is shown now, and who said what
            before = figure.evaluate(SHOWN)
            choice.check()
            assert figure.evaluate(SHOWN) != before
    assert [url for url in seen.requests[requests:] if not url.startswith(("data:", "blob:"))] == []
    assert seen.failures + seen.messages == []


def test_a_page_has_each_script_once():
    for path in FIGURES:
        text = (SITE / path).read_text("utf-8")
        scripts = re.findall(r'<script data-gen-lib="([\w-]+)">', text)
        assert "library" in scripts
        assert len(scripts) == len(set(scripts))


@pytest.mark.parametrize("kind", ["explore", "ruler"])
def test_the_script_may_come_before_its_figure_or_far_behind(window, tmp_path, figures, kind):
    figure, script = figures[kind].split("\n<script data-gen-lib", 1)
    script = "<script data-gen-lib" + script
    for body in (script + figure, f"{figure}<div><p>between</p>{script}</div>", 2 * figures[kind]):
        page = opened(window, tmp_path, body)
        found = page.locator(f"gen-lib-{kind}")
        assert found.count() == (2 if body == 2 * figures[kind] else 1)
        for one in found.all():
            before = one.evaluate(SHOWN)
            one.locator("input").first.press("ArrowRight")
            assert one.evaluate(SHOWN) != before
        assert page.messages == []
        page.close()


@pytest.mark.parametrize("kind", ["explore", "ruler"])
def test_it_works_in_a_sandboxed_frame(window, tmp_path, figures, kind):
    """As in Colab, where each output stands in a frame of another origin."""
    frame = f'<iframe sandbox="allow-scripts" width=700 height=500 srcdoc="{html.escape(figures[kind])}"></iframe>'
    page = opened(window, tmp_path, frame)
    inside = page.frame_locator("iframe").locator(f"gen-lib-{kind}")
    inside.locator("input").first.wait_for()
    before = inside.evaluate(SHOWN)
    inside.locator("input").first.press("ArrowRight")
    assert inside.evaluate(SHOWN) != before
    assert page.messages == []
    page.close()


def test_dragging_moves_the_sliders_with_it(browser, tmp_path, figures):
    """Far beyond the edges too; the right button does not drag."""
    page = opened(browser, tmp_path, figures["ruler"], viewport={"width": 800, "height": 900})
    canvas, now = page.locator("canvas"), page.get_by_label("now, t")
    box = canvas.bounding_box()
    before = now.input_value()
    shown = canvas.evaluate("c => c.toDataURL()")
    place = page.evaluate(FIND, ["gen-lib-ruler", [0.58, 0.4, 0.74]])  # the purple start of the path
    for button in ("right", "left"):
        page.mouse.move(box["x"] + place[0], box["y"] + place[1])
        page.mouse.down(button=button)
        page.mouse.move(box["x"] + 400, box["y"] + 100, steps=5)
        page.mouse.move(5000, 5000)
        page.mouse.move(box["x"] + 400, box["y"] + 100)
        page.mouse.up(button=button)
        assert (now.input_value() != before) == (button == "left")
    assert canvas.evaluate("c => c.toDataURL()") != shown
    assert "NaN" not in page.locator("gen-lib-ruler").inner_text()
    assert page.messages == []
    page.close()


def test_a_finger_drags_points_and_scrolls_elsewhere(browser, tmp_path, figures):
    """A second finger does not take over."""
    below = figures["ruler"] + '<div style="height: 3000px"></div>'
    page = opened(browser, tmp_path, below, viewport={"width": PHONE[0], "height": PHONE[1]}, has_touch=True)
    now, start = page.get_by_label("now, t"), page.get_by_label("position x")
    box = page.locator("canvas").bounding_box()
    x, y = page.evaluate(FIND, ["gen-lib-ruler", [0.58, 0.4, 0.74]])
    point = {"x": box["x"] + x, "y": box["y"] + y, "id": 0}
    moved, other = {**point, "x": point["x"] + 100}, {**point, "x": point["x"] + 200, "id": 1}
    session = page.context.new_cdp_session(page)

    def values():
        return now.input_value(), start.input_value()

    def touch(kind, *points):
        session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": [*points]})

    before = values()
    touch("Start", point)
    touch("Move", moved)
    dragged = values()
    assert dragged[0] != before[0]
    touch("Start", moved, other)
    touch("Move", moved, {**other, "y": other["y"] + 60})
    assert values() == dragged
    touch("Move", {**moved, "x": moved["x"] + 50}, other)
    assert values() != dragged  # the first finger still holds it
    touch("End")
    assert page.evaluate("scrollY") == 0
    dragged = values()
    empty = {"x": box["x"] + 60, "y": box["y"] + box["height"] - 45, "id": 0}
    touch("Start", empty)
    for step in range(10):
        touch("Move", {**empty, "y": empty["y"] - 15 * step})
        page.wait_for_timeout(16)
    touch("End")
    page.wait_for_function("scrollY > 50")
    assert values() == dragged
    page.close()


def test_a_figure_is_drawn_again_for_another_theme(window, tmp_path, figures):
    """In the ink of the page, which the theme changes, and with controls for its ground."""
    page = opened(window, tmp_path, figures["ruler"] + figures["explore"])
    light = page.locator("canvas").evaluate("c => c.toDataURL()")
    page.evaluate("Object.assign(document.body.style, { color: 'white', background: 'black' })")
    page.wait_for_function("light => document.querySelector('canvas').toDataURL() !== light", arg=light)
    schemes = "[...document.querySelectorAll('.gen-lib-figure')].map(f => f.style.colorScheme).join()"
    page.wait_for_function(f"{schemes} === 'dark,dark'")
    page.close()


def test_a_script_that_fails_leaves_the_picture(window, tmp_path, figures):
    page = opened(window, tmp_path, figures["ruler"].replace('"mixture":', '"other":'), begun=False)
    page.wait_for_function(
        "document.querySelector('gen-lib-ruler').begun && !document.querySelector('gen-lib-ruler').ready"
    )
    assert page.locator("gen-lib-ruler > img").is_visible()
    assert page.locator("gen-lib-ruler canvas, gen-lib-ruler input").count() == 0
    page.close()


def test_text_of_parameters_is_shown_and_not_run(window, tmp_path, alone):
    page = opened(window, tmp_path, alone)
    assert page.locator("option").nth(1).inner_text().startswith("</script><img")
    page.locator("select").select_option(index=1)
    assert page.evaluate("window.hurt") is None
    assert "</script>" in page.locator("gen-lib-explore svg").get_attribute("aria-label")
    assert page.locator("img").count() == 0
    page.close()


def test_names_of_nets_are_text_too(window, tmp_path, figures):
    page = opened(window, tmp_path, figures["ruler"])
    assert "</script><b>" in page.locator("gen-lib-ruler .gen-lib-segments label").all_inner_texts()
    assert page.locator("gen-lib-ruler b").count() == 0
    page.close()


def test_keys_stay_with_the_control_and_the_value_is_said(window, tmp_path, alone):
    page = opened(window, tmp_path, f'<div id=around>{alone}</div><div style="height: 3000px"></div>')
    page.evaluate("document.getElementById('around').addEventListener('keydown', () => { window.taken = true; })")
    slider = page.locator("input")
    slider.press("ArrowDown")  # it stands at the lowest
    slider.press("ArrowUp")
    assert slider.get_attribute("aria-valuetext") == "2"
    assert page.locator(".gen-lib-said").inner_text().startswith("slope 2")
    assert page.evaluate("[window.taken, scrollY]") == [None, 0]
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.close()


def test_of_many_changes_the_last_is_read_out(browser, tmp_path, alone):
    """Text that changes at once is spoken only when it stands still; a page that opens is silent, and so is playing."""
    page = opened(browser, tmp_path, alone, reduced_motion="reduce")  # slow enough to speak between two steps
    said = page.locator(".gen-lib-said")
    stopped_clock(page)
    spoken = """() => { window.spoken = []; const said = document.querySelector(".gen-lib-said");
        new MutationObserver(() => { if (said.getAttribute("aria-live") === "polite") spoken.push(said.textContent); })
            .observe(said, { childList: true }); }"""
    page.evaluate(spoken)
    page.locator("input").press("ArrowRight")
    page.clock.run_for(1000)
    for _ in range(2):
        page.locator("input").press("ArrowRight")
        page.clock.run_for(100)
    assert said.inner_text().startswith("slope 4")
    assert [text[:7] for text in page.evaluate("spoken")] == ["slope 2"]
    page.clock.run_for(1000)
    assert [text[:7] for text in page.evaluate("spoken")] == ["slope 2", "slope 4"]
    page.evaluate("""() => { const input = document.querySelector("input");  // before the clock speaks
        input.value = input.min;
        input.dispatchEvent(new Event("input", { bubbles: true }));
        [...document.querySelectorAll("button")].find(button => button.textContent === "Play").click(); }""")
    page.clock.run_for(8000)
    assert [text[:7] for text in page.evaluate("spoken")] == ["slope 2", "slope 4", "slope 5"]
    page.close()


def test_of_equal_answers_each_is_right(window, tmp_path, figures):
    page = opened(window, tmp_path, figures["choice"])
    page.wait_for_timeout(600)
    assert page.locator("[aria-live=polite]").count() == 0  # nothing was asked yet
    page.get_by_role("radio", name="b").check()
    page.get_by_role("button").click()
    assert page.locator(".gen-lib-said").inner_text() == "Number. Right: \u201cb\u201d, 1.00."
    assert page.locator("[style*=bold]").all_inner_texts() == ["a", "b"]
    page.get_by_role("radio", name="c").check()
    assert page.locator(".gen-lib-said").inner_text().endswith("you said \u201cc\u201d, 2.00.")
    assert page.locator("[aria-live=polite], output").count() == 0
    page.close()


def test_play_goes_to_the_end_and_stops(browser, tmp_path, alone):
    page = opened(browser, tmp_path, alone)
    stopped_clock(page)
    page.get_by_role("button", name="Play slope").click()
    page.clock.run_for(350)
    assert page.locator("input").input_value() == "1"
    page.clock.run_for(5000)
    assert page.locator("input").input_value() == "4"
    assert page.get_by_role("button", name="Play slope").is_visible()
    page.close()


def test_play_is_slow_for_those_who_want_less_motion(browser, tmp_path, alone):
    page = opened(browser, tmp_path, alone, reduced_motion="reduce")
    stopped_clock(page)
    page.get_by_role("button", name="Play slope").click()
    page.clock.run_for(1000)
    assert page.locator("input").input_value() == "0"
    page.clock.run_for(1000)
    assert page.locator("input").input_value() == "1"
    page.close()


def test_without_javascript_the_picture_and_a_sentence_stand_there(browser, tmp_path, alone):
    page = opened(browser, tmp_path, alone, begun=False, java_script_enabled=False)
    assert page.locator("img").get_attribute("alt") == "A line."
    assert "JavaScript" in page.locator(".gen-lib-hint").inner_text()
    page.close()
