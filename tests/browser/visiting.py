"""Where the built pages are, and what it means to visit one."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from check_links import pages
from playwright.sync_api import Browser, Page

SITE = Path(os.environ.get("BOOK_HTML", Path(__file__).parents[2] / "_build" / "html")).resolve()
LAYOUT = Path(__file__).with_name("layout.js").read_text("utf-8")
PHONE, DESK = (390, 844), (1440, 900)
# What a figure shows, as text that differs when the picture does.
SHOWN = """figure => [...figure.querySelectorAll("img, canvas, svg")].map(
    part => part.toDataURL ? part.toDataURL() : part.src ?? part.innerHTML).join()"""
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


def page_names() -> list[str]:
    """The pages by their path in the site, without index.html, which only leads to the first of them."""
    names = [str(path.relative_to(SITE)) for path in pages(SITE) if path != SITE / "index.html"]
    if not names:
        raise pytest.UsageError(f"no built pages in {SITE}: run `make book`, or name their folder in BOOK_HTML")
    return names


@dataclass
class Visit:
    """A page in the browser, and what happened while it loaded."""

    page: Page
    requests: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def layout(self, check: str) -> list[str]:
        """The findings of a function in layout.js."""
        return self.page.evaluate(f"() => {{ {LAYOUT}; return {check}(); }}")


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
    seen.page.evaluate("window.MathJax?.startup?.promise.then(() => document.fonts.ready).then(() => true)")
    # Colours fade in: half way, a text has neither its colour nor its contrast.
    seen.page.evaluate("Promise.allSettled(document.getAnimations().map(a => a.finished)).then(() => true)")
    return seen
