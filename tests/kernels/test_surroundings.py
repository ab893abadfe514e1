"""The kernel whose variables are told: busy, silent, restarted, or of another language."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import time
from pathlib import Path

import pytest

from jupyter_frevagpt.domain.values import ThreadRef, ToolContext
from jupyter_frevagpt.kernels.namespace import Namespace

from .conftest import Gate
from .look import REF, Look, between_marks


async def test_an_empty_kernel_says_so_and_a_thread_without_a_kernel_nothing(look: Look) -> None:
    assert "no variables yet" in await look.summary()
    alone = ToolContext(ThreadRef("alice", "t2"))
    assert await look.summary(context=alone) == ""
    assert await look.summary(context=ToolContext(REF, "00000000-0000-0000-0000-000000000000")) == ""
    assert "no kernel yet" in (await look.surroundings.inspect(alone, "x", 1)).note
    assert list(look.bench.manager.list_kernel_ids()) == [look.bench.kernel_id]
    assert await look.with_tokens(0).summary(look.context, "x") == ""


async def test_the_threads_own_kernel_is_looked_into_once_it_is_there(look: Look) -> None:
    alone = ToolContext(ThreadRef("alice", "t2"))
    guest = await look.registry.session(alone)
    assert guest.kernel_id != look.bench.kernel_id
    assert "no variables yet" in await look.summary(context=alone)


async def test_beside_a_running_cell(look: Look, gate: Gate) -> None:
    number = secrets.randbelow(10**9)
    await look.run(f"rows = [{number}]")
    assert "A cell is running" not in await look.summary()
    cell = look.bench.user.send(f"during = {number + 1}\n" + gate.wait)
    async with asyncio.timeout(30):
        while f"during: int = {number + 1}" not in (text := await look.summary("rows")):
            await asyncio.sleep(0.01)
    assert "A cell is running, values may change." in text
    assert f"rows: list of 1, [{number}]" in text
    found = await look.surroundings.inspect(look.context, "rows", 2)
    assert found.facts is not None
    assert found.facts["preview"] == [number]
    assert "A cell is running" in found.note
    listed = await look.surroundings.variables(look.bench.kernel_id)
    assert (listed.busy, listed.stale) == (True, False)
    gate.open()
    assert (await look.bench.user.reply(cell))["status"] == "ok"


async def test_a_kernel_that_was_busy_when_we_came_is_left_alone(look: Look, gate: Gate) -> None:
    guest = await look.registry.session(look.context)
    cell = look.bench.user.send("x = 1\n" + gate.wait)
    async with asyncio.timeout(30):
        while not guest.busy:
            await asyncio.sleep(0.01)
    assert "until that ends" in await look.summary("x")
    assert "until that ends" in await look.note("x")
    assert "until that ends" in (await look.surroundings.variables(look.bench.kernel_id)).detail
    gate.open()
    assert (await look.bench.user.reply(cell))["status"] == "ok"
    async with asyncio.timeout(30):
        while guest.busy:
            await asyncio.sleep(0.01)
    assert "x: int = 1" in await look.summary("x")


async def test_only_a_kernel_in_which_something_ran_is_read_again(look: Look) -> None:
    await look.run("x = 1")
    guest = await look.registry.session(look.context)
    ops = await guest.meet(5)
    assert ops is not None
    namespace = Namespace()
    await namespace.refresh(ops, guest.life)
    first = namespace.known
    assert first is not None
    await namespace.refresh(ops, guest.life)
    assert namespace.known is first
    await look.run("x = 2")
    await namespace.refresh(ops, guest.life)
    assert namespace.known is not first
    assert [variable.value for variable in namespace.view().variables] == [2]


async def test_a_kernel_that_does_not_answer_holds_nobody_up(look: Look) -> None:
    number = secrets.randbelow(10**9)
    await look.run(f"x = {number}; import ctypes")
    assert f"x: int = {number}" in await look.summary()
    # PyDLL keeps Python's lock: nothing in the kernel can answer meanwhile.
    cell = look.bench.user.send("x = 0; ctypes.PyDLL(None).sleep(8)")
    async with asyncio.timeout(20):
        while "did not answer in time" not in (text := await look.summary("x")):
            await asyncio.sleep(0)
    assert f"x: int = {number}" in text or "x: int = 0" in text
    began = time.monotonic()
    found = await look.surroundings.inspect(look.context, "x", 1)
    assert time.monotonic() - began < 3
    assert "told before" in found.note
    assert (await look.surroundings.variables(look.bench.kernel_id)).stale
    assert (await look.bench.user.reply(cell))["status"] == "ok"
    async with asyncio.timeout(20):
        while "did not answer" in (text := await look.summary("x")):
            await asyncio.sleep(0.1)
    assert "x: int = 0" in text


async def test_a_restart_is_told_once(look: Look) -> None:
    await look.run("kept, lost = 1, 2\nimport json")
    assert "kept: int = 1" in await look.summary()
    old = await look.registry.session(look.context)
    await look.bench.manager.restart_kernel(look.bench.kernel_id)
    await look.bench.user.client.wait_for_ready()
    async with asyncio.timeout(30):
        while old.usable:
            await asyncio.sleep(0.02)
    await look.run("kept = 5")
    text = await look.summary("lost")
    assert "restarted: variables described before are gone (lost)." in text
    assert "kept: int = 5" in text
    assert "lost" not in "\n".join(between_marks(text))
    assert "restarted" not in await look.summary("lost")
    other = ToolContext(ThreadRef("alice", "t3"), look.bench.kernel_id)
    assert "restarted" not in await look.summary(context=other)


@pytest.fixture
def mute_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A kernel of another language: it runs no Python."""
    (tmp_path / "mute.py").write_text(
        "from ipykernel.kernelbase import Kernel\nfrom ipykernel.kernelapp import IPKernelApp\n"
        "class Mute(Kernel):\n    implementation = banner = 'mute'; implementation_version = '1'\n"
        "    language_info = {'name': 'mute', 'mimetype': 'text/plain', 'file_extension': '.mute'}\n"
        "    def do_execute(self, code, silent, *args, **kwargs):\n"
        "        return {'status': 'error', 'ename': 'Syntax', 'evalue': 'what?', 'traceback': []}\n"
        "IPKernelApp.launch_instance(kernel_class=Mute)\n"
    )
    spec = tmp_path / "share/kernels/mute"
    spec.mkdir(parents=True)
    argv = [sys.executable, str(tmp_path / "mute.py"), "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "mute", "language": "mute"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share"))
    return "mute"


async def test_a_kernel_of_another_language_is_not_seen_into(look: Look, mute_kernel: str) -> None:
    kernel_id = await look.bench.manager.start_kernel(kernel_name=mute_kernel)
    context = ToolContext(REF, kernel_id)
    async with asyncio.timeout(30):
        while "cannot be seen from here" not in (text := await look.summary("x", context)):
            assert "does not answer" in text
    *advice, blind = text.splitlines()  # what it says of its language comes when it comes
    assert blind.startswith("The variables of the user's kernel cannot be seen from here")
    assert len(advice) <= 1
    assert "cannot be seen" in (await look.surroundings.inspect(context, "x", 1)).note
    listed = await look.surroundings.variables(kernel_id)
    assert listed.variables == []
    assert "cannot be seen" in listed.detail
