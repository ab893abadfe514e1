"""The databases in which a server keeps threads: opened by its settings, let go of together."""

from __future__ import annotations

from ..domain.protocols import ThreadStore
from .jsonl import FileThreadStore
from .mirror import MirroredThreadStore


class Databases:
    """Opens stores; the driver, which takes long to import, is there with the first of them and not before."""

    def __init__(self, database: str, collection: str, mirror: FileThreadStore | None = None) -> None:
        self._database = database
        self._collection = collection
        self._mirror = mirror
        self._used = False

    def prepare(self) -> None:
        """Import the driver, which holds the event loop: better before there is somebody who waits."""
        from . import mongo  # noqa: F401

        self._used = True

    def opened(self, uri: str, *, own: bool = False) -> ThreadStore:
        """Return the store at an address, with its mirror if there is one; ``own`` if the site itself wrote it."""
        self.prepare()
        from .mongo import MongoThreadStore

        store = MongoThreadStore(uri, database=self._database, collection=self._collection, own=own)
        return MirroredThreadStore(store, self._mirror) if self._mirror is not None else store

    async def aclose(self) -> None:
        """Close the connections to all of them."""
        if self._used:
            from .connection import CLIENTS

            await CLIENTS.aclose()
