"""Run folders: where the files of a run lie, how a run is found again, and whose turn it is to work on it.

    runs/<method>-<data>/<date>_<time>/
        config.yaml          all settings
        environment.json     versions, machine, hashes of the settings and of the code
        metrics.csv          what was measured in training; events.* the same for TensorBoard
        state.pt             all that the next step depends on
        last.safetensors     the weights at the end, best.safetensors those of the best validation
        samples.png ...      pictures
        DONE                 written last: the run is whole

Names grow: a new run is named after all that are there, also when the clock was set back.
"""

import json
import os
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock, Timeout

from ..slips import brief
from . import whole
from .reading import read
from .settings import Settings, identity

FORMAT = "%Y-%m-%d_%H-%M-%S"
CONFIG, ENVIRONMENT, DONE, FAILED, LOCK = "config.yaml", "environment.json", "DONE", "FAILED", ".lock"
LAST, BEST, STATE, METRICS = "last.safetensors", "best.safetensors", "state.pt", "metrics.csv"


class _WithoutAliases(yaml.SafeLoader):
    """Aliases of aliases may stand for more than any memory holds."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias such as *a is not for configurations, write it out")
        return super().compose_node(parent, index)


class Busy(OSError):
    """Another process is at work on this run."""


@dataclass(frozen=True)
class Folder:
    """A run on the disk. Nothing of it is in memory.

    Attributes:
        path: its folder
    """

    path: Path

    @cached_property
    def settings(self) -> Settings:
        """All settings of the run.

        Raises:
            FileNotFoundError: no configuration there
            ValueError: one that cannot be read
        """
        path = self.path / CONFIG
        content = whole.text(path)
        try:
            return read(yaml.load(content, _WithoutAliases), str(path))
        except (yaml.YAMLError, RecursionError) as error:
            raise whole.Refused(f"{path} must be YAML: {' '.join(str(error).split())[:300]}") from error

    @property
    def done(self) -> bool:
        """True when the run has ended and all its files are whole."""
        return all(_is_plain(self.path / name) for name in (DONE, BEST, LAST))

    @property
    def status(self) -> str:
        """One word, which is done, failed, running or unfinished."""
        if self.done:
            return "done"
        if _is_plain(self.path / FAILED):
            return "failed"
        if not _is_plain(self.path / LOCK):  # looking at a run writes nothing
            return "unfinished"
        try:
            with self.held():
                return "unfinished"
        except Busy:
            return "running"
        except OSError:  # a disk that cannot be written to: nobody works there
            return "unfinished"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within this context no other process works on the run; the system lets go of it when a process dies.

        Raises:
            Busy: another process does
            Refused: the lock is a link, which could lead out of the folder
            OSError: nothing can be written there
        """
        if os.path.lexists(self.path / LOCK):
            whole.plain(self.path / LOCK)
        lock = FileLock(self.path / LOCK, timeout=0)
        try:
            with lock:
                yield
        except Timeout as error:
            raise Busy(
                f"{self.path} is being worked on by another process: wait for it, or use another folder"
            ) from error

    def keep(self, name: str, content: bytes | str) -> Path:
        """Write a file of the run as a whole."""
        return whole.write(self.path / name, content)

    def __str__(self) -> str:
        return str(self.path)


def made(root: Path, settings: Settings, about: Mapping[str, object]) -> Folder:
    """A new folder for a run, with its configuration and its environment in it.

    Args:
        root: of all runs; made if it is not there
        settings: resolved
        about: what is known about the data: ``dim`` and ``shape``

    Raises:
        OSError: nothing can be written there
    """
    kind = root / named(settings)
    kind.mkdir(parents=True, exist_ok=True)
    latest = max((begun for run in found(root) if (begun := _begun(run.path.name))), default=datetime.min)
    now = max(datetime.now(), latest + timedelta(seconds=1))
    while True:
        path = kind / now.strftime(FORMAT)
        try:
            path.mkdir()
            break
        except FileExistsError:  # by another process, in this moment
            now += timedelta(seconds=1)
    return described(Folder(path), settings, about)


def described(folder: Folder, settings: Settings, about: Mapping[str, object]) -> Folder:
    """Make a folder that of a run: its environment, and its configuration as the last one."""
    facts = environment() | {"settings": identity(settings), "data": dict(about)}
    folder.keep(ENVIRONMENT, json.dumps(facts, indent=2) + "\n")
    values = {name: value for name, value in asdict(settings).items() if value is not None}
    folder.keep(CONFIG, yaml.safe_dump(values, sort_keys=False))
    return folder


def named(settings: Settings) -> str:
    """Name of the folder of all runs of a method on some data, such as ``vae-digits``."""
    words = (re.sub(r"[^\w.-]+", "_", str(word)).strip("._") for word in (settings.method, settings.data))
    # a disk takes names of at most 255 bytes, of which a letter may need four
    return "-".join(word.encode()[-100:].decode(errors="ignore") or "own" for word in words)


def found(root: Path) -> list[Folder]:
    """All runs below a folder, from the first to the last that was begun."""
    paths = [p for p in root.glob("*/*") if _begun(p.name) and not p.is_symlink() and (p / CONFIG).is_file()]
    return [Folder(path) for path in sorted(paths, key=lambda p: (p.name, p.parent.name))]


def _begun(name: str) -> datetime | None:
    """When a run of this name was begun; None if it is no name of a run."""
    try:
        begun = datetime.strptime(name, FORMAT)
    except ValueError:
        return None
    return begun if begun.strftime(FORMAT) == name and begun.year < 9999 else None


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def find(run: str | Path, root: Path, argument: str = "run") -> Folder:
    """A run by its path, by its date and time or how they begin, by ``method-data``, or ``latest``.

    Raises:
        FileNotFoundError: none such, and which there are
        ValueError: several such
    """
    with suppress(OSError):  # a name that is too long for a path
        if (Path(run) / CONFIG).is_file():
            return Folder(Path(run))
    runs, name = found(root), str(run)
    if not runs:
        raise FileNotFoundError(f"{argument} {brief(name)} is not there: {root} holds no runs, gen-lib train makes one")
    if name == "latest":
        return runs[-1]
    fitting = [one for one in runs if one.path.parent.name == name][-1:] or [
        one for one in runs if one.path.name.startswith(name) or f"{one.path.parent.name}/{one.path.name}" == name
    ]
    few = ", ".join(f"{one.path.parent.name}/{one.path.name}" for one in (fitting or runs)[-5:])
    if not fitting:
        raise FileNotFoundError(f"{argument} {brief(name)} is not there. The latest in {root}: {few}")
    if len(fitting) > 1:
        raise ValueError(f"{argument} {brief(name)} must name one run, {len(fitting)} begin so, such as {few}")
    return fitting[0]


def told_in(folder: Folder, name: str) -> dict[str, Any]:
    """What a JSON file of a run says; empty if it is not there or says nothing."""
    try:
        return whole.json_table(folder.path / name)
    except (OSError, whole.Refused):
        return {}


def environment() -> dict[str, Any]:
    """What a run depends on apart from its settings."""
    return _machine() | {
        "threads": os.environ.get("OMP_NUM_THREADS", ""),
        "command": sys.argv,
        "begun": datetime.now().isoformat(timespec="seconds"),
    }


@cache
def _machine() -> dict[str, Any]:
    """What does not change while a process runs."""
    packages = ("gen-lib", "torch", "numpy", "safetensors")
    return {
        "code": code(),
        "versions": {name: version(name) for name in packages},
        "python": platform.python_version(),
        "machine": platform.platform(),
        "processor": platform.machine(),
    }


@cache
def code() -> str:
    """A hash of the library's source, as it was when this process first asked for it."""
    import hashlib

    library = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for file in sorted(library.rglob("*.py")):
        digest.update(str(file.relative_to(library)).encode() + file.read_bytes())
    return digest.hexdigest()[:16]
