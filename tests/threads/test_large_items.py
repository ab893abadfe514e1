"""Items too large for a document of a database, and documents that are full."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import msgspec
import pytest
from bson import ObjectId
from gridfs import GridFSBucket
from PIL import Image as Pictures

from jupyter_frevagpt.domain.errors import StoreUnavailable, ThreadNotFound
from jupyter_frevagpt.domain.values import ThreadRef, ThreadSummary
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
from jupyter_frevagpt.threads.mongo import MongoThreadStore

from .conftest import Raw
from .large import kept, noise
from .test_stores import ALICE, BOB, QUESTION


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
