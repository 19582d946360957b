"""Sphinx extension: no button of a page leads to a repository that is not there.

While its address is the placeholder, the buttons for Colab, the repository and its issues are left out (address.py).
"""

from typing import Any

from address import is_placeholder
from sphinx.application import Sphinx
from sphinx.config import Config

BUTTONS = {"use_repository_button": False, "use_issues_button": False, "use_edit_page_button": False}


def leave_out(app: Sphinx, config: Config) -> None:
    options = config.html_theme_options
    if is_placeholder(options["repository_url"]):
        options |= BUTTONS | {"use_source_button": False, "launch_buttons": {}}


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", leave_out)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
