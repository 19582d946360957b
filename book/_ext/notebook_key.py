"""What the outputs of a notebook depend on, as one fingerprint.

An executed copy carries the fingerprint it was made under. When the source notebook, the library, the pins or the
Python version say something else now, the copy is stale: execute.py runs it again, executed_outputs.py refuses it.
Text is not part of it, so editing prose executes nothing.
"""

import json
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

EXECUTED = Path("_build", "executed")
Cell = dict[str, Any]
Notebook = dict[str, Any]


def read(path: Path) -> Notebook:
    try:
        return json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not a notebook: {error}") from error


def source(cell: Cell) -> str:
    return "".join(cell["source"])  # a string, or a list of lines


def tags(cell: Cell) -> list[str]:
    return sorted(cell["metadata"].get("tags", []))


def code_cells(notebook: Notebook) -> Iterator[Cell]:
    return (cell for cell in notebook["cells"] if cell["cell_type"] == "code")


def library(root: Path) -> list[Path]:
    return sorted(path for path in root.glob("gen_lib/**/*") if path.suffix in (".py", ".js"))


def key(notebook: Notebook, root: Path) -> str:
    """Hash of the code cells with their tags, the library, the pins and the Python version."""
    code = [[source(cell), tags(cell)] for cell in code_cells(notebook)]
    digest = sha256(json.dumps([sys.version_info[:2], code]).encode())
    for path in [*library(root), root / "requirements.txt"]:
        name = path.relative_to(root).as_posix()
        digest.update(f"\0{name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def is_fresh(copy: Path, notebook: Notebook, root: Path) -> bool:
    """Whether the executed copy exists and was made from what is there now."""
    return copy.exists() and stamp(copy).get("key") == key(notebook, root)


def has_passed(copy: Path) -> bool:
    """Whether a second run of the executed copy gave the same numbers."""
    return copy.exists() and stamp(copy).get("compared", False)


def stamp(copy: Path) -> dict[str, Any]:
    return read(copy)["metadata"].get("gen_lib", {})
