r"""Sphinx extension: formulas are set when the book is built, as MathML, which browsers draw by themselves.

No script runs for them in the page, screen readers get them as they are, and each keeps its TeX as an annotation,
which book.js copies. A formula that math-core does not know is a warning, and so an error under -W.

The font is STIX Two Math out of the package ziamath, cut down to the characters of the built pages.
"""

import re
from functools import cache
from hashlib import sha256
from html import escape, unescape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from docutils import nodes
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

log = logging.getLogger(__name__)
CONVERTER = LatexToMathML(annotation=True, fancy_error=False)
TAG = re.compile(r"\\tag\{([^{}]*)\}\s*$")
MATH = re.compile(r"<math\b.*?</math>", re.DOTALL)
NOT_DRAWN = re.compile(r"<annotation\b.*?</annotation>|<[^>]*>", re.DOTALL)
LETTER = re.compile(r"<mi>(\w)</mi>")  # drawn in italics
# Chromium stretches a bracket only where it stands in a row, and draws a raised prime too high.
BRACKET = re.compile(r"(<m(?:sup|sub|subsup)>)(<mo [^>]*minsize[^>]*>[^<]*</mo>)")
PRIME = re.compile(r"<msup>(<mi[^>]*>[^<]*</mi>)<mo>([′″])</mo></msup>")


@cache
def mathml(tex: str, display: bool) -> str:
    """The formula, with its TeX as an annotation.

    Raises:
        LatexError: a command that math-core does not know
    """
    markup = CONVERTER.convert_with_local_state(tex, displaystyle=display)
    markup = BRACKET.sub(r"\1<mrow>\2</mrow>", markup)
    return PRIME.sub(r'<mrow>\1<mo lspace="0" rspace="0">\2</mo></mrow>', markup)


def set_formula(node: nodes.Element, tex: str, display: bool) -> str:
    try:
        return mathml(tex, display)
    except LatexError as error:
        log.warning("the formula %r cannot be set: %s", tex, error, location=node, type="formulas")
        return f"<code>{escape(tex)}</code>"


def visit_math(self: HTML5Translator, node: nodes.math) -> None:
    formula = set_formula(node, node.astext().strip(), display=False)
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight") + formula + "</span>")
    raise nodes.SkipNode


def visit_math_block(self: HTML5Translator, node: nodes.math_block) -> None:
    tex = node.astext().strip()
    tag = TAG.search(tex)
    tex = TAG.sub("", tex).strip()
    if r"\\" in tex and r"\begin" not in tex:
        tex = rf"\begin{{aligned}} {tex} \end{{aligned}}"
    number = tag[1] if tag else get_node_equation_number(self, node) if node["number"] else ""
    self.body.append(self.starttag(node, "div", "", CLASS="math notranslate nohighlight"))
    self.body.append(set_formula(node, tex, display=True))
    mark = f"({escape(number)})"
    if node["ids"]:
        mark = f'<a class="permalink" href="#{node["ids"][-1]}" title="Link to this equation">{mark}</a>'
    self.body.append(f'<span class="eqno">{mark}</span></div>\n' if number else "</div>\n")
    raise nodes.SkipNode


def drawn(markup: str) -> set[str]:
    """The characters that the formulas of a page are drawn with."""
    found: set[str] = set()
    for formula in MATH.findall(markup):
        found |= {italic(letter) for letter in LETTER.findall(formula)} | {*unescape(NOT_DRAWN.sub("", formula))}
        found |= {"√"} if "<msqrt" in formula or "<mroot" in formula else set()
    return found


def italic(letter: str) -> str:
    """The mathematical italic of a Latin or Greek letter, and another letter as it is."""
    for first, last, start in (("A", "Z", 0x1D434), ("a", "z", 0x1D44E), ("Α", "Ω", 0x1D6E2), ("α", "ω", 0x1D6FC)):
        if first <= letter <= last and letter != "h":
            return chr(start + ord(letter) - ord(first))
    return {"h": "ℎ", "ϵ": "\U0001d716", "ϕ": "\U0001d719", "∂": "\U0001d715"}.get(letter, letter)


def write_font(site: Path, characters: set[str]) -> None:
    package = find_spec("ziamath")
    if package is None or package.origin is None:
        raise ExtensionError("the package ziamath is missing: pip install -r requirements.txt")
    source = Path(package.origin).parent / "fonts" / "STIXTwoMath-Regular.ttf"
    name = sha256(f"{source.stat().st_size} {sorted(characters)}".encode()).hexdigest()[:16]
    made = site.parent / f"math-{name}.woff2"  # next to the pages, for the next build
    if not made.exists():
        font = TTFont(source)
        options = Options(layout_features=["ssty", "ccmp", "mark", "mkmk", "dtls", "flac"], hinting=False)
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=[ord(character) for character in characters])
        subsetter.subset(font)
        condense(font)
        font.flavor = "woff2"
        font.save(made)
    (site / "_static" / "math.woff2").write_bytes(made.read_bytes())


def condense(font: TTFont, most: float = 1.1) -> None:
    """Tall brackets and roots hardly wider than small ones: Chromium gives each the room of the widest."""
    variants, widths, shapes = font["MATH"].table.MathVariants, font["hmtx"].metrics, font.getGlyphSet()
    narrow: dict[str, Glyph] = {}
    operators = {font.getBestCmap().get(ord(sign)) for sign in "∑∏∫"}
    for base, tall in zip(variants.VertGlyphCoverage.glyphs, variants.VertGlyphConstruction, strict=True):
        if base in operators:
            continue
        names = {record.VariantGlyph for record in tall.MathGlyphVariantRecord}
        names |= {part.glyph for part in tall.GlyphAssembly.PartRecords} if tall.GlyphAssembly else set()
        for name in names - {base}:
            width, left = widths[name]
            factor = min(1, most * widths[base][0] / width)
            shape, pen = DecomposingRecordingPen(shapes), TTGlyphPen(None)
            shapes[name].draw(shape)
            shape.replay(TransformPen(pen, (factor, 0, 0, 1, 0, 0)))
            narrow[name] = pen.glyph()
            widths[name] = round(width * factor), round(left * factor)
    for name, glyph in narrow.items():
        font["glyf"][name] = glyph


def build_finished(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        site = Path(app.outdir)
        pages = (path.read_text("utf-8") for path in site.rglob("*.html"))
        write_font(site, set().union(*map(drawn, pages)))


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.connect("build-finished", build_finished)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
