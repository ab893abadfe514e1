"""A second Jupyter server as a process of its own, as the gateway behind which kernels run."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_server.gateway.gateway_client import GatewayClient
from jupyter_server.gateway.managers import GatewayMappingKernelManager


class Gateway:
    """A running server without a page, which asks for a token."""

    def __init__(self, folder: Path) -> None:
        self.token = secrets.token_hex(16)
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        folder.mkdir()
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
        places = {name: str(self.folder / name.lower()) for name in names}
        options = [
            "ServerApp.allow_root=True",
            "ServerApp.open_browser=False",
            "ServerApp.port_retries=0",
            "ServerApp.ip=127.0.0.1",
            "ServerApp.jpserver_extensions={}",
            f"ServerApp.port={self.port}",
            f"ServerApp.root_dir={self.folder}",
            f"IdentityProvider.token={self.token}",
        ]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_server", *(f"--{option}" for option in options)],
                env={**os.environ, **places},
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        until = time.monotonic() + 60
        while time.monotonic() < until:
            assert process.poll() is None, (self.folder / "log").read_text()
            try:
                self.get("/api/status")
            except OSError:
                time.sleep(0.1)
            else:
                return process
        process.kill()
        raise AssertionError("the gateway did not start")

    def get(self, path: str, method: str = "GET") -> Any:
        """Ask the gateway itself, past the server under test."""
        request = urllib.request.Request(
            self.url + path, headers={"Authorization": f"token {self.token}"}, method=method
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as response:
            data = response.read()
        return json.loads(data) if data else None

    def client(self, kernel_id: str) -> AsyncKernelClient:
        """Return a client straight to a kernel's sockets: the user, or what tells the truth of the kernel."""
        client = AsyncKernelClient()
        client.load_connection_file(str(self.folder / "jupyter_runtime_dir" / f"kernel-{kernel_id}.json"))
        client.start_channels(stdin=False, hb=False)
        return client

    def close(self) -> None:
        """End it and its kernels."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def forget_gateway() -> None:
    """What Jupyter keeps of a gateway outlives a server: it is one for the whole process."""
    GatewayClient.clear_instance()
    GatewayMappingKernelManager._kernels.clear()


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    forget_gateway()
    gateway = Gateway(tmp_path / "gateway")
    yield gateway
    gateway.close()
    forget_gateway()
