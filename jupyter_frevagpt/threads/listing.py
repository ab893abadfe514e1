"""The lists of an owner's threads in a database: by date, and those in which something is found."""

from __future__ import annotations

import asyncio
from typing import Any

from ..domain.legacy import revived
from ..domain.values import Search, ThreadPage, ThreadRef, ThreadSummary
from .beside import Files
from .connection import Connection
from .documents import FILE, SUMMARY, Document, raw_items, summaries, user_id
from .found import KINDS, found_in

_AT_ONCE = 100
_DATED = {"$type": "date"}


class Listing:
    """Pages of summaries, whichever service wrote the threads."""

    def __init__(self, connection: Connection, files: Files) -> None:
        self._connection = connection
        self._files = files

    async def page(self, owner: str, limit: int, page: int) -> ThreadPage:
        """Return a page of all, newest first, and how many there are."""
        mine = {"user_id": {"$eq": user_id(owner)}}
        with self._connection.talking():
            collection = await self._connection.collection()
            total = await collection.count_documents(mine)
            # The database sorts by type before it sorts by value: what an older service dated with a text, or not at
            # all, would stand behind everything else. There are few of these, if any.
            odd = await collection.find({**mine, "date": {"$not": _DATED}}, SUMMARY).to_list(None)
            skipped = 0 if odd else page * limit
            cursor = collection.find({**mine, "date": _DATED}, SUMMARY).sort([("date", -1)])
            dated = await cursor.skip(skipped).limit((page + 1) * limit - skipped).to_list(None)
        if not odd:
            return summaries(dated, owner), total
        return _newest(summaries([*dated, *odd], owner))[page * limit : (page + 1) * limit], total

    async def found(self, owner: str, search: Search, limit: int, page: int) -> ThreadPage:
        """Return a page of those in which something is found, newest first, and how many there are.

        An item that is too large for its document is looked at whole. That costs its way through the network (a
        megabyte and more each), but only in threads where what the document holds has no match.
        """
        # Compared here and not by the database: code is stored as JSON text, old items in many ways, and a regular
        # expression folds cases in another way than the other stores.
        fields: Document = dict(SUMMARY)
        if search.where != "topic":
            fields["content"] = _only([kind.__name__ for kind in KINDS[search.where]])
        stages: list[Document] = [{"$match": {"user_id": {"$eq": user_id(owner)}}}, {"$project": fields}]
        found: list[ThreadSummary] = []
        with self._connection.talking():
            collection = await self._connection.collection()
            cursor = collection.aggregate(stages, batchSize=_AT_ONCE)
            while documents := await cursor.to_list(_AT_ONCE):
                for summary, matches, large in await asyncio.to_thread(_looked_at, search, owner, documents):
                    if matches or await self._in_files(search, summary, large):
                        found.append(summary)
        return _newest(found)[page * limit : (page + 1) * limit], len(found)

    async def _in_files(self, search: Search, summary: ThreadSummary, large: list[Document]) -> bool:
        ref = ThreadRef(summary.user_id, summary.thread_id)
        for stored in large:
            whole = await self._files.whole(ref, stored[FILE], stored)
            if whole is not None and await asyncio.to_thread(found_in, search, "", [whole]):
                return True
        return False


def _newest(summaries: list[ThreadSummary]) -> list[ThreadSummary]:
    return sorted(summaries, key=lambda summary: summary.date, reverse=True)


def _only(kinds: list[str]) -> Document:
    """Return an expression for the items of some kinds, so that no picture travels for a search."""
    chosen = {"$filter": {"input": "$content", "as": "item", "cond": {"$in": ["$$item.variant", kinds]}}}
    return {"$cond": [{"$isArray": "$content"}, chosen, "$content"]}


def _looked_at(
    search: Search, owner: str, documents: list[Document]
) -> list[tuple[ThreadSummary, bool, list[Document]]]:
    """Return for each thread whether something is found in its document, and the items of which that holds less."""
    looked_at = []
    for document in documents:
        for summary in summaries([document], owner):
            raw: list[Any] = raw_items(document)
            items = [item for _, item in revived(raw, summary.thread_id)]
            large = [stored for stored in raw if isinstance(stored, dict) and stored.get(FILE) is not None]
            looked_at.append((summary, found_in(search, summary.topic, items), large))
    return looked_at
