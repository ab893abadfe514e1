"""Which store an owner's threads are in: that of the owner's realm, else the site's own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from ..domain.owner import Owner
from ..domain.protocols import ThreadStore
from ..domain.secret import Secret
from ..domain.values import Search, ThreadPage, ThreadRef, ThreadSummary
from ..domain.variants import StreamVariant, User
from .names import checked, checked_owner


class _Opened(msgspec.Struct, frozen=True):
    uri: Secret[str]
    store: ThreadStore


class RealmThreadStore:
    """A ThreadStore of several: people of one name in two realms never meet.

    What begins something asks where the realm's database is, and fails where nobody can tell. What goes on with a
    turn stays with the database in which it began.
    """

    def __init__(
        self,
        site: ThreadStore,
        address_of: Callable[[str], Awaitable[Secret[str] | None]],
        opened: Callable[[str], ThreadStore],
    ) -> None:
        """``address_of`` tells a realm's database, None where it has none; ``opened`` gives the store at an address."""
        self._site = site
        self._address_of = address_of
        self._open = opened
        self._stores: dict[str, _Opened] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def read(self, ref: ThreadRef) -> list[StreamVariant]:
        """Return a thread's items in order."""
        return await (await self._of(ref)).read(ref)

    async def append(self, ref: ThreadRef, items: Sequence[StreamVariant]) -> None:
        """Add items."""
        await (await self._begun(ref)).append(ref, items)

    async def reserve(self, ref: ThreadRef, question: User, topic: str) -> ThreadSummary:
        """Begin a turn."""
        return await (await self._of(ref)).reserve(ref, question, topic)

    async def summary(self, ref: ThreadRef) -> ThreadSummary | None:
        """Return the caller's thread, None when nobody owns it."""
        return await (await self._of(ref)).summary(ref)

    async def list(self, owner: str, *, limit: int, page: int) -> ThreadPage:
        """Return a page of an owner's threads, newest first."""
        return await (await self._at(checked_owner(owner))).list(owner, limit=limit, page=page)

    async def search(self, owner: str, search: Search, *, limit: int, page: int) -> ThreadPage:
        """Return a page of those in which something is found."""
        return await (await self._at(checked_owner(owner))).search(owner, search, limit=limit, page=page)

    async def rename(self, ref: ThreadRef, topic: str, *, instead_of: str | None = None) -> bool:
        """Set a thread's topic, unless it is no longer ``instead_of``."""
        return await (await self._of(ref)).rename(ref, topic, instead_of=instead_of)

    async def delete(self, ref: ThreadRef) -> None:
        """Remove a thread."""
        await (await self._of(ref)).delete(ref)

    async def fork(self, ref: ThreadRef, new_id: str, items: Sequence[StreamVariant], index: int) -> ThreadSummary:
        """Make a new thread of these items."""
        return await (await self._of(ref)).fork(ref, new_id, items, index)

    async def rate(self, ref: ThreadRef, index: int, feedback: str) -> None:
        """Give the Nth of a thread's Assistant and Code items a feedback."""
        await (await self._of(ref)).rate(ref, index, feedback)

    async def lease(self, ref: ThreadRef, holder: str, seconds: float) -> bool:
        """Take or renew a thread for one process."""
        return await (await self._begun(ref)).lease(ref, _in_realm(ref, holder), seconds)

    async def release(self, ref: ThreadRef, holder: str) -> None:
        """Give it back."""
        await (await self._begun(ref)).release(ref, _in_realm(ref, holder))

    async def leased(self, ref: ThreadRef, holder: str) -> bool:
        """Whether another process holds the thread now."""
        return await (await self._of(ref)).leased(ref, _in_realm(ref, holder))

    async def aclose(self) -> None:
        """Let go of all."""
        opened = [known.store for known in self._stores.values()]
        self._stores.clear()
        await asyncio.gather(*self._closing, *(store.aclose() for store in [*opened, self._site]))

    async def _of(self, ref: ThreadRef) -> ThreadStore:
        return await self._at(checked(ref).owner)

    async def _begun(self, ref: ThreadRef) -> ThreadStore:
        known = self._stores.get(Owner.of(checked(ref).owner).realm)
        return known.store if known is not None else await self._of(ref)

    async def _at(self, owner: str) -> ThreadStore:
        realm = Owner.of(owner).realm
        uri = await self._address_of(realm) if realm else None
        if uri is None:
            return self._site
        known = self._stores.get(realm)
        if known is None or known.uri != uri:
            if known is not None:
                closing = asyncio.create_task(known.store.aclose(), name="frevagpt store")
                self._closing.add(closing)
                closing.add_done_callback(self._closing.discard)
            known = self._stores[realm] = _Opened(uri, self._open(uri.reveal()))
        return known.store


def _in_realm(ref: ThreadRef, holder: str) -> str:
    """Return the holder's name in a realm: two realms on one database have the same threads, and turns of their own."""
    realm = Owner.of(ref.owner).realm
    return f"{holder}/{realm}" if realm else holder
