"""The documents of a database: those of other services, and those that other services read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId

from jupyter_frevagpt.domain.values import Search, ThreadRef
from jupyter_frevagpt.domain.variants import Assistant, Code, CodeOutput, Image, ServerHint, StreamVariant, User
from jupyter_frevagpt.threads.mongo import MongoThreadStore

from .test_stores import ALICE, QUESTION, ROUND

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
