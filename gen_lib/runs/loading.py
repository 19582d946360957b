"""A run that is there, back in memory in one line."""

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import torch

from .. import check
from ..method import Method
from ..nets import Net
from ..train import History
from . import files, states, whole
from .folder import BEST, ENVIRONMENT, LAST, STATE, Folder, find
from .prepared import Model, Prepared, data
from .settings import Settings, own_code
from .sources import Source

MOST_STEPS = 1 << 24  # of a run whose length is given in epochs


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
        """The losses and scores of the run up to its last state.

        Raises:
            FileNotFoundError: no state was kept
            Refused: a state that is not one of this run
        """
        members, turns = self.net.members, [turn.moves for turn in self.method.turns]
        state = states.read(self.folder.path / STATE, self.net, turns, self.settings.steps or MOST_STEPS)
        record, stops, done = state["record"], state["record"]["stops"], state["done"]
        names = [name or "loss" for name in turns]
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


def in_memory(prepared: Prepared, folder: Folder) -> Loaded:
    """A run that is in training, as one that was loaded: its data are there already.

    Args:
        prepared: the run
        folder: where it lies
    """
    run = Loaded(folder, prepared.model.method, prepared.net, prepared.settings)
    vars(run)["source"] = prepared.source
    return run


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
        raise ValueError(
            f"trust must be true (--trust) to import {code[0]}, which {folder} names: only if you know what it does"
        )
    path = folder.path / (BEST if which == "best" else LAST)
    if which == "best" and not path.exists() and (folder.path / LAST).exists():
        raise FileNotFoundError(f"{path} is not there before the run has ended: which='last', or go on with --resume")
    said = _said(folder)
    model = Model(settings, said["dim"], said["shape"])
    if (size := files.plain(path).stat().st_size) < (least := _least_bytes(settings, said["dim"])):
        raise files.Refused(f"{path} must have at least {least} bytes for a net of these settings, it has {size}")
    net = model.build()
    net.load_state_dict(files.load_weights(path, net.state_dict(), model.words))
    return Loaded(folder, model.method, net.eval(), settings)


def _least_bytes(settings: Settings, dim: int) -> int:
    """How large a file of weights must at least be, known before any memory is taken for the net."""
    hidden = settings.hidden or []
    between = sum(before * after for before, after in pairwise(hidden))
    ends = (settings.latent or 1) + (dim if settings.maps == "plain" else 1)
    own = own_code(settings)  # whose nets may be of any size
    return 0 if own else 4 * (settings.members or 1) * (between + ends * min(hidden, default=1))


def _said(folder: Folder) -> dict[str, Any]:
    """Dimension of the data and shape of its images, as the run has written them down."""
    path = folder.path / ENVIRONMENT
    try:
        said = whole.json_table(path)["data"]
        dim, shape = check.whole("dim", said["dim"], least=1), said["shape"] and check.sizes("shape", said["shape"])
        if shape and (len(shape) != 3 or math.prod(shape) != dim):
            raise ValueError(f"shape must be that of images of {dim} numbers, got {shape}")
        return {"dim": dim, "shape": shape}
    except files.Refused:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise files.Refused(f"{path} must say the dimension of the data: {type(error).__name__} {error}") from error
