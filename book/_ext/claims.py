"""Sphinx extension: printed claims (lines that begin with a tick or a cross) become sentences, not terminal output.

As text they wrap on a narrow screen, and the style can tell those that hold from those that fail.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

MARKS = {"✓": "holds", "✗": "fails"}


def sentences(lines: Iterable[str]) -> nodes.container:
    paragraphs = [nodes.paragraph(line, line, classes=[MARKS[line[0]]]) for line in lines]
    return nodes.container("", *paragraphs, classes=["output", "claims"])


def set_claims(app: Sphinx, doctree: nodes.document) -> None:
    for block in list(doctree.findall(nodes.literal_block)):
        lines = block.astext().splitlines()
        if "stream" not in block["classes"] or not any(line[:1] in MARKS for line in lines):
            continue
        parts = []
        for is_claim, run in groupby(lines, lambda line: line[:1] in MARKS):
            if is_claim:
                parts.append(sentences(run))
            elif text := "\n".join(run).strip("\n"):
                other = block.deepcopy()
                other.children = [nodes.Text(text)]
                other.rawsource = text  # highlighting reads this
                parts.append(other)
        block.replace_self(parts)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", set_claims)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
