"""A real kernel, a guest in it, and a second client that plays the user."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.session import Session
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from jupyter_frevagpt.domain.values import RunRef, ThreadRef
from jupyter_frevagpt.kernels.execution import Execution
from jupyter_frevagpt.kernels.guest import KernelGuest
from jupyter_frevagpt.kernels.limits import GuestLimits

from .look import Look


class Gate:
    """Lets code in a kernel wait until the test opens it, so that no test has to guess how long something takes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.wait = f"import os, time\nwhile not os.path.exists({str(path)!r}): time.sleep(0.005)\n"

    def open(self) -> None:
        self.path.touch()

    def shut(self) -> None:
        self.path.unlink(missing_ok=True)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """A gate that is shut; at the end it is opened, so that a failed test leaves no kernel waiting."""
    gate = Gate(tmp_path / "open")
    yield gate
    gate.open()


class Notebook:
    """The user: a client of the same kernel that runs cells as a notebook does."""

    def __init__(self, manager: AsyncMappingKernelManager, kernel_id: str) -> None:
        kernel = manager.get_kernel(kernel_id)
        self.client = kernel.client()
        self.client.session = Session(key=kernel.session.key, signature_scheme=kernel.session.signature_scheme)
        self.client.start_channels()

    def send(self, code: str) -> str:
        return str(self.client.execute(code, store_history=True, stop_on_error=True))

    async def reply(self, message_id: str) -> dict[str, Any]:
        while True:
            reply = await self.client.get_shell_msg(timeout=60)
            if reply["parent_header"]["msg_id"] == message_id:
                return dict(reply["content"])

    async def run(self, code: str) -> dict[str, Any]:
        return await self.reply(self.send(code))

    async def passed(self) -> None:
        """Wait for an answer on the control channel: what was sent before has reached the kernel."""
        message = self.client.session.msg("kernel_info_request", {})
        self.client.control_channel.send(message)
        await self.client.get_control_msg(timeout=60)


class Bench:
    """What a test of the guest works with."""

    thread = ThreadRef("owner", "thread")

    def __init__(self, manager: AsyncMappingKernelManager, kernel_id: str) -> None:
        self.manager = manager
        self.kernel_id = kernel_id
        self.guest = self.new_guest()
        self.user = Notebook(manager, kernel_id)
        self._numbers = itertools.count()

    def new_guest(self, **limits: Any) -> KernelGuest:
        return KernelGuest(self.manager, self.kernel_id, GuestLimits(**limits))

    def execute(self, code: str, guest: KernelGuest | None = None) -> Execution:
        """Send code as the assistant does."""
        return (guest or self.guest).execute(code, RunRef(self.thread, f"call_{next(self._numbers)}"))

    async def run(self, code: str) -> Execution:
        """Run code as the assistant does, return what has ended."""
        return await self.ended(self.execute(code))

    async def ended(self, run: Execution) -> Execution:
        async with asyncio.timeout(60):
            await run.ended.wait()
        return run

    async def begun(self, run: Execution) -> Execution:
        """Wait until a run has begun, or ended."""
        async with asyncio.timeout(60):
            while run.state != "running" and not run.ended.is_set():
                await asyncio.sleep(0.005)
        return run

    async def occupy(self, code: str) -> str:
        """Send a cell of the user's and wait until the guest knows that it runs: two clients, two sockets, no order."""
        cell = self.user.send(code)
        async with asyncio.timeout(60):
            while self.guest._watch.quiet.is_set():
                await asyncio.sleep(0.005)
        return cell

    async def close(self) -> None:
        """Leave the kernel and end it."""
        await self.guest.close()
        self.user.client.stop_channels()
        async with asyncio.timeout(30):
            while self.manager.list_kernel_ids():
                with suppress(asyncio.InvalidStateError):  # one that died is just being restarted
                    await self.manager.shutdown_all(now=True)
                await asyncio.sleep(0.05)
        self.manager.context.destroy(linger=0)  # the garbage collector may take it before its owner, and warns then


@pytest.fixture
def bench(tmp_path: Path, jp_asyncio_loop: asyncio.AbstractEventLoop, jp_environ: None) -> Iterator[Bench]:
    async def start() -> Bench:
        manager = AsyncMappingKernelManager(connection_dir=str(tmp_path))
        bench = Bench(manager, await manager.start_kernel())
        await bench.user.client.wait_for_ready()
        await bench.guest.open()
        return bench

    bench = jp_asyncio_loop.run_until_complete(start())
    yield bench
    jp_asyncio_loop.run_until_complete(bench.close())


@pytest.fixture
def look(bench: Bench, tmp_path: Path, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[Look]:
    look = Look(bench, tmp_path / "data")
    yield look
    jp_asyncio_loop.run_until_complete(look.surroundings.close())
    jp_asyncio_loop.run_until_complete(look.registry.close())
