"""One suite for every ThreadStore: order, paging, ownership; and what is particular to plain files."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_frevagpt.domain.errors import StoreUnavailable, ThreadNotFound
from jupyter_frevagpt.domain.protocols import ThreadStore
from jupyter_frevagpt.domain.values import ThreadRef
from jupyter_frevagpt.domain.variants import Assistant, Code, CodeOutput, StreamEnd, User
from jupyter_frevagpt.threads.folders import OwnerFolders, owner_key
from jupyter_frevagpt.threads.jsonl import FileThreadStore
from jupyter_frevagpt.threads.memory import MemoryThreadStore

ALICE, BOB = ThreadRef("alice", "a" * 32), ThreadRef("bob", "a" * 32)
QUESTION = User("What is °C in K?", "model-a", "kernel-1")


@pytest.fixture(params=["files", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ThreadStore:
    return MemoryThreadStore() if request.param == "memory" else FileThreadStore(OwnerFolders(tmp_path / "frevagpt"))


@pytest.fixture
def files(tmp_path: Path) -> FileThreadStore:
    return FileThreadStore(OwnerFolders(tmp_path / "frevagpt"))


def path_of(store: FileThreadStore, ref: ThreadRef, suffix: str = ".txt") -> Path:
    return store._folders.threads(ref.owner) / f"{ref.thread_id}{suffix}"


async def test_items_come_back_in_order(store: ThreadStore) -> None:
    items = [
        Assistant("14 °C 😀\u2028"),
        Code('{"code":"1"}', "c"),
        CodeOutput("", "c", [{"a": [1, None]}]),
        StreamEnd("x"),
    ]
    await store.reserve(ALICE, QUESTION, "topic")
    await store.append(ALICE, items[:2])
    await store.append(ALICE, items[2:])
    assert await store.read(ALICE) == [QUESTION, *items]


async def test_nobody_else_gets_at_a_thread(store: ThreadStore) -> None:
    assert await store.summary(ALICE) is None
    await store.reserve(ALICE, QUESTION, "topic")
    assert (await store.summary(ALICE)) is not None
    for attempt in (store.summary(BOB), store.reserve(BOB, QUESTION, "mine"), store.read(BOB)):
        with pytest.raises(ThreadNotFound):
            await attempt
    assert await store.list("bob", limit=10, page=0) == ([], 0)
    assert (await store.list("alice", limit=10, page=0))[1] == 1


async def test_lists_newest_first_in_pages(store: ThreadStore) -> None:
    refs = [ThreadRef("alice", f"thread{number:02}") for number in range(7)]
    for ref in refs:
        await store.reserve(ref, QUESTION, f"topic {ref.thread_id}")
        await asyncio.sleep(0.003)
    await store.reserve(refs[2], QUESTION, "ignored: it has a topic")
    page, total = await store.list("alice", limit=3, page=0)
    assert total == 7
    assert [summary.thread_id for summary in page] == ["thread02", "thread06", "thread05"]
    assert page[0].topic == "topic thread02"
    assert page[0].date.endswith("Z")
    assert [summary.thread_id for summary in (await store.list("alice", limit=3, page=2))[0]] == ["thread00"]
    assert (await store.list("alice", limit=3, page=9)) == ([], 7)


async def test_torn_and_strange_lines_do_not_make_a_thread_unreadable(
    files: FileThreadStore, caplog: pytest.LogCaptureFixture
) -> None:
    await files.reserve(ALICE, QUESTION, "topic")
    path = path_of(files, ALICE)
    with path.open("ab") as file:
        file.write(b'not json\n{"variant":"Unknown","content":1}\n\xff\xfe\n\n{"variant":"Assistant","conte')
    assert await files.read(ALICE) == [QUESTION]
    await files.append(ALICE, [Assistant("after")])
    assert await files.read(ALICE) == [QUESTION, Assistant("after")]
    assert "is not a variant" in caplog.text
    assert "not json" not in caplog.text


async def test_every_cut_of_the_last_line_is_tolerated(files: FileThreadStore) -> None:
    await files.reserve(ALICE, QUESTION, "topic")
    await files.append(ALICE, [Assistant("first")])
    path = path_of(files, ALICE)
    whole = path.read_bytes()
    last = len(whole.splitlines(keepends=True)[-1])
    for cut in range(1, last):
        path.write_bytes(whole[:-cut])
        await files.append(ALICE, [Assistant("after")])
        assert [item for item in await files.read(ALICE) if item not in (QUESTION, Assistant("first"))] == [
            Assistant("after")
        ]


async def test_modes_whatever_the_umask(files: FileThreadStore) -> None:
    old = os.umask(0)
    try:
        await files.reserve(ALICE, QUESTION, "topic")
    finally:
        os.umask(old)
    root = files._folders.root
    for path in [root, *root.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


async def test_a_folder_open_to_others_is_closed(files: FileThreadStore) -> None:
    files._folders.root.mkdir(mode=0o755)
    await files.reserve(ALICE, QUESTION, "topic")
    assert stat.S_IMODE(files._folders.root.stat().st_mode) == 0o700


async def test_a_damaged_meta_file_costs_only_the_topic(files: FileThreadStore) -> None:
    await files.reserve(ALICE, QUESTION, "topic")
    path_of(files, ALICE, ".meta.json").write_text("{")
    page, total = await files.list("alice", limit=5, page=0)
    assert (total, page[0].topic, page[0].thread_id) == (1, "", ALICE.thread_id)
    assert await files.read(ALICE) == [QUESTION]


async def test_a_thread_of_a_newer_format_is_listed_and_read_but_not_written(files: FileThreadStore) -> None:
    await files.reserve(ALICE, QUESTION, "topic")
    meta = path_of(files, ALICE, ".meta.json")
    meta.write_text(meta.read_text().replace('"format": 1', '"format": 2'))
    assert (await files.list("alice", limit=5, page=0))[1] == 1
    assert await files.read(ALICE) == [QUESTION]
    with pytest.raises(StoreUnavailable, match="newer version"):
        await files.reserve(ALICE, QUESTION, "topic")


@pytest.mark.parametrize("content", ["[]", "null", "{", "[" * 100_000])
async def test_no_meta_file_takes_the_list_away(files: FileThreadStore, content: str) -> None:
    other = ThreadRef("alice", "other")
    await files.reserve(ALICE, QUESTION, "topic")
    await files.reserve(other, QUESTION, "topic")
    path_of(files, ALICE, ".meta.json").write_text(content)
    path_of(files, ThreadRef("alice", "gone"), ".meta.json").symlink_to("nowhere")
    page, total = await files.list("alice", limit=5, page=0)
    assert (total, {summary.thread_id for summary in page}) == (2, {ALICE.thread_id, "other"})


async def test_a_full_disk_leaves_no_half_batch_behind(files: FileThreadStore) -> None:
    await files.reserve(ALICE, QUESTION, "topic")
    size = path_of(files, ALICE).stat().st_size
    old, limits = signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 200, limits[1]))
    try:
        with pytest.raises(StoreUnavailable):
            await files.append(ALICE, [Assistant("one"), Assistant("x" * 500)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, old)
    await files.append(ALICE, [Assistant("one"), Assistant("two")])
    assert await files.read(ALICE) == [QUESTION, Assistant("one"), Assistant("two")]


async def test_what_another_process_writes_is_seen_in_the_list(files: FileThreadStore) -> None:
    await files.reserve(ALICE, QUESTION, "topic")
    assert (await files.list("alice", limit=5, page=0))[1] == 1
    second = FileThreadStore(files._folders)
    await second.reserve(ThreadRef("alice", "elsewhere"), QUESTION, "topic")
    page, total = await files.list("alice", limit=5, page=0)
    assert (total, page[0].thread_id) == (2, "elsewhere")


async def test_a_disk_that_refuses_is_a_clear_error(files: FileThreadStore) -> None:
    files._folders.root.parent.joinpath("frevagpt").write_text("a file where the folder should be")
    with pytest.raises(StoreUnavailable):
        await files.reserve(ALICE, QUESTION, "topic")


@pytest.mark.parametrize("thread_id", ["../x", "a/b", "", "a" * 65, "a\n", "ü"])
async def test_ids_that_are_paths_touch_nothing(files: FileThreadStore, thread_id: str) -> None:
    with pytest.raises(ThreadNotFound):
        await files.read(ThreadRef("alice", thread_id))


@given(st.text(), st.text())
def test_owner_keys_are_plain_and_injective(one: str, other: str) -> None:
    assert "/" not in owner_key(one)
    assert owner_key(one) not in (".", "..")
    assert owner_key(one).isascii()
    assert (owner_key(one) == owner_key(other)) == (one == other)


WRITER = """
import asyncio, sys
from pathlib import Path
from jupyter_frevagpt.domain.values import ThreadRef
from jupyter_frevagpt.domain.variants import Assistant, User
from jupyter_frevagpt.threads.folders import OwnerFolders
from jupyter_frevagpt.threads.jsonl import FileThreadStore

async def main():
    store, ref = FileThreadStore(OwnerFolders(Path(sys.argv[1]))), ThreadRef("alice", sys.argv[2])
    await store.reserve(ref, User("q"), "q")
    for number in range(10**6):
        await store.append(ref, [Assistant(f"{number} " + "x" * 300)])
        print(number, flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize("attempt", range(5))
def test_what_was_acknowledged_survives_a_kill(
    tmp_path: Path, attempt: int, jp_asyncio_loop: asyncio.AbstractEventLoop
) -> None:
    ref = ThreadRef("alice", "t" * 32)
    command = [sys.executable, "-c", WRITER, str(tmp_path), ref.thread_id]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        writer.stdout.readline()
        time.sleep(0.05 + 0.03 * attempt)
        writer.send_signal(signal.SIGKILL)
        acknowledged = 1 + len(writer.stdout.read().splitlines())
    store = FileThreadStore(OwnerFolders(tmp_path))
    read: Callable[[], Any] = lambda: jp_asyncio_loop.run_until_complete(store.read(ref))  # noqa: E731
    kept = [item for item in read() if isinstance(item, Assistant)]
    assert len(kept) >= acknowledged
    assert [int(item.content.split()[0]) for item in kept] == list(range(len(kept)))
