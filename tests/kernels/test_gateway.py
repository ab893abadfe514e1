"""A guest in a kernel that runs behind a gateway: a second Jupyter server, started here."""

from __future__ import annotations

import asyncio
import itertools
import os
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import pytest
from jupyter_server.gateway.gateway_client import GatewayClient
from jupyter_server.gateway.managers import GatewayMappingKernelManager

from jupyter_frevagpt.domain.errors import KernelFailed

from ..gateway import Gateway, gateway  # noqa: F401 - a fixture
from .conftest import Bench, Gate, Notebook


class RemoteUser(Notebook):
    """A user who sits beside the kernel."""

    def __init__(self, client: Any) -> None:
        self.client = client


class RemoteBench(Bench):
    """A guest that reaches its kernel by the gateway."""

    def __init__(self, manager: Any, kernel_id: str, gateway: Gateway) -> None:  # noqa: F811
        self.manager = manager
        self.kernel_id = kernel_id
        self.gateway = gateway
        self.guest = self.new_guest()
        self.user = RemoteUser(gateway.client(kernel_id))
        self._numbers = itertools.count()

    async def told(self) -> Any:
        """Return what the gateway says of the kernel."""
        return await asyncio.to_thread(self.gateway.get, f"/api/kernels/{self.kernel_id}")


@pytest.fixture
def bench(
    gateway: Gateway,  # noqa: F811
    jp_asyncio_loop: asyncio.AbstractEventLoop,
    jp_environ: None,
) -> Iterator[RemoteBench]:
    async def start() -> RemoteBench:
        settings = GatewayClient.instance()
        settings.url, settings.auth_token, settings.auth_scheme = gateway.url, gateway.token, "token"
        settings.gateway_retry_max = 0
        manager = GatewayMappingKernelManager()
        bench = RemoteBench(manager, await manager.start_kernel(), gateway)
        await bench.guest.open()
        await bench.user.run("pass")
        async with asyncio.timeout(20):  # until the guest, who is further away, has seen the end of it too
            while bench.guest._watch.user_header is None:
                await asyncio.sleep(0.01)
            await bench.guest._watch.quiet.wait()
        return bench

    async def stop(bench: RemoteBench) -> None:
        await bench.guest.close()
        bench.user.client.stop_channels()
        await asyncio.sleep(0)

    bench = jp_asyncio_loop.run_until_complete(start())
    yield bench
    jp_asyncio_loop.run_until_complete(stop(bench))


async def test_code_runs_with_the_users_variables(bench: RemoteBench) -> None:
    await bench.user.run("base = 20")
    output = (await bench.run("print('first')\nbase + 1")).output()
    assert output.state == "done"
    assert output.text == "first\n21\n"
    assert bench.guest.language == "python"


async def test_the_helper_lives_there_too(bench: RemoteBench) -> None:
    await bench.user.run("'mine'")
    assert (await bench.run("'ours'")).output().text == "'ours'\n"
    can = bench.guest.capabilities
    assert can is not None
    assert (can.cancel, can.interrupt, can.while_busy) == (True, True, True)
    assert (await bench.user.run("assert (_, len(In)) == ('mine', 4), (_, In)"))["status"] == "ok"
    assert (await bench.guest.review("print(1 + 1)", bench.thread)).harmless


async def test_a_message_larger_than_a_websockets_usual_limit_comes_through(bench: RemoteBench) -> None:
    bench.guest._entrance._foreign = True  # our helper would leave it out in the kernel
    code = "from IPython.display import display\ndisplay({'image/png': 'iVBOR' + 'x' * 12_000_000}, raw=True)"
    output = (await bench.run(code)).output()
    assert output.state == "done"
    assert [len(image.png) for image in output.images] == [12_000_005]


async def test_stop_of_running_code_interrupts_it(bench: RemoteBench) -> None:
    run = bench.execute("import time\nprint('on')\nwhile True: time.sleep(0.01)")
    async with aclosing(run.events()) as events:
        async for event in events:
            if event.text:
                break
    began = time.monotonic()
    await run.stop()
    await bench.ended(run)
    assert time.monotonic() - began < 3
    assert run.state == "stopped"
    assert (await bench.run("'still here'")).output().text == "'still here'\n"


async def test_stop_of_a_run_that_waits_leaves_the_users_cell_alone(bench: RemoteBench, gate: Gate) -> None:
    cell = await bench.occupy(gate.wait + "fine = True")
    run = bench.execute("never = 1")
    async with aclosing(run.events()) as events:
        assert (await anext(events)).state == "waiting"
    await run.stop()
    assert run.state == "stopped"
    gate.open()
    assert (await bench.user.reply(cell))["status"] == "ok"
    assert (await bench.run("print(fine, 'never' in globals())")).output().text == "True False\n"


async def test_a_guest_that_comes_while_a_cell_runs_waits_for_it(bench: RemoteBench, gate: Gate) -> None:
    """What this server knows of a remote kernel's state is old; it is asked for anew."""
    cell = await bench.occupy(gate.wait + "late = 1")
    async with asyncio.timeout(20):
        while (await bench.told())["execution_state"] != "busy":
            await asyncio.sleep(0.05)
    guest = bench.new_guest()
    await guest.open()
    try:
        assert not guest._watch.quiet.is_set()
        run = bench.execute("late", guest)
        async with aclosing(run.events()) as events:
            assert (await anext(events)).state == "waiting"
        gate.open()
        assert (await bench.user.reply(cell))["status"] == "ok"
        assert (await bench.ended(run)).output().text == "1\n"
    finally:
        await guest.close()


async def test_waiting_for_messages_costs_next_to_nothing(bench: RemoteBench) -> None:
    """Jupyter's own client of such kernels takes more than a core for it."""
    await bench.run("1")
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.monotonic()
    await asyncio.sleep(3)
    after = resource.getrusage(resource.RUSAGE_SELF)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert used / (time.monotonic() - began) < 0.1


@pytest.mark.parametrize("ending", ["kill", "restart", "shutdown", "culled"])
async def test_a_kernel_that_ends_is_noticed(bench: RemoteBench, ending: str) -> None:
    pid = int((await bench.run("import os; os.getpid()")).output().text)
    run = await bench.begun(bench.execute("import time; time.sleep(60)"))
    if ending == "kill":
        os.kill(pid, signal.SIGKILL)
    elif ending == "restart":
        await bench.manager.restart_kernel(bench.kernel_id)
    elif ending == "shutdown":
        await bench.manager.shutdown_kernel(bench.kernel_id)
    else:
        await asyncio.to_thread(bench.gateway.get, f"/api/kernels/{bench.kernel_id}", "DELETE")
    async with asyncio.timeout(20):
        await run.ended.wait()
    assert run.output().state == "lost"
    assert not bench.guest.usable
    if ending in ("kill", "restart"):
        guest = bench.new_guest()
        await guest.open()
        try:
            assert (await bench.ended(bench.execute("'os' in globals()", guest))).output().text == "False\n"
        finally:
            await guest.close()


async def test_a_gateway_that_is_gone_is_told_in_words(bench: RemoteBench) -> None:
    run = await bench.begun(bench.execute("import time; time.sleep(60)"))
    await asyncio.to_thread(bench.gateway.close)
    async with asyncio.timeout(20):
        await run.ended.wait()
    assert run.output().state == "lost"
    guest = bench.new_guest()
    with pytest.raises(KernelFailed, match="gateway") as failed:
        await guest.open()
    assert str(bench.gateway.port) not in str(failed.value)
    await guest.close()


async def test_a_gateway_that_breaks_off_is_no_dead_kernel(bench: RemoteBench) -> None:
    run = await bench.begun(bench.execute("import time; time.sleep(60)"))
    os.kill(bench.gateway.process.pid, signal.SIGKILL)
    async with asyncio.timeout(20):
        await run.ended.wait()
    assert "connection to the kernel was lost" in run.output().note


async def test_a_gateway_that_refuses_us_is_told_in_words(bench: RemoteBench) -> None:
    GatewayClient.instance().auth_token = "another"
    guest = bench.new_guest()
    with pytest.raises(KernelFailed, match="gateway"):
        await guest.open()
    await guest.close()
