"""The direct path against the scripted service, over real sockets."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import subprocess
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from jupyter_frevagpt.domain.errors import ModelFailed
from jupyter_frevagpt.domain.values import ModelChunk, ToolSpec, Usage
from jupyter_frevagpt.models.connections import Connections
from jupyter_frevagpt.models.failures import TEXTS, Refusal
from jupyter_frevagpt.models.openai_protocol import Endpoint, OpenAIChat, base_of
from jupyter_frevagpt.models.secret import Secret
from tests.scripted import Scripted

Start = Callable[..., Scripted]

KEY = "sk-canary-4711"
QUESTION = [{"role": "user", "content": "What?"}]
TOOL = ToolSpec("code_interpreter", "Runs Python.", {"type": "object", "required": ["code"]})


def endpoint(base: str, **changes: Any) -> Endpoint:
    return Endpoint(**{"base": base, "model": "m", "key": Secret(KEY), "read_seconds": 5.0, **changes})


@asynccontextmanager
async def asked(where: Endpoint) -> AsyncGenerator[OpenAIChat, None]:
    connections = Connections()
    try:
        yield OpenAIChat(connections, lambda: where)
    finally:
        await connections.aclose()


async def answer(
    where: Endpoint | str, messages: Sequence[Any] = QUESTION, tools: Sequence[ToolSpec] = ()
) -> list[ModelChunk]:
    async with asked(endpoint(where) if isinstance(where, str) else where) as chat:
        async with aclosing(chat.stream(list(messages), tools)) as pieces:
            return [piece async for piece in pieces]


async def failure(where: Endpoint | str) -> str:
    with pytest.raises(ModelFailed) as caught:
        await answer(where)
    text = str(caught.value)
    assert KEY not in text
    assert "127.0.0.1" not in text
    assert caught.value.__cause__ is None
    return text


def text_of(pieces: list[ModelChunk]) -> str:
    return "".join(piece.text for piece in pieces)


async def test_streams_text_and_usage(scripted: Start) -> None:
    service = scripted(
        [
            {
                "reply": [
                    {"text": "Grüße 🌍 and more", "chunk": 2},
                    {"usage": {"prompt_tokens": 7, "completion_tokens": 3}},
                ]
            }
        ]
    )
    pieces = await answer(service.base)
    assert text_of(pieces) == "Grüße 🌍 and more"
    assert len([piece for piece in pieces if piece.text]) == 8
    assert [piece.usage for piece in pieces if piece.usage] == [Usage(7, 3)]
    (request,) = service.requests()
    assert request["headers"]["authorization"] == f"Bearer {KEY}"
    assert request["body"] == {
        "model": "m",
        "messages": QUESTION,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert request["ended"]


async def test_pieces_come_as_they_are_written(scripted: Start) -> None:
    service = scripted([{"reply": [{"text": "abcd", "chunk": 1, "delay": 0.1}]}])
    times = []
    async with asked(endpoint(service.base)) as chat, aclosing(chat.stream(QUESTION, ())) as pieces:
        async for _ in pieces:
            times.append(time.monotonic())
    assert 0.25 < times[-1] - times[0] < 1


async def test_tools_options_and_headers_are_sent(scripted: Start) -> None:
    service = scripted([{"reply": [{"text": "a"}]}])
    where = endpoint(service.base, options={"temperature": 0.1}, headers=Secret({"X-Extra": "yes"}))
    await answer(where, tools=[TOOL])
    (request,) = service.requests()
    assert request["body"]["temperature"] == 0.1
    assert request["headers"]["x-extra"] == "yes"
    assert request["body"]["tools"] == [
        {
            "type": "function",
            "function": {"name": TOOL.name, "description": TOOL.description, "parameters": TOOL.parameters},
        }
    ]


async def test_nothing_of_a_request_is_logged(scripted: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    service = scripted([{"reply": [{"text": "an answer"}]}])
    await answer(service.base)
    for secret in (KEY, "127.0.0.1", "What?", "an answer"):
        assert secret not in caplog.text


async def test_interleaved_calls(scripted: Start) -> None:
    call = {"name": "f", "arguments": {"code": "print('ü')"}, "fragments": 4, "id": None}
    service = scripted([{"reply": [{"calls": [call, {**call, "name": "g", "id": "b"}]}]}])
    folded: dict[int, list[str]] = {}
    for piece in await answer(service.base):
        for delta in piece.calls:
            old = folded.setdefault(delta.index, ["", "", ""])
            folded[delta.index] = [old[0] + delta.id, old[1] + delta.name, old[2] + delta.arguments]
    arguments = '{"code":"print(\'ü\')"}'
    assert folded == {0: ["", "f", arguments], 1: ["b", "g", arguments]}


async def test_half_surrogates_in_the_history_are_replaced(scripted: Start) -> None:
    service = scripted([{"reply": [{"text": "a"}]}])
    await answer(service.base, [{"role": "user", "content": "x\ud83d"}])
    assert service.requests()[0]["body"]["messages"][0]["content"] == "x\ufffd"


async def test_closing_ends_the_request_at_once(scripted: Start) -> None:
    service = scripted([{"reply": [{"text": "ab", "chunk": 1}, {"stall": 30}]}])
    async with asked(endpoint(service.base)) as chat:
        async with aclosing(chat.stream(QUESTION, ())) as pieces:
            async for _ in pieces:
                break
        await _left(service)


async def test_cancelling_ends_a_silent_request_at_once(scripted: Start) -> None:
    service = scripted([{"reply": [{"stall": 30}]}])
    asking = asyncio.ensure_future(answer(service.base))
    while not service.requests():
        await asyncio.sleep(0.02)
    asking.cancel()
    start = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert time.monotonic() - start < 0.5
    await _left(service)


async def _left(service: Scripted) -> None:
    end = time.monotonic() + 1
    while not service.requests()[0]["left"]:
        assert time.monotonic() < end, "the connection is still open"
        await asyncio.sleep(0.02)


async def test_connection_is_kept(scripted: Start) -> None:
    service = scripted([{"reply": [{"text": "a"}]}])
    async with asked(endpoint(service.base)) as chat:
        for _ in range(3):
            async with aclosing(chat.stream(QUESTION, ())) as pieces:
                assert [piece.text async for piece in pieces] == ["a"]
        client = await chat._connections.client()
        assert len(client._transport._pool.connections) == 1  # type: ignore[attr-defined]


async def test_service_that_was_restarted_is_asked_again_silently(scripted: Start) -> None:
    first = scripted([{"reply": [{"text": "first"}]}])
    async with asked(endpoint(first.base)) as chat:
        async with aclosing(chat.stream(QUESTION, ())) as pieces:
            assert text_of([piece async for piece in pieces]) == "first"
        first.kill()
        scripted([{"reply": [{"text": "second"}]}], port=int(first.url.rsplit(":", 1)[1]))
        async with aclosing(chat.stream(QUESTION, ())) as pieces:
            assert text_of([piece async for piece in pieces]) == "second"


async def test_connection_closed_before_the_answer_is_tried_once_more(scripted: Start) -> None:
    service = scripted([{"once": True, "reply": [{"status": 200, "body": "x"}]}, {"reply": [{"text": "a"}]}])
    service.set_script([{"once": True, "reply": [{"cut": True}]}, {"reply": [{"text": "a"}]}])
    assert text_of(await answer(service.base)) == "a"
    service.set_script([{"reply": [{"cut": True}]}])
    assert await failure(service.base) == TEXTS["cut"]
    assert len(service.requests()) == 2


async def test_without_usage_where_the_service_does_not_know_it(scripted: Start) -> None:
    refusal = {"status": 400, "body": {"error": {"message": "Unknown field: stream_options"}}}
    service = scripted([{"once": True, "reply": [refusal]}, {"reply": [{"text": "a"}]}])
    assert text_of(await answer(service.base)) == "a"
    first, second = service.requests()
    assert "stream_options" in first["body"]
    assert "stream_options" not in second["body"]
    service.set_script([{"reply": [refusal]}])
    assert "stream_options" in await failure(service.base)
    assert len(service.requests()) == 2


@pytest.mark.parametrize(
    ("status", "body", "case"),
    [
        (401, {"error": {"message": "Incorrect API key provided: sk-ca****4711"}}, "key"),
        (403, None, "forbidden"),
        (404, {"error": {"message": "The model `m` does not exist"}}, "model"),
        (400, {"error": {"message": "maximum context length is 8192 tokens"}}, "context"),
        (400, {"error": {"message": "No connected db."}}, "key"),
        (413, "<html>too large</html>", "large"),
        (429, {"error": {"code": "insufficient_quota", "message": "You exceeded your current quota"}}, "quota"),
        (429, None, "busy"),
        (307, "", "moved"),
    ],
)
async def test_statuses(scripted: Start, status: int, body: Any, case: str) -> None:
    service = scripted([{"reply": [{"status": status, "body": body, "headers": {"Location": "http://127.0.0.1:9/"}}]}])
    assert await failure(service.base) == TEXTS[case]
    assert len(service.requests()) == 1


@pytest.mark.parametrize("status", [400, 422, 500, 502, 503])
async def test_the_services_own_words_are_cleaned(scripted: Start, status: int) -> None:
    message = f"upstream http://127.0.0.1:1234/v1 with {KEY} in /etc/keys/secret.yaml failed badly"
    service = scripted([{"reply": [{"status": status, "body": {"error": {"message": message}}}]}])
    text = await failure(service.base)
    assert "failed badly" in text
    assert "/etc" not in text


async def test_unmatched_request_is_loud(scripted: Start) -> None:
    service = scripted([{"when": {"user": "something else"}, "reply": []}])
    assert "No rule of the script matches" in await failure(service.base)
    assert service.requests()[0]["matched"] is None


async def test_busy_service_is_waited_for_and_told(scripted: Start) -> None:
    busy = {"status": 429, "headers": {"Retry-After": "0.3"}}
    service = scripted([{"once": True, "reply": [busy]}, {"once": True, "reply": [busy]}, {"reply": [{"text": "a"}]}])
    start = time.monotonic()
    pieces = await answer(service.base)
    assert time.monotonic() - start > 0.6
    assert [bool(piece.notice) for piece in pieces] == [True, True, False]
    assert "1 s of patience" in pieces[0].notice
    assert text_of(pieces) == "a"

    service.set_script([{"reply": [busy]}])
    assert "too many requests" in await failure(service.base)
    assert len(service.requests()) == 3

    service.set_script([{"reply": [{"status": 429, "headers": {"Retry-After": "3600"}}]}])
    assert "asks to wait 3600 s" in await failure(service.base)
    assert len(service.requests()) == 1


async def test_nothing_is_tried_again_behind_the_first_piece(scripted: Start) -> None:
    error = 'data: {"error":{"message":"slow down","code":429}}\n\n'
    service = scripted([{"reply": [{"text": "half"}, {"raw": error}]}])
    pieces: list[ModelChunk] = []
    async with asked(endpoint(service.base)) as chat:
        with pytest.raises(ModelFailed, match="too many requests"):  # noqa: PT012
            async for piece in chat.stream(QUESTION, ()):
                pieces.append(piece)
    assert text_of(pieces) == "half"
    assert len(service.requests()) == 1


async def test_broken_off(scripted: Start) -> None:
    for reply in (
        [{"text": "half"}, {"cut": True}],
        [{"text": "half"}, {"raw": ""}],
        [{"raw": ""}],
        [{"raw": ": hi\n\n"}],
    ):
        service = scripted([{"reply": reply}])
        assert await failure(service.base) in (TEXTS["cut"], TEXTS["nonsense"])


async def test_end_without_done_or_without_reason_is_no_failure(scripted: Start) -> None:
    chunk = 'data: {"choices":[{"delta":{"content":"a"},"finish_reason":%s}]}\n\n'
    for raw in (chunk % '"stop"', chunk % "null" + "data: [DONE]\n\n", chunk % "null" + "data: [DONE]"):
        service = scripted([{"reply": [{"raw": raw}]}])
        assert text_of(await answer(service.base)) == "a"


async def test_error_inside_the_stream(scripted: Start) -> None:
    service = scripted([{"reply": [{"raw": 'data: {"error":{"message":"overloaded at http://127.0.0.1:1/"}}\n\n'}]}])
    text = await failure(service.base)
    assert text.startswith(TEXTS["reported"])
    assert "overloaded" in text


async def test_silence(scripted: Start) -> None:
    service = scripted([{"reply": [{"text": "a"}, {"stall": 5}]}])
    start = time.monotonic()
    assert await failure(endpoint(service.base, read_seconds=0.3)) == TEXTS["silent"].format(seconds=1)
    assert time.monotonic() - start < 2


async def test_nonsense(scripted: Start) -> None:
    for reply in (
        [{"status": 200, "body": "<html>Welcome</html>"}],
        [{"status": 200, "body": {"hello": "world"}}],
        [{"raw": "Welcome to nginx\n\n"}],
        [{"raw": "data: <html>\n\n"}],
        [{"raw": "data: [1]\n\n"}],
    ):
        service = scripted([{"reply": reply}])
        assert await failure(service.base) == TEXTS["nonsense"]
        service.close()


async def test_service_that_does_not_stream(scripted: Start) -> None:
    body = {"choices": [{"message": {"role": "assistant", "content": "whole"}, "finish_reason": "stop"}]}
    service = scripted([{"reply": [{"status": 200, "body": body}]}])
    assert text_of(await answer(service.base)) == "whole"


async def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert await failure(f"http://127.0.0.1:{port}/v1") == TEXTS["down"]
    assert await failure(f"http://localhost:{port}/v1") == TEXTS["down"]


async def test_name_that_is_not_known() -> None:
    assert await failure("http://nowhere.invalid/v1") == TEXTS["name"]


async def test_certificate_that_is_not_trusted(tmp_path: Path) -> None:
    import ssl

    certificate = tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split()
    subprocess.run([*command, "-keyout", certificate, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await failure(f"https://localhost:{port}/v1") == TEXTS["tls"]


async def test_key_that_no_header_can_carry(scripted: Start) -> None:
    service = scripted([{"reply": [{"text": "a"}]}])
    for key in ("schlüssel", "two\nlines"):
        with pytest.raises(ModelFailed, match="key"):
            await answer(endpoint(service.base, key=Secret(key)))
    assert service.requests() == []


async def test_proxy_of_the_network_is_passed_by_for_this_machine(
    scripted: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    service = scripted([{"reply": [{"text": "a"}]}])
    assert text_of(await answer(service.base)) == "a"
    assert await failure("http://models.invalid/v1") in (TEXTS["proxy"], TEXTS["down"])


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("https://x", "https://x/v1"),
        ("https://x/", "https://x/v1"),
        ("https://x/v1", "https://x/v1"),
        ("https://x/v1/", "https://x/v1"),
        (" https://x:4000/openai/v1/chat/completions ", "https://x:4000/openai/v1"),
        ("http://x/api", "http://x/api"),
    ],
)
def test_addresses(address: str, base: str) -> None:
    assert base_of(address) == base


@pytest.mark.parametrize("address", ["x", "ftp://x", "http://", "file:///etc/passwd", "http://x:port", ""])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(Refusal):
        base_of(address)


def test_nothing_secret_is_shown() -> None:
    where = endpoint("http://x/v1", headers=Secret({"Authorization": KEY}))
    assert KEY not in repr(where)
    assert KEY not in f"{where.key} {where.key!r} {where.headers}"
    assert json.dumps(KEY) not in repr(Endpoint)
