"""The built pages in a headless Chromium: `pytest tests/browser`.

BOOK_HTML names the folder of the built pages, _build/html by default. What is missing (pages, browser) is an error: a
check that did not run must not look like one that passed.
"""

import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from visiting import DESK, FLAGS, PHONE, SITE, page_names, visit


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "opened" in metafunc.fixturenames:
        views = [(name, theme, size) for name in page_names() for theme in ("light", "dark") for size in (PHONE, DESK)]
        ids = [f"{name}-{theme}-{size[0]}" for name, theme, size in views]
        metafunc.parametrize("opened", views, ids=ids, indirect=True, scope="module")
    elif "name" in metafunc.fixturenames:
        metafunc.parametrize("name", page_names())


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
