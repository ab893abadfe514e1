"""Threads of several realms: each in the store that its vault names, and turns that stay where they began."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from pymongo import MongoClient

from jupyter_frevagpt.domain.errors import StoreUnavailable, ThreadNotFound
from jupyter_frevagpt.domain.owner import Owner
from jupyter_frevagpt.domain.protocols import ThreadStore
from jupyter_frevagpt.domain.secret import Secret
from jupyter_frevagpt.domain.values import Search, ThreadRef
from jupyter_frevagpt.domain.variants import Assistant, User
from jupyter_frevagpt.threads.databases import Databases
from jupyter_frevagpt.threads.jsonl import FileThreadStore
from jupyter_frevagpt.threads.memory import MemoryThreadStore
from jupyter_frevagpt.threads.mongo import MongoThreadStore
from jupyter_frevagpt.threads.realms import RealmThreadStore

from .test_stores import QUESTION, ROUND

HOME, AWAY, NONE = (ThreadRef(Owner(realm, "alice").key, "x" * 32) for realm in ("home", "away", "none"))
LOCAL = ThreadRef("alice", "x" * 32)


class Vaults:
    """Where realms are, which a test may change; None for one that cannot be asked."""

    def __init__(self) -> None:
        self.told: dict[str, str | None] = {"home": "one", "away": "two"}
        self.stores: dict[str, ThreadStore] = {}
        self.asked = 0

    async def address_of(self, realm: str) -> Secret[str] | None:
        self.asked += 1
        await asyncio.sleep(0)
        if realm not in self.told:
            return None
        if (told := self.told[realm]) is None:
            raise StoreUnavailable("away")
        return Secret(told)

    def opened(self, uri: str) -> ThreadStore:
        return self.stores.setdefault(uri, MemoryThreadStore())


@pytest.fixture
def vaults() -> Vaults:
    return Vaults()


@pytest.fixture
def site() -> MemoryThreadStore:
    return MemoryThreadStore()


@pytest.fixture
def store(vaults: Vaults, site: MemoryThreadStore) -> RealmThreadStore:
    return RealmThreadStore(site, vaults.address_of, vaults.opened)


async def test_each_realm_has_a_store_and_the_others_the_sites(
    store: RealmThreadStore, vaults: Vaults, site: MemoryThreadStore
) -> None:
    await asyncio.gather(*(store.reserve(ref, User(ref.owner), "t") for ref in (HOME, AWAY, LOCAL)))
    assert await vaults.stores["one"].read(HOME) == [User(HOME.owner)]
    assert await vaults.stores["two"].read(AWAY) == [User(AWAY.owner)]
    assert await site.read(LOCAL) == [User("alice")]
    with pytest.raises(ThreadNotFound):
        await store.read(NONE)
    fresh = ThreadRef(NONE.owner, "y")
    await store.reserve(fresh, QUESTION, "t")
    assert await site.read(fresh) == [QUESTION]
    assert (await store.list(HOME.owner, limit=5, page=0))[1] == 1
    assert (await store.search(AWAY.owner, Search("t"), limit=5, page=0))[1] == 1
    await store.delete(HOME)
    assert await store.read(AWAY) == [User(AWAY.owner)]


async def test_what_begins_fails_without_a_vault_and_what_goes_on_does_not(
    store: RealmThreadStore, vaults: Vaults
) -> None:
    vaults.told["home"] = None
    attempts: list[Callable[[], Any]] = [
        lambda: store.read(HOME),
        lambda: store.summary(HOME),
        lambda: store.reserve(HOME, QUESTION, "t"),
        lambda: store.list(HOME.owner, limit=1, page=0),
        lambda: store.append(HOME, ROUND),
        lambda: store.lease(HOME, "h", 5),
    ]
    for attempt in attempts:
        with pytest.raises(StoreUnavailable):
            await attempt()
    assert vaults.stores == {}
    vaults.told["home"] = "one"
    await store.reserve(HOME, QUESTION, "t")
    vaults.told["home"] = None
    await store.append(HOME, ROUND)
    assert await store.lease(HOME, "h", 5)
    await store.release(HOME, "h")
    with pytest.raises(StoreUnavailable):
        await store.read(HOME)
    assert await vaults.stores["one"].read(HOME) == [QUESTION, *ROUND]
    await store.reserve(AWAY, QUESTION, "t")  # one realm's trouble is no other's


async def test_a_realm_that_moves_is_followed(store: RealmThreadStore, vaults: Vaults) -> None:
    await store.reserve(HOME, QUESTION, "t")
    vaults.told["home"] = "three"
    assert await store.summary(HOME) is None
    await store.reserve(HOME, User("new"), "t")
    assert await vaults.stores["one"].read(HOME) == [QUESTION]
    assert await vaults.stores["three"].read(HOME) == [User("new")]
    await store.aclose()


@pytest.mark.parametrize("owner", [None, 5, {"$ne": None}, ["a"]])
async def test_an_owner_who_is_no_text_reaches_nothing(store: RealmThreadStore, owner: Any) -> None:
    await store.reserve(LOCAL, QUESTION, "t")
    with pytest.raises(ThreadNotFound):
        await store.read(ThreadRef(owner, "x" * 32))
    assert await store.list(owner, limit=5, page=0) == ([], 0)


async def test_a_database_knows_bare_names_and_a_mirror_whole_ones(
    mongo_uri: str, database: str, files: FileThreadStore, raw: MongoClient[dict[str, Any]]
) -> None:
    databases = Databases(database, "threads", files)
    store = databases.opened(mongo_uri)
    page = await store.list(HOME.owner, limit=5, page=0)
    assert page == ([], 0)
    summary = await store.reserve(HOME, QUESTION, "t")
    assert summary.user_id == HOME.owner
    large = Assistant("ü" * 600_000)
    await store.append(HOME, [large])
    assert [one["user_id"] for one in raw[database]["threads"].find()] == ["alice"]
    assert [one["metadata"]["user_id"] for one in raw[database]["fs.files"].find()] == ["alice"]
    whole = await store.read(HOME) == [QUESTION, large]
    assert whole
    assert [one.user_id for one in (await store.list(HOME.owner, limit=5, page=0))[0]] == [HOME.owner]
    assert [one.user_id for one in (await store.search(HOME.owner, Search("t"), limit=5, page=0))[0]] == [HOME.owner]
    await store.aclose()
    mirrored = await files.read(HOME) == [QUESTION, large]
    assert mirrored
    with pytest.raises(ThreadNotFound):
        await files.read(LOCAL)
    await databases.aclose()


async def test_two_realms_on_one_database_do_not_answer_one_thread_at_once(new_mongo: Any) -> None:
    one: MongoThreadStore = new_mongo()

    async def address_of(realm: str) -> Secret[str] | None:
        return Secret("same")

    store = RealmThreadStore(MemoryThreadStore(), address_of, lambda _: one)
    await store.reserve(HOME, QUESTION, "t")
    assert await store.read(AWAY) == [QUESTION], "the same person"
    assert await store.lease(HOME, "server", 30)
    assert await store.lease(HOME, "server", 30)
    assert not await store.lease(AWAY, "server", 30)
    assert await store.leased(AWAY, "server")
    assert not await store.leased(HOME, "server")
    await store.release(HOME, "server")
    assert await store.lease(AWAY, "server", 30)
