"""How long the sections of a chapter take to read, by one estimate for all: minutes.py [NOTEBOOK ...]

    words of prose / 180 a minute + 20 s a displayed formula + 30 s an open code cell + 20 s a picture
    + 90 s a figure that moves + 5 s a claim,                                                rounded up

It is taken from the notebook alone, without running it: a picture is a cell with a description, a claim is a call of
`claim`. What is folded (solutions, the code of cells tagged hide-*) is not counted, nor are exercises and references.
Sections begin at `## Title`; the line below says `*Core · 6 minutes*` or `*Further · 4 minutes*`.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from notebook_key import Cell, Notebook, read, source, tags

ROOT = Path(__file__).parents[2]
MOST = 50  # minutes of a chapter's core: one lecture
KINDS = ("Core", "Further")
BADGE = re.compile(r"(Core|Further) · (?:(1) minute|(0|[2-9]|[1-9]\d+) minutes)")  # as text, in italics
UNTIMED = ("Exercises", "References")
HIDDEN = {"hide-cell", "hide-input", "remove-cell", "remove-input"}
SECONDS = {"words": 60 / 180, "formulas": 20, "code": 30, "pictures": 20, "moving": 90, "claims": 5}
MOVING = re.compile(r"\b(?:live\.\w+|explore)\(")
CLAIM = re.compile(r"\bclaim\(")
MARKDOWN = MarkdownIt().enable("table").use(dollarmath_plugin)


@dataclass
class Section:
    """What a reader finds in a section, counted; the first of a chapter is what stands before its first heading."""

    title: str
    kind: str = ""  # Core, Further or nothing
    written: int | None = None  # minutes
    words: int = 0
    formulas: int = 0
    code: int = 0
    pictures: int = 0
    moving: int = 0
    claims: int = 0

    @property
    def is_timed(self) -> bool:
        return self.title not in UNTIMED

    @property
    def minutes(self) -> int:
        """The estimate."""
        return ceil(round(sum(getattr(self, name) * cost for name, cost in SECONDS.items()) / 60, 6))


def badge(text: str) -> tuple[str, int] | None:
    """The kind of a section and its minutes.

    Example:
        >>> badge("Core · 6 minutes"), badge("Further · 1 minute"), badge("Core · 1 minutes")
        (('Core', 6), ('Further', 1), None)
    """
    found = BADGE.fullmatch(text)
    return (found[1], int(found[2] or found[3])) if found else None


def sections(notebook: Notebook) -> list[Section]:
    """The opening of a chapter and its sections, in order."""
    found = [Section("")]
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            add_text(found, source(cell))
        elif cell["cell_type"] == "code":
            add_code(found[-1], cell)
    return found


def add_code(section: Section, cell: Cell) -> None:
    text = source(cell)
    section.moving += len(MOVING.findall(text))
    section.code += not HIDDEN.intersection(tags(cell))
    section.pictures += bool(cell["metadata"].get("mystnb", {}).get("image", {}).get("alt"))
    section.claims += len(CLAIM.findall(text))


def add_text(found: list[Section], text: str) -> None:
    folded, before = 0, ""
    for token in MARKDOWN.parse(text):
        if token.type == "html_block":
            folded += token.content.count("<details") - token.content.count("</details>")
        elif folded:
            continue
        elif token.type == "inline" and before == "h2":
            found.append(Section(token.content))
        elif token.type == "inline" and found[-1].minutes == 0 and (known := badge(token.content.strip("*"))):
            found[-1].kind, found[-1].written = known
        elif token.type == "inline":
            found[-1].words += len("".join(words(token)).split())
        elif token.type.startswith("math_block"):
            found[-1].formulas += 1
        before = token.tag


def words(token: Token) -> Iterator[str]:
    """The texts of a paragraph; a formula in a line is one word."""
    for part in token.children or []:
        if part.type in ("text", "code_inline"):
            yield part.content
        elif part.type.startswith("math_inline"):
            yield "x"
        elif part.type.endswith("break"):
            yield " "
        elif part.type == "image":
            yield from words(part)


def core(found: list[Section]) -> int:
    """Minutes of the lecture: the opening and the core sections, as written where they are."""
    return sum(told(one) for one in found if one.is_timed and one.kind != "Further")


def everything(found: list[Section]) -> int:
    return sum(told(one) for one in found if one.is_timed)


def told(section: Section) -> int:
    return section.minutes if section.written is None else section.written


def table(name: str, found: list[Section]) -> Iterator[str]:
    yield f"\n{name}"
    yield "kind     written estimated  words formulas code pictures moving claims  section"
    for one in found:
        if one.is_timed:
            counts = (one.words, one.formulas, one.code, one.pictures, one.moving, one.claims)
            number, mark = "-" if one.written is None else str(one.written), ""
            if one.title and (one.written is None or abs(one.written - one.minutes) > 1):
                mark = "  <-- write the line" if one.written is None else "  <-- write the estimate"
            cells = "{:7}{:9}{:5}{:9}{:7}{:7}".format(*counts)
            yield f"{one.kind or '-':8} {number:>7}{one.minutes:10}{cells}  {one.title or '(opening)'}{mark}"
    yield f"core {core(found)} of at most {MOST} minutes, everything {everything(found)}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, default=sorted(ROOT.glob("notebooks/*.ipynb")))
    for path in parser.parse_args(arguments).notebooks:
        print("\n".join(table(path.stem, sections(read(path)))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
