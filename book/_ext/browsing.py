"""The browser in which pages are looked at: the system's Chromium or Chrome, else that of playwright."""

import shutil
from collections.abc import Sequence

from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def launched(playwright: Playwright, flags: Sequence[str] = ("--no-sandbox",)) -> Browser:
    """A headless browser.

    Raises:
        playwright.sync_api.Error: there is none: run .ci/chromium, or install one with the system's packages
    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    return playwright.chromium.launch(executable_path=program, args=list(flags))
