"""Sphinx extension: a comma after a formula, or a bracket before it, stays on the formula's line.

Browsers break lines on both sides of a formula, whatever stands there.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

BEFORE = re.compile(r"^(.*?)(\S*[(\[“‘-])$", re.DOTALL)
AFTER = re.compile(r"^([,.;:!?)\]”’-][^\s]*)(.*)$", re.DOTALL)


def keep_together(app: Sphinx, doctree: nodes.document) -> None:
    for formula in list(doctree.findall(nodes.math)):
        parent = formula.parent
        place = parent.index(formula)
        left, right = (parent[i] if 0 <= i < len(parent) else None for i in (place - 1, place + 1))
        before = BEFORE.match(left.astext()) if isinstance(left, nodes.Text) else None
        after = AFTER.match(right.astext()) if isinstance(right, nodes.Text) else None
        if not (before or after):
            continue
        group = nodes.inline("", "", classes=["nobreak"])
        if before:
            group += nodes.Text(before[2])
        group += formula.deepcopy()
        if after:
            group += nodes.Text(after[1])
        start, end = place - bool(before), place + 1 + bool(after)
        rest = [nodes.Text(before[1])] if before else [], [nodes.Text(after[2])] if after else []
        parent[start:end] = [*rest[0], group, *rest[1]]


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", keep_together)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
