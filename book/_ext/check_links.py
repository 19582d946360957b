"""Check that every local link of the built pages leads somewhere: check_links.py [SITE]

Links are href, src and srcset, and the page that a refresh leads to. A link with a fragment needs an element of that
id on the page it leads to. Links to other hosts are not followed.
"""

import json
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

ATTRIBUTES = {"href", "src", "poster", "data-src"}


class Page(HTMLParser):
    """The links of a page and the places in it that can be linked to."""

    def __init__(self, path: Path):
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = {"top"}
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value}
        self.links += [given[name] for name in ATTRIBUTES & given.keys()]
        self.links += [candidate.split()[0] for candidate in given.get("srcset", "").split(",") if candidate.strip()]
        if given.get("http-equiv", "").lower() == "refresh" and "url=" in given.get("content", ""):
            self.links.append(given["content"].split("url=", 1)[1])
        self.anchors |= {given[name] for name in ("id", "name") if name in given}


def pages(site: Path) -> list[Path]:
    """The pages of a site; what lies under _static are templates and assets."""
    return sorted(path for path in site.rglob("*.html") if "_static" not in path.relative_to(site).parts)


class Pages:
    """The links and the anchors of each page, which is read once, and again only when it has been written again."""

    def __init__(self, memory: Path | None = None):
        self.memory = memory
        self.known: dict[str, list[Any]] = json.loads(memory.read_text("utf-8")) if memory and memory.exists() else {}

    def __getitem__(self, path: Path) -> tuple[list[str], list[str]]:
        written, name = path.stat().st_mtime_ns, str(path)
        if name not in self.known or self.known[name][0] != written:
            page = Page(path)
            self.known[name] = [written, sorted(set(page.links)), sorted(page.anchors)]
        return self.known[name][1], self.known[name][2]

    def save(self) -> None:
        if self.memory:
            self.memory.write_text(json.dumps(self.known), "utf-8")


def broken_links(site: Path, memory: Path | None = None) -> list[str]:
    """One line per link that leads nowhere: the page, the link, and what is missing.

    Args:
        site: the folder of the pages
        memory: a file that keeps what was read for the next time
    """
    site, read = site.resolve(), Pages(memory)
    broken = []
    for path in pages(site):
        for link in read[path][0]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            fragment = unquote(parts.fragment)
            if not target.is_relative_to(site) or not target.is_file():
                broken.append(f"{path.relative_to(site)}: {link}: no such file")
            elif fragment and target.suffix == ".html" and fragment not in read[target][1]:
                broken.append(f"{path.relative_to(site)}: {link}: no element with that id")
    read.save()
    return broken


def check(site: Path, memory: Path | None = None) -> bool:
    """Print the broken links. Return whether there are some."""
    broken = broken_links(site, memory)
    print(*broken, f"{len(pages(site))} pages, {len(broken)} broken links", sep="\n")
    return bool(broken)


if __name__ == "__main__":
    site = Path(sys.argv[1] if len(sys.argv) > 1 else "_build/html")
    if not pages(site):
        sys.exit(f"{site}: no pages; build them with make book")
    sys.exit(check(site))
