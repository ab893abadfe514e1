"""The embedded model with its real weights; without them skipped, in CI failed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from jupyter_frevagpt.domain.errors import BadRequest, ModelFailed
from jupyter_frevagpt.domain.values import ModelChunk, ToolSpec
from jupyter_frevagpt.models import local, weights
from jupyter_frevagpt.models.local import NAME, TOOL, LocalModel

SNIPPETS = Path(__file__).parents[2] / "resources/local-model/snippets.jsonl"
CODE = [ToolSpec(TOOL, "runs code", {"type": "object"})]


def need_model() -> None:
    if weights.find_weights() is None or not weights.engine_installed():
        missing = "The local model is not installed: run `jupyter frevagpt local-model install`."
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)


@contextlib.asynccontextmanager
async def running(**options: Any) -> AsyncGenerator[LocalModel, None]:
    model = LocalModel(snippets_path=SNIPPETS, **options)
    try:
        yield model
    finally:
        await model.aclose()


async def answer(model: LocalModel, *messages: dict[str, Any], tools: Sequence[ToolSpec] = CODE) -> list[ModelChunk]:
    chat = await model.chat(NAME)
    async with aclosing(chat.stream(list(messages), tools)) as chunks:
        return [chunk async for chunk in chunks]


def asked(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def code_in(chunks: list[ModelChunk]) -> str:
    arguments = "".join(call.arguments for chunk in chunks for call in chunk.calls)
    code: str = json.loads(arguments)["code"] if arguments else ""
    return code


def text_in(chunks: list[ModelChunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


async def test_a_random_power_is_computed_by_code() -> None:
    need_model()
    exponent = random.randint(2, 60)
    async with running() as model:
        assert [info.name for info in await model.list()] == [NAME]
        chunks = await answer(model, asked(f"What is 2 to the power of {exponent}?"))
    printed: list[str] = []
    exec(code_in(chunks), {"print": lambda value: printed.append(str(value))})
    assert printed == [str(2**exponent)]
    assert str(2**exponent) not in text_in(chunks) + code_in(chunks) or 2**exponent < 100
    assert chunks[-1].usage is not None


async def test_the_code_uses_the_variable_of_the_question() -> None:
    need_model()
    async with running() as model:
        for question, method in (("what is the sum of temps", sum), ("mean of temps", lambda x: sum(x) / len(x))):
            temps = [round(random.uniform(-20, 40), 1) for _ in range(6)]
            printed: list[float] = []
            exec(code_in(await answer(model, asked(question))), {"temps": temps, "print": printed.append})
            assert printed == [pytest.approx(method(temps))]  # type: ignore[operator]


async def test_the_call_comes_in_fragments_that_begin_and_end_as_strict_clients_need_it() -> None:
    need_model()
    async with running() as model:
        chunks = await answer(model, asked("plot temps"))
    calls = [call for chunk in chunks for call in chunk.calls]
    assert calls[0].name == TOOL
    assert calls[0].id
    assert calls[0].arguments == '{"code":"'
    assert calls[-1].arguments == '"}'
    assert len(calls) >= 4
    assert not [call for call in calls if call.arguments.startswith("{") and call.arguments.endswith("}")]


async def test_without_the_tool_the_code_is_shown() -> None:
    need_model()
    async with running() as model:
        chunks = await answer(model, asked("What is 2 to the power of 12?"), tools=[])
    assert not [call for chunk in chunks for call in chunk.calls]
    assert "```python\nprint(2 ** 12)\n```" in text_in(chunks)


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("4096\n", local.SHOWN),
        ("", local.SHOWN),
        ("Traceback (most recent call last):\n  ...\nNameError: name 'x' is not defined", local.FAILED),
        ("NameError: name 'x' is not defined", local.FAILED),
        ("an error: none", local.SHOWN),
    ],
)
async def test_after_the_output_comes_a_fixed_sentence(output: str, told: str) -> None:
    need_model()
    async with running() as model:
        chunks = await answer(model, asked("x"), {"role": "tool", "content": output, "tool_call_id": "1"})
        assert model.pid is None
    assert text_in(chunks) == told


async def test_small_talk_is_introduced_without_starting_anything() -> None:
    need_model()
    async with running() as model:
        chunks = await answer(model, {"role": "user", "content": [{"type": "text", "text": "Hello!"}]})
        assert model.pid is None
    assert text_in(chunks) == local.INTRODUCTION


async def test_killed_in_mid_answer_and_asked_again() -> None:
    need_model()
    async with running() as model:
        await answer(model, asked("what is the sum of temps"))
        first = model.pid
        dying = asyncio.create_task(answer(model, asked("draw a line plot of flows against hours2")))
        await asyncio.sleep(0.2)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        with pytest.raises(ModelFailed, match="ended unexpectedly"):
            await dying
        assert "sum(temps)" in code_in(await answer(model, asked("what is the sum of temps")))
        assert model.pid != first


async def test_a_cancelled_answer_frees_the_model() -> None:
    need_model()
    async with running() as model:
        await answer(model, asked("what is the sum of temps"))
        task = asyncio.create_task(answer(model, asked("scatter plot of depth2 and salinity2")))
        await asyncio.sleep(0.2)
        start = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - start < 1
        assert "sum(temps)" in code_in(await answer(model, asked("what is the sum of temps")))


async def test_the_helper_listens_on_no_port() -> None:
    need_model()
    async with running() as model:
        await answer(model, asked("what is the sum of temps"))
        if not Path(f"/proc/{model.pid}/fd").exists():
            pytest.skip("There is no /proc here.")
        own = {os.readlink(path) for path in Path(f"/proc/{model.pid}/fd").iterdir() if path.is_symlink()}
        listening = [
            line.split()[9]
            for name in ("tcp", "tcp6")
            for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
        ]
        assert not own & {f"socket:[{inode}]" for inode in listening}


@pytest.mark.parametrize("content", [b"", b"not a model", b"GGUF" + bytes(1000)])
async def test_a_damaged_file_is_told(tmp_path: Path, content: bytes) -> None:
    need_model()
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    async with running(weights_path=path) as model:
        with pytest.raises(ModelFailed, match="damaged"):
            await answer(model, asked("what is the sum of temps"))


async def test_without_weights_there_is_no_model(tmp_path: Path) -> None:
    async with running(weights_path=tmp_path / "missing.gguf") as model:
        assert await model.list() == []
        with pytest.raises(BadRequest, match="local-model install"):
            await model.chat(NAME)
        with pytest.raises(BadRequest):
            await model.chat("another")
