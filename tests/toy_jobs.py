"""A job that costs nothing, for the tests of sweeps; other processes import it."""

import os
import signal
import time
from pathlib import Path

from gen_lib.runs import grid, sweep
from gen_lib.runs.jobs import Outcome


class Toy:
    """Adds two numbers, or does what a third says: fail, die, die once, wait."""

    def __init__(self, code: str = "1", **parameters: object):
        self.base = {"code": code}
        self.parameters = {"a": 0, "b": 0, "then": "add", **parameters}

    def check(self, parameters):
        if not {*parameters} <= {*self.parameters}:
            raise ValueError(f"unknown parameter among {[*parameters]}")
        return dict(parameters)

    def begin(self, folder):
        pass

    def together(self, points):
        return [[index] for index in range(len(points))]

    def run(self, points, folders):
        return [self.one(**point, folder=folder) for point, folder in zip(points, folders, strict=True)]

    def one(self, a, b, then, folder):
        (folder / "half.txt").write_text("so far")
        mark = folder.parents[1] / f"mark-{a}-{b}-{then}"
        if then == "fail" or (then == "fail once" and not mark.exists()):
            mark.touch()
            raise ValueError(f"no sum of {a} and {b}")
        if then == "die" or (then == "die once" and not mark.exists()):
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if then == "wait":
            time.sleep(0.01)
            while a and "HELD" in os.environ:  # until somebody stops it
                time.sleep(0.01)
        values = {"sum": [a + b + member for member in range(3)], "a": [a / 2]}
        return Outcome(values, [{"claim": "a is small", "value": a, "holds": a < 2}])


def swept(folder: Path, job: Toy | None = None, n: int | None = None, workers: int = 0, **axes) -> sweep.Summary:
    return sweep.sweep(job or Toy(), grid.points(axes, n), folder, workers=workers)
