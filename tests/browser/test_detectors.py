"""The detectors of layout.js see a broken page, and do not see a sound one."""

import pytest
from accessibility import serious
from visiting import PHONE, Visit, visit

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
def shown(browser, tmp_path):
    """A function that opens a page with a body on a phone."""
    visits = []

    def show(body: str) -> Visit:
        page = tmp_path / "page.html"
        head = "<!doctype html><html lang=en><title>A page</title><meta name=viewport content='width=device-width'>"
        page.write_text(f"{head}<body>{body}", "utf-8")
        visits.append(visit(browser, page.as_uri(), PHONE))
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


def test_of_texts_that_look_alike_the_contrast_of_one_is_measured(shown):
    """Others by their ink or by the ground of any ancestor are others."""
    token = "<span style='color: {}'>word</span> "
    code = "<pre style='background: {}'>" + 3 * token.format("black") + "{}</pre>"
    plain, pale = code.format("white", ""), code.format("white", 5 * token.format("#ddd"))
    dark = f"<div style='background: #333'>{code.format('transparent', '')}</div>"
    main = "<main><h1>Code</h1>{}</main>"
    assert serious(shown(main.format(3 * plain)).page) == []
    for body in (pale, plain + pale, plain + dark):
        (found,) = serious(shown(main.format(body)).page)
        assert found.startswith("color-contrast")
