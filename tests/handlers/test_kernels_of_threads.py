"""Which kernel a thread's code runs in: several threads on one, one that moves to another, one that is gone."""

from __future__ import annotations

import asyncio
import secrets
import time
from pathlib import Path
from typing import Any

import pytest

from .conftest import Chat, code_rules, hints, joined, kernel_of
from .test_approval import Asked

MARKS = [secrets.token_hex(4) for _ in range(2)]


@pytest.fixture
def gates(tmp_path: Path) -> list[Path]:
    return [tmp_path / f"gate{number}" for number in range(2)]


@pytest.fixture
def rules(gates: list[Path]) -> list[dict[str, Any]]:
    wait = "import os, time\nprint('begun {mark}', flush=True)\nwhile not os.path.exists({gate!r}): time.sleep(0.01)\n"
    runs = [
        wait.format(mark=mark, gate=str(gate)) + f"print('ended {mark}')"
        for mark, gate in zip(MARKS, gates, strict=True)
    ]
    return [
        *code_rules("first", runs[0]),
        *code_rules("second", runs[1]),
        *code_rules("mark", "place = globals().get('place', 'nowhere')\nprint(place)"),
        *code_rules("harmless", "print(1 + 1)"),
    ]


async def reading(chat: Chat, lines: list[dict[str, Any]], **given: Any) -> list[dict[str, Any]]:
    async with chat.reading("streamresponse", rich=True, **given) as read:
        async for line in read:
            lines.append(line)
    return lines


async def until(lines: list[dict[str, Any]], kind: str, **values: Any) -> None:
    """Wait until a stream has shown a hint with such values."""
    async with asyncio.timeout(30):
        while not any(values.items() <= hint.items() for hint in hints(lines, kind)):
            await asyncio.sleep(0.01)


def states(lines: list[dict[str, Any]]) -> list[str]:
    return [hint["state"] for hint in hints(lines, "run")]


class Turn:
    """A turn that is read on the side."""

    def __init__(self, chat: Chat, **given: Any) -> None:
        self.lines: list[dict[str, Any]] = []
        self.task = asyncio.create_task(reading(chat, self.lines, **given))

    @property
    def thread_id(self) -> str:
        return str(self.lines[0]["content"]["thread_id"])

    async def end(self) -> list[dict[str, Any]]:
        async with asyncio.timeout(60):
            return await self.task


async def two_turns(chat: Chat) -> tuple[Turn, Turn, str]:
    """Two threads in one kernel, the second one behind the first."""
    kernel_id = await kernel_of(chat)
    first = Turn(chat, input="first", kernel_id=kernel_id)
    await until(first.lines, "run", state="running")
    second = Turn(chat, input="second", kernel_id=kernel_id)
    await until(second.lines, "run", state="waiting")
    return first, second, kernel_id


# ---- several threads on one kernel


async def test_two_turns_in_one_kernel_run_one_after_the_other_and_keep_their_output_apart(
    chat: Chat, gates: list[Path]
) -> None:
    first, second, _ = await two_turns(chat)
    gates[1].touch()
    assert states(second.lines) == ["waiting"]
    gates[0].touch()
    ended = [await first.end(), await second.end()]
    for lines, mark in zip(ended, MARKS, strict=True):
        assert joined(lines, "CodeOutput") == f"begun {mark}\nended {mark}\n"
        assert lines[-1]["content"] == "Finished."
    assert states(ended[1]) == ["waiting", "running", "done"]


async def test_stop_of_the_one_that_waits_leaves_the_one_that_runs_alone(chat: Chat, gates: list[Path]) -> None:
    first, second, _ = await two_turns(chat)
    began = time.monotonic()
    await chat.post("stop", thread_id=second.thread_id)
    stopped = await second.end()
    assert time.monotonic() - began < 2
    assert stopped[-1]["content"] == "Stopped."
    assert f"begun {MARKS[1]}" not in joined(stopped, "CodeOutput")
    assert "done" not in states(first.lines)
    gates[0].touch()
    assert joined(await first.end(), "CodeOutput") == f"begun {MARKS[0]}\nended {MARKS[0]}\n"


async def test_stop_of_the_one_that_runs_lets_the_one_that_waits_run(chat: Chat, gates: list[Path]) -> None:
    first, second, _ = await two_turns(chat)
    gates[1].touch()
    await chat.post("stop", thread_id=first.thread_id)
    stopped = await first.end()
    assert stopped[-1]["content"] == "Stopped."
    assert f"ended {MARKS[0]}" not in joined(stopped, "CodeOutput").splitlines()
    assert joined(await second.end(), "CodeOutput") == f"begun {MARKS[1]}\nended {MARKS[1]}\n"


async def test_many_threads_ask_a_kernel_that_nobody_has_met(chat: Chat) -> None:
    kernel_id = await kernel_of(chat)
    answers = await asyncio.gather(*(chat.stream(input="harmless", kernel_id=kernel_id) for _ in range(6)))
    assert [joined(lines, "CodeOutput") for lines in answers] == ["2\n"] * 6


# ---- a thread that moves


async def test_a_thread_runs_in_the_kernel_that_its_question_names_and_records_it(chat: Chat) -> None:
    places = ["here", "there"]
    kernels = [await kernel_of(chat) for _ in places]
    for kernel_id, place in zip(kernels, places, strict=True):
        client = chat.app.serverapp.kernel_manager.get_kernel(kernel_id).client()
        client.start_channels()
        await client.wait_for_ready()
        await client.execute(f"place = {place!r}", reply=True)
        client.stop_channels()
    lines = await chat.stream(input="mark", kernel_id=kernels[0])
    thread_id = lines[0]["content"]["thread_id"]
    assert joined(lines, "CodeOutput") == "here\n"
    moved = await chat.stream(input="mark", kernel_id=kernels[1], thread_id=thread_id, rich=True)
    assert joined(moved, "CodeOutput") == "there\n"
    assert {hint["kernel_id"] for hint in hints(moved, "run")} == {kernels[1]}
    items = (await chat.get("getthread", thread_id=thread_id)).json()
    recorded = [item["kernel_id"] for item in items if item.get("variant") == "User"]
    assert recorded == kernels


@pytest.mark.parametrize("settings", [{"approval_policy": "ask"}])
async def test_what_was_allowed_in_one_kernel_is_asked_again_in_another(chat: Chat) -> None:
    kernels = [await kernel_of(chat) for _ in range(2)]
    first = Asked(chat, input="harmless", kernel_id=kernels[0])
    await first.question()
    assert (await first.decide("thread")).status_code == 200
    assert joined(await first.end(), "CodeOutput") == "2\n"
    again = Asked(chat, input="harmless", kernel_id=kernels[0], thread_id=first.thread_id)
    assert not hints(await again.end(), "approval")
    moved = Asked(chat, input="harmless", kernel_id=kernels[1], thread_id=first.thread_id)
    await moved.question()
    await moved.decide("deny")
    assert "did not let this run" in joined(await moved.end(), "CodeOutput")
    back = Asked(chat, input="harmless", kernel_id=kernels[0], thread_id=first.thread_id)
    assert not hints(await back.end(), "approval")


# ---- a kernel that goes


async def test_a_kernel_that_was_shut_down_is_refused_in_words_and_another_one_works(chat: Chat) -> None:
    kernels = [await kernel_of(chat) for _ in range(2)]
    lines = await chat.stream(input="harmless", kernel_id=kernels[0])
    thread_id = lines[0]["content"]["thread_id"]
    await chat.app.serverapp.kernel_manager.shutdown_kernel(kernels[0])
    refused = await chat.post("streamresponse", input="harmless", kernel_id=kernels[0], thread_id=thread_id)
    assert refused.status_code == 422
    assert "No kernel with this kernel_id is running here" in refused.json()["detail"]
    lines = await chat.stream(input="harmless", kernel_id=kernels[1], thread_id=thread_id)
    assert joined(lines, "CodeOutput") == "2\n"


@pytest.mark.parametrize("settings", [{"approval_policy": "ask"}])
async def test_a_kernel_that_is_shut_down_while_code_waits_for_leave_runs_nothing(chat: Chat) -> None:
    kernel_id = await kernel_of(chat)
    asked = Asked(chat, input="harmless", kernel_id=kernel_id)
    await asked.question()
    await chat.app.serverapp.kernel_manager.shutdown_kernel(kernel_id)
    await asked.decide("once")
    assert "kernel is gone, so nothing was run" in joined(await asked.end(), "CodeOutput")


async def test_the_kernel_of_a_chats_own_lives_on_from_turn_to_turn_and_through_a_restart(chat: Chat) -> None:
    lines = await chat.stream(input="mark", rich=True)
    thread_id, kernel_id = lines[0]["content"]["thread_id"], hints(lines, "run")[-1]["kernel_id"]
    await chat.app.serverapp.kernel_manager.restart_kernel(kernel_id)
    lines = await chat.stream(input="mark", thread_id=thread_id, rich=True)
    assert hints(lines, "run")[-1] == {"id": hints(lines, "run")[-1]["id"], "state": "done", "kernel_id": kernel_id}
    await chat.app.serverapp.kernel_manager.shutdown_kernel(kernel_id, now=True)
    lines = await chat.stream(input="mark", thread_id=thread_id, rich=True)
    assert joined(lines, "CodeOutput") == "nowhere\n"
    assert hints(lines, "run")[-1]["kernel_id"] != kernel_id


async def test_a_turn_that_is_stopped_while_its_kernel_starts_leaves_no_kernel_behind(chat: Chat) -> None:
    kernels = chat.app.serverapp.kernel_manager
    turn = Turn(chat, input="mark")
    await until(turn.lines, "run", state="starting")
    await chat.post("stop", thread_id=turn.thread_id)
    assert (await turn.end())[-1]["content"] == "Stopped."
    lines = await chat.stream(input="mark", thread_id=turn.thread_id)
    assert joined(lines, "CodeOutput") == "nowhere\n"
    assert len(list(kernels.list_kernel_ids())) == 1
    await chat.app.stop_extension()
    assert not list(kernels.list_kernel_ids())


async def test_kernels_that_are_gone_are_let_go_of(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_frevagpt.kernels.registry._PARTING_SECONDS", 0.1)
    registry = chat.app._kernels
    kernel_id = await kernel_of(chat)
    await chat.stream(input="harmless", kernel_id=kernel_id)
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("kernel ")]
    assert kernel_id in registry._guests
    await chat.app.serverapp.kernel_manager.shutdown_kernel(kernel_id)
    async with asyncio.timeout(10):
        while registry._guests or registry._opening:
            await asyncio.sleep(0.05)
    names = [task.get_name() for task in asyncio.all_tasks()]
    assert not [name for name in names if name.startswith(("kernel ", "watch "))]
