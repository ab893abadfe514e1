"""A kernel in the hands of a benchmark: for a bare client, for our helper asked by hand, for the product's guest."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from jupyter_frevagpt.domain.values import CodeReview, RunRef, ThreadRef
from jupyter_frevagpt.kernels.execution import Execution
from jupyter_frevagpt.kernels.guest import KernelGuest
from jupyter_frevagpt.kernels.injection import GuestOps
from jupyter_frevagpt.kernels.limits import GuestLimits
from jupyter_frevagpt.kernels.link import KernelLink

from .bare import BareClient
from .processes import OF_THE_USER, cpu_seconds

_SECONDS = 120.0
_THREAD = ThreadRef("benchmark", "benchmark")


class Memory:
    """The resident memory of a process in MB, and its highest since it was last marked; Linux only."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def now(self) -> float:
        """Return what it holds."""
        return float(psutil.Process(self._pid).memory_info().rss) / 1e6

    def mark(self) -> float:
        """Forget the highest up to now; returns what it holds."""
        Path(f"/proc/{self._pid}/clear_refs").write_text("5")
        return self.now()

    def highest(self) -> float:
        """Return the highest since the last mark."""
        lines = Path(f"/proc/{self._pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024 / 1e6


class LinkedRuns:
    """Runs with any options of our helper's and none of the guest's care around them: tells what each option costs."""

    def __init__(self, kernel: Any) -> None:
        self._link = KernelLink(kernel, self._on_iopub, self._on_reply, lambda: None)
        self._waiting: dict[str, tuple[set[str], asyncio.Event]] = {}
        self.ops = GuestOps(self._link.request, self._link.session)

    async def open(self) -> None:
        """Connect, and let our helper in."""
        await self._link.open()
        await self.ops.inject()

    async def close(self) -> None:
        """Disconnect."""
        await self._link.close()

    async def run(self, code: str, options: dict[str, Any] | None = None) -> float:
        """Return the ms from sending code until reply and idle have come."""
        content = {
            "code": code,
            "silent": False,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        began = time.perf_counter()
        message = self._link.message("execute_request", content, options)
        over = asyncio.Event()
        self._waiting[message["header"]["msg_id"]] = ({"reply", "idle"}, over)
        self._link.post(message, "shell")
        async with asyncio.timeout(_SECONDS):
            await over.wait()
        return (time.perf_counter() - began) * 1000

    def _on_reply(self, message: dict[str, Any]) -> None:
        if message["header"]["msg_type"] == "execute_reply":
            if message["content"]["status"] != "ok":
                raise RuntimeError(f"the code failed: {message['content']}")
            self._came(message, "reply")

    def _on_iopub(self, message: dict[str, Any]) -> None:
        if message["content"].get("execution_state") == "idle":
            self._came(message, "idle")

    def _came(self, message: dict[str, Any], half: str) -> None:
        message_id = message["parent_header"].get("msg_id", "")
        if message_id in self._waiting:
            missing, over = self._waiting[message_id]
            missing.discard(half)
            if not missing:
                del self._waiting[message_id]
                over.set()


class LiveKernel:
    """A new kernel; ``folder`` is where its code runs.

    Who is connected hears all that the kernel publishes, and reading it costs this process time: where two clients are
    compared, each has a kernel to itself.
    """

    def __init__(self, manager: Any, kernel_id: str, folder: Path) -> None:
        self._manager = manager
        self._id = kernel_id
        self._kernel = manager.get_kernel(kernel_id)
        self._leave = AsyncExitStack()
        self._numbers = itertools.count()
        self.folder = folder
        self._pid = int(self._kernel.provisioner.pid)
        self.memory = Memory(self._pid)

    def cpu(self) -> float:
        """Return the CPU seconds it has used."""
        return cpu_seconds(self._pid)

    async def bare(self) -> BareClient:
        """Connect a bare client."""
        client = BareClient(self._kernel)
        self._leave.callback(client.close)
        await client.ready()
        return client

    async def linked(self) -> LinkedRuns:
        """Connect to our helper without a guest."""
        runs = LinkedRuns(self._kernel)
        self._leave.push_async_callback(runs.close)
        await runs.open()
        return runs

    async def guest(self) -> KernelGuest:
        """Connect the product's guest, and let its helper in."""
        guest = KernelGuest(self._manager, self._id, GuestLimits())
        await guest.open()
        self._leave.push_async_callback(guest.close)
        if await guest.meet(_SECONDS) is None:
            raise RuntimeError("our helper is not in the kernel")
        return guest

    async def review(self, guest: KernelGuest, code: str) -> CodeReview:
        """Return what the product tells of code before it runs."""
        return await guest.review(code, _THREAD)

    async def run(self, guest: KernelGuest, code: str, touches: tuple[str, ...] | None = ()) -> tuple[float, Execution]:
        """Run code as the product does; returns the ms and the run. Raises RuntimeError where it fails."""
        began = time.perf_counter()
        run = guest.execute(code, RunRef(_THREAD, f"call_{next(self._numbers)}"), touches)
        async with asyncio.timeout(_SECONDS):
            await run.ended.wait()
        took = (time.perf_counter() - began) * 1000
        if run.state != "done":
            raise RuntimeError(f"the run is {run.state}: {run.output().text[-500:]}")
        return took, run

    async def close(self) -> None:
        """Disconnect all."""
        await self._leave.aclose()


def ops_of(guest: KernelGuest) -> GuestOps:
    """Return our helper in a guest's kernel."""
    assert guest.ops is not None
    return guest.ops


@asynccontextmanager
async def live_kernel(folder: Path) -> AsyncIterator[LiveKernel]:
    """Start a kernel that writes below ``folder`` alone, and end it whatever happens."""
    work = folder / "work"
    work.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OF_THE_USER)}
    environment["IPYTHONDIR"] = str(folder / "ipython")
    manager: Any = AsyncMappingKernelManager(connection_dir=str(folder), root_dir=str(work))  # type: ignore[no-untyped-call]
    try:
        with (folder / "log").open("wb") as log:
            kernel_id = await manager.start_kernel(cwd=str(work), env=environment, stdout=log, stderr=log)
        kernel = LiveKernel(manager, kernel_id, work)
        try:
            yield kernel
        finally:
            await kernel.close()
    finally:
        await manager.shutdown_all(now=True)
        manager.context.destroy(linger=0)
