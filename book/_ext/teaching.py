"""Sphinx extension: what the guide for lecturers says about chapters is read from the notebooks, or it is a warning.

{core}`07`, {core}`01 02`        minutes of the core; of several chapters their sum
{whole}`07`                      minutes of everything
{section}`07 Train, and look`    a link, with the number of the section and whether it is core or further
{exercise}`07 2`                 a link, with the name and the grade of the exercise
{control}`flow_lab sampler`      a control of a figure that moves
"""

import re
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from docutils import nodes
from exercises import exercises
from minutes import Section, core, everything, sections
from notebook_key import Notebook, read
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

log = logging.getLogger(__name__)
NUMBER = re.compile(r"^\d+\. ")


class OfChapters(SphinxRole, ABC):
    """A role about chapters that its text begins with."""

    def chapter(self, number: str) -> Notebook:
        """The source notebook; a page that shows it is made anew when it changes.

        Raises:
            LookupError: there is no chapter of this number
        """
        path = self.path(number)
        self.env.note_dependency(str(path))
        return read(path)

    def path(self, number: str) -> Path:
        for path in Path(self.env.srcdir, "notebooks").glob(f"{number}_*.ipynb"):
            return path
        raise LookupError(f"there is no chapter {number!r}")

    def link(self, number: str, text: str) -> nodes.Node:
        target = f"/notebooks/{self.path(number).stem}"
        link = addnodes.pending_xref("", refdomain="std", reftype="doc", reftarget=target, refexplicit=True)
        link["refdoc"] = self.env.docname
        link += nodes.inline("", text)
        return link

    @property
    def parts(self) -> tuple[str, str]:
        first, _, rest = self.text.partition(" ")
        return first, rest.strip()

    @abstractmethod
    def made(self) -> nodes.Node:
        """What the page shows."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        try:
            return [self.made()], []
        except LookupError as error:
            message = f"{{{self.name}}}`{self.text}`: {error.args[0]}"
            log.warning(message, location=(self.env.docname, self.lineno), type="teaching")
            return [nodes.literal("", self.text)], []


class Minutes(OfChapters):
    def made(self) -> nodes.Node:
        count = {"core": core, "whole": everything}[self.name]
        return nodes.Text(str(sum(count(sections(self.chapter(number))) for number in self.text.split())))


class SectionLink(OfChapters):
    def made(self) -> nodes.Node:
        number, title = self.parts
        found = self.found(sections(self.chapter(number)), title)
        kind = f" ({found.kind.lower()})" if found.kind else ""
        return self.link(number, f"{found.title}{kind}")

    def found(self, parts: list[Section], title: str) -> Section:
        for part in parts:
            if NUMBER.sub("", part.title) == title:
                return part
        raise LookupError(f"the chapter has no section {title!r}")


class ExerciseLink(OfChapters):
    def made(self) -> nodes.Node:
        number, wanted = self.parts
        for one in exercises(self.chapter(number)):
            if str(one.number) == wanted:
                where = ", lecturer's file" if one.is_hidden else ""
                grade = f" ({one.grade}{where})" if one.grade else ""
                return self.link(number, f"{one.number}. {plain(one.name)}{grade}")
        raise LookupError(f"the chapter has no exercise {wanted!r}")


def plain(name: str) -> str:
    """A name without TeX, since a link has no formulas.

    Example:
        >>> plain("$W_1$ by hand")
        'W₁ by hand'
    """
    return re.sub(r"_(\d)", lambda found: chr(ord("₀") + int(found[1])), name.replace("$", ""))


class Control(OfChapters):
    def made(self) -> nodes.Node:
        figure, name = self.parts
        scripts = Path(self.env.srcdir, "gen_lib", "figures", "js")
        script = scripts / f"{figure}.js"
        if not script.exists():
            raise LookupError(f"there is no figure {figure!r}")
        sources = "".join(path.read_text("utf-8") for path in [script, *sorted((scripts / "library").glob("*.js"))])
        if f'"{name}"' not in sources and f"{name}:" not in sources:
            raise LookupError(f"the figure has no control {name!r}")
        return nodes.strong("", name)


def setup(app: Sphinx) -> dict[str, Any]:
    for name, role in {
        "core": Minutes(),
        "whole": Minutes(),
        "section": SectionLink(),
        "exercise": ExerciseLink(),
        "control": Control(),
    }.items():
        app.add_role(name, role)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
