"""Training a run: from its folder's last state to its end, with everything that it leaves behind."""

import csv
import io
import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from shlex import quote
from typing import Any

import torch
from torch import Tensor

from .. import terminal
from ..nets import Sizes
from ..train import History, NotFinite, run
from ..train.stops import ScoreNotFinite
from . import files, states
from .board import Board
from .folder import BEST, DONE, FAILED, LAST, METRICS, STATE, Folder, code
from .prepared import Prepared


class Stopped(KeyboardInterrupt):
    """A run was interrupted; what was done is kept.

    Attributes:
        folder: of the run
        done: number of steps
        steps: of all
    """

    def __init__(self, folder: str, done: int, steps: int):
        self.folder, self.done, self.steps = folder, done, steps
        super().__init__(f"stopped after {done} of {steps} steps, all kept: gen-lib train --resume {quote(folder)}")

    def __reduce__(self):
        """Sent from one process to another, it is made anew."""
        return type(self), (self.folder, self.done, self.steps), self.__dict__


def train(
    folder: Folder,
    prepared: Prepared,
    *,
    save_every: float = 10.0,
    progress: bool = True,
    look: Callable[[int], object] | None = None,
) -> History:
    """Train a run from its last state to its end.

    Whatever stops it, what is there goes on from the last state that was kept, and gives the same numbers, bit for bit.

    Args:
        folder: of the run
        prepared: its settings, in memory
        save_every: seconds between two states that are kept
        progress: show a bar
        look: called with the number of steps done after every validation, to look at the net, not to change it

    Returns:
        the history of the whole run; the net is left at its best validation

    Raises:
        Busy: another process works on it
        Refused: its last state is not one of this run
        Stopped: interrupted by hand or by the system; everything up to there is kept
        NotFinite: a loss became NaN or infinite; the run is marked as failed, with its history
        gen_lib.train.stops.ScoreNotFinite: the validation did; the same
        OSError: a file cannot be written; the state before is still there
    """
    if prepared.place.rank > 0:
        return _advance(prepared, None)
    with folder.held(), _asked_to_stop() as asked:
        keeper = Keeper(folder, prepared, save_every, look)
        seen = sys.stderr.isatty() or terminal.kernel() is not None
        quiet = {} if seen else {"mininterval": 30, "delay": 30, "ascii": True}  # a line of a log now and then
        bar = terminal.bar(None, progress, total=prepared.training.steps, unit="step", **quiet)
        try:
            return _advance(prepared, keeper, bar, asked)
        finally:
            bar.close()
            keeper.board.close()


def _advance(prepared: Prepared, keeper: "Keeper | None", bar: Any = None, asked: Sequence[int] = ()) -> History:
    """All steps, in pieces of a third of a second; of several processes the first one keeps and tells the others."""
    training, place, chunk = prepared.training, prepared.place, 10
    try:
        state = place.agreed(keeper and keeper.state())
        if state is not None:
            training.load(state)
        while not training.ended:
            start = time.perf_counter()
            with place.computing():
                run(
                    training,
                    until=min(training.done + chunk, training.record.next_check(training.done)),
                    progress=False,
                )
            took = time.perf_counter() - start
            stop = bool(asked) and not training.ended
            chunk = max(1, min(1000, round(chunk * min(2.0, 0.3 / max(took, 1e-6)))))
            chunk, stop = place.agreed((chunk, stop))
            if keeper is not None:
                bar.update(training.done - bar.n)
                bar.set_postfix_str(training.record.summary, refresh=False)
                keeper.look(training.done)
                if stop or keeper.due():
                    keeper.keep()
            if stop:
                raise Stopped(str(keeper and keeper.folder), training.done, training.steps)
        history = run(training, progress=False)
        if keeper is not None:
            keeper.end()
        return history
    except (NotFinite, ScoreNotFinite) as error:
        if keeper is not None:
            keeper.fail(error)
        raise


class Keeper:
    """Writes down what a run has done.

    Args:
        folder: of the run
        prepared: the run in memory
        save_every: seconds between two states
        look: called after every validation
    """

    def __init__(
        self, folder: Folder, prepared: Prepared, save_every: float, look: Callable[[int], object] | None = None
    ):
        self.looks = look
        self.folder, self.training, self.save_every = folder, prepared.training, save_every
        self.words, self.net = prepared.model.words, prepared.net
        self.board = Board(folder.path, after=0)
        self.saved = time.monotonic()

    def state(self) -> dict[str, Any] | None:
        """The last state that was kept, if there is one.

        Raises:
            Refused: it is not one of this run
        """
        path = self.folder.path / STATE
        if not os.path.lexists(path):
            return None
        state = states.read(path, self.net, self.training.record.names, self.training.steps)
        try:
            self.training.load(state)
        except (RuntimeError, ValueError) as error:
            raise files.Refused(f"{path} must be a state of this run: {error}") from error
        self.board.after = self.training.done
        return state

    def look(self, done: int) -> None:
        """Let somebody look at the net, if it has just been validated."""
        if self.looks is not None and self.training.record.stops.due(done):
            self.looks(done)

    def due(self) -> bool:
        """Whether it is time for a new state."""
        return time.monotonic() - self.saved >= self.save_every

    def keep(self) -> None:
        """All that there is to keep now; the state comes first, since all else can be made again from it."""
        files.save_state(self.folder.path / STATE, self.training.state())
        head, lines = rows(self.training.record.history(self.training.done), self.net.members)
        self.folder.keep(METRICS, as_csv(head, lines))
        self.board.write(head, lines)
        last = self.training.record.last or self.net.state_dict()
        files.save_weights(self.folder.path / LAST, last, self.words)
        self.saved = time.monotonic()

    def end(self) -> None:
        """The run has ended, and the net is at its best."""
        self.keep()
        files.save_weights(self.folder.path / BEST, self.net.state_dict(), self.words)
        (self.folder.path / FAILED).unlink(missing_ok=True)

    def fail(self, error: NotFinite | ScoreNotFinite) -> None:
        """A loss or the validation became NaN or infinite."""
        done = self.training.record.history(self.training.done)
        history = error.history if isinstance(error, NotFinite) else done
        self.folder.keep(METRICS, as_csv(*rows(history, self.net.members)))
        self.folder.keep(FAILED, f"{error}\n")


def finish(folder: Folder, history: History, told: dict[str, Any] | None = None) -> None:
    """Mark a run as whole, after all its files."""
    scores = history.scores
    best = {"best_step": history.best_step.tolist(), "best_score": _best(scores)} if history.checks else {}
    facts = {"seconds": round(history.seconds, 3), **best, "code": code(), **(told or {})}
    folder.keep(DONE, json.dumps(facts, indent=2) + "\n")


def rows(history: History, members: Sizes) -> tuple[list[str], list[list[float]]]:
    """What a run has measured: names of the columns, and a row for every validation.

    ``step``, the mean loss of each turn since the row before, and the validation score; with members a column for each.
    """
    names = [""] if not members else [f"[{i}]" for i in range(math.prod(members))]
    head = ["step", *(f"{turn}{m}" for turn in history.losses for m in names), *(f"validation{m}" for m in names)]
    lines, before = [], 0
    for i, step in enumerate(history.checks):
        losses = [curve[before:step].reshape(step - before, -1).double().mean(0) for curve in history.losses.values()]
        lines.append([step, *torch.cat([*losses, history.scores[i].reshape(-1).double()]).tolist()])
        before = step
    return head, lines


def as_csv(head: list[str], lines: list[list[float]]) -> str:
    """Rows as comma-separated values; an empty cell is a member that has stopped."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([["" if v != v else v for v in line] for line in lines])
    return text.getvalue()


def _best(scores: Tensor) -> list[float]:
    filled = torch.where(scores.isnan(), torch.inf, scores)
    return [float(v) for v in filled.min(0).values.reshape(-1)]


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """Within this context Ctrl-C and the system's wish to end are noted, not thrown: the list is then not empty.

    A second Ctrl-C ends the work at once.
    """
    asked: list[int] = []

    def note(number: int, _: object) -> None:
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked.append(number)

    before = {}
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, note)
    except ValueError:  # not in the main thread: nobody can ask
        before = {}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
