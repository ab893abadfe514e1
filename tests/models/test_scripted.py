"""The scripted service keeps to its script, over both protocols."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from jupyter_frevagpt.models.script import Step, read_script
from tests.scripted import Scripted

Start = Callable[..., Scripted]


def post(url: str, body: dict[str, Any]) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, data=json.dumps(body).encode(), timeout=10) as response:
        data: bytes = response.read()
    return data


def chat(service: Scripted, *messages: tuple[str, Any], **fields: Any) -> dict[str, Any]:
    """Ask without streaming and return the message."""
    asked = [{"role": role, "content": content} for role, content in messages]
    answer = json.loads(post(service.base + "/chat/completions", {"model": "m", "messages": asked, **fields}))
    message: dict[str, Any] = answer["choices"][0]["message"]
    return message


def events(data: bytes) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in data.decode().splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def test_first_rule_that_matches(scripted: Start) -> None:
    service = scripted(
        [
            {"when": {"user": "sum of \\d+"}, "reply": [{"text": "by pattern"}]},
            {"when": {"user": "a+b (c"}, "reply": [{"text": "as it is"}]},
            {"when": {"system": "pirate"}, "reply": [{"text": "arr"}]},
            {"when": {"model": "other"}, "reply": [{"text": "other"}]},
            {"when": {"after_tool": True, "tool": "42"}, "reply": [{"text": "saw 42"}]},
            {"when": {"after_tool": True}, "reply": [{"text": "saw something"}]},
            {"when": {"user": "once"}, "once": True, "reply": [{"text": "first"}]},
            {"reply": [{"text": "else"}]},
        ]
    )
    assert chat(service, ("user", "the sum of 12"))["content"] == "by pattern"
    assert chat(service, ("user", "a+b (c"))["content"] == "as it is"
    assert chat(service, ("system", "You are a pirate."), ("user", "hi"))["content"] == "arr"
    assert chat(service, ("user", "hi"), model="other")["content"] == "other"
    assert chat(service, ("user", "hi"), ("assistant", ""), ("tool", "is 42"))["content"] == "saw 42"
    assert chat(service, ("user", "hi"), ("assistant", ""), ("tool", "is 43"))["content"] == "saw something"
    assert chat(service, ("user", "hi"), ("tool", "42"), ("user", "hi again"))["content"] == "else"
    assert chat(service, ("user", "once"))["content"] == "first"
    assert chat(service, ("user", "once"))["content"] == "else"
    assert [request["matched"] for request in service.requests()] == [0, 1, 2, 3, 4, 5, 7, 6, 7]


def test_image_behind_an_output_is_not_a_question(scripted: Start) -> None:
    service = scripted([{"when": {"user": "plot", "after_tool": True}, "reply": [{"text": "nice"}]}])
    image = [{"type": "text", "text": "It drew:"}, {"type": "image_url", "image_url": {"url": "data:"}}]
    assert chat(service, ("user", "plot"), ("tool", ""), ("user", image), ("user", image))["content"] == "nice"


def test_unmatched_fails_loudly_and_is_recorded(scripted: Start) -> None:
    service = scripted([{"when": {"user": "x"}, "reply": []}])
    with pytest.raises(urllib.error.HTTPError) as caught:
        chat(service, ("user", "who are you"))
    assert caught.value.code == 500
    assert "who are you" in json.load(caught.value)["error"]["message"]
    caught.value.close()
    (request,) = service.requests()
    assert request["matched"] is None


def test_stream_as_the_openai_protocol_has_it(scripted: Start) -> None:
    service = scripted(
        [
            {
                "reply": [
                    {"text": "one two", "chunk": "word"},
                    {"call": {"name": "f", "arguments": {"a": 1}, "fragments": 2, "id": "x"}},
                    {"usage": {"prompt_tokens": 2, "completion_tokens": 3}},
                ]
            }
        ]
    )
    body = {"model": "m", "messages": [{"role": "user", "content": "q"}], "stream": True}
    data = post(service.base + "/chat/completions", body)
    assert data.endswith(b"data: [DONE]\n\n")
    choices = [event["choices"][0] for event in events(data)]
    assert [c["delta"].get("content") for c in choices[:2]] == ["one", " two"]
    assert "".join(call["function"]["arguments"] for c in choices for call in c["delta"].get("tool_calls", [])) == (
        '{"a":1}'
    )
    assert choices[-1] == {"index": 0, "delta": {}, "finish_reason": "tool_calls"}
    data = post(service.base + "/chat/completions", {**body, "stream_options": {"include_usage": True}})
    assert events(data)[-1]["usage"] == {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}


def test_whole_answer_with_calls(scripted: Start) -> None:
    service = scripted([{"reply": [{"call": {"name": "f", "arguments": '{"a"', "id": None}}]}])
    message = chat(service, ("user", "q"))
    assert message["content"] is None
    assert message["tool_calls"] == [{"id": None, "type": "function", "function": {"name": "f", "arguments": '{"a"'}}]


def test_anthropics_protocol(scripted: Start) -> None:
    service = scripted(
        [
            {"when": {"after_tool": True, "tool": "42"}, "reply": [{"text": "done"}]},
            {
                "when": {"user": "q", "system": "kind"},
                "reply": [{"text": "hm", "chunk": 1}, {"call": {"name": "f", "arguments": {"a": 1}, "fragments": 2}}],
            },
        ]
    )
    question = {"role": "user", "content": [{"type": "text", "text": "q"}]}
    body = {"model": "m", "system": "be kind", "messages": [question], "stream": True, "max_tokens": 9}
    got = events(post(service.url + "/v1/messages", body))
    assert [event["type"] for event in got] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert got[-2]["delta"]["stop_reason"] == "tool_use"
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "is 42"}]}
    body |= {"messages": [question, {"role": "assistant", "content": []}, result], "stream": False}
    assert json.loads(post(service.url + "/v1/messages", body))["content"] == [{"type": "text", "text": "done"}]


def test_models_and_a_new_script(scripted: Start) -> None:
    service = scripted({"models": ["a", "b"], "rules": [{"reply": [{"text": "old"}]}]})
    with urllib.request.urlopen(service.base + "/models") as response:
        assert [model["id"] for model in json.load(response)["data"]] == ["a", "b"]
    assert chat(service, ("user", "q"))["content"] == "old"
    service.set_script([{"reply": [{"text": "new"}]}])
    assert service.requests() == []
    assert chat(service, ("user", "q"))["content"] == "new"
    with pytest.raises(urllib.error.HTTPError) as caught:
        service.set_script([{"reply": [{"txt": "x"}]}])
    caught.value.close()
    assert chat(service, ("user", "q"))["content"] == "new"


@pytest.mark.parametrize(
    "script",
    ['[{"reply":[{}]}]', '[{"reply":[{"text":"a","cut":true}]}]', '[{"when":{"tol":""},"reply":[]}]', "7", "[{}]", ""],
)
def test_mistakes_in_a_script_are_refused(script: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        read_script(script.encode())


def test_cutting_text() -> None:
    assert Step(text="abcde", chunk=2).texts() == ["ab", "cd", "e"]
    assert Step(text="one  two\nthree \n", chunk="word").texts() == ["one", "  two", "\nthree \n"]
    assert Step(text="", chunk=3).texts() == [""]
    assert Step(text="whole").texts() == ["whole"]


def test_listens_on_loopback_only(scripted: Start) -> None:
    service = scripted([])
    assert service.url.startswith("http://127.0.0.1:")
