"""The processes of a run: servers and the model service, each ended with its children whatever happens."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from .client import fetch

ROOT = Path(__file__).parents[1]
TOKEN = "benchmark"
OWNER = "benchmark"
_START_SECONDS = 60.0
_END_SECONDS = 10.0
OF_THE_USER = ("LITELLM_", "FREVAGPT_", "JUPYTER", "JPY_", "OPENAI_", "ANTHROPIC_")


class Process:
    """A child process; CPU and memory are its own, without its children's."""

    def __init__(self, arguments: Sequence[str], folder: Path, **environment: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OF_THE_USER)}
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self._child = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**kept, "PYTHONPATH": path, **environment},
            )
        self.pid = self._child.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._child.poll() is None

    def cpu(self) -> float:
        """Return the CPU seconds it has used."""
        return cpu_seconds(self.pid)

    def megabytes(self) -> float:
        """Return its resident memory."""
        return float(psutil.Process(self.pid).memory_info().rss) / 2**20

    def helpers_cpu(self) -> float:
        """Return the CPU seconds of its children, kernels left out."""
        total = 0.0
        for child in psutil.Process(self.pid).children(recursive=True):
            try:
                if "ipykernel" not in " ".join(child.cmdline()):
                    total += sum(child.cpu_times()[:2])
            except psutil.Error:
                continue
        return total

    def close(self) -> None:
        """End it, politely first, and what it started."""
        try:
            started = psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            started = []
        if self.alive:
            self._child.terminate()
        try:
            self._child.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        for child in started:
            if child.is_running():  # compares the start too, so it is never another process of the same id
                child.kill()

    def complaint(self) -> str:
        """Return the end of what it wrote."""
        return self.log.read_text(errors="replace")[-2000:]


class Upstream:
    """The paced model service as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}/v1"
        self.process = Process(["-m", "benchmarks.upstream", str(self.port)], folder)

    async def ready(self) -> None:
        """Wait until it listens."""
        await _until_it_answers(self.process, self.port, "/v1/models")

    def close(self) -> None:
        """End it."""
        self.process.close()


class Server:
    """A ``jupyter server`` on loopback with exactly the given extensions; everything it writes is below ``folder``."""

    def __init__(self, folder: Path, extensions: Sequence[str], upstream: Upstream | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.data = folder / "frevagpt"
        (folder / "root").mkdir()
        config: dict[str, Any] = {
            "ServerApp": {
                "ip": "127.0.0.1",
                "port": self.port,
                "port_retries": 0,
                "open_browser": False,
                "allow_root": True,
                "root_dir": str(folder / "root"),
                "jpserver_extensions": dict.fromkeys(_installed_extensions(), False) | dict.fromkeys(extensions, True),
            },
            "IdentityProvider": {"token": TOKEN},
            "FrevaGPT": {"data_dir": str(self.data), "owner": OWNER, "local_model": False},
        }
        if upstream is not None:
            config["FrevaGPT"]["catalogue"] = str(_catalogue(folder, upstream))
        (folder / "config.json").write_text(json.dumps(config))
        homes = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
        self.process = Process(
            ["-m", "jupyter_server", f"--config={folder / 'config.json'}"],
            folder,
            IPYTHONDIR=str(folder / "ipython"),
            BENCHMARK_UPSTREAM=upstream.base if upstream is not None else "",
            BENCHMARK_DATA=str(self.data),
            **{name: str(folder / name.lower()) for name in homes},
        )

    async def ready(self) -> None:
        """Wait until it answers."""
        await _until_it_answers(self.process, self.port, "/api")

    async def get(self, path: str) -> Any:
        """Return the JSON behind a path."""
        return await fetch(self.port, path, token=TOKEN)

    async def post(self, path: str, **content: Any) -> Any:
        """Send JSON, return the JSON that comes back."""
        return await fetch(self.port, path, content, token=TOKEN)

    def close(self) -> None:
        """End it and its kernels."""
        self.process.close()


class Ground:
    """What the benchmarks of a run share: the model service, and servers that are started when asked for."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="benchmarks-", ignore_cleanup_errors=True)
        self._open: list[Upstream | Server] = []
        self._shared: dict[str, Server] = {}
        self._upstream: Upstream | None = None

    def folder(self) -> Path:
        """Return a new empty folder."""
        return Path(tempfile.mkdtemp(dir=self._folder.name))

    async def upstream(self) -> Upstream:
        """Return the model service."""
        if self._upstream is None:
            self._upstream = Upstream(self.folder())
            self._open.append(self._upstream)
            await self._upstream.ready()
        return self._upstream

    async def start(self, *extensions: str) -> Server:
        """Return a new server, ready; :meth:`end` it."""
        server = Server(self.folder(), extensions, await self.upstream())
        self._open.append(server)
        await server.ready()
        return server

    def end(self, server: Server) -> None:
        """End a server that :meth:`start` returned."""
        server.close()
        self._open.remove(server)

    async def floor(self) -> Server:
        """Return the shared floor."""
        return await self._share("benchmarks.floor")

    async def product(self) -> Server:
        """Return the shared product."""
        return await self._share("jupyter_frevagpt")

    async def _share(self, extension: str) -> Server:
        if extension not in self._shared:
            self._shared[extension] = await self.start(extension)
        return self._shared[extension]

    def close(self) -> None:
        """End everything."""
        while self._open:
            self._open.pop().close()
        self._folder.cleanup()


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that a process has used, exactly, of all its threads, those too that have ended."""
    return time.clock_gettime((~pid << 3) | 2)  # what clock_getcpuclockid(3) returns on Linux


def free_port() -> int:
    """Return a port of loopback that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _until_it_answers(process: Process, port: int, path: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.alive:
        try:
            await fetch(port, path, token=TOKEN)
        except (OSError, RuntimeError):
            await asyncio.sleep(0.05)
        else:
            return
    raise RuntimeError(f"a server did not start:\n{process.complaint()}")


def _installed_extensions() -> list[str]:
    """Return the names that this environment enables, so that a server can be started without them."""
    names = {"jupyter_frevagpt"}
    for path in Path(sys.prefix, "etc/jupyter/jupyter_server_config.d").glob("*.json"):
        names |= json.loads(path.read_text()).get("ServerApp", {}).get("jpserver_extensions", {}).keys()
    return sorted(names)


def _catalogue(folder: Path, upstream: Upstream) -> Path:
    path = folder / "models.yaml"
    params = {"model": "openai/paced", "api_base": upstream.base, "api_key": "none"}
    path.write_text(json.dumps({"model_list": [{"model_name": "paced", "litellm_params": params}]}))
    return path
