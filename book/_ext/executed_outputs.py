"""Sphinx extension: a page shows the prose of its notebook and the outputs of the executed copy.

`jupyter-book build` needs no kernel then. What would make a bad page is a warning, and so an error under -W: a copy
that is missing, stale, or ran with other parameters; a picture without a description, and a description without a
picture; Markdown that Jupyter and Colab would show raw.
"""

import base64
import json
import os
import re
from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from notebook_key import EXECUTED, Cell, Notebook, code_cells, is_fresh, read, source, tags
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from gen_lib.records import MIME as RECORDS

log = logging.getLogger(__name__)
WIDGET = "application/vnd.jupyter.widget-view+json"
ROLE = re.compile(r"\{[\w:+-]+\}$")  # {role}, just before a code span
MYST = re.compile(r"^:::+\s*\{.*|^\([\w-]+\)=$", re.MULTILINE)  # :::{directive}, (target)=
FIGURE = re.compile(r'\s*<script data-gen-lib="([\w-]+)">.*?</script>', re.DOTALL)  # the script of a figure that moves
TAG_WITHOUT_ALT = re.compile(r"""<img\b(?![^>]*\balt=["'][^"'])""")


def executed_copy(app: Sphinx, docname: str) -> Path:
    return Path(app.srcdir, EXECUTED, docname + ".ipynb")


def merge_outputs(app: Sphinx, docname: str, content: list[str]) -> None:
    if Path(app.env.doc2path(docname)).suffix != ".ipynb":
        return
    notebook, copy = json.loads(content[0]), executed_copy(app, docname)
    app.env.note_dependency(str(copy))  # a new execution makes a new page
    trouble = [*copy_trouble(app, notebook, copy)]
    if not trouble:
        for cell, ran in zip(code_cells(notebook), code_cells(read(copy)), strict=True):
            cell["outputs"], cell["execution_count"] = [*filter(is_alive, ran["outputs"])], ran["execution_count"]
        scripts_once(notebook)
        lighter_pictures(notebook, Path(app.doctreedir, "lighter"))
        content[0] = json.dumps(notebook)
    for message in [*trouble, *cell_trouble(notebook, ran=not trouble)]:
        log.warning(message, location=docname, type="executed_outputs")


def copy_trouble(app: Sphinx, notebook: Notebook, copy: Path) -> Iterator[str]:
    """Why the executed copy cannot be shown, if it cannot."""
    name = copy.relative_to(app.srcdir)
    if not copy.exists():
        yield f"no executed copy {name}: run make execute"
    elif any("injected-parameters" in tags(cell) for cell in code_cells(read(copy))):
        yield f"{name} ran with other parameters than the page shows: run make execute"
    elif not is_fresh(copy, notebook, Path(app.srcdir)):
        yield f"{name} is stale, the code, gen_lib or the pins have changed: run make execute"


def is_alive(output: dict[str, Any]) -> bool:
    """Without a kernel a widget shows nothing, unless it brings HTML; a progress bar, for instance, does not.

    Records are for programs.
    """
    kinds = output.get("data", {})
    return RECORDS not in kinds and (WIDGET not in kinds or "text/html" in kinds)


def scripts_once(notebook: Notebook) -> None:
    """A figure that moves brings its script, since a notebook shows each output by itself; a page needs it once."""
    seen: set[str] = set()

    def first(script: re.Match[str]) -> str:
        known = script[1] in seen
        seen.add(script[1])
        return "" if known else script[0]

    for cell in code_cells(notebook):
        for data in (output.get("data", {}) for output in cell["outputs"]):
            if "text/html" in data:
                data["text/html"] = FIGURE.sub(first, "".join(data["text/html"]))


def lighter_pictures(notebook: Notebook, kept: Path) -> None:
    """What a reader of the page has to load; the executed copy keeps the pictures as they were made."""
    kept.mkdir(parents=True, exist_ok=True)
    for cell in code_cells(notebook):
        for data in (output.get("data", {}) for output in cell["outputs"]):
            if "image/png" in data and "image/svg+xml" not in data:  # else the page shows the drawing
                picture = base64.b64decode("".join(data["image/png"]))
                light = kept / sha256(picture).hexdigest()
                if not light.exists():
                    from gen_lib.plots.pixels import lighter  # and torch, which takes longer than to read a page

                    new = light.with_suffix(f".{os.getpid()}")  # several processes read pages
                    new.write_bytes(lighter(picture))
                    os.replace(new, light)
                data["image/png"] = base64.b64encode(light.read_bytes()).decode()


def cell_trouble(notebook: Notebook, ran: bool = True) -> Iterator[str]:
    """Pictures without a description and the reverse, values left over, and Markdown that only MyST understands."""
    for number, cell in enumerate(notebook["cells"], 1):
        is_text = cell["cell_type"] == "markdown"
        problems = markdown_trouble(source(cell)) if is_text else output_trouble(cell) if ran else ()
        yield from (f"cell {number}, `{source(cell).strip().splitlines()[0]}`: {problem}" for problem in problems)


def output_trouble(cell: Cell) -> Iterator[str]:
    shown = [out.get("data", {}) for out in cell.get("outputs", [])]
    # figures that move describe themselves
    shown = [data for data in shown if "<gen-lib-" not in "".join(data.get("text/html", ""))]
    image = any(kind.startswith("image/") for data in shown for kind in data)
    alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
    if image and not alt.strip():
        yield 'its picture has no description: put {"mystnb": {"image": {"alt": "..."}}} into its metadata'
    if alt.strip() and not image:
        yield "its metadata describe a picture, but it shows none"
    if any(out["output_type"] == "execute_result" for out in cell.get("outputs", [])):
        yield "it shows the value of its last line: end that line with a semicolon, or print what is meant"


def markdown_trouble(text: str) -> Iterator[str]:
    """CommonMark tells text from code, so that code may quote what the text must not use."""
    for token in MarkdownIt().parse(text):
        if token.type == "fence" and token.info.startswith("{"):
            yield f"directive {token.info} shows raw in Jupyter and Colab"
        parts = [token, *(token.children or [])]
        for part in parts:
            if part.type == "image" and not part.content.strip():
                yield f"picture {part.attrs['src']} has no description"
            if part.type.startswith("html_") and (tag := TAG_WITHOUT_ALT.search(part.content)):
                yield f"picture {tag[0]} has no description"
            if part.type == "text" and (myst := MYST.search(part.content)):
                yield f"MyST syntax {myst[0]} shows raw in Jupyter and Colab"
        for part, following in pairwise(parts):
            if following.type == "code_inline" and (role := ROLE.search(part.content)):
                yield f"MyST syntax {role[0]} shows raw in Jupyter and Colab"


def outdated(app: Sphinx, env: BuildEnvironment, *changes: set[str]) -> list[str]:
    """Pages whose copy is not fresh are read again even if Sphinx sees no change, so that they warn again."""
    notebooks = [name for name in env.found_docs if Path(env.doc2path(name)).suffix == ".ipynb"]
    return [n for n in notebooks if not is_fresh(executed_copy(app, n), read(Path(env.doc2path(n))), Path(app.srcdir))]


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", merge_outputs)
    app.connect("env-get-outdated", outdated)
    if numbering := app.extensions.get("sphinx_multitoc_numbering"):  # comes with the table of contents
        numbering.parallel_read_safe = True  # it numbers what has been read, but does not say that this is safe
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
