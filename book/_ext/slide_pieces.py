"""What the cells of a chapter give to slides: pieces, with an estimate of the height that each takes."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import groupby
from math import ceil
from typing import Any

from claims import MARKS
from executed_outputs import FIGURE, is_alive
from markdown_it.token import Token
from minutes import badge
from notebook_key import Cell, source, tags
from slide_text import LONG, LONG_ALONE, MARKDOWN, code, inline, length, marked, render, shorten

LINE, WIDE = 42, 74  # pixels and characters of a line of text, on a slide of 1280 x 720
MOST_CODE, MOST_PRINTED, MOST_CLAIMS, MOST_ITEMS = 18, 14, 8, 500  # lines, and pixels
FOLDED = {"hide-cell", "hide-input", "remove-input", "remove-cell"}
CLAIM = re.compile(r"(?P<mark>[✓✗]) (?P<text>.*?): (?P<number>[^:]*) \((?P<band>[^()]*)\)")
MUSEUM_PART = re.compile(r"\s*(?=\*What is done:\*|\*What happens:\*|\*The switch:\*)")
PROSE = ("paragraph_open", "heading_open", "blockquote_open")
TALL = re.compile(r"\\(?:frac|sum|int|underbrace|prod)\b")


@dataclass
class Piece:
    """What is not cut any more."""

    # text, list, formula, table, prediction, museum, code, claims, printed, picture, figure; heading, mark, notes
    kind: str
    html: str = ""
    height: float = 0
    notes: str = ""  # for the speaker
    announces: bool = False  # what comes next


def of_text(text: str) -> Iterator[Piece]:
    """The blocks of a Markdown cell; what is folded in the book is for the speaker."""
    lines = text.splitlines()
    blocks = [(token, token.map) for token in MARKDOWN.parse(text) if token.level == 0 and token.map]
    folded = 0
    for i, (token, (start, end)) in enumerate(blocks):
        block = "\n".join(lines[start:end])
        after = blocks[i + 1][0].type if i + 1 < len(blocks) else "cell"
        if token.type == "html_block":
            folded += block.count("<details") - block.count("</details>")
        elif folded:
            yield Piece("notes", notes=render(block))
        else:
            yield from of_block(token, block, after)


def of_block(token: Token, block: str, after: str) -> Iterator[Piece]:
    match token.type:
        case "heading_open":
            yield Piece("heading", block.lstrip("# ").strip(), notes=token.tag)
        case "paragraph_open" if badge(block.strip().strip("*")):
            yield Piece("mark", block.strip().strip("*"))
        case "paragraph_open":
            yield from paragraph(block, after)
        case "math_block":
            tall = 92 if TALL.search(block) else 64
            yield Piece("formula", render(block), 24 + tall * (1 + block.count(r"\\")))
        case "bullet_list_open" | "ordered_list_open":
            yield from items(block)
        case "blockquote_open":
            yield quote(re.sub(r"^> ?", "", block, flags=re.MULTILINE))
        case "table_open":
            yield from table(block)
        case "fence" | "code_block":
            yield from of_code(token.content)


def paragraph(block: str, after: str) -> Iterator[Piece]:
    """A paragraph; it has room for more where neither a picture nor code can follow."""
    before = after not in PROSE
    budget = LONG_ALONE if after in (*PROSE, "math_block", "bullet_list_open", "ordered_list_open") else LONG
    runs = shorten(block, before, budget)
    announces = not runs[-1].rstrip("*_ ").endswith((".", "!", "?", ")"))
    *first, last = marked(block, runs)
    whole = "" if [*first, last] == [block] else render(block)
    for run in first:
        yield Piece("text", render(run), high(run), whole)
        whole = ""
    yield Piece("text", render(last), high(last), whole, announces)


def high(text: str) -> float:
    return ceil(length(text) / WIDE) * LINE + 14


def items(block: str) -> Iterator[Piece]:
    """A list, in equal parts if it is long; of each point its first sentences."""
    points = re.split(r"^(?=(?:[-*+]|\d+[.)]) )", block, flags=re.MULTILINE)[1:]
    short = [" ".join(marked(point, shorten(point.strip(), budget=150))) for point in points]
    size = ceil(len(short) / ceil(sum(map(high, short)) / MOST_ITEMS))
    for start in range(0, len(short), size):
        part, whole = short[start : start + size], "".join(points[start : start + size])
        cut = "".join(part).split() != whole.split()
        yield Piece("list", render("\n".join(part)), sum(map(high, part)), render(whole) if cut else "")


def table(block: str) -> Iterator[Piece]:
    """A table, in equal parts if it is high."""
    head, rule, *rows = block.splitlines()
    cells = [[length(cell) for cell in row.strip().strip("|").split("|")] for row in (head, *rows)]
    widths = [min(40, max(column)) for column in zip(*cells, strict=False)]
    wide = [max(8, 90 * width / sum(widths)) for width in widths]  # characters in a line of each column, about
    heights = [16 + 34 * max(ceil(n / most) for n, most in zip(row, wide, strict=False)) for row in cells[1:]]
    parts = ceil((sum(heights) + 60) / MOST_ITEMS)
    size = ceil(len(rows) / parts)
    for start in range(0, len(rows), size):
        some = rows[start : start + size]
        yield Piece("table", render("\n".join([head, rule, *some])), 60 + sum(heights[start : start + size]))


def quote(text: str) -> Piece:
    """What the book sets apart: a prediction, a failure of the museum, or a remark, which is for the speaker."""
    if text.startswith("**Predict first"):
        return Piece("prediction", render(text), high(text))
    if text.startswith("**From the museum"):
        parts = MUSEUM_PART.split(text)
        return Piece("museum", "".join(map(render, parts)), sum(map(high, parts)))
    return Piece("notes", notes=render(text))


def of_cell(cell: Cell, set_up: bool = False) -> Iterator[Piece]:
    """What a cell shows: its picture, its figure, its claims; if it shows none, its code, where that is open.

    Args:
        cell: code
        set_up: it comes before the first section, where code is for the machine
    """
    shown = [*of_outputs(cell)]
    silent = all(piece.kind == "printed" for piece in shown)
    if silent and not (set_up or FOLDED.intersection(tags(cell))):
        yield from of_code(source(cell))
    yield from shown


def of_outputs(cell: Cell) -> Iterator[Piece]:
    for is_text, outputs in groupby(filter(is_alive, cell["outputs"]), lambda out: out["output_type"] == "stream"):
        if is_text:
            said = "".join("".join(out["text"]) for out in outputs if out["name"] == "stdout")
            yield from of_print(said.splitlines())
        else:
            for out in outputs:
                yield from of_display(out.get("data", {}), cell["metadata"])


def of_code(text: str) -> Iterator[Piece]:
    """Code, cut at an empty line if it is long."""
    lines = text.strip().splitlines()
    while lines:
        cut = len(lines)
        if cut > MOST_CODE:
            empty = [i for i, line in enumerate(lines) if not line.strip() and 4 <= i <= MOST_CODE]
            cut = max(empty, default=cut)
        part, lines = lines[:cut], lines[cut:]
        size, html = fitting(part, 24), code("\n".join(part))
        yield Piece("code", f'<div style="font-size: {size}px">{html}</div>', height_of(part, size))


def fitting(lines: list[str], largest: float) -> float:
    """The size of type in which the longest line has room."""
    return round(min(largest, 1100 / (0.61 * max(map(len, lines), default=1)), 520 / (1.32 * len(lines))), 1)


def height_of(lines: list[str], size: float) -> float:
    return len(lines) * size * 1.32 + 40


def of_print(lines: list[str]) -> Iterator[Piece]:
    for is_claim, run in groupby(lines, lambda line: line[:1] in MARKS):
        part = [line for line in run if line.strip()]
        step = MOST_CLAIMS if is_claim else MOST_PRINTED
        for start in range(0, len(part), step):
            some = part[start : start + step]
            yield claims(some) if is_claim else printed(some)


def claims(lines: list[str]) -> Piece:
    def sentence(line: str) -> str:
        found = CLAIM.fullmatch(line)
        text, number, band = (found["text"], found["number"], found["band"]) if found else (line[2:], "", "")
        says = f'{escape(text)}: <b>{escape(number)}</b> <span class="band">({escape(band)})</span>' if found else text
        return f'<li class="{MARKS[line[0]]}">{says}</li>'

    height = sum(14 + 36 * ceil(len(line) / 84) for line in lines)
    return Piece("claims", f'<ul class="claims">{"".join(map(sentence, lines))}</ul>', height)


def printed(lines: list[str]) -> Piece:
    size, text = fitting(lines, 26), escape("\n".join(lines))
    html = f'<div class="printed" style="font-size: {size}px"><pre>{text}</pre></div>'
    return Piece("printed", html, height_of(lines, size))


def of_display(data: dict[str, Any], metadata: dict[str, Any]) -> Iterator[Piece]:
    """A figure that moves, a table, or a picture with its caption; what it shows is for the speaker."""
    html = "".join(data.get("text/html", ""))
    if "<gen-lib-" in html:
        yield Piece("figure", f'<div class="enlarged" data-prevent-swipe>{FIGURE.sub("", html)}</div>', 600)
    elif html:
        for part in re.split(r"(?=<table\b)", html):
            if part.startswith("<table"):
                yield Piece("table", part, 60 + 44 * part.count("<tr"))
            elif part.strip():
                yield Piece("text", part, high(re.sub("<[^>]*>", "", part)))
    elif kind := next((kind for kind in ("image/svg+xml", "image/png") if kind in data), ""):
        alt = metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        caption = metadata.get("gen_lib", {}).get("caption", "")
        content = "".join(data[kind])
        encoded = content if kind == "image/png" else base64.b64encode(content.encode()).decode()
        picture = f'<img alt="{escape(alt)}" src="data:{kind};base64,{"".join(encoded.split())}">'
        below = f"<figcaption>{inline(caption)}</figcaption>" if caption else ""
        notes = f"<p><b>The picture:</b> {inline(caption)} {escape(alt)}</p>"
        yield Piece("picture", f"<figure>{picture}{below}</figure>", 480, notes)
