"""A model without tools: fences become calls, tool roles become plain text."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from jupyter_frevagpt.domain.protocols import Message
from jupyter_frevagpt.domain.values import ModelChunk, ToolSpec, Usage
from jupyter_frevagpt.models.chunks import NOTICES
from jupyter_frevagpt.models.fenced import ADVICE, FencedChat, output_text, plain_messages

TOOL = ToolSpec("code_interpreter", "Runs Python.", {})


class Speaker:
    """A model that says what it is told to, in the given pieces."""

    def __init__(self, pieces: list[ModelChunk]) -> None:
        self.pieces = pieces
        self.closed = False
        self.asked: tuple[list[Message], Sequence[ToolSpec]] = ([], ())

    async def stream(self, messages: list[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[ModelChunk, None]:
        self.asked = (messages, tools)
        try:
            for piece in self.pieces:
                yield piece
        finally:
            self.closed = True


async def said(
    *texts: str, last: ModelChunk | None = None, tools: Sequence[ToolSpec] = (TOOL,)
) -> tuple[str, str, Speaker]:
    """Return the text and the argument text that come out."""
    speaker = Speaker([*map(ModelChunk, texts), *([last] if last else [])])
    text = arguments = ""
    begun = False
    async for piece in FencedChat(speaker).stream([{"role": "user", "content": "q"}], tools):
        text += piece.text
        for call in piece.calls:
            assert call.index == 0
            assert (call.id.startswith("call_"), call.name) == ((False, "") if begun else (True, "code_interpreter"))
            begun = True
            arguments += call.arguments
    assert speaker.closed
    return text, arguments, speaker


ANSWERS = [
    ("Look:\n```python\nprint(1)\n```\nThe output is 7.\n", "Look:\n", "print(1)\n"),
    ("```python\nx = 1\n\nprint('ü', \"a\\n\")\n```", "", "x = 1\n\nprint('ü', \"a\\n\")\n"),
    ("```py\nx\n```", "", "x\n"),
    ("``` Python\nx\n```", "", "x\n"),
    ("```python3 title=a\nx\n```", "", "x\n"),
    ("````python\nx\n````", "", "x\n"),
    ("Here: ```python\nx\n```", "Here: ", "x\n"),
    ("- do\n  ```python\n  if x:\n      y\n  ```\n", "- do\n", "if x:\n    y\n"),
    ("```python\r\nx\r\n```\r\n", "", "x\r\n"),
    ("Use `x` or ``y``, then\n```\nplain\n```\ndone", "Use `x` or ``y``, then\n```\nplain\n```\ndone", ""),
    ("```bash\nls\n```\n```python\nx\n```", "```bash\nls\n```\n", "x\n"),
    ("```text\n```python\n```\nno", "```text\n```python\n```\nno", ""),
    ("no code", "no code", ""),
    ("ends with `", "ends with `", ""),
    ("ends with ```", "ends with ```", ""),
    ("", "", ""),
    ("```python\n```\nnothing\n```python\nx\n```", "nothing\n", "x\n"),
    ("```python\n\n\n  \nx\n```", "", "  \nx\n"),
    ("```python\nnever closed", "", "never closed"),
    ("```python\nx\n``", "", "x\n"),
    ("```python\n", "", ""),
    ("```python\ns = '''\n    ```\n'''\n```", "", "s = '''\n    ```\n'''\n"),
    ("```python\nx = `y`\n```", "", "x = `y`\n"),
    ("```python\nx\n```\n```python\ny\n```", "", "x\n"),
]


@pytest.mark.parametrize(("answer", "text", "code"), ANSWERS)
async def test_cut_at_every_character(answer: str, text: str, code: str) -> None:
    cuts = [[answer], list(answer), *([answer[:at], answer[at:]] for at in range(1, len(answer)))]
    for pieces in cuts:
        got_text, arguments, _ = await said(*pieces)
        assert got_text == text, pieces
        assert (json.loads(arguments)["code"] if arguments else "") == code, pieces
        assert not arguments or arguments.startswith('{"code":"')


async def test_code_streams_as_it_is_written() -> None:
    fragments = []
    speaker = Speaker([ModelChunk(text) for text in ("```python\n", "a = ", "1\n", "b = 2", "\n```")])
    async for piece in FencedChat(speaker).stream([], (TOOL,)):
        fragments += [call.arguments for call in piece.calls]
    assert fragments == ['{"code":"a = ', "1\\n", "b = 2", '\\n"}']


async def test_text_streams_as_it_is_written() -> None:
    speaker = Speaker([ModelChunk(text) for text in ("Some ", "text ", "here")])
    assert [piece.text async for piece in FencedChat(speaker).stream([], (TOOL,))] == ["Some ", "text ", "here"]


async def test_half_a_program_is_not_completed() -> None:
    _, arguments, _ = await said("```python\nx = 1\ndel x", last=ModelChunk(notice=NOTICES["length"]))
    assert arguments == '{"code":"x = 1\\ndel x'


async def test_usage_and_notices_pass() -> None:
    speaker = Speaker([ModelChunk(notice="wait"), ModelChunk("a"), ModelChunk(usage=Usage(1, 2))])
    pieces = [piece async for piece in FencedChat(speaker).stream([], (TOOL,))]
    assert pieces == speaker.pieces


async def test_without_the_tool_nothing_is_read_into_fences() -> None:
    text, arguments, speaker = await said("```python\nx\n```", tools=())
    assert (text, arguments) == ("```python\nx\n```", "")
    assert speaker.asked == ([{"role": "user", "content": "q"}], ())


async def test_model_is_told_and_gets_no_tools() -> None:
    _, _, speaker = await said("a")
    messages, tools = speaker.asked
    assert tools == ()
    assert messages[0] == {"role": "system", "content": ADVICE}


def test_history_becomes_plain() -> None:
    call = {"id": "c", "function": {"name": "code_interpreter", "arguments": '{"code":"print(1)\\n"}'}}
    other = {"id": "d", "function": {"name": "search", "arguments": '{"q":"x"}'}}
    broken = {"id": "e", "function": {"name": "code_interpreter", "arguments": '{"code":'}}
    image = [{"type": "image_url", "image_url": {"url": "data:"}}]
    history: list[dict[str, Any]] = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "I look.", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "1\n"},
        {"role": "user", "content": image},
        {"role": "assistant", "content": None, "tool_calls": [other, broken]},
        {"role": "tool", "tool_call_id": "d", "content": ""},
        {"role": "tool", "tool_call_id": "e", "content": "a ``` b"},
        {"role": "user", "content": "and?"},
    ]
    kept = json.dumps(history)
    assert plain_messages(history, advise=True) == [
        {"role": "system", "content": "Be kind.\n\n" + ADVICE},
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "I look.\n\n```python\nprint(1)\n```"},
        {"role": "user", "content": [{"type": "text", "text": "Output of the code:\n```\n1\n```"}, *image]},
        {"role": "assistant", "content": '(I used search with {"q":"x"}.)\n\n```python\n{"code":\n```'},
        {
            "role": "user",
            "content": "Output of the code: none.\n\nOutput of the code:\n````\na ``` b\n````\n\nand?",
        },
    ]
    assert json.dumps(history) == kept


def test_output_as_parts() -> None:
    assert output_text([{"type": "text", "text": "a"}]) == "Output of the code:\n```\na\n```"
