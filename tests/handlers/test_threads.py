"""What a user does to threads: search, rename, delete, fork, rate (contract section 3, 16 and 17; decision 7)."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from .conftest import STUCK, TEXT, Chat, code_rules

DONE = {"detail": "Thread not found."}
STRICT = {"User-Agent": "climate-claw-python/0.2.3 (x86_64 linux) Python/3.13"}


@pytest.fixture
def rules() -> list[dict[str, Any]]:
    return [TEXT, STUCK, *code_rules("count", "print('forty' + '-two')"), {"reply": [{"text": "I see."}]}]


def ids(answer: Any) -> tuple[list[str], int]:
    """Return the threads of a list and how many there are in all."""
    entries, total = answer.json()
    return [entry["thread_id"] for entry in entries], total


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_searching_topics_and_contents(chat: Chat, method: str) -> None:
    await chat.stream(input="hello from Kiel", thread_id="kiel")
    await chat.stream(input="count", thread_id="count")
    await chat.stream(input="100% sure_of .* it", thread_id="odd")
    rows = {
        "HELLO": ["kiel"],
        "user:KIEL": ["kiel"],
        "ai: good day": ["kiel"],
        "code: 'forty'": ["count"],
        "output: forty-two": ["count"],
        "ai: forty-two": [],
        "output: count": [],
        "o": ["odd", "count", "kiel"],
        ".*": ["odd"],
        "0%": ["odd"],
        "e_o": ["odd"],
        "e.o": [],
        "snow": [],
    }
    for query, expected in rows.items():
        assert ids(await chat.send(method, "searchthreads", {"query": query})) == (expected, len(expected)), query
    page = await chat.send(method, "searchthreads", {"query": "o", "num_threads": 2, "page": 1})
    assert ids(page) == (["kiel"], 3)
    for bad in (
        {},
        {"query": ""},
        {"query": "  "},
        {"query": "code:"},
        {"query": "x" * 201},
        {"query": "x", "page": -1},
    ):
        response = await chat.send(method, "searchthreads", bad)
        assert (response.status_code, list(response.json())) == (422, ["detail"])


@pytest.mark.parametrize("route", ["getuserthreads", "searchthreads"])
async def test_strict_user_agents_get_contents(chat: Chat, route: str) -> None:
    for number in range(22):
        await chat.stream(input=f"hello {number}", thread_id=f"hello-{number}")
    query = {"query": "hello", "num_threads": 22}
    plain = (await chat.send("POST", route, query)).json()[0]
    assert {json.dumps(entry["content"]) for entry in plain} == {"[]"}
    listed = (await chat.send("POST", route, query, headers={**chat.headers, **STRICT})).json()[0]
    thread = (await chat.get("getthread", thread_id="hello-21")).json()
    assert thread[0] == {"variant": "User", "content": "hello 21", "model": "first"}
    assert listed[0]["content"] == thread
    # A page's contents end with its twentieth thread.
    assert [bool(entry["content"]) for entry in listed] == [True] * 20 + [False] * 2
    bare = (await chat.send("POST", route, {**query, "full": False}, headers={**chat.headers, **STRICT})).json()[0]
    assert not any(entry["content"] for entry in bare)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_topic_of_ones_own_stays(chat: Chat, method: str) -> None:
    await chat.stream(input="hello", thread_id="t1")
    topic = f"Rain {secrets.token_hex(4)}"
    answer = await chat.send(method, "setthreadtopic", {"thread_id": "t1", "topic": topic})
    assert (answer.status_code, answer.json()) == (200, {"detail": "Topic set."})
    await chat.stream(input="and now?", thread_id="t1")
    entry = (await chat.get("getuserthreads")).json()[0][0]
    assert (entry["topic"], entry["user_id"]) == (topic, "alice")
    for bad in (
        {"topic": topic},
        {"thread_id": "t1"},
        {"thread_id": "t1", "topic": " "},
        {"thread_id": "/", "topic": "x"},
    ):
        assert (await chat.send(method, "setthreadtopic", bad)).status_code == 422
    assert (await chat.get("getuserthreads")).json()[0][0]["topic"] == topic


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_deleted_thread_is_gone(chat: Chat, method: str, tmp_path: Path) -> None:
    await chat.stream(input="count", thread_id="t1")
    assert list((tmp_path / "frevagpt").rglob("*t1*"))
    answer = await chat.send(method, "deletethread", {"thread_id": "t1"})
    assert (answer.status_code, answer.json()) == (200, {"detail": "Thread deleted."})
    for route in ("getthread", "stop", "follow", "deletethread"):
        gone = await chat.post(route, thread_id="t1")
        assert (gone.status_code, gone.json()) == (404, DONE)
    assert (await chat.get("getuserthreads")).json() == [[], 0]
    assert not list((tmp_path / "frevagpt").rglob("*t1*"))


async def test_a_thread_deleted_while_it_answers_does_not_come_back(chat: Chat) -> None:
    async with chat.reading("streamresponse", input="stuck", thread_id="t1") as lines:
        await anext(lines)
        await anext(lines)
        assert (await chat.post("deletethread", thread_id="t1")).status_code == 200
        rest = await asyncio.wait_for(_all(lines), 5)
    assert rest[-1]["variant"] == "StreamEnd"
    assert (await chat.get("getthread", thread_id="t1")).status_code == 404
    assert (await chat.get("getuserthreads")).json() == [[], 0]


async def _all(lines: Any) -> list[dict[str, Any]]:
    return [line async for line in lines]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_fork_keeps_what_stands_before_a_question(chat: Chat, method: str) -> None:
    for question in ("hello 0", "hello 1", "hello 2"):
        await chat.stream(input=question, thread_id="t1")
    before = (await chat.get("getthread", thread_id="t1")).json()
    answer = await chat.send(method, "editthread", {"source_thread_id": "t1", "user_index": 1})
    assert answer.status_code == 200
    fork = answer.json()
    assert fork.keys() == {"new_thread_id", "history"}
    assert (len(fork["new_thread_id"]), fork["new_thread_id"].isalnum()) == (32, True)
    assert [item["content"] for item in fork["history"] if item["variant"] == "User"] == ["hello 0"]
    assert (await chat.get("getthread", thread_id=fork["new_thread_id"])).json() == fork["history"]
    assert (await chat.get("getthread", thread_id="t1")).json() == before
    await chat.stream(input="hello anew", thread_id=fork["new_thread_id"])
    assert (await chat.get("getthread", thread_id="t1")).json() == before
    empty = await chat.send(method, "editthread", {"source_thread_id": "t1", "user_index": 0})
    assert empty.json()["history"] == []
    for bad in (3, -1, "x", 10**12):
        refused = await chat.send(method, "editthread", {"source_thread_id": "t1", "user_index": bad})
        assert (refused.status_code, list(refused.json())) == (422, ["detail"]), bad


async def test_feedback_stays_with_its_item(chat: Chat) -> None:
    await chat.stream(input="count", thread_id="t1")

    async def rated() -> list[tuple[str, str | None]]:
        items = (await chat.get("getthread", thread_id="t1")).json()
        return [(one["variant"], one.get("feedback")) for one in items if one["variant"] in ("Assistant", "Code")]

    assert await rated() == [("Assistant", None), ("Code", None), ("Assistant", None)]
    given = {"thread_id": "t1", "feedback_index": 1, "feedback": "up"}
    assert (await chat.post("userfeedback", **given)).json() == {"detail": "Feedback saved."}
    assert (await chat.get("userfeedback", **{**given, "feedback_index": 2, "feedback": "down"})).status_code == 200
    assert await rated() == [("Assistant", None), ("Code", "up"), ("Assistant", "down")]
    by_query = {"thread_id": "t1", "feedback_index": "0", "feedback": "down"}
    headers = {**chat.headers, "Content-Type": "application/json"}
    response = await chat.client.post(f"{chat.url}/userfeedback", params=by_query, headers=headers)
    assert response.status_code == 200
    assert await rated() == [("Assistant", "down"), ("Code", "up"), ("Assistant", "down")]
    removed = await chat.post("userfeedback", **{**given, "feedback": "remove"})
    assert removed.json() == {"detail": "Feedback removed."}
    assert (await rated())[1] == ("Code", None)
    beyond = await chat.post("userfeedback", **{**given, "feedback_index": 3})
    assert (beyond.status_code, beyond.json()) == (404, {"detail": "Feedback not found."})
    for bad in ({"feedback": "good"}, {"feedback_index": -1}, {"feedback_index": "x"}, {"feedback": ""}):
        assert (await chat.post("userfeedback", **{**given, **bad})).status_code == 422
