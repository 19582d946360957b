"""A process that has loaded what notebooks need, and makes a copy of itself for each kernel: ``-m gen_lib.runs.forks``.

Starting Python and importing torch takes longer than many a short run. Here it is done once; a copy (``fork``) takes
milliseconds, is a process of its own, and starts from the same clean state each time. The process has one thread, as a
copy needs. It takes a line of JSON for each kernel, and answers with lines: the kernel's number, that it is ready, how
it ended. When whoever started it is gone, whatever the reason, it ends, and ends its kernels.
"""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import signal
import sys
import tempfile
from types import FrameType

#: What most notebooks import, or their kernels.
PRELOADED = ["ipykernel.kernelapp", "ipykernel.debugger", "matplotlib_inline.backend_inline", "matplotlib.pyplot"]
PRELOADED += ["numpy.random", "torchdiffeq"]
LEFT_OUT = ("gen_lib.cli", "gen_lib.runs")
running: set[int] = set()


def main() -> None:
    """Load, then serve until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it decides when it ends
    with tempfile.TemporaryDirectory(prefix="gen-lib-", ignore_cleanup_errors=True) as home:
        os.chdir(home)  # where no settings lie
        os.environ["IPYTHONDIR"] = home
        load()
        serve()


def serve() -> None:
    """Make a kernel for each line of the input."""
    signal.signal(signal.SIGCHLD, ended)
    answer = os.dup(1)
    os.set_inheritable(answer, False)
    os.dup2(2, 1)  # what a library prints is no answer
    tell.to = answer  # type: ignore[attr-defined]
    tell(ready=os.getpid())
    for line in sys.stdin:
        wanted = json.loads(line)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # first that it began, then that it ended
        if not (number := os.fork()):
            kernel(**wanted)
        running.add(number)
        tell(began=number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    for number in [*running]:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(number, signal.SIGKILL)


def load() -> None:
    """Import what is there; what is missing, a notebook will miss itself."""
    import gen_lib

    own = [m.name for m in pkgutil.walk_packages(gen_lib.__path__, "gen_lib.") if not m.name.startswith(LEFT_OUT)]
    for name in (*PRELOADED, *own):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # the copies share the memory as long as nobody writes to it


def tell(**what: int) -> None:
    """A line of less than 4096 bytes, which is written as a whole."""
    os.write(tell.to, (json.dumps(what) + "\n").encode())  # type: ignore[attr-defined]


def ended(_: int, __: FrameType | None) -> None:
    """Say of each kernel that has ended how it did."""
    while True:
        try:
            number, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not number:
            return
        running.discard(number)
        tell(ended=number, status=os.waitstatus_to_exitcode(status))


def kernel(arguments: list[str], folder: str) -> None:
    """Be a kernel, in the copy; never return."""
    status = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        os.chdir(folder)
        sys.argv = ["gen-lib-kernel", *arguments]
        from ipykernel.kernelapp import IPKernelApp

        sys.modules["numpy.random"].seed()  # as in a new process: the copies must not draw the same numbers
        app = IPKernelApp.instance(parent_handle=os.getppid())  # ends with the process it was copied from
        app.initialize(arguments)
        tell(listens=os.getpid())
        app.start()
        status = 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
