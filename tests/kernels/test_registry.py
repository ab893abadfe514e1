"""Guests of many kernels: opened once, refused when the kernel goes meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from jupyter_frevagpt.domain.errors import KernelFailed
from jupyter_frevagpt.domain.values import RunRef, ThreadRef, ToolContext
from jupyter_frevagpt.kernels.guest import KernelGuest
from jupyter_frevagpt.kernels.registry import GuestRegistry
from jupyter_frevagpt.threads.folders import OwnerFolders

REF = ThreadRef("owner", "t" * 32)


@pytest.fixture
def manager(
    tmp_path: Path, jp_asyncio_loop: asyncio.AbstractEventLoop, jp_environ: None
) -> Iterator[AsyncMappingKernelManager]:
    manager = AsyncMappingKernelManager(connection_dir=str(tmp_path))
    yield manager
    jp_asyncio_loop.run_until_complete(manager.shutdown_all(now=True))
    manager.context.destroy()


@pytest.fixture
def registry(
    manager: AsyncMappingKernelManager, tmp_path: Path, jp_asyncio_loop: asyncio.AbstractEventLoop
) -> Iterator[GuestRegistry]:
    registry = GuestRegistry(manager, OwnerFolders(tmp_path / "data"), lambda _: dict(os.environ))
    yield registry
    jp_asyncio_loop.run_until_complete(registry.close())


@asynccontextmanager
async def frozen(manager: AsyncMappingKernelManager, kernel_id: str) -> AsyncIterator[None]:
    """Hold a kernel still, so that it answers nobody."""
    pid = manager.get_kernel(kernel_id).provisioner.process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            return


async def opening(registry: GuestRegistry, kernel_id: str) -> asyncio.Task[Any]:
    """Begin to open a guest, and come back when it is on its way."""
    task = asyncio.create_task(registry.session(ToolContext(REF, kernel_id)))
    async with asyncio.timeout(20):
        while kernel_id not in registry._guests:
            await asyncio.sleep(0.01)
    return task


async def test_two_who_ask_at_once_get_one_guest(manager: AsyncMappingKernelManager, registry: GuestRegistry) -> None:
    kernel_id = await manager.start_kernel()
    guests = await asyncio.gather(*(registry.session(ToolContext(REF, kernel_id)) for _ in range(5)))
    assert len({id(guest) for guest in guests}) == 1
    assert guests[0].usable
    assert await registry.session(ToolContext(REF, kernel_id)) is guests[0]


async def test_a_kernel_that_is_shut_down_while_it_is_entered_is_told_at_once(
    manager: AsyncMappingKernelManager, registry: GuestRegistry
) -> None:
    kernel_id = await manager.start_kernel()
    async with frozen(manager, kernel_id):
        first = await opening(registry, kernel_id)
        second = asyncio.create_task(registry.session(ToolContext(REF, kernel_id)))
        await asyncio.sleep(0)
        await manager.shutdown_kernel(kernel_id, now=True)
        for task in (first, second):
            with pytest.raises(KernelFailed, match=r"shut down|is gone"):
                await asyncio.wait_for(task, 10)


async def test_who_gives_up_while_a_kernel_is_entered_leaves_it_to_the_next(
    manager: AsyncMappingKernelManager, registry: GuestRegistry
) -> None:
    kernel_id = await manager.start_kernel()
    async with frozen(manager, kernel_id):
        task = await opening(registry, kernel_id)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert not [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith(("kernel ", "watch "))]
    guest = await registry.session(ToolContext(REF, kernel_id))
    run = guest.execute("1 + 1", RunRef(REF, "call"))
    await asyncio.wait_for(run.ended.wait(), 30)
    assert run.output().text == "2\n"


async def starting(registry: GuestRegistry) -> asyncio.Task[KernelGuest]:
    """Ask for the thread's own kernel; returns once it is being started."""
    task = asyncio.create_task(registry.session(ToolContext(REF)))
    async with asyncio.timeout(20):
        while not registry._starting:
            await asyncio.sleep(0)
    return task


async def test_a_start_that_nobody_waits_for_any_more_is_the_next_ones(
    manager: AsyncMappingKernelManager, registry: GuestRegistry
) -> None:
    task = await starting(registry)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    guest = await registry.session(ToolContext(REF))
    assert list(manager.list_kernel_ids()) == [guest.kernel_id]


async def test_a_start_that_nobody_waits_for_is_ended_with_the_server(
    manager: AsyncMappingKernelManager, registry: GuestRegistry
) -> None:
    task = await starting(registry)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await registry.close()
    assert not list(manager.list_kernel_ids())


async def test_a_restarted_kernel_gets_a_new_guest_and_keeps_no_old_one(
    manager: AsyncMappingKernelManager, registry: GuestRegistry
) -> None:
    guest = await registry.session(ToolContext(REF))
    await manager.restart_kernel(guest.kernel_id)
    async with asyncio.timeout(20):
        while guest.usable or any(task.get_name().startswith("watch ") for task in asyncio.all_tasks()):
            await asyncio.sleep(0.02)
    again = await registry.session(ToolContext(REF))
    assert again is not guest
    assert again.kernel_id == guest.kernel_id
    assert again.life != guest.life
    names = [task.get_name() for task in asyncio.all_tasks()]
    assert names.count(f"watch {guest.kernel_id}") == 1
    assert len([name for name in names if name.startswith("kernel ")]) == 3


async def test_ending_a_chats_kernel_waits_for_one_that_is_starting(
    manager: AsyncMappingKernelManager, registry: GuestRegistry
) -> None:
    task = await starting(registry)
    task.cancel()
    await registry.end_own(REF)
    assert not registry._starting
    assert manager.list_kernel_ids() == []


async def test_several_who_find_kernels_gone_at_once_let_go_of_them_once(
    manager: AsyncMappingKernelManager, registry: GuestRegistry
) -> None:
    here = [await manager.start_kernel() for _ in range(2)]
    gone = await manager.start_kernel()
    guest = await registry.session(ToolContext(REF, gone))
    guest.on_lost = lambda: None  # or it is let go of before
    await manager.shutdown_kernel(gone, now=True)
    assert gone in registry._guests, "the control: nobody has let go of it yet"
    guests = await asyncio.gather(*(registry.session(ToolContext(REF, kernel_id)) for kernel_id in here))
    assert [guest.usable for guest in guests] == [True, True]
    assert sorted(registry._guests) == sorted(here)
