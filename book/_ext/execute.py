"""Execute the notebooks whose executed copy is missing or stale: execute.py [NAME ...] [--jobs N] [--force]

Each notebook is run by papermill, then once more by nbval, which compares the cells tagged `nbval-check-output`.
Only a copy that passed both lands in _build/executed/notebooks, stamped with the key it was made under. A failure
names the cell and leaves its copy in _build/executed/failed; the other notebooks still finish.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from joblib import cpu_count
from notebook_key import EXECUTED, Cell, code_cells, is_fresh, key, read, source

ROOT = Path(__file__).parents[2]
SECONDS = 60  # a longer run is reported, unless the notebook's metadata says {"gen_lib": {"seconds": ...}}
CELL_TIMEOUT = "600"  # seconds
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "GEN_LIB_THREADS")
SETTINGS = dict.fromkeys(THREADS, "1") | {
    "GEN_LIB_STRICT": "1",
    "TQDM_DISABLE": "1",  # a bar that has run is no output to keep
}  # one thread each: the notebooks share the cores


def run(root: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a Python module; PYTHONPATH makes the kernel import the library beside the notebooks and no other."""
    environment = os.environ | SETTINGS | {"PYTHONPATH": str(root)}
    return subprocess.run(
        [sys.executable, "-m", *command], env=environment, cwd=root, text=True, capture_output=True, check=False
    )


def papermill(notebook: Path, copy: Path, root: Path) -> str:
    """Run the notebook into the copy. Return what went wrong, or nothing."""
    ran = run(root, "papermill", notebook, copy, "--kernel", "python3", "--cwd", notebook.parent,
              "--no-progress-bar", "--execution-timeout", CELL_TIMEOUT)  # fmt: skip
    if stopped := re.search(r"^nbclient\.exceptions\.(.+)", ran.stderr, re.MULTILINE):  # no kernel, or no end
        started = [cell for cell in code_cells(read(copy)) if "execution" in cell["metadata"]]
        return f"{name(len(started), started[-1])}: {stopped[1]}"
    if copy.exists() and (trouble := first_trouble(copy)):
        return trouble
    return ran.stderr.strip().splitlines()[-1] if ran.returncode else ""


def first_trouble(copy: Path) -> str:
    """The first error or warning in an executed copy, with its cell."""
    for number, cell in enumerate(code_cells(read(copy)), 1):
        for output in cell["outputs"]:
            text = "".join(output.get("text", ""))
            if output["output_type"] == "error":
                return f"{name(number, cell)}: {output['ename']}: {output['evalue']}"
            if output.get("name") == "stderr" and "Warning" in text:
                return f"{name(number, cell)}: a warning, which no reader should meet: {text.strip()}"
    return ""


def name(number: int, cell: Cell) -> str:
    return f"code cell {number}, `{source(cell).splitlines()[0]}`"


def nbval(copy: Path, root: Path) -> str:
    """Run the executed copy again and compare the tagged cells. Return what differs, or nothing."""
    ran = run(root, "pytest", copy, "--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout", CELL_TIMEOUT,
              "--quiet", "--color=no", "-p", "no:cacheprovider", "-o", "addopts=", "-o", "filterwarnings=")  # fmt: skip
    if not ran.returncode:
        return ""
    cells = re.findall(r"^Cell (\d+): (.*?)(?=^_{5,} |^={5,} |\Z)", ran.stdout, re.DOTALL | re.MULTILINE)
    reports = [f"code cell {int(number) + 1}: {report.strip()}" for number, report in cells]  # nbval counts from 0
    return "\n".join(["the second run differs from the first", *(reports or [ran.stdout, ran.stderr])])


def make(notebook: Path, root: Path) -> str:
    """Make the executed copy of one notebook. Return what went wrong, or nothing."""
    copy, running, failed = (root / EXECUTED / folder / notebook.name for folder in ("notebooks", "running", "failed"))
    for path in (copy, running, failed):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
    stamp = key(read(notebook), root)  # taken now: what is edited meanwhile makes the copy stale
    start = time.monotonic()
    trouble = papermill(notebook, running, root)
    executed = time.monotonic()
    trouble = trouble or nbval(running, root)
    compared = time.monotonic()
    if trouble:
        print(f"  {notebook.stem}: FAILED", flush=True)
        if running.exists():
            os.replace(running, failed)
            trouble += f"\n  The run up to there: {failed.relative_to(root)}"
        return f"{notebook.relative_to(root)}: {trouble}"
    done = read(running)
    about = done["metadata"].setdefault("gen_lib", {})
    about["key"], limit = stamp, about.get("seconds", SECONDS)
    running.write_text(json.dumps(done), "utf-8")
    os.replace(running, copy)
    late = f"  WARNING: more than its {limit} s" if executed - start > limit else ""
    print(f"  {notebook.stem}: {executed - start:.0f} s, compared in {compared - executed:.0f} s{late}", flush=True)
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="notebooks, as 01_noise_to_data; all of them if none is named")
    parser.add_argument("--jobs", type=int, default=cpu_count(), help="notebooks at a time (default: %(default)s)")
    parser.add_argument("--force", action="store_true", help="fresh copies too")
    parser.add_argument("--root", type=Path, default=ROOT, help="the book's folder")
    given = parser.parse_args(arguments)
    root = given.root.resolve()
    notebooks = {path.stem: path for path in sorted(root.glob("notebooks/*.ipynb"))}
    if unknown := set(given.names) - set(notebooks):
        parser.error(f"no notebook {', '.join(sorted(unknown))}; there are {', '.join(notebooks)}")
    chosen = [path for name, path in notebooks.items() if name in given.names or not given.names]
    stale = [p for p in chosen if given.force or not is_fresh(root / EXECUTED / "notebooks" / p.name, read(p), root)]
    print(f"{len(stale)} of {len(chosen)} notebooks to execute, {given.jobs} at a time", flush=True)
    with ThreadPoolExecutor(given.jobs) as pool:
        failures = [trouble for trouble in pool.map(partial(make, root=root), stale) if trouble]
    print(*failures, sep="\n\n", file=sys.stderr, end="\n" if failures else "")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
