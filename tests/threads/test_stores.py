"""One suite for every ThreadStore: order, paging, ownership, search, names, deletion, forks, ratings, leases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from jupyter_frevagpt.domain.errors import FeedbackNotFound, ThreadNotFound
from jupyter_frevagpt.domain.protocols import ThreadStore
from jupyter_frevagpt.domain.values import Search, ThreadRef
from jupyter_frevagpt.domain.variants import (
    Assistant,
    Code,
    CodeOutput,
    Image,
    ServerHint,
    StreamEnd,
    StreamVariant,
    ToolCall,
    ToolOutput,
    User,
    encode,
)

ALICE, BOB = ThreadRef("alice", "a" * 32), ThreadRef("bob", "a" * 32)
QUESTION = User("What is °C in K?", "model-a", "kernel-1")
ROUND = [
    Assistant("I look."),
    Code('{"code":"print(temps)\\nx = \\"Größe\\""}', "c"),
    CodeOutput("14.5 degrees\n", "c"),
    Assistant("It is 14.5."),
    StreamEnd("Finished."),
]


async def test_items_come_back_in_order(store: ThreadStore) -> None:
    items: list[StreamVariant] = [
        Assistant("14 °C 😀\u2028\x00"),
        Code('{"code":"1"}', "c"),
        CodeOutput("", "c", [{"data": {"application/vnd.vega.v5+json": {"$schema": "x", "a.b": [1, None]}}}]),
        Image("iVBOR", "c_0"),
        ToolCall("{}", "find", "d"),
        ToolOutput("found", "find", "d"),
        ServerHint({"changes": {"unknown": {"a.b": "why", "$x": 2**64 - 1}}}),
        ServerHint({"usage": {"seconds": 1.5, "prompt_tokens": 3}}),
        StreamEnd("x"),
    ]
    await store.reserve(ALICE, QUESTION, "topic")
    await store.append(ALICE, items[:2])
    await store.append(ALICE, items[2:])
    assert await store.read(ALICE) == [QUESTION, *items]


async def test_text_that_no_encoder_takes_is_kept_as_far_as_it_goes(store: ThreadStore) -> None:
    await store.reserve(ALICE, User("half \ud83d pair"), "topic \ud83d")
    await store.append(ALICE, [Assistant("\ud800 rest")])
    if type(store).__name__ != "MemoryThreadStore":
        assert await store.read(ALICE) == [User("half ? pair"), Assistant("? rest")]
        encode((await store.read(ALICE))[0])


async def test_nobody_else_gets_at_a_thread(store: ThreadStore) -> None:
    assert await store.summary(ALICE) is None
    await store.reserve(ALICE, QUESTION, "topic")
    await store.append(ALICE, ROUND)
    known = await store.summary(ALICE)
    assert known is not None
    for attempt in (
        store.summary(BOB),
        store.reserve(BOB, QUESTION, "mine"),
        store.read(BOB),
        store.append(BOB, ROUND),
        store.rename(BOB, "mine"),
        store.delete(BOB),
        store.fork(BOB, "b" * 32, ROUND, 0),
        store.rate(BOB, 0, "up"),
        store.lease(BOB, "h", 9),
    ):
        with pytest.raises(ThreadNotFound):
            await attempt
    assert await store.list("bob", limit=10, page=0) == ([], 0)
    assert await store.search("bob", Search("topic"), limit=10, page=0) == ([], 0)
    assert await store.list("alice", limit=10, page=0) == ([known], 1)
    assert await store.read(ALICE) == [QUESTION, *ROUND]


HOSTILE: list[Any] = [{"$ne": None}, {"$gt": ""}, ["a"], None, 5, "../x", "a/b", "", "a" * 65, "a\n", "ü", "$ne", "a\0"]


@pytest.mark.parametrize("thread_id", HOSTILE, ids=repr)
async def test_hostile_thread_ids_reach_nothing(store: ThreadStore, thread_id: Any) -> None:
    await store.reserve(ALICE, QUESTION, "topic")
    hostile = ThreadRef("alice", thread_id)
    for attempt in (
        store.summary(hostile),
        store.reserve(hostile, QUESTION, "mine"),
        store.read(hostile),
        store.append(hostile, ROUND),
        store.rename(hostile, "mine"),
        store.delete(hostile),
        store.fork(ALICE, thread_id, ROUND, 0),
        store.rate(hostile, 0, "up"),
        store.lease(hostile, "h", 9),
    ):
        with pytest.raises(ThreadNotFound):
            await attempt
    assert await store.read(ALICE) == [QUESTION]
    assert (await store.list("alice", limit=10, page=0))[1] == 1


@pytest.mark.parametrize("owner", [{"$ne": None}, {"$regex": "."}, None])
async def test_hostile_owners_reach_nothing(store: ThreadStore, owner: Any) -> None:
    await store.reserve(ALICE, QUESTION, "topic")
    hostile = ThreadRef(owner, ALICE.thread_id)
    for attempt in (store.summary(hostile), store.read(hostile), store.delete(hostile), store.rename(hostile, "x")):
        with pytest.raises(ThreadNotFound):
            await attempt
    assert await store.list(owner, limit=10, page=0) == ([], 0)
    assert await store.search(owner, Search("topic"), limit=10, page=0) == ([], 0)
    assert (await store.read(ALICE)) == [QUESTION]


async def several(store: ThreadStore, count: int) -> list[ThreadRef]:
    refs = [ThreadRef("alice", f"thread{number:02}") for number in range(count)]
    for ref in refs:
        await store.reserve(ref, QUESTION, f"topic {ref.thread_id}")
        await asyncio.sleep(0.003)  # dates have milliseconds
    return refs


async def test_lists_newest_first_in_pages(store: ThreadStore) -> None:
    refs = await several(store, 7)
    await store.reserve(refs[2], QUESTION, "ignored: it has a topic")
    page, total = await store.list("alice", limit=3, page=0)
    assert total == 7
    assert [summary.thread_id for summary in page] == ["thread02", "thread06", "thread05"]
    assert page[0].topic == "topic thread02"
    assert page[0].date.endswith("Z")
    assert page[0] == await store.summary(refs[2])
    assert [summary.thread_id for summary in (await store.list("alice", limit=3, page=2))[0]] == ["thread00"]
    assert (await store.list("alice", limit=3, page=9)) == ([], 7)


SEARCHES = [
    (Search("größe"), ["in-topic"]),
    (Search("GRÖSSE"), ["in-topic"]),  # ß and SS are one letter in two cases
    (Search("größe", "user"), ["in-user"]),
    (Search("größe", "ai"), ["in-ai"]),
    (Search('x = "größe"', "code"), ["in-code"]),
    (Search("b\nc", "code"), ["in-code"]),
    (Search("größe", "output"), ["in-tool", "in-output"]),
    (Search(".*"), []),
    (Search("[a-z", "user"), []),
    (Search("\0", "output"), []),
    (Search("$where"), []),
]


async def test_search_is_literal_and_looks_where_it_is_told(store: ThreadStore) -> None:
    contents: dict[str, StreamVariant] = {
        "in-user": User("die GRÖßE (1+1)"),
        "in-ai": Assistant("die Größe"),
        "in-code": Code('{"code":"x = \\"Gr\\u00f6\\u00dfe\\"\\nb\\nc"}', "c"),
        "in-output": CodeOutput("Größe", "c"),
        "in-tool": ToolOutput("Größe", "t", "c"),
    }
    for thread_id, item in contents.items():
        await store.reserve(ThreadRef("alice", thread_id), User("q"), "nothing")
        await store.append(ThreadRef("alice", thread_id), [Image("Größe", "i"), item])
        await asyncio.sleep(0.003)
    await store.reserve(ThreadRef("alice", "in-topic"), User("q"), "Die Größe")
    await store.reserve(ThreadRef("bob", "bobs"), User("größe"), "Größe")
    for search, expected in SEARCHES:
        page, total = await store.search("alice", search, limit=10, page=0)
        assert ([summary.thread_id for summary in page], total) == (expected, len(expected)), search


async def test_what_is_found_comes_newest_first_in_pages(store: ThreadStore) -> None:
    await several(store, 5)
    page, total = await store.search("alice", Search("THREAD0"), limit=2, page=1)
    assert ([summary.thread_id for summary in page], total) == (["thread02", "thread01"], 5)


async def test_a_new_name_survives_turns_that_run_and_come(store: ThreadStore) -> None:
    await store.reserve(ALICE, QUESTION, "first")
    await store.append(ALICE, ROUND[:2])
    assert await store.rename(ALICE, "mine", instead_of="first") is True
    await store.append(ALICE, ROUND[2:])
    assert await store.rename(ALICE, "the model's", instead_of="first") is False
    await store.reserve(ALICE, QUESTION, "another")
    known = await store.summary(ALICE)
    assert known is not None
    assert known.topic == "mine"
    assert await store.read(ALICE) == [QUESTION, *ROUND, QUESTION]
    with pytest.raises(ThreadNotFound):
        await store.rename(ThreadRef("alice", "none"), "x", instead_of="y")


async def test_names_and_turns_at_the_same_moment_lose_neither(store: ThreadStore) -> None:
    await store.reserve(ALICE, QUESTION, "topic 0")
    for number in range(10):
        await asyncio.gather(
            store.reserve(ALICE, QUESTION, "never"),
            store.rename(ALICE, f"topic {number + 1}"),
            store.append(ALICE, [Assistant(str(number))]),
        )
        known = await store.summary(ALICE)
        assert known is not None
        assert known.topic == f"topic {number + 1}"
    assert len(await store.read(ALICE)) == 21


async def test_renaming_leaves_the_date(store: ThreadStore) -> None:
    refs = await several(store, 3)
    await store.rename(refs[0], "new")
    page, _ = await store.list("alice", limit=3, page=0)
    assert [summary.topic for summary in page] == ["topic thread02", "topic thread01", "new"]


async def test_what_is_deleted_during_a_turn_does_not_come_back(store: ThreadStore) -> None:
    await store.reserve(ALICE, QUESTION, "topic")
    await store.append(ALICE, ROUND[:2])
    await store.delete(ALICE)
    for attempt in (
        store.append(ALICE, ROUND[2:]),
        store.rename(ALICE, "x"),
        store.rate(ALICE, 0, "up"),
        store.read(ALICE),
        store.delete(ALICE),
        store.lease(ALICE, "h", 5),
        store.fork(ALICE, "b" * 32, [], 0),
    ):
        with pytest.raises(ThreadNotFound):
            await attempt
    assert await store.summary(ALICE) is None
    assert await store.list("alice", limit=5, page=0) == ([], 0)
    await store.reserve(BOB, QUESTION, "now it is free")
    assert await store.read(BOB) == [QUESTION]


async def test_deletions_and_lists_in_the_same_instant(store: ThreadStore) -> None:
    refs = await several(store, 8)
    for left, ref in zip(range(7, -1, -1), refs, strict=True):
        await store.delete(ref)
        page, total = await store.list("alice", limit=20, page=0)
        assert (len(page), total) == (left, left)


async def test_a_fork_stands_on_its_own(store: ThreadStore) -> None:
    await store.reserve(ALICE, QUESTION, "topic")
    await store.append(ALICE, [*ROUND, User("second")])
    await store.rate(ALICE, 0, "down")
    items = (await store.read(ALICE))[:-1]
    summary = await store.fork(ALICE, "f" * 32, items, 1)
    fork = ThreadRef("alice", "f" * 32)
    assert (summary.thread_id, summary.topic, summary.user_id) == (fork.thread_id, "topic", "alice")
    assert await store.read(fork) == items
    await store.rate(fork, 0, "")
    await store.append(fork, [Assistant("more")])
    assert (await store.read(fork))[1] == Assistant("I look.")
    assert (await store.read(ALICE))[:-1] == items
    assert len(await store.read(ALICE)) == 7
    with pytest.raises(ThreadNotFound):
        await store.fork(ALICE, fork.thread_id, [], 1)
    await store.delete(ALICE)
    assert len(await store.read(fork)) == 7
    assert [found.thread_id for found in (await store.list("alice", limit=5, page=0))[0]] == [fork.thread_id]


async def test_ratings_count_assistant_and_code_alone(store: ThreadStore) -> None:
    await store.reserve(ALICE, QUESTION, "topic")
    await store.append(ALICE, ROUND)
    await store.rate(ALICE, 0, "up")
    await store.rate(ALICE, 1, "down")
    await store.rate(ALICE, 2, "up")
    await store.rate(ALICE, 0, "")
    expected = list(ROUND)
    expected[1] = msgspec.structs.replace(ROUND[1], feedback="down")
    expected[3] = msgspec.structs.replace(ROUND[3], feedback="up")
    assert await store.read(ALICE) == [QUESTION, *expected]
    for index in (-1, 3, 10**9):
        with pytest.raises(FeedbackNotFound):
            await store.rate(ALICE, index, "up")
    await store.append(ALICE, [Assistant("late")])
    assert await store.read(ALICE) == [QUESTION, *expected, Assistant("late")]


async def test_a_thread_belongs_to_one_server_at_a_time(servers: Callable[[], ThreadStore]) -> None:
    one, other = servers(), servers()
    await one.reserve(ALICE, QUESTION, "topic")
    assert await one.lease(ALICE, "one", 30) is True
    assert await one.lease(ALICE, "one", 30) is True
    assert await other.lease(ALICE, "other", 30) is False
    assert await other.leased(ALICE, "other") is True
    assert await one.leased(ALICE, "one") is False
    await other.release(ALICE, "other")  # not its own: nothing happens
    assert await other.lease(ALICE, "other", 30) is False
    await one.release(ALICE, "one")
    assert await other.leased(ALICE, "other") is False
    assert await other.lease(ALICE, "other", 30) is True
    assert await one.lease(ALICE, "one", 30) is False
    assert await one.read(ALICE) == [QUESTION]


async def test_the_lease_of_a_dead_server_ends(servers: Callable[[], ThreadStore]) -> None:
    one, *others = (servers() for _ in range(5))
    await one.reserve(ALICE, QUESTION, "topic")
    for attempt in range(20):
        assert await one.lease(ALICE, f"one {attempt}", 0.3) is True
        if not await others[0].lease(ALICE, "early", 30):
            break  # else this machine was too busy to come back within 0.3 s
        await others[0].release(ALICE, "early")
    await asyncio.sleep(0.35)
    assert await others[0].leased(ALICE, "x") is False
    taken = await asyncio.gather(*(store.lease(ALICE, f"other {at}", 30) for at, store in enumerate(others)))
    assert sum(taken) == 1, taken


async def test_one_of_several_first_questions_makes_the_thread(servers: Callable[[], ThreadStore]) -> None:
    stores = [servers() for _ in range(4)]
    await asyncio.gather(*(store.summary(ALICE) for store in stores))
    await asyncio.gather(*(store.reserve(ALICE, User(str(at)), "t") for at, store in enumerate(stores)))
    assert (await stores[0].list("alice", limit=5, page=0))[1] == 1
    if type(stores[0]).__name__ == "MongoThreadStore":
        assert sorted(item.content for item in await stores[0].read(ALICE)) == list("0123")
