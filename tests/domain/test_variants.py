"""The variants on the wire: exact keys, ASCII, nothing lost (contract section 1; decision 1)."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_frevagpt.domain.variants import (
    Assistant,
    Code,
    CodeError,
    CodeOutput,
    Image,
    OpenAIError,
    ServerError,
    ServerHint,
    StreamEnd,
    StreamVariant,
    ToolCall,
    ToolOutput,
    User,
    code_content,
    decode,
    encode,
)

ALL: list[tuple[StreamVariant, dict[str, object]]] = [
    (User("q"), {"variant": "User", "content": "q"}),
    (User("q", "m", "k"), {"variant": "User", "content": "q", "model": "m", "kernel_id": "k"}),
    (Assistant("a"), {"variant": "Assistant", "content": "a"}),
    (Code('{"code":"1"}', "c"), {"variant": "Code", "content": '{"code":"1"}', "id": "c"}),
    (CodeOutput("", "c"), {"variant": "CodeOutput", "content": "", "id": "c"}),
    (CodeOutput("1", "c", [{"a": 1}]), {"variant": "CodeOutput", "content": "1", "id": "c", "display": [{"a": 1}]}),
    (Image("iVBOR", "c_0"), {"variant": "Image", "content": "iVBOR", "id": "c_0"}),
    (ToolCall("{}", "t", "c"), {"variant": "ToolCall", "content": "{}", "tool_name": "t", "id": "c"}),
    (ToolOutput("x", "t", "c"), {"variant": "ToolOutput", "content": "x", "tool_name": "t", "id": "c"}),
    (ServerHint({"thread_id": "t"}), {"variant": "ServerHint", "content": {"thread_id": "t"}}),
    (ServerError("e"), {"variant": "ServerError", "content": "e"}),
    (OpenAIError("e"), {"variant": "OpenAIError", "content": "e"}),
    (CodeError(["e"]), {"variant": "CodeError", "content": ["e"]}),
    (StreamEnd("x"), {"variant": "StreamEnd", "content": "x"}),
]


@pytest.mark.parametrize(("variant", "wire"), ALL)
def test_exact_json_both_ways(variant: StreamVariant, wire: dict[str, object]) -> None:
    assert json.loads(encode(variant)) == wire
    assert next(iter(json.loads(encode(variant)))) == "variant"
    assert decode(json.dumps(wire)) == variant


@given(st.text())
def test_lines_are_ascii_and_lose_nothing(text: str) -> None:
    line = encode(Assistant(text))
    assert line.isascii()
    assert b"\n" not in line
    assert decode(line) == Assistant(text)


@given(st.text())
def test_code_content_is_json_with_the_prefix_that_clients_parse(code: str) -> None:
    content = code_content(code)
    assert content.startswith('{"code":"')
    assert json.loads(content) == {"code": code}


BAD = ["", "[]", '{"variant":"Nobody","content":""}', '{"content":"x"}', '{"variant":"User"}']


@pytest.mark.parametrize("line", BAD)
def test_anything_else_is_refused(line: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(line)
