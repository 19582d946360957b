"""Sphinx extension: what the scripts of Sphinx and of its theme do in a page is mended.

Sphinx's search does not find the section of a module. The theme measures all code and tables of a page, one after the
other, to find those that scroll; book.js does the same without laying out the whole page. It marks in the contents the
last heading that it saw pass and misses those that pass quickly; what counts is the section that is read.
"""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

# Sphinx asks for `#a.b` to excerpt the section of a module a.b, which to a selector is a class b.
SEARCH = ("searchtools.js", '`[role="main"] ${anchor}`', '`[role="main"] [id="${anchor.slice(1)}"]`')
MEASURE = (
    "scripts/pydata-sphinx-theme.js",
    ".forEach(e=>{e.tabIndex=e.scrollWidth>e.clientWidth||e.scrollHeight>e.clientHeight?0:-1})",
    ".forEach(()=>{})",
)
READING = (
    ("scripts/pydata-sphinx-theme.js", 'return o.querySelector(":is(h1,h2,h3,h4,h5,h6)")||o', "return o"),
    ("scripts/pydata-sphinx-theme.js", "rootMargin:`-${e}px 0px -70% 0px`", 'rootMargin:"-29% 0px -70% 0px"'),
)


def mend(site: Path, name: str, wrong: str, right: str) -> None:
    script = site / "_static" / name
    text = script.read_text("utf-8")
    if wrong not in text and right not in text:
        raise ExtensionError(f"{name} of this version has no {wrong} to mend: see whether it is needed still")
    script.write_text(text.replace(wrong, right), "utf-8")


def build_finished(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        for repair in (SEARCH, MEASURE, *READING):
            mend(Path(app.outdir), *repair)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("build-finished", build_finished)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
