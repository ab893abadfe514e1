"""The threads of a server: those that are kept and those that leave nothing behind, behind one door."""

from __future__ import annotations

import itertools
import os
import secrets
import socket
import string
from collections.abc import Sequence
from contextlib import suppress

from ..domain.errors import BadRequest, FrevaGPTError, ThreadNotFound
from ..domain.protocols import ThreadStore
from ..domain.values import Search, ThreadPage, ThreadRef, ThreadSummary
from ..domain.variants import StreamVariant, User

_ID_ALPHABET = string.ascii_letters + string.digits
_LONGEST_TOPIC = 200
_PAGE = 100
Items = list[StreamVariant]
_FEEDBACK = {"up": "up", "down": "down", "remove": ""}


def new_thread_id() -> str:
    """Return an id that cannot be guessed: 32 letters and digits."""
    return "".join(secrets.choice(_ID_ALPHABET) for _ in range(32))


class Threads:
    """Finds a thread's store; ``holder`` is the name under which this process holds threads for its turns."""

    def __init__(self, kept: ThreadStore, volatile: ThreadStore) -> None:
        self.kept = kept
        self.volatile = volatile
        self.holder = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(8)}"

    async def find(self, ref: ThreadRef) -> ThreadStore | None:
        """Return the store of the caller's thread, None when nobody owns it; raises ThreadNotFound for another's."""
        for store in (self.volatile, self.kept):
            if await store.summary(ref) is not None:
                return store
        return None

    async def store(self, ref: ThreadRef) -> ThreadStore:
        """Return the store of the caller's thread; raises ThreadNotFound."""
        if (store := await self.find(ref)) is None:
            raise ThreadNotFound
        return store

    async def list(self, owner: str, *, limit: int, page: int) -> ThreadPage:
        """Return a page of an owner's threads, newest first, and how many there are."""
        return await self.kept.list(owner, limit=limit, page=page)

    async def all(self, owner: str) -> Sequence[ThreadRef]:
        """Return all threads of an owner's, those too that leave nothing behind."""
        refs: dict[ThreadRef, None] = {}
        for store in (self.volatile, self.kept):
            for page in itertools.count():
                summaries, _ = await store.list(owner, limit=_PAGE, page=page)
                refs |= {ThreadRef(owner, summary.thread_id): None for summary in summaries}
                if not summaries:
                    break
        return list(refs)

    async def search(self, owner: str, search: Search, *, limit: int, page: int) -> ThreadPage:
        """Return a page of those in which something is found."""
        return await self.kept.search(owner, search, limit=limit, page=page)

    async def rename(self, ref: ThreadRef, topic: str) -> None:
        """Set a thread's topic, white space folded; raises BadRequest for an empty or very long one."""
        folded = " ".join(topic.split())
        if not 0 < len(folded) <= _LONGEST_TOPIC:
            raise BadRequest(f"A topic has between 1 and {_LONGEST_TOPIC} characters.")
        await (await self.store(ref)).rename(ref, folded)

    async def rate(self, ref: ThreadRef, index: int, feedback: str) -> None:
        """Give the Nth of a thread's Assistant and Code items a feedback: up, down or remove."""
        if feedback not in _FEEDBACK:
            raise BadRequest(f"The feedback is one of {', '.join(_FEEDBACK)}.")
        await (await self.store(ref)).rate(ref, index, _FEEDBACK[feedback])

    async def adopt(self, summary: ThreadSummary, items: Sequence[StreamVariant]) -> ThreadSummary:
        """Keep a thread that came from elsewhere, all of it or nothing; its date is the present.

        Stores begin a thread with a question: what stands before the first one comes behind it.
        """
        ref = ThreadRef(summary.user_id, summary.thread_id)
        first = next(item for item in items if isinstance(item, User))
        kept = await self.kept.reserve(ref, first, summary.topic)
        try:
            await self.kept.append(ref, [item for item in items if item is not first])
        except BaseException:
            with suppress(FrevaGPTError):
                await self.kept.delete(ref)
            raise
        return kept

    async def fork(self, ref: ThreadRef, items: Sequence[StreamVariant], index: int) -> tuple[str, Items]:
        """Make a new thread of what stands before the question of that number, from 0; returns its id and items.

        Raises BadRequest where there is no such question. The source stays as it is.
        """
        questions = [at for at, item in enumerate(items) if isinstance(item, User)]
        if not 0 <= index < len(questions):
            raise BadRequest(f"This chat has {len(questions)} questions, counted from 0; there is no number {index}.")
        before = list(items[: questions[index]])
        new_id = new_thread_id()
        await (await self.store(ref)).fork(ref, new_id, before, index)
        return new_id, before
