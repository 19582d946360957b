"""What a reader does on a page: search, switch the theme, scroll a formula by keyboard, follow the front door."""

import pytest
from visiting import DESK, PHONE, SITE, visit


@pytest.fixture(params=["served", "from the disk"])
def base(request, origin):
    return origin if request.param == "served" else SITE.as_uri()


def test_search_finds_the_autoencoder(browser, base):
    seen = visit(browser, f"{base}/search.html?q=autoencoder")
    seen.page.wait_for_selector("#search-results li a")
    hits = seen.page.locator("#search-results li a").evaluate_all("links => links.map(link => link.href)")
    assert any("02_ae_vs_vae" in hit for hit in hits)
    assert any("#module-gen_lib.methods.autoencoder" in hit for hit in hits)
    seen.page.wait_for_load_state("networkidle")  # the excerpts
    assert [url for url in seen.requests if not url.startswith((base, "file:", "data:"))] == []
    assert seen.failures + seen.messages == []
    seen.close()


def test_search_box_leads_to_the_results(browser, base):
    seen = visit(browser, f"{base}/book/intro.html")
    seen.page.keyboard.press("Control+k")
    seen.page.keyboard.type("coupling\n")
    seen.page.wait_for_selector("#search-results li a")
    assert seen.messages == []
    seen.close()


def test_theme_switch(browser, base):
    seen = visit(browser, f"{base}/book/intro.html")
    button = seen.page.locator(".theme-switch-button:visible").first
    backgrounds = set()
    for _ in range(3):  # light, dark, as the system says
        backgrounds.add(seen.page.evaluate("getComputedStyle(document.body).backgroundColor"))
        button.click()
    assert len(backgrounds) == 2
    assert seen.messages == []
    seen.close()


def test_front_door_leads_to_the_book(browser, base):
    page = browser.new_page()
    page.goto(f"{base}/index.html")
    page.wait_for_url("**/book/intro.html")
    assert page.locator("h1:visible").first.inner_text().startswith("Generative Models")
    page.close()


def test_what_scrolls_can_be_reached_by_keyboard(browser, base):
    seen = visit(browser, f"{base}/book/notation.html", PHONE)
    seen.page.wait_for_selector("div.math[tabindex='0']")
    seen.close()


def test_what_begins_to_scroll_when_the_window_narrows_can_be_reached_as_well(browser, base):
    seen = visit(browser, f"{base}/book/notation.html", DESK)
    assert seen.page.locator("div.math[tabindex='0']").count() == 0
    seen.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    seen.page.wait_for_selector("div.math[tabindex='0']")
    seen.close()


def test_icons_are_drawn(browser, base):
    """The style sheet of the pages knows every icon that a page names."""
    seen = visit(browser, f"{base}/notebooks/01_noise_to_data.html")
    masks = seen.page.locator('i[class*="fa-"], span[class*="fa-"]').evaluate_all(
        "icons => icons.map(icon => getComputedStyle(icon, '::before').maskImage)"
    )
    assert len(masks) > 5
    assert all(mask.startswith('url("data:image/svg+xml,') for mask in masks)
    seen.close()
