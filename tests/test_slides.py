"""A chapter becomes slides: nothing of its core is lost, nothing else is there, and no answer comes before its time."""

import json
import re
from functools import cache
from html import unescape
from pathlib import Path

import make_slides
import pytest
from executed_outputs import FIGURE
from exercises import exercises
from minutes import MARKDOWN, UNTIMED
from minutes import sections as timed
from notebook_key import read, source
from slide_pieces import of_code, of_print, of_text
from slide_text import apart, code, inline, marked, sentences, shorten
from slides import deck
from test_pipeline import code as code_cell
from test_pipeline import markdown, notebook

from gen_lib.figures import page

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))
each_chapter = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@cache
def made_of(path):
    return deck(read(path))


def plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<annotation.*?</annotation>|<[^>]*>", "", html)).split())


def text(*slides) -> str:
    return " ".join(plain(piece.html + " " + piece.notes) for slide in slides for piece in slide.pieces)


def printed(said):
    return {"output_type": "stream", "name": "stdout", "text": said}


def kinds(*cells):
    """What is on each slide of a section of these cells."""
    made = deck(notebook(markdown("# 1. A title"), markdown("## A section"), *cells))
    return [[piece.kind for piece in slide.pieces] for slide in made.slides]


def core_prose(chapter) -> list[str]:
    """Each block of text of the core, as it is written."""
    found, section = [], ""
    further = {part.title for part in timed(chapter) if part.kind == "Further"} | {*UNTIMED}
    for cell in chapter["cells"]:
        tokens = MARKDOWN.parse(source(cell)) if cell["cell_type"] == "markdown" else []
        for before, token in zip([None, *tokens], tokens, strict=False):
            if token.type != "inline":
                continue
            if before.type == "heading_open" and before.tag == "h2":
                section = token.content
            elif section and section not in further and before.type != "heading_open":
                found.append(token.content)
    return [block for block in found if not re.fullmatch(r"\*Core · \d+ minutes?\*", block)]


@each_chapter
def test_all_prose_of_the_core_is_on_a_slide_or_in_its_notes(path):
    chapter = read(path)
    said = text(*made_of(path).slides)
    blocks = core_prose(chapter)
    assert len(blocks) > 15
    assert [block for block in blocks if plain(inline(block)) not in said] == []


@each_chapter
def test_slides_are_those_of_the_core(path):
    chapter = read(path)
    made, parts = made_of(path), timed(chapter)
    core = [part.title for part in parts[1:] if part.kind != "Further" and part.is_timed]
    assert [*dict.fromkeys(slide.section for slide in made.slides)] == [
        *(["This lecture"] if made.slides[0].section == "This lecture" else []),
        *core,
        *(["Exercises"] if exercises(chapter) else []),
    ]
    assert [part.title for part in made.sections] == core
    assert plain(made.promise)


@each_chapter
def test_a_loss_is_shown_as_code(path):
    assert any("code" in {piece.kind for piece in slide.pieces} for slide in made_of(path).slides)


def test_sentences_do_not_end_in_a_formula_or_an_abbreviation():
    assert sentences("Take $a. B$ here. **It stays. Always.** By e.g. Euler: five.") == [
        "Take $a. B$ here.",
        "**It stays. Always.**",
        "By e.g. Euler: five.",
    ]


def test_a_long_paragraph_keeps_its_first_its_bold_and_its_announcing_sentence():
    long = "First. Second. **Third.** Fourth:"
    assert shorten(long) == [long]
    assert shorten(long, before=True, budget=20) == ["First.", "**Third.** Fourth:"]
    assert shorten(long, before=False, budget=12) == ["First.", "**Third.**"]
    (first, *_) = of_text("A beginning. " + "Words that go on and on. " * 12)
    assert "go on" in first.notes
    assert first.html.count("go on") < 8


def test_a_cut_is_marked_and_no_sentence_announces_what_is_cut():
    assert marked("One. Two. Three.", ["One.", "Three."]) == ["One. …", "Three."]
    assert marked("One. Two.", ["One. Two."]) == ["One. Two."]
    assert shorten("It fails. Two changes repair this. First, noise. Second, a price.", budget=34) == ["It fails."]
    long = "It fails. Words go on. " + "Words go on and on. " * 10
    announced, *_ = of_text(f"{long}We have\n\n$$\nx = 1\n$$")
    assert "…" not in announced.html
    before_a_picture, *_ = of_text(f"{long}We have more.")
    assert plain(before_a_picture.html).endswith("…")


def test_formulas_in_one_line_are_set_apart_where_they_are_wide():
    assert apart(r"a = b, \qquad c = \text{d \qquad e}") == ["a = b,", r"c = \text{d \qquad e}"]
    wide = r"\qquad ".join(f"a_{k} = b_{k} + c_{k} + d_{k}," for k in range(4))
    (piece,) = of_text(f"$$\n{wide} \\tag{{3}}\n$$")
    assert piece.html.count("<mtr>") == 4
    assert '<span class="eqno">(3)</span>' in piece.html


def test_an_answer_comes_after_its_prediction():
    answer = printed("✓ it is two: 2 (above 1)")
    assert kinds(
        markdown("Before.\n\n> **Predict first.** How many?"),
        code_cell("claim('it is two', 2, above=1)", "answer", outputs=[answer]),
        markdown("Two."),
    ) == [["text"], ["prediction"], ["claims"], ["text"]]


def test_open_code_is_shown_where_it_claims_and_draws_nothing():
    claims = printed("✓ it is two: 2 (above 1)")
    assert kinds(code_cell("x = 1")) == [["code"]]
    assert kinds(code_cell("x = 1", outputs=[printed("one")])) == [["code", "printed"]]
    assert kinds(code_cell("x = 1", "hide-input", outputs=[printed("one")])) == [["printed"]]
    assert kinds(code_cell("claim('it is two', 2)", outputs=[claims])) == [["claims"]]


def test_a_picture_stands_with_what_announces_it_and_describes_itself_to_the_speaker():
    drawn = {"output_type": "display_data", "data": {"image/png": "AAAA"}, "metadata": {}}
    described = {"mystnb": {"image": {"alt": "a line that rises"}}}
    cells = markdown("One. "), code_cell("plot()", "hide-input", outputs=[drawn], **described)
    made = deck(notebook(markdown("# T"), markdown("## S"), *cells))
    assert [[piece.kind for piece in slide.pieces] for slide in made.slides] == [["text", "picture"]]
    assert "a line that rises" in made.slides[0].pieces[1].notes


def test_long_code_and_many_claims_are_cut():
    long = "\n".join(f"x{k} = {k}" + "\n" * (k % 10 == 9) for k in range(20))
    pieces = [*of_code(long)]
    assert len(pieces) == 2
    assert plain("".join(piece.html for piece in pieces)).split() == plain(code(long)).split()
    claims = [f"{'✗' if k == 3 else '✓'} claim {k}: {k} (below 9)" for k in range(20)]
    pieces = [*of_print(claims)]
    assert len(pieces) == 3
    assert [len(re.findall("<li", piece.html)) for piece in pieces] == [8, 8, 4]
    assert sum(piece.html.count('class="fails"') for piece in pieces) == 1


def test_figures_bring_their_scripts_once_and_the_library_first():
    spec = page.element("explore", {}, "<svg/>", "a picture"), page.element("ruler", {}, "<svg/>", "another")
    shown = [{"output_type": "display_data", "data": {"text/html": html}, "metadata": {}} for html in spec * 2]
    made = deck(notebook(markdown("# T"), markdown("## S"), code_cell("x", outputs=shown)))
    assert [FIGURE.match("\n" + script)[1] for script in made.scripts] == ["library", "explore", "ruler"]
    assert "data-gen-lib" not in "".join(piece.html for slide in made.slides for piece in slide.pieces)


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A book of one chapter, with an executed copy that is fresh."""
    chapter = notebook(
        markdown("# 1. Small\n\n**In one sentence:** little."), markdown("## S\n\n$x$"), code_cell("x = 1")
    )
    for folder in ("notebooks", "_build/executed/notebooks"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "01_small.ipynb").write_text(json.dumps(chapter), "utf-8")
    monkeypatch.setattr(make_slides, "is_fresh", lambda *_: True)
    return tmp_path


def test_slides_ask_for_nothing_that_is_not_there(small):
    assert make_slides.main(["--root", str(small)]) == 0
    site = small / "_build" / "slides"
    assert {path.name for path in site.glob("*.html")} == {"index.html", "01_small.html"}
    for path in site.glob("*.html"):
        asked = re.findall(r'<(?:script|link|img)\b[^>]*(?:src|href)="(.*?)"', path.read_text("utf-8"))
        assert asked
        assert [name for name in asked if not (site / name).is_file()] == []
    style = (site / "_static" / "slides.css").read_text("utf-8")
    assert [name for name in re.findall(r'url\("(.*?)"\)', style) if not (site / "_static" / name).is_file()] == []
    assert "Permission is hereby granted" in (site / "_static" / "LICENSE").read_text("utf-8")


def test_an_executed_copy_of_another_time_is_refused(small, monkeypatch, capsys):
    monkeypatch.setattr(make_slides, "is_fresh", lambda *_: False)
    with pytest.raises(SystemExit, match="01_small: the executed copy is stale"):
        make_slides.main(["--root", str(small)])
    assert make_slides.main(["--root", str(small), "--stale"]) == 0
    assert "WARNING" in capsys.readouterr().out
    (small / "_build/executed/notebooks/01_small.ipynb").unlink()
    with pytest.raises(SystemExit, match="no executed copy"):
        make_slides.main(["--root", str(small), "--stale"])
