"""The notebooks as a reader opens them in JupyterLab: nothing that only the book understands is shown raw."""

import json
import re
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError
from visiting import DESK

pytestmark = pytest.mark.xdist_group("jupyter")
ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# What a reader must never see: unset formulas, directives, roles, targets, tags as text.
RAW = re.compile(r"\$\$|\\tag|\\begin|^:::.*|\{[a-z]{2,}[\w:+-]*\}|^\([\w-]+\)=$|</?\w+>", re.MULTILINE)
CELLS = "[...document.querySelectorAll('.jp-MarkdownCell .jp-RenderedMarkdown')]"
SHOWN = f"n => {CELLS}.filter(c => c.innerText.trim()).length >= n"
SET = f"() => !{CELLS}.some(c => /\\$/.test(c.innerText))"  # MathJax comes last, cell by cell
PROBE = "# A probe\n\n:::{note}\nraw\n:::\n\n{ref}`raw`, $x$ and\n\n$$\nx = 1 \\tag{1}\n$$"


@pytest.fixture(scope="module")
def rendered(browser, lab):
    """A function that opens a notebook in a JupyterLab of its own, and says what it shows: what stands in each Markdown
    cell once formulas are set, how many solutions can be folded, formulas in error."""
    for path in NOTEBOOKS:
        shutil.copy(path, lab.folder)
    probe = json.loads(NOTEBOOKS[0].read_text("utf-8"))
    probe["cells"] = [{"cell_type": "markdown", "id": "probe", "metadata": {}, "source": PROBE}]
    (lab.folder / "probe.ipynb").write_text(json.dumps(probe), "utf-8")

    def opened(name: str, cells: int) -> tuple[list[str], int, int]:
        context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]})
        try:
            page = context.new_page()
            page.goto(lab.url(f"doc/tree/{name}") + "&reset")
            page.wait_for_function(SHOWN, arg=cells)
            with suppress(TimeoutError):  # what is never set is found by the test
                page.wait_for_function(SET, timeout=15_000)
            shown = page.locator(".jp-MarkdownCell .jp-RenderedMarkdown")
            return shown.all_inner_texts(), shown.locator("details").count(), shown.locator("mjx-merror").count()
        finally:
            context.close()

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
