"""A real kernel, a guest in it, and a second client that plays the user."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.session import Session
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from jupyter_frevagpt.kernels.guest import KernelGuest


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
            reply = await self.client.get_shell_msg(timeout=30)
            if reply["parent_header"]["msg_id"] == message_id:
                return dict(reply["content"])

    async def run(self, code: str) -> dict[str, Any]:
        return await self.reply(self.send(code))


class Bench:
    """What a test of the guest works with."""

    def __init__(self, manager: AsyncMappingKernelManager, kernel_id: str) -> None:
        self.manager = manager
        self.kernel_id = kernel_id
        self.guest = KernelGuest(manager, kernel_id, max_chars=1_000_000)
        self.user = Notebook(manager, kernel_id)

    async def run(self, code: str) -> Any:
        """Run code as the assistant does, return the finished Execution."""
        run = self.guest.execute(code)
        async with asyncio.timeout(60):
            await run.ended.wait()
        return run


@pytest.fixture
def bench(jp_asyncio_loop: asyncio.AbstractEventLoop, jp_environ: None) -> Iterator[Bench]:
    async def start() -> Bench:
        manager = AsyncMappingKernelManager()
        bench = Bench(manager, await manager.start_kernel())
        await bench.user.client.wait_for_ready()
        await bench.guest.open()
        return bench

    async def stop(bench: Bench) -> None:
        await bench.guest.close()
        bench.user.client.stop_channels()
        await bench.manager.shutdown_all(now=True)

    bench = jp_asyncio_loop.run_until_complete(start())
    yield bench
    jp_asyncio_loop.run_until_complete(stop(bench))
