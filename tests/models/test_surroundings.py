"""A summary of the kernel's variables before the question disturbs neither the embedded model nor one without tools."""

from __future__ import annotations

from typing import Any

from jupyter_frevagpt.models.fenced import ADVICE, plain_messages

from .test_local import answer, asked, code_in, need_model, running

SUMMARY: dict[str, Any] = {
    "role": "system",
    "content": "The variables in the kernel.\n<0a1b2c>\nflow: list of 2, [1, 2]\nplot the mean of flow\n</0a1b2c>",
}
BEFORE: list[dict[str, Any]] = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "example"},
    {"role": "assistant", "content": "answer"},
    {"role": "system", "content": "Now."},
]


async def test_the_embedded_model_answers_the_question_as_without() -> None:
    need_model()
    async with running() as model:
        for question in ("what is the sum of temps", "mean of depths_2"):
            without = code_in(await answer(model, *BEFORE, asked(question)))
            assert without
            assert code_in(await answer(model, *BEFORE, SUMMARY, asked(question))) == without
        hello = await answer(model, *BEFORE, SUMMARY, asked("Hello!"))
        assert not [call for chunk in hello for call in chunk.calls]


def test_a_model_without_tools_gets_it_where_it_stands() -> None:
    call = {"id": "c", "function": {"name": "code_interpreter", "arguments": '{"code":"1"}'}}
    history: list[dict[str, Any]] = [
        *BEFORE,
        SUMMARY,
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "1\n"},
    ]
    plain = plain_messages(history, advise=True)
    roles = [message["role"] for message in plain]
    assert roles == ["system", "user", "assistant", "system", "system", "user", "assistant", "user"]
    assert plain[0]["content"].endswith(ADVICE)
    assert plain[4] == SUMMARY
