"""Sphinx extension: what browsers, search engines and link previews read before the page itself.

The description of a page is its first paragraph. The site's front door, index.html, leads to the book's first page.
"""

from html import escape
from pathlib import Path
from textwrap import shorten
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

FRONT_DOOR = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8" />
<title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta http-equiv="refresh" content="0; url={page}" />
<link rel="icon" href="_static/favicon.svg" />
</head>
<body><main><h1><a href="{page}">{title}</a></h1></main></body>
</html>
"""


def first_paragraph(doctree: nodes.document) -> str:
    paragraphs = (p for p in doctree.findall(nodes.paragraph) if not isinstance(p.parent, nodes.list_item))
    return next((text for p in paragraphs if (text := p.astext().strip())), "")


def add_to_head(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    text = first_paragraph(doctree) if doctree else ""
    text = shorten(text or app.config.html_title, 200, placeholder=" ...")
    picture = context["pathto"]("_static/favicon.png", resource=True)  # for browsers that show no SVG there
    context["metatags"] = (
        f'{context.get("metatags", "")}<meta name="description" content="{escape(text)}" />\n'
        f'<link rel="apple-touch-icon" href="{picture}" />\n'
    )


def write_front_door(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.name == "html":
        page = app.builder.get_target_uri(app.config.root_doc)
        html = FRONT_DOOR.format(page=page, title=escape(app.config.html_title), language=app.config.language)
        Path(app.outdir, "index.html").write_text(html, "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", add_to_head)
    app.connect("build-finished", write_front_door)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
