"""How long the chapters are, from their notebooks and built pages: measure.py [--site FOLDER] [--notebooks FOLDER]

A line per chapter: words of its prose, pixels of its page and of its core (on a screen 1440 pixels wide, folded as
at first), minutes of the core and of everything, lines of open code, pictures, figures that move, and claims.
A chapter without marks is core as a whole, apart from its exercises and references.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from browsing import launched
from minutes import HIDDEN, core, everything, sections
from notebook_key import Notebook, code_cells, read, source, tags
from playwright.sync_api import Page, ViewportSize, sync_playwright

ROOT = Path(__file__).parents[2]
MOST = 12_000  # pixels of a chapter's core
SIZE: ViewportSize = {"width": 1440, "height": 900}
# Everything is laid out and every figure has begun, looking at each for a moment; then the heights.
HEIGHTS = """async () => {
    const parts = [...document.querySelectorAll(".bd-article section > section")];
    for (const part of parts) part.style.contentVisibility = "visible";
    for (const image of document.images) image.loading = "eager";
    await Promise.allSettled([...document.images].map(image => image.decode()));
    const figures = [...document.querySelectorAll("figure.numbered *, .cell_output *")]
        .filter(part => part.localName.startsWith("gen-lib-") && part.checkVisibility());
    for (const figure of figures) {
        for (let i = 0; i < 250 && !figure.ready; i++) {
            figure.scrollIntoView({ block: "center", behavior: "instant" });
            await new Promise(done => setTimeout(done, 20));
        }
    }
    await document.fonts.ready;
    const chapter = document.querySelector(".bd-article > section");
    const own = parts.filter(part => part.parentElement === chapter);
    const marked = own.some(part => part.matches(".core, .further"));
    const isCore = part => marked ? part.matches(".core") : !part.matches("#exercises, #references");
    const height = part => part.getBoundingClientRect().height;
    const opening = own.length ? own[0].getBoundingClientRect().top - chapter.getBoundingClientRect().top : 0;
    return {
        page: document.documentElement.scrollHeight,
        core: Math.round(own.filter(isCore).reduce((sum, part) => sum + height(part), opening)),
        waiting: figures.filter(figure => !figure.ready).length,
    };
}"""


def heights(page: Page) -> dict[str, int]:
    """Pixels of the page that is open and of its core, and how many figures have not begun."""
    return page.evaluate(HEIGHTS)


def open_lines(notebook: Notebook) -> int:
    """Lines of code that are not folded."""
    return sum(len(source(cell).splitlines()) for cell in code_cells(notebook) if not HIDDEN.intersection(tags(cell)))


def row(path: Path, measured: dict[str, int]) -> str:
    notebook = read(path)
    parts = sections(notebook)
    counts = [sum(getattr(part, name) for part in parts) for name in ("words", "pictures", "moving", "claims")]
    cells = [counts[0], measured["page"], measured["core"], core(parts), everything(parts), open_lines(notebook)]
    return f"{path.stem:22}" + "".join(f"{cell:>10}" for cell in [*cells, *counts[1:]])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", type=Path, default=ROOT / "_build" / "html", help="the built pages")
    parser.add_argument("--notebooks", type=Path, default=ROOT / "notebooks", help="their notebooks")
    options = parser.parse_args(arguments)
    names = ("words", "page px", "core px", "core min", "all min", "open code", "pictures", "moving", "claims")
    print(f"{'chapter':22}" + "".join(f"{name:>10}" for name in names))
    with sync_playwright() as playwright:
        browser = launched(playwright)
        for path in sorted(options.notebooks.glob("*.ipynb")):
            page = browser.new_page(viewport=SIZE)
            page.goto((options.site.resolve() / "notebooks" / f"{path.stem}.html").as_uri())
            print(row(path, heights(page)), flush=True)
            page.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
