"""The slides in a browser, from the disk: all that a slide has finds room, figures move, nothing is asked of any host.

BOOK_SLIDES names their folder, _build/slides by default.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from visiting import SHOWN, Visit, of_page

SITE = Path(os.environ.get("BOOK_SLIDES", Path(__file__).parents[2] / "_build" / "slides")).resolve()
DECKS = sorted(path.stem for path in SITE.glob("*.html") if path.stem != "index")
SIZE = {"width": 1280, "height": 720}
READY = "() => globalThis.Reveal?.isReady() && document.fonts.status === 'loaded'"
SHOW = """async k => {
    const { h, v } = Reveal.getIndices(Reveal.getSlides()[k]), frame = () => new Promise(requestAnimationFrame);
    Reveal.slide(h, v);
    const figures = [...Reveal.getCurrentSlide().querySelectorAll(".enlarged > *")];
    for (let frames = 0; figures.some(part => part.localName.startsWith("gen-lib-") && !part.ready); frames++) {
        if (frames > 600) throw new Error(`the figure of slide ${k + 1} does not begin`);
        await frame();
    }
    if (figures.length) await frame().then(frame);  // the rest is laid out at once
}"""
# What does not find room on the slide that is shown, and text that is too small for the last row.
TROUBLE = """() => {
    const slide = Reveal.getCurrentSlide(), found = [], room = slide.getBoundingClientRect();
    for (const part of slide.querySelectorAll(".slide *:not(annotation)")) {
        const box = part.getBoundingClientRect(), { left, top, right, bottom } = box;
        if (!box.width || part.closest("aside, .gen-lib-unseen")) continue;
        if (left < room.left - 1 || top < room.top - 1 || right > room.right + 1 || bottom > room.bottom + 1) {
            found.push(`${part.localName} leaves the slide: ${part.textContent.slice(0, 60)}`);
        }
    }
    for (const box of slide.querySelectorAll("pre, .body")) {
        if (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1) {
            found.push(`${box.className || box.localName} holds more than it shows`);
        }
    }
    const least = { P: 24, LI: 24, PRE: 15, TD: 16 };
    for (const part of slide.querySelectorAll(":is(p, li, pre, td)")) {
        if (!part.getClientRects().length || part.closest(".enlarged, aside, header")) continue;
        const size = parseFloat(getComputedStyle(part).fontSize) * (part.currentCSSZoom ?? 1);
        if (size < least[part.tagName]) found.push(`${size} px: ${part.textContent.slice(0, 60)}`);
    }
    return found;
}"""
MOVE = """figure => {
    const controls = [...figure.querySelectorAll("input, select, button")];
    for (const one of controls) {
        if (one.disabled) continue;
        if (one.type === "range") one.value = one.value === one.max ? one.min : one.max;
        if (one.localName === "select") one.selectedIndex = (one.selectedIndex + 1) % one.options.length;
        if (one.type === "button" || one.type === "radio") one.click();
        else for (const name of ["input", "change"]) one.dispatchEvent(new Event(name, { bubbles: true }));
    }
    return controls.length;
}"""
# Whatever waits for a figure to come into view has had its turn.
REST = """async () => {
    for (let frames = 0; frames < 4; frames++) await new Promise(requestAnimationFrame);
    await new Promise(done => requestIdleCallback(done));
}"""
STATE = f"figure => figure.innerText + ({SHOWN})(figure)"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "deck" in metafunc.fixturenames:
        if not DECKS:
            raise pytest.UsageError(f"no slides in {SITE}: run `make slides`, or name their folder in BOOK_SLIDES")
        metafunc.parametrize("deck", [of_page(f"slides-{name}", name) for name in DECKS], indirect=True, scope="module")


@pytest.fixture(scope="module")
def deck(request: pytest.FixtureRequest, window: BrowserContext):
    seen = Visit(window.new_page())
    seen.page.set_viewport_size(SIZE)
    seen.page.emulate_media(reduced_motion="reduce")
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.on("requestfailed", lambda request: seen.failures.append(request.url))
    seen.page.on("pageerror", lambda error: seen.messages.append(str(error)))
    seen.page.on("console", lambda m: seen.messages.append(m.text) if m.type in ("error", "warning") else None)
    seen.page.goto((SITE / f"{request.param}.html").as_uri())
    seen.page.wait_for_function(READY)
    yield seen
    seen.close()


def with_figures(page: Page) -> list[int]:
    slides = """() => Reveal.getSlides().flatMap((slide, k) => slide.querySelector(".enlarged") ? [k] : [])"""
    return page.evaluate(slides)


def test_a_figure_begins_when_its_slide_is_shown_and_moves(deck):
    page = deck.page
    found = with_figures(page)
    assert found
    for k in found:
        page.evaluate(SHOW, k - 1)
        page.evaluate(REST)
        assert not page.evaluate("k => Reveal.getSlides()[k].querySelector('.enlarged > *').ready", k)
        page.evaluate(SHOW, k)
        figure = page.query_selector(".present .enlarged > *")
        before = figure.evaluate(STATE)
        assert figure.evaluate(MOVE)
        moved = f"([figure, before]) => ({STATE})(figure) !== before"
        page.wait_for_function(moved, arg=[figure, before])


def test_nothing_leaves_its_slide(deck):
    assert deck.page.evaluate("Reveal.getSlides().length") > 10
    trouble = """async () => {
        const found = {};
        for (let k = 0; k < Reveal.getSlides().length; k++) {
            await (SHOW)(k);
            found[k + 1] = (TROUBLE)();
        }
        return found;
    }"""
    found = deck.page.evaluate(trouble.replace("SHOW", SHOW).replace("TROUBLE", TROUBLE))
    assert {slide: all_ for slide, all_ in found.items() if all_} == {}


def test_keys_in_a_control_do_not_turn_the_slide(deck):
    page = deck.page
    page.evaluate(SHOW, with_figures(page)[0])
    here = page.evaluate("JSON.stringify(Reveal.getIndices())")
    page.evaluate("document.querySelector('.present .enlarged :is(input, select, button):not(:disabled)').focus()")
    for key in ("ArrowRight", "ArrowDown", "n", "o", "f", "."):
        page.keyboard.press(key)
    assert page.evaluate("JSON.stringify(Reveal.getIndices())") == here
    assert not page.evaluate("Reveal.isOverview() || Reveal.isPaused()")
    page.keyboard.press("PageDown")  # as a presenter's remote control does
    assert page.evaluate("JSON.stringify(Reveal.getIndices())") != here


def test_nothing_is_asked_of_another_host(deck):
    assert deck.requests
    assert [url for url in deck.requests if not url.startswith((SITE.as_uri(), "data:", "blob:"))] == []
    assert deck.failures == []
    assert deck.messages == []


def test_each_slide_is_a_page_when_printed(deck):
    page = deck.page.context.new_page()
    page.set_viewport_size(SIZE)
    page.goto(deck.page.url.partition("#")[0] + "?print-pdf")
    page.wait_for_function("() => document.querySelector('.pdf-page')")
    slides = deck.page.evaluate("Reveal.getSlides().length")
    assert page.evaluate("document.querySelectorAll('.pdf-page').length") == slides
    page.close()


def test_the_index_leads_to_every_deck(browser: Browser):
    context = browser.new_context()
    page = context.new_page()
    page.goto((SITE / "index.html").as_uri())
    links = page.evaluate("[...document.querySelectorAll('tbody a')].map(link => link.getAttribute('href'))")
    assert links == [f"{name}.html" for name in DECKS]
    context.close()
