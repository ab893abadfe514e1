"""Much at the same time in one thread, and stores that fail at each step: it never stays busy (contract 24 to 26)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from jupyter_frevagpt.domain.errors import BadRequest, StoreUnavailable, ThreadBusy, ThreadNotFound
from jupyter_frevagpt.domain.values import ThreadRef
from jupyter_frevagpt.domain.variants import Code, ServerError, StreamEnd, StreamVariant, User
from jupyter_frevagpt.threads.folders import OwnerFolders
from jupyter_frevagpt.threads.jsonl import FileThreadStore
from jupyter_frevagpt.threads.memory import MemoryThreadStore

from .stage import Stage, call, check_record, ended, kinds, text


class Gated(MemoryThreadStore):
    """A store of which one method waits, once it is reached, until it is let through."""

    def __init__(self, method: str) -> None:
        super().__init__()
        self.reached, self.open = asyncio.Event(), asyncio.Event()
        plain = getattr(self, method)

        async def gated(*args: Any, **kwargs: Any) -> Any:
            self.reached.set()
            await self.open.wait()
            return await plain(*args, **kwargs)

        setattr(self, method, gated)


async def soon(value: Any, seconds: float = 10) -> Any:
    return await asyncio.wait_for(value, seconds)


async def test_a_thread_deleted_while_its_question_is_prepared_does_not_come_back() -> None:
    stage = Stage(text("one"), text("two"), store=(store := Gated("reserve")))
    store.open.set()
    await stage.play("first")
    store.open.clear()
    store.reached.clear()
    asking = asyncio.create_task(stage.start("second"))
    await soon(store.reached.wait())
    deleting = asyncio.create_task(stage.conversations.delete(stage.ref))
    await asyncio.wait({deleting}, timeout=0.3)
    store.open.set()
    await soon(asyncio.wait({asking, deleting}))
    assert deleting.exception() is None
    assert await store.summary(stage.ref) is None
    assert not stage.conversations.running(stage.ref)
    assert await stage.conversations.history(stage.ref) == []


async def test_a_question_asked_while_its_thread_is_deleted_runs_for_nobody_else() -> None:
    stage = Stage(text("one"), text("two"), store=(store := Gated("delete")))
    await stage.play("first")
    deleting = asyncio.create_task(stage.conversations.delete(stage.ref))
    await soon(store.reached.wait())
    with pytest.raises(ThreadNotFound):
        await stage.start("second")
    store.open.set()
    await soon(deleting)
    turn = await stage.start("third")
    assert stage.conversations.find(stage.ref) is turn
    await ended(turn)
    check_record(turn, await stage.stored())


async def test_two_deletions_at_once() -> None:
    stage = Stage([60.0], text("again"))
    turn = await stage.start()
    deletions = [stage.conversations.delete(stage.ref) for _ in range(2)]
    results = await soon(asyncio.gather(*deletions, return_exceptions=True))
    assert sorted(type(one).__name__ for one in results) == ["NoneType", "ThreadNotFound"]
    assert turn.log[-1] == StreamEnd("Stopped.")
    assert (await stage.play()).log[-1] == StreamEnd("Finished.")


class SlowToRelease(FileThreadStore):
    """Plain files of which a release takes as long as the test wants."""

    def __init__(self, folder: Path) -> None:
        super().__init__(OwnerFolders(folder))
        self.open, self.released = asyncio.Event(), asyncio.Event()

    async def release(self, ref: ThreadRef, holder: str) -> None:
        await self.open.wait()
        await super().release(ref, holder)
        self.released.set()


async def test_the_release_of_a_turn_does_not_end_the_lease_of_the_next(tmp_path: Path) -> None:
    stage = Stage(text("one"), [60.0], store=(store := SlowToRelease(tmp_path)))
    await stage.play("first")
    asking = asyncio.create_task(stage.start("second"))
    await asyncio.wait({asking}, timeout=0.3)
    store.open.set()
    turn = await soon(asking)
    await soon(store.released.wait())
    assert await store.leased(stage.ref, "another process")
    with pytest.raises(ThreadBusy):
        await stage.start("third")
    await turn.stop()


async def test_a_thread_that_another_process_deletes_is_not_worked_for_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_frevagpt.conversation.hold._RENEWAL_SECONDS", 0.05)
    folders = OwnerFolders(tmp_path)
    stage = Stage([*text("so"), 60.0], store=FileThreadStore(folders))
    turn = await stage.start()
    await FileThreadStore(folders).delete(stage.ref)
    await ended(turn)
    assert turn.log[-1] == StreamEnd("Stopped.")
    assert stage.model.closed == 1


async def test_a_thread_that_was_cut_off_is_closed_by_one_of_many_readers() -> None:
    stage = Stage(store=(store := Gated("append")))
    await store.reserve(stage.ref, User("q", "played"), "q")
    reading = [asyncio.create_task(stage.conversations.history(stage.ref)) for _ in range(3)]
    await soon(store.reached.wait())
    store.open.set()
    first, *others = await soon(asyncio.gather(*reading))
    assert kinds(first) == ["User", "ServerError", "StreamEnd"]
    assert others == [first, first]
    assert await store.read(stage.ref) == first


async def test_a_thread_is_not_taken_for_cut_off_while_its_turn_begins() -> None:
    stage = Stage(text("one"), store=(store := Gated("lease")))
    asking = asyncio.create_task(stage.start())
    await soon(store.reached.wait())
    assert kinds(await stage.conversations.history(stage.ref)) == ["User"]
    store.open.set()
    turn = await ended(await soon(asking))
    assert not any(isinstance(item, ServerError) for item in await stage.stored())
    check_record(turn, await stage.stored())


class Failing(MemoryThreadStore):
    """A store of which one method fails while it is told to; ``late`` does it after having done its work."""

    def __init__(self, method: str, error: Exception, *, late: bool) -> None:
        super().__init__()
        self.failing, self.failed = False, 0
        plain = getattr(self, method)

        async def tried(*args: Any, **kwargs: Any) -> Any:
            if self.failing and not late:
                self.failed += 1
                raise error
            value = await plain(*args, **kwargs)
            if self.failing:
                self.failed += 1
                raise error
            return value

        setattr(self, method, tried)


METHODS = ("summary", "read", "append", "reserve", "lease", "release", "leased", "rename")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("late", [False, True], ids=["undone", "done"])
@pytest.mark.parametrize("error", [StoreUnavailable("The disk is full."), RuntimeError("inside")], ids=["told", "odd"])
async def test_no_failure_of_a_store_keeps_a_thread_busy(
    method: str, late: bool, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("turn", "conversations"):
        monkeypatch.setattr(f"jupyter_frevagpt.conversation.{module}._SAVE_SECONDS", 0.3)
    monkeypatch.setattr("jupyter_frevagpt.conversation.hold._RENEWAL_SECONDS", 0.05)
    rounds = [[*text("begun"), 0.15, *text(" ended")] for _ in range(5)]
    stage = Stage(*rounds, store=(store := Failing(method, error, late=late)))
    await stage.play("first")
    store.failing = True
    for ask in (stage.start, lambda: stage.conversations.rerun(stage.ref, "")):
        try:
            turn = await soon(ask())
        except (StoreUnavailable, RuntimeError, BadRequest):
            continue
        await ended(turn)
    store.failing = False
    turn = await ended(await soon(stage.start("last")))
    assert turn.log[-1] == StreamEnd("Finished.")
    await stage.conversations.close()
    stored = await stage.stored()
    assert kinds(stored)[-3:] == ["User", "Assistant", "StreamEnd"]
    assert store.failed or method in ("leased", "rename")
    if not (late and method == "append"):  # what was written though it failed is written again: better twice than never
        assert {tuple(turn) for turn in turns_of(stored)} <= {("User", "StreamEnd"), ("User",)}


async def test_a_question_waits_for_the_answer_before_it_to_be_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("turn", "conversations"):
        monkeypatch.setattr(f"jupyter_frevagpt.conversation.{module}._SAVE_SECONDS", 0.1)
    stage = Stage(text("one"), text("two"), store=(store := Failing("append", StoreUnavailable("full"), late=False)))
    store.failing = True
    first = await stage.play("first")
    with pytest.raises(StoreUnavailable, match="ask again"):
        await stage.start("second")
    store.failing = False
    second = await stage.play("second")
    assert kinds(await stage.stored()) == ["User", "Assistant", "StreamEnd"] * 2
    assert (first.log[-1], second.log[-1]) == (StreamEnd("Finished."),) * 2


async def test_what_closes_a_thread_need_not_be_saved_to_be_read() -> None:
    stage = Stage(store=(store := Failing("append", StoreUnavailable("full"), late=False)))
    await store.reserve(stage.ref, User("q", "played"), "q")
    await MemoryThreadStore.append(store, stage.ref, [Code('{"code":"a"}', "c1")])
    store.failing = True
    closed = ["User", "Code", "CodeOutput", "ServerError", "StreamEnd"]
    assert kinds(await stage.conversations.history(stage.ref)) == closed
    store.failing = False
    assert kinds(await stage.conversations.history(stage.ref)) == closed
    assert kinds(await stage.stored()) == closed


async def test_a_stored_thread_takes_no_question_that_is_not_to_be_stored() -> None:
    stage = Stage(text("one"), text("two"))
    await stage.play("first")
    before = await stage.stored()
    with pytest.raises(BadRequest, match="new chat"):
        await stage.start("private", keep=False)
    assert await stage.stored() == before
    assert (await stage.play("second")).log[-1] == StreamEnd("Finished.")


async def test_everything_at_once_leaves_a_thread_that_answers() -> None:
    """Stop, delete, fork, read and ask in the orders that two hundred drawn steps come to."""
    drawn = random.Random(20261122)
    rounds = [[*text("so"), drawn.random() / 50, *call("hang" if n % 3 else "a", call_id=f"c{n}")] for n in range(2000)]
    stage = Stage(*rounds)
    talk, ref = stage.conversations, stage.ref
    acts: list[Callable[[], Any]] = [
        lambda: stage.start("q"), lambda: talk.stop(ref), lambda: talk.delete(ref), lambda: talk.fork(ref, 0),
        lambda: talk.history(ref, finished=True), lambda: talk.rename(ref, "topic"), lambda: talk.rerun(ref, ""),
        lambda: stage.start("q"), lambda: talk.stop(ref),
    ]  # fmt: skip

    async def act(number: int) -> None:
        for _ in range(number % 7):
            await asyncio.sleep(0)
        try:
            await drawn.choice(acts)()
        except (ThreadBusy, ThreadNotFound, BadRequest):
            return

    for _ in range(20):
        await soon(asyncio.gather(*(act(drawn.randrange(100)) for _ in range(10))), 30)
    with suppress(ThreadNotFound):
        await talk.stop(ref)
    stage.model.rounds[:] = [text("the end")]
    turn = await stage.play("last")
    assert turn.log[-1] == StreamEnd("Finished.")
    stored = await stage.stored()
    assert turns_of(stored) == [["User", "StreamEnd"]] * (len(turns_of(stored)) or 1)


def turns_of(items: Sequence[StreamVariant]) -> list[list[str]]:
    """Return of each question the kinds User and StreamEnd that follow."""
    turns: list[list[str]] = []
    for kind in kinds(items):
        if kind == "User":
            turns.append([])
        if kind in ("User", "StreamEnd"):
            turns[-1].append(kind)
    return turns
