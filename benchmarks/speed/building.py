"""Sections on the book: what its chapters take, and what its pages weigh."""

import gzip
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXECUTED, SITE = ROOT / "_build/executed", ROOT / "_build/html"


def found(pattern: str, folder: Path) -> list[Path]:
    if paths := sorted(folder.glob(pattern)):
        return paths
    sys.exit(f"no {pattern} in {folder}: run make book first")


def chapters(quick: bool) -> list[dict[str, object]]:
    """What each chapter took when it was last executed, its kernel's start included, and its peak of memory; chapters
    that ran at the same time slow each other down."""
    rows: list[dict[str, object]] = []
    record = json.loads((EXECUTED / "record.json").read_text("utf-8")) if (EXECUTED / "record.json").exists() else {}
    for copy in found("*.ipynb", EXECUTED / "notebooks"):
        last = record.get(copy.stem, {})
        seconds = last.get("seconds", json.loads(copy.read_text("utf-8"))["metadata"]["papermill"]["duration"])
        rows.append({"chapter": copy.stem, "seconds": seconds, "GB": last.get("peak")})
    return rows


def pages(quick: bool) -> list[dict[str, object]]:
    """Kilobytes of each page as built, pictures and figures within it included, and as a server sends it compressed;
    scripts, styles and fonts, which all pages share, are not."""
    rows: list[dict[str, object]] = []
    for page in found("**/*.html", SITE):
        content = page.read_bytes()
        name = page.relative_to(SITE).with_suffix("").as_posix()
        if name.startswith(("book/", "notebooks/")) and "/api" not in name:
            rows.append({"page": name, "kB": len(content) / 1e3, "kB compressed": len(gzip.compress(content)) / 1e3})
    return rows
