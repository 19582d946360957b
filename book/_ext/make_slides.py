"""Make the slides of all chapters from the executed copies: make_slides.py [NAME ...] [--stale] [--root FOLDER]

They lie in _build/slides, with an index, and open without a server or a network. reveal.js comes from the package
sphinx-revealjs, which carries it, and its license, as files.
"""

import argparse
import logging
import shutil
import sys
from collections.abc import Iterator, Sequence
from html import escape
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

from formulas import drawn, write_font
from minutes import core
from minutes import sections as timed
from notebook_key import EXECUTED, Notebook, code_cells, is_fresh, read
from slide_text import STYLE, inline
from slides import Deck, Section, Slide, deck

from gen_lib.plots import COLORS

ROOT = Path(__file__).parents[2]
REVEAL = ("LICENSE", "dist/reset.css", "dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js")
BOOK = "Generative Models, Checked"
FEW = 260  # pixels: what takes no more is set larger
HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
"""
DECK = """{head}<link rel="stylesheet" href="_static/reset.css">
<link rel="stylesheet" href="_static/reveal.css">
<link rel="stylesheet" href="_static/slides.css">
<div class="reveal"><div class="slides">
{slides}
</div></div>
<script src="_static/reveal.js"></script>
<script src="_static/notes.js"></script>
{scripts}
<script src="_static/slides.js"></script>
</html>
"""
INDEX = """{head}<link rel="stylesheet" href="_static/slides.css">
<main class="index">
<h1>Slides</h1>
<p>The core of each chapter. <kbd>S</kbd> opens the speaker's notes, <kbd>O</kbd> shows all slides, <kbd>F</kbd> fills
the screen, <kbd>Page Down</kbd> turns the slide even while a control of a figure is in use. To print, add
<code>?print-pdf</code> to the address, and print from the browser.</p>
<table><thead><tr><th>Chapter<th>Core<th>Slides</thead><tbody>
{rows}
</tbody></table>
</main>
</html>
"""


def shown(root: Path, path: Path, stale: bool) -> Notebook:
    """The chapter with its outputs: the text as it is now, as in the book.

    Raises:
        SystemExit: no executed copy, or one of another time
    """
    copy = root / EXECUTED / "notebooks" / path.name
    notebook = read(path)
    if not copy.exists():
        sys.exit(f"{path.stem}: no executed copy {copy.relative_to(root)}: run make execute")
    if not is_fresh(copy, notebook, root):
        trouble = f"{path.stem}: the executed copy is stale, code, gen_lib or pins have changed: run make execute"
        if not stale:
            sys.exit(trouble)
        print(f"WARNING: {trouble}")
        return read(copy)
    for cell, ran in zip(code_cells(notebook), code_cells(read(copy)), strict=True):
        cell["outputs"] = ran["outputs"]
    return notebook


def front(one: Deck, minutes: int) -> str:
    """The title, and the sections of the core with their minutes."""
    below = f'<p class="band">{BOOK} · core of about {minutes} minutes</p>'
    title = f'<div class="slide"><h1>{inline(one.title)}</h1>{one.promise}{below}</div>{notes([one.needs])}'
    points = "".join(
        f'<li><a href="#/{address(part.title)}">{inline(part.title)}</a> <span class="band">{lasts(part)}</span></li>'
        for part in one.sections
    )
    plan = f'<header class="opens"><h2>Plan</h2></header><div class="body"><ul class="plan">{points}</ul></div>'
    return f'<section class="front">{title}</section>\n<section><div class="slide">{plan}</div></section>'


def lasts(part: Section) -> str:
    return "" if part.minutes is None else f"{part.minutes} min"


def address(title: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in title.lower()).strip("-")


def notes(parts: Sequence[str]) -> str:
    return f'<aside class="notes">{"".join(parts)}</aside>' if any(parts) else ""


def section(one: Slide) -> str:
    place = f' id="{address(one.section)}"' if one.is_first else ""
    title = inline(one.title or one.section)
    above = f"<p>{inline(one.section)}</p>" if one.title else ""
    head = f'<header class="{"opens" if one.is_first else "goes-on"}">{above}<h2>{title}</h2></header>'
    body = "".join(f'<div class="{piece.kind}">{piece.html}</div>' for piece in one.pieces if piece.html)
    said = [piece.notes for piece in one.pieces]
    few = " few" if one.height <= FEW and not one.has({"picture", "figure", "code"}) else ""
    return f'<section{place}><div class="slide{few}">{head}<div class="body">{body}</div></div>{notes(said)}</section>'


def page(one: Deck, minutes: int) -> str:
    parts = [[*group] for _, group in groupby(one.slides, lambda slide: slide.section)]
    stacks = ("<section>\n" + "\n".join(map(section, part)) + "\n</section>" for part in parts)
    slides = "\n".join([front(one, minutes), *stacks])
    head = HEAD.format(title=escape(one.title))
    return DECK.format(head=head, slides=slides, scripts="\n".join(one.scripts))


def write_assets(site: Path, pages: Sequence[str]) -> None:
    package = find_spec("sphinx_revealjs")
    if package is None or package.origin is None:
        sys.exit("the package sphinx-revealjs is missing: pip install -r requirements.txt")
    reveal, own = Path(package.origin).parent / "_static" / "revealjs", ROOT / "book" / "slides"
    for name in REVEAL:
        shutil.copy(reveal / name, site / "_static" / Path(name).name)
    roles = "".join(f"  --role-{role}: {color};\n" for role, color in COLORS.items())
    style = f":root {{\n{roles}}}\n{(own / 'slides.css').read_text('utf-8')}\n{STYLE.get_style_defs('code')}\n"
    (site / "_static" / "slides.css").write_text(style, "utf-8")
    shutil.copy(own / "slides.js", site / "_static")
    write_font(site, set().union(*map(drawn, pages)))


def decks(root: Path, names: Sequence[str], stale: bool) -> Iterator[tuple[str, str, str]]:
    """Name of the file, its content, and its row in the index."""
    for path in sorted(root.glob("notebooks/*.ipynb")):
        if names and path.stem not in names:
            continue
        notebook = shown(root, path, stale)
        one, minutes = deck(notebook), core(timed(notebook))
        link = f'<a href="{path.stem}.html">{inline(one.title)}</a>'
        row = f"<tr><td>{link}<td>{minutes} min<td>{len(one.slides) + 2}</tr>"
        yield path.stem, page(one, minutes), row


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="chapters, as 01_noise_to_data; all of them if none is named")
    parser.add_argument("--stale", action="store_true", help="take executed copies that are stale, with a warning")
    parser.add_argument("--root", type=Path, default=ROOT, help="the book's folder")
    given = parser.parse_args(arguments)
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    root = given.root.resolve()
    site = root / "_build" / "slides"
    made = [*decks(root, given.names, given.stale)]
    shutil.rmtree(site, ignore_errors=True)
    (site / "_static").mkdir(parents=True)
    for name, content, _ in made:
        (site / f"{name}.html").write_text(content, "utf-8")
    index = INDEX.format(head=HEAD.format(title="Slides"), rows="\n".join(row for *_, row in made))
    (site / "index.html").write_text(index, "utf-8")
    write_assets(site, [content for _, content, _ in made])
    print(f"{len(made)} decks: open {site / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
