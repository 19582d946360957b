"""What makes a run quick: its kernel is a copy of a process that has loaded torch, and papermill saves once.

To start a kernel from nothing and to import what notebooks import takes four seconds.
"""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from importlib.metadata import EntryPoint
from multiprocessing.connection import Connection
from typing import Any, NoReturn

import matplotlib as mpl
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines

NAME, ENGINE = "copied", "saved-once"


class Copy:
    """A process that waits for the order to be a kernel, with what Jupyter asks of a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self) -> None:
        taken, self.orders = multiprocessing.Pipe(duplex=False)
        self.status: int | None = None
        self.pid = os.fork()
        if not self.pid:
            self.orders.close()
            _kernel(taken)
        taken.close()

    def poll(self) -> int | None:
        return self.wait(os.WNOHANG)

    def wait(self, how: int = 0) -> int | None:
        if self.status is None:
            ended, status = os.waitpid(self.pid, how)
            self.status = os.waitstatus_to_exitcode(status) if ended else None
        return self.status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def _kernel(taken: Connection) -> NoReturn:
    """Be a kernel as `python -m ipykernel_launcher` would be one, as soon as the order comes."""
    status = 1
    try:
        arguments, folder, environment = taken.recv()
        os.setsid()
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        sys.argv = ["ipykernel_launcher", *arguments]
        seen = [sys.executable, "-c", "import json, sys; print(json.dumps(sys.path[1:]))"]
        sys.path[:] = json.loads(subprocess.run(seen, stdout=subprocess.PIPE, check=True).stdout)
        multiprocessing.set_start_method(None, force=True)  # the usual one
        mpl.rcdefaults()
        mpl.rcParams["backend"] = "module://matplotlib_inline.backend_inline"
        app = IPKernelApp.instance(parent_handle=os.getppid())
        app.initialize(arguments)
        app.start()
        status = 0
    except EOFError:
        pass  # no order came
    finally:
        os._exit(status)


class Provisioner(LocalProvisioner):
    """Gives the order to the copy that waits."""

    process: Any = None

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:
        copy = waiting.pop()
        self.process, self.pid, self.pgid, self.cwd = copy, copy.pid, copy.pid, options.get("cwd") or os.getcwd()
        copy.orders.send((cmd[cmd.index("-f") :], str(self.cwd), options["env"]))
        return self.connection_info


class SavedOnce(NBClientEngine):
    """Writes the executed notebook at the end, not before and after each cell, which takes as long as many a cell."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: NotebookExecutionManager, kernel_name: str, **options: Any) -> None:
        save, nb_man.save = nb_man.save, lambda **_: None
        try:
            super().execute_managed_notebook(nb_man, kernel_name, **options)
        finally:
            nb_man.save = save


waiting: list[Copy] = []


def prepare() -> None:
    """Before anything else in a process: from now on its one kernel is a copy of what the process is now."""
    papermill_engines.register(ENGINE, SavedOnce)
    if sys.platform == "linux":  # elsewhere a process that has loaded torch cannot be copied safely
        factory = KernelProvisionerFactory.instance()
        factory.provisioners[NAME] = EntryPoint(NAME, f"{__name__}:Provisioner", factory.GROUP_NAME)
        factory.default_provisioner_name = NAME
        waiting.append(Copy())
