"""Where the built pages are, and what it means to visit one."""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from check_links import pages
from playwright.sync_api import Browser, Page, TimeoutError

SITE = Path(os.environ.get("BOOK_HTML", Path(__file__).parents[2] / "_build" / "html")).resolve()
LAYOUT = Path(__file__).with_name("layout.js").read_text("utf-8")
PHONE, DESK = (390, 844), (1440, 900)
# What a figure shows, as text that differs when the picture does; of a drawing a number made of all its pixels.
SHOWN = """figure => [...figure.querySelectorAll("img, canvas, svg")].map(part => {
    if (!part.getContext) return part.src ?? part.innerHTML;
    const pen = new OffscreenCanvas(part.width, part.height).getContext("2d", { willReadFrequently: true });
    pen.drawImage(part, 0, 0);
    const { data } = pen.getImageData(0, 0, part.width, part.height);
    return new Uint32Array(data.buffer).reduce((hash, pixel) => Math.imul(hash ^ pixel, 0x01000193), part.width);
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
# What waits until it comes into view waits no longer, fonts are there, and after two frames whatever
# follows the size or the theme has followed it.
SETTLED = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    for (const part of document.querySelectorAll(".bd-article section")) part.style.contentVisibility = "visible";
    for (const image of document.images) image.loading = "eager";
    await Promise.allSettled([...document.images].map(image => image.decode()));
    await document.fonts.ready;
    await frame().then(frame);
}"""
# Colours fade in: half way, a text has neither its colour nor its contrast. What follows scrolling is still.
STILL = """() => document.getAnimations().every(
    animation => animation.playState !== "running" || !(animation.timeline instanceof DocumentTimeline)
)"""
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

    def settle(self) -> None:
        """Wait until the page stands still, with all figures begun; one that cannot begin has thrown its error."""
        with suppress(TimeoutError):
            self.page.wait_for_function(BEGUN, timeout=10_000)
        self.page.evaluate(SETTLED)
        self.page.wait_for_function(STILL)

    def look(self, theme: str) -> None:
        """See the same page in a theme, as when the system changes over."""
        self.page.emulate_media(color_scheme=theme)
        self.page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
        self.settle()

    def layout(self, check: str) -> list[str]:
        """The findings of a function in layout.js."""
        return self.page.evaluate(f"() => {{ {LAYOUT}; return {check}(); }}")

    def close(self) -> None:
        self.page.context.close()


def visit(browser: Browser, url: str, size: tuple[int, int] = DESK, theme: str = "light") -> Visit:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=theme)
    seen = Visit(context.new_page())
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.on("requestfailed", lambda request: seen.failures.append(f"{request.url}: {request.failure}"))
    seen.page.on("response", lambda r: seen.failures.append(f"{r.url}: {r.status}") if r.status >= 400 else None)
    seen.page.on("pageerror", lambda error: seen.messages.append(f"error: {error}"))
    seen.page.on(
        "console", lambda m: seen.messages.append(f"{m.type}: {m.text}") if m.type in ("error", "warning") else None
    )
    seen.page.goto(url, wait_until="load")
    seen.settle()
    return seen
