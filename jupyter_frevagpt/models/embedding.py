"""Models of the catalogue that make vectors: over the OpenAI protocol's ``/embeddings``, else through LiteLLM's SDK."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ..domain.errors import ModelFailed, WorkerFailed
from ..workers.host import Worker
from .chunks import without_surrogates
from .connections import Connections, whole
from .failures import Refusal, message_in
from .openai_protocol import Endpoint, encoded
from .sdk import refused
from .secret import Secret

SECONDS = 60.0
_MOST_BYTES = 64 * 1024 * 1024
_TRIES = 3
_LONGEST_WAIT = 20.0


class _Vector(msgspec.Struct):
    embedding: list[float]
    index: int = 0


class _Vectors(msgspec.Struct):
    data: list[_Vector]


class OpenAIEmbedder:
    """Implements ``Embedder`` for a service that speaks the OpenAI protocol."""

    def __init__(self, name: str, host: str, connections: Connections, find: Callable[[], Endpoint]) -> None:
        self.name = name
        self.host = host
        self._connections = connections
        self._find = find

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector for each text; raises ModelFailed. A service that is busy is waited for, twice."""
        endpoint = self._find()
        for left in reversed(range(_TRIES)):
            try:
                return await self._attempt(endpoint, texts)
            except Refusal as refusal:
                seconds = refusal.wait()
                if not left or seconds is None or seconds > _LONGEST_WAIT:
                    secrets = (endpoint.key.reveal(), endpoint.base, urlsplit(endpoint.base).hostname or "")
                    raise refusal.explained(secrets, keyless=not endpoint.key) from None
                await asyncio.sleep(seconds)
        raise AssertionError

    async def _attempt(self, endpoint: Endpoint, texts: Sequence[str]) -> list[list[float]]:
        response = await self._connections.open(
            endpoint.base + "/embeddings",
            key=endpoint.key.reveal(),
            body=encoded({"model": endpoint.model, "input": list(texts), "encoding_format": "float"}),
            headers=endpoint.headers.reveal(),
            read_seconds=min(endpoint.read_seconds, SECONDS),
        )
        try:
            body = await whole(response, _MOST_BYTES)
        finally:
            await response.aclose()
        if response.status_code != 200:
            raise Refusal(response.status_code, message_in(body), response.headers.get("Retry-After", ""))
        try:
            vectors = sorted(msgspec.json.decode(body, type=_Vectors).data, key=lambda one: one.index)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Refusal(case="nonsense") from None
        return _checked([one.embedding for one in vectors], texts)


class SDKEmbedder:
    """Implements ``Embedder`` for any other provider."""

    def __init__(self, name: str, host: str, worker: Worker, find: Callable[[], Secret[dict[str, Any]]]) -> None:
        self.name = name
        self.host = host
        self._worker = worker
        self._find = find

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector for each text; raises ModelFailed."""
        params = {**self._find().reveal(), "timeout": SECONDS}
        try:
            told = await self._worker.ask({"input": without_surrogates(list(texts)), "params": params})
        except WorkerFailed as error:
            raise ModelFailed(str(error)) from error
        try:
            if failed := (told or {}).get("failed"):
                raise refused(failed, SECONDS)
            return _checked((told or {}).get("vectors") or [], texts)
        except Refusal as refusal:
            raise refusal.explained(tuple(str(value) for value in params.values())) from None


def _checked(vectors: list[list[float]], texts: Sequence[str]) -> list[list[float]]:
    if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) > 1 or not all(vectors):
        raise Refusal(case="nonsense")
    return vectors
