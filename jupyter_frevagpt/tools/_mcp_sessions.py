"""Sessions with MCP servers inside the helper: each is opened, held and closed by a task of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from importlib.metadata import version
from typing import Any

import httpx2
import msgspec
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CONNECTION_CLOSED, INTERNAL_ERROR, REQUEST_TIMEOUT, Implementation

from ._mcp_results import described, readable

OPENING_SECONDS = 20.0
_LISTING_SECONDS = 20.0
_CONNECT_SECONDS = 10.0
_MARGIN = 15.0
_MOST_PAGES = 20
_LONGEST_EVENT = 32 * 1024 * 1024
_TERMINATED = "Session terminated"
_PASSED_ON = ("LANG", "LC_ALL", "LC_CTYPE", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR", "TZ")

# What is started here ends with this process, by kill -9 too; the setting survives the program's start.
_TETHER = "import ctypes,os,sys;ctypes.CDLL(None).prctl(1,9,0,0,0);os.execvp(sys.argv[1],sys.argv[1:])"

logging.disable(logging.CRITICAL)  # it logs addresses, and what servers say


class Failure(Exception):
    """What went wrong with a server: one of the kinds that :mod:`.mcp` has words for, and what the server said."""

    def __init__(self, kind: str, said: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.said = said


class _Session:
    """A connection to one server."""

    def __init__(self, way: dict[str, Any], seconds: float) -> None:
        self._way = way
        self._seconds = seconds
        self._ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._leave = asyncio.Event()
        self._task = asyncio.create_task(self._own(), name="mcp session")

    @property
    def over(self) -> bool:
        failed = self._ready.done() and self._ready.exception() is not None
        return failed or self._task.done() or self._leave.is_set()

    def leave(self) -> None:
        """Close it; its task sees to that."""
        self._leave.set()

    async def client(self) -> Client:
        """Return the client once it is connected; raises Failure."""
        try:
            async with asyncio.timeout(OPENING_SECONDS):
                return await asyncio.shield(self._ready)
        except TimeoutError:
            self._task.cancel()
            raise Failure("silent") from None

    async def during(self, work: asyncio.Task[Any]) -> Any:
        """Return what work with it brings; it ends with the session."""
        try:
            await asyncio.wait({work, self._task}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                # Its requests are failed by the session's end, in a moment.
                await asyncio.wait({work}, timeout=1)
            if not work.done():
                raise Failure("broken")
            return work.result()
        finally:
            if not work.done():
                work.cancel()
                with suppress(BaseException):
                    await work

    async def _own(self) -> None:
        try:
            async with AsyncExitStack() as stack:
                client = await stack.enter_async_context(Client(await self._transport(stack), client_info=_who()))
                self._ready.set_result(client)
                await self._leave.wait()
        except Exception as error:  # noqa: BLE001 - transports fail in ways of their own; whoever waits is told
            self._fail(failure_of(error))
        finally:
            self._fail(Failure("broken"))

    def _fail(self, failure: Failure) -> None:
        if not self._ready.done():
            self._ready.set_exception(failure)
            self._ready.exception()  # whoever waits gets it; nobody may

    async def _transport(self, stack: AsyncExitStack) -> Any:
        way = self._way
        if "url" not in way:
            return stdio_client(_program(way))
        # Neither elsewhere nor anywhere: a redirect would take headers and questions along.
        http = httpx2.AsyncClient(
            headers=way["headers"],
            follow_redirects=False,
            max_redirects=0,
            timeout=httpx2.Timeout(_CONNECT_SECONDS, read=self._seconds + _MARGIN),
        )
        await stack.enter_async_context(http)
        return streamable_http_client(way["url"], http_client=http, max_sse_event_size=_LONGEST_EVENT)


_sessions: dict[bytes, _Session] = {}


async def answer(request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
    """Answer one request; see :mod:`._mcp_worker`."""
    pieces: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
    work = asyncio.create_task(_worked(request, pieces.put_nowait), name="mcp request")
    work.add_done_callback(lambda _: pieces.put_nowait(None))
    try:
        while (piece := await pieces.get()) is not None:
            yield piece
    finally:
        if not work.done():
            work.cancel()
            with suppress(BaseException):
                await work


async def _worked(request: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
    try:
        say(await _tried(request, say))
    except Failure as failure:
        say({"failed": failure.kind, "said": failure.said})


async def _tried(request: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Ask, and once more where the server has forgotten the session: then it has done nothing."""
    for again in (True, False):
        session, fresh = _session(request)
        client = await session.client()
        do = _listed(client) if request["do"] == "list" else _called(client, request, say)
        try:
            answered: dict[str, Any] = await session.during(asyncio.create_task(do))
        except Failure:
            session.leave()
            raise
        except Exception as error:  # noqa: BLE001 - as above
            failure = failure_of(error)
            forgotten = isinstance(error, MCPError) and error.message == _TERMINATED
            if failure.kind in ("broken", "unreachable") or forgotten:
                session.leave()
            # A kept connection may have ended unnoticed. To list tools does nothing, so it may be done twice.
            if not again or not (forgotten or (request["do"] == "list" and not fresh)):
                raise failure from None
        else:
            return answered
    raise Failure("broken")


def _session(request: dict[str, Any]) -> tuple[_Session, bool]:
    key = msgspec.msgpack.encode(request["server"])
    session = _sessions.get(key)
    if session is not None and not session.over:
        return session, False
    _sessions[key] = session = _Session(request["server"], request["seconds"])
    return session, True


async def _listed(client: Client) -> dict[str, Any]:
    tools: list[dict[str, Any]] = []
    cursor: str | None = None
    async with asyncio.timeout(_LISTING_SECONDS):
        for _ in range(_MOST_PAGES):
            page = await client.list_tools(cursor=cursor, cache_mode="bypass")
            tools += [described(tool) for tool in page.tools]
            if (cursor := page.next_cursor) is None:
                break
    return {"tools": tools}


async def _called(client: Client, request: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    async def progress(progress: float, total: float | None, message: str | None) -> None:
        say({"progress": {"at": progress, "of": total, "text": message or ""}})

    result = await client.call_tool(
        request["tool"],
        request["arguments"],
        read_timeout_seconds=request["seconds"],
        progress_callback=progress,
    )
    return {"result": await asyncio.to_thread(readable, result)}


def failure_of(error: BaseException) -> Failure:
    """Return what an error of the library means."""
    for one in _leaves(error):
        match one:
            case Failure():
                return one
            case MCPError() if one.code == REQUEST_TIMEOUT:
                return Failure("silent")
            case MCPError() if one.code == CONNECTION_CLOSED:
                return Failure("broken")
            case MCPError() if one.code == INTERNAL_ERROR and one.message == "Server returned an error response":
                return Failure("refused")
            case MCPError() if "not followed" in one.message:
                return Failure("moved")
            case MCPError():
                return Failure("said", one.message[:2000])
            case httpx2.TimeoutException() | TimeoutError():
                return Failure("silent")
            case httpx2.TransportError() | ConnectionError():
                return Failure("unreachable")
            case OSError():
                return Failure("program")
            case _:
                continue
    return Failure("nonsense")


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _who() -> Implementation:
    return Implementation(name="jupyter-frevagpt", version=version("jupyter-frevagpt"))


def _program(way: dict[str, Any]) -> StdioServerParameters:
    """Return how to start a server; it gets a few variables that hold no secret, and those that the site names."""
    command = shutil.which(way["command"])
    if command is None:
        raise Failure("program")
    env = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | way["env"]
    if sys.platform != "linux":
        return StdioServerParameters(command=command, args=way["args"], env=env)
    return StdioServerParameters(
        command=sys.executable, args=["-I", "-S", "-c", _TETHER, command, *way["args"]], env=env
    )
