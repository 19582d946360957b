"""Sphinx extension: what the cover says about the claims of this build is counted and quoted, never typed.

    {held}`claims`

is the number of claims that held in all executed copies, and the word. The directive

    ```{held-claim} notebooks/07_flow_matching
    points that end in a mode
    ```

quotes the one claim of a chapter that begins like this, with its number. A copy that is missing is a warning, and so an
error under -W; so is a claim that is missing, that fails, or that is not the only one.
"""

from pathlib import Path
from typing import Any

from claims import printed, sentences
from docutils import nodes
from docutils.parsers.rst import Directive
from notebook_key import EXECUTED, read
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

log = logging.getLogger(__name__)
HOLDS = "✓ "


def copies(env: BuildEnvironment) -> dict[str, Path]:
    """The name of each chapter to its executed copy; a new execution makes a new page."""
    names = [path.stem for path in sorted(Path(env.srcdir).glob("notebooks/*.ipynb"))]
    found = {name: Path(env.srcdir, EXECUTED, "notebooks", f"{name}.ipynb") for name in names}
    for path in found.values():
        env.note_dependency(str(path))
    return found


def count_held(copy: Path) -> int:
    """How many claims of an executed copy held.

    Raises:
        LookupError: there is no such copy
    """
    if not copy.exists():
        raise LookupError(f"no executed copy {copy.name}: run make execute")
    return sum(line.startswith(HOLDS) for line in printed(read(copy)))


class Held(SphinxRole):
    """``held`WORD```: how many claims held, and the word."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        try:
            count = sum(map(count_held, copies(self.env).values()))
        except LookupError as error:
            log.warning(error, location=self.get_location(), type="cover")
            count = 0
        return [nodes.Text(f"{count} {self.text}")], []


class HeldClaim(Directive):
    """``held-claim NOTEBOOK``: one claim of its executed copy, found by its first words."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        env = self.state.document.settings.env
        copy, begins = copies(env)[Path(self.arguments[0]).name], HOLDS + " ".join(self.content)
        found = [line for line in printed(read(copy)) if line.startswith(begins)] if copy.exists() else []
        if len(found) != 1:
            problem = f"{copy.name} must have one claim that holds and begins {begins!r}, it has {len(found)}"
            log.warning(problem, location=(env.docname, self.lineno), type="cover")
        return [sentences(found)]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_role("held", Held())
    app.add_directive("held-claim", HeldClaim)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
