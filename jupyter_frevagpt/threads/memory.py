"""Threads that are to leave nothing behind: kept in memory, the oldest forgotten."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from ..domain.errors import ThreadNotFound
from ..domain.values import ThreadPage, ThreadRef, ThreadSummary
from ..domain.variants import StreamVariant, User


def now() -> str:
    """Return the moment as it stands on the wire: ISO 8601, UTC, milliseconds, ``Z``."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


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
        self._threads[ref.thread_id] = (summary, [*items, question])
        while len(self._threads) > self._most:
            self._threads.popitem(last=False)
        return summary

    async def summary(self, ref: ThreadRef) -> ThreadSummary | None:
        """Return the caller's thread, None when nobody owns it."""
        return self._of(ref)[0] if ref.thread_id in self._threads else None

    async def list(self, owner: str, *, limit: int, page: int) -> ThreadPage:
        """Return a page of an owner's threads, newest first."""
        mine = [summary for summary, _ in reversed(self._threads.values()) if summary.user_id == owner]
        return mine[page * limit : (page + 1) * limit], len(mine)

    def _of(self, ref: ThreadRef) -> _Thread:
        thread = self._threads.get(ref.thread_id)
        if thread is None or thread[0].user_id != ref.owner:
            raise ThreadNotFound
        return thread
