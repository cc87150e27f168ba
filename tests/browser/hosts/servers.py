"""Notebook servers as a person starts them, each on a free port and in a home of its own.

Nothing here knows the widget: see notebook.py for what happens on a page.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import urllib.request
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# Kernels, by the name of their kernelspec: the folder that comes before the installed packages.
KERNELS = {"ipykernel-7": None, "ipykernel-6": f"{sys.prefix}/ipykernel-6"}
_PATIENCE = 120  # seconds until a process that says nothing counts as broken

# Nothing is looked up on the network and no dialog covers the page; dialogs about closing neither.
_SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {
        "checkForUpdates": False,
        "fetchNews": "false",
        "doNotDisturbMode": True,
    },
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}


def environment(home: Path) -> dict[str, str]:
    """Give what a process needs to run in an empty home, offline, on one thread."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "IPYTHON", "PYTEST", "XDG_", "COV_"))
    }
    return {
        **inherited,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONUNBUFFERED": "1",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A process that serves pages, from its first answer until `close`."""

    def __init__(self, command: Sequence[str], home: Path) -> None:
        self.home = home
        self.lines: list[str] = []
        self.url = ""
        self._told = threading.Event()  # its address, or that it ended
        self._ended = threading.Event()
        self._process = subprocess.Popen(  # noqa: S603  (our own interpreter)
            [sys.executable, "-m", *command],
            cwd=home,
            env=environment(home),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._told.wait(_PATIENCE)
        if not self._answers():
            self.close()
            message = f"{command[0]} does not serve:\n{''.join(self.lines)}"
            raise RuntimeError(message)

    def _answers(self) -> bool:
        """Wait until the address that was told takes connections: it is told a little early."""
        port = int(self.url.rpartition(":")[2] or 0)
        while port and not self._ended.wait(0.05):
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    return True
        return False

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line)
            address = re.search(r"http://(?:localhost|127\.0\.0\.1):(\d+)", line)
            if address and not self.url:
                self.url = f"http://127.0.0.1:{address[1]}"
                self._told.set()
        self._ended.set()
        self._told.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process, and with it the kernels that it started."""
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._reader.join(30)
        if self._process.stdout is not None:
            self._process.stdout.close()


class Jupyter(Server):
    """JupyterLab ("lab") or Notebook 7 ("notebook"), with a kernel of each kind on offer."""

    def __init__(self, application: str, home: Path) -> None:
        self.application = application
        for name, settings in _SETTINGS.items():
            path = home / "config/lab/user-settings" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(settings), encoding="utf-8")
        for name, folder in KERNELS.items():
            write_kernelspec(home / "data/kernels" / name, name, folder)
        (home / "work").mkdir()
        exposed = "LabApp" if application == "lab" else "JupyterNotebookApp"
        super().__init__(
            [
                "jupyter",
                application,
                "--no-browser",
                "--allow-root",
                "--ip=127.0.0.1",
                f"--port={free_port()}",
                f"--ServerApp.root_dir={home / 'work'}",
                "--ServerApp.token=",
                "--ServerApp.password=",
                "--ServerApp.disable_check_xsrf=True",
                f"--{exposed}.expose_app_in_browser=True",
            ],
            home,
        )

    def page(self, notebook: str) -> str:
        """Give the address at which a person opens a notebook."""
        if self.application == "lab":
            return f"{self.url}/lab/tree/{notebook}?reset"  # and no tab of earlier pages
        return f"{self.url}/notebooks/{notebook}"

    def ask(self, method: str, path: str, content: object = None) -> Any:
        """Call the server's REST interface."""
        request = urllib.request.Request(  # noqa: S310  (our own server)
            f"{self.url}/api/{path}",
            method=method,
            data=None if content is None else json.dumps(content).encode(),
        )
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310
            body = answer.read()
        return json.loads(body) if body else None


def write_kernelspec(folder: Path, name: str, packages: str | None) -> None:
    """Offer this environment's Python as a kernel, with `packages` before those installed."""
    folder.mkdir(parents=True)
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": name,
        "language": "python",
        "env": {"PYTHONPATH": packages} if packages else {},
    }
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
