"""Thousands of threads of one owner: the times are printed, only what comes back is asserted."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from jupyter_frevagpt.domain.protocols import ThreadStore
from jupyter_frevagpt.domain.values import Search, ThreadPage
from jupyter_frevagpt.threads.jsonl import FileThreadStore
from jupyter_frevagpt.threads.mongo import MongoThreadStore

COUNT = 10_000
# SecantusDB reads all of an owner's documents for one page, a genuine MongoDB only those of the page.
COUNT_IN_DATABASE = COUNT if os.environ.get("FREVAGPT_TEST_MONGO_URI") else 1_000
SEARCHES = [Search("777"), Search("777", "user"), Search("777", "code"), Search("2 3\n1", "output")]
START = datetime(2026, 1, 1, tzinfo=UTC)


def content(number: int) -> list[dict[str, Any]]:
    code = {"variant": "Code", "content": json.dumps({"code": f"x = {number}"}, separators=(",", ":")), "id": "c"}
    return [
        {"variant": "User", "content": f"question {number}"},
        code,
        {"variant": "CodeOutput", "content": "1 2 3\n" * 20, "id": "c"},
        {"variant": "Assistant", "content": f"answer {number}"},
    ]


def fill_files(store: FileThreadStore) -> None:
    folder = store._folders.threads("alice")
    store._folders.make(folder)
    for number in range(COUNT):
        date = START + timedelta(seconds=number)
        names = {"user_id": "alice", "thread_id": f"t{number}", "topic": f"n{number}"}
        path = folder / f"t{number}.meta.json"
        path.write_text(json.dumps({"format": 1, "date": date.isoformat(), **names}))
        os.utime(path, (date.timestamp(), date.timestamp()))
        (folder / f"t{number}.txt").write_text("".join(json.dumps(item) + "\n" for item in content(number)))


async def timed(what: str, page: Awaitable[ThreadPage]) -> ThreadPage:
    began = time.perf_counter()
    result = await page
    print(f"{what}: {1000 * (time.perf_counter() - began):.0f} ms")  # noqa: T201
    return result


async def look(kind: str, store: ThreadStore, count: int) -> None:
    kind = f"{count} threads in {kind}"
    for attempt in ("first list", "second list"):
        page, total = await timed(f"{kind}, {attempt}", store.list("alice", limit=20, page=0))
        assert (total, [summary.thread_id for summary in page]) == (count, [f"t{count - 1 - at}" for at in range(20)])
    page, total = await timed(f"{kind}, a late page", store.list("alice", limit=100, page=9))
    assert (total, page[0].thread_id) == (count, f"t{count - 901}")
    hits = sum("777" in str(number) for number in range(count))
    for search in SEARCHES:
        page, total = await timed(f"{kind}, search in {search.where}", store.search("alice", search, limit=20, page=0))
        assert (total, len(page)) == ((count, 20) if search.where == "output" else (hits, min(hits, 20)))


async def test_in_files(files: FileThreadStore) -> None:
    fill_files(files)
    await look("files", files, COUNT)


async def test_in_a_database(mongo: MongoThreadStore, raw: MongoClient[dict[str, Any]], database: str) -> None:
    await mongo.list("alice", limit=1, page=0)  # makes the indexes
    documents: list[dict[str, Any]] = [
        {
            "user_id": "alice",
            "thread_id": f"t{number}",
            "topic": f"n{number}",
            "date": START + timedelta(seconds=number),
            "content": content(number),
        }
        for number in range(COUNT_IN_DATABASE)
    ]
    raw[database]["threads"].insert_many(documents)
    await look("MongoDB", mongo, COUNT_IN_DATABASE)


pytestmark = pytest.mark.timeout(300)
