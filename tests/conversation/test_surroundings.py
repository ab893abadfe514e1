"""What a model is told of the kernel: where in the request it stands, and that a turn never depends on it."""

from __future__ import annotations

import asyncio
import time

import pytest

from jupyter_frevagpt.domain.values import Inspected, ThreadRef, ToolContext, VariableList
from jupyter_frevagpt.domain.variants import StreamEnd, User

from .stage import Stage, call, ended, text


class Told:
    """Surroundings that tell a number that grows, and remember what they were asked."""

    def __init__(self, problem: Exception | float | None = None) -> None:
        self.problem = problem
        self.asked: list[tuple[ToolContext, str]] = []

    async def summary(self, context: ToolContext, question: str) -> str:
        self.asked.append((context, question))
        if isinstance(self.problem, Exception):
            raise self.problem
        if self.problem is not None:
            await asyncio.sleep(self.problem)
        return f"kernel {len(self.asked)}"

    def told(self, ref: ThreadRef) -> list[str]:
        return ["temps"]

    async def inspect(self, context: ToolContext, name: str, depth: int) -> Inspected:
        raise NotImplementedError

    async def variables(self, kernel_id: str) -> VariableList:
        raise NotImplementedError


async def test_it_stands_before_the_question_and_is_new_in_each_round() -> None:
    stage = Stage([*call("a = 1"), *call("b = 2", 1, "c2")], text("Done."), text("Again."))
    stage.conversations._preparation._surroundings = told = Told()
    await stage.play("first")
    rounds = stage.model.asked
    assert [message["role"] for message in rounds[0]] == ["system", "user", "assistant", "system", "system", "user"]
    assert [message["role"] for message in rounds[1]][4:] == [
        "system", "user", "assistant", "tool", "assistant", "tool",
    ]  # fmt: skip
    assert [messages[4]["content"] for messages in rounds] == ["kernel 1", "kernel 2"]
    await stage.play("second")
    last = stage.model.asked[-1]
    assert [message["content"] for message in last[-2:]] == ["kernel 3", "second"]
    assert [message for message in last if "kernel" in str(message["content"])] == [last[-2]]
    assert told.asked[-1][1] == "second\nfirst"
    assert told.asked[-1][0].ref == stage.ref
    assert "kernel" not in str([item for item in await stage.stored() if not isinstance(item, User)])


@pytest.mark.parametrize("problem", [RuntimeError("inside"), OSError("inside"), 30.0])
async def test_a_failure_costs_at_most_a_moment(problem: Exception | float) -> None:
    stage = Stage(text("Done."))
    stage.conversations._preparation._surroundings = Told(problem)
    began = time.monotonic()
    turn = await stage.play()
    assert time.monotonic() - began < 4
    assert turn.log[-1] == StreamEnd("Finished.")
    assert [message["role"] for message in stage.model.asked[0]] == ["system", "user", "assistant", "system", "user"]
    assert "inside" not in str(turn.log)


async def test_stop_does_not_wait_for_it() -> None:
    stage = Stage(text("never"))
    stage.conversations._preparation._surroundings = told = Told(30.0)
    turn = await stage.start()
    async with asyncio.timeout(10):
        while not told.asked:
            await asyncio.sleep(0)
    began = time.monotonic()
    await turn.stop()
    assert time.monotonic() - began < 1
    assert (await ended(turn)).log[-1] == StreamEnd("Stopped.")
    assert stage.model.asked == []
