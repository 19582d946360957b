"""What a figure that moves consists of."""

import html.parser
import json
from typing import Any


class Parts(html.parser.HTMLParser):
    """Tags of a figure, with its specification and its picture."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.spec, self.image, self.within = [], None, {}, ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.within = dict(attrs).get("type", "") if tag == "script" else ""
        if tag == "img":
            self.image = dict(attrs)

    def handle_data(self, data):
        if self.within == "application/json":
            self.spec, self.within = json.loads(data), ""


def spec(bundle: dict[str, str]) -> Any:
    """What the script of a figure makes it from."""
    return Parts(bundle["text/html"]).spec
