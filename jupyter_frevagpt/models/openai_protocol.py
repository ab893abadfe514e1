"""The direct path: a service that speaks the OpenAI chat protocol is asked without any library in between."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from ..domain.protocols import Message
from ..domain.values import ModelChunk, ToolSpec
from .chunks import ChunkReader, without_surrogates
from .connections import Connections, refusal_of, whole
from .failures import Refusal, message_in
from .patience import patiently
from .secret import Secret
from .sse import EventStream, EventTooLong

if TYPE_CHECKING:
    import httpx

DRAIN_SECONDS = 0.25
"""How long the end of the response is waited for behind the end of the answer, to keep the connection."""


class Endpoint(msgspec.Struct, frozen=True):
    """Where and how a model is asked.

    ``base`` is the address that ``/chat/completions`` is added to, ``options`` further fields of the request,
    ``headers`` further headers (they may hold a key), ``read_seconds`` how long the service may be silent.
    """

    base: str
    model: str
    key: Secret[str]
    options: Mapping[str, Any] = {}
    headers: Secret[dict[str, str]] = Secret({})
    read_seconds: float = 300.0


class OpenAIChat:
    """A model behind the OpenAI chat protocol.

    ``find`` returns the endpoint when a question is asked, so that a key is read no earlier; it may raise ModelFailed.
    ``more`` are further fields of each request.
    """

    def __init__(
        self, connections: Connections, find: Callable[[], Endpoint], more: Mapping[str, Any] | None = None
    ) -> None:
        self._connections = connections
        self._find = find
        self._more = more or {}

    async def stream(self, messages: list[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[ModelChunk, None]:
        """Yield one piece for each event that holds something; see :class:`~..domain.protocols.ChatModel`."""
        endpoint = self._find()
        body = request_body(endpoint.model, messages, tools, {**endpoint.options, **self._more})
        try:
            async with aclosing(patiently(lambda: self._attempt(endpoint, body))) as pieces:
                async for piece in pieces:
                    yield piece
        except Refusal as refusal:
            secrets = (endpoint.key.reveal(), endpoint.base, urlsplit(endpoint.base).hostname or "")
            raise refusal.explained(secrets, keyless=not endpoint.key) from None

    async def _attempt(self, endpoint: Endpoint, body: dict[str, Any]) -> AsyncGenerator[ModelChunk, None]:
        response = await self._accepted(endpoint, body)
        try:
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if kind == "text/html":
                raise Refusal(case="nonsense")
            if kind == "application/json":
                yield _in_one_piece(await whole(response))
                return
            async with aclosing(_pieces(response, endpoint.read_seconds)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            await response.aclose()

    async def _accepted(self, endpoint: Endpoint, body: dict[str, Any]) -> httpx.Response:
        """Return the response of a service that accepted the request; raises Refusal when it does not."""
        response = await self._post(endpoint, body)
        if response.status_code == 200:
            return response
        text = await self._told(response)
        if response.status_code in (400, 422) and (b"stream_options" in text or b"include_usage" in text):
            response = await self._post(endpoint, {k: v for k, v in body.items() if k != "stream_options"})
            if response.status_code == 200:
                return response
            text = await self._told(response)
        raise Refusal(response.status_code, message_in(text), response.headers.get("Retry-After", ""))

    async def _post(self, endpoint: Endpoint, body: dict[str, Any]) -> httpx.Response:
        return await self._connections.open(
            endpoint.base + "/chat/completions",
            key=endpoint.key.reveal(),
            body=encoded(body),
            headers={
                "Accept": "text/event-stream",
                "Accept-Encoding": "identity",  # a compressed stream comes in bursts
                **endpoint.headers.reveal(),
            },
            read_seconds=endpoint.read_seconds,
        )

    @staticmethod
    async def _told(response: httpx.Response) -> bytes:
        try:
            return await whole(response, 65536)
        finally:
            await response.aclose()


async def _pieces(response: httpx.Response, read_seconds: float) -> AsyncGenerator[ModelChunk, None]:
    """Yield the pieces of a response in server-sent events; raises Refusal when it is cut or is something else."""
    import httpx

    reader, events = ChunkReader(), EventStream()
    some = False
    received = response.aiter_bytes() if "Content-Encoding" in response.headers else response.aiter_raw()
    try:
        async with aclosing(received):  # type: ignore[type-var]  # an async generator, declared as an iterator
            async for data in received:
                for event in events.feed(data):
                    some = True
                    if event == b"[DONE]":
                        await _drain(received)
                        return
                    piece = reader.read(event)
                    if piece.text or piece.calls or piece.usage or piece.notice or piece.citations:
                        yield piece
        for event in events.end():
            if event == b"[DONE]":
                return
            yield reader.read(event)
    except EventTooLong:
        raise Refusal(case="nonsense") from None
    except httpx.RequestError as error:
        # Behind the answer's end it does not matter how the connection ended.
        if not reader.finished:
            raise refusal_of(error, read_seconds) from None
    if not reader.finished:
        # Text without an event in it is some other page; nothing at all is a service that died.
        raise Refusal(case="nonsense" if response.num_bytes_downloaded and not some else "cut")


async def _drain(received: Any) -> None:
    """Read up to the end of the response, so that the connection can serve the next question."""
    import httpx

    with contextlib.suppress(TimeoutError, httpx.RequestError):
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in received:
                pass


def _in_one_piece(body: bytes) -> ModelChunk:
    """Return the answer of a service that does not stream."""
    reader = ChunkReader()
    piece = reader.read(body)
    if not (piece.text or piece.calls or reader.finished):
        raise Refusal(case="nonsense")
    return piece


def request_body(
    model: str, messages: list[Message], tools: Sequence[ToolSpec], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the request as the OpenAI chat protocol writes it."""
    body: dict[str, Any] = {
        "model": model,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        **options,
    }
    if tools:
        body["tools"] = [tool_json(tool) for tool in tools]
    return body


def tool_json(tool: ToolSpec) -> dict[str, Any]:
    """Return a tool as the OpenAI chat protocol writes it."""
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def encoded(body: dict[str, Any]) -> bytes:
    """Return a request as JSON; half surrogate pairs, which are not UTF-8, are replaced."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        return msgspec.json.encode(without_surrogates(body))


def base_of(address: str) -> str:
    """Return the address that ``/chat/completions`` is added to; raises Refusal for what is no web address.

    ``https://x`` means ``https://x/v1``; an address with a path counts as it is.
    """
    address = address.strip().rstrip("/").removesuffix("/chat/completions").rstrip("/")
    try:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise Refusal(case="address")
    except ValueError:
        raise Refusal(case="address") from None
    return address if parts.path else address + "/v1"
