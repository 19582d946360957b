"""``gen-lib run``, ``sweep`` and ``report``: notebooks with other parameters, once or many times."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..slips import brief, whole


def run(
    notebook: Path,
    parameters: Sequence[str] = (),
    file: Path | None = None,
    out: Path | None = None,
    force: bool = False,
    help_notebook: bool = False,
) -> None:
    """Run a notebook with other parameters, which are checked before it starts.

    Args:
        notebook: the file
        parameters: name=value; -p for short, as often as needed
        file: a YAML file of names and values, which -p overrides; -f for short
        out: the executed copy, a new name in this folder if not given; -o for short
        force: replace a file that is there
        help_notebook: show the parameters with types, bounds and defaults, and run nothing
    """
    from ..runs.parameters import read

    if help_notebook:
        print(read(notebook).help() or f"{notebook} has no parameters")
        return
    given = _given(parameters, file)
    read(notebook).checked(given)
    _needs("papermill")
    from ..runs import notebooks

    copy, outcome, seconds = notebooks.run(notebook, given, out, force=force)
    if outcome.trouble:
        lines = [f"gen-lib: {outcome.trouble}", *(f"  {place}" for place in notebooks.places(outcome.traceback))]
        print("\n".join([*lines, f"  The run up to there: {copy}"]), file=sys.stderr)
        sys.exit(1)
    false = [claim["claim"] for claim in outcome.claims if not claim["holds"]]
    claims = f", {len(outcome.claims) - len(false)} of {len(outcome.claims)} claims hold" if outcome.claims else ""
    print("\n".join([f"{copy}: {seconds:.1f} s{claims}", *(f"  does not hold: {text}" for text in false)]))


def sweep(
    what: str,
    grid: Sequence[str] = (),
    random: int | None = None,
    random_seed: int = 0,
    out: Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    parameters: Sequence[str] = (),
    file: Path | None = None,
) -> None:
    """Run a notebook or a training for all points of a grid, and collect what it records in one table.

    The same command again computes what is missing or failed; with a larger grid, what is new.

    Args:
        what: a notebook; or train, whose settings are then the parameters, such as -p method=vae
        grid: name=0.1,1,10 or name=0:8 or name=lin:0,1,5 or name=log:1e-3,1e-1,5; as often as needed
        random: draw this many points of the grid instead of all
        random_seed: seed of the draw
        out: folder of the sweep (required); -o for short
        workers: processes on this machine (one per core)
        scheduler: address of a Dask cluster instead of workers
        parameters: name=value for all runs; -p for short, as often as needed
        file: a YAML file of such names and values, which -p overrides; -f for short
    """
    from ..runs import grid as grids
    from ..runs.parameters import read

    axes = grids.parse(grid)
    if not axes:
        raise ValueError(f"grid must be given at least once: --grid {grids.FORMS}")
    if out is None:
        raise ValueError("out must be given, the folder of the sweep: -o FOLDER")
    if workers is not None and scheduler is not None:
        raise ValueError(f"workers and scheduler exclude each other, got workers={workers} and scheduler={scheduler}")
    whole("random_seed", random_seed, least=0)
    given = _given(parameters, file)
    if both := [name for name in given if name in axes]:
        raise ValueError(f"parameter {both[0]!r} must be given once, it is in the grid and among the parameters")
    processes = _cores() if workers is None else whole("workers", workers, least=0)
    job: Any
    if what == "train":
        _needs("distributed", "pyarrow")
        from ..runs.reading import from_text
        from ..runs.trainings import TrainJob

        job = TrainJob(from_text(given), [*axes])
    else:
        notebook = read(what)
        given = notebook.checked(given)
        _needs("papermill", "distributed", "pyarrow")
        from ..runs.notebooks import NotebookJob

        job = NotebookJob(notebook, given)
    typed = {name: [job.check({name: value})[name] for value in values] for name, values in axes.items()}
    points = grids.points(typed, random, random_seed)
    from ..runs import sweep as engine

    if many := getattr(job, "folded", None):
        print(f"small nets that differ only in {' and '.join(many)} are trained as members of one")
    ended = engine.sweep(job, points, out, workers=processes, scheduler=scheduler, progress=True)
    print(f"computed {ended.computed}, reused {ended.reused}")
    print(f"{out / 'table.csv'} and .parquet hold all runs; gen-lib report {out} draws them")
    if ended.failed:
        print(f"gen-lib: {ended.failed} of them failed, see trouble and traceback in the table", file=sys.stderr)
        sys.exit(1)


def report(folder: Path, out: Path | None = None, force: bool = False) -> None:
    """Draw the table of a sweep as one page.

    Args:
        folder: of the sweep
        out: where the page goes, report.html in the folder if not given; -o for short
        force: replace a file that is there, if it is not that report.html
    """
    from ..runs import report as pages

    print(pages.report(folder, out, force=force))


def _given(parameters: Sequence[str], file: Path | None) -> dict[str, Any]:
    """Names and values from a file and from the command line, which counts."""
    given: dict[str, Any] = {}
    if file is not None:
        import yaml

        try:
            read = yaml.safe_load(file.read_text("utf8"))
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError(f"file {file} must be YAML: {' '.join(str(error).split())[:300]}") from error
        if not isinstance(read, dict) or not all(isinstance(name, str) for name in read):
            raise ValueError(f"file {file} must hold names and values, it holds {brief(read)}")
        given |= read
    for text in parameters:
        name, equals, value = text.partition("=")
        if not equals or not all(part.isidentifier() for part in name.strip().split(".")):
            raise ValueError(f"parameter must be name=value, got {brief(text)}")
        given[name.strip()] = value
    return given


def _needs(*packages: str) -> None:
    if missing := [name for name in packages if find_spec(name) is None]:
        raise FileNotFoundError(f"{', '.join(missing)} must be installed for this: pip install 'gen-lib[runs]'")


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
