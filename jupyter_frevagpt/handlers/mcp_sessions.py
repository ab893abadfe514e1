"""Sessions of other agents: each belongs to one owner, has a chat of its own, and ends when it is not used."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Coroutine
from typing import Any

from ..conversation.threads import new_thread_id
from ..domain.values import ThreadRef

RequestId = str | int


class Session:
    """One agent's."""

    def __init__(self, owner: str, agent: str, version: str) -> None:
        self.id = secrets.token_urlsafe(32)
        self.owner = owner
        self.agent = agent
        self.version = version
        self.ref = ThreadRef(owner, new_thread_id())
        self.lane = asyncio.Lock()
        self.used = time.monotonic()
        self.calls: dict[RequestId, asyncio.Task[Any]] = {}

    def begin(self, request_id: RequestId, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin a call, which goes on when its connection is lost; ValueError for an id that is under way."""
        if request_id in self.calls:
            work.close()
            raise ValueError(request_id)
        task = self.calls[request_id] = asyncio.create_task(work, name="mcp call")
        task.add_done_callback(lambda _: self._ended(request_id))
        return task

    def cancel(self, request_id: Any) -> None:
        """Stop a call; nothing where it is over."""
        if isinstance(request_id, str | int) and (task := self.calls.get(request_id)) is not None:
            task.cancel()

    async def close(self) -> None:
        """Stop all its calls."""
        tasks = list(self.calls.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, request_id: RequestId) -> None:
        self.calls.pop(request_id, None)
        self.used = time.monotonic()


class Sessions:
    """All of this server; somebody else's is none."""

    def __init__(self, most: int, idle_seconds: float) -> None:
        """``most`` is how many one owner may have."""
        self._most = most
        self._idle_seconds = idle_seconds
        self._open: dict[str, Session] = {}

    def open(self, owner: str, agent: str, version: str) -> Session | None:
        """Open one, None where the owner has too many."""
        self._sweep()
        if sum(session.owner == owner for session in self._open.values()) >= self._most:
            return None
        session = Session(owner, agent, version)
        self._open[session.id] = session
        return session

    def find(self, owner: str, session_id: str) -> Session | None:
        """Return the owner's session of that id."""
        self._sweep()
        session = self._open.get(session_id)
        if session is None or session.owner != owner:
            return None
        session.used = time.monotonic()
        return session

    async def end(self, session: Session) -> None:
        """Close one: what it runs is stopped."""
        self._open.pop(session.id, None)
        await session.close()

    async def aclose(self) -> None:
        """Close all."""
        for session in list(self._open.values()):
            await self.end(session)

    def _sweep(self) -> None:
        since = time.monotonic() - self._idle_seconds
        for session in list(self._open.values()):
            if session.used < since and not session.calls:
                del self._open[session.id]
