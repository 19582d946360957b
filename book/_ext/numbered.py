r"""Sphinx extension: the figures and equations of a chapter have numbers that can be linked.

Every picture and every figure that moves becomes "Figure 7.3", with the caption in its cell's metadata,
`{"gen_lib": {"caption": "..."}}`; a displayed formula with `\tag{3}` is an equation. Their anchors are `figure-7-3` and
`equation-7-3`. "Figure 7.3", "equation (3)", "equations (3) and (4)", "(3)" and "equation (3) of Chapter 1" in the text
lead there. Two equations with one number, and the name of one that is not there, are warnings, and so errors under -W.
"""

import re
from collections.abc import Iterator
from typing import Any, cast

from docutils import nodes
from formulas import TAG
from markup import Tag
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.domains.std import StandardDomain
from sphinx.util import logging

log = logging.getLogger(__name__)
CHAPTER = re.compile(r"(\d+)\. ")  # its title
FORMULA = re.compile(r"\$([^$]+)\$")
FIGURE = re.compile(r"\bFigure (?P<chapter>\d+)\.(?P<number>\d+)")
# "equations (3) and (4) of Chapter 1"; "there" refers to another page, which only a reader can tell.
EQUATIONS = re.compile(
    r"(?P<named>\b(?i:equations?) )?(?<![\w)\]])(?P<list>\(\d{1,2}\)(?:(?:, and |, | and | to | or )\(\d{1,2}\))*)"
    r"(?! there)(?: of Chapter (?P<chapter>\d+)\b)?(?P<end> of $)?"
)
NUMBER = re.compile(r"\((\d{1,2})\)")
NO_PROSE = (nodes.reference, addnodes.pending_xref, nodes.literal, nodes.math, nodes.raw)


def chapter_of(doctree: nodes.document) -> int | None:
    title = next(doctree.findall(nodes.title), None)
    found = CHAPTER.match(title.astext()) if title is not None else None
    return int(found[1]) if found else None


def shows_picture(output: nodes.Node) -> bool:
    """Whether an output of a cell is a picture or a figure that moves, whatever it is made of."""
    if not isinstance(output, nodes.Element) or output.get("nb_element") != "mime_bundle":
        return False
    kinds = {data["mime_type"]: data for data in output}
    html = kinds["text/html"].astext() if "text/html" in kinds else ""
    return any(kind.startswith("image/") for kind in kinds) or "<gen-lib-" in html or "<svg" in html


def number_figures(doctree: nodes.document, chapter: int) -> Iterator[str]:
    """Give each figure its number; yield the anchors."""
    number = 0
    for cell in [node for node in doctree.findall(nodes.container) if node.get("nb_element") == "cell_code"]:
        caption = cell["cell_metadata"].get("gen_lib", {}).get("caption", "")
        outputs = [part for part in cell if part.get("nb_element") == "cell_code_output"]
        for output in [one for part in outputs for one in part if shows_picture(one)]:
            number += 1
            name, anchor = f"Figure {chapter}.{number}", f"figure-{chapter}-{number}"
            link = nodes.reference("", name, refid=anchor, classes=["permalink"], reftitle="Link to this figure")
            words = [nodes.Text(". "), *in_line(caption)] if caption else []
            figure = Tag("figure", ids=[anchor], classes=["numbered"])
            output.replace_self(figure)
            figure += [output, Tag("figcaption", nodes.paragraph("", "", link, *words))]
            yield anchor


def in_line(text: str) -> Iterator[nodes.Node]:
    """A caption, with its formulas."""
    for i, part in enumerate(FORMULA.split(text)):
        if part:
            yield nodes.math(part, part) if i % 2 else nodes.Text(part)


def number_equations(doctree: nodes.document, chapter: int) -> Iterator[str]:
    """Give each equation its anchor; yield them."""
    seen = set()
    for block in doctree.findall(nodes.math_block):
        if tag := TAG.search(block.astext().strip()):
            anchor = f"equation-{chapter}-{tag[1]}"
            if anchor in seen:
                log.warning("there are two equations (%s)", tag[1], location=block, type="numbered")
            seen.add(anchor)
            block["ids"].append(anchor)
            yield anchor


def prose(doctree: nodes.Element) -> Iterator[nodes.Text]:
    """The text in paragraphs that may name something: no link, code or formula, and nothing that was printed."""
    for paragraph in [*doctree.findall(nodes.paragraph)]:
        printed = "claims" in paragraph.parent["classes"]
        for text in [] if printed else [*paragraph.findall(nodes.Text)]:
            parent = text.parent
            while parent is not paragraph and not isinstance(parent, NO_PROSE):
                parent = parent.parent
            if parent is paragraph:
                yield text


def link_names(doctree: nodes.document, chapter: int | None, own: set[str]) -> None:
    for text in [*prose(doctree)]:
        parts = [*linked(text, chapter, own)]
        if len(parts) > 1 or not isinstance(parts[0], nodes.Text):
            text.parent.replace(text, parts)


def linked(text: nodes.Text, chapter: int | None, own: set[str]) -> Iterator[nodes.Node]:
    """The text, with links where it names a figure or an equation."""
    string, done = text.astext(), 0
    for match in sorted([*FIGURE.finditer(string), *EQUATIONS.finditer(string)], key=lambda match: match.start()):
        for start, end, anchor in named(match, text, chapter, own):
            yield from [nodes.Text(string[done:start])] if done < start else []
            yield pending(anchor, string[start:end])
            done = end
    if done < len(string) or not string:
        yield nodes.Text(string[done:])


def named(match: re.Match[str], text: nodes.Text, chapter: int | None, own: set[str]) -> Iterator[tuple[int, int, str]]:
    """From where to where the names stand, and what they name."""
    if match.re is FIGURE:
        yield match.start(), match.end(), f"figure-{match['chapter']}-{match['number']}"
        return
    other = match["chapter"] or (chapter_after(text) if match["end"] else None)
    numbers = [*NUMBER.finditer(match.string, match.start("list"), match.end("list"))]
    for number in numbers:
        anchor = f"equation-{other or chapter}-{number[1]}"
        if other or (match["named"] and chapter) or anchor in own:  # else a number in brackets that is no equation's
            if len(numbers) == 1:
                yield match.start(), match.start("end") if match["end"] else match.end(), anchor
            else:
                yield number.start(), number.end(), anchor


def chapter_after(text: nodes.Text) -> str | None:
    """The chapter of "equation (3) of [Chapter 1](...)"."""
    following = text.next_node(descend=False, siblings=True)
    found = re.match(r"Chapter (\d+)\b", following.astext()) if following is not None else None
    return found[1] if found else None


def pending(anchor: str, words: str) -> nodes.Node:
    link = addnodes.pending_xref("", refdomain="std", reftype="ref", reftarget=anchor, refexplicit=True, refwarn=True)
    link += nodes.inline("", words)
    return link


def set_numbers(app: Sphinx, doctree: nodes.document) -> None:
    chapter = chapter_of(doctree)
    own: set[str] = set()
    if chapter is not None:
        own = {*number_figures(doctree, chapter), *number_equations(doctree, chapter)}
        domain = cast(StandardDomain, app.env.get_domain("std"))
        domain.anonlabels.update({anchor: (app.env.docname, anchor) for anchor in own})
    link_names(doctree, chapter, own)


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("markup")
    app.connect("doctree-read", set_numbers, priority=450)  # before typography.py cuts texts
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
