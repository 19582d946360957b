"""What a reader waits for: the first good samples, and the page while a worker trains."""

import json
import statistics
from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

from playwright.sync_api import Browser, Page

from gen_lib.figures import live, page

from .contest import SETTING

SEEDS = 3
NEAR = 0.1  # W1 on the line
CASES = {
    "flow matching on the line": {"data": "mixture_1d"},
    "two methods in the plane": {"data": "eight_gaussians", "compared with": "MeanFlow"},
}

# Seconds and steps until the mean W1 of the members is at most `near`. Every 50 steps are judged, off the clock.
REACHED = """([setting, near]) => {
    const { Training, Stream, sampler, distance, mean } = genLibTrainer(Float32Array);
    const target = document.querySelector("gen-lib-playground").spec.targets.mixture_1d;
    const training = new Training({ ...setting, method: "fm", dim: 1, sample: sampler(target, 1) });
    const noise = new Stream(setting.seed + 1000).normal(target.quantiles.length);
    let seconds = 0;
    while (training.done < setting.steps) {
        const start = performance.now();
        for (let k = 0; k < 50; k++) training.step();
        seconds += (performance.now() - start) / 1000;
        const made = training.members.map((nets) => training.method.push(nets, noise, 10).at(-1));
        if (mean(made.map((points) => distance(points, target.quantiles, 1))) <= near) break;
    }
    return { seconds, steps: training.done };
}"""

# What happens in the figure for some milliseconds, or, if 0 are given, from the press of Train to the end: by how much
# a timer of 10 ms was late at most, and the longest task if one took 50 ms or more.
WATCHED = """(rest) => new Promise((done, fail) => {
    const figure = document.querySelector("gen-lib-playground"), begin = performance.now();
    const [buttons, late, tasks] = [Array.from(figure.querySelectorAll("button")), [], []];
    const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration)));
    observer.observe({ type: "longtask" });
    let last = begin;
    const watch = setInterval(() => {
        const now = performance.now();
        late.push(now - last - 10);
        last = now;
        if (now - begin > 120000) return fail(Error(`no end after two minutes: ${figure.textContent}`));
        if (rest ? now - begin < rest : !buttons.some((button) => button.textContent === "Again")) return;
        clearInterval(watch);
        observer.disconnect();
        done({ late: Math.max(...late), task: Math.max(0, ...tasks), seconds: (now - begin) / 1000 });
    }, 10);
    if (!rest) buttons.find((button) => button.textContent === "Train").click();
})"""


def opened(browser: Browser, begin: dict[str, Any]) -> Page:
    """A page with the figure alone, begun."""
    with patch.object(page, "display") as display:
        live.playground(alt="Training", presets=(), begin=begin)
    tab = browser.new_page(viewport={"width": 1366, "height": 768})
    tab.set_default_timeout(150_000)
    tab.set_content(display.call_args.args[0]["text/html"])
    tab.keyboard.press("Tab")  # the figure begins
    tab.get_by_role("button", name="Train", exact=True).wait_for()
    return tab


def watched(browser: Browser, tab: Page, rest: int) -> dict[str, Any]:
    """What the page sees of itself, and the most processor time of a task, which other programs do not lengthen."""
    browser.start_tracing(page=tab, categories=["toplevel"])
    found: dict[str, Any] = tab.evaluate(WATCHED, rest)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    names = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}
    tasks = [e for e in events if "tdur" in e and names.get((e["pid"], e["tid"])) == "CrRendererMain"]
    return found | {"processor": max(e["tdur"] for e in tasks) / 1000}


def show(browser: Browser) -> None:
    """Of a few seeds the median and the worst."""
    print(f"\n{SEEDS} seeds: median (worst)\n")
    runs = []
    for seed in range(SEEDS):
        tab = opened(browser, CASES["flow matching on the line"])
        runs.append(tab.evaluate(REACHED, [SETTING | {"seed": seed}, NEAR]))
        tab.close()
    print(f"W1 <= {NEAR} on the line after {said(runs, 'seconds', '.1f')} s, {said(runs, 'steps', '.0f')} steps")
    for name, begin in CASES.items():
        rest, training = [], []
        for seed in range(SEEDS):
            tab = opened(browser, begin | {"seed": seed})
            rest.append(watched(browser, tab, 2000))
            training.append(watched(browser, tab, 0))
            tab.close()
        print(f"The figure, {name}: {SETTING['steps']} steps in {said(training, 'seconds', '.1f')} s")
        for when, seen in (("at rest", rest), ("while it trains", training)):
            late, task, processor = (said(seen, what, ".0f") for what in ("late", "task", "processor"))
            print(f"  {when}: timer late by {late} ms at most; longest task {task} ms (0: none of 50 ms);", end=" ")
            print(f"most processor time of a task {processor} ms", flush=True)


def said(runs: Sequence[dict[str, Any]], what: str, form: str) -> str:
    values = [run[what] for run in runs]
    return f"{statistics.median(values):{form}} ({max(values):{form}})"
