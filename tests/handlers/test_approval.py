"""Asking before code runs: policies, decisions, who may decide, and clients that cannot (decision 17)."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from ..scripted import Scripted
from .conftest import Chat, code_rules, hints, joined, kernel_of

DANGER = "import os\nos.remove({!r})"


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / f"victim-{secrets.token_hex(4)}"
    path.write_text("here")
    return path


@pytest.fixture
def rules(victim: Path) -> list[dict[str, Any]]:
    return [*code_rules("harmless", "print(1 + 1)"), *code_rules("delete", DANGER.format(str(victim)))]


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"approval_policy": "ask-when-risky"}


class Asked:
    """A turn that is read until it asks."""

    def __init__(self, chat: Chat, **given: Any) -> None:
        self.chat = chat
        self.lines: list[dict[str, Any]] = []
        self._question: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.reading = asyncio.create_task(self._read(given))

    async def _read(self, given: dict[str, Any]) -> None:
        async with self.chat.reading("streamresponse", approval=True, rich=True, **given) as lines:
            async for line in lines:
                self.lines.append(line)
                for approval in hints([line], "approval"):
                    if "code" in approval and not self._question.done():
                        self._question.set_result(approval)

    @property
    def thread_id(self) -> str:
        return str(self.lines[0]["content"]["thread_id"])

    async def question(self) -> dict[str, Any]:
        async with asyncio.timeout(20):
            return await self._question

    async def decide(self, decision: str, reason: str = "") -> Any:
        given = {"thread_id": self.thread_id, "id": (await self.question())["id"], "decision": decision}
        return await self.chat.post("approve", **given, reason=reason)

    async def end(self) -> list[dict[str, Any]]:
        async with asyncio.timeout(30):
            await self.reading
        return self.lines


async def test_harmless_code_is_not_asked_about(chat: Chat) -> None:
    lines = await chat.stream(input="harmless", kernel_id=await kernel_of(chat))
    assert joined(lines, "CodeOutput") == "2\n"
    assert not hints(lines, "approval")


async def test_allowed_once_it_runs_once(chat: Chat, victim: Path) -> None:
    kernel_id = await kernel_of(chat)
    asked = Asked(chat, input="delete", kernel_id=kernel_id)
    question = await asked.question()
    assert question["code"] == DANGER.format(str(victim))
    assert any("Deletes" in reason["text"] for reason in question["reasons"])
    assert len(question["id"]) > 30
    await asyncio.sleep(0.3)
    assert victim.exists()
    assert (await asked.decide("once")).status_code == 200
    lines = await asked.end()
    assert not victim.exists()
    assert hints(lines, "approval")[-1] == {"id": "", "call": question["call"], "decision": "once", "reason": ""}
    assert (await asked.decide("once")).status_code == 404
    stored = (await chat.post("getthread", thread_id=asked.thread_id, rich=True)).json()
    assert [hint.get("decision") for hint in hints(stored, "approval")] == ["once"]
    assert question["id"] not in json.dumps(stored)
    again = Asked(chat, input="delete", kernel_id=kernel_id, thread_id=asked.thread_id)
    assert (await again.question())["id"] != question["id"]
    await again.decide("deny")
    await again.end()


async def test_denied_it_does_not_run_and_the_model_gets_the_reason(
    chat: Chat, victim: Path, service: Scripted
) -> None:
    asked = Asked(chat, input="delete", kernel_id=await kernel_of(chat))
    await asked.question()
    assert (await asked.decide("deny", "move it instead")).status_code == 200
    lines = await asked.end()
    assert victim.exists()
    assert "move it instead" in joined(lines, "CodeOutput")
    assert "move it instead" in service.requests()[-1]["body"]["messages"][-1]["content"]
    assert joined(lines, "Assistant") == "I look. Done."


async def test_stop_ends_the_wait(chat: Chat, victim: Path) -> None:
    asked = Asked(chat, input="delete", kernel_id=await kernel_of(chat))
    await asked.question()
    await chat.post("stop", thread_id=asked.thread_id)
    assert (await asked.end())[-1]["content"] == "Stopped."
    assert (await asked.decide("once")).status_code == 404
    assert victim.exists()


async def test_a_follower_that_joins_later_sees_the_question(chat: Chat, victim: Path) -> None:
    asked = Asked(chat, input="delete", kernel_id=await kernel_of(chat))
    question = await asked.question()
    async with chat.reading("follow", thread_id=asked.thread_id, rich=True) as lines:
        async for line in lines:
            if hints([line], "approval"):
                assert line["content"]["approval"] == question
                break
    await asked.decide("once")
    await asked.end()
    assert not victim.exists()


async def test_a_client_that_cannot_answer_gets_a_refusal_that_explains(
    chat: Chat, victim: Path, service: Scripted
) -> None:
    lines = await chat.stream(input="delete", kernel_id=await kernel_of(chat))
    assert victim.exists()
    assert "needs the user's leave" in joined(lines, "CodeOutput")
    assert "Deletes" in service.requests()[-1]["body"]["messages"][-1]["content"]
    assert not hints(lines, "approval")


async def test_kernels_that_we_started_have_their_own_policy(chat: Chat, victim: Path) -> None:
    lines = await chat.stream(input="delete")
    assert joined(lines, "CodeOutput") == ""
    assert not victim.exists()


@pytest.mark.parametrize("settings", [{"approval_policy": "ask"}])
async def test_for_this_chat_holds_for_one_chat_and_one_life_of_a_kernel(chat: Chat) -> None:
    kernel_id = await kernel_of(chat)
    first = Asked(chat, input="harmless", kernel_id=kernel_id)
    assert (await first.question())["standing"] is True
    assert (await first.decide("thread")).status_code == 200
    await first.end()
    again = Asked(chat, input="harmless", kernel_id=kernel_id, thread_id=first.thread_id)
    assert not hints(await again.end(), "approval")
    other_chat = Asked(chat, input="harmless", kernel_id=kernel_id)
    await other_chat.question()
    await other_chat.decide("deny")
    await other_chat.end()
    await chat.app.serverapp.kernel_manager.restart_kernel(kernel_id)
    restarted = Asked(chat, input="harmless", kernel_id=kernel_id, thread_id=first.thread_id)
    await restarted.question()
    await restarted.decide("once")
    assert joined(await restarted.end(), "CodeOutput") == "2\n"


@pytest.mark.parametrize("settings", [{"approval_policy": "suggest"}])
async def test_suggest_never_runs(chat: Chat) -> None:
    lines = await chat.stream(input="harmless", kernel_id=await kernel_of(chat), rich=True)
    assert "only suggest" in joined(lines, "CodeOutput")
    hints = [line["content"] for line in lines if line["variant"] == "ServerHint"]
    assert [hint["run"]["state"] for hint in hints if "run" in hint] == ["refused"]


@pytest.mark.parametrize("settings", [{"approval_policy": "run"}])
async def test_run_asks_nothing(chat: Chat, victim: Path) -> None:
    await chat.stream(input="delete", kernel_id=await kernel_of(chat))
    assert not victim.exists()


async def test_a_kernel_restarted_meanwhile_runs_nothing(chat: Chat, victim: Path) -> None:
    kernel_id = await kernel_of(chat)
    asked = Asked(chat, input="delete", kernel_id=kernel_id)
    await asked.question()
    await chat.app.serverapp.kernel_manager.restart_kernel(kernel_id)
    await asyncio.sleep(1.5)
    await asked.decide("once")
    assert "restarted while this waited" in joined(await asked.end(), "CodeOutput")
    assert victim.exists()


async def test_who_may_decide(chat: Chat, victim: Path) -> None:
    asked = Asked(chat, input="delete", kernel_id=await kernel_of(chat))
    question = await asked.question()
    given = {"thread_id": asked.thread_id, "id": question["id"], "decision": "once"}
    assert (await chat.send("POST", "approve", given, headers={})).status_code == 403
    assert (await chat.send("GET", "approve", given)).status_code == 405
    assert (await chat.post("approve", **{**given, "decision": "always"})).status_code == 422
    assert (await chat.post("approve", **{**given, "id": "guessed"})).status_code == 404
    assert (await chat.post("approve", **{**given, "thread_id": "x" * 32})).status_code == 404
    chat.app.owner = "bob"
    assert (await chat.post("approve", **given)).status_code == 404
    chat.app.owner = "alice"
    assert victim.exists()
    assert (await chat.post("approve", **given)).status_code == 200
    await asked.end()
    assert not victim.exists()
