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
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure
from PIL import Image

from ..plots.style import COLORS

# What figures share, in the folder js/library; each script of the folder js is a figure, with a module of its name.
LIBRARY: tuple[str, ...] = ("colours", "looks", "controls", "common", "plot", "hands", "line", "panels")
LIBRARY += ("net", "samplers", "mixture", "likelihoods", "truth", "facm", "codes", "pixels")
# A trainer, for the figures that have one: a function of the type of its numbers, whose source a worker can be given.
TRAINER = ("products", "mlp", "adam", "stream", "paths", "couplings", "methods/decoder", "methods/autoencoder")
TRAINER += ("methods/vae", "methods/gan", "methods/flow_matching", "methods/meanflow", "methods/facm")
TRAINER += ("methods/backflow", "training", "targets", "distance", "worker")
# Figures in several files, and those that have the trainer.
PARTS = {"playground": tuple(f"playground/{part}" for part in ("link", "notebook", "gif", "drawing", "pictures"))}
TRAINED = ("playground",)
NAME = re.compile(r"^(?:async )?(?:const|class|function) (\w+)", re.MULTILINE)  # at the left margin
COLOURS = (64, 256)  # of a picture: so many, or so many, or all
HINT = "The controls of this figure need JavaScript; in Jupyter, trust the notebook or run the cell."


class Bundle(dict[str, Any]):
    """The forms of a figure; a front end shows one of them, and a script prints the description."""

    def __repr__(self) -> str:
        return str(self["text/plain"])


def element(name: str, spec: Mapping[str, Any], picture: bytes, alt: str) -> str:
    """The HTML of a figure.

    Args:
        name: that of its script; the element is ``<gen-lib-NAME>``
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
    more = f'<script data-gen-lib="trainer">{trainer()}</script>\n' if name in TRAINED else ""
    return (
        f'<gen-lib-{name}><img alt="{html.escape(alt)}" src="data:image/png;base64,{source}">'
        f'<p class="gen-lib-hint">{HINT}</p>'
        f'<script type="application/json">{safe_json(spec)}</script></gen-lib-{name}>\n'
        f'<script data-gen-lib="library">{library()}</script>\n'
        f"{more}"
        f'<script data-gen-lib="{name}">{script(name)}</script>'
    )


def show(name: str, spec: Mapping[str, Any], figure: Figure, alt: str) -> None:
    """Put a figure into the output of a cell: HTML, and a picture for print and for pages without scripts.

    Args:
        name: that of its script
        spec: what the script makes the figure from
        figure: what stands there until the script runs, and where none does; it is closed
        alt: what the figure shows

    Raises:
        ValueError: no description
    """
    picture = png(figure)
    if not alt.strip():
        raise ValueError("alt must say what the figure shows, got nothing")
    forms = {
        "image/png": base64.b64encode(picture).decode(),
        "text/html": element(name, spec, picture, alt),
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
    source = "\n".join(_read(part) for part in (*PARTS.get(name, ()), name))
    return f'(() => {{\n"use strict";\nconst {{ {names} }} = genLib;\n{source}\n}})();'


@cache
def trainer() -> str:
    """The trainer, once per page: ``genLibTrainer(Float32Array)`` is an object of its names."""
    source = "\n".join(_read(f"train/{part}") for part in TRAINER)
    names = ", ".join(NAME.findall(source))
    return f'globalThis.genLibTrainer ??= (Numbers) => {{\n"use strict";\n{source}\nreturn {{ {names} }};\n}};'


@cache
def _library() -> str:
    """The parts, after what they take from Python: the colours of the roles."""
    return f"const ROLES = {json.dumps(COLORS)};\n" + "\n".join(_read(f"library/{part}") for part in LIBRARY)


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


def lighter(picture: bytes) -> bytes:
    """The same picture in a third of the bytes: with few colours, if the eye does not see it.

    Lines and text need few colours. A picture that needs more keeps them all and is only packed better.

    Args:
        picture: PNG; one that is not opaque comes back as it is
    """
    opened = Image.open(io.BytesIO(picture))
    if np.asarray(opened.convert("RGBA"))[..., 3].min() < 255:
        return picture
    whole = opened.convert("RGB")
    kept: Image.Image = whole
    for colours in COLOURS:
        # the usual median cut would lose rare colours
        few = whole.quantize(colours, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        off = np.abs(np.asarray(whole, int) - np.asarray(few.convert("RGB"), int))  # of 255
        if off.mean() < 0.5 and off.max() < 40:
            kept = few
            break
    file = io.BytesIO()
    kept.save(file, "png", optimize=True)
    return min(file.getvalue(), picture, key=len)
