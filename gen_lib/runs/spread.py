"""Computing here, in processes of this machine, or on any Dask cluster: the same tasks, the same answers."""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from .jobs import Task

if TYPE_CHECKING:
    from distributed import Client


#: Deaths of workers until a run is given up. Whoever shares one with the culprit dies, too; the last time it is alone.
LIVES = 3
#: One run per process and one thread per run; what it remembers of finished ones is bounded.
SETTINGS: dict[str, Any] = {
    "distributed.admin.low-level-log-length": 100,
    "distributed.admin.log-length": 100,
    "distributed.scheduler.allowed-failures": 0,
    "distributed.worker.preload": ["import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"],  # Ctrl-C is for us
    "distributed.scheduler.work-stealing": False,
    "distributed.comm.timeouts.connect": "20s",
    # Dask's small threshold gives the memory of every tensor back to the system at once, a third of the time of a step.
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
}
AHEAD = 16  # tasks that a cluster is given beyond those that run, so that one that grows sees that it is needed


class Lost(str):
    """Why a task has no rows: the workers that it was given to have died."""

    __slots__ = ()


Rows = list[dict[str, Any]]


def spread(
    compute: Callable[[Task], Rows], tasks: Iterator[Task], most: int, workers: int, scheduler: str | None
) -> Generator[tuple[Task, "Rows | Lost"], None, None]:
    """Compute tasks as they are asked for, and give what came of each when it is ready.

    No more of them are in memory than are being computed. A worker that dies is replaced, and its task done again.

    Args:
        compute: called with each task, here or elsewhere
        tasks: not read further than needed
        most: how many there can be
        workers: processes, 0 for none but this
        scheduler: address of a cluster, instead

    Returns:
        a task and its rows, in the order in which they are ready
    """
    if not most:
        return
    if not workers and scheduler is None:
        for task in tasks:
            yield task, compute(task)
        return
    with _client(min(workers, most), scheduler) as client:
        yield from _by_dask(compute, tasks, client, workers if scheduler is None else None)


def _by_dask(
    compute: Callable[[Task], Rows], tasks: Iterator[Task], client: "Client", workers: int | None
) -> Generator[tuple[Task, "Rows | Lost"], None, None]:
    from distributed import KilledWorker, as_completed

    name, looked, room = f"sweep-{uuid4().hex[:8]}", 0.0, workers or 1
    running, deaths, again, suspects = dict[Any, Task](), Counter[int](), deque[Task](), deque[Task]()
    ready = as_completed(loop=client.loop, raise_errors=False)

    def submit(task: Task) -> None:
        number = task.numbers[0]
        future = client.submit(compute, task, key=f"{name}-{number}-{deaths[number]}", pure=False)
        running[future] = task
        ready.add(future)

    while True:
        if workers is None and time.monotonic() - looked > 1:
            looked, room = time.monotonic(), sum(client.nthreads().values()) + AHEAD
        while len(running) < room and (task := again.popleft() if again else next(tasks, None)):
            submit(task)
        if not running and suspects:
            submit(suspects.popleft())
        if not running:
            return
        future = next(ready)
        task = running.pop(future)
        error = future.exception() if future.status == "error" else None
        if isinstance(error, KilledWorker):
            deaths[task.numbers[0]] += 1
            died = deaths[task.numbers[0]]
            if died < LIVES:
                (again if died < LIVES - 1 else suspects).append(task)
            else:
                yield task, Lost(f"the process that computed it died, {died} times, the last time with no other run")
        elif error is not None:
            raise error
        elif future.status != "finished":
            raise RuntimeError(f"the cluster has given up run {task.numbers[0]}: {future.status}")
        else:
            yield task, future.result()
        future.release()
        del future


@contextmanager
def _client(workers: int, scheduler: str | None) -> Iterator["Client"]:
    import dask
    from distributed import Client, LocalCluster

    with ExitStack() as stack:
        stack.enter_context(dask.config.set(SETTINGS))
        if scheduler is not None:
            yield stack.enter_context(Client(scheduler, set_as_default=False))
            return
        cluster = LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, memory_limit=0, dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        )  # fmt: skip
        stack.enter_context(cluster)
        yield stack.enter_context(Client(cluster, set_as_default=False))
