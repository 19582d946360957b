"""Where the built pages are, and what it means to visit one."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from check_links import pages
from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError

SITE = Path(os.environ.get("BOOK_HTML", Path(__file__).parents[2] / "_build" / "html")).resolve()
LAYOUT = Path(__file__).with_name("layout.js").read_text("utf-8")
PHONE, DESK = (390, 844), (1440, 900)
# What a figure shows, as text that differs when the picture does; of a drawing a number made of all its pixels.
SHOWN = """figure => [...figure.querySelectorAll("img, canvas, svg")].map(part => {
    if (!part.getContext) return part.src ?? part.innerHTML;
    const pen = new OffscreenCanvas(part.width, part.height).getContext("2d", { willReadFrequently: true });
    pen.drawImage(part, 0, 0);
    const pixels = new Uint32Array(pen.getImageData(0, 0, part.width, part.height).data.buffer);
    let hash = part.width;
    for (let k = 0; k < pixels.length; k++) hash = Math.imul(hash ^ pixels[k], 0x01000193);
    return hash;
}).join()"""
# A figure may wait until it is unfolded and comes into view: whether all have begun, looking at the first that has not.
BEGUN = """() => {
    for (const folded of document.querySelectorAll("details:not(.gen-lib-fold)")) folded.open = true;
    const figures = [...document.querySelectorAll("*")].filter(part => part.localName.startsWith("gen-lib-"));
    const waiting = figures.find(figure => !figure.ready);
    if (waiting) waiting.scrollIntoView({ block: "center", behavior: "instant" });
    else scrollTo({ top: 0, behavior: "instant" });
    return !waiting;
}"""
# How far parts of the page have jumped since it began to load.
SHIFTS = """new PerformanceObserver(list => {
    window.shifts = (window.shifts ?? 0) + list.getEntries().reduce((sum, entry) => sum + entry.value, 0);
}).observe({ type: "layout-shift", buffered: true });"""
# A page as it has loaded, when scripts, fonts and a moment of rest have come: how far its parts have jumped, and of
# each figure how far down it is in screens, whether it has begun, and whether something is there to be seen.
LOADED = """async () => {
    const next = ask => new Promise(done => ask(done));
    await document.fonts.ready;
    await next(requestIdleCallback);
    for (let frames = 0; frames < 3; frames++) await next(requestAnimationFrame);
    const figures = [...document.querySelectorAll("*")].filter(part => part.localName.startsWith("gen-lib-"));
    return { jumped: window.shifts ?? 0, figures: figures.map(figure => ({
        name: figure.localName,
        below: figure.getBoundingClientRect().top / innerHeight,
        begun: Boolean(figure.ready),
        drawn: figure.querySelector("img, svg, canvas") !== null,
    })) };
}"""
# What waits until it comes into view waits no longer, and fonts are there. Colours fade in: half way a text has neither
# its colour nor its contrast, so whatever fades is brought to its end at once; what follows scrolling is still. After
# two frames in which nothing has moved, what follows the size or the theme has followed it.
SETTLED = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    for (const part of document.querySelectorAll(".bd-article section")) part.style.contentVisibility = "visible";
    for (const image of document.images) image.loading = "eager";
    await Promise.allSettled([...document.images].map(image => image.decode()));
    await document.fonts.ready;
    for (let turns = 0; turns < 50; turns++) {
        const moving = document.getAnimations().filter(
            ({ playState, timeline }) => playState === "running" && timeline instanceof DocumentTimeline);
        for (const animation of moving) animation.finish();
        await frame().then(frame);
        if (!moving.length) return;
    }
    throw new Error("the page does not stand still");
}"""
# No host but our own can be found, and the browser itself asks for nothing.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@cache
def page_names() -> list[str]:
    """The pages by their path in the site, without index.html, which only leads to the first of them."""
    names = [str(path.relative_to(SITE)) for path in pages(SITE) if path != SITE / "index.html"]
    if not names:
        raise pytest.UsageError(f"no built pages in {SITE}: run `make book`, or name their folder in BOOK_HTML")
    return names


def with_figures() -> list[str]:
    """The pages that have figures that move."""
    return [name for name in page_names() if "<gen-lib-" in (SITE / name).read_text("utf-8")]


def of_page(name: str, value: object = None, id: str | None = None):
    """A parameter of a test about one page: all of them go to one worker, which visits the page for all."""
    return pytest.param(value or name, id=id or name, marks=pytest.mark.xdist_group(name))


def base(origin: str, size: tuple[int, int]) -> str:
    """Where a page is opened: by a phone from a server, by a desk from its own disk."""
    return origin if size == PHONE else SITE.as_uri()


# One page of each kind is seen in both themes at both sizes: cover, chapters, figures, tables, the library's pages.
WHOLE = ("intro", "01_noise_to_data", "05_mode_collapse", "playground", "scoreboard", "teaching", "figures")


def views(name: str) -> list[tuple[tuple[int, int], str]]:
    """Sizes and themes in which a page is seen: colours are of the theme, layout is of the size: most need only two."""
    both = [(PHONE, "light"), (DESK, "dark")]
    return [*both, (PHONE, "dark"), (DESK, "light")] if Path(name).stem in WHOLE else both


@dataclass
class Visit:
    """A page in the browser, and what happened since it began to load."""

    page: Page
    requests: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    loaded: dict[str, Any] = field(default_factory=dict)
    theme: str = ""  # looked at, with the page settled in it
    notes: dict[str, Callable[[Any], None]] = field(default_factory=dict)

    def settle(self) -> None:
        """Wait until the page stands still, with all figures begun; one that cannot begin has thrown its error."""
        with suppress(TimeoutError):
            self.page.wait_for_function(BEGUN)
        self.page.evaluate(SETTLED)

    def look(self, theme: str) -> None:
        """See the same page in a theme, as when the system changes over."""
        if theme == self.theme:
            return
        self.page.emulate_media(color_scheme=theme)
        self.page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
        self.settle()
        self.theme = theme

    def layout(self, check: str) -> list[str]:
        """The findings of a function in layout.js."""
        return self.page.evaluate(f"() => {{ {LAYOUT}; return {check}(); }}")

    def close(self) -> None:
        self.page.close()

    def leave(self) -> None:
        """Leave the tab to another visit; this one has none then."""
        for happening, note in self.notes.items():
            self.page.remove_listener(happening, note)
        self.page.goto("about:blank")
        del self.page


def opened_tab(place: Browser | BrowserContext) -> Page:
    """A tab in a window that is open, or in a window of its own, which knows nothing of other pages."""
    page = place.new_page()
    page.add_init_script(SHIFTS)
    return page


def see(page: Page, url: str, size: tuple[int, int] = DESK, theme: str = "light") -> Visit:
    """See a page in a tab."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=theme)
    seen = Visit(page)
    seen.notes = {
        "request": lambda request: seen.requests.append(request.url),
        "requestfailed": lambda request: seen.failures.append(f"{request.url}: {request.failure}"),
        "response": lambda r: seen.failures.append(f"{r.url}: {r.status}") if r.status >= 400 else None,
        "pageerror": lambda error: seen.messages.append(f"error: {error}"),
        "console": lambda m: seen.messages.append(f"{m.type}: {m.text}") if m.type in ("error", "warning") else None,
    }
    for happening, note in seen.notes.items():
        page.on(happening, note)
    page.goto(url, wait_until="load")
    seen.loaded = page.evaluate(LOADED)
    seen.settle()
    return seen


def visit(place: Browser | BrowserContext, url: str, size: tuple[int, int] = DESK, theme: str = "light") -> Visit:
    """See a page in a tab of its own."""
    return see(opened_tab(place), url, size, theme)


def frames(page: Page, number: int) -> None:
    """Wait until the page could draw so many times, however slow the machine is."""
    page.evaluate("async left => { while (left--) await new Promise(requestAnimationFrame); }", number)


def stopped_clock(page: Page) -> None:
    """From now on time passes in the page only when a test says so, however slow the machine is."""
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") + 3_600_000)
