"""Formulas as a reader meets them, and pages that are there at once: what is out of view waits, and nothing jumps."""

import re

import pytest
from fontTools.ttLib import TTFont
from formulas import drawn
from visiting import DESK, PHONE, SITE, of_page, page_names, visit, with_figures

CHAPTER = "notebooks/08_meanflow.html"
COPIED = """element => {
    getSelection().selectAllChildren(element);
    const data = new DataTransfer();
    element.dispatchEvent(new ClipboardEvent("copy", { clipboardData: data, bubbles: true, cancelable: true }));
    return data.getData("text/plain").trim();
}"""
UNFOLD = "for (const folded of document.querySelectorAll('details')) folded.open = true"
SEEN = "element => element.scrollIntoView({ block: 'center', behavior: 'instant' })"
each_size = pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
each_moving = pytest.mark.parametrize("path", [of_page(path) for path in with_figures()])


@pytest.fixture
def fresh(browser, window, origin):
    """A function that opens a page as a reader does: nothing is hurried."""
    pages = []

    def load(path, size=PHONE, **options):
        page = browser.new_page(**options) if options else window.new_page()
        pages.append(page)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(f"{origin}/{path}", wait_until="load")
        return page

    yield load
    for page in pages:
        page.close()


def test_every_formula_is_set_and_keeps_its_tex():
    total = 0
    for name in page_names():
        text = (SITE / name).read_text("utf-8")
        boxes = re.findall(r'<(?:span|div) class="math\b[^>]*>\s*(<math\b.*?</math>)?', text, re.DOTALL)
        assert all('<annotation encoding="application/x-tex">' in box for box in boxes), name
        assert "mathjax" not in text.lower()
        total += len(boxes)
    assert total > 500


def test_the_font_has_every_character_of_every_formula():
    known = {*TTFont(SITE / "_static" / "math.woff2").getBestCmap(), 0x2061, 0xFE00}  # and two that are not seen
    for name in page_names():
        assert {c for c in drawn((SITE / name).read_text("utf-8")) if ord(c) not in known} == set(), name


def test_a_formula_is_copied_as_tex(fresh):
    page = fresh(CHAPTER)
    for display, mark in (("span", "$"), ("div", "$$")):
        box = page.locator(f"{display}.math").first
        tex = box.locator("annotation").text_content()
        assert re.sub(r"\s", "", box.evaluate(COPIED)).startswith(re.sub(r"\s", "", mark + tex + mark))
    paragraph = page.locator("p:has(.math)").first
    assert "$" in paragraph.evaluate(COPIED)


def test_half_a_formula_is_copied_whole(fresh):
    page = fresh(CHAPTER)
    box = page.locator("div.math").first
    part = """box => { const leaves = box.querySelectorAll("mi"), range = document.createRange();
        range.setStart(leaves[1].firstChild, 0); range.setEnd(leaves[2].firstChild, 1);
        getSelection().removeAllRanges(); getSelection().addRange(range);
        const data = new DataTransfer();
        box.dispatchEvent(new ClipboardEvent("copy", { clipboardData: data, bubbles: true, cancelable: true }));
        return data.getData("text/plain"); }"""
    assert box.evaluate(part).strip("$\n") == box.locator("annotation").text_content()


def test_screen_readers_get_the_formulas(fresh):
    page = fresh(CHAPTER)
    page.emulate_media(media="print")  # where all sections are laid out
    page.evaluate(UNFOLD)
    session = page.context.new_cdp_session(page)
    roles = [node["role"]["value"] for node in session.send("Accessibility.getFullAXTree")["nodes"] if "role" in node]
    assert roles.count("MathMLMath") == page.locator("math").count() - page.locator(".definition math").count()
    assert "MathMLFraction" in roles


def test_a_formula_grows_with_the_text(fresh):
    page = fresh("book/notation.html")
    formula = page.locator(".math > math").first
    width = formula.bounding_box()["width"]
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert formula.bounding_box()["width"] == pytest.approx(2 * width, rel=0.05)


def test_a_wide_formula_scrolls_by_keyboard(fresh):
    page = fresh(CHAPTER)
    page.locator("div.math").first.evaluate(SEEN)
    box = page.locator("div.math[tabindex='0']").first
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("box => box.scrollLeft > 0", arg=box.element_handle())


@each_moving
@each_size
def test_a_figure_begins_when_it_comes_near(at, path, size):
    seen = at(path, size)
    assert seen.loaded["figures"]
    for figure in seen.loaded["figures"]:
        assert figure["below"] < 3 or not figure["begun"], figure  # screens
        assert figure["begun"] or figure["drawn"], figure  # the picture, until then
        found = seen.page.locator(figure["name"])
        assert found.evaluate_all("all => all.every(f => f.ready && f.querySelector('input, select, button'))"), figure


def test_whoever_goes_by_keyboard_meets_every_control(fresh):
    page = fresh(next(path for path in with_figures() if path.startswith("notebooks")))
    waiting = "[...document.querySelectorAll('*')].filter(f => f.localName.startsWith('gen-lib-') && !f.ready).length"
    assert page.evaluate(waiting) > 0
    page.keyboard.press("Tab")
    page.wait_for_function(f"{waiting} === 0")


@each_moving
@each_size
def test_nothing_jumps_while_a_page_loads(at, window, path, size):
    """The least of three loads: a machine that is busy with other tests paints a page in pieces."""
    seen = at(path, size)
    jumped = [seen.loaded["jumped"]]
    while min(jumped) >= 0.005 and len(jumped) < 3:
        again = visit(window, seen.page.url, size)
        jumped.append(again.loaded["jumped"])
        again.close()
    assert min(jumped) < 0.005


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_begins_in_its_theme(fresh, theme):
    """Not only when the theme's scripts have come."""
    page = fresh("book/intro.html", color_scheme=theme, java_script_enabled=True)
    page.route("**/*.js*", lambda route: route.abort())
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == theme


def test_links_into_a_page_lead_to_their_place(fresh):
    """Over sections that have not been laid out."""
    page = fresh(CHAPTER)
    target = page.locator("section > section[id]").last.get_attribute("id")
    page.goto(f"{page.url}#{target}")
    page.wait_for_function(
        "id => { const { top } = document.getElementById(id).getBoundingClientRect(); return top > -20 && top < 150; }",
        arg=target,
    )


def test_print_has_all_sections(fresh):
    page = fresh(CHAPTER)
    seen = "[...document.querySelectorAll('section')].map(s => getComputedStyle(s).contentVisibility)"
    assert "auto" in page.evaluate(seen)
    page.emulate_media(media="print")
    assert {*page.evaluate(seen)} == {"visible"}


def test_a_page_asks_for_few_files_before_it_is_seen(browser, origin):
    seen = visit(browser, f"{origin}/{CHAPTER}", PHONE)
    head = (SITE / CHAPTER).read_text("utf-8").split("</head>")[0]
    assert len(re.findall(r'rel="stylesheet"', head)) == 1
    assert re.findall(r"<script(?![^>]*\bdefer\b)[^>]*\bsrc=", head) == []
    assert not any("searchindex" in url for url in seen.requests)
    seen.close()
