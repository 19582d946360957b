"""The detectors of layout.js see a broken page, and do not see a sound one."""

import pytest
from visiting import PHONE, visit

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
def findings(browser, tmp_path):
    def find(check: str, body: str) -> list[str]:
        page = tmp_path / "page.html"
        page.write_text(f"<!doctype html><meta name=viewport content='width=device-width'>{body}", "utf-8")
        seen = visit(browser, page.as_uri(), PHONE)
        found = seen.layout(check)
        seen.page.context.close()
        return found

    return find


@pytest.mark.parametrize("check", BROKEN)
def test_sees_what_is_broken(findings, check):
    assert findings(check, BROKEN[check])


@pytest.mark.parametrize("check", BROKEN)
def test_sees_nothing_in_a_sound_page(findings, check):
    assert findings(check, SOUND) == []


def test_both_ways_of_cutting_off_are_seen(findings):
    assert len(findings("clipped", BROKEN["clipped"])) == 2
