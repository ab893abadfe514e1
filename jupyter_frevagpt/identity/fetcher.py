"""Asks the site's own services: the Freva REST service and the vault."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import msgspec

from ..domain.secret import Secret

if TYPE_CHECKING:
    import httpx

MAX_BODY = 1024 * 1024
_SECONDS = 10.0


class Unreachable(Exception):
    """No answer came in time."""


class Answer(msgspec.Struct, frozen=True):
    """A status, and the JSON object that came with it; None if it was none."""

    status: int
    content: dict[str, Any] | None

    @property
    def is_success(self) -> bool:
        """True for 2xx."""
        return 200 <= self.status < 300

    @property
    def is_redirect(self) -> bool:
        """True for 3xx; they are not followed, since they would carry the token elsewhere."""
        return 300 <= self.status < 400


class Fetcher:
    """One kept ``httpx.AsyncClient``; proxy and CA variables of the environment count, redirects do not."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._client: httpx.AsyncClient | None = None
        self._making = asyncio.Lock()

    async def get(self, address: str, token: Secret[str] | None = None) -> Answer:
        """Return what the address answers, within 10 seconds in all and 1 MB; raises Unreachable."""
        client = await self._made()
        import httpx

        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if token:
            headers["Authorization"] = f"Bearer {token.reveal()}"
        try:
            async with asyncio.timeout(self._seconds):
                for again in (True, False):
                    try:
                        return await _ask(client, address, headers)
                    except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                        if not again:  # a kept connection may turn out to be dead, a fresh one not
                            raise
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL):
            raise Unreachable from None
        raise AssertionError

    async def aclose(self) -> None:
        """Close every connection; the client is made anew when asked again."""
        client, self._client = self._client, None
        if client:
            await client.aclose()

    async def _made(self) -> httpx.AsyncClient:
        """Return the client; the first call imports httpx and reads the certificates in a thread."""
        if self._client is None:
            async with self._making:
                if self._client is None:
                    self._client = await asyncio.to_thread(_new_client)
        return self._client


async def _ask(client: httpx.AsyncClient, address: str, headers: dict[str, str]) -> Answer:
    async with client.stream("GET", address, headers=headers) as response:
        body = bytearray()
        async for piece in response.aiter_raw():  # unpacked it could be any size
            body += piece
            if len(body) > MAX_BODY:
                return Answer(response.status_code, None)
        try:
            content = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            content = None
        return Answer(response.status_code, content if isinstance(content, dict) else None)


def _new_client() -> httpx.AsyncClient:
    # Both are imported by httpx at its first connection otherwise, and then on the event loop.
    import anyio._backends._asyncio
    import httpcore._backends.anyio
    import httpx

    _ = (anyio, httpcore)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)  # they log addresses
    nothing: Any = None
    return httpx.AsyncClient(
        trust_env=True,
        follow_redirects=False,
        timeout=_SECONDS,
        limits=httpx.Limits(max_connections=20, max_keepalive_connections=20, keepalive_expiry=60),
        # This machine's own services are never behind the network's proxy.
        mounts={f"all://{host}": nothing for host in ("localhost", "127.0.0.1", "[::1]")},
    )
