"""What a slide shows of the prose: formulas as MathML, and of a long paragraph the sentences that carry it.

A paragraph that is cut stands whole in the speaker's notes.
"""

import re
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

from formulas import TAG, mathml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers.python import PythonLexer

LONG, LONG_ALONE = 180, 360  # characters, drawn, of a paragraph: next to a picture or code, or without
WIDE = 70  # characters of a formula that find room in a line, about
STYLE = HtmlFormatter(style="a11y-high-contrast-light", nowrap=True)
OPAQUE = re.compile(r"\$[^$]+\$|`[^`]+`|\]\([^)]*\)")  # no sentence ends in it
END = re.compile(r"[.!?:][\"”’)*_]*\s+(?=[\"“(*_\[$`]*[A-Z0-9$`\\])")
NOT_AN_END = re.compile(r"(?:\b(?:e\.g|i\.e|cf|vs|Fig|Eq|al|[A-Z])\.|:)\**\s*$")
SIGNS = re.compile(r"\\[a-zA-Z]+|[{}_^\\&]")  # of TeX, that are not drawn
LEADS_ON = re.compile(r"(?:First|One|The first|The one)\b")  # so begins what the sentence before announces
GLUED = re.compile(r"([(\[“‘]?)(<math\b(?:(?!</math>).)*</math>)([,.;:!?)\]”’-][^\s<]*)?", re.DOTALL)


def formula(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return mathml(tokens[index].content.strip(), False)


def displayed(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    tex = tokens[index].content.strip()
    tag = TAG.search(tex)
    tex = TAG.sub("", tex).strip()
    if r"\\" in tex and r"\begin" not in tex:
        tex = rf"\begin{{aligned}} {tex} \end{{aligned}}"
    elif length(tex) > WIDE and len(parts := apart(tex)) > 1:
        tex = r"\begin{gathered} " + r" \\ ".join(parts) + r" \end{gathered}"
    number = f'<span class="eqno">({escape(tag[1])})</span>' if tag else ""
    return f'<div class="math">{mathml(tex, True)}{number}</div>\n'


def apart(tex: str) -> list[str]:
    r"""The formulas of a line, which are set apart by \qquad: below each other there is room for them.

    Example:
        >>> apart(r"a = b, \qquad c = {d \qquad e}")
        ['a = b,', 'c = {d \\qquad e}']
    """
    parts = [""]
    for piece in re.split(r"(\\qquad\b)", tex):
        outside = parts[-1].count("{") == parts[-1].count("}") and r"\left" not in parts[-1]
        if piece == r"\qquad" and outside:
            parts.append("")
        else:
            parts[-1] += piece
    return [part.strip() for part in parts if part.strip()]


def fence(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return code(tokens[index].content)


def link(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """A chapter is a deck here; a page of the book is not, and what is elsewhere opens next to the slides."""
    href = str(tokens[index].attrs["href"])
    if "://" in href:
        return f'<a href="{escape(href)}" target="_blank" rel="noopener">'
    path = PurePosixPath(href.partition("#")[0])
    return f'<a href="{path.with_suffix(".html").name}">' if path.suffix == ".ipynb" else "<a>"


MARKDOWN = MarkdownIt().enable("table").use(dollarmath_plugin)
MARKDOWN.add_render_rule("math_inline", formula)
MARKDOWN.add_render_rule("math_block", displayed)
MARKDOWN.add_render_rule("fence", fence)
MARKDOWN.add_render_rule("link_open", link)


def render(text: str) -> str:
    """Markdown as HTML, in which a formula keeps the comma that follows it."""
    return GLUED.sub(r'<span class="nobreak">\1\2\3</span>', MARKDOWN.render(text))


def inline(text: str) -> str:
    return GLUED.sub(r'<span class="nobreak">\1\2\3</span>', MARKDOWN.renderInline(text))


def code(text: str) -> str:
    return f"<pre><code>{highlight(text.strip(), PythonLexer(), STYLE)}</code></pre>"


def length(text: str) -> int:
    """About how many characters are drawn."""
    text = re.sub(r"\]\([^)]*\)|[*`$\[\]]", "", text)
    return len(SIGNS.sub("", re.sub(r"\\[a-zA-Z]+\s*(?=\{)", "", text)))


def sentences(text: str) -> list[str]:
    r"""The sentences of a paragraph, in Markdown.

    Example:
        >>> sentences("Take $a. B$ here. **It stays. Always.** By e.g. Euler: five.")
        ['Take $a. B$ here.', '**It stays. Always.**', 'By e.g. Euler: five.']
    """
    masked = OPAQUE.sub(lambda found: "x" * len(found[0]), text)
    ends = [0, *(found.end() for found in END.finditer(masked)), len(text)]
    found: list[str] = []
    for start, end in pairwise(ends):
        open_before = found and (found[-1].count("**") % 2 or NOT_AN_END.search(found[-1]))
        if open_before:
            found[-1] += text[start:end]
        else:
            found.append(text[start:end])
    return [sentence.strip() for sentence in found if sentence.strip()]


def shorten(text: str, before: bool = False, budget: int = LONG) -> list[str]:
    """The sentences of a paragraph that a slide shows; what does not follow each other is not in one line.

    Args:
        text: Markdown
        before: a formula, a picture or code follows, which the last sentence may announce
        budget: characters; a shorter paragraph stays as it is

    Example:
        >>> shorten("First. Second. **Third.** Fourth:", before=True, budget=20)
        ['First.', '**Third.** Fourth:']
    """
    parts = sentences(text)
    if length(text) <= budget or len(parts) == 1:
        return [text]
    kept = {i for i, part in enumerate(parts) if "**" in part} | {0}
    if before and not parts[-1].endswith((".", "!", "?", ")")):
        kept.add(len(parts) - 1)
    for i in range(len(parts)):  # and what still finds room
        if i - 1 in kept and sum(length(parts[k]) for k in kept | {i}) <= budget:
            kept.add(i)
    for i in sorted(kept - {0}, reverse=True):  # what announces a sentence that is cut
        if "**" not in parts[i] and i + 1 not in kept and parts[i + 1 :] and LEADS_ON.match(parts[i + 1]):
            kept.remove(i)
    runs: list[str] = []
    for i in sorted(kept):
        if i - 1 in kept:
            runs[-1] += " " + parts[i]
        else:
            runs.append(parts[i])
    return runs


def marked(text: str, runs: Sequence[str]) -> list[str]:
    """The runs of a shortened text, with a sign where sentences are cut.

    Example:
        >>> marked("First. Second. **Third.** Fourth:", ["First.", "**Third.** Fourth:"])
        ['First. …', '**Third.** Fourth:']
    """
    ends = text.rstrip().endswith(runs[-1].rstrip())
    return [run if ends and i == len(runs) - 1 else f"{run} …" for i, run in enumerate(runs)]
