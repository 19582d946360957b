"""Sphinx extension: drawn pictures stand in the page itself, in its type, and in its colours, light or dark.

A picture that a cell has drawn as SVG is a file for Sphinx. In its place the page gets the drawing, with the
description as its name for those who do not see it, and a width that follows the size of the type.
"""

import base64
import os
import re
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from check_links import pages
from sphinx.application import Sphinx

IMAGE = re.compile(r'<img\b[^>]*?\bsrc="(?P<source>[^"]*_images/[^"]+\.svg|data:image/svg\+xml;base64,[^"]+)"[^>]*>')
DATA = "data:image/svg+xml;base64,"
ALT = re.compile(r'\balt="([^"]*)"')
DRAWN = re.compile(r'<svg\b[^>]*\bclass="gen-lib-picture"[^>]*>.*?</svg>', re.DOTALL)
ID = re.compile(r'\bid="([\w-]+)"')
WIDTH = re.compile(r'\bwidth="(\d+)" height="\d+"')
PIXELS = re.compile(r'href="data:image/png;base64,([^"]{4000,})"')  # rather a file: the page stands before they come
REM = 16  # pixels


def drawn(site: Path, page: Path, text: str) -> str:
    """The page with its pictures in it; in a page that has them already nothing changes."""
    images = site / "_images"

    def apart(pixels: re.Match[str]) -> str:
        content = base64.b64decode(pixels[1])
        file = images / f"{sha256(content).hexdigest()[:16]}.png"
        if not file.exists():
            images.mkdir(exist_ok=True)
            file.write_bytes(content)
        return f'href="{os.path.relpath(file, page.parent)}"'

    def inlined(image: re.Match[str]) -> str:
        source, alt = image["source"], ALT.search(image[0])
        inside = source.startswith(DATA)
        content = base64.b64decode(source.removeprefix(DATA)) if inside else (page.parent / source).read_bytes()
        picture = PIXELS.sub(apart, content.decode())
        return named(picture, alt[1] if alt else "") if 'class="gen-lib-picture"' in picture else image[0]

    return alone(IMAGE.sub(inlined, text))


def named(picture: str, description: str) -> str:
    """A drawing that is read out as its description (of HTML), as wide in the type of the page as it was drawn."""
    picture = WIDTH.sub(lambda width: f'width="{int(width[1]) / REM:.2f}rem"', picture, count=1)
    return picture.replace("<svg ", f'<svg role="img" aria-label="{description}" ', 1)


def alone(text: str) -> str:
    """Drawings whose names are their own: two that are the same have the same names at first."""
    seen: set[str] = set()
    number = count(2)

    def apart(drawing: re.Match[str]) -> str:
        names = {*ID.findall(drawing[0])}
        if not names & seen:
            seen.update(names)
            return drawing[0]
        new = {name: f"{name}-{next(number)}" for name in names}
        seen.update(new.values())
        return re.sub(r'(?<=id=")[\w-]+(?=")|(?<=#)[\w-]+', lambda found: new.get(found[0], found[0]), drawing[0])

    return DRAWN.sub(apart, text)


def build_finished(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        for page in pages(Path(app.outdir)):
            text = page.read_text("utf-8")
            if (new := drawn(Path(app.outdir), page, text)) != text:
                page.write_text(new, "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("build-finished", build_finished, priority=800)  # before pages become lean
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
