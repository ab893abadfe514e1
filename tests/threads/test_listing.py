"""Lists from documents of any service and age: newest first whatever a date is, and nothing large is overlooked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import pytest
from bson import ObjectId
from bson.datetime_ms import DatetimeMS

from jupyter_frevagpt.domain.values import Search, ThreadRef, ThreadSummary
from jupyter_frevagpt.domain.variants import Assistant, Code, CodeOutput, StreamVariant, ToolOutput, User
from jupyter_frevagpt.threads.connection import _CODEC
from jupyter_frevagpt.threads.documents import summary_of
from jupyter_frevagpt.threads.mongo import MongoThreadStore

from .conftest import Raw
from .test_stores import ALICE, QUESTION


async def names(store: MongoThreadStore, limit: int = 50, page: int = 0) -> list[str]:
    summaries, _ = await store.list("alice", limit=limit, page=page)
    return [summary.thread_id for summary in summaries]


async def test_newest_first_whatever_a_date_is(mongo: MongoThreadStore, threads: Any) -> None:
    moment = datetime(2026, 5, 1, tzinfo=UTC)
    dates: dict[str, Any] = {
        "a": moment,
        "b": (moment - timedelta(hours=1)).isoformat(),
        "c": moment - timedelta(hours=2),
        "d": "2026-04-30T21:00:00.123456789Z",  # three hours before, as Rust writes it
        "e": "2026-04-30T22:00:00+02:00",  # four hours before
        "f": moment - timedelta(hours=5),
    }
    for name, date in reversed(dates.items()):
        threads.insert_one({"user_id": "alice", "thread_id": name, "date": date, "topic": None, "content": []})
    made = ObjectId.from_datetime(moment - timedelta(hours=6))
    threads.insert_one({"_id": made, "user_id": "alice", "thread_id": "g", "date": None, "content": []})
    made = ObjectId.from_datetime(moment - timedelta(hours=7))
    threads.insert_one({"_id": made, "user_id": "alice", "thread_id": "h", "content": []})
    threads.insert_one({"user_id": "bob", "thread_id": "z", "date": "2026-06-01", "content": []})
    assert await names(mongo) == list("abcdefgh")
    assert (await mongo.list("alice", limit=1, page=0))[1] == 8
    assert [await names(mongo, 3, page) for page in range(4)] == [list("abc"), list("def"), list("gh"), []]
    found, total = await mongo.search("alice", Search(""), limit=3, page=1)
    assert ([summary.thread_id for summary in found], total) == (list("def"), 8)
    await mongo.reserve(ThreadRef("alice", "e"), QUESTION, "")
    assert await names(mongo, 3) == list("eab")
    assert isinstance(threads.find_one({"thread_id": "e"})["date"], datetime)


ABSURD: list[Any] = [
    "9999-12-31T23:59:59-05:00",
    "0001-01-01T00:00:00+05:00",
    5,
    {"$date": "2026-01-01"},
    ["2026-01-01"],
    ObjectId(),
]


async def test_an_absurd_date_costs_no_list(mongo: MongoThreadStore, threads: Any) -> None:
    for number, date in enumerate(ABSURD):
        threads.insert_one({"user_id": "alice", "thread_id": f"t{number}", "date": date, "content": []})
    assert sorted(await names(mongo)) == sorted(f"t{number}" for number in range(len(ABSURD)))
    for number in range(len(ABSURD)):
        known = await mongo.summary(ThreadRef("alice", f"t{number}"))
        assert known is not None
        assert known.date.endswith("Z")
    assert (await mongo.search("alice", Search(""), limit=9, page=0))[1] == len(ABSURD)


def test_what_bson_can_say_and_no_calendar_has_costs_one_field() -> None:
    """Read as the store does; SecantusDB takes no such document."""
    for date, shown in ((2**62, "9999-12-31T23:59:59.999Z"), (-(2**62), "0001-01-01T00:00:00.000Z")):
        sent = bson.encode({"thread_id": "x", "date": DatetimeMS(date), "topic": "good"})
        document = bson.decode(sent.replace(b"good", b"b\xffd!"), codec_options=_CODEC)
        assert summary_of(document, "alice") == ThreadSummary("alice", "x", shown, "b\ufffdd!")


LONG = "ß filling " * 120_000
TAILS: list[tuple[str, StreamVariant]] = [
    ("user", User(f"{LONG}NEEDLE")),
    ("ai", Assistant(f"{LONG}NEEDLE")),
    ("code", Code('{"code":"' + LONG + 'NEEDLE"}', "c")),
    ("output", CodeOutput(f"{LONG}NEEDLE", "c")),
    ("output", ToolOutput(f"{LONG}NEEDLE", "find", "c")),
]


@pytest.mark.parametrize(("where", "item"), TAILS, ids=[type(item).__name__ for _, item in TAILS])
async def test_what_lies_beside_its_document_is_found(
    mongo: MongoThreadStore, threads: Any, where: Any, item: StreamVariant
) -> None:
    await mongo.reserve(ALICE, QUESTION, "topic")
    await mongo.append(ALICE, [item, Assistant("needless"), CodeOutput("no", "c")])
    assert "NEEDLE" not in str(threads.find_one()["content"])

    async def found(search: Search, owner: str = "alice") -> int:
        return (await mongo.search(owner, search, limit=5, page=0))[1]

    assert await found(Search("needle", where)) == 1
    assert await found(Search("filling needle", where)) == 1
    assert await found(Search("needle filling", where)) == 0
    assert await found(Search("needle")) == 0, "a topic is looked for"
    assert await found(Search("needle", where), "bob") == 0
    other = next(kind for kind in ("user", "code", "output") if kind != where)
    assert await found(Search("needle", other)) == 0


async def test_a_file_that_is_missing_costs_no_search(mongo: MongoThreadStore, raw: Raw, database: str) -> None:
    await mongo.reserve(ALICE, QUESTION, "topic")
    await mongo.append(ALICE, [Assistant(f"{LONG}NEEDLE")])
    raw[database]["fs.files"].delete_many({})
    assert (await mongo.search("alice", Search("needle", "ai"), limit=5, page=0))[1] == 0
    assert (await mongo.search("alice", Search("filling", "ai"), limit=5, page=0))[1] == 1
