"""The one HTTP client of this process, kept because a new TLS client costs as much as half an answer."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .failures import Refusal

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 10.0
SEND_SECONDS = 60.0
MAX_BODY = 8 * 1024 * 1024
"""Bytes of an answer that is read whole."""


class Connections:
    """Makes an ``httpx.AsyncClient`` at first use and keeps it; proxy and CA variables of the environment count."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None
        self._making = asyncio.Lock()

    async def client(self) -> httpx.AsyncClient:
        """Return the client; the first call imports httpx and reads the certificates in a thread."""
        if self._client is None:
            async with self._making:
                if self._client is None:
                    self._client = await asyncio.to_thread(_new_client)
        return self._client

    async def open(
        self, url: str, *, key: str = "", body: bytes | None = None, headers: Mapping[str, str], read_seconds: float
    ) -> httpx.Response:
        """Send a request (POST with a JSON body, else GET) and return the response, its body unread.

        The caller closes it. Raises Refusal when there is no response. A kept connection that turns out to be dead is
        replaced once, silently.
        """
        client = await self.client()
        import httpx

        timeout = httpx.Timeout(read_seconds, connect=CONNECT_SECONDS, write=SEND_SECONDS)
        if not (key.isascii() and key.isprintable()):
            raise Refusal(case="key")  # no header can carry it
        sent = httpx.Headers({**({"Content-Type": "application/json"} if body else {}), **headers})
        if key:
            sent["Authorization"] = f"Bearer {key}"
        for again in (True, False):
            try:
                request = client.build_request(
                    "GET" if body is None else "POST", url, content=body, headers=sent, timeout=timeout
                )
                return await client.send(request, stream=True)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
                if not again:
                    raise refusal_of(error, read_seconds) from None
            except (httpx.RequestError, httpx.InvalidURL) as error:
                raise refusal_of(error, read_seconds) from None
        raise AssertionError

    async def aclose(self) -> None:
        """Close every connection; the client is made anew when asked again."""
        client, self._client = self._client, None
        if client:
            await client.aclose()


async def whole(response: httpx.Response, limit: int = MAX_BODY) -> bytes:
    """Return up to ``limit`` bytes of a response's body; what there is when it breaks off."""
    import httpx

    body = bytearray()
    try:
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) >= limit:
                break
    except httpx.RequestError:
        pass
    return bytes(body[:limit])


def refusal_of(error: Exception, read_seconds: float) -> Refusal:
    """Return what an exception of httpx means."""
    import httpx

    cases: tuple[tuple[type[Exception], str], ...] = (
        (httpx.ReadTimeout, "silent"),
        (httpx.TimeoutException, "down"),
        (httpx.ProxyError, "proxy"),
        (httpx.UnsupportedProtocol, "address"),
        (httpx.InvalidURL, "address"),
        (httpx.LocalProtocolError, "key"),
        (httpx.DecodingError, "nonsense"),
    )
    for kind, case in cases:
        if isinstance(error, kind):
            return Refusal(case=case, seconds=read_seconds)
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return Refusal(case="tls")
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return Refusal(case="name")
    refused = any(isinstance(cause, OSError) and cause.errno == errno.ECONNREFUSED for cause in causes)
    if refused or isinstance(error, httpx.ConnectError):
        return Refusal(case="down")
    return Refusal(case="cut")


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        cause = pending.pop()
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        pending += [cause.__cause__, cause.__context__]
        if isinstance(cause, BaseExceptionGroup):
            pending += cause.exceptions


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
        follow_redirects=False,  # a redirect would carry the key elsewhere
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=60),
        # This machine's own services are never behind the network's proxy.
        mounts={f"all://{host}": nothing for host in ("localhost", "127.0.0.1", "[::1]")},
    )
