"""Many runs, each once: a folder that knows which runs there are, computes what is missing, and ends in one table.

    FOLDER/
        sweep.json          what all runs share, and which parameters are swept
        points.jsonl        the parameters of run 0, 1, ...: a line once written stays
        runs/000012/        what the run has left; result.json; DONE last, if it has not failed
        table.csv           a row per finished run, in the order of their ends; at the end in the order of their numbers
        table.parquet       the same, for programs

A run is computed in a folder with another name, which gets its own when everything in it is on the disk: there is no
moment at which a part of a run could be taken for the whole.
"""

import json
import shutil
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from filelock import FileLock, Timeout

from .. import terminal
from . import table
from .folder import DONE, Busy
from .grid import key
from .jobs import Job, Outcome, Task
from .spread import Lost, spread
from .whole import settle, write

SWEEP, POINTS, RUNS, RESULT = "sweep.json", "points.jsonl", "runs", "result.json"


@dataclass(frozen=True)
class Summary:
    """How a sweep ended.

    Attributes:
        computed: runs that were computed, also those that failed
        reused: runs that were there
        failed: of those computed
        folder: of the sweep
    """

    computed: int
    reused: int
    failed: int
    folder: Path


def sweep(
    job: Job,
    points: Iterable[Mapping[str, Any]],
    folder: Path,
    *,
    workers: int = 0,
    scheduler: str | None = None,
    progress: bool = False,
) -> Summary:
    """Compute the runs that are missing or have failed, and write the table of all.

    Args:
        job: what is run
        points: name to value of the swept parameters, for each run
        folder: new, or of a sweep with the same base
        workers: processes, on this machine; with 0 all is computed in this one, without Dask
        scheduler: address of a Dask cluster that sees the folder, instead of workers
        progress: show a bar

    Returns:
        how many were computed, reused, failed

    Raises:
        ValueError: a parameter that cannot be; a folder that holds another sweep, or something else
        Busy: another process works on the folder
        OSError: it cannot be written
    """
    typed = [job.check(point) for point in points]  # all of it, before a file is written
    folder = folder.absolute()
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"folder must be a folder, {folder} is a file")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / SWEEP).exists() and not (folder / ".lock").exists():
        raise FileExistsError(f"folder must be new or hold a sweep, {folder} holds other files")
    _same_base(job, typed, folder)
    (folder / RUNS).mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        numbers = _numbered(job, typed, folder)
        job.begin(folder)
        known = _points(folder)
        missing = [number for number in numbers if not (_run(folder, number) / DONE).exists()]
        for path in [*(folder / RUNS).glob(".*"), *(_run(folder, number) for number in missing)]:
            shutil.rmtree(path, ignore_errors=True)  # halves, and failures, which are computed again
        reused = len(numbers) - len(missing)
        groups = [[missing[place] for place in places] for places in job.together([known[n] for n in missing])]
        tasks = (Task(job, group, [known[number] for number in group], folder) for group in groups)
        return _computed(tasks, missing, reused, folder, workers, scheduler, progress)


def _computed(
    tasks: Iterator[Task],
    missing: Sequence[int],
    reused: int,
    folder: Path,
    workers: int,
    scheduler: str | None,
    progress: bool,
) -> Summary:
    live, computed, failed = table.Live(folder, results), 0, 0
    try:
        with (
            terminal.bar(None, progress and bool(missing), total=len(missing), unit="run") as bar,
            closing(spread(compute, tasks, len(missing), workers, scheduler)) as running,
        ):
            for task, rows in running:
                if isinstance(rows, Lost):
                    outcome = Outcome(trouble=str(rows))
                    both = zip(task.numbers, task.points, strict=True)
                    rows = [_stored(folder, number, point, outcome, 0.0) for number, point in both]
                for row in rows:
                    live.add(row)
                    computed, failed = computed + 1, failed + (row["status"] != "done")
                bar.update(len(rows))
    except KeyboardInterrupt as error:
        computed = sum((_run(folder, number) / RESULT).exists() for number in missing)  # also what was not told yet
        message = f"stopped: computed {computed}, reused {reused}, all kept; the same command goes on"
        raise KeyboardInterrupt(message) from error
    finally:
        table.write(folder, results)
    return Summary(computed, reused, failed, folder)


def compute(task: Task) -> list[dict[str, Any]]:
    """Compute runs, where ever this is called, and store each; a run that somebody else has stored is left as it is."""
    there = [_run(task.folder, number) for number in task.numbers]
    if all((path / RESULT).exists() for path in there):
        return [_result(path) for path in there]
    places = [path.with_name(f".{path.name}-{uuid4().hex[:8]}") for path in there]
    start = time.monotonic()  # a clock that nobody sets
    try:
        for place in places:
            place.mkdir()
        try:
            outcomes = list(task.job.run(task.points, places))
            if len(outcomes) != len(places):
                raise RuntimeError(f"the job must give {len(places)} outcomes, it gave {len(outcomes)}")
        except Exception as error:
            outcomes = [Outcome.of(error, traceback.format_exc())] * len(places)
        seconds = (time.monotonic() - start) / len(places)
        return [
            _stored(task.folder, number, point, outcome, seconds, place)
            for number, point, outcome, place in zip(task.numbers, task.points, outcomes, places, strict=True)
        ]
    finally:
        for place in places:
            shutil.rmtree(place, ignore_errors=True)


def _stored(
    folder: Path, number: int, point: Mapping[str, Any], outcome: Outcome, seconds: float, place: Path | None = None
) -> dict[str, Any]:
    """Store what came of a run: the whole folder appears under its name at once."""
    target = _run(folder, number)
    if place is None:
        place = target.with_name(f".{target.name}-{uuid4().hex[:8]}")
        place.mkdir()
    status = "failed" if outcome.trouble else "done"
    result = {"run": number, "parameters": dict(point), "status": status, "seconds": seconds, **asdict(outcome)}
    write(place / RESULT, json.dumps(result))
    if status == "done" and not (place / DONE).exists():  # a training says more in its own
        write(place / DONE, "")
    try:
        place.rename(target)
    except OSError:
        if not (target / RESULT).exists():
            raise
        return _result(target)  # of a worker that had been given up and was not lost
    settle(target.parent)
    return result


def results(folder: Path) -> Iterator[dict[str, Any]]:
    """What came of each run that has ended, in the order of their numbers.

    Args:
        folder: of the sweep
    """
    numbered = (path for path in (folder / RUNS).glob("[0-9]*") if path.name.isdecimal())  # no "000001 copy"
    for path in sorted(numbered, key=lambda path: int(path.name)):
        if (path / RESULT).exists():
            yield _result(path)


def _result(path: Path) -> dict[str, Any]:
    return json.loads((path / RESULT).read_text("utf8"))


def _run(folder: Path, number: int) -> Path:
    return folder / RUNS / f"{number:06d}"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        with FileLock(folder / ".lock", timeout=0):
            yield
    except Timeout as error:
        raise Busy(f"{folder} is being swept by another process: wait for it, or use another folder") from error


def _swept(points: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for point in points for name in point))


def _same_base(job: Job, points: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """Refuse a folder whose runs share something else."""
    if not (folder / SWEEP).exists():
        return
    there, here = json.loads((folder / SWEEP).read_text("utf8")), json.loads(json.dumps(_shared(job, points)))
    free = {*there["swept"], *here["swept"]}
    changed = [
        f"{name} is {here[part].get(name)!r}, was {there[part].get(name)!r}"
        for part in ("base", "parameters")
        for name in dict.fromkeys([*there[part], *here[part]])
        if key({name: there[part].get(name)}) != key({name: here[part].get(name)})
        and not (part == "parameters" and name in free)
    ]
    if changed:
        raise ValueError(f"folder {folder} holds a sweep with another base: {'; '.join(changed)}. Use a new folder")


def _shared(job: Job, points: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"base": job.base, "parameters": job.parameters, "swept": _swept(points)}


def _numbered(job: Job, points: Sequence[Mapping[str, Any]], folder: Path) -> list[int]:
    """The numbers of the points; new ones get the next, and what has a number keeps it."""
    shared = _shared(job, points)
    if (folder / SWEEP).exists():
        _same_base(job, points, folder)
        there = json.loads((folder / SWEEP).read_text("utf8"))
        shared = there | {"swept": list(dict.fromkeys([*there["swept"], *shared["swept"]]))}
    known = _points(folder)
    place = {key(point): number for number, point in enumerate(known)}
    numbers = []
    for point in points:
        whole = {**job.parameters, **point}
        if key(whole) not in place:
            place[key(whole)] = len(known)
            known.append(whole)
        numbers.append(place[key(whole)])
    write(folder / SWEEP, json.dumps(shared, indent=1) + "\n")
    write(folder / POINTS, "".join(json.dumps(point) + "\n" for point in known))
    return list(dict.fromkeys(numbers))


def _points(folder: Path) -> list[dict[str, Any]]:
    path = folder / POINTS
    return [json.loads(line) for line in path.read_text("utf8").splitlines()] if path.exists() else []
