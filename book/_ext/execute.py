"""Execute the notebooks whose executed copy is missing or stale.

    execute.py [NAME ...] [--compare] [--jobs N] [--force]

papermill runs each notebook; a copy without an error lands in _build/executed/notebooks, stamped with the key it was
made under. With --compare, nbval runs each copy that has not passed this yet once more, and compares the cells tagged
`nbval-check-output`; the stamp says whether a copy has passed. A failure names the cell and leaves its copy in
_build/executed/failed; the other notebooks still finish. The longest is begun first.
"""

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

from notebook_key import EXECUTED, Notebook, has_passed, is_fresh, key, read, source
from runs import nbval, papermill, run, run_apart, start_again

ROOT = Path(__file__).parents[2]
SECONDS = 60  # a longer run is reported, unless the notebook's metadata says {"gen_lib": {"seconds": ...}}
GIGABYTES = 1.1  # a larger one is reported, and as many run at a time as find room
RECORD = EXECUTED / "record.json"  # what each notebook took last time, also while its copy is stale
recording = Lock()


def limit(notebook: Notebook) -> float:
    return notebook["metadata"].get("gen_lib", {}).get("seconds", SECONDS)


def recorded(root: Path) -> dict[str, dict[str, float]]:
    return read(root / RECORD) if (root / RECORD).exists() else {}


def record(root: Path, name: str, **measured: float) -> None:
    with recording:
        write(root / RECORD, recorded(root) | {name: measured})


def write(path: Path, content: dict[str, Any]) -> None:
    """All of it or nothing, whatever interrupts."""
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps(content), "utf-8")
    os.replace(new, path)


def told(notebook: Notebook) -> float:
    """What a notebook says itself that it takes; else it may take up to its limit."""
    found = re.search(r"all cells together run in about (\d+) seconds", "".join(map(source, notebook["cells"][:1])))
    return float(found[1]) if found else limit(notebook)


def longest_first(notebooks: Sequence[Path], root: Path) -> list[Path]:
    """By what each took last time, or by what it says; of equals the larger file comes first."""
    last = recorded(root)

    def expected(path: Path) -> tuple[float, int]:
        seconds = last[path.stem]["seconds"] if path.stem in last else told(read(path))
        return seconds, path.stat().st_size

    return sorted(notebooks, key=expected, reverse=True)


def places() -> int:
    """How many notebooks run at a time: one per core, as long as there is memory."""
    import psutil
    from joblib import cpu_count

    return max(1, min(cpu_count(), int(psutil.virtual_memory().available / 1e9 / GIGABYTES)))


def files_of(notebook: Path, root: Path) -> tuple[Path, Path, Path]:
    """Where its executed copy is, while it runs, and after a failure."""
    copy, running, failed = (root / EXECUTED / folder / notebook.name for folder in ("notebooks", "running", "failed"))
    for path in (copy, running, failed):
        path.parent.mkdir(parents=True, exist_ok=True)
    return copy, running, failed


def make(notebook: Path, root: Path) -> str:
    """Make the executed copy of one notebook. Return what went wrong, or nothing."""
    copy, running, failed = files_of(notebook, root)
    for path in (copy, running, failed):
        path.unlink(missing_ok=True)
    content = read(notebook)
    stamp = {"key": key(content, root), "compared": False}  # taken now: what is edited meanwhile makes it stale
    start = time.monotonic()
    trouble, peak = run(papermill, root, notebook, running)
    seconds = time.monotonic() - start
    if trouble and running.exists():
        os.replace(running, failed)
    elif not trouble:
        keep(running, copy, stamp)
        record(root, notebook.stem, seconds=round(seconds, 1), peak=round(peak, 2))
    said = [f"{seconds:.0f} s", f"peak {peak:.1f} GB"]
    said += [f"WARNING: more than its {limit(content)} s"] * (seconds > limit(content))
    said += [f"WARNING: more than {GIGABYTES} GB"] * (peak > GIGABYTES)
    return reported(notebook, root, trouble, said)


def compare(notebook: Path, root: Path, first: "Future[str] | None") -> str:
    """Run the executed copy of one notebook once more, if there is one. Return what went wrong, or nothing."""
    if first and first.result():
        return ""
    copy, _, failed = files_of(notebook, root)
    failed.unlink(missing_ok=True)
    start = time.monotonic()
    if trouble := run_apart(nbval, root, copy).trouble:
        os.replace(copy, failed)  # numbers that do not come out again are not shown
    else:
        written = copy.stat()
        keep(copy, copy, {"compared": True})
        os.utime(copy, ns=(written.st_atime_ns, written.st_mtime_ns))  # the page is the same
    return reported(notebook, root, trouble, [f"compared in {time.monotonic() - start:.0f} s"])


def reported(notebook: Path, root: Path, trouble: str, said: list[str]) -> str:
    """Print what became of a run; return its trouble, with the notebook and where the run is kept."""
    print(f"  {notebook.stem}: {'FAILED' if trouble else ', '.join(said)}", flush=True)
    failed = files_of(notebook, root)[2]
    if trouble and failed.exists():
        trouble += f"\n  The run up to there: {failed.relative_to(root)}"
    return f"{notebook.relative_to(root)}: {trouble}" if trouble else ""


def keep(source: Path, target: Path, stamp: dict[str, Any]) -> None:
    done = read(source)
    done["metadata"].setdefault("gen_lib", {}).update(stamp)
    write(target, done)
    if source != target:
        source.unlink()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="notebooks, as 01_noise_to_data; all of them if none is named")
    parser.add_argument("--compare", action="store_true", help="run the copies once more and compare")
    parser.add_argument("--jobs", type=int, help="notebooks at a time (default: as cores and memory allow)")
    parser.add_argument("--force", action="store_true", help="fresh copies too")
    parser.add_argument("--root", type=Path, default=ROOT, help="the book's folder")
    given = parser.parse_args(arguments)
    root = given.root.resolve()
    notebooks = {path.stem: path for path in sorted(root.glob("notebooks/*.ipynb"))}
    if unknown := set(given.names) - set(notebooks):
        parser.error(f"no notebook {', '.join(sorted(unknown))}; there are {', '.join(notebooks)}")
    chosen = [path for name, path in notebooks.items() if name in given.names or not given.names]
    copies = {path: root / EXECUTED / "notebooks" / path.name for path in chosen}
    stale = [path for path in chosen if given.force or not is_fresh(copies[path], read(path), root)]
    unproved = [path for path in chosen if given.compare and (path in stale or not has_passed(copies[path]))]
    todo = longest_first([path for path in chosen if path in stale or path in unproved], root)
    jobs = given.jobs or (places() if todo else 1)
    more = f", {len(unproved)} to compare" if given.compare else ""
    print(f"{len(stale)} of {len(chosen)} notebooks to execute{more}, {jobs} at a time", flush=True)
    with ThreadPoolExecutor(jobs) as pool:  # all the first runs begin before any second one
        first = {path: pool.submit(make, path, root) for path in todo if path in stale}
        second = [pool.submit(compare, path, root, first.get(path)) for path in todo if path in unproved]
    failures = [trouble for run in (*first.values(), *second) if (trouble := run.result())]
    print(*failures, sep="\n\n", file=sys.stderr, end="\n" if failures else "")
    return 1 if failures else 0


if __name__ == "__main__":
    start_again()
    sys.exit(main())
