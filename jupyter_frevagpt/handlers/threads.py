"""The routes of threads: a new id, one thread, lists, and what a user does to them."""

from __future__ import annotations

from contextlib import suppress

from ..conversation.threads import new_thread_id
from ..domain.errors import BadRequest, ThreadNotFound
from ..domain.owner import Owner
from ..domain.values import Search, ThreadPage, ThreadSummary
from ..domain.variants import StreamVariant
from . import definitions
from .answers import Detail, Forked, Imported, ThreadEntry, Threads
from .base import ChatbotHandler, serves
from .requests import (
    EditThread,
    Feedback,
    GetThread,
    ImportThread,
    Listing,
    Nothing,
    OneThread,
    Rename,
    SearchThreads,
)
from .wire import Reader

_ListHandler = ChatbotHandler[Listing] | ChatbotHandler[SearchThreads]
_PREFIXES = ("user", "ai", "code", "output")

# A thread's images can make it megabytes large.
_MOST_CONTENTS = 20


@serves(definitions.NEWTHREAD)
class NewThreadHandler(ChatbotHandler[Nothing]):
    """``newthread``: an id, usable at once."""

    async def respond(self, given: Nothing) -> None:
        """Answer, by GET or POST."""
        self.answer(new_thread_id())


@serves(definitions.GETTHREAD)
class GetThreadHandler(ChatbotHandler[GetThread]):
    """``getthread``: the items of a thread."""

    async def respond(self, given: GetThread) -> None:
        """Answer, by GET or POST."""
        ref = await self.known(given.thread_id)
        items = await self.desk.conversations.history(ref, finished=given.finished)
        self.answer(self.reader(given).items(items))


@serves(definitions.GETUSERTHREADS)
class GetUserThreadsHandler(ChatbotHandler[Listing]):
    """``getuserthreads``: a page of the caller's threads."""

    async def respond(self, given: Listing) -> None:
        """Answer, by GET or POST."""
        page = await self.desk.conversations.list(self.owner, limit=given.num_threads, page=given.page)
        self.answer(await entries(self, page, full=given.full))


@serves(definitions.SEARCHTHREADS)
class SearchThreadsHandler(ChatbotHandler[SearchThreads]):
    """``searchthreads``: a page of the caller's threads in which something is found."""

    async def respond(self, given: SearchThreads) -> None:
        """Answer, by GET or POST."""
        wanted = search_of(given.query)
        page = await self.desk.conversations.search(self.owner, wanted, limit=given.num_threads, page=given.page)
        self.answer(await entries(self, page, full=given.full))


@serves(definitions.SETTHREADTOPIC)
class SetThreadTopicHandler(ChatbotHandler[Rename]):
    """``setthreadtopic``: a topic of the user's own, which later turns leave alone."""

    async def respond(self, given: Rename) -> None:
        """Answer, by GET or POST."""
        await self.desk.conversations.rename(self.ref(given.thread_id), given.topic)
        self.answer(Detail("Topic set."))


@serves(definitions.DELETETHREAD)
class DeleteThreadHandler(ChatbotHandler[OneThread]):
    """``deletethread``: a thread and all that belongs to it."""

    async def respond(self, given: OneThread) -> None:
        """Answer, by GET or POST."""
        await self.desk.conversations.delete(self.ref(given.thread_id))
        self.answer(Detail("Thread deleted."))


@serves(definitions.EDITTHREAD)
class EditThreadHandler(ChatbotHandler[EditThread]):
    """``editthread``: a new thread of what stands before a question."""

    async def respond(self, given: EditThread) -> None:
        """Answer, by GET or POST."""
        new_id, items = await self.desk.conversations.fork(self.ref(given.source_thread_id), given.user_index)
        self.answer(Forked(new_id, self.reader(given).items(items)))


@serves(definitions.IMPORTTHREAD)
class ImportThreadHandler(ChatbotHandler[ImportThread]):
    """``importthread``: a chat from a file, as a thread of the caller's."""

    async def respond(self, given: ImportThread) -> None:
        """Answer, by POST."""
        raw = {"topic": given.topic, "content": given.content}
        summary = await self.desk.conversations.adopt(self.owner, raw)
        self.answer(Imported(summary.thread_id, summary.topic))


@serves(definitions.USERFEEDBACK)
class UserFeedbackHandler(ChatbotHandler[Feedback]):
    """``userfeedback``: what the user thinks of an item."""

    async def respond(self, given: Feedback) -> None:
        """Answer, by GET or POST."""
        await self.desk.conversations.rate(self.ref(given.thread_id), given.feedback_index, given.feedback)
        self.answer(Detail("Feedback removed." if given.feedback == "remove" else "Feedback saved."))


def search_of(query: str) -> Search:
    """Return what a query asks for: text of the topics, or behind a prefix of that content."""
    prefix, colon, rest = query.partition(":")
    for where in _PREFIXES:
        if colon and prefix.strip() == where:
            if not rest.strip():
                raise BadRequest(f"Say behind `{where}:` what to look for.")
            return Search(rest.strip(), where)  # type: ignore[arg-type]
    if not query.strip():
        raise BadRequest("The query is blank: say what to look for.")
    return Search(query.strip())


async def entries(handler: _ListHandler, page: ThreadPage, *, full: bool | None) -> Threads:
    """Return a page of threads as it is sent, with contents where they are wanted or the client cannot do without."""
    summaries, total = page
    wanted = handler.from_strict_agent if full is None else full
    listed = [await _entry(handler, one, full=wanted and at < _MOST_CONTENTS) for at, one in enumerate(summaries)]
    return listed, total


async def _entry(handler: _ListHandler, summary: ThreadSummary, *, full: bool) -> ThreadEntry:
    ref = handler.ref(summary.thread_id)
    reader = Reader(strict=handler.from_strict_agent)
    content: list[StreamVariant] = []
    if full:
        with suppress(ThreadNotFound):  # deleted since the page was made
            content = reader.items(await handler.desk.conversations.history(ref))
    running = handler.desk.conversations.running(ref)
    return ThreadEntry(Owner.of(summary.user_id).name, summary.thread_id, summary.date, summary.topic, content, running)
