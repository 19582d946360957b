"""The detectors of layout.js see a broken page, and do not see a sound one."""

import pytest
from accessibility import OF_LOOKS, serious
from visiting import PHONE, Visit, opened_tab, see, visit

SOUND = """<p>One line of text.</p><p>Another <b>line</b>, with a word that is <sup>raised</sup>.</p>
<pre style="overflow-x: auto">a line of code that is much wider than the screen of a telephone, but it scrolls</pre>
<span style="position: absolute; width: 1px; height: 1px; overflow: hidden">for screen readers only</span>"""

BROKEN = {
    "overlaps": "<p>One line of text.</p><p style='margin-top: -2em'>Another line over it.</p>",
    "clipped": f"<p style='overflow: hidden; white-space: nowrap'>{'a sentence much wider than the screen ' * 3}</p>"
    "<div style='overflow: auto'><p style='margin-left: -3em'>begins left of where scrolling begins</p></div>",
    "sideways": "<div style='width: 600px'>wider than the screen</div>",
    "pictures": "<img src='nowhere.png' alt='a picture'>",
    "formulas": "<span class='math'>x^2</span>",
}


@pytest.fixture
def shown(window, tmp_path):
    """A function that opens a page with a body on a phone."""
    visits = []

    def show(body: str) -> Visit:
        page = tmp_path / "page.html"
        head = "<!doctype html><html lang=en><title>A page</title><meta name=viewport content='width=device-width'>"
        page.write_text(f"{head}<body>{body}", "utf-8")
        visits.append(visit(window, page.as_uri(), PHONE))
        return visits[-1]

    yield show
    for seen in visits:
        seen.close()


@pytest.fixture
def findings(shown):
    return lambda check, body: shown(body).layout(check)


@pytest.mark.parametrize("check", BROKEN)
def test_sees_what_is_broken(findings, check):
    assert findings(check, BROKEN[check])


@pytest.mark.parametrize("check", BROKEN)
def test_sees_nothing_in_a_sound_page(findings, check):
    assert findings(check, SOUND) == []


def test_both_ways_of_cutting_off_are_seen(findings):
    assert len(findings("clipped", BROKEN["clipped"])) == 2


TOKEN = "<span class=n style='color: {}'>word</span> "
CODE = "<pre style='background: {}'>" + 3 * TOKEN.format("black") + "{}</pre>"
PALE = CODE.format("white", 5 * TOKEN.format("#ddd"))
LETTER = "<p style='color: #ddd'>{}</p>"


@pytest.mark.parametrize(
    "body",
    [
        PALE,
        CODE.format("white", "") + PALE,
        CODE.format("white", "") + f"<div style='background: #333'>{CODE.format('transparent', '')}</div>",
        f"{LETTER.format('a')}{LETTER.format('✓✓')}{LETTER.format('word')}",
        f"<div style='display: none'>{LETTER.format('word')}</div>{LETTER.format('word')}",
        "<p>black on white</p><div style='position: relative'><div style='background: #222; height: 4em'></div>"
        "<p style='position: absolute; top: 1em; margin: 0'>black, over the dark</p></div>",
        "<p>black on white</p><div style='background: #222; height: 4em'></div>"
        "<p style='margin-top: -2.5em'>the same</p>",
    ],
    ids=["pale", "ink", "ground", "first a letter", "first unseen", "positioned", "pulled up"],
)
def test_of_texts_that_look_alike_the_contrast_of_one_is_measured(shown, body):
    """Others by their ink or by the ground of any ancestor are others, and so is what does not stand in the flow."""
    page = shown(f"<main><h1>Code</h1>{body}</main>").page
    before = page.content()
    (found,) = serious(page)
    assert found.startswith("color-contrast")
    assert serious(page, OF_LOOKS) == [found]
    assert page.content().replace(' data-alike=""', "") == before


def test_in_sound_code_axe_finds_nothing(shown):
    assert serious(shown(f"<main><h1>Code</h1>{3 * CODE.format('white', '')}</main>").page) == []


@pytest.mark.parametrize(
    "late", ["", "document.fonts.ready.then(() => document.body.prepend(document.querySelector('hr')))"]
)
def test_what_jumps_while_a_page_loads_is_seen(shown, late):
    jump = f"<p>Some lines<br>of text</p><hr style='height: 3em'><script>setTimeout(() => {{ {late} }}, 20)</script>"
    assert (shown(jump).loaded["jumped"] >= 0.005) == bool(late)


def test_a_figure_that_begins_too_early_or_shows_nothing_is_seen(shown):
    far = "<div style='height: 4000px'></div><gen-lib-early><svg></svg></gen-lib-early><gen-lib-bare></gen-lib-bare>"
    early, bare = (f"document.querySelector('gen-lib-{name}')" for name in ("early", "bare"))
    script = f"{early}.ready = true; {bare}.scrollIntoView = () => {{ {bare}.ready = true; }}"
    early, bare = shown(f"{far}<script>{script}</script>").loaded["figures"]
    assert early["below"] > 3
    assert (early["begun"], early["drawn"], bare["begun"], bare["drawn"]) == (True, True, False, False)


def test_a_page_is_not_charged_with_what_another_one_did_in_its_tab(window, tmp_path):
    wrong = "<img src='nowhere.png'><script>console.error('one'); throw Error('two')</script>"
    tab, heard = opened_tab(window), []
    for k, body in enumerate([wrong, SOUND, wrong]):
        page = tmp_path / f"{k}.html"
        page.write_text(f"<!doctype html><body>{body}", "utf-8")
        seen = see(tab, page.as_uri())
        heard.append([len(happened) for happened in (seen.requests, seen.failures, seen.messages)])
        seen.leave()
        assert not hasattr(seen, "page")
    assert heard == [[2, 1, 3], [1, 0, 0], [2, 1, 3]]
    tab.close()
