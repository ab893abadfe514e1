"""Chunks as services really send them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_frevagpt.domain.values import CallDelta, ModelChunk, Usage
from jupyter_frevagpt.models.chunks import ChunkReader
from jupyter_frevagpt.models.failures import Refusal


def read(*deltas: Any) -> list[ModelChunk]:
    reader = ChunkReader()
    return [reader.read(json.dumps({"choices": [{"delta": delta}]}).encode()) for delta in deltas]


def calls(*deltas: list[Any]) -> dict[int, tuple[str, str, str]]:
    """Fold fragments the way a reader does: by index, everything joined."""
    folded: dict[int, tuple[str, str, str]] = {}
    for piece in read(*({"tool_calls": delta} for delta in deltas)):
        for call in piece.calls:
            old = folded.get(call.index, ("", "", ""))
            folded[call.index] = (old[0] + call.id, old[1] + call.name, old[2] + call.arguments)
    return folded


def piece(arguments: Any = None, *, index: Any = ..., id: Any = ..., name: Any = ...) -> dict[str, Any]:  # noqa: A002
    function: dict[str, Any] = {"arguments": arguments}
    if name is not ...:
        function["name"] = name
    call: dict[str, Any] = {"function": function}
    if index is not ...:
        call["index"] = index
    if id is not ...:
        call["id"] = id
    return call


def test_text() -> None:
    assert [c.text for c in read({"role": "assistant", "content": ""}, {"content": "a"}, {"content": None}, {})] == [
        "",
        "a",
        "",
        "",
    ]


@pytest.mark.parametrize(
    "event",
    [
        "{}",
        '{"choices":null}',
        '{"choices":[]}',
        '{"choices":[null]}',
        '{"choices":[{"delta":null}]}',
        '{"choices":[{"delta":{"content":null,"tool_calls":null,"role":null}}],"usage":null,"error":null}',
        '{"choices":[{"delta":{"tool_calls":[null]}}]}',
        '{"choices":[{"delta":{"reasoning_content":"hm","reasoning":"hm"}}]}',
    ],
)
def test_nulls_anywhere(event: str) -> None:
    assert ChunkReader().read(event.encode()) == ModelChunk()


def test_content_as_parts() -> None:
    (chunk,) = read({"content": [{"type": "text", "text": "a"}, "b", {"type": "image"}, None, {"text": None}]})
    assert chunk.text == "ab"


def test_usage() -> None:
    reader = ChunkReader()
    assert reader.read(b'{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":null}}').usage == Usage(3, 0)
    assert not reader.finished


def test_end_and_its_notices() -> None:
    for reason, notice in (("stop", False), ("tool_calls", False), ("length", True), ("content_filter", True)):
        reader = ChunkReader()
        chunk = reader.read(json.dumps({"choices": [{"delta": {}, "finish_reason": reason}]}).encode())
        assert reader.finished
        assert bool(chunk.notice) is notice


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (rb'{"choices":[{"delta":{"content":"a\ud83d"}}]}', "a\ufffd"),
        (rb'{"choices":[{"delta":{"content":"\ude00b"}}]}', "\ufffdb"),
        (rb'{"choices":[{"delta":{"content":"\ud83d\ude00"}}]}', "\U0001f600"),
        (b'{"choices":[{"delta":{"content":"a\xffb"}}]}', "a\ufffdb"),
    ],
)
def test_half_surrogates_and_broken_utf8(event: bytes, text: str) -> None:
    got = ChunkReader().read(event).text
    assert got == text
    got.encode()


def test_index_above_zero() -> None:
    assert calls([piece("", index=1, id="b", name="f")], [piece("{}", index=1)]) == {0: ("b", "f", "{}")}


def test_several_interleaved() -> None:
    assert calls(
        [piece("", index=0, id="a", name="f"), piece("", index=1, id="b", name="g")],
        [piece('{"x"', index=1)],
        [piece('{"y"', index=0), piece(":1}", index=1)],
        [piece(":2}", index=0)],
    ) == {0: ("a", "f", '{"y":2}'), 1: ("b", "g", '{"x":1}')}


def test_null_ids_and_names() -> None:
    assert calls(
        [piece(None, index=0, id=None, name="f")], [piece("{}", index=0, id=None, name=None)], [{"index": 0}]
    ) == {0: ("", "f", "{}")}


def test_ids_and_names_that_are_repeated_count_once() -> None:
    assert calls([piece("{", index=0, id="a", name="f")], [piece("}", index=0, id="a", name="f")]) == {
        0: ("a", "f", "{}")
    }


def test_missing_index() -> None:
    assert calls(
        [piece("{", id="a", name="f")], [piece("}")], [piece("{", id="b", name="g")], [piece("1}", id="b")]
    ) == {0: ("a", "f", "{}"), 1: ("b", "g", "{1}")}


def test_whole_calls_at_once_without_index() -> None:
    assert calls([piece("{}", id="a", name="f"), piece("{}", id="b", name="f")]) == {
        0: ("a", "f", "{}"),
        1: ("b", "f", "{}"),
    }


def test_several_whole_calls_that_all_have_index_zero() -> None:
    assert calls([piece("{1}", index=0, id="a", name="f")], [piece("{2}", index=0, id="b", name="f")]) == {
        0: ("a", "f", "{1}"),
        1: ("b", "f", "{2}"),
    }


def test_arguments_as_an_object() -> None:
    assert calls([piece({"code": "ü"}, index=0, id="a", name="f")]) == {0: ("a", "f", '{"code": "ü"}')}


def test_fragment_without_a_call_begins_one() -> None:
    assert read({"tool_calls": [piece("{}")]})[0].calls == (CallDelta(0, "", "", "{}"),)


@pytest.mark.parametrize(
    ("event", "status", "message"),
    [
        (b'{"error":{"message":"boom","code":500}}', 500, "boom"),
        (b'{"error":{"message":"boom","code":"x"}}', 0, "boom"),
        (b'{"error":"boom"}', 0, "boom"),
        (b'{"object":"error","message":"boom","code":404}', 404, "boom"),
        (b'{"choices":3,"error":{"message":"boom"}}', 0, "boom"),
    ],
)
def test_errors_inside_the_stream(event: bytes, status: int, message: str) -> None:
    with pytest.raises(Refusal) as caught:
        ChunkReader().read(event)
    assert (caught.value.status, caught.value.message) == (status, message)


@pytest.mark.parametrize("event", [b"<html>", b"[1]", b"7", b'{"choices":3}', b"{", b"[" * 100_000])
def test_nonsense(event: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        ChunkReader().read(event)
    assert caught.value.case == "nonsense"
