"""Titles written by a model, and threads that several processes share (contract 27, decision 14)."""

from __future__ import annotations

import asyncio

import pytest

from jupyter_frevagpt.conversation.conversations import Conversations
from jupyter_frevagpt.conversation.threads import Threads
from jupyter_frevagpt.conversation.titles import NO_TITLES, Titles, cleaned, meaningful
from jupyter_frevagpt.domain.errors import ModelFailed, ThreadBusy, ThreadNotFound
from jupyter_frevagpt.domain.values import ModelInfo
from jupyter_frevagpt.domain.variants import Assistant, StreamEnd, User

from .stage import NoPrompts, PlayedModels, Stage, ended, text


def with_titles(stage: Stage, name: str = "", small: bool = False) -> None:
    class Known(PlayedModels):
        async def list(self) -> list[ModelInfo]:
            return [ModelInfo("played", small=small)]

    stage.conversations._titles = Titles(Known(stage.model), NoPrompts(), name)


async def topic_becomes(stage: Stage, topic: str) -> None:
    async with asyncio.timeout(10):
        while (summary := await stage.store.summary(stage.ref)) is None or summary.topic != topic:
            await asyncio.sleep(0.01)


async def test_a_title_is_written_behind_the_first_answer() -> None:
    stage = Stage(text("It is 14 °C."), text('**"Mean temperature of Hamburg."**\nmore'))
    with_titles(stage)
    turn = await stage.play("what is the mean temperature of Hamburg")
    assert turn.log[-1] == StreamEnd("Finished.")
    await topic_becomes(stage, "Mean temperature of Hamburg")
    asked = stage.model.asked[-1]
    assert [message["content"] for message in asked] == ["name it", "what is the mean temperature of Hamburg"]


async def test_a_renamed_thread_keeps_its_name() -> None:
    stage = Stage(text("Yes."), text("A title"))
    with_titles(stage)
    gate = asyncio.Event()
    given = stage.conversations._titles._written

    async def late(*args: object) -> str:
        await gate.wait()
        return await given(*args)

    stage.conversations._titles._written = late
    await stage.play("what is the mean temperature")
    await stage.conversations.rename(stage.ref, "  my\nown ")
    gate.set()
    await asyncio.sleep(0.2)
    summary = await stage.store.summary(stage.ref)
    assert summary is not None
    assert summary.topic == "my own"


@pytest.mark.parametrize(
    ("question", "name", "small", "asked"),
    [
        ("what is the mean temperature", NO_TITLES, False, 1),
        ("what is the mean temperature", "unknown", False, 1),
        ("what is the mean temperature", "", True, 1),
        ("hi", "", False, 1),
        ("what is the mean temperature", "", False, 2),
    ],
)
async def test_when_no_title_is_asked_for(question: str, name: str, small: bool, asked: int) -> None:
    stage = Stage(text("Well."), text("A title"))
    with_titles(stage, name, small)
    await stage.play(question)
    await asyncio.sleep(0.2)
    assert len(stage.model.asked) == asked


async def test_a_model_that_fails_leaves_the_question() -> None:
    stage = Stage(text("Well."), [ModelFailed("down")])
    with_titles(stage)
    await stage.play("what is the mean temperature")
    await asyncio.sleep(0.2)
    summary = await stage.store.summary(stage.ref)
    assert summary is not None
    assert summary.topic == "what is the mean temperature"
    assert (await stage.stored())[-1] == StreamEnd("Finished.")


def test_titles_are_one_short_line() -> None:
    assert cleaned("\n ## 'Sea ice in 2020.'\nbecause") == "Sea ice in 2020"
    assert cleaned("x" * 81) == ""
    assert meaningful("sum of temps")
    assert not meaningful("hi!")


async def test_two_processes_do_not_answer_one_thread_at_once() -> None:
    stage = Stage([30.0], text("Second."))
    turn = await stage.start("first")
    other = Conversations(Threads(stage.store, stage.conversations._threads.volatile), stage.conversations._preparation)
    leases: dict[object, str] = {}

    async def lease(ref: object, holder: str, seconds: float) -> bool:
        return leases.setdefault(ref, holder) == holder

    async def leased(ref: object, holder: str) -> bool:
        return leases.get(ref, holder) != holder

    stage.store.lease, stage.store.leased = lease, leased
    await lease(stage.ref, stage.conversations._threads.holder, 1)
    with pytest.raises(ThreadBusy):
        await other.start(stage.ref, User("second", "played"))
    assert [type(item).__name__ for item in await other.history(stage.ref)] == ["User"]
    await turn.stop()
    leases.clear()
    assert (await ended(await other.start(stage.ref, User("second", "played")))).log[-1] == StreamEnd("Finished.")
    await other.close()


async def test_a_thread_that_is_deleted_while_it_answers_does_not_come_back() -> None:
    stage = Stage([30.0])
    turn = await stage.start("first")
    await stage.conversations.delete(stage.ref)
    assert turn.log[-1] == StreamEnd("Stopped.")
    assert not await stage.conversations.known(stage.ref)
    with pytest.raises(ThreadNotFound):
        await stage.conversations.delete(stage.ref)


async def test_a_fork_keeps_what_stands_before_a_question() -> None:
    stage = Stage(text("One."), text("Two."))
    await stage.play("first")
    await stage.play("second")
    new_id, items = await stage.conversations.fork(stage.ref, 1)
    assert [item.content for item in items if isinstance(item, User | Assistant)] == ["first", "One."]
    assert len(new_id) == 32
    assert (await stage.conversations.fork(stage.ref, 0))[1] == []
    assert len([item for item in await stage.stored() if isinstance(item, User)]) == 2


async def test_a_greeting_leaves_the_title_to_the_next_question() -> None:
    stage = Stage(text("Hello."), text("It is 14 °C."), text("Mean temperature"), text("And so on."))
    with_titles(stage)
    await stage.play("hi")
    await stage.play("what is the mean temperature")
    await topic_becomes(stage, "Mean temperature")
    await stage.play("and the maximum of it")
    await asyncio.sleep(0.1)
    assert len(stage.model.asked) == 4
