"""Sphinx extension: a page shows what the last benchmark measured.

    ```{measured} step
    ```

inserts a section of benchmarks/results.json, which `make bench` writes, as a table; `machine` is where it was measured.
No results, or no such section: a warning, and so an error under -W.
"""

import json
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from executed import boxed
from sphinx.application import Sphinx
from sphinx.util import logging

RESULTS = Path("benchmarks", "results.json")
CELL = "padding: 0.2rem 0.45rem"
log = logging.getLogger(__name__)


def section(results: Path, name: str) -> tuple[str, list[dict[str, Any]]]:
    """Title and rows.

    Raises:
        LookupError: says what is missing
    """
    if not results.exists():
        raise LookupError(f"no {RESULTS}: run make bench")
    content = json.loads(results.read_text("utf-8"))
    if name == "machine":
        return "Where and with what", [{"what": what, "value": value} for what, value in content["machine"].items()]
    if not content["sections"].get(name, {}).get("rows"):
        raise LookupError(f"{RESULTS} has no section {name!r}, only {', '.join(content['sections'])}: run make bench")
    return content["sections"][name]["title"], content["sections"][name]["rows"]


def text(value: Any) -> str:
    """A number as it is, nothing for None, a mean and its standard deviation for a pair."""
    if isinstance(value, list):
        return " ± ".join(map(text, value))
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def table(title: str, rows: list[dict[str, Any]]) -> str:
    head = "".join(f'<th scope="col" style="{CELL}">{escape(name)}</th>' for name in rows[0])
    lines = []
    for row in rows:
        first, *others = (escape(text(value)) for value in row.values())
        cells = "".join(f'<td style="{CELL}">{cell}</td>' for cell in others)
        lines.append(f'<tr><th scope="row" style="{CELL}">{first}</th>{cells}</tr>')
    caption = f'<caption style="caption-side: top; color: inherit; text-align: left">{escape(title)}</caption>'
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return f'<table class="dataframe" style="margin: 1rem 0; font-size: 0.9em">{caption}{body}</table>'


class Measured(Directive):
    """``measured SECTION``: a table of the last benchmark."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        env = self.state.document.settings.env
        results = Path(env.srcdir, RESULTS)
        env.note_dependency(str(results))  # another run makes another page
        try:
            shown = table(*section(results, self.arguments[0]))
        except LookupError as error:
            log.warning(error, location=(env.docname, self.lineno), type="measured")
            return []
        return [boxed([shown])]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("measured", Measured)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
