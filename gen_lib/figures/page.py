"""What a figure is in a page: an element of its own name, what it is made from, and the script that gives it life.

The script defines custom elements, so it does not matter which of the two comes first, whether something stands
between them, or how often the script is there. The book keeps it once per page (``book/_ext/executed_outputs.py``).
"""

import base64
import html
import io
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.figure import Figure

from ..plots.pixels import lighter
from ..plots.style import COLORS, GROUNDS
from ..plots.vector import svg

# What figures share, in the folder js/library; each script of the folder js is a figure, with a module of its name.
LIBRARY: tuple[str, ...] = ("colours", "looks", "controls", "common", "plot", "hands", "line", "panels")
LIBRARY += ("net", "samplers", "mixture", "likelihoods", "truth", "facm", "codes", "pixels")
# A trainer, for the figures that have one: a function of the type of its numbers, whose source a worker can be given.
TRAINER: tuple[str, ...] = (
    "products",
    "mlp",
    "adam",
    "stream",
    "paths",
    "couplings",
    "methods/decoder",
    "methods/autoencoder",
)
TRAINER += ("methods/vae", "methods/gan", "methods/flow_matching", "methods/meanflow")
TRAINER += ("methods/facm", "methods/backflow", "methods/diffusion", "training")
NAME = re.compile(r"^(?:async )?(?:const|class|function) (\w+)", re.MULTILINE)  # at the left margin
HINT = "The controls of this figure need JavaScript; in Jupyter, trust the notebook or run the cell."


class Bundle(dict[str, Any]):
    """The forms of a figure; a front end shows one of them, and a script prints the description."""

    def __repr__(self) -> str:
        return str(self["text/plain"])


def element(name: str, spec: Mapping[str, Any], picture: str, alt: str) -> str:
    """The HTML of a figure.

    Args:
        name: that of its script; the element is ``<gen-lib-NAME>``
        spec: what the script makes the figure from; any text in it stays text
        picture: SVG that stands there until the script runs, and where none does
        alt: what the picture shows

    Returns:
        an element and a script, which need nothing else

    Example:
        >>> '"\\\\u003cb>"' in element("explore", {"name": "<b>"}, "<svg/>", "A picture.")
        True
    """
    source = base64.b64encode(picture.encode()).decode()
    return (
        f'<gen-lib-{name}><img alt="{html.escape(alt)}" src="data:image/svg+xml;base64,{source}">'
        f'<p class="gen-lib-hint">{HINT}</p>'
        f'<script type="application/json">{safe_json(spec)}</script></gen-lib-{name}>\n'
        f'<script data-gen-lib="library">{library()}</script>\n'
        f'<script data-gen-lib="{name}">{script(name)}</script>'
    )


def show(
    name: str, spec: Mapping[str, Any], figure: Figure, alt: str, question: tuple[Figure, str] | None = None
) -> None:
    """Put a figure into the output of a cell: HTML, and a picture for print and for pages without scripts.

    Args:
        name: that of its script
        spec: what the script makes the figure from
        figure: what stands there until the script runs, and where none does; it is closed
        alt: what the figure shows
        question: of a figure that shows an answer, another one that does not, and what that shows: they stand in the
            page, and the answer in print

    Raises:
        ValueError: no description
    """
    if not alt.strip():
        for each in (figure, *([question[0]] if question else [])):
            plt.close(each)
        raise ValueError("alt must say what the figure shows, got nothing")
    asked, words = question or (figure, alt)
    picture = svg(asked, tight=False)
    plt.close(asked)
    forms = {
        "image/png": base64.b64encode(png(figure)).decode(),
        "text/html": element(name, spec, picture, words),
        "text/plain": alt,
    }
    display(Bundle(forms), raw=True)


def safe_json(spec: Mapping[str, Any]) -> str:
    """JSON that can stand in a script element: no ``<`` is left that could end it or open a comment."""
    return json.dumps(spec, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


@cache
def library() -> str:
    """What figures share, once per page: its names at the left margin become those of the object ``genLib``."""
    source = _library()
    names = ", ".join(NAME.findall(source))
    return f'globalThis.genLib ??= (() => {{\n"use strict";\n{source}\nreturn {{ {names} }};\n}})();'


@cache
def script(name: str) -> str:
    """The source of a figure, in a scope of its own that knows the library's names."""
    names = ", ".join(NAME.findall(_library()))
    return f'(() => {{\n"use strict";\nconst {{ {names} }} = genLib;\n{_read(name)}\n}})();'


@cache
def trainer() -> str:
    """The trainer, once per page: ``genLibTrainer(Float32Array)`` is an object of its names."""
    source = "\n".join(_read(f"train/{part}") for part in TRAINER)
    names = ", ".join(NAME.findall(source))
    return f'globalThis.genLibTrainer ??= (Numbers) => {{\n"use strict";\n{source}\nreturn {{ {names} }};\n}};'


@cache
def _library() -> str:
    """The parts, after what they take from Python: the colours of the roles and of the grounds."""
    given = f"const ROLES = {json.dumps(COLORS)};\nconst GROUNDS = {json.dumps(GROUNDS)};\n"
    return given + "\n".join(_read(f"library/{part}") for part in LIBRARY)


def _read(name: str) -> str:
    source = (files(__package__) / "js" / f"{name.replace('-', '_')}.js").read_text("utf-8")
    return source.replace("</", "<\\/")  # no text of a script may end it


def png(figure: Figure) -> bytes:
    """A small picture of a whole figure, which is closed."""
    file = io.BytesIO()
    # not the tight box of notebooks, which depends on what is drawn
    figure.savefig(file, format="png", bbox_inches=None, facecolor="white")
    plt.close(figure)
    return lighter(file.getvalue())
