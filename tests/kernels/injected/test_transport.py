"""Asking beside a running cell leaves no trace: what others see of it, compared with the other ways to ask."""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from ..conftest import Gate
from .conftest import Guest, Peer, Run, kernelspec

_TIMES = 100


async def _comm_in_subshell(guest: Guest) -> Callable[[], Awaitable[Any]] | None:
    """The other way that was considered: a comm whose messages are addressed to a subshell."""
    target = (
        "import comm\n"
        "comm.get_comm_manager().register_target('t', lambda c, m: c.on_msg(lambda m: c.send({'pong': 1})))"
    )
    await guest.run(target, silent=True)
    try:
        made = await guest.ask("create_subshell_request", {}, channel="control", timeout=2)
    except TimeoutError:
        return None
    identifier = uuid.uuid4().hex
    guest.send("comm_open", {"comm_id": identifier, "target_name": "t", "data": {}})
    await guest.run("pass")  # behind it on the same socket

    async def ask() -> None:
        message = guest.client.session.msg("comm_msg", {"comm_id": identifier, "data": {}})
        message["header"]["subshell_id"] = made["subshell_id"]
        before = len([1 for kind, _, content in guest.iopub if kind == "comm_msg"])
        guest.client.shell_channel.send(message)
        async with asyncio.timeout(60):
            while len([1 for kind, _, content in guest.iopub if kind == "comm_msg"]) == before:
                await asyncio.sleep(0.0005)

    return ask


class Served:
    """A kernel of a jupyter_server's, with the user and the guest."""

    def __init__(self, version: int, folder: Path, **traits: Any) -> None:
        self.version = version
        specs = KernelSpecManager(kernel_dirs=[str(kernelspec(version, folder).parent)])
        traits["connection_dir"] = str(folder)
        self.manager = AsyncMappingKernelManager(kernel_spec_manager=specs, **traits)

    async def __aenter__(self) -> Served:
        self.kernel_id = await self.manager.start_kernel(kernel_name=f"guest{self.version}")
        connection = self.manager.get_kernel(self.kernel_id).get_connection_info()
        self.user, self.guest = Peer(connection), Guest(connection)
        await self.user.open()
        await self.guest.open()
        capabilities = await self.guest.ops.inject()
        assert capabilities.ipykernel.startswith(str(self.version))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.user.close()
        await self.guest.close()
        await self.manager.shutdown_all(now=True)
        self.manager.context.destroy(linger=0)

    @property
    def state(self) -> str:
        return str(self.manager.get_kernel(self.kernel_id).execution_state)

    async def begin(self, code: str) -> Run:
        """Run a cell of the user's; returns when the server knows that it runs.

        What the server knows may be older than the cell: it could still call an earlier request busy.
        """
        await self.becomes("idle")
        cell = await self.user.begin(code)
        await self.becomes("busy")
        return cell

    async def becomes(self, state: str) -> None:
        """Wait until the server says so of the kernel."""
        async with asyncio.timeout(60):
            while self.state != state:
                await asyncio.sleep(0.005)


async def test_only_our_own_message_type_leaves_no_trace(
    version: int, tmp_path: Path, gate: Gate, jp_environ: None
) -> None:
    seen: dict[str, tuple[int, str]] = {}
    async with Served(version, tmp_path) as served:
        user, guest = served.user, served.guest
        ways: dict[str, Callable[[], Awaitable[Any]] | None] = {
            "own type on control": guest.ops.state,
            "kernel_info on control": lambda: guest.ask("kernel_info_request", {}, channel="control", timeout=60),
            "comm in a subshell": await _comm_in_subshell(guest),
        }
        for name, ask in ways.items():
            if ask is None:
                print(f"\nipykernel {version}: {name}: not possible")  # noqa: T201
                continue
            gate.shut()
            cell = await served.begin(gate.wait)
            before = len(user.iopub)
            took = []
            for _ in range(_TIMES):
                start = time.perf_counter()
                await ask()
                took.append((time.perf_counter() - start) * 1000)
            await asyncio.sleep(0.2)  # for what should not come
            statuses = [1 for kind, _, _ in user.iopub[before:] if kind == "status"]
            seen[name] = (len(statuses), served.state)
            print(  # noqa: T201
                f"\nipykernel {version}: {name}: median {statistics.median(took):.2f} ms, {len(statuses)} status "
                f"messages for {_TIMES} questions, the server says {served.state}"
            )
            assert not cell.ended.is_set()
            gate.open()
            await cell.ended.wait()
            await user.passed()
    assert seen["own type on control"] == (0, "busy")
    if "comm in a subshell" in seen:  # the control: with that way a culler believes that nothing runs
        assert seen["comm in a subshell"][0] > 0
        assert seen["comm in a subshell"][1] == "idle"


@pytest.mark.parametrize("asked", [True, False], ids=["asked", "left alone"])
async def test_a_culler_takes_no_kernel_that_we_ask(
    asked: bool, version: int, tmp_path: Path, gate: Gate, jp_environ: None
) -> None:
    async with Served(version, tmp_path, cull_idle_timeout=1) as served:  # its own round comes in 5 minutes: we call it

        async def is_there_after_a_while() -> bool:
            end = time.monotonic() + 1.2
            while time.monotonic() < end:
                if asked:
                    await served.guest.ops.describe(timeout=60)
                await asyncio.sleep(0.1)
            await served.manager.cull_kernels()
            return served.kernel_id in served.manager

        cell = await served.begin(gate.wait)
        assert await is_there_after_a_while()
        gate.open()
        await cell.ended.wait()
        assert cell.status == "ok"
        await served.becomes("idle")
        # A late message of the cell's may count as activity once more; our questions must not.
        for _ in range(10):
            if not await is_there_after_a_while():
                return
        pytest.fail("an idle kernel must be culled though we go on asking")
