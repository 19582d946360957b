"""The cover counts, quotes and draws what the chapters say and what their last run printed."""

import json
import re
from pathlib import Path

import pytest
from chapters import before, columns, reduced, rows, said
from claims import printed
from notebook_key import EXECUTED, code_cells, read, source, tags
from test_executed import build

ROOT = Path(__file__).parents[1]
NEEDS = {  # as 01 to 14 stand to each other, and in another order
    "a": set(), "b": {"a"}, "c": {"b"}, "d": {"b"}, "e": {"a", "b"}, "f": {"b", "d", "e"}, "g": {"a"}, "h": {"g"},
    "i": {"b", "g", "h"}, "j": {"g", "h"}, "k": {"a"}, "l": {"b", "d"},
}  # fmt: skip
FIRST = "# {}. {}\n\n**You need** {} and patience.\n\n**Time:** the core is one lecture of about {} minutes."
FIRST += "\n\n[Later](09_x.ipynb)"


def test_a_line_that_follows_from_others_is_left_out():
    kept = reduced(NEEDS)
    assert kept["f"] == {"d", "e"}
    assert kept["i"] == {"b", "h"}
    assert {name: before(kept, name) for name in NEEDS} == {name: before(NEEDS, name) for name in NEEDS}  # nothing lost


def test_every_chapter_has_a_cell_of_its_own_to_the_right_of_what_it_needs():
    for needs in (NEEDS, reduced(NEEDS), {"a": set()}, {"a": set(), "b": set()}):
        column = columns(needs)
        row = rows(needs, column)
        assert len({(column[name], row[name]) for name in needs}) == len(needs)
        assert all(column[other] < column[name] for name in needs for other in needs[name])


def test_lines_are_short():
    """In all: where one column is read after the other, the best rows are known from trying all of them."""
    column = columns(reduced(NEEDS))
    row = rows(reduced(NEEDS), column)
    assert sum((row[a] - row[b]) ** 2 for b, before_it in reduced(NEEDS).items() for a in before_it) <= 7


@pytest.mark.parametrize(
    ("needs", "words"),
    [({"a": {"b"}, "b": {"a"}}, "a -> b -> a"), ({"a": {"z"}}, "a needs z, which is no chapter")],
)
def test_what_cannot_be_read_in_an_order_is_refused(needs, words):
    with pytest.raises(LookupError, match=words):
        reduced(needs)


@pytest.mark.parametrize("lacks", ["# 1. A", "**You need**", "lecture of about"])
def test_a_chapter_says_what_the_map_shows(lacks):
    whole = FIRST.format(1, "A", "[Chapter 2](02_b.ipynb)", 40)
    assert said(whole) == ("1", "A", {"02_b"}, "40")  # and no link of another paragraph
    with pytest.raises(LookupError, match="the first cell must have"):
        said(whole.replace(lacks, "..."))


@pytest.fixture
def book(tmp_path):
    """Three chapters, of which the second has two claims."""
    chapters = {
        "01_one": (FIRST.format(1, "One & only", "nothing", 31), ["✓ first: 1 (below 2)"]),
        "02_two": (FIRST.format(2, "Two", "[1](01_one.ipynb)", 32), ["✓ second: 2 (below 3)", "x", "✓ second best: 3"]),
        "03_three": (FIRST.format(3, "Three", "[1](01_one.ipynb), [2](02_two.ipynb)", 33), []),
    }
    for name, (first, lines) in chapters.items():
        cells = [{"cell_type": "markdown", "metadata": {}, "source": first}]
        out = [{"output_type": "stream", "name": "stdout", "text": "\n".join(lines)}]
        cells.append({"cell_type": "code", "metadata": {}, "source": "", "outputs": out, "execution_count": None})
        for folder in (tmp_path, tmp_path / EXECUTED):
            path = folder / "notebooks" / f"{name}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), "utf-8")
        (tmp_path / "notebooks" / f"{name}.md").write_text(f"# {name}\n", "utf-8")  # a page to lead to
    links = "\n".join(f"notebooks/{name}" for name in chapters)
    text = (
        "# Page\n\n{held}`claims` held.\n\n```{held-claim} notebooks/02_two\nsecond:\n```\n\n"
        "```{chapters}\n```\n\n```{toctree}\n" + links + "\n```\n"
    )
    (tmp_path / "page.md").write_text(text, "utf-8")
    return tmp_path


def html(book) -> str:
    return (book / "_build" / "html" / "page.html").read_text("utf-8")


def test_the_page_counts_quotes_and_draws(book):
    assert build(book, "-W", extension="cover,chapters").stderr == ""
    page = html(book)
    assert "<p>3 claims held.</p>" in page
    assert re.findall(r'<p class="holds">(.*?)</p>', page) == ["✓ second: 2 (below 3)"]
    cards = re.findall(r'<a href="([^"]*)"><b>(\d)</b> (.*?)</a><span>(.*?)</span>', page)
    assert cards == [
        ("notebooks/01_one.html", "1", "One &amp; only", "31 min, 1 claim"),
        ("notebooks/02_two.html", "2", "Two", "32 min, 2 claims, after 1"),
        ("notebooks/03_three.html", "3", "Three", "33 min, 0 claims, after 2"),
    ]
    assert [svg.count("<path") for svg in re.findall(r'<svg class="map-\w+".*?</svg>', page)] == [2, 2]


def test_another_run_is_another_page(book):
    build(book, extension="cover,chapters")
    copy = book / EXECUTED / "notebooks" / "03_three.ipynb"
    copy.write_text(copy.read_text("utf-8").replace('"text": ""', '"text": "\\u2713 third: 1 (above 0)"'), "utf-8")
    assert build(book, "-W", extension="cover,chapters").stderr == ""
    assert "<p>4 claims held.</p>" in html(book)
    assert "33 min, 1 claim" in html(book)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda copy, _: copy.unlink(), "no executed copy 02_two.ipynb: run make execute"),
        (
            lambda copy, _: copy.write_text(copy.read_text().replace("second:", "other:")),
            "begins '✓ second:', it has 0",
        ),
        (lambda copy, _: copy.write_text(copy.read_text().replace("second best", "second")), "it has 2"),
        (lambda copy, _: copy.write_text(copy.read_text().replace("\\u2713 second:", "\\u2717 second:")), "it has 0"),
        (
            lambda _, page: page.write_text(page.read_text().replace("lecture", "hour")),
            "02_two: the first cell must have",
        ),
    ],
    ids=["missing", "renamed", "ambiguous", "fails", "no time"],
)
def test_what_is_not_there_stops_the_build(book, change, words):
    change(book / EXECUTED / "notebooks" / "02_two.ipynb", book / "notebooks" / "02_two.ipynb")
    built = build(book, "-W", "--keep-going", extension="cover,chapters")
    assert built.returncode
    assert words in built.stderr


def test_the_cover_asks_for_cells_and_claims_that_are_there():
    page = (ROOT / "book" / "intro.md").read_text("utf-8")
    (figure,) = re.findall(r"```\{executed\} (\S+) (\S+)", page)
    (claim,) = re.findall(r"```\{held-claim\} (\S+)\n(.*)", page)
    tagged = [cell for cell in code_cells(read(ROOT / f"{figure[0]}.ipynb")) if figure[1] in tags(cell)]
    assert len(tagged) == 1
    assert "live.flow_plane(" in source(tagged[0])
    assert claim[1] in "".join(map(source, code_cells(read(ROOT / f"{claim[0]}.ipynb"))))


def test_a_claim_that_fails_does_not_count():
    cell = {"cell_type": "code", "outputs": [{"output_type": "stream", "text": "✓ a: 1\n✗ b: 2\n ✓ no"}]}
    assert printed({"cells": [cell]}) == ["✓ a: 1", "✗ b: 2"]
