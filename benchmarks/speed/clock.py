"""Times on a disturbed machine: contenders in turns, cut into short chunks, of each chunk the fastest."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

Result = TypeVar("Result")
Lap = Callable[[int], None]  # called with the number of steps done, before each step and at the end


@dataclass
class Timed(Generic[Result]):
    """What a contender took, and what it returned in each round."""

    ms: float
    results: list[Result]


def race(runs: Mapping[str, Callable[[int, Lap], Result]], rounds: int, chunk: int = 1) -> dict[str, Timed[Result]]:
    """Milliseconds per step of each contender: every round runs all of them, and the fastest of each chunk counts.

    A chunk is compared with the same chunk of other rounds only, so what happens once in many steps is counted.

    Args:
        runs: name to a function of the number of the round and of ``lap``
        rounds: how often each of them is run
        chunk: steps between two looks at the clock
    """
    laps: dict[str, list[list[float]]] = {name: [] for name in runs}
    results: dict[str, list[Result]] = {name: [] for name in runs}
    for number in range(rounds):
        for name, run in runs.items():
            stamps: dict[int, float] = {}

            def lap(step: int, stamps: dict[int, float] = stamps) -> None:
                if step % chunk == 0:
                    stamps[step] = time.perf_counter()

            results[name].append(run(number, lap))
            moments = list(stamps.values())
            laps[name].append([end - start for start, end in pairwise(moments)])
    return {name: Timed(per_step(laps[name], chunk), results[name]) for name in runs}


def per_step(rounds: list[list[float]], chunk: int) -> float:
    fastest = [min(times) for times in zip(*rounds, strict=True)]
    return 1e3 * sum(fastest) / len(fastest) / chunk


def repeated(function: Callable[[], Result], times: int) -> Callable[[int, Lap], Result]:
    """A run that calls a function several times; the first call warms up."""

    def run(number: int, lap: Lap) -> Result:
        result = function()
        lap(0)
        for done in range(1, times + 1):
            result = function()
            lap(done)
        return result

    return run
