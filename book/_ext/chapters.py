"""Sphinx extension: the map of the chapters, made from what the chapters say and from their last run.

    ```{chapters}
    ```

draws each chapter with its title, the minutes of its core and the number of its claims that held, and a line to it from
each chapter that it needs: those linked in its paragraph "You need". A line that follows from others is left out. On a
wide screen the lines run from left to right; on a narrow one the chapters are listed one below the other.
"""

import re
from collections.abc import Mapping
from html import escape
from itertools import combinations, pairwise, permutations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from cover import copies, count_held
from docutils import nodes
from docutils.parsers.rst import Directive
from minutes import core, sections
from notebook_key import read, source
from sphinx.application import Sphinx
from sphinx.util import logging

log = logging.getLogger(__name__)
TITLE = re.compile(r"# (\d+)\. (.+)")
NEED = re.compile(r"^(?:\*\*You need\*\*|You need:)(.*?)(?:\n\n|\Z)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((\d\d_\w+)\.ipynb")
Needs = Mapping[str, set[str]]  # name of each chapter to those before it


class Chapter(NamedTuple):
    """What the first cell of a chapter says."""

    number: str
    title: str
    needs: set[str]


def said(text: str) -> Chapter:
    """The chapter of a first cell.

    Raises:
        LookupError: it lacks something
    """
    title, need = TITLE.match(text), NEED.search(text)
    if not title or not need:
        raise LookupError('the first cell must have "# N. Title" and "**You need** ..."')
    return Chapter(title[1], title[2], set(LINK.findall(need[1])))


def before(needs: Needs, name: str, seen: tuple[str, ...] = ()) -> set[str]:
    """All chapters that must come first.

    Raises:
        LookupError: one of them needs itself, or is not there
    """
    if name in seen:
        raise LookupError(f"chapters need each other: {' -> '.join([*seen, name])}")
    if name not in needs:
        raise LookupError(f"{seen[-1]} needs {name}, which is no chapter")
    return needs[name].union(*(before(needs, other, (*seen, name)) for other in needs[name]))


def reduced(needs: Needs) -> Needs:
    """The same without what follows: who needs a chapter needs what that one needs."""
    all_before = {name: before(needs, name) for name in needs}
    return {name: own - set().union(*(all_before[other] for other in own)) for name, own in needs.items()}


def columns(needs: Needs) -> dict[str, int]:
    """How many chapters must be read one after the other before each."""
    depth: dict[str, int] = {}
    for name in sorted(needs, key=lambda name: len(before(needs, name))):
        depth[name] = 1 + max((depth[other] for other in needs[name]), default=-1)
    return depth


def rows(needs: Needs, column: Mapping[str, int]) -> dict[str, int]:
    """A row for each chapter, such that lines are short and cross no other chapter; by two columns at a time."""
    members = [[name for name in needs if column[name] == k] for k in range(max(column.values()) + 1)]
    count = max(map(len, members))
    row = {name: k for group in members for k, name in enumerate(group)}
    lines = [(a, b) for b in needs for a in needs[b]]

    def cost(at: Mapping[str, Any]) -> Any:
        """Of one placing, or of many at once, with an array of rows for each name."""
        total = 0.1 * sum(np.greater(at[a], at[b]) for group in members for a, b in combinations(group, 2))  # in order
        for a, b in lines:
            total = total + (at[a] - at[b]) ** 2
            for k in range(column[a] + 1, column[b]):
                height = at[a] + (at[b] - at[a]) * (k - column[a]) / (column[b] - column[a])
                total = total + 9 * (sum(np.abs(at[name] - height) < 0.4 for name in members[k]) > 0)
        return total

    def best(left: list[str], right: list[str]) -> dict[str, int]:
        """The others stay where they are."""
        one, two = (np.array([*permutations(range(count), len(group))]) for group in (left, right))
        both = [*zip(left, one.repeat(len(two), 0).T, strict=True)]
        both += zip(right, np.tile(two, (len(one), 1)).T, strict=True)
        least = np.argmin(cost(row | dict(both)))
        return row | {name: int(places[least]) for name, places in both}

    pairs = [*pairwise(members)] or [(members[0], [])]
    while True:
        start = cost(row)
        for left, right in pairs:
            row = best(left, right)
        row = min(row, {name: count - 1 - k for name, k in row.items()}, key=cost)
        if cost(row) >= start:
            return row


def wide(needs: Needs, column: Mapping[str, int], row: Mapping[str, int]) -> str:
    """Lines between the cells of a grid, each 100 by 100; a card fills 82 of them, and lines pass between cards."""
    paths = []
    for b in needs:
        for a in sorted(needs[b]):
            x, y = 100 * column[a] + 82, 100 * row[a] + 50
            path = f"M{x} {y}"
            for k in range(column[a] + 1, column[b] + 1):
                last = k == column[b]
                height = row[a] + (row[b] - row[a]) * (k - column[a]) / (column[b] - column[a])
                to = 100 * row[b] + 50 if last else 100 * round(height + 0.5)
                path += f"C{x + 9} {y} {x + 9} {to} {x + 18} {to}" + ("" if last else f"H{x + 100}")
                x, y = x + 100, to
            paths.append(path)
    size = f"{100 * (max(column.values()) + 1)} {100 * (max(row.values()) + 1)}"
    return svg("map-wide", size, paths)


def tall(needs: Needs) -> str:
    """Arcs on the left of a list, each entry 100 high; the farther they lead, the wider they are."""
    place = {name: k for k, name in enumerate(needs)}
    paths = []
    for b in needs:
        for a in sorted(needs[b]):
            y, to = 100 * place[a] + 58, 100 * place[b] + 42
            out = 96 - 96 * min(1, 0.12 + 0.11 * (place[b] - place[a]))
            paths.append(f"M96 {y}C{out:.0f} {y} {out:.0f} {to} 96 {to}")
    return svg("map-tall", f"100 {100 * len(place)}", paths)


def svg(name: str, size: str, paths: list[str]) -> str:
    drawn = "".join(f'<path d="{path}" vector-effect="non-scaling-stroke"/>' for path in paths)
    return f'<svg class="{name}" viewBox="0 0 {size}" preserveAspectRatio="none" aria-hidden="true">{drawn}</svg>'


class Chapters(Directive):
    """``chapters``: the map."""

    def run(self) -> list[nodes.Node]:
        env = self.state.document.settings.env
        found: dict[str, Chapter] = {}
        minutes: dict[str, int] = {}
        held: dict[str, int] = {}
        try:
            for name, copy in copies(env).items():
                path = Path(env.srcdir, "notebooks", f"{name}.ipynb")
                env.note_dependency(str(path))
                notebook = read(path)
                found[name], minutes[name] = said(source(notebook["cells"][0])), core(sections(notebook))
                held[name] = count_held(copy)
            needs = reduced({name: chapter.needs for name, chapter in found.items()})
        except LookupError as error:
            log.warning("%s: %s", name, error, location=(env.docname, self.lineno), type="chapters")
            return []
        column = columns(needs)
        row = rows(needs, column)
        cards = []
        for name, chapter in found.items():
            link = env.app.builder.get_relative_uri(env.docname, f"notebooks/{name}")
            first = sorted(int(found[other].number) for other in needs[name])
            after = f", after {' and '.join(map(str, first))}" if first else ""
            claims = f"{held[name]} claim{'s' * (held[name] != 1)}"
            cards.append(
                f'<li style="--column: {column[name] + 1}; --row: {row[name] + 1}">'
                f'<a href="{link}"><b>{chapter.number}</b> {escape(chapter.title)}</a>'
                f"<span>{minutes[name]} min, {claims}{after}</span></li>"
            )
        shape = f"--columns: {max(column.values()) + 1}; --rows: {max(row.values()) + 1}; --chapters: {len(found)}"
        whole = f"{wide(needs, column, row)}{tall(needs)}<ol>{''.join(cards)}</ol>"
        return [nodes.raw("", f'<div class="chapter-map" style="{shape}">{whole}</div>', format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("chapters", Chapters)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
