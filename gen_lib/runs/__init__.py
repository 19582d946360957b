"""Runs that are kept: folders, checkpoints, sweeps. The only part of the library that knows about disks and devices.

Example:
    >>> import tempfile
    >>> from pathlib import Path
    >>> from gen_lib.runs import Settings, load, start
    >>> with tempfile.TemporaryDirectory() as root:
    ...     wishes = Settings(method="fm", data="moons", steps=20, batch=16)
    ...     folder = start(wishes, Path(root), progress=False, say=lambda line: None)
    ...     run = load("latest", runs=root)
    >>> run.method.sample(run.net, 3).shape
    torch.Size([3, 2])
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .settings import PRESETS, Settings

if TYPE_CHECKING:
    from .evaluation import evaluate
    from .files import Refused
    from .folder import Folder, find, found
    from .loading import Loaded, load
    from .starting import start

__all__ = ["PRESETS", "Folder", "Loaded", "Refused", "Settings", "evaluate", "find", "found", "load", "start"]

MODULES = {"Folder": "folder", "find": "folder", "found": "folder", "Refused": "files", "Loaded": "loading"}
MODULES |= {"load": "loading", "start": "starting", "evaluate": "evaluation"}


def __getattr__(name: str) -> object:
    """Import a part when it is first used: settings are checked before torch is there."""
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{MODULES[name]}", __name__), name)
