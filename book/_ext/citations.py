"""Sphinx extension: notebooks cite with ordinary links, and the book checks them against its bibliography.

A link to an arXiv paper, a DOI or an OpenReview page that has no entry in the bibliography is a warning, and so an
error under -W: whatever a chapter cites has been checked once, there. `[text](../book/bibliography.md#key)` leads to
the entry with that key; an unknown key is a warning too.
"""

import re
from typing import Any, cast

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinxcontrib.bibtex.domain import BibtexDomain

PAGE = "book/bibliography"
# Where papers live, and the field of an entry that holds the identifier in the link.
PAPERS = {
    "eprint": re.compile(r"https?://arxiv\.org/(?:abs|pdf|html)/(\d{4}\.\d{4,5})"),
    "doi": re.compile(r"https?://(?:dx\.)?doi\.org/(10\..+)"),
    "url": re.compile(r"(https?://openreview\.net/forum\?id=.+)"),
}

log = logging.getLogger(__name__)


def entries(env: BuildEnvironment) -> dict[str, Any]:
    return cast(BibtexDomain, env.get_domain("cite")).bibdata.data.entries


def name_anchors(app: Sphinx, env: BuildEnvironment) -> None:
    """MyST resolves `page.md#anchor` for headings only, so the keys are entered as if they were headings."""
    anchors = env.metadata[PAGE].setdefault("myst_slugs", {})
    anchors.update({key: (0, app.config.bibtex_cite_id.format(key=key), key) for key in entries(env)})


def check_papers(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for link in doctree.findall(nodes.reference):
        for field, pattern in PAPERS.items():
            paper = pattern.match(link.get("refuri", ""))
            if paper and paper[1] not in {entry.fields.get(field) for entry in entries(app.env).values()}:
                log.warning("%s is not in the bibliography", paper[0], location=link, type="citation")


def drop_list_roles(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """docutils announces a list whose entries are not list items, which confuses screen readers."""
    if pagename == PAGE:
        context["body"] = context["body"].replace(' role="list"', "").replace(' role="doc-biblioentry"', "")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("env-updated", name_anchors)
    app.connect("doctree-resolved", check_papers)
    app.connect("html-page-context", drop_list_roles)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
