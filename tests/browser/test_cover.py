"""The cover, as it opens: what the first screen holds, that it moves, and what a hand, a finger or a key does to it."""

import gzip
import re
from copy import deepcopy

import matplotlib as mpl
import pytest
import torch
from address import is_placeholder, present
from playwright.sync_api import Browser, Page
from test_repository import ROOT
from visiting import DESK, PHONE, SHOWN, SITE, frames, page_names

from gen_lib import METHODS, samplers
from gen_lib.figures import live, page

mpl.use("agg")
COVER = "book/intro.html"
WEIGHT = 700_000  # bytes, packed: the page and all that it loads
each_size = pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
MOVED = f"before => ({SHOWN})(document.querySelector('gen-lib-flow-plane')) !== before"


def opened(browser: Browser, size=DESK, **context) -> Page:
    tab = browser.new_context(viewport={"width": size[0], "height": size[1]}, **context).new_page()
    tab.goto((SITE / COVER).as_uri())
    tab.wait_for_function("document.querySelector('gen-lib-flow-plane').ready")
    return tab


def shown(tab: Page) -> str:
    return tab.locator("gen-lib-flow-plane").evaluate(SHOWN)


def still(browser: Browser, size=DESK, **context) -> Page:
    """The cover after its pause button: from now on only the reader changes it."""
    tab = opened(browser, size, **context)
    tab.get_by_role("button", name="Pause").click()
    frames(tab, 3)
    before = shown(tab)
    frames(tab, 10)
    assert shown(tab) == before
    return tab


def middle(tab: Page, mode: int = 0) -> tuple[float, float]:
    box = tab.get_by_role("slider").nth(mode).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@each_size
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_first_screen_holds_figure_claim_switch_and_start(browser, size, theme):
    tab = opened(browser, size, color_scheme=theme)
    parts = [
        "h1:visible",
        ".cover-lead",
        "gen-lib-flow-plane canvas",
        "gen-lib-flow-plane .gen-lib-segments",
        ".cover-switch",
    ]
    parts += [".cover-claim .holds", ".cover-start a >> nth=0"]
    for part in parts:
        box = tab.locator(part).last.bounding_box()
        assert box["x"] >= 0, part
        assert box["x"] + box["width"] <= size[0], part
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= size[1], part
    assert tab.evaluate("document.documentElement.scrollWidth") <= size[0]
    start = tab.get_by_role("link", name="Start here")
    assert start.bounding_box()["height"] >= 44
    start.click()
    tab.wait_for_url("**/notebooks/01_noise_to_data.html")
    tab.context.close()


@each_size
def test_it_moves_by_itself_and_pauses(browser, size):
    tab = browser.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
    tab.goto((SITE / COVER).as_uri(), wait_until="load")
    tab.wait_for_function(
        f"""() => {{ const figure = document.querySelector("gen-lib-flow-plane"), shown = {SHOWN};
            if (!figure?.ready) return false;
            window.first ??= shown(figure);
            return shown(figure) !== window.first; }}"""
    )
    tab.context.close()
    still(browser, size).context.close()


def test_out_of_view_it_stands_still(browser):
    tab = opened(browser, PHONE)
    tab.evaluate("scrollTo({ top: 2500, behavior: 'instant' })")
    frames(tab, 3)
    before = shown(tab)
    frames(tab, 10)
    assert shown(tab) == before
    tab.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    tab.wait_for_function(MOVED, arg=before)
    tab.context.close()


def test_with_reduced_motion_it_stands_still_and_still_obeys(browser):
    tab = opened(browser, reduced_motion="reduce")
    before = shown(tab)
    frames(tab, 10)
    assert shown(tab) == before
    assert not tab.locator("gen-lib-flow-plane button").is_visible()
    tab.get_by_role("radio", name="1 step").check()
    assert shown(tab) != before
    before = shown(tab)
    tab.get_by_role("slider").first.press("ArrowLeft")
    tab.wait_for_function(MOVED, arg=before)
    tab.context.close()


@each_size
def test_the_switch_makes_it_fail_at_once(browser, size):
    tab = still(browser, size)
    said = tab.locator("gen-lib-flow-plane .gen-lib-said")
    before, good = shown(tab), said.inner_text()
    tab.get_by_role("radio", name="1 step").check()
    failed = shown(tab)
    assert failed != before
    counts = [int(re.match(r"(\d+) of 300 particles", text)[1]) for text in (good, said.inner_text())]
    assert counts[0] > 240  # of 300
    assert counts[1] < 30
    tab.get_by_role("radio", name="16 steps").check()
    assert shown(tab) == before
    tab.context.close()


def test_a_mouse_drags_a_mode(browser):
    tab = still(browser)
    before, (x, y) = shown(tab), middle(tab)
    for button in ("right", "left"):
        tab.mouse.move(x, y)
        tab.mouse.down(button=button)
        tab.mouse.move(x + 60, y + 40, steps=3)
        tab.mouse.up(button=button)
        tab.mouse.move(x, y)
        assert middle(tab) == pytest.approx((x + 60, y + 40) if button == "left" else (x, y), abs=1.5)
    tab.wait_for_function(MOVED, arg=before)
    tab.mouse.move(*middle(tab))
    tab.mouse.down()
    tab.mouse.move(5000, -5000)  # far out it stays where the net has been trained
    tab.mouse.up()
    stage = tab.locator("gen-lib-flow-plane canvas").bounding_box()
    assert stage["x"] < middle(tab)[0] < stage["x"] + stage["width"]
    assert stage["y"] < middle(tab)[1] < stage["y"] + stage["height"]
    tab.context.close()


def test_a_finger_drags_a_mode_and_scrolls_elsewhere(browser):
    tab = still(browser, PHONE, has_touch=True)
    session = tab.context.new_cdp_session(tab)

    def swipe(x, y, dx, dy):
        for kind, part in (("Start", 0), ("Move", 0.5), ("Move", 1), ("End", None)):
            points = [] if part is None else [{"x": x + part * dx, "y": y + part * dy, "id": 0}]
            session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
            tab.wait_for_timeout(30)

    before, (x, y) = shown(tab), middle(tab, 1)
    swipe(x, y, -30, -50)
    assert tab.evaluate("scrollY") == 0
    assert middle(tab, 1) == pytest.approx((x - 30, y - 50), abs=1.5)
    tab.wait_for_function(MOVED, arg=before)
    stage = tab.locator("gen-lib-flow-plane canvas").bounding_box()
    swipe(stage["x"] + 20, stage["y"] + stage["height"] - 10, 0, -200)
    tab.wait_for_function("scrollY > 50")
    tab.context.close()


def test_keys_move_a_mode_and_it_is_said_where_it_is(browser):
    tab = still(browser)
    handle = tab.get_by_role("slider", name="Mode 2")
    before, (x, y) = shown(tab), middle(tab, 1)
    handle.focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowUp"):
        handle.press(key)
    assert tab.evaluate("scrollY") == 0
    assert middle(tab, 1)[0] > x
    assert middle(tab, 1)[1] < y
    assert handle.get_attribute("aria-valuetext") == "1.2 across, \u22121.5 up"
    tab.wait_for_function(MOVED, arg=before)
    tab.context.close()


def test_it_follows_while_it_moves(browser):
    """A drag changes the paths of particles that are on their way, without a pause."""
    tab = opened(browser)
    said = tab.locator("gen-lib-flow-plane .gen-lib-said")
    before = said.inner_text()
    for _ in range(25):
        tab.get_by_role("slider").first.press("Shift+ArrowRight")
    tab.wait_for_function(
        "before => document.querySelector('gen-lib-flow-plane .gen-lib-said').textContent !== before", arg=before
    )
    tab.context.close()


def test_what_is_said_is_what_torch_computes(browser, monkeypatch):
    bundles = []
    monkeypatch.setattr(page, "display", lambda bundle, raw: bundles.append(bundle))
    net = METHODS["fm"].build(dim=6, members=(2,), seed=1)
    with torch.no_grad():
        net.map.layers[-1].weight.mul_(6)
    modes, noise = (
        torch.tensor([[1.0, -1.0], [-1.5, 0.5]]).double(),
        torch.randn(300, 2, generator=torch.Generator().manual_seed(0)),
    )
    live.flow_plane(net, modes.float(), alt="Streams.", deviation=0.4, reach=(3.0, 2.0), steps=8)
    exact = deepcopy(net).double().requires_grad_(False)
    tab = browser.new_context(reduced_motion="reduce").new_page()
    tab.set_content(bundles[0]["text/html"])
    said, told = tab.locator(".gen-lib-said"), []
    for key, name in ((None, "8 steps"), ("Shift+ArrowLeft", "1 step"), ("Shift+ArrowUp", "8 steps")):
        if key:
            tab.get_by_role("slider").first.press(key)
            modes[0] += 0.5 * torch.tensor([-1.0, 0.0] if "Left" in key else [0.0, 1.0])
        tab.get_by_role("radio", name=name).check()
        start = torch.cat([noise.double(), modes.flatten().expand(300, -1)], -1)
        end = samplers.euler(lambda x, t: exact(x, t)[0], start, int(name[0]))[-1][:, None, :2]
        told.append(((end - modes).norm(dim=-1) < 1.2).any(-1).sum().item())
        tab.wait_for_function(
            "text => document.querySelector('.gen-lib-said').textContent === text",
            arg=f"{told[-1]} of 300 particles end in a mode",
        )
    assert said.count() == 1
    assert len(set(told)) == len(told)  # else it would not be seen
    assert 0 < min(told)
    assert max(told) < 300
    tab.context.close()


def test_the_map_leads_to_every_chapter(browser):
    for size in (PHONE, DESK):
        tab = opened(browser, size)
        links = tab.locator(".chapter-map a")
        targets = [href.rpartition("/")[2] for href in links.evaluate_all("links => links.map(link => link.href)")]
        assert targets == [f"{path.stem}.html" for path in sorted(ROOT.glob("notebooks/*.ipynb"))]
        assert tab.locator(".chapter-map svg:visible").count() == 1
        cards = tab.locator(".chapter-map li")
        boxes = [card.bounding_box() for card in cards.all()]
        assert all(0 <= box["x"] and box["x"] + box["width"] <= size[0] for box in boxes)
        cramped = "cards => cards.filter(card => card.scrollHeight > card.clientHeight + 1).map(card => card.innerText)"
        assert cards.evaluate_all(cramped) == []
        links.nth(2).focus()
        tab.keyboard.press("Enter")
        tab.wait_for_url(f"**/{targets[2]}")
        tab.context.close()


def test_it_is_light(browser, origin):
    """All that the page loads, as a server sends it."""
    tab, loaded = browser.new_page(), set()
    tab.on("request", lambda request: loaded.add(request.url))
    tab.goto(f"{origin}/{COVER}", wait_until="networkidle")
    files = [SITE / url.removeprefix(f"{origin}/").partition("?")[0] for url in loaded if url.startswith(origin)]
    assert len(files) > 3
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) <= WEIGHT
    tab.close()


def test_buttons_that_lead_nowhere_are_not_shown():
    """On any page: those for Colab, the repository and its issues wait for an address."""
    url = present(ROOT)
    for name in page_names():
        text = (SITE / name).read_text("utf-8")
        if name.startswith("notebooks/"):
            assert ("colab.research.google.com/github/" in text) == (not is_placeholder(url)), name
        assert (f'href="{url}' in text) == (not is_placeholder(url)), name
    how = re.sub("<[^>]*>", "", (SITE / "book" / "how_to_run.html").read_text("utf-8"))
    assert ("make address URL=" in how) == is_placeholder(url)
