"""Steps a second of the page's trainer and of the other libraries, in turns."""

import statistics
import sys
from pathlib import Path
from typing import Any

import torch
from playwright.sync_api import Browser, Route

from gen_lib import data
from gen_lib.figures import page

from .peers import fetched

HERE = Path(__file__).parent
ORIGIN = "http://localhost"  # nothing is served there: the browser's requests are answered from files
PEERS = "@tensorflow/tfjs/dist/tf.es2017.min.js", "@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.es2017.min.js"
TARGETS = {"line": data.mixture_1d, "plane": data.eight_gaussians}
SETTING = {"members": 4, "batch": 64, "hidden": [32, 64, 32], "lr": 0.01, "steps": 1000}
COMPARED = 50  # steps before the losses are compared

# Each contender does the same steps; then all do slices of some 50 ms in turns.
CONTEST = """async ([setting, rounds, compared]) => {
    const rows = [];
    for (const [who, make] of Object.entries(contest.contenders)) {
        const advance = await make(setting);
        const loss = await advance(compared);
        const start = performance.now();
        await advance(2);
        const steps = Math.max(1, Math.round(100 / (performance.now() - start)));
        rows.push({ who, advance, loss, steps, rates: [] });
    }
    for (let k = 0; k < rounds; k++) {
        for (const { advance, steps, rates } of rows) {
            const start = performance.now();
            await advance(steps);
            rates.push((1000 * steps) / (performance.now() - start));
        }
    }
    return rows.map(({ who, loss, rates }) => ({ who, loss, rates }));
}"""


def answer(route: Route) -> None:
    """An empty page, or a file of the peers."""
    _, _, path = route.request.url.partition("/peers/")
    if not path:
        return route.fulfill(body="<!doctype html><title>Training</title>", content_type="text/html")
    kind = "application/wasm" if path.endswith(".wasm") else "text/javascript"
    return route.fulfill(path=fetched() / path, content_type=kind)


def contest(browser: Browser, where: str, rounds: int) -> list[dict[str, Any]]:
    """Who, the loss after the same steps, and the steps a second of each slice."""
    tab = browser.new_page()
    tab.set_default_timeout(300_000)
    tab.route(f"{ORIGIN}/**", answer)
    tab.goto(ORIGIN)
    tab.evaluate(page.trainer())
    for script in PEERS:
        tab.add_script_tag(url=f"/peers/{script}")
    for script in ("contest", "tensorflow"):
        tab.add_script_tag(path=HERE / f"{script}.js")
    tab.add_script_tag(path=HERE / "jax.js", type="module")
    tab.wait_for_function("globalThis.jaxReady")
    points = TARGETS[where]().sample(4000, torch.Generator().manual_seed(0))
    setting = SETTING | {"dim": points.shape[1], "points": points.tolist()}
    rows: list[dict[str, Any]] = tab.evaluate(CONTEST, [setting, rounds, COMPARED])
    tab.close()
    return rows


def show(where: str, rows: list[dict[str, Any]]) -> None:
    """A table, the page's trainer first: median and fastest slice, and the ratios of both to those of the page."""
    print(f"\nFlow matching, {where}: steps a second\n")
    print(f"{'':24}{'median':>8}{'ratio':>7}{'fastest':>9}{'ratio':>7}{f'loss after {COMPARED} steps':>22}")
    ours = rows[0]
    for row in rows:
        if abs(row["loss"] / ours["loss"] - 1) > 1e-3:
            sys.exit(f"{row['who']} has the loss {row['loss']}, not {ours['loss']}: it does not do the same")
        print(f"{row['who']:24}", end="")
        for of, width in ((statistics.median, 8), (max, 9)):
            print(f"{of(row['rates']):{width}.0f}{of(row['rates']) / of(ours['rates']):7.2f}", end="")
        print(f"{row['loss']:22.5f}", flush=True)
