"""Answers of a database that get lost, after it did what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from jupyter_frevagpt.domain.errors import StoreUnavailable, ThreadNotFound
from jupyter_frevagpt.domain.variants import Assistant, Image, StreamVariant, User
from jupyter_frevagpt.threads.connection import MongoClients
from jupyter_frevagpt.threads.mongo import MongoThreadStore

from .conftest import Raw
from .large import kept, noise
from .lossy import LossyWay
from .test_stores import ALICE, QUESTION, ROUND


@asynccontextmanager
async def lossy(mongo_uri: str, database: str) -> AsyncIterator[tuple[LossyWay, MongoThreadStore]]:
    way, clients = LossyWay(mongo_uri), MongoClients()
    store = MongoThreadStore(way.uri, database=database, clients=clients)
    try:
        yield way, store
    finally:
        await store.aclose()
        await clients.aclose()
        way.close()


async def lose(way: LossyWay, attempt: Any, *commands: str) -> None:
    way.losing, way.lost = commands or ("update", "insert"), 0
    with pytest.raises(StoreUnavailable):
        await attempt
    assert way.lost > 0
    way.losing = ()


async def test_a_write_whose_answer_was_lost_happens_once(mongo_uri: str, database: str, threads: Any) -> None:
    async with lossy(mongo_uri, database) as (way, store):
        await lose(way, store.reserve(ALICE, QUESTION, "topic"), "insert")
        assert threads.count_documents({}) == 1
        await store.reserve(ALICE, QUESTION, "topic")
        assert await store.read(ALICE) == [QUESTION]
        await lose(way, store.append(ALICE, ROUND[:2]))
        assert len(threads.find_one()["content"]) == 3, "it was carried out"
        await lose(way, store.append(ALICE, ROUND[:3]))
        await store.append(ALICE, ROUND)
        assert await store.read(ALICE) == [QUESTION, *ROUND]
        await lose(way, store.reserve(ALICE, User("again"), ""))
        await store.reserve(ALICE, User("again"), "")
        assert await store.read(ALICE) == [QUESTION, *ROUND, User("again")]
        await store.reserve(ALICE, User("again"), "")  # now it is asked a second time
        assert await store.read(ALICE) == [QUESTION, *ROUND, User("again"), User("again")]
        await store.append(ALICE, ROUND)  # the same objects, but nothing is in doubt any more
        assert await store.read(ALICE) == [QUESTION, *ROUND, User("again"), User("again"), *ROUND]


async def test_an_answer_that_is_lost_behind_one_that_came_doubles_neither(mongo_uri: str, database: str) -> None:
    async with lossy(mongo_uri, database) as (way, store):
        await store.reserve(ALICE, QUESTION, "topic")
        await lose(way, store.append(ALICE, ROUND[:1]))
        way.spared = 1  # what was in doubt arrives, what comes behind it does not
        await lose(way, store.append(ALICE, ROUND[:2]))
        await store.append(ALICE, ROUND)
        assert await store.read(ALICE) == [QUESTION, *ROUND]


async def test_without_our_care_it_would_happen_twice(mongo_uri: str, database: str, threads: Any) -> None:
    threads.insert_one({"thread_id": "x", "content": []})
    async with lossy(mongo_uri, database) as (way, _):
        with MongoClient(f"{way.uri}&retryWrites=false") as client:
            push = {"$push": {"content": 1}}
            way.losing = ("update",)
            with pytest.raises(PyMongoError):
                await asyncio.to_thread(client[database]["threads"].update_one, {}, push)
            way.losing = ()
            await asyncio.to_thread(client[database]["threads"].update_one, {}, push)
    assert threads.find_one()["content"] == [1, 1]


async def test_another_question_between_ends_the_doubt(mongo_uri: str, database: str) -> None:
    async with lossy(mongo_uri, database) as (way, store):
        await store.reserve(ALICE, QUESTION, "topic")
        await lose(way, store.reserve(ALICE, User("yes"), ""))
        await store.reserve(ALICE, User("no"), "")
        await store.reserve(ALICE, User("yes"), "")
        assert [item.content for item in (await store.read(ALICE))[1:]] == ["yes", "no", "yes"]


async def test_a_primary_that_steps_down_loses_and_doubles_nothing(
    mongo_uri: str, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    # A server that steps down says so at once to who watches it; this one is looked at more often instead.
    async with lossy(f"{mongo_uri}&heartbeatFrequencyMS=500", database) as (way, store):
        way.stepping_down = True
        await lose(way, store.reserve(ALICE, QUESTION, "topic"), "insert")
        await store.reserve(ALICE, QUESTION, "topic")
        reading = [asyncio.create_task(store.read(ALICE)) for _ in range(5)]
        await lose(way, store.append(ALICE, ROUND))
        assert await asyncio.gather(*reading), "others are not thrown out"
        await store.append(ALICE, ROUND)
        assert await store.read(ALICE) == [QUESTION, *ROUND]
    assert "example.org" not in caplog.text


async def test_a_thread_that_could_not_be_deleted_whole_is_still_there_to_be_deleted(
    mongo_uri: str, database: str, raw: Raw, threads: Any
) -> None:
    async with lossy(mongo_uri, database) as (way, store):
        await store.reserve(ALICE, QUESTION, "topic")
        await store.append(ALICE, [Image(noise(300), "c_0"), Image(noise(300), "c_1")])
        for _ in range(3):
            await lose(way, store.delete(ALICE), "delete")
            if not threads.count_documents({}):
                break
            assert await store.summary(ALICE) is not None
        else:
            await store.delete(ALICE)
        left = {name: raw[database][name].count_documents({}) for name in ("threads", "fs.files", "fs.chunks")}
        assert left == {"threads": 0, "fs.files": 0, "fs.chunks": 0}


async def test_lost_answers_to_large_items(mongo_uri: str, database: str, raw: Raw) -> None:
    picture = Image(noise(300), "c_0")
    async with lossy(mongo_uri, database) as (way, store):
        await store.reserve(ALICE, QUESTION, "topic")
        for _ in range(2):
            await lose(way, store.append(ALICE, [picture]))
        await store.append(ALICE, [picture, Assistant("x")])
        assert await kept(store, [QUESTION, picture, Assistant("x")])
        assert raw[database]["fs.files"].count_documents({}) == 1


async def test_what_is_in_doubt_for_a_thread_that_is_gone_is_over(mongo_uri: str, database: str, raw: Raw) -> None:
    async with lossy(mongo_uri, database) as (way, store):
        await store.reserve(ALICE, QUESTION, "topic")
        items: list[StreamVariant] = [Image(noise(300), "c_0")]
        await lose(way, store.append(ALICE, items))
        await store.delete(ALICE)
        with pytest.raises(ThreadNotFound):
            await store.append(ALICE, items)
        assert raw[database]["fs.files"].count_documents({}) == 0
        assert raw[database]["fs.chunks"].count_documents({}) == 0
