"""Sphinx extension: everything a page loads stands in the site itself, and not much more than it uses.

MathJax comes from the package sphinx-mathjax-offline (24 MB, of which the loader below asks for 0.8 MB); the theme's
Font Awesome script (1.5 MB, two thousand icons) is cut down to the icons that the built pages show. Sphinx's search,
which runs in the page, is mended.
"""

import re
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pydata_sphinx_theme
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

MATHJAX = [
    "startup.js",
    "core.js",
    "input/tex.js",
    "input/tex/extensions",  # fetched when a formula needs one: \cancel, \boldsymbol, ...
    "output/chtml.js",
    "output/chtml/fonts",
    "a11y/assistive-mml.js",
]
FONT_AWESOME = "scripts/fontawesome.js"
# One icon of the script: "arrow-up":[384,512,[8593],"f062","M214..."]
ICON = re.compile(r'"?(?P<name>[\w-]+)"?:\[\d+,\d+,\[[^]]*],"[0-9a-f]+",(?:"[^"]*"|\[[^]]*])],?')


def copy_mathjax(site: Path) -> None:
    package = find_spec("sphinx-mathjax-offline")  # its hyphens rule out an import statement
    if package is None or package.origin is None:
        raise ExtensionError("the package sphinx-mathjax-offline is missing: pip install -r requirements.txt")
    source = Path(package.origin).parent / "static" / "mathjax"
    for name in MATHJAX:
        target = site / "_static" / "vendor" / "mathjax" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (source / name).is_dir() else shutil.copyfile
        if not target.exists():
            copy(source / name, target)


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


def drop_mathjax(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Sphinx loads MathJax also on a page without formulas if one below it in the contents has some."""
    if not app.env.domaindata["math"]["has_equations"].get(pagename):
        scripts = context["script_files"]
        context["script_files"] = [s for s in scripts if "mathjax" not in f"{s.filename} {s.attributes}".lower()]


def build_finished(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        copy_mathjax(Path(app.outdir))
        prune_icons(Path(app.outdir))
        mend_search(Path(app.outdir))


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", drop_mathjax, priority=900)
    app.connect("build-finished", build_finished)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
