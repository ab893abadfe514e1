"""The copy in plain files behind a database: it has the same, and its troubles are nobody's."""

from __future__ import annotations

import asyncio
import shutil

import pytest

from jupyter_frevagpt.domain.errors import StoreUnavailable, ThreadNotFound
from jupyter_frevagpt.domain.values import ThreadRef
from jupyter_frevagpt.domain.variants import Assistant, StreamVariant, User
from jupyter_frevagpt.threads.jsonl import FileThreadStore
from jupyter_frevagpt.threads.memory import MemoryThreadStore
from jupyter_frevagpt.threads.mirror import MirroredThreadStore
from jupyter_frevagpt.threads.mongo import MongoThreadStore

from .test_stores import ALICE, QUESTION, ROUND

OTHER = ThreadRef("alice", "other")


async def same(mirror: MirroredThreadStore, files: FileThreadStore, ref: ThreadRef = ALICE) -> list[StreamVariant]:
    await mirror.settled()
    items = await mirror.read(ref)
    assert await files.read(ref) == items
    kept, copied = await mirror.summary(ref), await files.summary(ref)
    assert kept is not None
    assert copied is not None
    assert copied.topic == kept.topic
    return items


async def test_a_mirror_has_the_same(mirror: MirroredThreadStore, files: FileThreadStore) -> None:
    await mirror.reserve(ALICE, QUESTION, "topic")
    await mirror.append(ALICE, ROUND)
    await mirror.reserve(OTHER, QUESTION, "gone")
    await mirror.rename(ALICE, "new")
    await mirror.rate(ALICE, 0, "up")
    await mirror.fork(ALICE, "fork", ROUND, 1)
    await mirror.delete(OTHER)
    await mirror.reserve(ALICE, User("again"), "")
    assert len(await same(mirror, files)) == 7
    assert await same(mirror, files, ThreadRef("alice", "fork")) == ROUND
    with pytest.raises(ThreadNotFound):
        await files.read(OTHER)
    assert (await files.list("alice", limit=5, page=0))[1] == 2


async def test_a_thread_from_before_the_mirror_is_copied_whole(
    mirror: MirroredThreadStore, mongo: MongoThreadStore, files: FileThreadStore
) -> None:
    await mongo.reserve(ALICE, QUESTION, "topic")
    await mongo.append(ALICE, ROUND)
    await asyncio.gather(*(mirror.append(ALICE, [Assistant(str(number))]) for number in range(20)))
    items = await same(mirror, files)
    assert items[:6] == [QUESTION, *ROUND]
    assert sorted(item.content for item in items[6:]) == sorted(map(str, range(20)))  # each of them once


async def test_a_mirror_that_cannot_write_costs_nothing_and_catches_up(
    mirror: MirroredThreadStore, files: FileThreadStore, caplog: pytest.LogCaptureFixture
) -> None:
    root = files._folders.root
    root.write_text("a file where the folder should be")
    await mirror.reserve(ALICE, QUESTION, "topic")
    await mirror.append(ALICE, ROUND[:2])
    await mirror.settled()
    assert "its copy could not be written" in caplog.text
    assert await mirror.read(ALICE) == [QUESTION, *ROUND[:2]]
    root.unlink()
    await mirror.append(ALICE, ROUND[2:])
    assert await same(mirror, files) == [QUESTION, *ROUND]
    shutil.rmtree(root)
    await mirror.append(ALICE, [Assistant("later")])
    assert await same(mirror, files) == [QUESTION, *ROUND, Assistant("later")]


async def test_what_the_first_store_refuses_is_not_mirrored(files: FileThreadStore) -> None:
    class Away(MemoryThreadStore):
        async def append(self, ref: ThreadRef, items: object) -> None:
            raise StoreUnavailable("away")

    mirror = MirroredThreadStore(Away(), files)
    await mirror.reserve(ALICE, QUESTION, "topic")
    with pytest.raises(StoreUnavailable):
        await mirror.append(ALICE, ROUND)
    assert await same(mirror, files) == [QUESTION]
    await mirror.aclose()


async def test_a_mirror_that_hangs_delays_nobody(files: FileThreadStore, monkeypatch: pytest.MonkeyPatch) -> None:
    free = asyncio.Event()

    class Slow(FileThreadStore):
        async def append(self, ref: ThreadRef, items: object) -> None:
            await free.wait()
            await super().append(ref, items)  # type: ignore[arg-type]

    monkeypatch.setattr("jupyter_frevagpt.threads.mirror._MOST_WAITING", 10)
    mirror = MirroredThreadStore(MemoryThreadStore(), Slow(files._folders))
    refs = [ALICE, OTHER]
    for ref in refs:
        await mirror.reserve(ref, QUESTION, "topic")
    for number in range(30):
        for ref in refs:
            await mirror.append(ref, [Assistant(str(number))])
    assert len(mirror._waiting) <= 10
    free.set()
    for ref in refs:
        assert len(await same(mirror, files, ref)) == 31
    await mirror.aclose()
