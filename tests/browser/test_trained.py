"""What the page trains and what the library trains: the same distances, up to the spread over members."""

import math

import nbformat
import papermill
import pytest
import torch
from test_playground import first, html, visit  # noqa: F401  (fixtures)

from gen_lib import METHODS, data, fit, metrics
from gen_lib.figures import export, page

MEMBERS, BATCH, RATE, JUDGED, SEED = 8, 64, 0.01, 500, 100
STEPS = dict.fromkeys(METHODS, 120) | {"wgan": 60}  # its critic moves five times; it errs as visibly by then


def standard_errors_apart(a, b):
    """The difference of two means over its standard error."""
    error = math.sqrt(a.var().item() / len(a) + b.var().item() / len(b))
    return (a.mean() - b.mean()).item() / error


@pytest.mark.parametrize("kind", METHODS)
def test_members_of_the_page_are_as_good_as_those_of_fit(window, kind):
    """Eight members each on the line: W1 to the exact distribution differs by less than three standard errors."""
    method, target = METHODS[kind], data.mixture_1d()
    game = "gan" in kind
    rate, betas = (0.3 * RATE if game else RATE), ((0.0, 0.9) if game else (0.9, 0.999))
    steps, net = STEPS[kind], method.build(dim=1, members=(MEMBERS,), seed=SEED)
    fit(method, net, target, steps=steps, batch=BATCH, lr=rate, betas=betas, seed=SEED, progress=False)
    here = metrics.w1(method.sample(net, JUDGED, torch.Generator().manual_seed(5)), target)
    tab = window.new_page()
    tab.evaluate(page.trainer())
    law = {"mixture": export.mixture(target)}
    flat = tab.evaluate(
        """([method, law, lr, betas, members, steps, batch, judged, seed]) => {
            const { Training, Stream, sampler } = genLibTrainer(Float32Array);
            const sample = sampler(law, 1);
            const training = new Training({ method, dim: 1, members, steps, batch, lr, betas, seed, sample });
            for (let k = 0; k < steps; k++) training.step();
            const pushed = (nets, k) => training.method.push(nets, new Stream(1000 + k).normal(judged)).at(-1);
            return training.members.map((nets, k) => Array.from(pushed(nets, k))); }""",
        [kind, law, rate, list(betas), MEMBERS, steps, BATCH, JUDGED, SEED],
    )
    tab.close()
    there = metrics.w1(torch.tensor(flat)[..., None], target)
    assert abs(standard_errors_apart(here, there)) < 3, f"library {here}, page {there}"


def test_a_notebook_of_the_page_gives_the_distances_of_the_page(visit, tmp_path):  # noqa: F811
    """Executed as a reader would: by papermill, in a kernel of its own."""
    here = visit()
    for control, value in (("data", "mixture_1d"), ("members", "8"), ("batch", "64"), ("steps", "200")):
        here.choose(control, value)
    here.press("Train")
    here.said("trained")
    there = torch.tensor(here.tab.evaluate("document.querySelector('gen-lib-playground').told[0].curve.at(-1)[1]"))
    (tmp_path / "run.ipynb").write_bytes(here.saved("Notebook"))
    executed = papermill.execute_notebook(tmp_path / "run.ipynb", tmp_path / "out.ipynb", progress_bar=False)
    printed = "".join(output.text for cell in nbformat.from_dict(executed).cells for output in cell.get("outputs", ()))
    library = torch.tensor(eval(printed.partition("member: ")[2].partition("\n")[0]))
    assert len(library) == 8
    assert abs(standard_errors_apart(library, there)) < 3, f"library {library}, page {there}"
