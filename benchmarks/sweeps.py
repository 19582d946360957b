"""What a sweep costs: 64 short runs as members and one by one, on one worker and on two, and as notebooks.

    python -m benchmarks.sweeps [runs]

Prints seconds and ratios, all of one sitting.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat

from gen_lib.runs import Settings, grid, sweep
from gen_lib.runs.notebooks import NotebookJob
from gen_lib.runs.parameters import read
from gen_lib.runs.trainings import TrainJob

CELLS = {
    "parameters": "seed: int = 0  # of the run",
    "setup": "import torch\nfrom gen_lib import METHODS, data, fit, metrics, notebook\nnotebook.setup(seed=(0, 2**31))",
    "work": """method = METHODS["fm"]
net = method.build(dim=1, seed=seed)
fit(method, net, data.mixture_1d(), steps=4000, batch=128, seed=seed, progress=False)
notebook.record("W1", metrics.w1(method.sample(net, 1000), data.mixture_1d()))""",
}


def timed(work: Callable[[], object]) -> float:
    """Seconds that some work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def trainings(n: int, folder: Path, folded: bool, workers: int = 0) -> float:
    """Seconds for runs that differ in their seeds: as members, or, with rates that differ a little, one by one."""
    wishes = Settings(method="fm", data="mixture_1d", preset="fast")
    axes: dict[str, list[float]] = {"seed": [*range(n)]} if folded else {"lr": [1e-2 + i * 1e-6 for i in range(n)]}
    job = TrainJob(wishes, [*axes])
    return timed(lambda: sweep.sweep(job, grid.points(axes), folder, workers=workers))


def notebook(folder: Path) -> Path:
    """A short chapter: parameters, set-up, a training of a second, a recorded number."""
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(text, metadata={"tags": [name]}) for name, text in CELLS.items()],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    path = folder / "short.ipynb"
    nbformat.write(made, path)
    return path


def notebooks(n: int, path: Path, folder: Path, workers: int) -> float:
    """Seconds of a sweep over the seeds of a notebook."""
    job = NotebookJob(read(path), {})
    return timed(lambda: sweep.sweep(job, grid.points({"seed": [*range(n)]}), folder, workers=workers))


def papermills(n: int, path: Path, folder: Path) -> float:
    """Seconds of plain papermill, one call after the other, each with a new interpreter."""
    folder.mkdir()

    def all_of_them() -> None:
        for seed in range(n):
            words = [
                sys.executable,
                "-m",
                "papermill",
                str(path),
                str(folder / f"{seed}.ipynb"),
                "-p",
                "seed",
                str(seed),
            ]
            subprocess.run([*words, "--no-progress-bar", "--log-level", "ERROR"], check=True, capture_output=True)

    return timed(all_of_them)


def main(n: int = 64) -> None:
    """Print the table."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        alone, members = trainings(n, root / "a", False), trainings(n, root / "m", True)
        two = trainings(n, root / "b", False, workers=2)
        one = trainings(n, root / "c", False, workers=1)
        print(f"{n} trainings: {alone:.1f} s one by one, {members:.1f} s as members: 1/{alone / members:.1f}")
        print(f"  with workers: 1 {one:.1f} s, 2 {two:.1f} s: efficiency {one / two / 2:.2f}", flush=True)
        path, few = notebook(root), max(1, n // 8)
        plain = papermills(few, path, root / "p") / few
        single, double = notebooks(n, path, root / "n1", 1) / n, notebooks(n, path, root / "n2", 2) / n
        print(
            f"a notebook of a second: papermill {plain:.2f} s a run, sweep on one worker {single:.2f}, two {double:.2f}"
        )
        print(f"  overhead {single / plain - 1:+.0%}, efficiency {single / double / 2:.2f}")
        third = json.loads((root / "n1/runs/000002/result.json").read_text())["seconds"]
        print(f"  the third run of the worker: {third:.2f} s", flush=True)
        print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
