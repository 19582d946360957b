"""Kernels for notebooks that a program runs: copies of a process that has loaded torch, where the system can copy one.

To papermill and nbclient it is a kernel like any other, with its own process, which can be killed. Settings of whoever
starts it (backends, a matplotlibrc, profiles and kernels of Jupyter) do not show in it.
"""

import asyncio
import atexit
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path
from queue import Empty
from threading import Condition, Lock, Thread
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Instance, Type, default

#: A process with torch can be copied safely here; elsewhere each kernel is a new process, as usual.
FORKS = sys.platform == "linux"
INLINE = "module://matplotlib_inline.backend_inline"
PROVISIONER = "gen-lib-forks"
#: Settings of whoever starts a run that must not change what a notebook shows.
KEPT_OUT = ("MATPLOTLIBRC", "MPLBACKEND", "MPLCONFIGDIR", "IPYTHONDIR", "JUPYTER_", "JPY_", "PYDEVD_")
PYTHON_KEPT_OUT = ("PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONINSPECT")
SECONDS = 120  # until a kernel must listen


def environment() -> dict[str, str]:
    """The environment of kernels: that of this process without settings that would show, and with this library."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(KEPT_OUT + PYTHON_KEPT_OUT)}
    library = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    own = {"MPLBACKEND": INLINE, "PYTHONPATH": os.pathsep.join(library), "PYTHONUTF8": "1"}
    own |= {"OPENBLAS_NUM_THREADS": "1"}  # numpy's would start threads when it is imported, and only one can be copied
    return kept | own


@cache
def _home() -> "tempfile.TemporaryDirectory[str]":
    """A folder of this process alone, without profiles; it vanishes with it."""
    return tempfile.TemporaryDirectory(prefix="gen-lib-", ignore_cleanup_errors=True)


class Copier:
    """The process that is copied (:mod:`gen_lib.runs.forks`): started when first needed, ended with this one."""

    def __init__(self) -> None:
        self.starting, self.heard = Lock(), Condition()
        self.process: subprocess.Popen[str] | None = None
        self.listening: set[int] = set()
        self.ended: dict[int, int] = {}
        self.began: list[int] = []

    def copy(self, arguments: list[str], folder: str) -> int:
        """Start a kernel and return its process number when it listens.

        Raises:
            RuntimeError: it does not, or the process to be copied does not start
        """
        with self.starting:
            process = self._running()
            self.began.clear()
            assert process.stdin
            process.stdin.write(json.dumps({"arguments": arguments, "folder": folder}) + "\n")
            process.stdin.flush()
            self._wait(lambda: bool(self.began))
            number = self.began[0]
            self._wait(lambda: number in self.listening or number in self.ended)
            if number in self.ended:
                raise RuntimeError(f"a kernel in {folder} ended before it listened, with status {self.ended[number]}")
            return number

    def _running(self) -> "subprocess.Popen[str]":
        if self.process is None or self.process.poll() is not None:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "gen_lib.runs.forks"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, env=environment(), text=True,
            )  # fmt: skip
            self.began.clear()
            self.process = process
            listener = Thread(target=self._listen, args=(process,), daemon=True)
            listener.start()
            atexit.register(self.close, process, listener)
            self._wait(lambda: bool(self.began))
        return self.process

    def close(self, process: "subprocess.Popen[str]", listener: Thread) -> None:
        """End a process with its kernels."""
        assert process.stdin
        process.stdin.close()  # it ends its kernels and itself
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
        listener.join(10)

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        with process.stdout:
            for line in process.stdout:
                said = json.loads(line)
                with self.heard:
                    if "ended" in said:
                        self.listening.discard(said["ended"])
                        self.ended[said["ended"]] = said["status"]
                    elif "listens" in said:
                        self.listening.add(said["listens"])
                    else:
                        self.began.append(said.get("began", said.get("ready")))
                    self.heard.notify_all()
            process.wait()
        with self.heard:
            for number in self.listening:
                self.ended[number] = -9  # they end with it
            self.listening.clear()
            self.heard.notify_all()

    def _wait(self, until: Callable[[], bool]) -> None:
        with self.heard:
            process = self.process
            assert process
            done = self.heard.wait_for(lambda: until() or process.poll() is not None, SECONDS)
            if not done or not until():
                raise RuntimeError(
                    f"no kernel within {SECONDS} s; the process to be copied ended with {process.poll()}"
                )


copier = Copier()


class Copied:
    """A kernel's process, with the part of the interface of ``subprocess.Popen`` that Jupyter needs."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        return copier.ended.get(self.pid)

    def wait(self) -> int:
        return copier.ended.pop(self.pid, 0)

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(15)

    def kill(self) -> None:
        self.send_signal(9)


class Forked(LocalProvisioner):
    """Starts kernels as copies."""

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:
        folder = str(options.get("cwd") or Path.cwd())
        self.pid = self.pgid = await asyncio.to_thread(copier.copy, cmd[1:], folder)
        self.process: Any = Copied(self.pid)
        self.cwd = Path(folder)
        return self.connection_info

    async def wait(self) -> int | None:
        while self.process and self.process.poll() is None:
            await asyncio.sleep(0.01)
        return await super().wait()


class Specs(KernelSpecManager):
    """One kernel, whatever a notebook names: this Python."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """How a kernel starts, the same for every name."""
        launch = ["gen-lib-kernel"] if FORKS else [sys.executable, "-m", "ipykernel_launcher"]
        metadata = {"kernel_provisioner": {"provisioner_name": PROVISIONER}} if FORKS else {}
        return KernelSpec(
            argv=[*launch, "-f", "{connection_file}"],
            display_name="Python 3", language="python", metadata=metadata,
            env={} if FORKS else environment() | {"IPYTHONDIR": _home().name},
        )  # fmt: skip


class Client(AsyncKernelClient):
    """Knows when a kernel hears and is heard, without the fifth of a second that the usual client waits on top."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Return when the kernel has answered and its outputs arrive.

        Raises:
            RuntimeError: it has ended, or does not answer in time
        """
        end = time.monotonic() + (timeout or SECONDS)
        while time.monotonic() < end:
            self.kernel_info()
            try:
                reply = await self.get_shell_msg(timeout=1)
                await self.get_iopub_msg(timeout=0.1)  # its outputs arrive, too; if not yet, once more
            except Empty:
                if not await self.is_alive():
                    raise RuntimeError("the kernel ended before it answered") from None
            else:
                self._handle_kernel_info_reply(reply)
                return
        raise RuntimeError(f"the kernel did not answer within {timeout or SECONDS} s")


class Manager(AsyncKernelManager):
    """What papermill is given as ``kernel_manager_class``."""

    kernel_spec_manager = Instance(KernelSpecManager)
    client_factory = Type(Client, AsyncKernelClient)

    @default("kernel_spec_manager")
    def _specs(self) -> KernelSpecManager:
        entry = EntryPoint(PROVISIONER, f"{__name__}:Forked", KernelProvisionerFactory.GROUP_NAME)
        KernelProvisionerFactory.instance().provisioners[PROVISIONER] = entry
        return Specs(parent=self)
