"""Make the pages from the executed copies, if anything that they show has changed: make_pages.py [--root FOLDER]

A warning is an error, and so is a broken link. Sphinx reads only the pages that have changed, and warns about a page
only when it reads it; so after a failure all of them are read again.
"""

import argparse
import gc
import shutil
import sys
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from notebook_key import EXECUTED, library

ROOT = Path(__file__).parents[2]
FILES = ("_*.yml", "requirements.txt", "notebooks/*", "book/**/*", "benchmarks/*", f"{EXECUTED}/notebooks/*")


def inputs(root: Path) -> Iterator[Path]:
    """All that the pages are made from; docstrings of the library are shown, too."""
    yield from library(root)
    for pattern in FILES:
        yield from (path for path in sorted(root.glob(pattern)) if path.is_file() and "__pycache__" not in path.parts)


def state(root: Path) -> str:
    """A hash of what there is and when each file was written, which is also how Sphinx sees that a page has changed."""
    files = [f"{path.relative_to(root)} {path.stat().st_mtime_ns}" for path in inputs(root)]
    return sha256("\n".join(files).encode()).hexdigest()


def sphinx(root: Path) -> int:
    """Run Jupyter Book as `jupyter-book build . -W -n --keep-going` does, in several processes and silently."""
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # jsonschema does without these slow grammars
    gc.set_threshold(200_000, 50, 100)  # trees of documents are large, and no garbage
    from joblib import cpu_count
    from jupyter_book.sphinx import build_sphinx

    settings = {"external_toc_path": str(root / "_toc.yml"), "latex_individualpages": False, "nitpicky": True}
    failed = build_sphinx(
        root, root / "_build" / "html", noconfig=True, path_config=root / "_config.yml", confoverrides=settings,
        warningiserror=True, keep_going=True, quiet=True, jobs=cpu_count(),
    )  # fmt: skip
    return bool(failed)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=ROOT, help="the book's folder")
    root = parser.parse_args(arguments).root.resolve()
    site, made, now = root / "_build" / "html", root / "_build" / "pages", state(root)
    if (site / "index.html").exists() and made.exists() and made.read_text("utf-8") == now:
        print("no page to make")
        return 0
    print("making the pages that have changed", flush=True)
    made.unlink(missing_ok=True)
    if sphinx(root):
        shutil.rmtree(root / "_build" / ".doctrees", ignore_errors=True)
        return 1
    from check_links import check

    if check(site, root / "_build" / "links.json"):
        return 1
    made.write_text(now, "utf-8")  # as it was before: what was edited meanwhile is not there yet
    return 0


if __name__ == "__main__":
    sys.exit(main())
