"""Sphinx extension: a page shows what a cell of an executed notebook printed.

    ```{executed} notebooks/11_side_by_side scoreboard
    ```

inserts the HTML outputs of the cell that carries the tag, from the executed copy. So a number on such a page is never
written down twice. No copy, no such cell or more than one, no output: each is a warning, and so an error under -W. A
stale copy is reported by the page of the notebook itself (executed_outputs.py).
"""

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from notebook_key import EXECUTED, code_cells, tags
from sphinx.application import Sphinx
from sphinx.util import logging

log = logging.getLogger(__name__)


def outputs(copy: Path, tag: str) -> list[str]:
    """The HTML that the tagged cell of an executed notebook displayed.

    Raises:
        LookupError: says what is missing
    """
    if not copy.exists():
        raise LookupError(f"no executed copy {copy.name}: run make execute")
    cells = [cell for cell in code_cells(json.loads(copy.read_text("utf-8"))) if tag in tags(cell)]
    if len(cells) != 1:
        raise LookupError(f"{copy.name} must have one cell tagged {tag!r}, it has {len(cells)}")
    shown = ["".join(out["data"]["text/html"]) for out in cells[0]["outputs"] if "text/html" in out.get("data", {})]
    if not shown:
        raise LookupError(f"the cell of {copy.name} tagged {tag!r} displayed no HTML")
    return shown


def boxed(shown: list[str]) -> nodes.container:
    """HTML that looks and scrolls as the output of a cell does in its notebook."""
    box = nodes.container("", classes=["cell_output"])
    for text in shown:
        box += nodes.container("", nodes.raw("", text, format="html"), classes=["output", "text_html"])
    return box


class Executed(Directive):
    """``executed NOTEBOOK TAG``: the HTML outputs of a tagged cell."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        env = self.state.document.settings.env
        name, tag = self.arguments
        copy = Path(env.srcdir, EXECUTED, name + ".ipynb")
        env.note_dependency(str(copy))  # a new execution makes a new page
        try:
            shown = outputs(copy, tag)
        except LookupError as error:
            log.warning(error, location=(env.docname, self.lineno), type="executed")
            return []
        return [boxed(shown)]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("executed", Executed)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
