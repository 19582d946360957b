"""``gen-lib sweep train``: small runs that differ in seeds and weights only are members of one net.

A member trains as a lone net does, up to rounding, and many small ones cost little more than one (large ones save
nothing, and train alone). So that what a run gives does not depend on which others are there, nor on how many workers,
such runs always train in nets of ``BLOCK`` members: then every number of a member lies in a whole vector of the
processor, whichever member it is.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from traceback import format_exc
from typing import Any

import torch
import yaml

from ..slips import UnknownName, known
from ..train import History, run
from . import files
from .evaluation import evaluate
from .folder import BEST, LAST, METRICS, Folder, code, described
from .grid import key
from .jobs import Outcome
from .loading import Loaded
from .prepared import Model, Prepared
from .reading import nested, read
from .settings import ELSEWHERE, Settings, identity, is_image_data, resolved
from .training import as_csv, finish, rows

BLOCK = 16
WIDE = 128  # the widest layer of a net that trains as a member
#: Settings that members of one net may have each of their own, and the arguments of the method that they are.
KNOBS = {"kl_weight": "beta", "options.free_bits": "free_bits", "options.penalty": "penalty"}


class TrainJob:
    """A run of ``gen-lib train`` for each point of a grid of settings.

    Args:
        wishes: what all runs have
        swept: names of the settings of the grid; those of a method's option are ``options.name``

    Attributes:
        base: as that of a :class:`~gen_lib.runs.jobs.Job`
        parameters: as those of a job, all settings that were given

    Raises:
        ValueError: settings that cannot be, or cannot be swept
    """

    def __init__(self, wishes: Settings, swept: Sequence[str]):
        self.folded = [name for name in swept if name == "seed" or name in KNOBS]
        for name in swept:
            if not name.startswith("options."):
                known("setting in the grid", name, dict.fromkeys(asdict(wishes)))
            if name in (*ELSEWHERE, "preset", "members"):
                raise ValueError(f"grid must not hold {name}: seeds make the error bars, and one process a run")
        if wishes.members not in (None, 1):
            raise ValueError(f"members must be 1 in a sweep, whose seeds are members already, got {wishes.members}")
        self.base = {"what": "train", "code": code(), "folded": bool(self.folded)}
        self.parameters = {name: value for name, value in asdict(wishes).items() if value is not None}

    def check(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The swept settings with their types.

        Raises:
            ValueError: a value that the setting cannot have
        """
        typed = {name: yaml.safe_load(v) if isinstance(v, str) else v for name, v in parameters.items()}
        settings = self.settings(typed)
        _tried(json.dumps(_without(settings, self.folded), sort_keys=True))
        here = asdict(settings) | {f"options.{name}": value for name, value in (settings.options or {}).items()}
        return {name: here[name] for name in typed}

    def settings(self, point: Mapping[str, Any]) -> Settings:
        """All settings of a point."""
        return _read(json.dumps({**self.parameters, **point}, default=str))

    def begin(self, folder: Path) -> None:
        """Nothing: all that the runs need is in the settings."""

    def together(self, points: Sequence[Mapping[str, Any]]) -> list[list[int]]:
        """Blocks of points that differ only in what members can carry."""
        groups: dict[str, list[int]] = {}
        for index, point in enumerate(points):
            names = self.folded if self.folded and _small(self.settings(point)) else ()
            alone = {} if names else {"run": index}
            groups.setdefault(key({n: v for n, v in point.items() if n not in names} | alone), []).append(index)
        return [group[i : i + BLOCK] for group in groups.values() for i in range(0, len(group), BLOCK)]

    def run(self, points: Sequence[Mapping[str, Any]], folders: Sequence[Path]) -> list[Outcome]:
        """Train the points and leave the folder of a run for each, in which ``gen_lib.runs.load`` finds it.

        A member whose loss or samples become infinite ends the net of all: the halves are then trained apart, down to
        the culprits, and the other members give the numbers that they give with any company.
        """
        try:
            return self._trained(points, folders)
        except (ArithmeticError, ValueError) as error:
            if len(points) == 1:
                return [Outcome.of(error, format_exc())]
        half = len(points) // 2
        return self.run(points[:half], folders[:half]) + self.run(points[half:], folders[half:])

    def _trained(self, points: Sequence[Mapping[str, Any]], folders: Sequence[Path]) -> list[Outcome]:
        torch.set_num_threads(1)
        each = [self.settings(point) for point in points]
        if not (self.folded and _small(each[0])):
            prepared = Prepared(each[0], progress=False)
        else:
            padded = [each[i % len(each)] for i in range(BLOCK)]
            seeds = [one.seed or 0 for one in padded]
            knobs = {KNOBS[name]: _column(padded, name) for name in self.folded if name in KNOBS}
            prepared = Prepared(each[0], progress=False, seeds=seeds, knobs=knobs)
        history = run(prepared.training, progress=False)
        last = prepared.model.build().to(prepared.place.device)
        last.load_state_dict(history.last)
        measured = [
            evaluate(_alone(prepared, settings, i, Folder(path)), quick=True)
            for i, (settings, path) in enumerate(zip(each, folders, strict=True))
        ]  # each with the same noise, whichever member it is
        about = {"dim": prepared.source.dim, "shape": prepared.source.shape}
        outcomes = []
        for i, (settings, path) in enumerate(zip(each, folders, strict=True)):
            folder = described(Folder(path), settings, about)
            words = {"method": str(settings.method), "settings": identity(settings)}
            for name, net in ((LAST, last), (BEST, prepared.net)):
                mine = net.member(i) if net.members else net
                files.save_weights(path / name, mine.state_dict(), words)
            own = _of_member(history, i if last.members else None)
            folder.keep(METRICS, as_csv(*rows(own, ())))
            values = {name: [float(value)] for name, value in measured[i].items()}
            best = own.scores[~own.scores.isnan()].min()
            finish(folder, own)
            outcomes.append(Outcome(values={**values, "validation": [float(best)]}))
        return outcomes


def _small(settings: Settings) -> bool:
    """Whether a net of this size costs more in calls than in products of matrices."""
    pictures = is_image_data(str(settings.data)) and settings.data != "digits"  # of thousands of pixels
    return not pictures and max(settings.hidden or [0]) <= WIDE and settings.maps == "plain"


@lru_cache(maxsize=4096)
def _read(text: str) -> Settings:
    """What some parameters set; each point is asked for several times, and reading takes as long as ten steps."""
    return resolved(read(nested(json.loads(text)), "grid"))


@lru_cache(maxsize=1024)
def _tried(text: str) -> None:
    """Make the method of some settings once, so that a slip in its options is found before work starts."""
    settings = read(json.loads(text), "grid")
    try:
        _ = Model(settings, 2, (1, 8, 8)).method
    except UnknownName:
        raise
    except ValueError as error:
        raise ValueError(f"grid: {error}") from error


def _without(settings: Settings, names: Sequence[str]) -> dict[str, Any]:
    kept = {name: value for name, value in asdict(settings).items() if value is not None and name not in names}
    kept["options"] = {n: v for n, v in (settings.options or {}).items() if f"options.{n}" not in names}
    return kept


def _column(settings: Sequence[Settings], name: str) -> torch.Tensor:
    """One value for each member, shape ``(members, 1)``."""
    short = name.removeprefix("options.")
    values = [(one.options or {})[short] if name != short else getattr(one, name) for one in settings]
    return torch.tensor(values, dtype=torch.float32)[:, None]


def _alone(prepared: Prepared, settings: Settings, member: int, folder: Folder) -> Loaded:
    """A member that was trained, with its own settings, as the lone run that it is."""
    net, source = prepared.net, prepared.source
    method = Model(settings, source.dim, source.shape).method
    run = Loaded(folder, method, net.member(member) if net.members else net, settings)
    vars(run)["source"] = source
    return run


def _of_member(history: History, member: int | None) -> History:
    """The history of one member, as that of a lone net."""
    if member is None:
        return history
    return replace(
        history,
        losses={name: curve[:, member] for name, curve in history.losses.items()},
        scores=history.scores[:, member],
        best_step=history.best_step[member],
        stopped=history.stopped[member],
    )
