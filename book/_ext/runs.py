"""Run a notebook with papermill, and an executed one again with nbval, each in a process of its own.

The processes are forked from one that has loaded papermill, nbval and torch, which takes longer than to run a short
notebook.
They have an environment of their own: what a builder has set, in variables or in files of the home folder
(a backend or a matplotlibrc, profiles of IPython, kernels, warnings), must not show in the book.
"""

import io
import os
import re
import resource
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from notebook_key import EXECUTED, Cell, code_cells, read, source

CELL_TIMEOUT = 600  # seconds
HOME = EXECUTED / "home"
LET_THROUGH = {"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "USER", "LOGNAME", "CUDA_VISIBLE_DEVICES"}
LET_THROUGH |= {"SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "GEN_LIB_THREADS")
SETTINGS = dict.fromkeys(THREADS, "1") | {
    "GEN_LIB_STRICT": "1",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "LANG": "C.UTF-8",
    "PYTHONUTF8": "1",
    "PYTHONNOUSERSITE": "1",
    "JUPYTER_PREFER_ENV_PATH": "1",
}  # one thread each: the notebooks share the cores
TEXT_ONLY = "GEN_LIB_TEXT_ONLY"  # set for the second run, which compares texts
# IPython runs this when a kernel starts. Matplotlib reads its settings once, at first in the folder of the notebook.
STARTUP = f"""\
def load():
    import os
    here = os.getcwd()
    os.chdir(os.environ["HOME"])
    import matplotlib.font_manager
    os.chdir(here)
    if os.environ.pop("{TEXT_ONLY}", None):
        get_ipython().display_formatter.active_types = ["text/plain", "text/html"]
load()
del load
"""
# What runs and their kernels need; nothing of the book, and nothing that starts threads, which a copy would not have.
PRELOADED = ["papermill.execute", "nbval.plugin", "torch", "torch.func", "torchdiffeq", "numpy.random"]
PRELOADED += ["matplotlib.figure", "matplotlib.font_manager", "matplotlib.backends.backend_agg"]
PRELOADED += ["ipykernel.kernelapp", "ipykernel.ipkernel", "IPython.core.completer"]
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes

processes = get_context("forkserver")
processes.set_forkserver_preload(PRELOADED)


class Ran(NamedTuple):
    """What became of a run: the trouble, if any, and the memory of its largest process at the peak, in GB."""

    trouble: str
    peak: float


def run(function: Callable[..., str], root: Path, *arguments: Path) -> Ran:
    """Call the function in a process and an environment of its own, in the root folder."""
    environment = let_through() | SETTINGS | at_home(root)
    result, answer = processes.Pipe(duplex=False)
    process = processes.Process(target=_work, args=(answer, environment, root, function, arguments))
    process.start()
    answer.close()
    try:
        return result.recv()
    except EOFError:
        process.join()
        return Ran(f"the process that ran it ended with exit code {process.exitcode}", 0.0)
    finally:
        process.join()


@cache
def _others() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(mp_context=get_context("spawn"))


def run_apart(function: Callable[..., str], root: Path, *arguments: Path) -> Ran:
    """The same, forked from another process than what :func:`run` is: the order of sets and what else differs from
    process to process is not what it was there."""
    return _others().submit(run, function, root, *arguments).result()


def let_through() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.upper() in LET_THROUGH}


def at_home(root: Path) -> dict[str, str]:
    """A home folder without settings; the kernel imports the library next to the notebooks and no other."""
    startup = root / HOME / ".ipython" / "profile_default" / "startup" / "settings.py"
    if not startup.exists() or startup.read_text("utf-8") != STARTUP:
        startup.parent.mkdir(parents=True, exist_ok=True)
        new = startup.with_suffix(f".{uuid4().hex}")
        new.write_text(STARTUP, "utf-8")
        os.replace(new, startup)  # all of it: another kernel may be reading
    return {"HOME": str(root / HOME), "PYTHONPATH": str(root)}


def start_again() -> None:
    """The program itself, too, and so the process that others are forked from, leaves the builder's settings behind."""
    if not sys.flags.ignore_environment:
        os.execve(sys.executable, [sys.executable, "-E", *sys.argv], let_through() | SETTINGS)


def _work(
    answer: Connection,
    environment: dict[str, str],
    root: Path,
    function: Callable[..., str],
    arguments: tuple[Path, ...],
) -> None:
    os.environ.clear()  # that of the process forked from is of the time when it started
    os.environ.update(environment)
    os.chdir(root)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)  # kernels write there, too
    os.dup2(silence, 2)
    trouble = function(*arguments)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * MAXRSS_UNIT / 1e9  # of the kernel, which has ended
    answer.send(Ran(trouble, peak))


def papermill(notebook: Path, copy: Path) -> str:
    """Run the notebook into the copy. Return what went wrong, or nothing."""
    import quick

    quick.prepare()
    from papermill.execute import execute_notebook

    trouble = ""
    try:
        execute_notebook(
            notebook, copy, engine_name=quick.ENGINE, kernel_name="python3", cwd=notebook.parent,
            progress_bar=False, execution_timeout=CELL_TIMEOUT,
        )  # fmt: skip
    except Exception as error:
        trouble = f"{type(error).__name__}: {str(error).strip()}"
        if type(error).__module__ == "nbclient.exceptions":  # no kernel, or no end
            started = [cell for cell in code_cells(read(copy)) if "execution" in cell["metadata"]]
            return f"{name(len(started), started[-1])}: {trouble.splitlines()[0]}"
    return (first_trouble(copy) if copy.exists() else "") or trouble


def first_trouble(copy: Path) -> str:
    """The first error or warning in an executed copy, with its cell."""
    for number, cell in enumerate(code_cells(read(copy)), 1):
        for output in cell["outputs"]:
            text = "".join(output.get("text", ""))
            if output["output_type"] == "error":
                return f"{name(number, cell)}: {output['ename']}: {output['evalue']}"
            if output.get("name") == "stderr" and "Warning" in text:
                return f"{name(number, cell)}: a warning, which no reader should meet: {text.strip()}"
    return ""


def name(number: int, cell: Cell) -> str:
    return f"code cell {number}, `{source(cell).splitlines()[0]}`"


def nbval(copy: Path) -> str:
    """Run the executed copy again and compare the tagged cells. Return what differs, or nothing."""
    import quick

    quick.prepare()
    import pytest

    os.environ[TEXT_ONLY] = "1"
    with redirect_stdout(io.StringIO()) as out:
        status = pytest.main([
            str(copy), "-p", "nbval.plugin", "--nbval-lax", "--nbval-current-env",
            "--nbval-cell-timeout", str(CELL_TIMEOUT),
            "--quiet", "--color=no", "-p", "no:cacheprovider", "-o", "addopts=", "-o", "filterwarnings=",
        ])  # fmt: skip
    if not status:
        return ""
    reports = [*_cell_reports(out.getvalue())]
    return "\n".join(["the second run differs from the first", *(reports or [out.getvalue()])])


def _cell_reports(output: str) -> Iterator[str]:
    for number, report in re.findall(r"^Cell (\d+): (.*?)(?=^_{5,} |^={5,} |\Z)", output, re.DOTALL | re.MULTILINE):
        yield f"code cell {int(number) + 1}: {report.strip()}"  # nbval counts from 0
