"""The built pages in a headless Chromium: `pytest tests/browser`, in parallel with `-n 3 --dist loadgroup`.

BOOK_HTML names the folder of the built pages, _build/html by default. What is missing (pages, browser) is an error: a
check that did not run must not look like one that passed.
"""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from browsing import launched
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright
from serving import jupyter
from visiting import DESK, FLAGS, SITE, Visit, base, of_page, opened_tab, page_names, see, views, with_figures


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "opened" in metafunc.fixturenames:
        seen = [(name, theme, size) for name in page_names() for size, theme in views(name)]
        opened = [of_page(name, (name, theme, size), f"{name}-{theme}-{size[0]}") for name, theme, size in seen]
        metafunc.parametrize("opened", opened, indirect=True, scope="module")
    elif "name" in metafunc.fixturenames:
        metafunc.parametrize("name", [of_page(name) for name in page_names()])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What does not belong to a page stays together by module; what takes longest begins first, view by view."""

    def group_of(item: pytest.Item) -> str:
        return item.get_closest_marker("xdist_group").args[0]

    def view(item: pytest.Item) -> str:
        """Tests of one view stand together, whatever their module, so that the page is opened once for all; what wears
        it out comes last."""
        given = item.callspec.params if hasattr(item, "callspec") else {}
        _, theme, size = given.get("opened", ("", "", given.get("size", DESK)))
        return f"{size} {'worn' in item.fixturenames} {theme}"

    def rank(item: pytest.Item) -> int:
        group = group_of(item)
        return 0 if group.startswith(("jupyter", "test_playground")) else 1 if group in moving else 2

    moving = {*with_figures(), "test_trained", "test_said"}
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    first = {group: place for place, group in reversed([*enumerate(map(group_of, items))])}
    items.sort(key=lambda item: (rank(item), first[group_of(item)], view(item)))


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        try:
            chromium = launched(playwright, FLAGS)
        except Error:
            pytest.fail("no Chromium or Chrome found: run `.ci/chromium`, or install one with the system's packages")
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def window(browser: Browser):
    """A window for all that may know of each other: to open a tab in it takes less time than to open a window."""
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory):
    """A Jupyter server, started once for all tests with the pinned widgets."""
    with jupyter(tmp_path_factory.mktemp("jupyter")) as server:
        yield server


@pytest.fixture(scope="module")
def tab(browser: Browser):
    """A tab of a desk's size, with patience: a fresh environment compiles what it imports."""
    context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]})
    context.set_default_timeout(90_000)
    yield context.new_page()
    context.close()


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


@pytest.fixture(scope="session")
def at(window: BrowserContext, origin: str):
    """A function from a page and a size to the visit of it, which goes on until another one is asked for. Each size has
    one tab, where page follows page: in a tab of its own a page takes twice as long to open."""
    tabs: dict[tuple[int, int], Page] = {}
    visits: dict[tuple[str, tuple[int, int]], Visit] = {}

    def anew() -> Page:
        """What pages share is compiled once for a tab, but each of them loads it anew."""
        tab = opened_tab(window)
        window.new_cdp_session(tab).send("Network.setCacheDisabled", {"cacheDisabled": True})
        return tab

    def visited(name: str, size: tuple[int, int]) -> Visit:
        if (name, size) not in visits:
            while visits:
                visits.popitem()[1].leave()
            tab = tabs.pop(size, None) or anew()  # one in which a page could not be seen shows no other
            tab.bring_to_front()
            visits[name, size] = see(tab, f"{base(origin, size)}/{name}", size)
            tabs[size] = tab
        seen = visits[name, size]
        seen.page.bring_to_front()  # a tab behind another one is slow
        return seen

    yield visited
    for tab in tabs.values():
        tab.close()


@pytest.fixture
def worn(at):
    """The same, for a test after which the page is no longer as it was opened: it comes after all others."""
    return at


@pytest.fixture(scope="module")
def opened(request: pytest.FixtureRequest, at) -> Visit:
    """One page in one theme at one size; both themes are seen in one visit."""
    name, theme, size = request.param
    seen = at(name, size)
    seen.look(theme)
    return seen
