"""Sphinx extension: a page asks for few and small files, so that it stands at once, on a phone as well.

The style sheets become one, without the rules that no page can match; an icon is a mask in it, and needs no script.
Scripts wait until the page stands, and the search index until somebody searches. Pictures tell their size, and those
further down are loaded when they come near the view.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pydata_sphinx_theme
import tinycss2
from check_links import pages as pages_of
from sphinx.application import Sphinx

SHARED = "pages.css"
SHEET = re.compile(r'\s*<link\b[^>]*?\bhref="(?P<file>[^"?]+\.css)[^>]*>')
SCRIPT = re.compile(r'\s*<script\b[^>]*?\bsrc="(?P<file>[^"?]+\.js)[^>]*></script>')
PRELOAD = re.compile(r'\s*<link rel="preload" as="script"[^>]*>')
# What the theme's script would find out later, when the page stands in other colours.
THEME = 'document.documentElement.dataset.theme = localStorage.getItem("theme") || "auto";'
SYSTEM = """
    if (document.documentElement.dataset.theme === "auto")
      document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";"""
FONT_AWESOME = "fontawesome.js"
SEARCH = ("searchtools.js", "language_data.js", "searchindex.js")  # for the page that searches
UNUSED = ("**/*.map", f"scripts/{FONT_AWESOME}*", "vendor/fontawesome/**/*")
PICTURE = re.compile(r'<img\b(?![^>]*\bheight=)(?P<rest>[^>]*?\bsrc="(?P<file>[^"]+)")')
SVG = re.compile(r'<svg\b[^>]*?\bviewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"')
IMPORT = re.compile(r"""@import\s*["']([^"']+)["'];""")
CLASS = re.compile(r'\bclass="([^"]*)"')
WORD = re.compile(r"[\w-]+")
# One icon of the theme's script: "arrow-up":[384,512,[8593],"f062","M214..."]
ICON = re.compile(r'"?(?P<name>[\w-]+)"?:\[(?P<w>\d+),(?P<h>\d+),\[[^]]*],"[0-9a-f]+","(?P<path>[^"]*)"')
ICONS = """
html [class*="fa-"]::before { background: currentColor; content: ""; display: inline-block; height: 1em;
mask: var(--icon) center / contain no-repeat; print-color-adjust: exact; vertical-align: -0.125em; width: var(--wide); }
html .fa-lg { font-size: 1em; line-height: inherit; }
@media (forced-colors: active) { [class*="fa-"]::before { background: CanvasText; forced-color-adjust: none; } }
"""


def make_lean(site: Path) -> None:
    """Change the pages that Sphinx has just written; those of an earlier build keep up with the style sheet."""
    before = {path: path.read_text("utf-8") for path in pages_of(site)}
    pages = dict(before)
    sheets = {page: [page.parent / sheet["file"] for sheet in SHEET.finditer(text)] for page, text in pages.items()}
    fresh = [page for page in pages if any(sheet.name != SHARED for sheet in sheets[page])]
    if not fresh:
        return
    for page in fresh:
        pages[page] = sized(page, deferred(page, pages[page]))
    css = shared_sheet(site, dict.fromkeys(sheet.resolve() for page in fresh for sheet in sheets[page]), pages)
    (site / "_static" / SHARED).write_text(css, "utf-8")
    version = sha256(css.encode()).hexdigest()[:8]
    for page, text in pages.items():
        if (after := one_sheet(page, text, site, version)) != before[page]:
            page.write_text(after, "utf-8")
    for path in (path for pattern in UNUSED for path in site.glob(f"_static/{pattern}") if path.is_file()):
        path.unlink()


def shared_sheet(site: Path, sheets: Iterable[Path], pages: dict[Path, str]) -> str:
    """All style sheets, without what no page can match, and the icons."""
    whole = "\n".join(map(style, sheets))
    scripts = [path.read_text("utf-8") for path in site.glob("_static/**/*.js") if path.name != FONT_AWESOME]
    words = {name for text in pages.values() for names in CLASS.findall(text) for name in names.split()}
    words |= {word for script in scripts for word in WORD.findall(script)}
    return "".join(rules(tinycss2.parse_stylesheet(whole, True, True), words)) + ICONS + icons(words)


def style(path: Path) -> str:
    """A style sheet, with those that it imports."""
    return IMPORT.sub(lambda named: style(path.parent / named[1]), path.read_text("utf-8"))


def one_sheet(page: Path, text: str, site: Path, version: str) -> str:
    root = "../" * (len(page.relative_to(site).parts) - 1)
    shared = iter([f'\n<link rel="stylesheet" href="{root}_static/{SHARED}?v={version}" />'])
    return SHEET.sub(lambda _: next(shared, ""), text)


def rules(parsed: list[Any], words: set[str]) -> Iterator[str]:
    """Those of a style sheet that could match something: the classes in their selectors are among the words."""
    for rule in parsed:
        if rule.type == "qualified-rule":
            found = [tinycss2.serialize(one).strip() for one in alternatives(rule.prelude) if class_names(one) <= words]
            if found:
                yield f"{','.join(found)}{{{tinycss2.serialize(rule.content).strip()}}}\n"
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = "".join(rules(tinycss2.parse_blocks_contents(rule.content, True, True), words))
            if inner:
                yield f"@{rule.lower_at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}\n"
        elif rule.type == "at-rule" and rule.lower_at_keyword != "charset":
            text = rule.serialize()
            if "Font Awesome" not in text and "FontAwesome" not in text:
                yield f"{text}\n"


def alternatives(prelude: list[Any]) -> Iterator[list[Any]]:
    """The selectors of a rule, between commas."""
    for comma, part in groupby(prelude, lambda token: token == ","):
        if not comma:
            yield list(part)


def class_names(selector: list[Any]) -> set[str]:
    """The classes that something must have to match; what stands in brackets, as in `:not(.this)`, does not count."""
    return {name.value for dot, name in pairwise(selector) if dot == "." and name.type == "ident"}


def icons(words: set[str]) -> str:
    """The icons in use, as masks."""
    theme = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme"
    script = (theme / "static" / "scripts" / FONT_AWESOME).read_text("utf-8")
    found = {icon["name"]: icon for icon in ICON.finditer(script) if f"fa-{icon['name']}" in words}  # the last is solid
    return "".join(map(mask, found.values()))


def mask(icon: re.Match[str]) -> str:
    width, height = int(icon["w"]), int(icon["h"])
    box = f"viewBox='0 0 {width} {height}'"
    shape = quote(f"<svg xmlns='http://www.w3.org/2000/svg' {box}><path d='{icon['path']}'/></svg>", safe="/=:' ")
    return f'.fa-{icon["name"]}{{--icon:url("data:image/svg+xml,{shape}");--wide:{width / height:.3g}em}}\n'


def deferred(page: Path, text: str) -> str:
    """No script holds the page up; the few options of Sphinx, which others read at once, stand in the page."""

    def later(script: re.Match[str]) -> str:
        file = page.parent / script["file"]
        if file.name == FONT_AWESOME or (file.name in SEARCH and page.name != "search.html"):
            return ""
        if file.name == "documentation_options.js":
            return f"\n<script>{file.read_text('utf-8')}</script>"
        return script[0] if "defer" in script[0] else script[0].replace("<script", "<script defer", 1)

    return SCRIPT.sub(later, PRELOAD.sub("", text)).replace(THEME, THEME + SYSTEM)


def sized(page: Path, text: str) -> str:
    """Pictures with their width and height; the first in the text may be seen at once, the others can wait."""
    first, article = True, text.find("<article")

    def known(image: re.Match[str]) -> str:
        nonlocal first
        width, height = size(page, image["file"])
        lazy = ""
        if image.start() > article:
            lazy, first = "" if first else ' loading="lazy" decoding="async"', False
        return f'<img width="{width}" height="{height}"{lazy}{image["rest"]}' if height else image[0]

    return PICTURE.sub(known, text)


def size(page: Path, source: str) -> tuple[int, int]:
    """Of a PNG or an SVG, in pixels; of anything else nothing."""
    if source.startswith("data:image/png;base64,"):
        head = base64.b64decode(source[22:66])
    elif ":" in source or not (page.parent / source).is_file():
        return 0, 0
    else:
        head = (page.parent / source).read_bytes()[:1000]
    if head.startswith(b"\x89PNG"):
        return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    box = SVG.search(head.decode("utf-8", "replace"))
    return (round(float(box[1])), round(float(box[2]))) if box else (0, 0)


def build_finished(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        make_lean(Path(app.outdir))


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("build-finished", build_finished, priority=900)  # when all other files are there
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
