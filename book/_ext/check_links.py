"""Check that every local link of the built pages leads somewhere: check_links.py [SITE]

Links are href, src and srcset, and the page that a refresh leads to. A link with a fragment needs an element of that
id on the page it leads to. Links to other hosts are not followed.
"""

import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
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


def broken_links(site: Path) -> list[str]:
    """One line per link that leads nowhere: the page, the link, and what is missing."""
    site = site.resolve()
    page_at = cache(Page)
    broken = []
    for path in pages(site):
        for link in sorted(set(page_at(path).links)):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            fragment = unquote(parts.fragment)
            if not target.is_relative_to(site) or not target.is_file():
                broken.append(f"{path.relative_to(site)}: {link}: no such file")
            elif fragment and target.suffix == ".html" and fragment not in page_at(target).anchors:
                broken.append(f"{path.relative_to(site)}: {link}: no element with that id")
    return broken


def main() -> None:
    site = Path(sys.argv[1] if len(sys.argv) > 1 else "_build/html")
    if not pages(site):
        sys.exit(f"{site}: no pages; build them with make book")
    broken = broken_links(site)
    print(*broken, f"{len(pages(site))} pages, {len(broken)} broken links", sep="\n")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
