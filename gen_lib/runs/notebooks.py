"""Run a notebook with other parameters, and keep it as far as it got."""

import json
import logging
import re
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..records import collected
from . import whole
from .folder import code
from .jobs import Outcome
from .parameters import Notebook, read

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
PLACES = re.compile(r"^ *(?:File|Cell) .*", re.MULTILINE)


def execute(
    notebook: Path, parameters: Mapping[str, Any], out: Path, folder: Path, *, progress: bool = False
) -> Outcome:
    """Run a notebook in a kernel of its own.

    The file ``out`` is there from the first cell on and grows; each time it is written as a whole.

    Args:
        notebook: the file
        parameters: name to value, checked; the others are as the notebook has them
        out: the executed copy; a file that is there is replaced
        folder: that the kernel works in
        progress: show a bar

    Returns:
        what it recorded and what went wrong; the cells up to an error are in the copy

    Raises:
        OSError: the copy cannot be written
        KeyboardInterrupt: it was stopped; the text says where it is kept
    """
    from papermill.exceptions import PapermillExecutionError  # here, since they take half a second
    from papermill.execute import execute_notebook

    from .kernels import Manager

    logging.getLogger("papermill").setLevel(logging.ERROR)  # it knows no Literal
    _write_whole()
    trouble = trace = ""
    try:
        execute_notebook(
            _literally(notebook), _literally(out), dict(parameters), kernel_name="python3", language="python",
            progress_bar={"desc": notebook.name, "leave": False} if progress else False,
            resources={"metadata": {"path": str(folder)}}, kernel_manager_class=Manager,
        )  # fmt: skip
    except PapermillExecutionError as error:
        trouble = f"code cell {error.exec_count}, `{error.source.strip().splitlines()[0]}`: {error.ename}"
        trouble = " ".join(f"{trouble}: {error.evalue}".split()) if error.evalue else trouble
        trace = ESCAPES.sub("", "\n".join(error.traceback))
    except KeyboardInterrupt as error:
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # nbclient leaves the task of the cell behind
        warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
        raise KeyboardInterrupt(f"stopped, the run up to there: {out}") from error
    except (RuntimeError, TimeoutError) as error:  # of nbclient and of kernels: it died or did not start
        trouble = f"{type(error).__name__}: {error}"
    finally:
        whole.settle(out)
        whole.settle(out.absolute().parent)
    cells = read_cells(out)
    if trouble and not trace:
        begun = [cell for cell in cells if cell["cell_type"] == "code" and cell.get("execution_count")]
        trouble = f"after code cell {len(begun)}: {' '.join(trouble.split())}"
    values, claims = collected(cells)
    return Outcome(values, claims, trouble, trace)


def read_cells(copy: Path) -> list[dict[str, Any]]:
    """The cells of an executed copy; none if it was not written."""
    return json.loads(copy.read_text("utf8"))["cells"] if copy.exists() else []


def places(traceback: str) -> list[str]:
    """The places that a traceback goes through, the cell first.

    Example:
        >>> places("ZeroDivisionError  Traceback\\nCell In[2], line 1\\n----> 1 f(0)\\nFile ~/m.py:3, in f(x)\\n")
        ['Cell In[2], line 1', 'File ~/m.py:3, in f(x)']
    """
    return [place.strip() for place in PLACES.findall(traceback)]


def _literally(path: Path) -> str:
    """A path for papermill, which would fill in braces."""
    return str(path.absolute()).replace("{", "{{").replace("}", "}}")


def _write_whole() -> None:
    """From now on papermill writes whole files, under paths from the root."""
    from papermill.iorw import LocalHandler, papermill_io

    class Whole(LocalHandler):
        def write(self, buf: str, path: str) -> None:
            whole.write(Path(path), buf, lasting=False)  # after each cell

    if not any(scheme == "/" for scheme, _ in papermill_io._handlers):
        papermill_io.register("/", Whole())


class NotebookJob:
    """A sweep over the parameters of a notebook.

    Args:
        notebook: with its parameters
        given: those that are other than in the file for all runs, checked
    """

    COPY = "notebook.ipynb"

    def __init__(self, notebook: Notebook, given: Mapping[str, Any]):
        self.notebook, self.given = notebook, dict(given)
        self.base = {"notebook": notebook.path.name, "code of the notebook": notebook.code, "code of gen_lib": code()}
        self.parameters = notebook.defaults | self.given
        self.folder = notebook.path.absolute().parent

    def check(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters with their types."""
        return self.notebook.checked(parameters)

    def begin(self, folder: Path) -> None:
        """Keep the notebook: what is edited meanwhile does not matter, and other machines find it."""
        if not (folder / self.COPY).exists():
            whole.write(folder / self.COPY, self.notebook.path.read_bytes())

    def together(self, points: Sequence[Mapping[str, Any]]) -> list[list[int]]:
        """Each run has a kernel of its own."""
        return [[index] for index in range(len(points))]

    def run(self, points: Sequence[Mapping[str, Any]], folders: Sequence[Path]) -> list[Outcome]:
        """Execute the copy in the folder of the sweep."""
        usual, outcomes = self.notebook.defaults, []
        for point, folder in zip(points, folders, strict=True):
            changed = {n: v for n, v in point.items() if repr(v) != repr(usual[n]) or n in self.given}  # True is not 1
            copy = folder.parents[1] / self.COPY
            outcomes.append(execute(copy, changed, folder / self.COPY, self.folder))
        return outcomes


def new_name(notebook: Path) -> Path:
    """Where an executed copy goes if no place is given: next to the notebook, under the first number that is free."""
    number = 1
    while (path := Path(f"{notebook.stem}-{number}.ipynb")).exists():
        number += 1
    return path


def run(
    notebook: str | Path,
    given: Mapping[str, Any],
    out: Path | None = None,
    *,
    force: bool = False,
    progress: bool = True,
) -> tuple[Path, Outcome, float]:
    """Check a notebook's parameters, then run it.

    Args:
        notebook: the file
        given: name to value, also as text
        out: the executed copy; if not given, a new name in this folder
        force: replace a file that is there
        progress: show a bar

    Returns:
        the copy, what came of it, and the seconds

    Raises:
        ParameterError: unknown name, wrong type, or value out of bounds
        FileExistsError, IsADirectoryError, FileNotFoundError: ``out`` is there, is a folder, is in no folder
        ValueError: ``out`` is no notebook or the notebook itself
    """
    source = read(notebook)
    parameters = source.checked(given)
    out = new_name(source.path) if out is None else out
    if out.suffix != ".ipynb":
        raise ValueError(f"out must end in .ipynb, got {out}")
    if out.exists() and out.samefile(source.path):
        raise ValueError(f"out must be another file than the notebook, got {out}")
    if out.is_dir():
        raise IsADirectoryError(f"out must be a file, {out} is a folder")
    if out.exists() and not force:
        raise FileExistsError(f"{out} exists, choose another name or add --force")
    if not out.absolute().parent.is_dir():
        raise FileNotFoundError(f"out must be in a folder that exists, {out.absolute().parent} does not")
    start = time.monotonic()
    outcome = execute(source.path, parameters, out, source.path.absolute().parent, progress=progress)
    return out, outcome, time.monotonic() - start
