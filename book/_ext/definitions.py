"""Sphinx extension: the first occurrence of a word of the glossary in a chapter leads there, and shows its definition.

book.js opens the definition when the mouse or the keyboard reaches the word, and Escape closes it; to a finger it is
an ordinary link. Headings, links, code, formulas, claims and references stay as they are.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from docutils import nodes
from markup import Tag
from numbered import prose
from sphinx.application import Sphinx

PAGE = "book/glossary"
# Words that mean something else as often: their first occurrence says little.
EVERYDAY = {"claim", "code", "evidence", "flow", "path", "score", "states", "time", "turn"}


def definitions(glossary: nodes.document) -> dict[str, tuple[str, nodes.Element]]:
    """The anchor and the first paragraph of the definition of each term."""
    found = {}
    for item in glossary.findall(nodes.definition_list_item):
        texts = [part for part in item if isinstance(part, nodes.definition)]
        for term in item.findall(nodes.term):
            if term["ids"] and texts and term.astext() not in EVERYDAY:
                found[term.astext()] = (term["ids"][0], texts[0])
    return found


def pattern(terms: list[str]) -> re.Pattern[str]:
    """The longest term first; a capital at the beginning of a sentence and a plural are the same word."""

    def forms(term: str) -> str:
        first = f"[{term[0].upper()}{term[0]}]" if term[0].islower() else term[0]
        return first + re.escape(term[1:]).replace(r"\ ", r"\s+")

    return re.compile(rf"(?<![\w-])({'|'.join(map(forms, sorted(terms, key=len, reverse=True)))})(e?s)?(?![\w-])")


def plain(definition: nodes.Element) -> list[nodes.Node]:
    """A definition without its links: it is read on the way to them."""
    whole = definition.deepcopy()
    for link in [*whole.findall(nodes.reference)]:
        link.parent.replace(link, nodes.Text(link.astext()))
    return whole.children


def link_terms(doctree: nodes.document, known: dict[str, tuple[str, nodes.Element]], page: str) -> None:
    """Make links of the first occurrences, and put their definitions at the end."""
    wanted, seen = pattern([*known]), dict[str, str]()
    capital = {term[0].upper() + term[1:]: term for term in known}
    for text in prose_without_references(doctree):
        parts: list[nodes.Node] = []
        string, done = text.astext(), 0
        for match in wanted.finditer(string):
            words = re.sub(r"\s+", " ", match[1])
            term = words if words in known else capital[words]
            if term in seen:
                continue
            anchor = known[term][0]
            seen[term] = f"definition-{anchor}"
            attributes = {"href": f"{page}#{anchor}", "aria-describedby": seen[term]}
            parts += [nodes.Text(string[done : match.start()])] if done < match.start() else []
            parts.append(Tag("a", nodes.Text(match[0]), classes=["term"], attributes=attributes))
            done = match.end()
        if parts:
            text.parent.replace(text, [*parts, nodes.Text(string[done:])])
    hidden = {"popover": "", "role": "tooltip"}
    for term, name in seen.items():
        doctree += Tag("div", *plain(known[term][1]), ids=[name], classes=["definition"], attributes=hidden)


def prose_without_references(doctree: nodes.document) -> Iterator[nodes.Text]:
    for text in [*prose(doctree)]:
        section = text.parent
        while section is not None and not isinstance(section, nodes.section):
            section = section.parent
        if section is None or "references" not in section["ids"]:
            yield text


@cache
def of_book(app: Sphinx) -> dict[str, tuple[str, nodes.Element]]:
    return definitions(app.env.get_and_resolve_doctree(PAGE, app.builder))


def explain(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if docname.startswith("notebooks/") and PAGE in app.env.all_docs and app.builder.format == "html":
        link_terms(doctree, of_book(app), app.builder.get_relative_uri(docname, PAGE))


def depend(app: Sphinx, doctree: nodes.document) -> None:
    """A chapter is made again when the glossary changes."""
    if app.env.docname.startswith("notebooks/") and PAGE in app.env.found_docs:
        app.env.note_dependency(app.env.doc2path(PAGE))


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("markup")
    app.connect("doctree-read", depend)
    app.connect("doctree-resolved", explain)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
