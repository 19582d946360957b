"""Sphinx extension: long lines of code cells are marked, with their indentation, so that a phone can wrap them.

The style goes on below such a line, further in. Nothing is added to the text, so what is copied is the code.
"""

import re
from html import unescape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

LONG = 38  # characters: what fits on a phone
CODE = re.compile(r'(<div class="cell_input\b.*?<pre><span></span>)(.*?)(</pre>)', re.DOTALL)
MARKUP = re.compile(r"<[^>]*>")


def mark_lines(code: re.Match[str]) -> str:
    """A code block whose long lines stand in an element; pygments ends all others at the end of a line."""
    lines = code[2].splitlines(keepends=True)
    return code[1] + "".join(map(mark, lines)) + code[3]


def mark(line: str) -> str:
    text = unescape(MARKUP.sub("", line)).rstrip("\n")
    if len(text) <= LONG:
        return line
    indentation = len(text) - len(text.lstrip())
    return f'<span class="long"{f" style=--in:{indentation}" if indentation else ""}>{line}</span>'


def mark_code(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if pagename.startswith("notebooks/") and "body" in context:
        context["body"] = CODE.sub(mark_lines, context["body"])


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", mark_code)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
