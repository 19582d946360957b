"""A run that is there, back in memory in one line."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import torch

from ..method import Method
from ..nets import Net
from ..train import History
from . import files
from .folder import ENVIRONMENT, Folder, find
from .prepared import Model, data
from .settings import Settings, own_code
from .sources import Source
from .training import BEST, LAST, STATE, most_bytes


@dataclass(frozen=True)
class Loaded:
    """A run in memory.

    Attributes:
        folder: where it lies
        method: what was trained
        net: with the weights chosen, in evaluation mode
        settings: all of the run
    """

    folder: Folder
    method: Method
    net: Net
    settings: Settings

    @cached_property
    def source(self) -> Source:
        """The data of the run, read when they are first used."""
        return data(self.settings)

    @cached_property
    def history(self) -> History:
        """The losses and scores of the run up to its last state."""
        members = self.net.members
        state = files.load_state(self.folder.path / STATE, most_bytes(self.net, self.settings.steps or 1 << 20, 8))
        record, stops, done = state["record"], state["record"]["stops"], state["done"]
        names = [name or "loss" for name in state["settings"]["turns"]]
        late = torch.arange(done).reshape(-1, *[1] * len(members)) >= stops["stopped"]
        curves = {name: record["curves"][str(i)].masked_fill(late, torch.nan) for i, name in enumerate(names)}
        return History(
            losses=curves,
            seconds=record["seconds"],
            checks=stops["checks"],
            scores=stops["scores"],
            best_step=stops["best_step"],
            stopped=stops["stopped"].clamp_max(done),
            last=record["last"] or state["net"],
        )


def load(
    run: str | Path = "latest",
    *,
    which: Literal["best", "last"] = "best",
    runs: str | Path = "runs",
    trust: bool = False,
) -> Loaded:
    """A run back in memory: its method, its net with the weights, its history, and on request its data.

    Nothing that stands in its files is executed. A run whose method is the user's own code names that code; it is
    imported only if ``trust`` says so.

    Args:
        run: a path, a date and time, ``method-data``, or ``latest``
        which: weights of the best validation, or the last ones
        runs: the folder of all runs
        trust: import the code that the configuration names

    Returns:
        the run, with ``method``, ``net``, ``history``, ``settings`` and ``source``

    Raises:
        FileNotFoundError: no such run, or one without these weights yet
        Refused: a file that is not what it should be
        ValueError: another value of ``which``, code outside the library without trust

    Example:
        >>> load("2026-01-01", runs="no_such_folder")
        Traceback (most recent call last):
        FileNotFoundError: run '2026-01-01' is not there: no_such_folder holds no runs, gen-lib train makes one
    """
    if which not in ("best", "last"):
        raise ValueError(f"which must be best or last, got {which!r}")
    folder = find(run, Path(runs))
    settings = folder.settings
    if not trust and (code := own_code(settings)):
        raise ValueError(f"trust must be True to import {code[0]}, which {folder} names: only if you know what it does")
    path = folder.path / (BEST if which == "best" else LAST)
    if which == "best" and not path.exists() and (folder.path / LAST).exists():
        raise FileNotFoundError(f"{path} is not there before the run has ended: which='last', or go on with --resume")
    said = _said(folder)
    model = Model(settings, said["dim"], said["shape"])
    net = model.build()
    net.load_state_dict(files.load_weights(path, net.state_dict(), model.words))
    return Loaded(folder, model.method, net.eval(), settings)


def _said(folder: Folder) -> dict[str, Any]:
    """Dimension of the data and shape of its images, as the run has written them down."""
    path = files.plain(folder.path / ENVIRONMENT)
    try:
        said = json.loads(path.read_text("utf8"))["data"]
        dim, shape = int(said["dim"]), said["shape"] and tuple(int(v) for v in said["shape"])
        if not 1 <= dim <= 1 << 24:
            raise ValueError(f"dim {dim}")
        return {"dim": dim, "shape": shape}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise files.Refused(f"{path} must say the dimension of the data: {type(error).__name__} {error}") from error
