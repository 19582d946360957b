"""What a figure is in a page: an element of its own name, what it is made from, and the script that gives it life.

The script defines custom elements, so it does not matter which of the two comes first, whether something stands
between them, or how often the script is there. The book keeps it once per page (``book/_ext/executed_outputs.py``).
"""

import base64
import html
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

HINT = "The controls of this figure need JavaScript; in Jupyter, trust the notebook or run the cell."


def element(name: str, spec: Mapping[str, Any], picture: bytes, alt: str) -> str:
    """The HTML of a figure.

    Args:
        name: the element is ``<gen-lib-NAME>``, and its script ``js/NAME.js``
        spec: what the script makes the figure from; any text in it stays text
        picture: PNG that stands there until the script runs, and where none does
        alt: what the picture shows

    Returns:
        an element and a script, which need nothing else

    Example:
        >>> '"\\\\u003cb>"' in element("explore", {"name": "<b>"}, b"", "A picture.")
        True
    """
    source = base64.b64encode(picture).decode()
    return (
        f'<gen-lib-{name}><img alt="{html.escape(alt)}" src="data:image/png;base64,{source}">'
        f'<p class="gen-lib-hint">{HINT}</p>'
        f'<script type="application/json">{safe_json(spec)}</script></gen-lib-{name}>\n'
        f'<script data-gen-lib="{name}">{script(name)}</script>'
    )


def safe_json(spec: Mapping[str, Any]) -> str:
    """JSON that can stand in a script element: no ``<`` is left that could end it or open a comment."""
    return json.dumps(spec, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


@cache
def script(name: str) -> str:
    """The source of ``js/NAME.js`` behind what all figures share, in a scope of its own."""
    folder = files(__package__) / "js"
    parts = [(folder / f"{part}.js").read_text("utf-8") for part in ("common", name)]
    return "(() => {\n" + "\n".join(parts).replace("</", "<\\/") + "\n})();"
