"""What is particular to MongoDB: lost answers, large items, old documents, other services, addresses, loops."""

from __future__ import annotations

import asyncio
import base64
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import msgspec
import pytest
from bson import ObjectId
from gridfs import GridFSBucket
from PIL import Image as Pictures
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from jupyter_frevagpt.domain.errors import StoreUnavailable, ThreadNotFound
from jupyter_frevagpt.domain.values import Search, ThreadRef, ThreadSummary
from jupyter_frevagpt.domain.variants import (
    Assistant,
    Code,
    CodeError,
    CodeOutput,
    Image,
    ServerHint,
    StreamEnd,
    StreamVariant,
    User,
)
from jupyter_frevagpt.threads.address import usable as forms
from jupyter_frevagpt.threads.connection import MongoClients
from jupyter_frevagpt.threads.mongo import MongoThreadStore

from .lossy import LossyWay
from .test_stores import ALICE, BOB, QUESTION, ROUND

Raw = MongoClient[dict[str, Any]]
DATE = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
OWN = {"user_id": "alice", "thread_id": ALICE.thread_id, "date": DATE, "topic": "old"}


@pytest.fixture
def threads(raw: Raw, database: str) -> Any:
    return raw[database]["threads"]


def noise(side: int) -> str:
    """A picture that no compression makes small."""
    made = BytesIO()
    Pictures.frombytes("RGB", (side, side), secrets.token_bytes(3 * side * side)).save(made, "PNG")
    return base64.b64encode(made.getvalue()).decode()


async def kept(store: MongoThreadStore, items: list[StreamVariant], ref: ThreadRef = ALICE) -> bool:
    """Whether these are a thread's items; told in one word, since pytest takes minutes to compare megabytes."""
    return await store.read(ref) == items


# ---- answers that get lost


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


# ---- large items


async def test_a_large_picture_is_small_for_others_and_whole_for_us(
    mongo: MongoThreadStore, raw: Raw, database: str, threads: Any
) -> None:
    small, large = Image(noise(20), "c_0"), Image(noise(420), "c_1")
    await mongo.reserve(ALICE, QUESTION, "topic")
    await mongo.append(ALICE, [small, large])
    _, first, second = threads.find_one()["content"]
    assert set(first) == {"variant", "content", "id"}
    assert (first["content"] == small.content) is True
    assert set(second) == {"variant", "content", "id", "gridfs_id"}
    assert len(second["content"]) < 256_001 < len(large.content)
    with Pictures.open(BytesIO(base64.b64decode(second["content"]))) as reduced:
        assert reduced.format == "PNG"
        assert reduced.width == reduced.height >= 128
    whole = GridFSBucket(raw[database]).open_download_stream(second["gridfs_id"]).read()
    same = whole == base64.b64decode(large.content)
    assert same, "the file is the picture"
    assert await kept(mongo, [QUESTION, small, large])
    await mongo.fork(ALICE, "fork", [large], 0)
    await mongo.delete(ALICE)
    assert await kept(mongo, [large], ThreadRef("alice", "fork"))
    await mongo.delete(ThreadRef("alice", "fork"))
    assert raw[database]["fs.files"].count_documents({}) == raw[database]["fs.chunks"].count_documents({}) == 0


BIG = "ü" * 600_000
LARGE: list[StreamVariant] = [
    User(BIG, "model"),
    Assistant(BIG),
    Code('{"code":"' + BIG + '"}', "c"),
    CodeOutput("short", "c", [{"output_type": "display_data", "data": {"text/html": BIG}}]),
    CodeOutput(BIG, "c"),
    Image("no picture " * 50_000, "c_0"),
    Image("A" * 400_000, "c_1"),
    Image(base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"x" * 400_000).decode(), "c_2"),
    ServerHint({"changes": {"unknown": {"a": BIG}}}),
    CodeError([BIG, "b"]),
    StreamEnd(BIG),
]


@pytest.mark.parametrize("item", LARGE, ids=[type(item).__name__ for item in LARGE])
async def test_large_items_of_every_kind_come_back_whole(
    mongo: MongoThreadStore, threads: Any, item: StreamVariant
) -> None:
    await mongo.reserve(ALICE, QUESTION, "topic")
    await mongo.append(ALICE, [item])
    stored = threads.find_one()["content"][1]
    assert "gridfs_id" in stored
    assert len(str(stored)) < 300_000
    assert stored["variant"] == type(item).__name__
    assert await kept(mongo, [QUESTION, item])
    if isinstance(item, Assistant | Code):
        await mongo.rate(ALICE, 0, "down")
        rated = (await mongo.read(ALICE))[1]
        same = rated == msgspec.structs.replace(item, feedback="down")
        assert same


async def test_a_document_that_is_full_takes_more(mongo: MongoThreadStore, threads: Any) -> None:
    old = {"variant": "Image", "content": "x" * 5_100_000, "id": "old"}
    threads.insert_one(
        {"thread_id": ALICE.thread_id, "user_id": "alice", "date": datetime.now(UTC), "content": [old] * 3}
    )
    more: list[StreamVariant] = [Image(noise(250), "a"), Assistant("x" * 900_000), Assistant("short")]
    for _ in range(3):
        await mongo.append(ALICE, more)
    unchanged = threads.find_one()["content"][:3] == [old] * 3
    assert unchanged
    assert await kept(mongo, [Image(old["content"], "old")] * 3 + more * 3)
    await mongo.reserve(ALICE, User("y" * 900_000), "")
    assert await kept(mongo, [Image(old["content"], "old")] * 3 + more * 3 + [User("y" * 900_000)])


async def test_more_at_once_than_a_document_holds(mongo: MongoThreadStore) -> None:
    many: list[StreamVariant] = [Assistant(f"{number}" + "x" * 900_000) for number in range(20)]
    await mongo.reserve(ALICE, QUESTION, "topic")
    await mongo.append(ALICE, many)
    assert await kept(mongo, [QUESTION, *many])
    await mongo.put(ThreadSummary("alice", "new", "2026-01-02T03:04:05.678Z", "old"), many)
    assert await kept(mongo, many, ThreadRef("alice", "new"))
    with pytest.raises(ThreadNotFound):
        await mongo.put(ThreadSummary("bob", "new", "2026-01-02T03:04:05.678Z", "old"), many)


async def test_a_document_without_any_room_says_what_to_do(mongo: MongoThreadStore, threads: Any) -> None:
    old = {"variant": "User", "content": "x" * 8_388_200}
    threads.insert_one(
        {"thread_id": ALICE.thread_id, "user_id": "alice", "date": datetime.now(UTC), "content": [old, old]}
    )
    items = [Assistant("x" * 3000)]
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="Start a new one"):
            await mongo.append(ALICE, items)
    assert len(threads.find_one()["content"]) == 2
    for attempt in (
        mongo.lease(ALICE, "h" * 700, 9),
        mongo.rename(ALICE, "t" * 700),
        mongo.reserve(ALICE, User("q" * 700), ""),
    ):
        with pytest.raises(StoreUnavailable, match="Start a new one"):
            await attempt


async def test_a_file_of_somebody_else_is_not_handed_out(
    mongo: MongoThreadStore, raw: Raw, database: str, threads: Any, caplog: pytest.LogCaptureFixture
) -> None:
    await mongo.reserve(BOB, QUESTION, "topic")
    await mongo.append(BOB, [Image(noise(300), "c")])
    stolen = threads.find_one()["content"][1]["gridfs_id"]
    base = {"variant": "Image", "content": "iVBOR", "id": "c"}
    ids: list[Any] = [stolen, ObjectId(), "nonsense", {"$ne": None}, 5]
    content = [{**base, "gridfs_id": file_id} for file_id in ids]
    threads.insert_one({"thread_id": "x", "user_id": "alice", "date": datetime.now(UTC), "content": content})
    assert await mongo.read(ThreadRef("alice", "x")) == [Image("iVBOR", "c")] * len(ids)
    assert "the whole of an item is missing" in caplog.text


# ---- the documents of other services


OLD_CONTENT: list[Any] = [
    {"variant": "Prompt", "content": "[]"},
    {"variant": "User", "content": "old question"},
    {"variant": "Assistant", "content": "I look", "feedback": {"stars": 5}},
    {"variant": "Code", "content": ['{"python": "1"}', "c"]},
    {"variant": "Nobody", "content": ""},
    None,
    {"variant": "CodeOutput", "content": {"stdout": "1\n", "created_files": ["a.png"]}},
    {"variant": "Image", "content": "iVBOR"},
    {"variant": "ServerHint", "content": '{"memory": 5}'},
    {"variant": "ServerHint", "content": {"when": datetime(2026, 1, 1, tzinfo=UTC), "id": ObjectId("0" * 24)}},
    {"variant": "Assistant", "content": "One.", "_id": ObjectId("0" * 24)},
]


async def test_a_thread_of_another_service_is_read_and_gone_on_with(mongo: MongoThreadStore, threads: Any) -> None:
    date = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    own = {
        "user_id": "alice",
        "thread_id": ALICE.thread_id,
        "date": date,
        "topic": "old",
        "content": OLD_CONTENT,
        "more": 1,
    }
    threads.insert_one(dict(own))
    stored = threads.find_one()
    known = await mongo.summary(ALICE)
    assert known is not None
    assert (known.date, known.topic) == ("2026-01-02T03:04:05.678Z", "old")
    items = await mongo.read(ALICE)
    assert [type(item).__name__ for item in items] == [
        *("Prompt", "User", "Assistant", "Code", "CodeOutput", "Image", "ServerHint", "ServerHint", "Assistant")
    ]
    assert items[3] == Code('{"code":"1"}', "c")
    assert items[5] == Image("iVBOR", "image_7")
    assert items[7] == ServerHint({"when": "2026-01-01 00:00:00+00:00", "id": "0" * 24})
    await mongo.reserve(ALICE, QUESTION, "ignored")
    await mongo.append(ALICE, ROUND)
    assert await mongo.read(ALICE) == [*items, QUESTION, *ROUND]
    after = threads.find_one()
    assert after["content"][: len(OLD_CONTENT)] == stored["content"], "the old items are as they were"
    assert (after["_id"], after["topic"], after["more"]) == (stored["_id"], "old", 1)
    await mongo.rate(ALICE, 2, "up")  # Assistant, Code, Assistant: the last of the old items
    after = threads.find_one()
    assert after["content"][10] == {**stored["content"][10], "feedback": "up"}
    assert after["content"][:10] == stored["content"][:10]
    assert (await mongo.read(ALICE))[8] == Assistant("One.", "up")


ODD: list[tuple[dict[str, Any], list[StreamVariant]]] = [
    ({"content": None}, []),
    ({}, []),
    ({"content": "[]"}, []),
    ({"content": '[{"variant": "User", "content": "q"}]'}, [User("q")]),
    ({"content": "not json"}, []),
    ({"content": {"variant": "User", "content": "q"}}, [User("q")]),
    ({"content": 5}, []),
    ({"content": [], "date": "2026-01-02T03:04:05", "topic": None}, []),
    ({"content": [], "date": "yesterday", "topic": {"text": 1}}, []),
]


@pytest.mark.parametrize(("document", "items"), ODD, ids=range(len(ODD)))
async def test_odd_documents_are_read_and_listed(
    mongo: MongoThreadStore, threads: Any, document: dict[str, Any], items: list[StreamVariant]
) -> None:
    threads.insert_one({"user_id": "alice", "thread_id": "x", **document})
    threads.insert_one({"user_id": "alice", "thread_id": 5})
    ref = ThreadRef("alice", "x")
    assert await mongo.read(ref) == items
    known = await mongo.summary(ref)
    assert known is not None
    assert known.topic == ""
    assert known.date == "2026-01-02T03:04:05.000Z" if document.get("topic", 1) is None else known.date.startswith("20")
    assert [summary.thread_id for summary in (await mongo.list("alice", limit=5, page=0))[0]] == ["x"]
    found = (await mongo.search("alice", Search("q", "user"), limit=5, page=0))[1]
    assert found == len(items)
    await mongo.append(ref, [Assistant("more")])
    assert await mongo.read(ref) == [*items, Assistant("more")]
    await mongo.rate(ref, 0, "up")
    assert (await mongo.read(ref))[-1] == Assistant("more", "up")
    assert await mongo.rename(ref, "new", instead_of="") is (not isinstance(document.get("topic"), dict))


@pytest.mark.parametrize(("document", "items"), ODD, ids=range(len(ODD)))
async def test_odd_documents_take_a_question(
    mongo: MongoThreadStore, threads: Any, document: dict[str, Any], items: list[StreamVariant]
) -> None:
    threads.insert_one({"user_id": "alice", "thread_id": "x", **document})
    ref = ThreadRef("alice", "x")
    assert await mongo.lease(ref, "one", 30)
    assert (await mongo.reserve(ref, QUESTION, "")).thread_id == "x"
    assert await mongo.read(ref) == [*items, QUESTION]
    assert threads.count_documents({}) == 1


async def test_what_we_write_is_what_other_services_read(mongo: MongoThreadStore, threads: Any) -> None:
    await mongo.reserve(ALICE, QUESTION, "topic")
    display = [{"output_type": "stream", "name": "stdout", "text": "14"}]
    await mongo.append(
        ALICE, [Code('{"code":"1"}', "c"), CodeOutput("14", "c", display), ServerHint({"usage": {"a": 1}})]
    )
    await mongo.lease(ALICE, "one", 30)
    document = threads.find_one()
    assert isinstance(document["_id"], ObjectId)
    assert isinstance(document["date"], datetime)
    assert abs((datetime.now(UTC) - document["date"]).total_seconds()) < 60
    assert {key: document[key] for key in ("user_id", "thread_id", "topic")} == {
        "user_id": "alice",
        "thread_id": ALICE.thread_id,
        "topic": "topic",
    }
    core = [{key: item[key] for key in ("variant", "content", "id") if key in item} for item in document["content"]]
    assert core == [
        {"variant": "User", "content": QUESTION.content},
        {"variant": "Code", "content": '{"code":"1"}', "id": "c"},
        {"variant": "CodeOutput", "content": "14", "id": "c"},
        {"variant": "ServerHint", "content": {"usage": {"a": 1}}},
    ]
    await mongo.fork(ALICE, "second", [], 1)
    await mongo.fork(ThreadRef("alice", "second"), "third", [], 0)
    third = threads.find_one({"thread_id": "third"})
    ancestry = {key: third[key] for key in ("root_thread_id", "parent_thread_id", "fork_from_index")}
    assert ancestry == {"root_thread_id": ALICE.thread_id, "parent_thread_id": "second", "fork_from_index": 0}


async def test_two_indexes_that_others_can_live_with(mongo: MongoThreadStore, threads: Any) -> None:
    await mongo.list("alice", limit=5, page=0)
    assert mongo._connection._indexing is not None
    await mongo._connection._indexing
    indexes = threads.index_information()
    assert {tuple(index["key"]) for index in indexes.values()} == {
        (("_id", 1),),
        (("thread_id", 1),),
        (("user_id", 1), ("date", -1)),
    }
    assert not any(index.get("unique") for index in indexes.values())


async def test_only_the_newest_batches_are_remembered(mongo: MongoThreadStore, threads: Any) -> None:
    await mongo.reserve(ALICE, QUESTION, "topic")
    for number in range(70):
        await mongo.append(ALICE, [Assistant(str(number))])
    assert len(threads.find_one()["recent_batches"]) == 64
    assert len(await mongo.read(ALICE)) == 71


# ---- addresses and loops


def test_what_weakens_a_connection_is_dropped_and_what_keeps_it_safe_stays(caplog: pytest.LogCaptureFixture) -> None:
    uri = (
        "mongodb://me:pa%3Fss@h1,h2:5/db?tls=true&TLSInsecure=true&tlsCAFile=/etc/passwd&replicaSet=r&proxyHost=evil"
        "&w=0;journal=false&authSource=admin&authMechanismProperties=x:y&tlsAllowInvalidCertificates=true"
    )
    start = "mongodb://me:pa%3Fss@h1,h2:5/db?"
    assert forms(uri) == [
        f"{start}tls=true&replicaSet=r&authSource=admin",
        f"{start}tls=true&authSource=admin",
    ]
    assert "tlsinsecure" in caplog.text
    assert "evil" not in caplog.text
    assert "passwd" not in caplog.text
    own = f"{start}tls=true&tlsCAFile=/etc/passwd&authSource=admin"
    assert forms(uri, own=True)[1] == own, "what the site itself wrote may name files"
    assert forms(uri, own=True)[0] == own.replace("&authSource", "&replicaSet=r&authSource")
    assert forms("mongodb://h") == ["mongodb://h/"]
    assert forms("mongodb+srv://h/?ssl=true") == ["mongodb+srv://h/?ssl=true"]


@pytest.mark.parametrize(
    "uri", ["", "file:///etc/passwd", "/etc/passwd", "http://h", "mongodb://", "mongodb", "h:27017"]
)
def test_no_other_address(uri: str) -> None:
    with pytest.raises(StoreUnavailable) as raised:
        forms(uri)
    assert "passwd" not in str(raised.value)


def test_only_these_hosts() -> None:
    allowed = ("db.example.org", "::1")
    assert forms("mongodb://u:p@DB.example.org:5,[::1]:27017/x", allowed)
    for host in ("evil", "db.example.org,evil", "db.example.org@evil/", "evil#db.example.org"):
        with pytest.raises(StoreUnavailable):
            forms(f"mongodb://{host}", allowed)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a server that does not answer as short as a local one needs."""
    monkeypatch.setattr("jupyter_frevagpt.threads.connection._SELECTION_MS", 700)


@pytest.fixture
def clients(jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[MongoClients]:
    made = MongoClients()
    yield made
    jp_asyncio_loop.run_until_complete(made.aclose())


@pytest.mark.usefixtures("impatient")
async def test_an_address_whose_options_do_not_fit_is_tried_without_them(
    mongo_uri: str, database: str, clients: MongoClients
) -> None:
    bare = mongo_uri.partition("?")[0]
    for options in ("replicaSet=no-such-set", "maxPoolSize=nonsense", "loadBalanced=true"):
        store = MongoThreadStore(f"{bare}?{options}", database=database, clients=clients)
        await store.reserve(ThreadRef("alice", "x"), QUESTION, options)
        await store.aclose()


WRONG = ["tls=true", "tls=true&replicaSet=no-such-set", "ssl=true&tlsInsecure=true", "authMechanism=NONSENSE"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("options", WRONG)
async def test_encryption_and_credentials_are_never_dropped(
    mongo_uri: str, database: str, clients: MongoClients, options: str, caplog: pytest.LogCaptureFixture
) -> None:
    host = mongo_uri.partition("://")[2].partition("/")[0].rpartition("@")[2]
    store = MongoThreadStore(f"mongodb://someone:topsecret@{host}/?{options}", database=database, clients=clients)
    with pytest.raises(StoreUnavailable) as raised:
        await store.reserve(ALICE, QUESTION, "topic")
    await store.aclose()
    for text in (str(raised.value), caplog.text, str(raised.value.__cause__), repr(store)):
        assert "topsecret" not in text
        assert host not in text


async def test_one_client_an_address_and_only_so_many(mongo_uri: str, database: str) -> None:
    clients = MongoClients(most=2)
    stores = [
        MongoThreadStore(f"{mongo_uri}&appname=a{number % 3}", database=database, clients=clients)
        for number in range(6)
    ]
    for store in stores[:2] + stores[3:5]:
        await store.list("alice", limit=1, page=0)
    assert len(clients._clients) == 2
    first = next(iter(clients._clients.values()))
    await stores[2].list("alice", limit=1, page=0)
    assert len(clients._clients) == 2
    assert first not in clients._clients.values()
    assert first._motor is None
    await stores[0].reserve(ALICE, QUESTION, "topic")  # the one that was closed comes back
    assert await stores[4].read(ALICE) == [QUESTION]
    for store in stores:
        await store.aclose()
    await clients.aclose()


async def test_no_client_is_closed_in_the_middle_of_a_talk(mongo_uri: str, database: str) -> None:
    clients = MongoClients(most=1)
    one, two = (
        MongoThreadStore(f"{mongo_uri}&appname={name}", database=database, clients=clients) for name in ("a", "b")
    )
    await one.reserve(ALICE, QUESTION, "topic")
    with one._connection.talking():
        (first,) = clients._clients.values()
        await two.list("alice", limit=1, page=0)
        assert first.connected is not None
        assert len(clients._clients) == 2
    await two.list("alice", limit=1, page=0)
    assert first.connected is None
    assert len(clients._clients) == 1
    for store in (one, two):
        await store.aclose()
    await clients.aclose()


async def test_who_waits_for_a_connection_that_is_given_up_is_told_so(clients: MongoClients) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = MongoThreadStore(f"mongodb://127.0.0.1:{silent.getsockname()[1]}/", clients=clients)
        waiting = [asyncio.create_task(store.list("alice", limit=1, page=0)) for _ in range(2)]
        while not any(client._connecting for client in clients._clients.values()):
            await asyncio.sleep(0.01)
        await clients.aclose()
        for result in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(result, StoreUnavailable)
        await store.aclose()


def test_each_loop_has_its_own_connection(mongo_uri: str, database: str) -> None:
    clients = MongoClients()
    store = MongoThreadStore(mongo_uri, database=database, clients=clients)

    async def use() -> list[StreamVariant]:
        await store.reserve(ALICE, QUESTION, "topic")
        items = await store.read(ALICE)
        await store.aclose()
        return items

    async def end() -> None:
        await use()
        await clients.aclose()

    run: Callable[[Any], list[StreamVariant]] = asyncio.run
    assert run(use()) == [QUESTION]
    assert run(use()) == [QUESTION, QUESTION]
    run(end())
