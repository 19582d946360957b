"""What a reader waits for: the first good samples, and the page while a worker trains."""

import statistics
from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

from playwright.sync_api import Browser, Page

from gen_lib.figures import live, page

NEAR = 0.1  # W1 on the line
CASES = {
    "flow matching on the line": {"data": "mixture_1d"},
    "two methods in the plane": {"data": "eight_gaussians", "compared with": "MeanFlow"},
}

# What happens in a page for some milliseconds, or, if 0 are given, from the press of Train to the end: by how much a
# timer of 10 ms was late, the longest task of 50 ms or more, and when the figure first said a W1 of at most `near`.
WATCHED = """([near, rest]) => new Promise((done) => {
    const figure = document.querySelector("gen-lib-playground"), begin = performance.now();
    const [late, tasks] = [[], []];
    const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration)));
    observer.observe({ type: "longtask" });
    let [last, reached] = [begin, null];
    const watch = setInterval(() => {
        const now = performance.now(), said = figure.textContent;
        late.push(now - last - 10);
        last = now;
        if (Number(/W1 ([\\d.]+)/.exec(said)?.[1]) <= near) reached ??= (now - begin) / 1000;
        if (rest ? now - begin < rest : !said.includes("Train again")) return;
        clearInterval(watch);
        observer.disconnect();
        done({ late: Math.max(...late), task: Math.max(0, ...tasks), reached, whole: (now - begin) / 1000 });
    }, 10);
    if (!rest) Array.from(figure.querySelectorAll("button")).find((button) => button.textContent === "Train").click();
})"""


def opened(browser: Browser, begin: dict[str, Any]) -> Page:
    """A page with the figure alone, begun."""
    with patch.object(page, "display") as display:
        live.playground(alt="Training", presets=(), begin=begin)
    tab = browser.new_page(viewport={"width": 1366, "height": 768})
    tab.set_content(display.call_args.args[0]["text/html"])
    tab.keyboard.press("Tab")  # the figure begins
    tab.get_by_role("button", name="Train", exact=True).wait_for()
    return tab


def measured(browser: Browser, begin: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The page at rest for two seconds, since a busy machine delays any page, and while it trains."""
    tab = opened(browser, begin)
    found = tab.evaluate(WATCHED, [NEAR, 2000]), tab.evaluate(WATCHED, [NEAR, 0])
    tab.close()
    return found


def show(browser: Browser) -> None:
    """Of five seeds the median and the worst."""
    print("\nThe figure, five seeds: median (worst)\n")
    for name, begin in CASES.items():
        rest, training = zip(*(measured(browser, begin | {"seed": seed}) for seed in range(5)), strict=True)
        print(f"{name}, 1000 steps: {said(training, 'whole', 's')}")
        if all(run["reached"] for run in training):
            print(f"  W1 <= {NEAR} after {said(training, 'reached', 's')}")
        for when, runs in (("at rest", rest), ("while it trains", training)):
            late, task = said(runs, "late", "ms"), said(runs, "task", "ms")
            print(f"  {when}: a timer is late by at most {late}; longest task of 50 ms or more {task}", flush=True)


def said(runs: Sequence[dict[str, Any]], what: str, unit: str) -> str:
    values = [run[what] for run in runs]
    digits = 1 if unit == "s" else 0
    return f"{statistics.median(values):.{digits}f} {unit} ({max(values):.{digits}f} {unit})"
