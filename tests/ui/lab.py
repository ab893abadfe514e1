"""A real JupyterLab, or Jupyter Notebook, in a process of its own, with folders and token of its own."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

NO_NEWS = '{"fetchNews": "false", "checkForUpdates": false}'
# The module of each, and the class that has its settings.
JUPYTERLAB, NOTEBOOK = ("jupyterlab", "LabApp"), ("notebook", "JupyterNotebookApp")


class Lab:
    """A running JupyterLab, or another application; ``root`` is the folder that its file browser shows."""

    def __init__(
        self, base: Path, *arguments: str, application: tuple[str, str] = JUPYTERLAB, **environment: str
    ) -> None:
        self.base = base
        self._module, self._settings = application
        self.root = base / "root"
        self.root.mkdir()
        self.log = base / "lab.log"
        self.token = secrets.token_hex(16)
        self._arguments = arguments
        self._environment = environment
        news = base / "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
        news.parent.mkdir(parents=True)
        news.write_text(NO_NEWS)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "FREVAGPT", "LITELLM"))
        }
        folders = {f"JUPYTER_{kind}_DIR": str(self.base / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
        environment = {**kept, **folders, "IPYTHONDIR": str(self.base / "ipython"), "JUPYTER_TOKEN": self.token}
        # the settings of each are served by JupyterLab's extension where that is installed
        kept_in = [
            f"--{application}.{trait}={self.base / folder}"
            for application in {"LabApp", self._settings}
            for trait, folder in (("workspaces_dir", "workspaces"), ("user_settings_dir", "settings"))
        ]
        command = [
            sys.executable, "-m", self._module, "--no-browser", "--allow-root",
            "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.root}", f"--{self._settings}.expose_app_in_browser=True",
            *kept_in,
            "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "--LabApp.extension_manager=readonly", *self._arguments,
        ]  # fmt: skip
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                env={**environment, **self._environment},
                cwd=self.root,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait(process)
        return process

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        request = urllib.request.Request(f"{self.url}/api/status", headers={"Authorization": f"token {self.token}"})
        deadline = time.monotonic() + 90
        while True:
            assert process.poll() is None, self.log.read_text()[-4000:]
            try:
                with urllib.request.urlopen(request, timeout=2) as response:
                    response.read()
            except OSError:
                assert time.monotonic() < deadline, self.log.read_text()[-4000:]
                time.sleep(0.2)
            else:
                return

    def close(self) -> None:
        """End the server and its kernels."""
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)


def free_port() -> int:
    """Return a port of loopback's that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
