"""A store with a second one behind it: plain files that hold a copy of what the first one, a database, keeps."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from weakref import WeakValueDictionary

import msgspec

from ..domain.errors import ThreadNotFound
from ..domain.protocols import ThreadStore
from ..domain.values import Search, ThreadPage, ThreadRef, ThreadSummary
from ..domain.variants import StreamVariant, User
from .jsonl import FileThreadStore
from .names import checked

_log = logging.getLogger("jupyter_frevagpt.threads")

_MOST_WAITING = 1000
_LAST_SECONDS = 5.0

_Write = Callable[[], Awaitable[object]]


class _Waiting(msgspec.Struct, frozen=True):
    ref: ThreadRef
    write: _Write


class MirroredThreadStore:
    """A ThreadStore that reads from and writes to ``first``, and writes to ``mirror`` behind everybody's back.

    Trouble with the mirror is logged and nobody's concern. A thread of which it missed something, or which is older
    than the mirror, is copied whole at its next write.
    """

    def __init__(self, first: ThreadStore, mirror: FileThreadStore) -> None:
        self._first = first
        self._mirror = mirror
        self._waiting: deque[_Waiting] = deque()
        self._behind: set[ThreadRef] = set()
        self._locks: WeakValueDictionary[ThreadRef, asyncio.Lock] = WeakValueDictionary()
        self._task: asyncio.Task[None] | None = None

    async def read(self, ref: ThreadRef) -> list[StreamVariant]:
        """Return a thread's items in order."""
        return await self._first.read(ref)

    async def append(self, ref: ThreadRef, items: Sequence[StreamVariant]) -> None:
        """Add items."""
        items = list(items)
        async with self._in_order(ref):
            await self._first.append(ref, items)
            self._then(ref, partial(self._mirror.append, ref, items))

    async def reserve(self, ref: ThreadRef, question: User, topic: str) -> ThreadSummary:
        """Begin a turn."""
        async with self._in_order(ref):
            summary = await self._first.reserve(ref, question, topic)
            self._then(ref, partial(self._continue, ref, question))
        return summary

    async def summary(self, ref: ThreadRef) -> ThreadSummary | None:
        """Return the caller's thread, None when nobody owns it."""
        return await self._first.summary(ref)

    async def list(self, owner: str, *, limit: int, page: int) -> ThreadPage:
        """Return a page of an owner's threads, newest first."""
        return await self._first.list(owner, limit=limit, page=page)

    async def search(self, owner: str, search: Search, *, limit: int, page: int) -> ThreadPage:
        """Return a page of those in which something is found."""
        return await self._first.search(owner, search, limit=limit, page=page)

    async def rename(self, ref: ThreadRef, topic: str, *, instead_of: str | None = None) -> bool:
        """Set a thread's topic, unless it is no longer ``instead_of``."""
        async with self._in_order(ref):
            done = await self._first.rename(ref, topic, instead_of=instead_of)
            if done:
                self._then(ref, partial(self._mirror.rename, ref, topic))
        return done

    async def delete(self, ref: ThreadRef) -> None:
        """Remove a thread."""
        async with self._in_order(ref):
            await self._first.delete(ref)
            self._then(ref, partial(self._gone, ref))

    async def fork(self, ref: ThreadRef, new_id: str, items: Sequence[StreamVariant], index: int) -> ThreadSummary:
        """Make a new thread of these items."""
        items, new = list(items), ThreadRef(ref.owner, new_id)
        async with self._in_order(new):
            summary = await self._first.fork(ref, new_id, items, index)
            self._then(new, partial(self._mirror.put, summary, items))
        return summary

    async def rate(self, ref: ThreadRef, index: int, feedback: str) -> None:
        """Give the Nth of a thread's Assistant and Code items a feedback."""
        async with self._in_order(ref):
            await self._first.rate(ref, index, feedback)
            self._then(ref, partial(self._mirror.rate, ref, index, feedback))

    async def lease(self, ref: ThreadRef, holder: str, seconds: float) -> bool:
        """Take or renew a thread for one process."""
        return await self._first.lease(ref, holder, seconds)

    async def release(self, ref: ThreadRef, holder: str) -> None:
        """Give it back."""
        await self._first.release(ref, holder)

    async def leased(self, ref: ThreadRef, holder: str) -> bool:
        """Whether another process holds the thread now."""
        return await self._first.leased(ref, holder)

    async def settled(self) -> None:
        """Wait until the mirror has all that it will get."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def aclose(self) -> None:
        """Give the mirror some seconds for what it has not got yet, and let go."""
        try:
            async with asyncio.timeout(_LAST_SECONDS):
                await self.settled()
        except TimeoutError:
            _log.warning("the copies of %d changes of threads are not written", len(self._waiting))
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._mirror.aclose()
        await self._first.aclose()

    # ---- behind everybody's back

    def _in_order(self, ref: ThreadRef) -> asyncio.Lock:
        """Return what keeps a thread's writes and its copying apart: a copy holds what was written before, no more."""
        return self._locks.setdefault(checked(ref), asyncio.Lock())

    def _then(self, ref: ThreadRef, write: _Write) -> None:
        self._waiting.append(_Waiting(ref, write))
        if len(self._waiting) > _MOST_WAITING:
            last = {waiting.ref: waiting for waiting in self._waiting}  # a copy of each thread is less to remember
            self._behind.update(last)
            self._waiting = deque(last.values())
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write(), name="frevagpt mirror")

    async def _write(self) -> None:
        while self._waiting:
            waiting = self._waiting.popleft()
            try:
                await self._one(waiting)
            except Exception as error:  # noqa: BLE001 - whatever it is, the thread itself is safe in the first store
                self._behind.add(waiting.ref)
                _log.warning("thread %s: its copy could not be written: %s", waiting.ref.thread_id, error)

    async def _one(self, waiting: _Waiting) -> None:
        if waiting.ref not in self._behind:
            try:
                await waiting.write()
            except ThreadNotFound:
                pass
            else:
                return
        await self._copy(waiting.ref)

    async def _copy(self, ref: ThreadRef) -> None:
        async with self._in_order(ref):
            try:
                summary, items = await self._first.summary(ref), await self._first.read(ref)
            except ThreadNotFound:
                summary, items = None, []
            self._waiting = deque(waiting for waiting in self._waiting if waiting.ref != ref)
        if summary is None:
            await self._gone(ref)
        else:
            await self._mirror.put(summary, items)
        self._behind.discard(ref)

    async def _continue(self, ref: ThreadRef, question: User) -> None:
        if await self._mirror.summary(ref) is None:
            raise ThreadNotFound
        await self._mirror.reserve(ref, question, "")

    async def _gone(self, ref: ThreadRef) -> None:
        try:
            await self._mirror.delete(ref)
        except ThreadNotFound:
            return
