"""Sphinx extension: what is the lecture and what is further reading, and how long each takes.

A line `*Core · 6 minutes*` or `*Further · 4 minutes*` below a heading marks its section, also in the page's contents.
The sums stand below the title of the chapter (minutes.py).
"""

from pathlib import Path
from typing import Any

import minutes
from docutils import nodes
from markup import Tag
from notebook_key import read
from sphinx.application import Sphinx


def badge_line(kind: str, number: int) -> nodes.paragraph:
    parts = [nodes.inline("", kind, classes=["kind"]), nodes.Text(f" {in_words(number)}")]
    return nodes.paragraph("", "", *parts, classes=["reading", kind.lower()])


def in_words(number: int) -> str:
    return f"{number} minute" if number == 1 else f"{number} minutes"


def mark(doctree: nodes.document) -> dict[str, tuple[str, int]]:
    """Make badges of the lines; the kind and the minutes of each section by its anchor."""
    found = {}
    for section in doctree.findall(nodes.section):
        line = section[1] if len(section) > 1 else None
        if not isinstance(line, nodes.paragraph) or [type(part) for part in line] != [nodes.emphasis]:
            continue
        if known := minutes.badge(line.astext()):
            found[section["ids"][0]] = known
            section["classes"].append(known[0].lower())
            section.replace(line, badge_line(*known))
    return found


def mark_contents(toc: nodes.Node, kinds: dict[str, tuple[str, int]]) -> None:
    for entry in toc.findall(nodes.reference):
        if known := kinds.get(entry.get("anchorname", "").lstrip("#")):
            kind, number = known
            entry["classes"].append(kind.lower())
            aside = f"further, {number} min" if kind == "Further" else f"{number} min"
            entry += [nodes.Text(" "), nodes.inline("", aside, classes=["minutes"])]


def set_times(app: Sphinx, doctree: nodes.document) -> None:
    page = app.env.docname
    if not (kinds := mark(doctree)):
        return
    mark_contents(app.env.tocs[page], kinds)
    source = Path(app.env.doc2path(page))
    chapter = next(doctree.findall(nodes.section), None)
    if source.suffix == ".ipynb" and chapter is not None:
        parts = minutes.sections(read(source))
        lecture, whole = minutes.core(parts), minutes.everything(parts)
        sums = [nodes.inline("", "Core", classes=["kind"]), nodes.Text(f" {in_words(lecture)} · everything {whole}")]
        chapter.insert(1, Tag("div", *sums, classes=["reading", "sums"]))


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("markup")
    app.connect("doctree-read", set_times)  # after Sphinx has collected the contents
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
