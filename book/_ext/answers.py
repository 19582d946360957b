"""Sphinx extension: cells tagged `answer` are folded until the reader has made a prediction.

Consecutive ones, of code or of text, share one fold. A heading cannot stand in it: that is a warning, and so an error
under -W.
"""

import json
from itertools import groupby
from pathlib import Path
from typing import Any

from docutils import nodes
from markup import Tag
from notebook_key import Cell, Notebook, tags
from sphinx.application import Sphinx
from sphinx.util import logging

log = logging.getLogger(__name__)
TAG = "answer"
BEGIN, END = "answer begins", "answer ends"  # comments, as cells of their own: MyST-NB drops the tags of a text


def bracketed(notebook: Notebook) -> Notebook:
    """The notebook with a comment before and after each run of tagged cells."""
    cells: list[Cell] = []
    for is_answer, run in groupby(notebook["cells"], lambda cell: TAG in tags(cell)):
        if is_answer:
            cells += [comment(BEGIN, len(cells)), *run, comment(END, len(cells))]
        else:
            cells += run
    return {**notebook, "cells": cells}


def comment(text: str, number: int) -> Cell:
    return {"cell_type": "markdown", "id": f"{text.replace(' ', '-')}-{number}", "metadata": {}, "source": f"% {text}"}


def bracket(app: Sphinx, docname: str, content: list[str]) -> None:
    if Path(app.env.doc2path(docname)).suffix == ".ipynb" and f'"{TAG}"' in content[0]:
        content[0] = json.dumps(bracketed(json.loads(content[0])))


def fold(app: Sphinx, doctree: nodes.document) -> None:
    for begin in [node for node in doctree.findall(nodes.comment) if node.astext() == BEGIN]:
        parent, start = begin.parent, begin.parent.index(begin)
        ends = [i for i, node in enumerate(parent) if i > start and isinstance(node, nodes.comment)]
        if not ends or parent[ends[0]].astext() != END:
            log.warning("a heading stands in cells tagged %r", TAG, location=begin, type="answers")
            continue
        summary = Tag("summary", nodes.Text("Show the answer"))
        parent[start : ends[0] + 1] = [Tag("details", summary, *parent[start + 1 : ends[0]], classes=[TAG])]


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("markup")
    app.connect("source-read", bracket, priority=600)  # after the outputs are there
    app.connect("doctree-read", fold)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
