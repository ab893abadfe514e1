"""Stores on real files and on a real database."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection

from jupyter_frevagpt.domain.protocols import ThreadStore
from jupyter_frevagpt.threads.connection import MongoClients
from jupyter_frevagpt.threads.folders import OwnerFolders
from jupyter_frevagpt.threads.jsonl import FileThreadStore
from jupyter_frevagpt.threads.memory import MemoryThreadStore
from jupyter_frevagpt.threads.mirror import MirroredThreadStore
from jupyter_frevagpt.threads.mongo import MongoThreadStore

from .database import served

Raw = MongoClient[dict[str, Any]]
MakeStore = Callable[[], ThreadStore]


@pytest.fixture(scope="session")
def mongo_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from served(tmp_path_factory.mktemp("secantus") / "db")


@pytest.fixture
def raw(mongo_uri: str) -> Iterator[Raw]:
    """A plain client beside the store's."""
    with Raw(mongo_uri, tz_aware=True, socketTimeoutMS=20_000) as client:
        yield client


@pytest.fixture
def database(raw: Raw) -> Iterator[str]:
    """The name of a database of this test's own."""
    name = f"frevagpt_test_{secrets.token_hex(6)}"
    yield name
    raw.drop_database(name)


@pytest.fixture
def threads(raw: Raw, database: str) -> Collection[dict[str, Any]]:
    """The collection that the store keeps threads in."""
    return raw[database]["threads"]


@pytest.fixture
def clients(jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[MongoClients]:
    """Connections that are closed at the end of the test."""
    made = MongoClients()
    yield made
    jp_asyncio_loop.run_until_complete(made.aclose())


@pytest.fixture
def new_mongo(mongo_uri: str, database: str, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[MakeStore]:
    """Makes stores on one database, each with connections of its own, as several servers have."""
    made: list[tuple[MongoThreadStore, MongoClients]] = []

    def new() -> MongoThreadStore:
        clients = MongoClients()
        made.append((MongoThreadStore(mongo_uri, database=database, clients=clients), clients))
        return made[-1][0]

    yield new
    for store, clients in made:
        jp_asyncio_loop.run_until_complete(store.aclose())
        jp_asyncio_loop.run_until_complete(clients.aclose())


@pytest.fixture
def mongo(new_mongo: Callable[[], MongoThreadStore]) -> MongoThreadStore:
    return new_mongo()


@pytest.fixture
def files(tmp_path: Path) -> FileThreadStore:
    return FileThreadStore(OwnerFolders(tmp_path / "frevagpt"))


@pytest.fixture
def mirror(
    mongo: MongoThreadStore, files: FileThreadStore, jp_asyncio_loop: asyncio.AbstractEventLoop
) -> Iterator[MirroredThreadStore]:
    store = MirroredThreadStore(mongo, files)
    yield store
    jp_asyncio_loop.run_until_complete(store.aclose())


@pytest.fixture(params=["files", "memory", "mongo", "mirror"])
def store(request: pytest.FixtureRequest) -> ThreadStore:
    """Each kind of store in turn."""
    if request.param == "memory":
        return MemoryThreadStore()
    made: ThreadStore = request.getfixturevalue(request.param)
    return made


@pytest.fixture(params=["files", "mongo"])
def servers(request: pytest.FixtureRequest, tmp_path: Path) -> MakeStore:
    """Makes stores of several servers on the same threads."""
    if request.param == "mongo":
        maker: MakeStore = request.getfixturevalue("new_mongo")
        return maker
    return lambda: FileThreadStore(OwnerFolders(tmp_path / "frevagpt"))
