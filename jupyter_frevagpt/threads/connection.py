"""Connections to MongoDB: one client a distinct address, on the loop that asks, and the words when there is none."""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections import OrderedDict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError
from motor.motor_asyncio import (
    AsyncIOMotorClient,
    AsyncIOMotorCollection,
    AsyncIOMotorDatabase,
    AsyncIOMotorGridFSBucket,
)
from pymongo import ReadPreference, WriteConcern
from pymongo.errors import DocumentTooLarge, PyMongoError, ServerSelectionTimeoutError

from ..domain.errors import StoreUnavailable
from .address import usable

_log = logging.getLogger("jupyter_frevagpt.threads")
for _name in ("pymongo", "motor"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # they log hosts, and what is written

Document = dict[str, Any]

_MOST_CLIENTS = 8
_SELECTION_MS = 2500
_CONNECT_MS = 3000
_SOCKET_MS = 20_000
_WRITE_MS = 10_000
_INDEX_SECONDS = 3.0
_SAFE = WriteConcern(w="majority", j=True, wtimeout=_WRITE_MS)
# A date that no calendar of ours has, or text that is none, costs one field and not a whole list.
_CODEC: CodecOptions[Document] = CodecOptions(
    tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_CLAMP, unicode_decode_error_handler="replace"
)
_TOO_LARGE = (10334, 17419, 17420)
_AWAY = (
    "The database of the threads cannot be reached or used now. Try again in a moment; if it stays so, tell your site."
)
_FULL = "This chat has become too long for the database. Start a new one to go on."


@contextmanager
def explained() -> Iterator[None]:
    """Turn what the driver raises into StoreUnavailable: its words name hosts, so they go nowhere."""
    try:
        yield
    except (PyMongoError, BSONError, UnicodeEncodeError, OverflowError) as error:
        if is_too_large(error):
            raise StoreUnavailable(_FULL) from None
        _log.warning("the threads' database: %s %s", type(error).__name__, getattr(error, "code", None) or "")
        raise StoreUnavailable(_AWAY) from None


def is_too_large(error: Exception) -> bool:
    """Whether a document would become larger than the database takes."""
    return isinstance(error, DocumentTooLarge) or getattr(error, "code", None) in _TOO_LARGE


class _Client:
    """One address; it is tried in each of its forms until one answers, and again after the connection was lost."""

    def __init__(self, forms: list[str]) -> None:
        self.loop = asyncio.get_running_loop()
        self.users = 0
        self._forms = forms
        self._motor: AsyncIOMotorClient[Document] | None = None
        self._connecting: asyncio.Task[AsyncIOMotorClient[Document]] | None = None

    async def motor(self) -> AsyncIOMotorClient[Document]:
        if self._motor is not None:
            return self._motor
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.create_task(self._connect(), name="frevagpt mongodb")
            self._connecting.add_done_callback(_seen)
        connecting = self._connecting
        await asyncio.wait([connecting])  # all who wait share one attempt, and none of them ends with it
        if connecting.cancelled():
            raise StoreUnavailable(_AWAY)
        return connecting.result()

    async def _connect(self) -> AsyncIOMotorClient[Document]:
        last: Exception | None = None
        for form in self._forms:
            motor = None
            try:
                far = form.lower().startswith("mongodb+srv")  # then making it asks the network for names
                motor = await asyncio.to_thread(self._make, form) if far else self._make(form)
                await motor.admin.command("ping")
            except Exception as error:  # noqa: BLE001 - whatever the driver has against an address, it tells it
                last = error
            else:
                self._motor, motor = motor, None
                return self._motor
            finally:
                if motor is not None:
                    _closing(motor)
        _log.warning("the threads' database does not answer: %s", type(last).__name__)
        raise StoreUnavailable(_AWAY)

    def _make(self, form: str) -> AsyncIOMotorClient[Document]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on strange options, with their values
            return AsyncIOMotorClient(
                form,
                io_loop=self.loop,
                serverSelectionTimeoutMS=_SELECTION_MS,
                connectTimeoutMS=_CONNECT_MS,
                socketTimeoutMS=_SOCKET_MS,
                appname="frevagpt",
            )

    @property
    def connected(self) -> AsyncIOMotorClient[Document] | None:
        """What there is now."""
        return self._motor

    def lost(self, motor: AsyncIOMotorClient[Document] | None) -> None:
        """Try the address in all its forms again, if there is more than one and nobody has done so yet."""
        if motor is not None and motor is self._motor and len(self._forms) > 1:
            self.close()

    def close(self) -> asyncio.Future[None] | None:
        """Let go; what is returned is done when the server was told, which happens off the loop."""
        if self._connecting is not None and not self.loop.is_closed():
            self._connecting.cancel()
        motor, self._motor, self._connecting = self._motor, None, None
        return _closing(motor) if motor is not None else None


def _closing(motor: AsyncIOMotorClient[Document]) -> asyncio.Future[None]:
    closing = asyncio.get_running_loop().run_in_executor(None, motor.delegate.close)
    closing.add_done_callback(_seen)
    return closing


def _seen(task: asyncio.Future[Any]) -> None:
    """Look at how a task ended, since those who waited for it may be gone."""
    if not task.cancelled():
        task.exception()


class MongoClients:
    """The clients of a process: the ``most`` last used, shared by all who ask for the same address."""

    def __init__(self, most: int = _MOST_CLIENTS) -> None:
        self._most = most
        self._clients: OrderedDict[tuple[str, ...], _Client] = OrderedDict()

    def get(self, forms: list[str]) -> _Client:
        """Return the client of an address for the running loop."""
        key = tuple(forms)
        client = self._clients.get(key)
        if client is None or client.loop is not asyncio.get_running_loop():
            if client is not None:
                client.close()
            client = self._clients[key] = _Client(forms)
        self._clients.move_to_end(key)
        idle = [other for other, known in self._clients.items() if known is not client and not known.users]
        for other in idle[: max(0, len(self._clients) - self._most)]:  # none in the middle of a talk
            self._clients.pop(other).close()
        return client

    async def aclose(self) -> None:
        """Close all."""
        closing = [client.close() for client in self._clients.values()]
        self._clients.clear()
        await asyncio.gather(*(future for future in closing if future is not None))


CLIENTS = MongoClients()
"""Those of this process."""


class Connection:
    """A collection of a database at an address, and the files beside it."""

    def __init__(
        self, uri: str, database: str, collection: str, *, hosts: Collection[str], own: bool, clients: MongoClients
    ) -> None:
        self._uri = uri
        self._hosts = hosts
        self._own = own
        self._known_forms: list[str] = []
        self._database = database
        self._collection = collection
        self._clients = clients
        self._indexing: asyncio.Task[None] | None = None

    async def collection(self) -> AsyncIOMotorCollection[Document]:
        """Return the collection; raises StoreUnavailable."""
        collection = (await self.database())[self._collection]
        if self._indexing is None:
            self._indexing = asyncio.create_task(_index(collection), name="frevagpt mongodb indexes")
        if not self._indexing.done():
            await asyncio.wait([self._indexing], timeout=_INDEX_SECONDS)
        return collection

    async def bucket(self) -> AsyncIOMotorGridFSBucket:
        """Return the place for what is too large for a document; raises StoreUnavailable."""
        return AsyncIOMotorGridFSBucket(await self.database())

    @property
    def _forms(self) -> list[str]:
        if not self._known_forms:
            self._known_forms = usable(self._uri, self._hosts, own=self._own)
        return self._known_forms

    async def database(self) -> AsyncIOMotorDatabase[Document]:
        """Return the database; raises StoreUnavailable."""
        motor = await self._clients.get(self._forms).motor()
        return motor.get_database(
            self._database, codec_options=_CODEC, write_concern=_SAFE, read_preference=ReadPreference.PRIMARY
        )

    @contextmanager
    def talking(self) -> Iterator[None]:
        """Explain what goes wrong, and connect anew when the connection was lost."""
        with explained():
            client = self._clients.get(self._forms)
            motor = client.connected
            client.users += 1
            try:
                yield
            except ServerSelectionTimeoutError:
                client.lost(motor)
                raise
            finally:
                client.users -= 1

    async def aclose(self) -> None:
        """Let go of what is under way; the clients belong to all."""
        if self._indexing is not None:
            self._indexing.cancel()
            await asyncio.gather(self._indexing, return_exceptions=True)
            self._indexing = None


async def _index(collection: AsyncIOMotorCollection[Document]) -> None:
    # Not unique, since others write here too. Our own threads are: their _id is made of the thread's.
    for keys in ([("thread_id", 1)], [("user_id", 1), ("date", -1)]):
        try:
            await collection.create_index(keys)
        except PyMongoError as error:
            _log.warning("an index of the threads' database could not be made: %s", type(error).__name__)
