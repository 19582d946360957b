"""All pictures of each chapter on a sheet, as a reader sees them on a light and on a dark page: to be looked at.

    contact_sheets.py [NAME ...] [--to FOLDER] [--width 576]

They are those of the executed copies, with their descriptions; the still pictures of figures that move are among them.
Needs the browser of the tests.
"""

import argparse
import base64
import re
import sys
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from notebook_key import EXECUTED, code_cells, read

ROOT = Path(__file__).parents[2]
STILL = re.compile(r'<img alt="[^"]*" src="data:image/svg\+xml;base64,([^"]+)">')
GROUNDS = {"light": ("#ffffff", "#222832"), "dark": ("#15181c", "#ced6dd")}  # and inks
LOOKS = """body { font-family: sans-serif; margin: 0; } svg { display: block; height: auto; }
section { display: grid; grid-template-columns: auto auto; }
section > div { background: var(--figure-ground); color: var(--figure-ink); --figure-paper: none; padding: 1rem; }
p { font-size: 12px; margin: 0.5rem 0; }"""


def pictures(copy: Path) -> Iterator[tuple[str, str]]:
    """Those of an executed copy: the description, and the SVG."""
    for cell in code_cells(read(copy)):
        alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
        for data in [output.get("data", {}) for output in cell["outputs"]]:
            if still := STILL.search("".join(data.get("text/html", ""))):
                yield "".join(data["text/plain"]), base64.b64decode(still[1]).decode()
            elif "image/svg+xml" in data:
                yield alt, "".join(data["image/svg+xml"])


def sheet(copy: Path, width: int) -> str:
    """A page with each picture on both grounds."""
    rows = []
    for number, (alt, picture) in enumerate(pictures(copy), 1):
        for ground, ink in GROUNDS.values():
            colours = f"--figure-ground:{ground};--figure-ink:{ink};width:{width}px"
            text = f"<p>{copy.stem} {number}: {escape(alt)}</p>"
            rows.append(f'<div style="{colours}">{text}{picture.replace("max-width:100%", "width:100%")}</div>')
    return f"<meta charset=utf-8><style>{LOOKS}</style><section>{''.join(rows)}</section>"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="notebooks, as 01_noise_to_data; all of them if none is named")
    parser.add_argument("--to", type=Path, default=ROOT / "_build" / "sheets", help="folder for the sheets")
    parser.add_argument("--width", type=int, default=576, help="of a picture, in pixels: 350 on a phone")
    given = parser.parse_args(arguments)
    from browsing import launched
    from playwright.sync_api import sync_playwright

    given.to.mkdir(parents=True, exist_ok=True)
    copies = {path.stem: path for path in sorted((ROOT / EXECUTED / "notebooks").glob("*.ipynb"))}
    with sync_playwright() as playwright:
        browser = launched(playwright)
        page = browser.new_page(viewport={"width": 2 * given.width + 64, "height": 800})
        for name in given.names or copies:
            page.set_content(sheet(copies[name], given.width))
            target = given.to / f"{name}-{given.width}.png"
            page.screenshot(path=target, full_page=True)
            print(target)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
