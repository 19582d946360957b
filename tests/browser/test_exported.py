"""An executed notebook as one HTML file, on a machine without a kernel and without a network."""

import nbconvert
import nbformat
import pytest
from nbclient import NotebookClient
from playwright.sync_api import expect
from visiting import SHOWN

CELL = """import matplotlib.pyplot as plt
from gen_lib.figures import explore, live

def draw(slope):
    plt.figure(figsize=(3, 2))
    plt.plot([0, slope])
    plt.ylim(0, 9)

explore(draw, alt="A line.", slope=[1, 2, 4, 8])
live.likelihood_bench(alt="Losses.")"""


@pytest.fixture(scope="module")
def executed():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    return NotebookClient(notebook, kernel_name="python3").execute()


@pytest.mark.parametrize("template", ["lab", "classic"])
def test_figures_move_in_an_exported_notebook(executed, tmp_path, tab, template):
    file = tmp_path / "exported.html"
    page, _ = nbconvert.HTMLExporter(template_name=template).from_notebook_node(executed)
    file.write_text(page, "utf-8")
    tab.goto(file.as_uri())
    for name in ("explore", "likelihood-bench"):
        figure = tab.locator(f"gen-lib-{name}")
        figure.scroll_into_view_if_needed()
        slider = figure.locator("input[type=range]").first
        before = figure.evaluate(SHOWN)
        slider.press("ArrowRight")
        expect(figure.locator("img, canvas, svg").first).to_be_visible()
        assert figure.evaluate(SHOWN) != before
    assert tab.locator(".jupyter-widgets, .output_widget_view").count() == 0
