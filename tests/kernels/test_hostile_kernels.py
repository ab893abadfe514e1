"""Kernels that are not to be trusted: whatever they send, nothing but the run suffers (security 22)."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from .conftest import Bench

HOSTILE = str(Path(__file__).with_name("hostile_kernel.py"))


@pytest.fixture
def mode() -> str:
    return "signal"


@pytest.fixture
def escaped(jp_asyncio_loop: asyncio.AbstractEventLoop) -> list[Any]:
    """What the event loop was told of exceptions that nobody caught."""
    found: list[Any] = []
    jp_asyncio_loop.set_exception_handler(lambda _, context: found.append(context))
    return found


@pytest.fixture
def bench(mode: str, tmp_path: Path, jp_asyncio_loop: asyncio.AbstractEventLoop, jp_environ: None) -> Iterator[Bench]:
    folder = tmp_path / "kernels" / "hostile"
    folder.mkdir(parents=True)
    argv = [sys.executable, HOSTILE, "-f", "{connection_file}", mode]
    (folder / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "hostile", "language": "words"}))

    async def start() -> Bench:
        specs = KernelSpecManager()
        specs.kernel_dirs = [str(folder.parent)]
        manager = AsyncMappingKernelManager(connection_dir=str(tmp_path), kernel_spec_manager=specs)
        # The server's own watch of the kernel is not what is tested here, and it falls over such messages.
        manager.start_watching_activity = lambda kernel_id: None
        bench = Bench(manager, await manager.start_kernel(kernel_name="hostile"))
        await bench.guest.open()
        return bench

    bench = jp_asyncio_loop.run_until_complete(start())
    yield bench
    jp_asyncio_loop.run_until_complete(bench.close())


async def test_broken_messages_end_nothing_but_the_run(
    bench: Bench, escaped: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for seed in range(40):
        run = await bench.run(f"attack {seed}")
        assert run.state in ("done", "failed", "aborted", "stopped")
        output = run.output()
        json.dumps(output.display)
        output.text.encode()
        assert bench.guest.usable
        text = (await bench.run(f"say still here {seed}")).output().text
        assert text.startswith(f"still here {seed}\n"), seed
    assert "not readable" in caplog.text, "the attack was none"
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(caplog.records) < 60
    assert not escaped


@pytest.mark.parametrize("half", ["reply", "idle"])
async def test_half_an_answer_ends_the_run(bench: Bench, half: str) -> None:
    assert (await bench.run(f"half {half}")).state == "done"
    assert (await bench.run("say on")).output().text.startswith("on\n")


async def test_a_kernel_that_does_not_answer_is_stopped_all_the_same(bench: Bench, escaped: list[Any]) -> None:
    run = bench.execute("silence")
    while run.state == "held":
        await asyncio.sleep(0.01)
    began = time.monotonic()
    await run.stop()
    assert time.monotonic() - began < 1
    assert run.output().state == "stopped"
    behind = bench.execute("say never")
    await behind.stop()
    assert behind.state == "stopped"
    assert not escaped


async def test_a_kernel_that_always_refuses_is_believed_at_last(bench: Bench) -> None:
    assert (await bench.run("abort")).state == "aborted"
    assert (await bench.run("say on")).output().text.startswith("on\n")


async def test_a_message_larger_than_the_server_takes_is_named(bench: Bench) -> None:
    output = (await bench.run("huge iopub")).output()
    assert "[an output of 150 MB is more than the server takes and was left out]" in output.text
    assert output.state == "done"
    assert len(output.text) < 300
    assert (await bench.run("huge shell")).state == "done"
    assert (await bench.run("say on")).output().text.startswith("on\n")


@pytest.mark.parametrize("mode", [f"claims{number}" for number in range(11)])
async def test_a_kernel_that_claims_to_have_our_helper_is_not_believed(bench: Bench, escaped: list[Any]) -> None:
    assert not (await bench.guest.review("print(1)", bench.thread)).harmless
    assert bench.guest.capabilities is None
    assert (await bench.run("say on")).output().text == "on\n"
    assert not escaped
