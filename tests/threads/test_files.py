"""What is particular to threads in plain files: damage, modes, full disks, other processes, odd neighbours."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_frevagpt.domain.errors import StoreUnavailable, ThreadNotFound
from jupyter_frevagpt.domain.values import Search, ThreadRef
from jupyter_frevagpt.domain.variants import Assistant, Code, CodeOutput, Image, User
from jupyter_frevagpt.threads import leases
from jupyter_frevagpt.threads.folders import OwnerFolders, owner_key
from jupyter_frevagpt.threads.jsonl import FileThreadStore

from .test_stores import ALICE, BOB, QUESTION, ROUND

OTHER = ThreadRef("alice", "other")


def path_of(store: FileThreadStore, ref: ThreadRef, suffix: str = ".txt") -> Path:
    return store._folders.threads(ref.owner) / f"{ref.thread_id}{suffix}"


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """The nearest thing to a full disk that a process can have for itself."""
    old, limits = signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, old)


async def test_torn_and_strange_lines_do_not_make_a_thread_unreadable(
    files: FileThreadStore, caplog: pytest.LogCaptureFixture
) -> None:
    await files.reserve(ALICE, QUESTION, "topic")
    with path_of(files, ALICE).open("ab") as file:
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


async def test_lines_of_older_services_are_read_and_left_as_they_are(files: FileThreadStore) -> None:
    await files.reserve(ALICE, QUESTION, "topic")
    old = b'{"variant":"Code","content":["{\\"python\\": \\"1\\"}","c"]}\n{"variant":"Image","content":"iVBOR"}\n'
    with path_of(files, ALICE).open("ab") as file:
        file.write(old)
    await files.append(ALICE, [Assistant("after")])
    expected = [QUESTION, Code('{"code":"1"}', "c"), Image("iVBOR", "image_2"), Assistant("after")]
    assert await files.read(ALICE) == expected
    await files.rate(ALICE, 1, "up")
    assert (await files.read(ALICE))[3] == Assistant("after", "up")
    assert old in path_of(files, ALICE).read_bytes()


async def test_modes_whatever_the_umask(files: FileThreadStore) -> None:
    old = os.umask(0)
    try:
        await files.reserve(ALICE, QUESTION, "topic")
        await files.append(ALICE, ROUND)
        await files.lease(ALICE, "one", 0)
        assert await files.lease(ALICE, "other", 30)
        await files.rename(ALICE, "new")
        await files.rate(ALICE, 0, "up")
        await files.fork(ALICE, "fork", ROUND, 1)
    finally:
        os.umask(old)
    root = files._folders.root
    found = {path: stat.S_IMODE(path.stat().st_mode) for path in [root, *root.rglob("*")]}
    assert sum(path.is_file() for path in found) == 5, "two threads of two files, and a lease: nothing else is left"
    for path, mode in found.items():
        assert mode == (0o700 if path.is_dir() else 0o600), path


async def test_a_folder_open_to_others_is_closed(files: FileThreadStore) -> None:
    files._folders.root.mkdir(mode=0o755)
    await files.reserve(ALICE, QUESTION, "topic")
    assert stat.S_IMODE(files._folders.root.stat().st_mode) == 0o700


BROKEN = ["", "{", "[]", "null", "[" * 100_000, '{"format":1}', '{"format":"x"}', "\udcff", '{"topic":5,"date":"x"}']
DATED = '{"format":1,"user_id":"alice","thread_id":"x","date":"%s","topic":"kept"}'


@pytest.mark.parametrize("content", [*BROKEN, DATED % "yesterday", DATED % "0000-00-00", DATED % ""], ids=range(12))
async def test_a_damaged_meta_file_costs_only_the_topic(files: FileThreadStore, content: str) -> None:
    await files.reserve(ALICE, QUESTION, "topic")
    await files.reserve(OTHER, QUESTION, "topic")
    path_of(files, ALICE, ".meta.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    path_of(files, ThreadRef("alice", "gone"), ".meta.json").symlink_to("nowhere")
    page, total = await files.list("alice", limit=5, page=0)
    assert (total, {summary.thread_id: summary.topic for summary in page}) == (
        2,
        {ALICE.thread_id: "", "other": "topic"},
    )
    assert all(summary.date.endswith("Z") and summary.user_id == "alice" for summary in page)
    assert await files.read(ALICE) == [QUESTION]
    assert await files.rename(ALICE, "mended", instead_of="") is True
    await files.reserve(ALICE, QUESTION, "x")
    assert [summary.topic for summary in (await files.list("alice", limit=1, page=0))[0]] == ["mended"]


@pytest.mark.parametrize("date", ["2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05.000001", "2026-01-02 01:04:05Z"])
async def test_a_date_written_in_another_way_is_the_same_date(files: FileThreadStore, date: str) -> None:
    await files.reserve(ALICE, QUESTION, "topic")
    path_of(files, ALICE, ".meta.json").write_text(DATED % date)
    known = await files.summary(ALICE)
    assert known is not None
    assert (known.date, known.topic, known.thread_id) == ("2026-01-02T01:04:05.000Z", "kept", ALICE.thread_id)


@pytest.mark.parametrize("rest", ["", ',"topic":{"text":"in another shape"},"date":7'])
async def test_a_thread_of_a_newer_format_is_read_but_not_written(files: FileThreadStore, rest: str) -> None:
    await files.reserve(ALICE, QUESTION, "topic")
    await files.append(ALICE, ROUND)
    meta = path_of(files, ALICE, ".meta.json")
    meta.write_text(meta.read_text().replace('"format":1', '"format":2').replace("}", f"{rest}}}"))
    before = {path: path.read_bytes() for path in meta.parent.iterdir()}
    assert (await files.list("alice", limit=5, page=0))[1] == 1
    assert await files.read(ALICE) == [QUESTION, *ROUND]
    for attempt in (
        files.reserve(ALICE, QUESTION, "topic"),
        files.append(ALICE, ROUND),
        files.rename(ALICE, "x"),
        files.rate(ALICE, 0, "up"),
    ):
        with pytest.raises(StoreUnavailable, match="newer version"):
            await attempt
    assert {path: path.read_bytes() for path in meta.parent.iterdir()} == before


async def test_a_full_disk_leaves_no_half_batch_behind(files: FileThreadStore) -> None:
    await files.reserve(ALICE, QUESTION, "topic")
    with files_no_larger_than(path_of(files, ALICE).stat().st_size + 200):
        with pytest.raises(StoreUnavailable):
            await files.append(ALICE, [Assistant("one"), Assistant("x" * 500)])
    await files.append(ALICE, [Assistant("one"), Assistant("two")])
    assert await files.read(ALICE) == [QUESTION, Assistant("one"), Assistant("two")]


@pytest.mark.parametrize("most", [0, 20, 300])
async def test_a_full_disk_leaves_no_half_thread_and_no_scraps(files: FileThreadStore, most: int) -> None:
    await files.reserve(ALICE, QUESTION, "topic")
    folder = files._folders.threads("alice")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with files_no_larger_than(most):
        for attempt in (
            files.reserve(OTHER, User("x" * 500), "topic"),
            files.fork(ALICE, "fork", [User("x" * 500)], 1),
            files.rename(ALICE, "x" * 500),
        ):
            with pytest.raises(StoreUnavailable):
                await attempt
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert await files.summary(OTHER) is None


async def test_a_disk_that_refuses_is_a_clear_error(files: FileThreadStore) -> None:
    files._folders.root.parent.joinpath("frevagpt").write_text("a file where the folder should be")
    with pytest.raises(StoreUnavailable) as raised:
        await files.reserve(ALICE, QUESTION, "topic")
    assert str(files._folders.root.parent) not in str(raised.value)


async def test_what_another_process_writes_and_deletes_is_seen(files: FileThreadStore) -> None:
    await files.reserve(ALICE, QUESTION, "topic")
    assert (await files.list("alice", limit=5, page=0))[1] == 1
    second = FileThreadStore(files._folders)
    await second.reserve(OTHER, QUESTION, "topic")
    page, total = await files.list("alice", limit=5, page=0)
    assert (total, page[0].thread_id) == (2, "other")
    path_of(files, OTHER, ".meta.json").unlink()
    os.utime(path_of(files, OTHER).parent, ns=(1, files._dates._seen[path_of(files, OTHER).parent].stamp))
    page, _ = await files.list("alice", limit=5, page=0)  # in the very instant of the last look
    assert [summary.thread_id for summary in page] == [ALICE.thread_id]
    assert (await files.list("alice", limit=5, page=0))[1] == 1


async def test_a_deletion_cut_short_leaves_nothing_to_be_read(files: FileThreadStore) -> None:
    await files.reserve(ALICE, User("secret"), "topic")
    path_of(files, ALICE, ".meta.json").unlink()  # as a crash at the end of a deletion may leave it
    with pytest.raises(ThreadNotFound):
        await files.read(ALICE)
    await files.reserve(BOB, QUESTION, "it is free")
    await files.delete(BOB)
    await files.reserve(ALICE, QUESTION, "new")
    assert await files.read(ALICE) == [QUESTION]
    path_of(files, ALICE).unlink()  # as one at its beginning may
    assert await files.read(ALICE) == []
    path_of(files, ALICE, ".meta.json.0123").write_text("scraps of a process that was killed")
    await files.delete(ALICE)
    assert list(files._folders.threads("alice").iterdir()) == []


async def test_a_process_that_died_over_a_lease_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "x.lease"
    assert leases.take(path, "one", -1)
    claim = tmp_path / "x.lease.claim"
    claim.touch()
    assert not leases.take(path, "other", 30)  # somebody is at it
    os.utime(claim, (1, 1))
    assert not leases.take(path, "other", 30)
    assert leases.take(path, "other", 30)
    assert not claim.exists()
    path.write_bytes(b'{"hol')
    assert not leases.take(path, "third", 30)  # half written just now
    os.utime(path, (1, 1))
    assert leases.take(path, "third", 30)


async def test_pictures_are_not_read_for_a_search(files: FileThreadStore) -> None:
    await files.reserve(ALICE, QUESTION, "topic")
    await files.append(ALICE, [Image("x" * 100, "i"), CodeOutput("here", "c")])
    text = path_of(files, ALICE).read_bytes()
    path_of(files, ALICE).write_bytes(text.replace(b'"i"}', b'"i'))  # a picture that would be a broken line
    assert (await files.search("alice", Search("here", "output"), limit=5, page=0))[1] == 1


@given(st.text(), st.text())
def test_owner_keys_are_plain_and_injective(one: str, other: str) -> None:
    assert "/" not in owner_key(one)
    assert owner_key(one) not in (".", "..")
    assert owner_key(one).isascii()
    assert (owner_key(one) == owner_key(other)) == (one == other)


def test_a_meta_file_says_what_it_is(files: FileThreadStore, jp_asyncio_loop: object) -> None:
    run: Callable[..., object] = jp_asyncio_loop.run_until_complete  # type: ignore[attr-defined]
    run(files.reserve(ALICE, QUESTION, "topic"))
    run(files.fork(ALICE, "fork", [], 1))
    run(files.fork(ThreadRef("alice", "fork"), "second", [], 0))
    meta = json.loads(path_of(files, ThreadRef("alice", "second"), ".meta.json").read_bytes())
    assert meta["format"] == 1
    ancestry = {"root_thread_id": ALICE.thread_id, "parent_thread_id": "fork", "fork_from_index": 0}
    assert meta["fork"] == ancestry


async def test_folders_are_shared_by_stores_of_one_root(tmp_path: Path) -> None:
    one, other = (FileThreadStore(OwnerFolders(tmp_path / "root")) for _ in range(2))
    await one.reserve(ALICE, QUESTION, "topic")
    assert await other.read(ALICE) == [QUESTION]
