"""Every page, in both themes, on a phone and on a desk: what a reader would see, and what the page asks for."""

import re
from pathlib import PurePath
from urllib.parse import unquote

import pytest
from accessibility import OF_LOOKS, serious
from check_links import broken_links
from visiting import PHONE, SITE, WHOLE, base, page_names, views

WEIGHT = 1_500_000  # bytes: a page and its pictures, without the scripts and styles that all pages share


@pytest.fixture
def place(opened, origin):
    """The address under which the site of this view is."""
    width, height = opened.page.viewport_size.values()
    return base(origin, (width, height))


def test_every_page_is_seen_in_both_themes_and_sizes_and_one_of_each_kind_in_all_four():
    seen = {name: views(name) for name in page_names()}
    assert all(len({size for size, _ in two}) == len({theme for _, theme in two}) == 2 for two in seen.values())
    assert sorted(PurePath(name).stem for name, four in seen.items() if len(four) == 4) == sorted(WHOLE)


def test_asks_its_own_host_only(opened, place):
    """From the disk no host at all."""
    assert [url for url in opened.requests if not url.startswith((place, "data:", "blob:"))] == []
    assert opened.failures == []


def test_console_is_quiet(opened):
    assert opened.messages == []


def test_does_not_scroll_sideways(opened):
    assert opened.layout("sideways") == []


def test_texts_do_not_overlap(opened):
    assert opened.layout("overlaps") == []


def test_nothing_is_cut_off(opened):
    assert opened.layout("clipped") == []


def test_pictures_load_and_are_described(opened):
    assert opened.layout("pictures") == []


def test_formulas_are_typeset(opened):
    assert opened.layout("formulas") == []


def test_axe_finds_nothing_serious(opened, request):
    """All rules at first; in a second view those that can differ, and all once more for one page of each kind."""
    name, _, size = request.node.callspec.params["opened"]
    assert serious(opened.page, None if size == PHONE or PurePath(name).stem in WHOLE else OF_LOOKS) == []


def test_weight(opened, place):
    own = {unquote(url.removeprefix(f"{place}/").partition("?")[0]) for url in opened.requests if url.startswith(place)}
    shared = ("_static", "searchindex.js")  # loaded once for all pages; the index grows with the book
    weight = sum((SITE / path).stat().st_size for path in own if not path.startswith(shared))
    assert 0 < weight <= WEIGHT


def test_links_lead_somewhere():
    assert broken_links(SITE) == []


def test_the_table_of_a_sweep_shows_what_was_swept():
    """Its columns are cut out by their places."""
    text = re.sub("<[^>]*>", "", (SITE / "book" / "running.html").read_text("utf-8"))
    assert "\nrun,latent,kl_weight,seed,seconds,sliced W2,reconstruction error\n" in text
