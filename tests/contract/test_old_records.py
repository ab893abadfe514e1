"""Records of older services put into the store by hand, read by every route (contract section 2, numbers 11 to 14)."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest

from ..scripted import Scripted
from .server import Server

STRICT = "climate-claw-python/0.2.3"
PNG = "iVBORw0KGgo="
OUTPUT = {
    "stdout": "out\n",
    "stderr": "err\n",
    "result_repr": "42",
    "display_data": [{"data": {"text/html": "<b>x</b>", "text/plain": "X"}}],
    "error": {"ename": "E", "evalue": "v", "traceback": ["first", "second"]},
    "created_files": ["a.png"],
}
RECORDS: list[Any] = [
    {"variant": "Prompt", "content": '[{"role":"system","content":"the site\'s own prompt"}]'},
    {"variant": "User", "content": "old question"},
    {"variant": "Code", "content": ["print(1)", "call_a"]},
    {"variant": "CodeOutput", "content": ["1", "call_a"]},
    {"variant": "Code", "content": ['{"code":"print(2)"}', "call_b"]},
    {"variant": "CodeOutput", "content": ["2", "call_b"]},
    {"variant": "ServerHint", "content": '{"thread_id": "abc"}'},
    {"variant": "CodeError", "content": "boom"},
    {"variant": "CodeError", "content": ["boom again"]},
    {"variant": "Image", "content": PNG},
    {"variant": "Code", "content": {"python": "x = 1"}, "id": "c3"},
    {"variant": "Code", "content": '{"text": "y = 1"}', "id": "c4"},
    {"variant": "Code", "content": {"code": "z = 1"}, "id": "c5"},
    {"variant": "CodeOutput", "content": OUTPUT, "id": "c5"},
    {"variant": "Bogus", "content": "?"},
    "a string",
    None,
    {"content": "no variant"},
    {"variant": "User", "content": "asked later", "date": {"$date": 0}},
    {"variant": "OpenAIError", "content": "old error"},
    {"variant": "StreamEnd", "content": "Stream ended."},
]
READ = [
    ("User", "old question", None),
    ("Code", '{"code":"print(1)"}', "call_a"),
    ("CodeOutput", "1", "call_a"),
    ("Code", '{"code":"print(2)"}', "call_b"),
    ("CodeOutput", "2", "call_b"),
    ("ServerHint", {"thread_id": "abc"}, None),
    ("CodeError", ["boom"], None),
    ("CodeError", ["boom again"], None),
    ("Image", PNG, "image_"),
    ("Code", '{"code":"x = 1"}', "c3"),
    ("Code", '{"code":"y = 1"}', "c4"),
    ("Code", '{"code":"z = 1"}', "c5"),
    ("CodeOutput", "out\nerr\n42\nX\nfirst\nsecond\nCreated files: a.png", "c5"),
    ("User", "asked later", None),
    ("OpenAIError", "old error", None),
    ("StreamEnd", "Stream ended.", None),
]


def shown(items: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return variant, content and id of items; an id that was made up only by its beginning."""
    ids = [item.get("id") for item in items]
    known = ["image_" if one and one.startswith("image_") else one for one in ids]
    return [(item["variant"], item["content"], name) for item, name in zip(items, known, strict=True)]


@pytest.fixture(scope="module")
def thread(server: Server) -> str:
    """A thread of one question of today's, behind which the old records stand."""
    thread_id = secrets.token_hex(16)
    server.post("streamresponse", input="hello", thread_id=thread_id)
    server.put(thread_id, RECORDS)
    return thread_id


@pytest.mark.parametrize("agent", ["", STRICT])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_thread_of_old_records_is_read(server: Server, thread: str, method: str, agent: str) -> None:
    status, _, answer = server.send(method, "getthread", {"thread_id": thread}, agent)
    assert status == 200
    items = shown(json.loads(answer))
    assert [kind for kind, *_ in items[:3]] == ["User", "Assistant", "ServerHint"]
    assert items[3:] == READ


def test_a_prompt_is_shown_by_no_route(server: Server, thread: str) -> None:
    for method in ("GET", "POST"):
        for route, given in (
            ("getthread", {"thread_id": thread, "rich": True}),
            ("getuserthreads", {"full": "true", "num_threads": 100}),
            ("searchthreads", {"query": "user: old question", "full": "true"}),
            ("editthread", {"source_thread_id": thread, "user_index": 2}),
        ):
            status, _, answer = server.send(method, route, given, STRICT)
            assert status == 200
            assert b"old question" in answer
            assert b"the site's own prompt" not in answer, route


def test_what_is_no_record_is_said_in_the_log(server: Server, thread: str) -> None:
    server.get(f"getthread?thread_id={thread}")
    warned = {line.rpartition(": item ")[2] for line in server.log.splitlines() if f"thread {thread}: item" in line}
    assert len(warned) == 4
    assert all("is left out" in line for line in warned)


def test_a_model_gets_old_records_as_calls_and_their_outputs(server: Server, thread: str, service: Scripted) -> None:
    fork = server.post("editthread", source_thread_id=thread, user_index=2)["new_thread_id"]
    lines = server.post("streamresponse", input="hello again", thread_id=fork)
    assert lines[-1] == {"variant": "StreamEnd", "content": "Finished."}
    asked = next(
        one["body"]["messages"]
        for one in reversed(service.requests())
        if one["body"]["messages"][-1]["content"] == "hello again"
    )
    begin = next(at for at, message in enumerate(asked) if message["content"] == "old question")
    sent = [
        (message["role"], message.get("tool_call_id") or [call["id"] for call in message.get("tool_calls", ())])
        for message in asked[begin:]
    ]
    assert sent == [
        ("user", []),
        ("assistant", ["call_a"]), ("tool", "call_a"),
        ("assistant", ["call_b"]), ("tool", "call_b"),
        ("user", []), ("user", []),
        ("assistant", ["c3"]), ("tool", "c3"),
        ("assistant", ["c4"]), ("tool", "c4"),
        ("assistant", ["c5"]), ("tool", "c5"),
        ("user", []),
    ]  # fmt: skip
    assert "the site's own prompt" not in json.dumps(asked)
