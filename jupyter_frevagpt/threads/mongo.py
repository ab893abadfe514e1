"""Threads in MongoDB, in the collection that the other services of Freva read and write."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import msgspec
from pymongo.errors import DocumentTooLarge, DuplicateKeyError, WriteError

from ..domain.errors import FeedbackNotFound, StoreUnavailable, ThreadNotFound
from ..domain.legacy import revived, sound
from ..domain.values import Search, ThreadPage, ThreadRef, ThreadSummary
from ..domain.variants import StreamVariant, User
from .beside import Files
from .connection import CLIENTS, Connection, MongoClients, is_too_large
from .documents import FILE, SUMMARY, Document, listed, own_id, raw_items, summary_of, user_id
from .doubts import Batch, Doubts
from .found import rated
from .large import NARROW, Whole
from .listing import Listing
from .names import checked, checked_owner

_RECENT = "recent_batches"
_REMEMBERED = 64
_NOW = {"$toLong": "$$NOW"}  # milliseconds
_NO_ARRAY = 2

T = TypeVar("T")
Placed = list[tuple[int, StreamVariant]]
"""Items with their places in the stored list."""


class MongoThreadStore:
    """A ThreadStore of one document a thread.

    What it acknowledges stands in the journal of most of the database's machines. A write whose answer was lost can be
    told again and happens once: the document remembers the ids of the last batches that arrived.
    """

    def __init__(
        self,
        uri: str,
        *,
        database: str = "chatbot",
        collection: str = "threads",
        hosts: Collection[str] = (),
        own: bool = False,
        clients: MongoClients = CLIENTS,
    ) -> None:
        """``hosts`` are the only machines that the address may name, any if there are none.

        ``own`` tells that the site itself wrote the address: it may name files of this machine.
        """
        self._connection = Connection(uri, database, collection, hosts=hosts, own=own, clients=clients)
        self._files = Files(self._connection)
        self._listing = Listing(self._connection, self._files)
        self._doubts = Doubts()

    async def read(self, ref: ThreadRef) -> list[StreamVariant]:
        """Return a thread's items in order, large ones whole; what is no item is left out with a logged warning."""
        document = await self._mine(ref, {"content": 1})
        return [item for _, item in await self._items(ref, document)]

    async def append(self, ref: ThreadRef, items: Sequence[StreamVariant]) -> None:
        """Add items; the same ones given again after StoreUnavailable are not added twice."""
        arrived: list[Batch] = []
        for batch in self._doubts.batches(checked(ref), items):
            try:
                await self._written(ref, batch, partial(self._push, ref, batch))
            except StoreUnavailable:
                for before in arrived:  # whoever tries again gives all of them again
                    self._doubts.keep(ref, before)
                raise
            arrived.append(batch)

    async def reserve(self, ref: ThreadRef, question: User, topic: str) -> ThreadSummary:
        """Begin a turn."""
        batch = self._doubts.question(checked(ref), question)
        return await self._written(ref, batch, partial(self._begin, ref, batch, topic))

    async def summary(self, ref: ThreadRef) -> ThreadSummary | None:
        """Return the caller's thread, None when nobody owns it."""
        document = await self._find(ref, SUMMARY)
        return summary_of(document, ref.owner) if document is not None else None

    async def list(self, owner: str, *, limit: int, page: int) -> ThreadPage:
        """Return a page of an owner's threads, newest first."""
        return await self._listing.page(checked_owner(owner), limit, page)

    async def search(self, owner: str, search: Search, *, limit: int, page: int) -> ThreadPage:
        """Return a page of those in which something is found."""
        return await self._listing.found(checked_owner(owner), search, limit, page)

    async def rename(self, ref: ThreadRef, topic: str, *, instead_of: str | None = None) -> bool:
        """Set a thread's topic, unless it is no longer ``instead_of``."""
        guard: Document = {}
        if instead_of is not None:
            guard = {"topic": {"$eq": instead_of}} if instead_of else {"topic": {"$in": ["", None]}}
        with self._connection.talking():
            collection = await self._connection.collection()
            done = await collection.update_one({**_mine(ref), **guard}, {"$set": {"topic": sound(topic)}})
        if not done.matched_count:
            await self._mine(ref, SUMMARY)
        return bool(done.matched_count)

    async def delete(self, ref: ThreadRef) -> None:
        """Remove a thread and its files."""
        # The files first: what is cut short here is still in the list and can be deleted again. And once more, since
        # another process may write until the document is gone.
        await self._files.delete_of(checked(ref))
        with self._connection.talking():
            collection = await self._connection.collection()
            done = await collection.delete_many(_mine(ref))
        await self._files.delete_of(ref)
        if not done.deleted_count:
            raise ThreadNotFound

    async def fork(self, ref: ThreadRef, new_id: str, items: Sequence[StreamVariant], index: int) -> ThreadSummary:
        """Make a new thread of these items."""
        source, new = await self._mine(ref, {**SUMMARY, "root_thread_id": 1}), checked(ThreadRef(ref.owner, new_id))
        if await self._find(new, SUMMARY) is not None:
            raise ThreadNotFound
        root = source.get("root_thread_id")
        ancestry = {
            "root_thread_id": root if isinstance(root, str) else ref.thread_id,
            "parent_thread_id": ref.thread_id,
            "fork_from_index": index,
        }
        batch, topic = Batch(list(items)), summary_of(source, ref.owner).topic
        return await self._written(new, batch, partial(self._insert, new, batch, topic, datetime.now(UTC), ancestry))

    async def put(self, summary: ThreadSummary, items: Sequence[StreamVariant]) -> None:
        """Write a whole thread that is not there yet; raises ThreadNotFound where it is."""
        ref, batch = checked(ThreadRef(summary.user_id, summary.thread_id)), Batch(list(items))
        if await self._find(ref, SUMMARY) is not None:
            raise ThreadNotFound
        date = datetime.fromisoformat(summary.date)
        await self._written(ref, batch, partial(self._insert, ref, batch, summary.topic, date, {}))

    async def rate(self, ref: ThreadRef, index: int, feedback: str) -> None:
        """Give the Nth of a thread's Assistant and Code items a feedback."""
        raw = raw_items(await self._mine(ref, {"content": 1}))
        items = await asyncio.to_thread(revived, raw, ref.thread_id)
        places = rated([item for _, item in items])
        if not 0 <= index < len(places):
            raise FeedbackNotFound
        position, item = items[places[index]]
        key = f"content.{position}.feedback"
        same = {f"content.{position}.variant": type(item).__name__}
        with self._connection.talking():
            collection = await self._connection.collection()
            change = {"$set": {key: feedback}} if feedback else {"$unset": {key: ""}}
            done = await collection.update_one({**_mine(ref), **same}, change)
        if not done.matched_count:
            raise FeedbackNotFound

    async def lease(self, ref: ThreadRef, holder: str, seconds: float) -> bool:
        """Take or renew a thread for one process; by the database's clock, not by those of several machines."""
        free = [{"lease": None}, {"lease.holder": {"$eq": holder}}, {"$expr": {"$lte": ["$lease.until", _NOW]}}]
        until = {"$add": [_NOW, round(seconds * 1000)]}
        with self._connection.talking():
            collection = await self._connection.collection()
            change = [{"$set": {"lease": {"holder": {"$literal": holder}, "until": until}}}]
            done = await collection.update_one({**_mine(ref), "$or": free}, change)
        if not done.matched_count:
            await self._mine(ref, SUMMARY)
        return bool(done.matched_count)

    async def release(self, ref: ThreadRef, holder: str) -> None:
        """Give it back."""
        with self._connection.talking():
            collection = await self._connection.collection()
            await collection.update_one({**_mine(ref), "lease.holder": {"$eq": holder}}, {"$unset": {"lease": ""}})

    async def leased(self, ref: ThreadRef, holder: str) -> bool:
        """Whether another process holds the thread now."""
        others = {"lease.holder": {"$type": "string", "$ne": holder}, "$expr": {"$gt": ["$lease.until", _NOW]}}
        with self._connection.talking():
            collection = await self._connection.collection()
            return await collection.find_one({**_mine(ref), **others}, {"_id": 1}) is not None

    async def aclose(self) -> None:
        """Let go of what is under way."""
        await self._connection.aclose()

    # ---- finding

    async def _find(self, ref: ThreadRef, fields: Document) -> Document | None:
        """Return the caller's document, None when nobody has one; raises ThreadNotFound when somebody else does."""
        with self._connection.talking():
            collection = await self._connection.collection()
            document = await collection.find_one(_mine(ref), fields)
            # Another's and not just anyone's: one of the caller's own may have been made between the two questions.
            foreign = {"thread_id": {"$eq": ref.thread_id}, "user_id": {"$ne": user_id(ref.owner)}}
            if document is None and await collection.find_one(foreign, {"_id": 1}):
                raise ThreadNotFound
            return document

    async def _mine(self, ref: ThreadRef, fields: Document) -> Document:
        if (document := await self._find(ref, fields)) is None:
            raise ThreadNotFound
        return document

    async def _items(self, ref: ThreadRef, document: Document) -> Placed:
        raw = raw_items(document)
        items = await asyncio.to_thread(revived, raw, ref.thread_id)
        for at, (position, item) in enumerate(items):
            if (file_id := raw[position].get(FILE)) is not None:
                whole = await self._files.whole(ref, file_id, raw[position])
                if whole is not None and type(whole) is type(item):
                    if hasattr(item, "feedback"):
                        whole = msgspec.structs.replace(whole, feedback=item.feedback)
                    items[at] = (position, whole)
        return items

    # ---- writing

    async def _written(self, ref: ThreadRef, batch: Batch, write: Callable[[], Awaitable[T]]) -> T:
        """Write a batch, with smaller items where the document has no more room, and remember what is in doubt."""
        try:
            with self._connection.talking():
                done = await self._fitted(ref, batch, write)
        except StoreUnavailable:
            self._doubts.keep(ref, batch)
            raise
        except ThreadNotFound:
            self._doubts.settle(ref, batch)
            with suppress(StoreUnavailable):
                await self._files.delete(*(whole.id for whole in batch.files))
            raise
        self._doubts.settle(ref, batch)
        return done

    async def _fitted(self, ref: ThreadRef, batch: Batch, write: Callable[[], Awaitable[T]]) -> T:
        before: Sequence[Whole] = ()
        while True:
            if not batch.documents:
                await asyncio.to_thread(batch.fit)
            try:
                for whole in batch.files:
                    if whole.id not in batch.uploaded:
                        await self._files.upload(ref, whole)
                        batch.uploaded.add(whole.id)
                done = await write()
            except (DocumentTooLarge, WriteError) as error:
                if not is_too_large(error) or batch.room is NARROW:
                    raise
                before = batch.files
                batch.room, batch.documents = NARROW, []
            else:
                await self._files.delete(*(whole.id for whole in before))
                return done

    async def _push(self, ref: ThreadRef, batch: Batch) -> None:
        collection = await self._connection.collection()
        if not await self._pushed(ref, batch, {}) and not await collection.find_one(
            {**_mine(ref), _RECENT: batch.id}, {"_id": 1}
        ):
            raise ThreadNotFound

    async def _begin(self, ref: ThreadRef, batch: Batch, topic: str) -> ThreadSummary:
        for _ in range(3):  # others make and delete the thread meanwhile
            done = await self._pushed(ref, batch, {"$set": {"date": datetime.now(UTC)}})
            document = await self._find(ref, {**SUMMARY, _RECENT: 1})
            if document is None:
                with suppress(DuplicateKeyError):
                    return await self._insert(ref, batch, topic, datetime.now(UTC), {})
            elif done or batch.id in (document.get(_RECENT) or []):
                return summary_of(document, ref.owner)
        raise ThreadNotFound

    async def _pushed(self, ref: ThreadRef, batch: Batch, change: Document) -> bool:
        """Add a batch that has not arrived yet, and make a further change; whether that was so."""
        collection = await self._connection.collection()
        new = {**_mine(ref), _RECENT: {"$ne": batch.id}}
        remembered = {"$each": [batch.id], "$slice": -_REMEMBERED}
        change = {**change, "$push": {"content": {"$each": batch.documents}, _RECENT: remembered}}
        try:
            done = await collection.update_one(new, change)
        except WriteError as error:
            if error.code != _NO_ARRAY:
                raise
            # Written by another service: nothing, or its items in another form.
            content = (await self._mine(ref, {"content": 1})).get("content")
            await collection.update_one(
                {**_mine(ref), "content": {"$eq": content}}, {"$set": {"content": listed(content)}}
            )
            done = await collection.update_one(new, change)
        return bool(done.matched_count)

    async def _insert(
        self, ref: ThreadRef, batch: Batch, topic: str, moment: datetime, more: Document
    ) -> ThreadSummary:
        collection = await self._connection.collection()
        document = {
            "_id": own_id(ref.thread_id),
            "user_id": user_id(ref.owner),
            "thread_id": ref.thread_id,
            "date": moment.replace(microsecond=moment.microsecond // 1000 * 1000),
            "topic": sound(topic),
            "content": batch.documents,
            _RECENT: [batch.id],
            **more,
        }
        await collection.insert_one(document)
        return summary_of(document, ref.owner)


def _mine(ref: ThreadRef) -> Document:
    checked(ref)
    return {"thread_id": {"$eq": ref.thread_id}, "user_id": {"$eq": user_id(ref.owner)}}
