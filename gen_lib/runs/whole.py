"""Files that are whole or not there.

A file is written under another name, flushed to the disk and renamed, so that whoever reads it, and whenever the
machine stops, finds the old one or the new one. Nothing here needs torch.
"""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any


class Refused(ValueError):
    """A file that is not what it should be. Its text says in what, and what helps."""


def write(path: Path, content: bytes | str, *, lasting: bool = True) -> Path:
    """Write a file as a whole: it appears under its name only when it is on the disk.

    Args:
        path: where to, in a folder that exists; a file that is there is replaced
        content: bytes, or text as UTF-8
        lasting: flush it to the disk; without, it costs less and is lost if the machine stops

    Returns:
        the path

    Raises:
        OSError: it cannot be written, such as on a full disk; what was there before is still there
    """
    half = path.with_name(f".{path.name[:50]}-{os.getpid()}.half")
    try:
        with open(half, "wb") as file:
            file.write(content.encode("utf8") if isinstance(content, str) else content)
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        os.replace(half, path)
    except OSError as error:
        raise type(error)(error.errno, f"{path} cannot be written, what was there is kept: {error.strerror}") from error
    finally:
        with suppress(OSError):
            half.unlink(missing_ok=True)
    if lasting:
        settle(path.parent)
    return path


def settle(path: Path) -> None:
    """Flush a file, or the names in a folder, to the disk, where the system can."""
    with suppress(OSError):  # Windows opens no folders
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def plain(path: Path) -> Path:
    """The path of a file that lies where its name says.

    Raises:
        FileNotFoundError: nothing there
        Refused: a link, a folder, a device: it could lead out of the run's folder, or never end
    """
    if path.is_symlink():
        raise Refused(f"{path} must be a file, it is a link to {os.readlink(path)}")
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there")
    if not path.is_file():
        raise Refused(f"{path} must be a file")
    return path


def text(path: Path, most: int = 1 << 20) -> str:
    """What stands in a small file.

    Args:
        path: of a plain file
        most: bytes that it may have

    Raises:
        FileNotFoundError: nothing there
        Refused: a link, a folder, a device, more bytes, no UTF-8
    """
    if (size := plain(path).stat().st_size) > most:
        raise Refused(f"{path} must have at most {most} bytes, it has {size}")
    try:
        return path.read_text("utf8")
    except UnicodeDecodeError as error:
        raise Refused(f"{path} must be UTF-8: {error}") from error


def json_table(path: Path) -> dict[str, Any]:
    """The table in a small JSON file.

    Raises:
        FileNotFoundError: nothing there
        Refused: no such table, or not a plain file
    """
    try:
        return dict(json.loads(text(path)))
    except (ValueError, TypeError, RecursionError) as error:
        if isinstance(error, Refused):
            raise
        raise Refused(f"{path} must be a table in JSON: {error}") from error
