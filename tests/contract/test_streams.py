"""Streams as bare clients read them, wherever taken up: beginning, end, characters (contract 1, 2, 10, 15, 25)."""

from __future__ import annotations

import json
import re
import secrets
import threading
from typing import Any

import pytest

from ..reading_rules import PlainClient
from .server import Server

STRICT = "climate-claw-python/0.2.3"


def read(answer: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.splitlines() if line]


@pytest.mark.parametrize("start", [0, 1, 5, 10_000])
@pytest.mark.parametrize("rich", [False, True])
def test_who_follows_from_anywhere_gets_beginning_and_end(server: Server, start: int, rich: bool) -> None:
    thread_id = secrets.token_hex(16)
    server.post("streamresponse", input="figures", thread_id=thread_id)
    lines = server.post("follow", thread_id=thread_id, rich=rich, **{"from": start})
    assert lines[0]["content"]["thread_id"] == thread_id
    assert lines[-1] == {"variant": "StreamEnd", "content": "Finished."}
    assert [line["variant"] for line in lines].count("StreamEnd") == 1
    if start == 10_000:
        assert len(lines) == 2


def test_readers_of_several_kinds_get_the_same_turn(server: Server) -> None:
    """Two old clients and a rich one read one turn at the same time, each in its own way."""
    thread_id = secrets.token_hex(16)
    read_by: dict[str, list[dict[str, Any]]] = {}

    def follow(name: str, given: dict[str, Any], agent: str) -> None:
        status, kind, answer = server.send("GET", "follow", {"thread_id": thread_id, **given}, agent)
        assert (status, kind) == (200, "application/x-ndjson")
        if not given:
            client = PlainClient()
            client.feed(re.sub(rb"\n+", b"\n", answer))  # the old client skips empty lines
            client.check_strings()
            client.conversation()
        read_by[name] = read(answer)

    asking = threading.Thread(
        target=server.post, args=("streamresponse",), kwargs={"input": "written slowly", "thread_id": thread_id}
    )
    asking.start()
    while not any(one["thread_id"] == thread_id for one in server.get("getuserthreads")[0]):
        assert asking.is_alive()
    readers = [
        threading.Thread(target=follow, args=each)
        for each in (("old", {}, STRICT), ("older", {}, STRICT), ("rich", {"rich": "true"}, ""))
    ]
    for one in readers:
        one.start()
    for one in (asking, *readers):
        one.join(60)
    assert read_by.keys() == {"old", "older", "rich"}
    for lines in read_by.values():
        code = "".join(line["content"] for line in lines if line["variant"] == "Code")
        assert json.loads(code) == {"code": 'print("a" + "{}")'}
        assert "".join(line["content"] for line in lines if line["variant"] == "CodeOutput") == "a{}\n"
        assert "".join(line["content"] for line in lines if line["variant"] == "Assistant") == "I look. Done."
        assert lines[-1]["variant"] == "StreamEnd"
    told = {
        name: {key for line in lines if line["variant"] == "ServerHint" for key in line["content"]}
        for name, lines in read_by.items()
    }
    assert "run" in told["rich"]
    assert "run" not in told["old"] | told["older"]


@pytest.mark.parametrize("question", ['Größe in µm? 🌍 \u2028 {"a": 1}', "x" * 199_000, "\\u0041 \\n ' \" {}"])
def test_a_question_of_any_characters_is_kept_as_it_was(server: Server, question: str) -> None:
    thread_id = secrets.token_hex(16)
    assert server.post("streamresponse", input=question, thread_id=thread_id)[-1]["content"] == "Finished."
    assert server.get(f"getthread?thread_id={thread_id}")[0]["content"] == question


@pytest.mark.parametrize("thread_id", ["a", "A-b_9", "0" * 64, "-", "_"])
def test_ids_of_every_allowed_form_name_a_thread(server: Server, thread_id: str) -> None:
    lines = server.post("streamresponse", input="hello", thread_id=thread_id)
    assert lines[0]["content"]["thread_id"] == thread_id
    assert server.get(f"getthread?thread_id={thread_id}")[0]["content"] == "hello"
    server.post("deletethread", thread_id=thread_id)


@pytest.mark.parametrize(
    "thread_id", ["a" * 65, "a b", "a/b", "..", "a.b", "ä", "a\n", "a\u0000", "null\u2028", "%61;"]
)
def test_ids_of_other_forms_are_refused(server: Server, thread_id: str) -> None:
    for route in ("getthread", "stop", "deletethread", "follow", "files"):
        for method in ("GET", "POST"):
            status, kind, answer = server.send(method, route, {"thread_id": thread_id + "x"})
            assert (status, kind) == (422, "application/json"), (route, method)
            assert set(json.loads(answer)) == {"detail"}


def test_a_kernel_that_starts_is_waited_for_with_heartbeats(server: Server) -> None:
    """They come every 10 s in earnest; here the server's are shorter than the start of a kernel."""
    lines = server.post("streamresponse", input="figures", thread_id=secrets.token_hex(16), rich=True)
    hints = [line["content"] for line in lines if line["variant"] == "ServerHint"]
    states = [hint["run"]["state"] if "run" in hint else "alive" if "memory" in hint else "" for hint in hints]
    waited = states[states.index("starting") + 1 : states.index("running")]
    assert waited
    assert set(waited) == {"alive"}


def test_lists_are_answered_while_their_threads_are_deleted(server: Server) -> None:
    """A thread that goes between the page and its contents costs no other one its place."""
    ids = [secrets.token_hex(16) for _ in range(12)]
    for thread_id in ids:
        server.post("streamresponse", input="hello", thread_id=thread_id)
    statuses: list[int] = []
    deleting = threading.Thread(target=lambda: [server.post("deletethread", thread_id=one) for one in ids])
    deleting.start()
    while deleting.is_alive():
        statuses.append(server.send("GET", "getuserthreads", {"full": "true", "num_threads": 20})[0])
    deleting.join()
    assert set(statuses) == {200}
