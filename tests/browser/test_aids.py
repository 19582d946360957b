"""Aids to reading in the built chapters: definitions, the reader's position, numbers, wrapped code, paper."""

import pytest
from measure import MOST, SIZE, heights, row
from notebook_key import code_cells, read, source
from visiting import DESK, PHONE, SITE, of_page, page_names, visit

CHAPTERS = [name for name in page_names() if name.startswith("notebooks/")]
NOTEBOOKS = SITE.parents[1] / "notebooks"
each_chapter = pytest.mark.parametrize("chapter", [of_page(name) for name in CHAPTERS])
OPEN = "[...document.querySelectorAll('.definition:popover-open')].map(box => box.id)"

# Whether the entry of the contents that is marked is that of a section or of one in it.
CURRENT = """section => {
    const hash = document.querySelector(".page-toc a[aria-current='true']")?.hash;
    return hash && (section.matches(hash) || section.querySelector(`section${hash}`) !== null);
}"""


@pytest.fixture
def desk(window):
    """A chapter on a desk, as it is when it has loaded."""
    page = window.new_page()
    page.set_viewport_size(SIZE)
    page.goto((SITE / CHAPTERS[0]).as_uri())
    yield page
    page.close()


def test_a_definition_shows_for_the_mouse_and_stays_under_it(desk):
    term = desk.locator("a.term").first
    name = term.get_attribute("aria-describedby")
    term.hover()
    assert desk.evaluate(OPEN) == [name]
    box = desk.locator(f"#{name}")
    assert box.bounding_box()["x"] + box.bounding_box()["width"] <= DESK[0]
    box.hover()
    desk.wait_for_timeout(400)
    assert desk.evaluate(OPEN) == [name]
    desk.mouse.move(2, DESK[1] - 2)
    desk.wait_for_function(f"({OPEN}).length === 0")


def test_a_definition_shows_for_the_keyboard_and_escape_closes_it(desk):
    desk.keyboard.press("Tab")
    term = desk.locator("a.term").first
    term.focus()
    assert desk.evaluate(OPEN) == [term.get_attribute("aria-describedby")]
    desk.keyboard.press("Escape")
    assert desk.evaluate(OPEN) == []
    assert term.evaluate("term => document.activeElement === term")
    desk.keyboard.press("Tab")
    desk.keyboard.press("Shift+Tab")
    assert desk.evaluate(OPEN) == [term.get_attribute("aria-describedby")]


def test_to_a_finger_a_word_is_a_link(desk):
    desk.evaluate(
        "document.querySelector('a.term').dispatchEvent(new PointerEvent('pointerenter', { pointerType: 'touch' }))"
    )
    assert desk.evaluate(OPEN) == []
    desk.locator("a.term").first.click()
    desk.wait_for_url("**/glossary.html#term-*")


@each_chapter
def test_definitions_belong_to_words_of_the_text(opened_chapter):
    page = opened_chapter
    assert (
        page.evaluate("""[...document.querySelectorAll("a.term")].flatMap(term => [
        document.getElementById(term.getAttribute("aria-describedby"))?.matches(".definition[role=tooltip]") ? [] :
            [`${term.textContent} has no definition`],
        term.closest("h1, h2, h3, pre, code, math, .claims, #references") ? [`${term.textContent} is not prose`] : [],
    ].flat())""")
        == []
    )
    words = page.evaluate("[...document.querySelectorAll('a.term')].map(term => term.getAttribute('href'))")
    assert len(words) == len(set(words)) >= 5


@pytest.fixture
def opened_chapter(at, chapter):
    return at(chapter, DESK).page


@each_chapter
def test_every_picture_has_a_number_that_leads_to_it(opened_chapter):
    found = opened_chapter.evaluate("""() => {
        const outputs = [...document.querySelectorAll(".cell_output :is(img, svg, canvas)")];
        const figures = [...document.querySelectorAll("figure.numbered")];
        return {
            without: outputs.filter(part => !part.closest("figure.numbered, table, button")).length,
            numbers: figures.map(figure => figure.querySelector("figcaption a.permalink").textContent),
            links: figures.map(figure => figure.querySelector("figcaption a.permalink").getAttribute("href")),
            ids: figures.map(figure => figure.id),
        };
    }""")
    chapter = int(opened_chapter.title().partition(".")[0])
    count = len(found["ids"])
    assert found["without"] == 0
    assert found["numbers"] == [f"Figure {chapter}.{k}" for k in range(1, count + 1)]
    assert found["ids"] == [f"figure-{chapter}-{k}" for k in range(1, count + 1)]
    assert found["links"] == [f"#{name}" for name in found["ids"]]


def test_anchors_are_unique(at, name):
    anchors = at(name, DESK).page.evaluate("[...document.querySelectorAll('[id]')].map(part => part.id)")
    assert sorted({anchor for anchor in anchors if anchors.count(anchor) > 1}) == []


@each_chapter
def test_every_numbered_equation_has_an_anchor(opened_chapter):
    wrong = opened_chapter.evaluate("""[...document.querySelectorAll(".eqno")].filter(number => {
        const id = number.closest("div.math").id;
        return !/^equation-\\d+-/.test(id) || number.querySelector("a.permalink")?.getAttribute("href") !== `#${id}`;
    }).map(number => number.textContent)""")
    assert wrong == []


@each_chapter
def test_the_contents_follow_the_reader(opened_chapter):
    for part in opened_chapter.query_selector_all(".bd-article > section > section"):
        part.evaluate(
            "part => scrollTo({ top: part.getBoundingClientRect().top + scrollY - 150, behavior: 'instant' })"
        )
        if opened_chapter.evaluate("scrollY + innerHeight < document.documentElement.scrollHeight - 2"):
            opened_chapter.wait_for_function(CURRENT, arg=part)


def test_the_line_at_the_top_says_how_far_and_stands_still_for_who_asks(browser):
    seen = visit(browser, (SITE / CHAPTERS[0]).as_uri())
    width = "new DOMMatrix(getComputedStyle(document.body, '::before').transform).a"
    height = "document.documentElement.scrollHeight - innerHeight"
    if not seen.page.evaluate("document.querySelector('.reading.sums') !== null"):
        seen.close()
        pytest.fail(f"{CHAPTERS[0]} does not say how long it takes")
    for part in (0, 0.5, 1):
        seen.page.evaluate(f"scrollTo({{ top: {part} * ({height}), behavior: 'instant' }})")
        seen.page.wait_for_function(f"Math.abs({width} - {part}) < 0.02")
    seen.page.emulate_media(reduced_motion="reduce")
    assert seen.page.evaluate("getComputedStyle(document.body, '::before').content") == "none"
    seen.close()


@each_chapter
@pytest.mark.parametrize("size", [PHONE], ids=["phone"])
def test_code_wraps_on_a_phone_and_is_the_same_text(at, chapter, size):
    page = at(chapter, size).page
    found = page.evaluate("""[...document.querySelectorAll(".cell_input pre")].map(
        code => [code.textContent, code.scrollWidth - code.clientWidth])""")
    cells = [source(cell) for cell in code_cells(read(NOTEBOOKS / f"{chapter[10:-5]}.ipynb"))]
    assert [text.strip("\n") for text, _ in found] == [text.strip("\n") for text in cells]
    assert [text for text, beyond in found if beyond > 1] == []


def test_answers_wait_until_they_are_opened(desk):
    """By the reader, or by a link that leads into one; figures and pictures in it show then."""
    page = desk
    fold = page.locator("details.answer:has(figure)").first
    figure = fold.locator("figure").first
    assert not figure.is_visible()
    fold.locator("> summary").press("Enter")
    assert figure.is_visible()
    anchor = figure.get_attribute("id")
    page.goto("about:blank")
    page.goto(f"{(SITE / CHAPTERS[0]).as_uri()}#{anchor}")
    page.wait_for_function("id => document.getElementById(id).closest('details').open", arg=anchor)
    page.wait_for_function("id => document.getElementById(id).getBoundingClientRect().top < innerHeight", arg=anchor)


def test_the_core_of_a_chapter_is_no_longer_than_a_lecture(window):
    """In pixels; with -s the table of measure.py is seen."""
    found, page = {}, window.new_page()
    page.set_viewport_size(SIZE)
    for name in CHAPTERS:
        page.goto((SITE / name).as_uri())
        found[name] = heights(page)
        print(row(NOTEBOOKS / f"{name[10:-5]}.ipynb", found[name]))
    page.close()
    assert {name: one["waiting"] for name, one in found.items() if one["waiting"]} == {}
    assert {name: one["core"] for name, one in found.items() if one["core"] > MOST} == {}


def test_on_paper_everything_is_unfolded_and_light(browser):
    seen = visit(browser, (SITE / CHAPTERS[0]).as_uri(), theme="dark")
    page = seen.page
    folds = "[...document.querySelectorAll('details')].map(fold => fold.open)"
    page.evaluate("document.querySelectorAll('details').forEach((fold, k) => { fold.open = k === 0; })")
    before = page.evaluate(folds)
    assert before.count(False) > 1
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert all(page.evaluate(folds))
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    hidden = [
        "#pst-primary-sidebar",
        "#pst-secondary-sidebar",
        ".prev-next-footer",
        ".definition",
        ".bd-header-article",
    ]
    shown = [name for name in hidden if any(part.is_visible() for part in page.query_selector_all(name))]
    assert shown == []
    assert page.evaluate("getComputedStyle(document.querySelector('figure.numbered')).breakInside") == "avoid"
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(folds) == before
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    seen.close()
