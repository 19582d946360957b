"""The built pages in a headless Chromium: `pytest tests/browser`.

BOOK_HTML names the folder of the built pages, _build/html by default. What is missing (pages, browser) is an error: a
check that did not run must not look like one that passed.
"""

import os
import shutil
import threading
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from check_links import pages
from playwright.sync_api import Browser, Page, sync_playwright

SITE = Path(os.environ.get("BOOK_HTML", Path(__file__).parents[2] / "_build" / "html")).resolve()
LAYOUT = Path(__file__).with_name("layout.js").read_text("utf-8")
PHONE, DESK = (390, 844), (1440, 900)
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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "opened" in metafunc.fixturenames:
        views = [(name, theme, size) for name in page_names() for theme in ("light", "dark") for size in (PHONE, DESK)]
        ids = [f"{name}-{theme}-{size[0]}" for name, theme, size in views]
        metafunc.parametrize("opened", views, ids=ids, indirect=True, scope="module")
    elif "name" in metafunc.fixturenames:
        metafunc.parametrize("name", page_names())


@dataclass
class Visit:
    """A page in the browser, and what happened while it loaded."""

    page: Page
    name: str
    requests: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def layout(self, check: str) -> list[str]:
        """The findings of a function in layout.js."""
        return self.page.evaluate(f"() => {{ {LAYOUT}; return {check}(); }}")


def visit(browser: Browser, url: str, size: tuple[int, int] = DESK, theme: str = "light") -> Visit:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=theme)
    seen = Visit(context.new_page(), url)
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.on("requestfailed", lambda request: seen.failures.append(f"{request.url}: {request.failure}"))
    seen.page.on("response", lambda r: seen.failures.append(f"{r.url}: {r.status}") if r.status >= 400 else None)
    seen.page.on("pageerror", lambda error: seen.messages.append(f"error: {error}"))
    seen.page.on(
        "console", lambda m: seen.messages.append(f"{m.type}: {m.text}") if m.type in ("error", "warning") else None
    )
    seen.page.goto(url, wait_until="load")
    seen.page.evaluate("window.MathJax?.startup?.promise.then(() => document.fonts.ready).then(() => true)")
    return seen


@pytest.fixture(scope="session")
def browser():
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, names)), playwright.chromium.executable_path)
        if not Path(path).exists():
            pytest.fail("no Chromium or Chrome found: run `.ci/chromium`, or install one with the system's packages")
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="session")
def origin():
    """The pages behind a server: its address, such as http://127.0.0.1:12345."""
    page_names()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=SITE)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def opened(request: pytest.FixtureRequest, browser: Browser, origin: str):
    """One page in one theme at one size; the tests of a module share the visit."""
    name, theme, size = request.param
    seen = visit(browser, f"{origin}/{name}", size, theme)
    yield seen
    seen.page.context.close()
