"""Figures that move where a kernel runs, in JupyterLab and in the classic notebook, driven as a reader does.

The classic notebook runs twice, with the ipywidgets of the pins and with 7.7, which Colab has.
"""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from matplotlib import pyplot as plt
from playwright.sync_api import Page, expect
from serving import Jupyter, jupyter
from visiting import DESK, SHOWN

from gen_lib.figures import choices, explore, live, page

expect.set_options(timeout=30_000)  # a kernel may be slow
OLD = Path(sys.prefix) / "ipywidgets7"  # made by `make environment`
OLD_WIDGETS = {"PYTHONPATH": str(OLD), "JUPYTER_PATH": str(OLD / "share" / "jupyter")}
CELLS = [
    """import ipywidgets
import matplotlib.pyplot as plt
import torch
from gen_lib import METHODS, data
from gen_lib.figures import explore, live
print("ipywidgets", ipywidgets.__version__)""",
    """def draw(slope, name):
    print(f"drawn live: {slope} {name}")
    plt.figure(figsize=(3, 2))
    plt.plot([0, slope])
    plt.ylim(0, 9)

explore(draw, alt="A line.", slope=[1, 2, 4, 8], name=["one", "other"])""",
    """net = METHODS["fm"].build(dim=1, members=(2,), seed=0)
live.flow_lab(data.mixture_1d(), {"learned": net}, alt="Particles.")""",
    """numbers = {"a": torch.ones(1), "b": torch.zeros(1)}
live.predict_choice("Which?", numbers, best="least", label="number", alt="Bars.")""",
]


def bundles() -> list[dict[str, str]]:
    """What a notebook keeps of explore and of a live figure."""
    kept: list[dict[str, str]] = []
    with pytest.MonkeyPatch.context() as patch:
        for module in (choices, page):
            patch.setattr(module, "display", lambda bundle, raw=False: kept.append(bundle) if raw else None)
        explore(lambda k: plt.figure(figsize=(3, 2)), alt="An empty figure.", k=[1, 2])
        live.likelihood_bench(alt="Losses.")
    return kept


SELECTED = {
    "jupyterlab": "[...document.querySelectorAll('.jp-Cell')].findIndex(c => c.classList.contains('jp-mod-active'))",
    "nbclassic": "Jupyter.notebook.get_selected_index()",
}
PLACES = {"jupyterlab": ("lab/tree", "doc/tree"), "nbclassic": ("notebooks", "notebooks")}


def run_in_lab(tab: Page) -> None:
    tab.get_by_text("Python 3 (ipykernel) | Idle").wait_for()  # the kernel has come
    tab.locator(".jp-CodeCell").first.locator(".cm-content").click()
    for k in range(len(CELLS)):
        tab.keyboard.press("Shift+Enter")
        tab.locator(".jp-CodeCell").nth(k).locator(".jp-InputPrompt", has_text=re.compile(r"\[\d+\]")).wait_for()


def run_in_classic(tab: Page) -> None:
    tab.wait_for_function("!!window.Jupyter?.notebook?.kernel?.comm_manager.targets['jupyter.widget']")
    # Asks the kernel thrice, since widgets ask it for their states first, in two turns, and are drawn anew after it.
    tab.evaluate(
        "new Promise(done => { let k = 3; const ask = () =>"
        " k-- ? Jupyter.notebook.kernel.kernel_info(ask) : done(); ask(); })"
    )
    tab.evaluate("Jupyter.notebook.execute_all_cells()")


@contextmanager
def server(request: pytest.FixtureRequest, old: bool) -> Iterator[Jupyter]:
    """The server that all share, or one with the old widgets."""
    if not old:
        yield request.getfixturevalue("lab")
        return
    if not OLD.is_dir():
        pytest.fail(f"{OLD} is missing: run `make environment`")
    with jupyter(request.getfixturevalue("tmp_path_factory").mktemp("old"), "nbclassic", OLD_WIDGETS) as running:
        yield running


def write_notebooks(folder: Path, name: str) -> None:
    """A notebook with figures to run, and one in which they have run elsewhere."""
    cells = [
        {"cell_type": "code", "id": f"c{k}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for k, source in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook), "utf-8")
    kept = [{"output_type": "display_data", "metadata": {}, "data": bundle} for bundle in bundles()]
    cells[-1] = {**cells[-1], "outputs": kept}
    (folder / f"untrusted-{name}.ipynb").write_text(json.dumps({**notebook, "cells": cells[-1:]}), "utf-8")


def kind(module: str, old: bool = False):
    """A parameter; those that share a server go to one worker."""
    group = pytest.mark.xdist_group("jupyter of old" if old else "jupyter")
    return pytest.param((module, old), id=module + ", ipywidgets 7.7" * old, marks=group)


@pytest.fixture(scope="module", params=[kind("jupyterlab"), kind("nbclassic"), kind("nbclassic", old=True)])
def ran(request, browser):
    """A page with a notebook whose cells have run: the page, a function for the number of the selected cell."""
    module, old = request.param
    with server(request, old) as running:
        write_notebooks(running.folder, module)
        running.start_kernel(f"{module}.ipynb")
        context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]})
        tab = context.new_page()
        tab.set_default_timeout(90_000)  # a fresh environment compiles what it imports
        place, other = PLACES[module]
        tab.goto(running.url(f"{place}/{module}.ipynb") + "&reset")
        (run_in_lab if module == "jupyterlab" else run_in_classic)(tab)
        figure = tab.locator("gen-lib-predict-choice")
        figure.scroll_into_view_if_needed()
        figure.locator("input").first.wait_for()
        selected = SELECTED[module]
        expect(tab.get_by_text(f"ipywidgets {'7.7' if old else '8.'}")).to_be_visible()
        tab.other = running.url(f"{other}/untrusted-{module}.ipynb")
        yield tab, lambda: tab.evaluate(selected)
        context.close()


def test_explore_calls_python_for_values_between_as_well(ran):
    page, selected = ran
    expect(page.get_by_text("drawn live: 1 one", exact=True)).to_be_visible()
    slider = page.locator(".widget-slider .noUi-handle, .widget-slider .ui-slider-handle").first
    slider.click()
    before = selected()
    picture = page.locator(".jp-RenderedImage img, .jupyter-widgets-output-area img")
    first = picture.get_attribute("src")
    for key, number in (("ArrowRight", 2), ("ArrowRight", 3), ("ArrowUp", 4)):
        slider.press(key)
        expect(page.get_by_text(f"drawn live: {number} one", exact=True)).to_be_visible()
    assert selected() == before
    expect(picture).to_have_count(1)
    assert picture.get_attribute("src") != first
    page.locator(".widget-dropdown select").first.select_option("other")
    expect(page.get_by_text("drawn live: 4 other", exact=True)).to_be_visible()
    assert page.locator("gen-lib-explore").count() == 0  # with a kernel one form is enough


def test_live_figures_work_and_keep_the_arrow_keys(ran):
    page, selected = ran
    figure = page.locator("gen-lib-flow-lab")
    figure.scroll_into_view_if_needed()
    slider = figure.locator("input[type=range]").first
    slider.click()
    before = selected()
    for key in ("ArrowDown", "ArrowUp", "ArrowUp", "ArrowRight", "ArrowLeft", "Home"):
        shown, value = figure.evaluate(SHOWN), slider.input_value()
        slider.press(key)
        assert slider.input_value() != value
        assert figure.evaluate(SHOWN) != shown
    assert selected() == before
    assert figure.evaluate("f => f.contains(document.activeElement)")
    row = figure.get_by_role("radiogroup").first
    shown = figure.evaluate(SHOWN)
    row.get_by_role("radio").first.press("ArrowDown")
    assert row.get_by_role("radio").nth(1).is_checked()
    assert figure.evaluate(SHOWN) != shown
    assert selected() == before


def test_letters_typed_in_a_figure_are_no_commands(ran):
    """A would insert a cell above, D twice delete it."""
    page, _ = ran
    cells = page.locator(".jp-CodeCell, .code_cell").count()
    slider = page.locator("gen-lib-flow-lab input[type=range]").first
    slider.focus()
    for key in ("a", "b", "d", "d", "m"):
        slider.press(key)
    assert page.locator(".jp-CodeCell, .code_cell").count() == cells


def test_the_answer_of_a_prediction_is_shown(ran):
    page, _ = ran
    figure = page.locator("gen-lib-predict-choice")
    figure.get_by_label("a").check()
    figure.get_by_role("button").click()
    expect(figure.locator("[aria-live]")).to_contain_text("The answer is \u201cb\u201d")


def test_in_an_untrusted_notebook_the_pictures_stand(ran, browser):
    """Whoever opens the notebook of another has not run it: no script may run, and something must be seen."""
    context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]})
    tab = context.new_page()
    tab.goto(ran[0].other)
    pictures = tab.locator(".jp-OutputArea-output img, .output_area img")
    expect(pictures).to_have_count(2)
    for picture in pictures.all():
        assert picture.evaluate("i => i.complete && i.naturalWidth") > 100
    assert tab.locator(".gen-lib-figure").count() == 0
    context.close()
