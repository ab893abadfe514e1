"""Conversations that nobody asks any more: they leave memory, whatever went wrong, and are picked up from the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_frevagpt.conversation.conversations import Conversations
from jupyter_frevagpt.conversation.preparing import Preparation
from jupyter_frevagpt.conversation.threads import Threads
from jupyter_frevagpt.conversation.titles import Titles
from jupyter_frevagpt.domain.errors import StoreUnavailable
from jupyter_frevagpt.domain.values import ThreadRef
from jupyter_frevagpt.domain.variants import StreamEnd
from jupyter_frevagpt.threads.memory import MemoryThreadStore

from .stage import NoPrompts, PlayedModel, PlayedModels, Stage, kinds, text
from .test_races import Failing


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_frevagpt.conversation.conversations._LOG_SECONDS", 0.05)
    for module in ("turn", "conversations"):
        monkeypatch.setattr(f"jupyter_frevagpt.conversation.{module}._SAVE_SECONDS", 0.1)


async def until(happened: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not happened():
            await asyncio.sleep(0.01)


async def test_an_idle_thread_leaves_memory_and_comes_back_with_all_that_was_said() -> None:
    idle: list[ThreadRef] = []

    async def when_idle(ref: ThreadRef) -> None:
        idle.append(ref)

    stage = Stage(text("one"), text("two"))
    stage.conversations._when_idle, stage.conversations._idle_seconds = when_idle, 0.05
    await stage.play("first")
    await until(lambda: idle)
    assert idle == [stage.ref]
    assert stage.conversations.find(stage.ref) is None
    held = (stage.conversations._turns, stage.conversations._asked, stage.conversations._holds)
    assert [len(one) for one in held] == [0, 0, 0]
    assert (await stage.play("second")).log[-1] == StreamEnd("Finished.")
    assert [message["content"] for message in stage.model.asked[1]][-3:] == ["first", "one", "second"]


async def test_a_turn_stays_while_it_is_read_or_not_saved() -> None:
    stage = Stage(text("one"), store=(store := Failing("append", StoreUnavailable("full"), late=False)))
    store.failing = True
    turn = await stage.play("first")
    turn.readers += 1
    await asyncio.sleep(0.2)
    assert stage.conversations.find(stage.ref) is turn
    turn.readers -= 1
    await asyncio.sleep(0.2)
    assert stage.conversations.find(stage.ref) is turn
    store.failing = False
    await until(lambda: stage.conversations.find(stage.ref) is None)
    assert kinds(await stage.stored()) == ["User", "Assistant", "StreamEnd"]


async def test_a_title_that_fails_in_an_unknown_way_keeps_no_turn_in_memory() -> None:
    class Broken(PlayedModels):
        async def list(self) -> Any:
            if self.model.asked:
                raise RuntimeError("inside")
            return await super().list()

    models = Broken(PlayedModel(text("one")))
    stage = Stage()
    stage.conversations = Conversations(
        Threads(stage.store, MemoryThreadStore()),
        Preparation(models, [stage.tool], NoPrompts(), stage.conversations._preparation._limits),
        titles=Titles(models, NoPrompts(), ""),
    )
    turn = await stage.play("the rain of the last ten years")
    assert turn.log[-1] == StreamEnd("Finished.")
    await until(lambda: stage.conversations.find(stage.ref) is None)
