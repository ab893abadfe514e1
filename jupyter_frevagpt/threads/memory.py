"""Threads that are to leave nothing behind: kept in memory, the oldest forgotten."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from ..domain.errors import FeedbackNotFound, ThreadNotFound
from ..domain.values import Search, ThreadPage, ThreadRef, ThreadSummary
from ..domain.variants import StreamVariant, User
from .found import found_in, rated
from .meta import now
from .names import checked

_Thread = tuple[ThreadSummary, list[StreamVariant]]


class MemoryThreadStore:
    """A ThreadStore for the life of the process, of at most ``most`` threads."""

    def __init__(self, most: int = 200) -> None:
        self._most = most
        self._threads: OrderedDict[str, _Thread] = OrderedDict()

    async def read(self, ref: ThreadRef) -> list[StreamVariant]:
        """Return a thread's items in order."""
        return list(self._of(ref)[1])

    async def append(self, ref: ThreadRef, items: Sequence[StreamVariant]) -> None:
        """Add items."""
        self._of(ref)[1].extend(items)

    async def reserve(self, ref: ThreadRef, question: User, topic: str) -> ThreadSummary:
        """Begin a turn."""
        known = await self.summary(ref)
        date = now()
        summary = (
            msgspec.structs.replace(known, date=date) if known else ThreadSummary(ref.owner, ref.thread_id, date, topic)
        )
        items = self._threads.pop(ref.thread_id, (summary, []))[1]
        return self._put(summary, [*items, question])

    async def summary(self, ref: ThreadRef) -> ThreadSummary | None:
        """Return the caller's thread, None when nobody owns it."""
        return self._of(ref)[0] if checked(ref).thread_id in self._threads else None

    async def list(self, owner: str, *, limit: int, page: int) -> ThreadPage:
        """Return a page of an owner's threads, newest first."""
        mine = [summary for summary, _ in reversed(self._threads.values()) if summary.user_id == owner]
        return mine[page * limit : (page + 1) * limit], len(mine)

    async def search(self, owner: str, search: Search, *, limit: int, page: int) -> ThreadPage:
        """Return a page of those in which something is found."""
        threads = [thread for thread in reversed(self._threads.values()) if thread[0].user_id == owner]
        found = [summary for summary, items in threads if found_in(search, summary.topic, items)]
        return found[page * limit : (page + 1) * limit], len(found)

    async def rename(self, ref: ThreadRef, topic: str, *, instead_of: str | None = None) -> bool:
        """Set a thread's topic, unless it is no longer ``instead_of``."""
        summary, items = self._of(ref)
        if instead_of is not None and summary.topic != instead_of:
            return False
        self._threads[ref.thread_id] = (msgspec.structs.replace(summary, topic=topic), items)
        return True

    async def delete(self, ref: ThreadRef) -> None:
        """Remove a thread."""
        self._of(ref)
        del self._threads[ref.thread_id]

    async def fork(self, ref: ThreadRef, new_id: str, items: Sequence[StreamVariant], index: int) -> ThreadSummary:
        """Make a new thread of these items."""
        topic = self._of(ref)[0].topic
        if checked(ThreadRef(ref.owner, new_id)).thread_id in self._threads:
            raise ThreadNotFound
        return self._put(ThreadSummary(ref.owner, new_id, now(), topic), items)

    async def rate(self, ref: ThreadRef, index: int, feedback: str) -> None:
        """Give the Nth of a thread's Assistant and Code items a feedback."""
        items = self._of(ref)[1]
        places = rated(items)
        if not 0 <= index < len(places):
            raise FeedbackNotFound
        items[places[index]] = msgspec.structs.replace(items[places[index]], feedback=feedback)

    async def lease(self, ref: ThreadRef, holder: str, seconds: float) -> bool:
        """Nobody else can have it."""
        self._of(ref)
        return True

    async def release(self, ref: ThreadRef, holder: str) -> None:
        """Nothing was taken."""

    async def leased(self, ref: ThreadRef, holder: str) -> bool:
        """Nobody else can have it."""
        return False

    async def aclose(self) -> None:
        """There is nothing to let go of."""

    def _put(self, summary: ThreadSummary, items: Sequence[StreamVariant]) -> ThreadSummary:
        self._threads[summary.thread_id] = (summary, [*items])
        while len(self._threads) > self._most:
            self._threads.popitem(last=False)
        return summary

    def _of(self, ref: ThreadRef) -> _Thread:
        thread = self._threads.get(checked(ref).thread_id)
        if thread is None or thread[0].user_id != ref.owner:
            raise ThreadNotFound
        return thread
