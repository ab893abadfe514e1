"""The routes of threads: a new id, one thread, the list."""

from __future__ import annotations

from typing import Any

import msgspec

from ..conversation.conversations import new_thread_id
from ..domain.errors import ThreadNotFound
from ..domain.values import ThreadSummary
from .base import ChatbotHandler, serves
from .requests import GetThread, Listing
from .wire import Reader


@serves(action="write")
class NewThread(ChatbotHandler):
    """``newthread``: an id, usable at once."""

    async def respond(self) -> None:
        """Answer, by GET or POST."""
        self.answer(new_thread_id())


@serves(action="read")
class GetThreadHandler(ChatbotHandler):
    """``getthread``: the items of a thread."""

    async def respond(self) -> None:
        """Answer, by GET or POST."""
        request = self.parameters(GetThread)
        ref = self.ref(request.thread_id)
        if not await self.desk.conversations.known(ref):
            raise ThreadNotFound
        items = await self.desk.conversations.history(ref, finished=request.finished)
        self.answer(self.reader(request).items(items))


@serves(action="read")
class GetUserThreads(ChatbotHandler):
    """``getuserthreads``: a page of the caller's threads."""

    async def respond(self) -> None:
        """Answer, by GET or POST."""
        request = self.parameters(Listing)
        full = self.from_strict_agent if request.full is None else request.full
        threads, total = await self.desk.conversations.list(self.owner, limit=request.num_threads, page=request.page)
        self.answer([[await self._entry(summary, full=full) for summary in threads], total])

    async def _entry(self, summary: ThreadSummary, *, full: bool) -> dict[str, Any]:
        ref = self.ref(summary.thread_id)
        reader = Reader(strict=self.from_strict_agent)
        content = reader.items(await self.desk.conversations.history(ref)) if full else []
        running = self.desk.conversations.running(ref)
        return {**msgspec.to_builtins(summary), "content": content, "running": running}
