"""Sphinx extension: everything a page loads stands in the site itself, and not much more than it uses.

MathJax comes from the package sphinx-mathjax-offline (24 MB, of which the loader below asks for 0.8 MB); the theme's
Font Awesome script (1.5 MB, two thousand icons) is cut down to the icons that the built pages show. Sphinx's search,
which runs in the page, is mended.
"""

import re
from pathlib import Path
from typing import Any

import pydata_sphinx_theme
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

FONT_AWESOME = "scripts/fontawesome.js"
# One icon of the script: "arrow-up":[384,512,[8593],"f062","M214..."]
ICON = re.compile(r'"?(?P<name>[\w-]+)"?:\[\d+,\d+,\[[^]]*],"[0-9a-f]+",(?:"[^"]*"|\[[^]]*])],?')


def prune_icons(site: Path) -> None:
    theme = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
    sources = [*site.rglob("*.html"), *(site / "_static").glob("scripts/*-theme.js")]
    used = {name for path in sources for name in re.findall(r"\bfa-([\w-]+)", path.read_text("utf-8"))}
    script = (theme / FONT_AWESOME).read_text("utf-8")
    pruned = ICON.sub(lambda icon: icon[0] if icon["name"] in used else "", script)
    (site / "_static" / FONT_AWESOME).write_text(pruned, "utf-8")


def mend_search(site: Path) -> None:
    """Sphinx asks for ``#a.b`` to excerpt the section of a module a.b, which to a selector is a class b."""
    script = site / "_static" / "searchtools.js"
    asked, meant = '`[role="main"] ${anchor}`', '`[role="main"] [id="${anchor.slice(1)}"]`'
    text = script.read_text("utf-8").replace(asked, meant)
    if meant not in text:
        raise ExtensionError(f"{script.name} of this Sphinx has no {asked} to mend: see whether it is needed still")
    script.write_text(text, "utf-8")


def build_finished(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        prune_icons(Path(app.outdir))
        mend_search(Path(app.outdir))


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("build-finished", build_finished)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
