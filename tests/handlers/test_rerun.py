"""A thread's code run again, and that of imported chats (security 51)."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from ..scripted import Scripted
from .conftest import Chat, code_rules, hints, joined, kernel_of, say


async def test_rerun_in_a_new_kernel_stops_at_the_first_failure(chat: Chat, service: Scripted) -> None:
    first, second = await kernel_of(chat), await kernel_of(chat)
    value = secrets.randbelow(10**9)
    lines = await say(chat, service, f"a = {value}", kernel_id=first)
    thread = {"thread_id": lines[0]["content"]["thread_id"]}
    await say(chat, service, "1 / 0", kernel_id=first, **thread)
    await say(chat, service, "print(a + 1)", kernel_id=first, **thread)
    again = await chat.stream("rerun", rich=True, kernel_id=second, **thread)
    assert joined(again, "CodeOutput") == f"{value + 1}\n"
    assert [run["state"] for run in hints(again, "run") if run["state"] != "running"] == ["done", "done"]
    assert {run["kernel_id"] for run in hints(again, "run")} == {second}
    assert joined(again, "Assistant") == "All 2 went through."
    twice = await chat.stream("rerun", rich=True, kernel_id=second, **thread)
    assert len(hints(twice, "run")) == len(hints(again, "run"))
    third = await kernel_of(chat)
    await say(chat, service, "del a", kernel_id=second, **thread)
    await say(chat, service, "b = 1", kernel_id=second, **thread)
    await say(chat, service, "b = 2", kernel_id=second, **thread)
    await say(chat, service, "import builtins; builtins.print = 5", kernel_id=third)
    failed = await chat.stream("rerun", rich=True, kernel_id=third, **thread)
    assert "Run 2 did not go through" in joined(failed, "Assistant")
    assert "3 of 5 were not run" in joined(failed, "Assistant")
    assert hints(failed, "run")[-1]["state"] == "failed"


@pytest.mark.parametrize("settings", [{"approval_policy": "ask", "scratch_approval_policy": "run"}])
async def test_rerun_asks_as_usual(chat: Chat, service: Scripted) -> None:
    lines = await say(chat, service, "a = 1")
    thread = {"thread_id": lines[0]["content"]["thread_id"]}
    refused = await chat.stream("rerun", rich=True, kernel_id=await kernel_of(chat), **thread)
    assert "needs the user's leave" in joined(refused, "CodeOutput")
    assert "did not go through" in joined(refused, "Assistant")


async def test_rerun_without_code_or_while_it_answers(chat: Chat, service: Scripted) -> None:
    service.set_script([{"when": {"user": "hello"}, "reply": [{"text": "Hi."}]}])
    lines = await chat.stream(input="hello")
    thread = {"thread_id": lines[0]["content"]["thread_id"]}
    response = await chat.post("rerun", **thread)
    assert (response.status_code, "no code" in response.json()["detail"]) == (422, True)
    service.set_script([{"reply": [{"text": "so"}, {"stall": 60}]}])
    async with chat.reading("streamresponse", input="wait", **thread) as waiting:
        async for line in waiting:
            if line["variant"] == "Assistant":
                break
        assert (await chat.post("rerun", **thread)).status_code == 409
        await chat.post("stop", **thread)


async def imported(chat: Chat, service: Scripted, *codes: str, copy: bool = False) -> str:
    """Let code run in a chat of one's own, write that to a file, read it again; returns the new thread's id."""
    thread_id = ""
    for code in codes:
        lines = await say(chat, service, code, **({"thread_id": thread_id} if thread_id else {}))
        thread_id = lines[0]["content"]["thread_id"]
    content = (await chat.post("getthread", thread_id=thread_id, rich=True)).json()
    if copy:  # as older services wrote: nothing tells what became of the runs
        content = [item for item in content if item["variant"] != "ServerHint"]
    answer = await chat.post("importthread", content=content, topic="theirs")
    assert answer.status_code == 200
    return str(answer.json()["thread_id"])


async def rerun(chat: Chat, thread_id: str, decisions: list[str], **given: Any) -> tuple[list[Any], list[Any]]:
    """Run a chat's code again with these decisions; returns the stream and what was asked."""
    read: list[dict[str, Any]] = []
    asked: list[dict[str, Any]] = []
    async with chat.reading("rerun", thread_id=thread_id, rich=True, approval=True, **given) as lines:
        async for line in lines:
            read.append(line)
            for question in (one for one in hints([line], "approval") if "code" in one):
                asked.append(question)
                decision = decisions[len(asked) - 1]
                answer = await chat.post("approve", thread_id=thread_id, id=question["id"], decision=decision)
                assert answer.status_code == 200, answer.text
    return read, asked


@pytest.mark.parametrize("settings", [{"approval_policy": "ask-when-risky"}])
@pytest.mark.parametrize("copy", [False, True], ids=["with hints", "without hints"])
async def test_each_piece_of_an_imported_chat_is_asked_about(chat: Chat, service: Scripted, copy: bool) -> None:
    value = secrets.randbelow(10**9)
    codes = [f"value = {value}", "1 / 0", "print(value + 1)"]
    thread_id = await imported(chat, service, *codes, copy=copy)
    lines, asked = await rerun(chat, thread_id, ["once", "once"], kernel_id=await kernel_of(chat))
    assert [question["code"] for question in asked] == [codes[0], codes[2]]
    for question in asked:
        assert question["standing"] is False
        assert question["source"] == "an imported chat"
        assert (question["reasons"][0]["kind"], question["reasons"][0]["asks"]) == ("imported", True)
        assert "comes from an imported chat" in question["reasons"][0]["text"]
    assert joined(lines, "CodeOutput") == f"{value + 1}\n"
    assert joined(lines, "Assistant") == "All 2 went through."


@pytest.mark.parametrize("settings", [{"approval_policy": "ask-when-risky"}])
async def test_code_of_ones_own_runs_again_by_policy(chat: Chat, service: Scripted) -> None:
    value = secrets.randbelow(10**9)
    lines = await say(chat, service, f"print({value})", kernel_id=await kernel_of(chat))
    thread_id = lines[0]["content"]["thread_id"]
    again, asked = await rerun(chat, thread_id, [], kernel_id=await kernel_of(chat))
    assert asked == []
    assert joined(again, "CodeOutput") == f"{value}\n"


@pytest.mark.parametrize("settings", [{"approval_policy": "ask-when-risky", "scratch_approval_policy": "run"}])
async def test_imported_code_is_asked_about_in_a_kernel_of_the_chats_own_too(chat: Chat, service: Scripted) -> None:
    thread_id = await imported(chat, service, "print(6 * 7)", "print(8)")
    lines, asked = await rerun(chat, thread_id, ["deny"])
    assert [question["code"] for question in asked] == ["print(6 * 7)"]
    assert "did not let this run" in joined(lines, "CodeOutput")
    assert "1 of 2 were not run" in joined(lines, "Assistant")
    assert not [run for run in hints(lines, "run") if run["state"] == "running"]
    refused = await chat.stream("rerun", thread_id=thread_id, rich=True)
    assert "needs the user's leave" in joined(refused, "CodeOutput")
    assert "imported chat" in joined(refused, "CodeOutput")


@pytest.mark.parametrize("settings", [{"approval_policy": "run", "scratch_approval_policy": "run"}])
async def test_a_site_that_lets_all_code_run_asks_nothing_about_imported_code(chat: Chat, service: Scripted) -> None:
    thread_id = await imported(chat, service, "print(6 * 7)")
    for given in ({}, {"kernel_id": await kernel_of(chat)}):
        lines, asked = await rerun(chat, thread_id, [], **given)
        assert asked == []
        assert joined(lines, "CodeOutput") == "42\n"


@pytest.mark.parametrize("settings", [{"approval_policy": "suggest"}])
async def test_where_code_is_only_suggested_imported_code_is_too(chat: Chat, service: Scripted) -> None:
    thread_id = await imported(chat, service, "print(6 * 7)")
    lines, asked = await rerun(chat, thread_id, [], kernel_id=await kernel_of(chat))
    assert asked == []
    assert "only suggest" in joined(lines, "CodeOutput")


@pytest.mark.parametrize("settings", [{"approval_policy": "ask-when-risky"}])
async def test_what_is_forked_from_an_imported_chat_stays_imported(chat: Chat, service: Scripted) -> None:
    thread_id = await imported(chat, service, "print(6 * 7)", "print(8)")
    forked = await chat.post("editthread", source_thread_id=thread_id, user_index=1)
    copy = forked.json()["new_thread_id"]
    for _ in range(2):  # of the fork another one
        _, asked = await rerun(chat, copy, ["deny"], kernel_id=await kernel_of(chat))
        assert [question["code"] for question in asked] == ["print(6 * 7)"]
        forked = await chat.post("editthread", source_thread_id=copy, user_index=1)
        copy = forked.json()["new_thread_id"]
    own = await say(chat, service, "print(1)", kernel_id=await kernel_of(chat))
    forked = await chat.post("editthread", source_thread_id=own[0]["content"]["thread_id"], user_index=0)
    assert (await chat.post("rerun", thread_id=forked.json()["new_thread_id"])).status_code == 422


@pytest.mark.parametrize("settings", [{"approval_policy": "ask"}])
async def test_a_question_in_an_imported_chat_begins_with_text_from_outside(chat: Chat, service: Scripted) -> None:
    thread_id = await imported(chat, service, "print(6 * 7)")
    kernel_id = await kernel_of(chat)
    service.set_script(code_rules("now", "print(1)"))
    asked: list[dict[str, Any]] = []
    for given in ({"thread_id": thread_id}, {}):
        chatted = {**given, "input": "now", "kernel_id": kernel_id, "rich": True, "approval": True}
        async with chat.reading("streamresponse", **chatted) as lines:
            async for line in lines:
                if line["variant"] == "ServerHint" and "thread_id" in line["content"]:
                    where = line["content"]["thread_id"]
                for question in (one for one in hints([line], "approval") if "code" in one):
                    asked.append(question)
                    await chat.post("approve", thread_id=where, id=question["id"], decision="once")
    assert [(one["standing"], one["source"]) for one in asked] == [(False, "an imported chat"), (True, "")]
    assert "imported" not in {reason["kind"] for one in asked for reason in one["reasons"]}
