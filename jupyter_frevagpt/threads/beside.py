"""The files beside the documents: the whole of what is too large for one."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

from gridfs.errors import FileExists, GridFSError, NoFile

from ..domain.values import ThreadRef
from ..domain.variants import StreamVariant
from .connection import Connection
from .documents import Document
from .large import Whole, restored

_log = logging.getLogger("jupyter_frevagpt.threads")


class Files:
    """GridFS of the database, where each of our files names its thread and owner."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def upload(self, ref: ThreadRef, whole: Whole) -> None:
        """Store a file; one that an attempt before has left, perhaps not all of it, is replaced."""
        bucket = await self._connection.bucket()
        about = {"thread_id": ref.thread_id, "user_id": ref.owner, "kind": whole.kind}
        try:
            await bucket.upload_from_stream_with_id(whole.id, ref.thread_id, whole.body, metadata=about)
        except FileExists:
            with suppress(NoFile):
                await bucket.delete(whole.id)
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
        if about.get("user_id", ref.owner) != ref.owner:
            return None
        return await asyncio.to_thread(restored, stored, body, str(about.get("kind", "")))

    async def delete(self, *ids: Any) -> None:
        """Remove these files."""
        with self._connection.talking():
            bucket = await self._connection.bucket()
            for file_id in ids:
                with suppress(NoFile):
                    await bucket.delete(file_id)

    async def delete_of(self, ref: ThreadRef) -> None:
        """Remove all files of a thread, those too that no item names because a process died in between."""
        with self._connection.talking():
            bucket = await self._connection.bucket()
            mine = {"metadata.thread_id": {"$eq": ref.thread_id}, "metadata.user_id": {"$eq": ref.owner}}
            ids = [file._id async for file in bucket.find(mine)]
        await self.delete(*ids)
