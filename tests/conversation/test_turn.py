"""The turn with a model and a tool played by the test: order, limits, failures (contract 2, 5, 6, 21 to 25)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import msgspec
import pytest

from jupyter_frevagpt.conversation.parts import TurnLimits
from jupyter_frevagpt.conversation.threads import new_thread_id
from jupyter_frevagpt.domain.errors import BadRequest, ModelFailed, StoreUnavailable, ThreadBusy, ThreadNotFound
from jupyter_frevagpt.domain.values import CallDelta, ModelChunk, ThreadRef, ToolContext, ToolRequest, Usage
from jupyter_frevagpt.domain.variants import (
    Assistant,
    Code,
    CodeOutput,
    OpenAIError,
    ServerError,
    ServerHint,
    StreamVariant,
    ToolCall,
    ToolOutput,
    User,
)
from jupyter_frevagpt.threads.memory import MemoryThreadStore

from .stage import EchoTool, Stage, Step, call, check_record, ended, kinds, text


async def test_text_then_code_then_text() -> None:
    stage = Stage([*text("I ", "look."), *call("a = 1"), ModelChunk(usage=Usage(10, 5))], text("Done."))
    turn = await stage.play()
    stored = await stage.stored()
    assert kinds(stored) == ["User", "Assistant", "Code", "CodeOutput", "Assistant", "StreamEnd"]
    assert Code('{"code":"a = 1"}', "c1") in stored
    assert CodeOutput("ran a = 1\n", "c1") in stored
    check_record(turn, stored)
    hint = next(item for item in stored if isinstance(item, ServerHint) and "usage" in item.content)
    assert hint.content["usage"]["prompt_tokens"] == 10
    roles = [message["role"] for message in stage.model.asked[1]]
    assert roles == ["system", "user", "assistant", "system", "user", "assistant", "tool"]


async def test_interleaved_calls_are_written_one_after_the_other_and_run_in_order() -> None:
    first, second = call("a = 1", 0, "c1"), call("b = 2", 1, "c2")
    mixed = [step for pair in zip(first, second, strict=True) for step in pair]
    stage = Stage([*text("Two."), *mixed, *text(" And late text.")], text("End."))
    turn = await stage.play()
    stored = await stage.stored()
    assert kinds(stored) == [
        "User", "Assistant", "Code", "CodeOutput", "Code", "CodeOutput", "Assistant", "StreamEnd",
    ]  # fmt: skip
    assert Assistant(" And late text.End.") in stored
    check_record(turn, stored)
    assert [item.id for item in stored if isinstance(item, Code | CodeOutput)] == ["c1", "c1", "c2", "c2"]
    lines = [line for line in turn.log if isinstance(line, Code)]
    assert [line.id for line in lines] == sorted(line.id for line in lines)


async def test_missing_and_repeated_ids_become_unique() -> None:
    stage = Stage(call("1", call_id=""), call("2", call_id="same"), call("3", call_id="same"), text("x"))
    await stage.play()
    ids = [item.id for item in await stage.stored() if isinstance(item, Code)]
    assert len(set(ids)) == 3
    assert all(ids)


async def test_other_tools_unknown_tools_and_failing_ones() -> None:
    stage = Stage(
        [*call("x", 0, "t1", "search"), *call("x", 1, "t2", "nonsense"), *call("fail", 2, "c3")], text("So it goes.")
    )
    turn = await stage.play()
    stored = await stage.stored()
    assert kinds(stored) == [
        "User", "ToolCall", "ToolOutput", "ToolCall", "ToolOutput", "Code", "CodeOutput", "Assistant", "StreamEnd",
    ]  # fmt: skip
    outputs = [item.content for item in stored if isinstance(item, ToolOutput | CodeOutput)]
    assert outputs[0].startswith("found")
    assert "no tool named 'nonsense'" in outputs[1]
    assert "RuntimeError" in outputs[2]
    check_record(turn, stored)
    assert isinstance(next(item for item in stored if isinstance(item, ToolCall)), ToolCall)


async def test_a_failing_model_keeps_what_came_before() -> None:
    stage = Stage([*text("half"), ModelFailed("The service broke off.")])
    turn = await stage.play()
    stored = await stage.stored()
    assert kinds(stored) == ["User", "Assistant", "OpenAIError", "StreamEnd"]
    assert OpenAIError("The service broke off.") in turn.log
    check_record(turn, stored)


async def test_an_unexpected_failure_is_told_without_its_text() -> None:
    stage = Stage([ValueError("secret path /home/alice")])
    turn = await stage.play()
    error = next(line for line in turn.log if isinstance(line, ServerError))
    assert "secret" not in error.content
    check_record(turn, await stage.stored())


async def test_limits_are_announced() -> None:
    rounds = [call(f"r{n}", call_id=f"c{n}") for n in range(3)]
    stage = Stage(*rounds, limits=TurnLimits(rounds=2))
    turn = await stage.play()
    assert any("limit of 2 model rounds" in str(line) for line in turn.log)
    assert len(stage.model.asked) == 2

    stage = Stage([*text("slow"), 5.0], limits=TurnLimits(model_seconds=0.2))
    turn = await stage.play()
    assert any("took longer" in str(line) for line in turn.log)
    assert Assistant("slow") in await stage.stored()

    stage = Stage(call("x" * 500), text("ok"), limits=TurnLimits(output_chars=200))
    turn = await stage.play()
    assert any("500" in str(line) or "505" in str(line) for line in turn.log if isinstance(line, ServerHint))
    tool = next(message for message in stage.model.asked[1] if message["role"] == "tool")
    assert len(tool["content"]) < 260
    check_record(turn, await stage.stored())


async def test_tool_time_does_not_count_as_model_time() -> None:
    class SlowTool(EchoTool):
        async def run(self, request: ToolRequest, context: ToolContext) -> AsyncGenerator[StreamVariant, None]:
            await asyncio.sleep(0.5)
            yield CodeOutput("slow", request.id)

    stage = Stage(call("a"), text("end"), limits=TurnLimits(model_seconds=0.3))
    stage.conversations._preparation._tools = [SlowTool()]
    turn = await stage.play()
    assert Assistant("end") in turn.log


async def test_busy_foreign_and_unknown() -> None:
    stage = Stage([60.0])
    turn = await stage.start()
    with pytest.raises(ThreadBusy):
        await stage.start()
    with pytest.raises(ThreadNotFound):
        await stage.conversations.start(ThreadRef("bob", stage.ref.thread_id), User("q", "played"))
    with pytest.raises(BadRequest):
        await stage.conversations.start(ThreadRef("bob", new_thread_id()), User("q", "other"))
    await turn.stop()


async def test_two_starts_at_once_give_one_turn() -> None:
    stage = Stage([60.0], [60.0])
    results = await asyncio.gather(stage.start(), stage.start(), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["ThreadBusy", "Turn"]
    await stage.conversations.close()


async def test_history_of_a_running_turn_can_be_left_out() -> None:
    stage = Stage(text("one"), [*text("two"), 60.0])
    await stage.play("first")
    turn = await stage.start("second")
    await asyncio.sleep(0.05)
    finished = await stage.conversations.history(stage.ref, finished=True)
    assert kinds(finished) == ["User", "Assistant", "StreamEnd"]
    assert "User" in kinds((await stage.conversations.history(stage.ref))[len(finished) :])
    await turn.stop()


async def test_the_model_is_recorded_and_history_is_sent_once() -> None:
    stage = Stage(text("one"), text("two"))
    await stage.play("first")
    await stage.play("second")
    question = next(item for item in await stage.stored() if isinstance(item, User))
    assert question.model == "played"
    contents = [message["content"] for message in stage.model.asked[1]]
    assert contents == ["begin", "example", "answer", "now", "first", "one", "second"]


class BrokenStore(MemoryThreadStore):
    """A store that refuses to append for a while."""

    refusing = True

    async def append(self, ref: ThreadRef, items: Sequence[StreamVariant]) -> None:
        if self.refusing:
            raise StoreUnavailable("The disk is full.")
        await super().append(ref, items)


async def test_a_failing_store_is_told_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_frevagpt.conversation.turn._SAVE_SECONDS", 0.1)
    store = BrokenStore()
    stage = Stage(text("answer"), store=store)
    turn = await stage.play()
    assert any("disk is full" in str(line) for line in turn.log)
    assert kinds(await stage.stored()) == ["User"]
    store.refusing = False
    async with asyncio.timeout(5):
        while "StreamEnd" not in kinds(await stage.stored()):
            await asyncio.sleep(0.05)
    check_record(turn, await stage.stored())


async def test_unstored_threads_touch_no_store_but_remember() -> None:
    stage = Stage(text("one"), text("two"))
    await ended(await stage.start("first", keep=False))
    assert await stage.store.summary(stage.ref) is None
    await ended(await stage.start("second", keep=False))
    assert "one" in [message["content"] for message in stage.model.asked[1]]


async def test_a_turn_cut_off_by_the_servers_end_is_closed_once() -> None:
    stage = Stage(text("again"))
    await stage.store.reserve(stage.ref, User("q", "played"), "q")
    await stage.store.append(stage.ref, [Code('{"code":"a"}', "c1")])
    first = await stage.conversations.history(stage.ref)
    assert kinds(first) == ["User", "Code", "CodeOutput", "ServerError", "StreamEnd"]
    assert await stage.conversations.history(stage.ref) == first


@pytest.mark.parametrize("name", ["code_interpreter", "search"])
async def test_nonsense_of_any_depth_ends_the_turn_and_poisons_nothing(name: str) -> None:
    deep: list[Step] = [ModelChunk(calls=(CallDelta(0, "c1", name, "[" * 100_000),))]
    stage = Stage(deep, text("so"), text("again"))
    turn = await stage.play()
    check_record(turn, await stage.stored())
    assert Assistant("again") in (await stage.play("next")).log


async def test_half_characters_of_a_model_are_replaced_and_kept() -> None:
    stage = Stage(text("a\ud83d", "b"))
    turn = await stage.play()
    assert Assistant("a?b") in await stage.stored()
    check_record(turn, await stage.stored())


async def test_bad_tool_names_are_not_sent_back() -> None:
    stage = Stage(call("x", name="functions.search tool"), text("end"))
    await stage.play()
    names = [each["function"]["name"] for message in stage.model.asked[1] for each in message.get("tool_calls", ())]
    assert names == ["functions_search_tool"]


async def test_a_notice_splits_no_text_and_no_code() -> None:
    for steps in ([*text("x"), 0.2, *text("y")], [*text("x"), *call("abc")[:2], 0.2, call("abc")[2]]):
        stage = Stage(steps, text("z"))
        turn = await stage.start()
        await asyncio.sleep(0.1)
        turn.notice("in between")
        await ended(turn)
        check_record(turn, await stage.stored())
        assert any("in between" in str(line) for line in turn.log)


def test_ids_are_long_and_unlike() -> None:
    ids = {new_thread_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(one) == 32 and one.isalnum() and one.isascii() for one in ids)
    assert msgspec.json.decode(msgspec.json.encode(ids.pop()))
