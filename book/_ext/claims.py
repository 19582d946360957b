"""Sphinx extension: printed claims (lines that begin with a tick or a cross) become sentences, not terminal output.

As text they wrap on a narrow screen, and the style can tell those that hold from those that fail.

    ```{claims}
    ```

inserts the claims of all executed notebooks, chapter by chapter. A missing copy is a warning, and so an error under -W.
"""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from notebook_key import EXECUTED, Notebook, code_cells, read, source
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging

log = logging.getLogger(__name__)

MARKS = {"✓": "holds", "✗": "fails"}


def sentences(lines: Iterable[str]) -> nodes.container:
    paragraphs = [nodes.paragraph(line, line, classes=[MARKS[line[0]]]) for line in lines]
    return nodes.container("", *paragraphs, classes=["output", "claims"])


def set_claims(app: Sphinx, doctree: nodes.document) -> None:
    for block in list(doctree.findall(nodes.literal_block)):
        lines = block.astext().splitlines()
        if "stream" not in block["classes"] or not any(line[:1] in MARKS for line in lines):
            continue
        parts = []
        for is_claim, run in groupby(lines, lambda line: line[:1] in MARKS):
            if is_claim:
                parts.append(sentences(run))
            elif text := "\n".join(run).strip("\n"):
                other = block.deepcopy()
                other.children = [nodes.Text(text)]
                other.rawsource = text  # highlighting reads this
                parts.append(other)
        block.replace_self(parts)


def printed(notebook: Notebook) -> list[str]:
    """The claims of an executed notebook, in the order in which they were printed."""
    streams = (out for cell in code_cells(notebook) for out in cell["outputs"] if out["output_type"] == "stream")
    return [line for out in streams for line in "".join(out["text"]).splitlines() if line[:1] in MARKS]


def chapter(name: str, title: str, lines: list[str]) -> nodes.section:
    """A heading that leads to the chapter, and its claims."""
    link = addnodes.pending_xref("", refdomain="std", reftype="doc", reftarget=f"/{name}", refexplicit=True)
    link += nodes.inline("", title)
    head = nodes.title("", "", link, nodes.Text(f": {len(lines)}"))
    return nodes.section("", head, sentences(lines), ids=[f"claims-{Path(name).name}"], names=[name])


class Claims(Directive):
    """``claims``: what every chapter claims, with its number, what was compared, and its band."""

    def run(self) -> list[nodes.Node]:
        env = self.state.document.settings.env
        found: list[tuple[str, str, list[str]]] = []
        for path in sorted(Path(env.srcdir).glob("notebooks/*.ipynb")):
            copy = Path(env.srcdir, EXECUTED, "notebooks", path.name)
            env.note_dependency(str(copy))  # a new execution makes a new page
            if not copy.exists():
                log.warning("no executed copy %s: run make execute", copy.name, location=env.docname, type="claims")
                continue
            title = source(read(path)["cells"][0]).splitlines()[0].removeprefix("# ")
            found.append((f"notebooks/{path.stem}", title, printed(read(copy))))
        every = [line for *_, lines in found for line in lines]
        counts = {
            "claims": len(every),
            "compare a mean": sum(", mean of " in line for line in every),
            "compare every one of several values": sum(", every one of " in line for line in every),
        }
        text = ", ".join(f"{count} {what}" for what, count in counts.items())
        return [nodes.paragraph("", f"{text}; the others compare a single number."), *(chapter(*one) for one in found)]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("claims", Claims)
    app.connect("doctree-read", set_claims)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
