"""The threads of a server: those that are kept and those that leave nothing behind, behind one door."""

from __future__ import annotations

import os
import secrets
import socket
import string
from collections.abc import Sequence

from ..domain.errors import BadRequest, ThreadNotFound
from ..domain.protocols import ThreadStore
from ..domain.values import Search, ThreadPage, ThreadRef
from ..domain.variants import StreamVariant, User

_ID_ALPHABET = string.ascii_letters + string.digits
_LONGEST_TOPIC = 200
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
