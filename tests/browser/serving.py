"""A Jupyter server over a folder, with JupyterLab and the classic notebook."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Jupyter:
    """A server that runs: its address, the token that opens it, and the folder that it shows."""

    address: str
    token: str
    folder: Path

    def url(self, path: str) -> str:
        return f"{self.address}/{path}?token={self.token}"

    def start_kernel(self, notebook: str) -> None:
        """Start the kernel of a notebook, which finds it when it is opened."""
        session = {"path": notebook, "name": notebook, "type": "notebook", "kernel": {"name": "python3"}}
        request = urllib.request.Request(self.url("api/sessions"), json.dumps(session).encode(), method="POST")
        urllib.request.urlopen(request, timeout=60).close()


@contextmanager
def jupyter(folder: Path, module: str = "jupyterlab", more: Mapping[str, str] | None = None) -> Iterator[Jupyter]:
    """Serve the notebooks of a folder.

    Args:
        folder: what is shown
        module: `jupyterlab`, which brings the classic notebook with it, or `nbclassic` alone
        more: environment variables, such as PYTHONPATH, for it and its kernels
    """
    settings = {
        # all cells are there, not only those in view
        "notebook-extension/tracker": {"windowingMode": "none", "autoStartDefaultKernel": False},
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    }
    for name, values in settings.items():
        path = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    command = [sys.executable, "-m", module, "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--allow-root"]
    command += ["--expose-app-in-browser"] if module == "jupyterlab" else []
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"]
    places = {"JUPYTERLAB_SETTINGS_DIR": folder / "settings", "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces"}
    places |= {"JUPYTER_CONFIG_DIR": folder / "config", "JUPYTER_RUNTIME_DIR": folder / "runtime"}
    environment = {**os.environ, **{name: str(place) for name, place in places.items()}, **(more or {})}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    running = Jupyter(f"http://127.0.0.1:{port}", token, folder)
    try:
        wait_for(running.url("api"), server, folder / "log")
        yield running
    finally:
        server.terminate()  # with its kernels
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"Jupyter did not start:\n{log.read_text('utf-8')[-2000:]}")
