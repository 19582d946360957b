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
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock, Timeout

from ..slips import brief
from . import whole
from .settings import Settings, identity, read

FORMAT = "%Y-%m-%d_%H-%M-%S"
NAME = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d")
CONFIG, ENVIRONMENT, DONE, FAILED = "config.yaml", "environment.json", "DONE", "FAILED"


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
        path = whole.plain(self.path / CONFIG)
        if path.stat().st_size > 1 << 20:
            raise whole.Refused(f"{path} must have less than a megabyte, it has {path.stat().st_size} bytes")
        try:
            return read(yaml.safe_load(path.read_text("utf8")), str(path))
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            raise whole.Refused(f"{path} must be YAML: {' '.join(str(error).split())[:300]}") from error

    @property
    def done(self) -> bool:
        """True when the run has ended and all its files are whole."""
        return (self.path / DONE).is_file()

    @property
    def status(self) -> str:
        """In a word: done, failed, running or unfinished."""
        if self.done:
            return "done"
        if (self.path / FAILED).is_file():
            return "failed"
        try:
            with self.held():
                return "unfinished"
        except (Busy, PermissionError):
            return "running"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within this context no other process works on the run; the system lets go of it when a process dies.

        Raises:
            Busy: another process does
        """
        lock = FileLock(self.path / ".lock", timeout=0)
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
    names = [folder.path.name for folder in found(root)]
    now = datetime.now()
    if names and max(names)[:19] >= now.strftime(FORMAT):
        now = datetime.strptime(max(names)[:19], FORMAT) + timedelta(seconds=1)
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
    words = [
        re.sub(r"[^\w.-]+", "_", str(word)).strip("._")[-60:] or "own" for word in (settings.method, settings.data)
    ]
    return "-".join(words)


def found(root: Path) -> list[Folder]:
    """All runs below a folder, from the first to the last that was begun."""
    if not root.is_dir():
        return []
    paths = [p for p in root.glob("*/*") if NAME.match(p.name) and (p / CONFIG).is_file() and not p.is_symlink()]
    return [Folder(path) for path in sorted(paths, key=lambda p: (p.name, p.parent.name))]


def find(run: str | Path, root: Path, argument: str = "run") -> Folder:
    """A run by its path, by its date and time or how they begin, by ``method-data``, or ``latest``.

    Raises:
        FileNotFoundError: none such, and which there are
        ValueError: several such
    """
    if (Path(run) / CONFIG).is_file():
        return Folder(Path(run))
    runs, name = found(root), str(run)
    if not runs:
        raise FileNotFoundError(f"{argument} {name!r} is not there: {root} holds no runs, gen-lib train makes one")
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
        return dict(json.loads((folder.path / name).read_text("utf8")))
    except (OSError, ValueError, TypeError):
        return {}


def environment() -> dict[str, Any]:
    """What a run depends on apart from its settings."""
    packages = ("gen-lib", "torch", "numpy", "safetensors")
    return {
        "code": code(),
        "versions": {name: version(name) for name in packages},
        "python": platform.python_version(),
        "machine": platform.platform(),
        "processor": platform.machine(),
        "threads": os.environ.get("OMP_NUM_THREADS", ""),
        "command": sys.argv,
        "begun": datetime.now().isoformat(timespec="seconds"),
    }


def code() -> str:
    """A hash of the library's source."""
    import hashlib

    library = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for file in sorted(library.rglob("*.py")):
        digest.update(str(file.relative_to(library)).encode() + file.read_bytes())
    return digest.hexdigest()[:16]
