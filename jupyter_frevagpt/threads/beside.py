"""The files beside the documents: the whole of what is too large for one."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from gridfs.errors import FileExists, GridFSError

from ..domain.values import ThreadRef
from ..domain.variants import StreamVariant
from .connection import Connection
from .documents import Document, user_id
from .large import Whole, restored

_log = logging.getLogger("jupyter_frevagpt.threads")

_FILES, _CHUNKS = "fs.files", "fs.chunks"


class Files:
    """GridFS of the database, where each of our files names its thread and owner."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def upload(self, ref: ThreadRef, whole: Whole) -> None:
        """Store a file; one that an attempt before has left, perhaps not all of it, is replaced."""
        bucket = await self._connection.bucket()
        about = {"thread_id": ref.thread_id, "user_id": user_id(ref.owner), "kind": whole.kind}
        try:
            await bucket.upload_from_stream_with_id(whole.id, ref.thread_id, whole.body, metadata=about)
        except FileExists:
            await self._remove({"$in": [whole.id]})
            await bucket.upload_from_stream_with_id(whole.id, ref.thread_id, whole.body, metadata=about)

    async def whole(self, ref: ThreadRef, file_id: Any, stored: Document) -> StreamVariant | None:
        """Return the item whose smaller form is stored, None where its file is gone or somebody else's."""
        with self._connection.talking():
            bucket = await self._connection.bucket()
            try:
                stream: Any = await bucket.open_download_stream(file_id)
                about = dict(stream.metadata or {})
                body: bytes = await stream.read()
            except GridFSError:
                _log.warning("thread %s: the whole of an item is missing, its smaller form is shown", ref.thread_id)
                return None
        if about.get("user_id") not in (None, user_id(ref.owner)):
            return None
        return await asyncio.to_thread(restored, stored, body, str(about.get("kind", "")))

    async def delete(self, *ids: Any) -> None:
        """Remove these files."""
        if ids:
            with self._connection.talking():
                await self._remove({"$in": list(ids)})

    async def delete_of(self, ref: ThreadRef) -> None:
        """Remove all files of a thread, those too that no item names because a process died in between."""
        with self._connection.talking():
            files = (await self._connection.database())[_FILES]
            mine = {"metadata.thread_id": {"$eq": ref.thread_id}, "metadata.user_id": {"$eq": user_id(ref.owner)}}
            if ids := [file["_id"] async for file in files.find(mine, {"_id": 1})]:
                await self._remove({"$in": ids})

    async def _remove(self, ids: Document) -> None:
        # What they hold first: of a file whose name is gone nobody could find it any more.
        database = await self._connection.database()
        await database[_CHUNKS].delete_many({"files_id": ids})
        await database[_FILES].delete_many({"_id": ids})
