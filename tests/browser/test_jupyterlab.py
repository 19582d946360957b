"""The notebooks as a reader opens them in JupyterLab: nothing that only the book understands is shown raw."""

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError

pytestmark = pytest.mark.xdist_group("jupyter")
ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# What a reader must never see: unset formulas, directives, roles, targets, tags as text.
RAW = re.compile(r"\$\$|\\tag|\\begin|^:::.*|\{[a-z]{2,}[\w:+-]*\}|^\([\w-]+\)=$|</?\w+>", re.MULTILINE)
OPEN = """async path => {
    for (const open of [...jupyterapp.shell.widgets("main")]) {
        if (open.context) open.context.model.dirty = false;  // else it asks whether to save
        open.close();
    }
    return (await jupyterapp.commands.execute("docmanager:open", { path })).id;
}"""
CELLS = "[...document.querySelectorAll(`#${id} .jp-MarkdownCell .jp-RenderedMarkdown`)]"
SHOWN = f"([id, n]) => {CELLS}.filter(c => c.innerText.trim()).length >= n"
SET = f"id => !{CELLS}.some(c => /\\$/.test(c.innerText))"  # MathJax comes last, cell by cell
PROBE = "# A probe\n\n:::{note}\nraw\n:::\n\n{ref}`raw`, $x$ and\n\n$$\nx = 1 \\tag{1}\n$$"


@pytest.fixture(scope="module")
def rendered(tab, lab):
    """A function that opens a notebook in JupyterLab, alone, and says what it shows: what stands in each Markdown cell
    once formulas are set, how many solutions can be folded, formulas in error."""
    probe = {"cell_type": "markdown", "id": "probe", "metadata": {}, "source": PROBE}
    notebooks = {path.name: json.loads(path.read_text("utf-8")) for path in NOTEBOOKS}
    notebooks["probe.ipynb"] = notebooks[NOTEBOOKS[0].name] | {"cells": [probe]}
    for name, notebook in notebooks.items():  # code has nothing to be rendered
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
        (lab.folder / name).write_text(json.dumps(notebook | {"cells": cells}), "utf-8")
    tab.goto(lab.url("lab") + "&reset")
    tab.wait_for_function("window.jupyterapp?.commands.hasCommand('docmanager:open')")

    def opened(name: str, cells: int) -> tuple[list[str], int, int]:
        place = tab.evaluate(OPEN, name)
        tab.wait_for_function(SHOWN, arg=[place, cells], polling=100)
        with suppress(TimeoutError):  # what is never set is found by the test
            tab.wait_for_function(SET, arg=place, timeout=15_000, polling=100)
        shown = tab.locator(f"[id='{place}'] .jp-MarkdownCell .jp-RenderedMarkdown")
        return shown.all_inner_texts(), shown.locator("details").count(), shown.locator("mjx-merror").count()

    return opened


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_nothing_is_shown_raw(rendered, path):
    sources = [
        "".join(c["source"]) for c in json.loads(path.read_text("utf-8"))["cells"] if c["cell_type"] == "markdown"
    ]
    texts, folded, errors = rendered(path.name, len(sources))
    assert len(texts) == len(sources)
    assert [match.group() for text in texts for match in RAW.finditer(text)] == []
    assert folded == sum(source.count("<details>") for source in sources)
    assert errors == 0


def test_what_is_raw_would_be_found(rendered):
    (text,), _, errors = rendered("probe.ipynb", 1)
    assert [match.group() for match in RAW.finditer(text)] == [":::{note} raw :::", "{ref}"]  # and no formula
    assert errors == 0
