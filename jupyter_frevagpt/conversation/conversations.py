"""The conversations of a server: at most one live turn a thread, in all processes that share its store."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any
from weakref import WeakValueDictionary

from ..domain.errors import BadRequest, FrevaGPTError, StoreUnavailable, ThreadBusy, ThreadNotFound
from ..domain.protocols import ThreadStore
from ..domain.values import Search, ThreadPage, ThreadRef, ThreadSummary, ToolContext, Wishes
from ..domain.variants import ServerHint, StreamVariant, User
from .agents import MODEL as AGENT
from .agents import AgentCode
from .archive import chat_in
from .context import sources
from .hold import LEASE_SECONDS, Hold
from .preparing import Preparation
from .rerun import MODEL, QUESTION
from .threads import Items, Threads
from .titles import Titles
from .topic import topic_of
from .transcript import closed
from .turn import Turn

_log = logging.getLogger("jupyter_frevagpt.conversations")

_LOG_SECONDS = 60.0
_IDLE_SECONDS = 3600.0
_SAVE_SECONDS = 5.0
_NO_WISHES = Wishes()


class _Start:
    """A turn that is being prepared: whether it is to stop at once, and when the preparation is over."""

    def __init__(self) -> None:
        self.stopped = False
        self.over = asyncio.Event()


class Conversations:
    """Starts, finds, stops and closes turns; whoever else holds a thread, it is not asked here meanwhile."""

    def __init__(
        self,
        threads: Threads,
        preparation: Preparation,
        *,
        titles: Titles | None = None,
        when_idle: Callable[[ThreadRef], Awaitable[None]] | None = None,
        when_deleted: Callable[[ThreadRef], Awaitable[None]] | None = None,
        idle_seconds: float = _IDLE_SECONDS,
    ) -> None:
        """``when_idle`` is called for a thread that was asked nothing for ``idle_seconds``."""
        self._threads = threads
        self._preparation = preparation
        self._titles = titles
        self._when_idle = when_idle
        self._when_deleted = when_deleted
        self._idle_seconds = idle_seconds
        self._asked: Counter[ThreadRef] = Counter()
        self._turns: dict[ThreadRef, Turn] = {}
        self._starting: dict[ThreadRef, _Start] = {}
        self._leaving: Counter[ThreadRef] = Counter()
        self._holds: dict[ThreadRef, Hold] = {}
        self._closing: WeakValueDictionary[ThreadRef, asyncio.Lock] = WeakValueDictionary()
        self._attending: set[asyncio.Task[None]] = set()

    # ---- turns

    async def start(
        self,
        ref: ThreadRef,
        question: User,
        *,
        keep: bool = True,
        approval: bool = False,
        client: str = "",
        wishes: Wishes = _NO_WISHES,
    ) -> Turn:
        """Begin the turn that answers a question; ``approval`` tells that the client can answer when code waits.

        ``client`` names the page that asks, "" for a client that is none.

        Raises ThreadBusy while the thread has a running turn, ThreadNotFound for somebody else's thread, BadRequest
        for a model that cannot chat, StoreUnavailable when the question cannot be kept.
        """
        return await self._launch(ref, question, keep=keep, approval=approval, client=client, wishes=wishes)

    async def rerun(
        self, ref: ThreadRef, kernel_id: str, *, approval: bool = False, wishes: Wishes = _NO_WISHES
    ) -> Turn:
        """Begin a turn that runs the thread's code again, a piece at a time, up to the first that fails.

        Raises ThreadBusy, ThreadNotFound, StoreUnavailable, and BadRequest for a thread without code.
        """
        await self._threads.store(ref)
        question = User(QUESTION, MODEL, kernel_id)
        return await self._launch(ref, question, keep=True, approval=approval, client="", wishes=wishes)

    async def run_for(
        self, ref: ThreadRef, asked: AgentCode, kernel_id: str, *, approval: bool, wishes: Wishes = _NO_WISHES
    ) -> Turn:
        """Begin a turn that runs code of another agent's; ``approval`` tells that its user has a page to answer in.

        Raises ThreadBusy, ThreadNotFound and StoreUnavailable.
        """
        question = User(asked.question, AGENT, kernel_id)
        return await self._launch(ref, question, keep=True, approval=approval, client="", wishes=wishes, asked=asked)

    async def _launch(
        self,
        ref: ThreadRef,
        question: User,
        *,
        keep: bool,
        approval: bool,
        client: str,
        wishes: Wishes,
        asked: AgentCode | None = None,
    ) -> Turn:
        if self._leaving[ref]:
            raise ThreadNotFound
        if ref in self._starting:
            raise ThreadBusy
        start = self._starting[ref] = _Start()
        try:
            turn, store = await self._prepared(
                ref, question, keep=keep, approval=approval, client=client, wishes=wishes, asked=asked
            )
            self._turns[ref] = turn
            self._asked[ref] += 1
            over = asyncio.Event()
            turn.start(lambda _: over.set())
            self._attend(turn, store, over)
            await turn.started.wait()
        finally:
            del self._starting[ref]
            start.over.set()
        if start.stopped:
            await turn.stop()
        return turn

    async def _prepared(
        self,
        ref: ThreadRef,
        question: User,
        *,
        keep: bool,
        approval: bool,
        client: str,
        wishes: Wishes,
        asked: AgentCode | None,
    ) -> tuple[Turn, ThreadStore]:
        threads = self._threads
        if asked is None and question.model != MODEL:
            await self._preparation.check(question.model)
        known = await threads.find(ref)
        store = known or (threads.kept if keep else threads.volatile)
        if self.running(ref):
            raise ThreadBusy
        if store is threads.kept and not keep:
            raise BadRequest("This chat is stored, so a question in it is too. Ask without storing in a new chat.")
        if (hold := self._holds.get(ref)) is not None:  # whose release must not end the lease of this turn
            await hold.ended.wait()
        if (before := self._turns.get(ref)) is not None and not await before.saved(_SAVE_SECONDS):
            raise StoreUnavailable(
                "The answer before this question is not saved yet. It is kept in memory: ask again in a while."
            )
        if known is not None and not await store.lease(ref, threads.holder, LEASE_SECONDS):
            raise ThreadBusy
        try:
            history = await self._closed(ref, store) if known is not None else []
            kept = store is threads.kept
            context = ToolContext(
                ref,
                question.kernel_id,
                keep=kept,
                approval=approval,
                client=client,
                sources=sources(question),
                wishes=wishes,
            )
            if asked is not None:
                parts = self._preparation.agent(asked, history, context)
            elif question.model == MODEL:
                parts = self._preparation.rerun(history, context)
            else:
                parts = await self._preparation.question(question, history, context)
            await store.reserve(ref, question, topic_of(question.content))
            mine = known is not None or await store.lease(ref, threads.holder, LEASE_SECONDS)
        except BaseException:
            with suppress(FrevaGPTError):
                await store.release(ref, threads.holder)
            raise
        if not mine:
            raise ThreadBusy
        return Turn(question, parts, store), store

    def running(self, ref: ThreadRef) -> bool:
        """Whether a thread has a turn that is not over."""
        turn = self._turns.get(ref)
        return turn is not None and turn.running

    @property
    def any_running(self) -> bool:
        """Whether any thread has a turn that is not over."""
        return any(turn.running for turn in self._turns.values())

    def find(self, ref: ThreadRef) -> Turn | None:
        """Return the thread's last turn while its log is kept: running, read, or over for less than a minute."""
        return self._turns.get(ref)

    async def stop(self, ref: ThreadRef) -> None:
        """Stop the thread's turn if there is one; raises ThreadNotFound for a thread that is not the caller's."""
        turn = self._turns.get(ref)
        if (start := self._starting.get(ref)) is not None:
            start.stopped = True
        if turn is not None:
            await turn.stop()
        elif start is None:
            await self._threads.find(ref)

    async def add(self, ref: ThreadRef, hint: ServerHint) -> None:
        """Keep a hint with a thread, and tell those who follow its running turn."""
        turn = self._turns.get(ref)
        if turn is not None and turn.running:
            turn.tell(hint)
        elif (store := await self._threads.find(ref)) is not None:
            await store.append(ref, [hint])

    # ---- threads

    async def history(self, ref: ThreadRef, *, finished: bool = False) -> list[StreamVariant]:
        """Return a thread's items, empty for one that nobody owns; raises ThreadNotFound for somebody else's.

        ``finished`` leaves the items of a running turn out. A last turn that the end of a server cut off is closed,
        unless another process is at it.
        """
        store = await self._threads.find(ref)
        if store is None:
            return []
        items = await store.read(ref)
        if self.running(ref):
            return items[: _last_question(items)] if finished else items
        if ref in self._starting or not closed(items):
            return items
        return await self._closed(ref, store)

    async def _closed(self, ref: ThreadRef, store: ThreadStore) -> Items:
        """Return a thread's items; a last turn that the end of a server cut off is closed, by the first who looks."""
        async with self._closing.setdefault(ref, asyncio.Lock()):
            items = await store.read(ref)
            if ref in self._turns or not (missing := closed(items)) or await store.leased(ref, self._threads.holder):
                return items
            with suppress(StoreUnavailable):  # then it is closed when it is next looked at
                await store.append(ref, missing)
            return [*items, *missing]

    async def list(self, owner: str, *, limit: int, page: int) -> ThreadPage:
        """Return a page of an owner's threads, newest first, and how many there are."""
        return await self._threads.list(owner, limit=limit, page=page)

    async def search(self, owner: str, search: Search, *, limit: int, page: int) -> ThreadPage:
        """Return a page of those in which something is found, newest first, and how many there are."""
        return await self._threads.search(owner, search, limit=limit, page=page)

    async def known(self, ref: ThreadRef) -> bool:
        """Whether the caller owns the thread; raises ThreadNotFound when somebody else does."""
        return ref in self._turns or ref in self._starting or await self._threads.find(ref) is not None

    async def topic(self, ref: ThreadRef) -> str:
        """Return a thread's topic, "" where it has none; raises ThreadNotFound for somebody else's."""
        store = await self._threads.find(ref)
        summary = await store.summary(ref) if store is not None else None
        return summary.topic if summary is not None else ""

    async def rename(self, ref: ThreadRef, topic: str) -> None:
        """Set a thread's topic; raises ThreadNotFound, BadRequest."""
        await self._threads.rename(ref, topic)

    async def rate(self, ref: ThreadRef, index: int, feedback: str) -> None:
        """Give the Nth of a thread's Assistant and Code items a feedback: up, down or remove.

        Raises ThreadNotFound, FeedbackNotFound, BadRequest.
        """
        await self._threads.rate(ref, index, feedback)

    async def fork(self, ref: ThreadRef, index: int) -> tuple[str, Items]:
        """Make a new thread of what stands before the question of that number; returns its id and items."""
        await self._threads.store(ref)
        return await self._threads.fork(ref, await self.history(ref, finished=True), index)

    async def adopt(self, owner: str, raw: Any) -> ThreadSummary:
        """Make a thread of this owner's of what another one was written to a file as; raises BadRequest."""
        try:
            summary, items = await asyncio.to_thread(chat_in, raw, owner)
        except BadRequest as error:
            raise BadRequest(f"This chat cannot be imported: {error}.") from None
        return await self._threads.adopt(summary, items)

    async def delete(self, ref: ThreadRef) -> None:
        """Stop what runs and remove the thread with all that belongs to it; raises ThreadNotFound."""
        self._leaving[ref] += 1  # nothing starts in it meanwhile
        try:
            if (start := self._starting.get(ref)) is not None:  # else its question would make the thread anew
                start.stopped = True
                await start.over.wait()
            store = await self._threads.store(ref)
            if (turn := self._turns.get(ref)) is not None:
                await turn.close()
                self._turns.pop(ref, None)
            await store.delete(ref)
            if self._when_deleted is not None:
                await self._when_deleted(ref)
        finally:
            self._leaving[ref] -= 1
            if not self._leaving[ref]:
                del self._leaving[ref]

    async def delete_all(self, owner: str) -> int:
        """Remove all threads of an owner's with what belongs to them; returns how many there were."""
        turns = {ref for ref in (*self._turns, *self._starting) if ref.owner == owner}
        removed = 0
        for ref in turns.union(await self._threads.all(owner)):
            with suppress(ThreadNotFound):
                await self.delete(ref)
                removed += 1
        return removed

    async def close(self) -> None:
        """Stop every turn and save what it has."""
        await asyncio.gather(*(turn.close() for turn in self._turns.values()))
        for task in list(self._attending):
            task.cancel()
        await asyncio.gather(*self._attending, return_exceptions=True)

    # ---- beside a turn, and after it

    def _attend(self, turn: Turn, store: ThreadStore, over: asyncio.Event) -> None:
        hold = self._holds[turn.ref] = Hold(turn, store, self._threads.holder)
        task = asyncio.create_task(self._accompany(turn, store, over, hold), name=f"attend {turn.ref.thread_id}")
        self._attending.add(task)
        task.add_done_callback(self._attending.discard)

    async def _accompany(self, turn: Turn, store: ThreadStore, over: asyncio.Event, hold: Hold) -> None:
        """Hold the thread while its turn runs; then name it, and at last let go of it."""
        await hold.until(over)
        if self._holds.get(turn.ref) is hold:
            del self._holds[turn.ref]
        question = turn.question
        if self._titles is not None and question.model not in (MODEL, AGENT):
            await self._titles.give(store, turn.ref, question.content, question.model)
        await self._forget(turn)

    async def _forget(self, turn: Turn) -> None:
        """Keep the log until its last reader has left, and a minute longer; then wait until the thread is idle."""
        await asyncio.sleep(_LOG_SECONDS)
        # A minute late is soon enough, no event is worth its wiring; what is not saved yet is nowhere else.
        while turn.readers or not await turn.saved(0):  # noqa: ASYNC110
            await asyncio.sleep(_LOG_SECONDS)
        ref = turn.ref
        if self._turns.get(ref) is turn:
            del self._turns[ref]
        asked = self._asked[ref]
        await asyncio.sleep(self._idle_seconds)
        if self._asked[ref] == asked and ref not in self._turns:
            del self._asked[ref]
            if self._when_idle is not None:
                await self._when_idle(ref)


def _last_question(items: Sequence[StreamVariant]) -> int:
    return max((at for at, item in enumerate(items) if isinstance(item, User)), default=len(items))
