"""Formulas become MathML, the font holds what they need, and one that cannot be set is reported."""

import html
import json
import re
from pathlib import Path

import pytest
from docutils import nodes
from fontTools.ttLib import TTFont
from formulas import drawn, italic, mathml, set_formula, write_font
from math_core import LatexError

ROOT = Path(__file__).parents[1]


def written() -> set[str]:
    """The formulas of all chapters, without their numbers."""
    cells = [cell for path in ROOT.glob("notebooks/*.ipynb") for cell in json.loads(path.read_text("utf-8"))["cells"]]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    return {re.sub(r"\\tag\{.*?\}", "", tex) for text in texts for tex in re.findall(r"\$\$(.+?)\$\$", text, re.DOTALL)}


def test_every_displayed_formula_can_be_set():
    formulas = written()
    assert len(formulas) > 50
    for tex in formulas:
        markup = mathml(tex.strip(), display=True)
        assert markup.startswith('<math display="block">')
        assert f">{html.escape(tex.strip(), quote=False)}</annotation>" in markup


@pytest.mark.parametrize("tex", [r"\unknown x", r"\frac{a}", r"a \tag{1} b", r"{a"])
def test_a_formula_that_cannot_be_set_is_a_warning_with_its_page(tex, caplog):
    node = nodes.math(tex, tex)
    node.source, node.line = "page.md", 7
    with pytest.raises(LatexError):
        mathml(tex, display=True)
    with caplog.at_level("WARNING", logger="sphinx.formulas"):
        assert set_formula(node, tex, display=True) == f"<code>{html.escape(tex)}</code>"
    (record,) = caplog.records
    assert repr(tex) in record.getMessage()
    assert record.location is node


def test_large_brackets_with_scripts_can_stretch_and_primes_stand_beside_their_letter():
    assert re.search(r"<msup><mrow><mo [^>]*minsize[^>]*>‖</mo></mrow><mn>2</mn></msup>", mathml(r"\Big\|^2", True))
    assert "<msup>" not in mathml("D'", display=False)


@pytest.mark.parametrize(("letter", "shape"), [("x", "𝑥"), ("h", "ℎ"), ("E", "𝐸"), ("β", "𝛽"), ("Φ", "𝛷"), ("1", "1")])
def test_single_letters_are_italic(letter, shape):
    assert italic(letter) == shape


def test_what_is_drawn_is_in_the_font(tmp_path):
    site = tmp_path / "html"
    (site / "_static").mkdir(parents=True)
    markup = mathml(r"\hat x \le \sqrt{\mathcal N(0, I)} \text{ if } p_t", display=True)
    characters = drawn(f"<p>other text: é</p>{markup}")
    assert {"𝑥", "≤", "√", "𝒩", "f", "𝑡"} <= characters
    assert not {"é", "\\", "q"} & characters
    write_font(site, characters)
    font = TTFont(site / "_static" / "math.woff2")
    assert {ord(c) for c in characters} <= {*font.getBestCmap(), 0xFE00, 0x2061}
    assert (site / "_static" / "math.woff2").stat().st_size < 60_000


def test_tall_brackets_are_hardly_wider_than_small_ones(tmp_path):
    (tmp_path / "html" / "_static").mkdir(parents=True)
    write_font(tmp_path / "html", {"(", "√"})
    font = TTFont(tmp_path / "html" / "_static" / "math.woff2")
    variants = font["MATH"].table.MathVariants
    for base, tall in zip(variants.VertGlyphCoverage.glyphs, variants.VertGlyphConstruction, strict=True):
        widths = [font["hmtx"][record.VariantGlyph][0] for record in tall.MathGlyphVariantRecord]
        assert max(widths) <= 1.11 * font["hmtx"][base][0]
