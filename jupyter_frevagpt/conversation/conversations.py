"""The conversations of a server: at most one live turn a thread."""

from __future__ import annotations

import asyncio
import secrets
import string
from collections.abc import Sequence

from ..domain.errors import ThreadBusy
from ..domain.protocols import Models, Prompts, ThreadStore, Tool
from ..domain.values import ThreadPage, ThreadRef, ToolContext
from ..domain.variants import StreamVariant, User
from .topic import topic_of
from .transcript import closed
from .turn import Turn, TurnLimits, TurnParts

_ID_ALPHABET = string.ascii_letters + string.digits
_LOG_SECONDS = 60.0


def new_thread_id() -> str:
    """Return an id that cannot be guessed: 32 letters and digits."""
    return "".join(secrets.choice(_ID_ALPHABET) for _ in range(32))


class Conversations:
    """Starts, finds, stops and closes turns.

    Threads that are to leave nothing on disk live in ``volatile``, a store that forgets.
    """

    def __init__(
        self,
        *,
        store: ThreadStore,
        volatile: ThreadStore,
        models: Models,
        tools: Sequence[Tool],
        prompts: Prompts,
        limits: TurnLimits,
    ) -> None:
        self._store = store
        self._volatile = volatile
        self._models = models
        self._tools = tools
        self._prompts = prompts
        self._limits = limits
        self._turns: dict[ThreadRef, Turn] = {}
        self._starting: dict[ThreadRef, asyncio.Event] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def start(self, ref: ThreadRef, question: User, *, keep: bool = True, approval: bool = False) -> Turn:
        """Begin the turn that answers a question; ``approval`` tells that the client can answer when code waits.

        Raises ThreadBusy while the thread has a running turn, ThreadNotFound for somebody else's thread, BadRequest
        for a model that cannot chat, StoreUnavailable when the question cannot be kept.
        """
        if ref in self._starting:
            raise ThreadBusy
        stopped = self._starting[ref] = asyncio.Event()
        try:
            turn = await self._prepare(ref, question, keep=keep, approval=approval)
            self._turns[ref] = turn
            turn.start(self._over)
            await turn.started.wait()
        finally:
            del self._starting[ref]
        if stopped.is_set():
            await turn.stop()
        return turn

    async def _prepare(self, ref: ThreadRef, question: User, *, keep: bool, approval: bool) -> Turn:
        model = await self._models.chat(question.model)
        info = next(info for info in await self._models.list() if info.name == question.model)
        store = await self._store_of(ref) or (self._store if keep else self._volatile)
        if self.running(ref):
            raise ThreadBusy
        history = await self.history(ref)
        await store.reserve(ref, question, topic_of(question.content))
        starting, examples, summary = self._prompts.before(question.model)
        parts = TurnParts(
            model=model,
            info=info,
            tools=self._tools,
            starting_prompt=starting,
            examples=examples,
            summary_prompt=summary,
            history=history,
            limits=self._limits,
            context=ToolContext(ref, question.kernel_id, keep=store is self._store, approval=approval),
        )
        return Turn(question, parts, store)

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
        if (stopped := self._starting.get(ref)) is not None:
            stopped.set()
        if turn is not None:
            await turn.stop()
        elif stopped is None:
            await self._store_of(ref)

    async def history(self, ref: ThreadRef, *, finished: bool = False) -> list[StreamVariant]:
        """Return a thread's items, empty for one that nobody owns; raises ThreadNotFound for somebody else's.

        ``finished`` leaves the items of a running turn out. A last turn that the end of a server cut off is closed.
        """
        store = await self._store_of(ref)
        if store is None:
            return []
        items = await store.read(ref)
        if self.running(ref):
            return items[: _last_question(items)] if finished else items
        if ref in self._turns:
            return items
        if missing := closed(items):
            await store.append(ref, missing)
        return [*items, *missing]

    async def list(self, owner: str, *, limit: int, page: int) -> ThreadPage:
        """Return a page of an owner's threads, newest first, and how many there are."""
        return await self._store.list(owner, limit=limit, page=page)

    async def known(self, ref: ThreadRef) -> bool:
        """Whether the caller owns the thread; raises ThreadNotFound when somebody else does."""
        return ref in self._turns or ref in self._starting or await self._store_of(ref) is not None

    async def close(self) -> None:
        """Stop every turn and save what it has."""
        await asyncio.gather(*(turn.close() for turn in self._turns.values()))
        for task in list(self._closing):
            task.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _store_of(self, ref: ThreadRef) -> ThreadStore | None:
        for store in (self._volatile, self._store):
            if await store.summary(ref) is not None:
                return store
        return None

    def _over(self, turn: Turn) -> None:
        task = asyncio.create_task(self._forget(turn), name=f"forget {turn.ref.thread_id}")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _forget(self, turn: Turn) -> None:
        """Keep the log until its last reader has left, and a minute longer."""
        await asyncio.sleep(_LOG_SECONDS)
        while turn.readers:  # noqa: ASYNC110 - a minute late is soon enough, no event is worth its wiring
            await asyncio.sleep(_LOG_SECONDS)
        if self._turns.get(turn.ref) is turn:
            del self._turns[turn.ref]


def _last_question(items: Sequence[StreamVariant]) -> int:
    return max((at for at, item in enumerate(items) if isinstance(item, User)), default=len(items))
