"""Stop, wherever a turn stands: within a second, and what there is is kept (contract 24, 26)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from jupyter_frevagpt.domain.values import ThreadRef, ToolContext, ToolRequest
from jupyter_frevagpt.domain.variants import Assistant, CodeOutput, StreamEnd, StreamVariant, User
from jupyter_frevagpt.threads.memory import MemoryThreadStore

from .stage import EchoTool, Stage, Step, call, check_record, kinds, text


@pytest.mark.parametrize("where", ["before the first piece", "in text", "in code", "in the tool"])
async def test_stop_keeps_what_there_is_and_ends_within_a_second(where: str) -> None:
    rounds: dict[str, list[Step]] = {
        "before the first piece": [60.0],
        "in text": [*text("par", "tial"), 60.0],
        "in code": [*text("t"), *call("abc")[:2], 60.0],
        "in the tool": call("hang"),
    }
    stage = Stage(rounds[where])
    turn = await stage.start()
    await asyncio.sleep(0.1)
    began = time.monotonic()
    await stage.conversations.stop(stage.ref)
    assert time.monotonic() - began < 1.0
    assert turn.log[-1] == StreamEnd("Stopped.")
    stored = await stage.stored()
    check_record(turn, stored)
    assert stage.model.closed == 1
    expected = {
        "before the first piece": [],
        "in text": ["Assistant"],
        "in code": ["Assistant", "Code", "CodeOutput"],
        "in the tool": ["Code", "CodeOutput"],
    }[where]
    assert kinds(stored) == ["User", *expected, "StreamEnd"]
    if where == "in text":
        assert Assistant("partial") in stored
    if where == "in the tool":
        assert CodeOutput("partial\n", "c1") in stored


async def test_a_tool_that_does_not_end_does_not_hold_the_stop() -> None:
    stage = Stage(call("hang on"))
    turn = await stage.start()
    await asyncio.sleep(0.1)
    began = time.monotonic()
    await asyncio.gather(turn.stop(), turn.stop())
    assert time.monotonic() - began < 1.0
    assert turn.log[-1] == StreamEnd("Stopped.")
    lines = len(turn.log)
    await asyncio.sleep(0.2)
    assert len(turn.log) == lines
    await stage.conversations.close()
    check_record(turn, await stage.stored())


async def test_stop_of_a_turn_just_started() -> None:
    stage = Stage([60.0])
    turn = await stage.start()
    await turn.stop()
    assert turn.log[-1] == StreamEnd("Stopped.")


async def test_stop_before_a_turn_takes_its_first_step() -> None:
    stage = Stage(text("hello"))
    starting = asyncio.create_task(stage.start())
    async with asyncio.timeout(10):
        while (turn := stage.conversations.find(stage.ref)) is None:
            await asyncio.sleep(0)
        assert not turn.started.is_set(), "this test must stop it earlier"
        await turn.stop()
        assert await starting is turn
    assert turn.log[-1] == StreamEnd("Stopped.")
    check_record(turn, await stage.stored())
    assert (await stage.play()).log[-1] == StreamEnd("Finished."), "the thread must not stay busy"


async def test_a_tool_that_loses_the_cancellation_does_not_go_on() -> None:
    class Swallowing(EchoTool):
        async def run(self, request: ToolRequest, context: ToolContext) -> AsyncGenerator[StreamVariant, None]:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                raise ValueError from None
            yield CodeOutput("never", request.id)

    stage = Stage([*call("a", 0, "c1"), *call("b", 1, "c2")], text("never asked"))
    stage.conversations._preparation._tools = [Swallowing()]
    turn = await stage.start()
    await asyncio.sleep(0.1)
    await turn.stop()
    assert turn.log[-1] == StreamEnd("Stopped.")
    assert len(stage.model.asked) == 1
    check_record(turn, await stage.stored())


async def test_a_stop_while_the_turn_is_prepared_counts() -> None:
    class SlowStore(MemoryThreadStore):
        async def reserve(self, ref: ThreadRef, question: User, topic: str) -> Any:
            await asyncio.sleep(0.3)
            return await super().reserve(ref, question, topic)

    stage = Stage([60.0], store=SlowStore())
    starting = asyncio.create_task(stage.start())
    await asyncio.sleep(0.1)
    assert await stage.conversations.known(stage.ref)
    await stage.conversations.stop(stage.ref)
    assert (await starting).log[-1] == StreamEnd("Stopped.")
