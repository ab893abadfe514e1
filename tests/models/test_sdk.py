"""Providers of their own protocols, through LiteLLM's SDK in its helper process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from jupyter_frevagpt.domain.errors import ModelFailed
from jupyter_frevagpt.domain.values import ModelChunk, ToolSpec
from jupyter_frevagpt.models.failures import TEXTS
from jupyter_frevagpt.models.sdk import ENVIRONMENT, MODULE, SDKChat
from jupyter_frevagpt.models.secret import Secret
from jupyter_frevagpt.workers.host import Worker
from tests.scripted import Scripted

Start = Callable[..., Scripted]

KEY = "sk-ant-canary-4711"
QUESTION = [{"role": "user", "content": "What?"}]
TOOL = ToolSpec("code_interpreter", "Runs Python.", {"type": "object", "properties": {"code": {"type": "string"}}})


@asynccontextmanager
async def helper() -> AsyncGenerator[Worker, None]:
    worker = Worker(MODULE, environment={**ENVIRONMENT, "ANTHROPIC_API_KEY": None})
    try:
        yield worker
    finally:
        await worker.close()


def chat(worker: Worker, service: Scripted | str, **params: Any) -> SDKChat:
    base = service if isinstance(service, str) else service.url
    found = {"model": "anthropic/claude-3-5-haiku-20241022", "api_key": KEY, "api_base": base, **params}
    return SDKChat(worker, lambda: Secret(found))


async def answer(model: SDKChat, tools: tuple[ToolSpec, ...] = ()) -> list[ModelChunk]:
    async with aclosing(model.stream(list(QUESTION), tools)) as pieces:
        return [piece async for piece in pieces]


async def failure(model: SDKChat) -> str:
    with pytest.raises(ModelFailed) as caught:
        await answer(model)
    text = str(caught.value)
    assert KEY not in text
    assert "127.0.0.1" not in text
    assert "litellm" not in text.lower()
    assert "Traceback" not in text
    return text


async def test_streams_text_calls_and_usage(scripted: Start) -> None:
    call = {"name": "code_interpreter", "arguments": {"code": "print('ü')"}, "fragments": 3}
    usage = {"usage": {"prompt_tokens": 11, "completion_tokens": 5}}
    service = scripted([{"reply": [{"text": "Grüße to you", "chunk": "word"}, {"call": call}, {"call": call}, usage]}])
    async with helper() as worker:
        pieces = await answer(chat(worker, service, temperature=0.5), (TOOL,))
    assert "".join(piece.text for piece in pieces) == "Grüße to you"
    assert len([piece for piece in pieces if piece.text]) == 3
    folded: dict[int, list[str]] = {}
    for piece in pieces:
        for delta in piece.calls:
            old = folded.setdefault(delta.index, ["", "", ""])
            folded[delta.index] = [old[0] + delta.id, old[1] + delta.name, old[2] + delta.arguments]
    assert [call[1:] for call in folded.values()] == [["code_interpreter", '{"code":"print(\'ü\')"}']] * 2
    assert len({call[0] for call in folded.values()}) == 2
    counted = [piece.usage for piece in pieces if piece.usage][-1]
    assert (counted.prompt_tokens, counted.completion_tokens) == (11, 5)
    (request,) = service.requests()
    assert request["path"] == "/v1/messages"
    assert request["headers"]["x-api-key"] == KEY
    assert request["body"]["temperature"] == 0.5
    assert request["body"]["tools"][0]["name"] == "code_interpreter"
    assert "litellm" not in sys.modules


async def test_pieces_come_as_they_are_written_and_keys_stay_in_frames(scripted: Start) -> None:
    service = scripted([{"reply": [{"text": "abcd", "chunk": 1, "delay": 0.2}]}])
    async with helper() as worker:
        times = []
        async with aclosing(chat(worker, service).stream(QUESTION, ())) as pieces:
            async for piece in pieces:
                if piece.text:
                    times.append(time.monotonic())
        assert times[-1] - times[0] > 0.4
        for kind in ("cmdline", "environ"):
            assert KEY.encode() not in Path(f"/proc/{worker.pid}/{kind}").read_bytes()


async def test_leaving_closes_the_request(scripted: Start) -> None:
    service = scripted([{"reply": [{"text": "ab", "chunk": 1}, {"stall": 30}]}])
    async with helper() as worker:
        async with aclosing(chat(worker, service).stream(QUESTION, ())) as pieces:
            async for _ in pieces:
                break
        end = time.monotonic() + 2
        while not service.requests()[0]["left"]:
            assert time.monotonic() < end
            await asyncio.sleep(0.02)


async def test_failures_are_those_of_the_direct_path(scripted: Start) -> None:
    def refused(status: int, kind: str, message: str) -> list[dict[str, Any]]:
        body = {"type": "error", "error": {"type": kind, "message": message}}
        return [{"reply": [{"status": status, "body": body}]}]

    service = scripted([])
    async with helper() as worker:
        model = chat(worker, service)
        for status, kind, message, case in (
            (401, "authentication_error", "invalid x-api-key", "key"),
            (403, "permission_error", "not yours", "forbidden"),
            (404, "not_found_error", "model: claude-nowhere", "model"),
            (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", "context"),
            (400, "invalid_request_error", "Your credit balance is too low", "quota"),
            (413, "request_too_large", "Request exceeds the maximum size", "large"),
            (429, "rate_limit_error", "slow down", "busy"),
        ):
            service.set_script(refused(status, kind, message))
            assert await failure(model) == TEXTS[case], (status, message)
            assert len(service.requests()) == 1
        service.set_script(refused(400, "invalid_request_error", f"tools.0: bad at http://127.0.0.1:1/ with {KEY}"))
        assert "tools.0: bad" in await failure(model)
        service.set_script(refused(500, "api_error", "Internal server error"))
        assert "(500)" in await failure(model)
        service.set_script([{"reply": [{"text": "half"}, {"cut": True}]}])
        assert await failure(model) == TEXTS["cut"]
        assert await failure(chat(worker, "http://127.0.0.1:9")) == TEXTS["down"]
        assert await failure(chat(worker, service, model="nowhere/model")) == TEXTS["provider"]
        service.set_script([{"reply": [{"stall": 5}]}])
        assert await failure(chat(worker, service, timeout=0.5)) == TEXTS["silent"].format(seconds=1)


AUDIT = """
import os, sys

def told(event, arguments):
    host = {"socket.getaddrinfo": lambda: arguments[0], "socket.connect": lambda: arguments[1][0]}.get(event)
    if host:
        with open(os.environ["CONNECTED"], "a") as file:
            file.write(f"{host()}\\n")

sys.addaudithook(told)
"""


async def test_helper_asks_nobody_but_the_service_and_reads_no_file_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: Start
) -> None:
    service = scripted([{"reply": [{"text": "a"}]}])
    (tmp_path / "sitecustomize.py").write_text(AUDIT)
    (tmp_path / ".env").write_text("ANTHROPIC_API_KEY=from-a-file\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]]))
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)

    async def asked(environment: dict[str, str], **params: Any) -> set[str]:
        log = tmp_path / "connected"
        log.unlink(missing_ok=True)
        worker = Worker(MODULE, environment={**environment, "CONNECTED": str(log)})
        try:
            await answer(chat(worker, service, **params))
        finally:
            await worker.close()
        return set(log.read_text().split())

    assert await asked(ENVIRONMENT) == {"127.0.0.1"}
    control = {name: value for name, value in ENVIRONMENT.items() if not name.startswith("LITELLM_LOCAL")}
    assert await asked(control) > {"127.0.0.1"}
    with pytest.raises(ModelFailed, match="key"):
        await asked(ENVIRONMENT, api_key=None)
    assert {request["headers"]["x-api-key"] for request in service.requests()} == {KEY}


class SilentWorker(Worker):
    """A helper that hangs."""

    closed = False

    async def stream(self, request: Any) -> AsyncGenerator[Any, None]:
        try:
            await asyncio.sleep(60)
            yield {}
        finally:
            self.closed = True


async def test_helper_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_frevagpt.models.sdk.MARGIN", 0.2)
    worker = SilentWorker(MODULE)
    assert await failure(chat(worker, "http://127.0.0.1:9", timeout=0.1)) == TEXTS["silent"].format(seconds=1)
    assert worker.closed


async def test_busy_provider_is_waited_for(scripted: Start) -> None:
    busy = {"status": 429, "headers": {"retry-after": "1"}}
    service = scripted([{"once": True, "reply": [busy]}, {"reply": [{"text": "a"}]}])
    async with helper() as worker:
        pieces = await answer(chat(worker, service))
    assert "1 s of patience" in pieces[0].notice
    assert "".join(piece.text for piece in pieces) == "a"


async def test_killed_helper_is_one_failed_answer(scripted: Start) -> None:
    service = scripted([{"once": True, "reply": [{"text": "half"}, {"stall": 30}]}, {"reply": [{"text": "whole"}]}])
    async with helper() as worker:
        with pytest.raises(ModelFailed, match="helper process ended"):  # noqa: PT012
            async with aclosing(chat(worker, service).stream(QUESTION, ())) as pieces:
                async for _ in pieces:
                    assert worker.pid
                    os.kill(worker.pid, signal.SIGKILL)
        pieces_again = await answer(chat(worker, service))
        assert "".join(piece.text for piece in pieces_again) == "whole"
