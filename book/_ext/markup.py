"""Sphinx extension: elements of HTML that docutils has no node for: `Tag("details", ...)`."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


class Tag(nodes.General, nodes.Element):
    """An element by its name, with its `ids`, `classes` and further `attributes`."""

    def __init__(self, tag: str = "div", *children: nodes.Node, attributes: dict[str, str] | None = None, **more: Any):
        super().__init__("", *children, tag=tag, attributes=attributes or {}, **more)


def visit(self: HTML5Translator, node: Tag) -> None:
    self.body.append(self.starttag(node, node["tag"], "", **node["attributes"]))


def depart(self: HTML5Translator, node: Tag) -> None:
    self.body.append(f"</{node['tag']}>" + ("" if isinstance(node.parent, nodes.TextElement) else "\n"))


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(Tag, html=(visit, depart))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
