"""The recorder of a turn: it stores finished items in order, behind the turn's back, and tries again on trouble."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from ..domain.errors import FrevaGPTError, ThreadNotFound
from ..domain.protocols import ThreadStore
from ..domain.values import ThreadRef
from ..domain.variants import StreamVariant

_log = logging.getLogger("jupyter_frevagpt.turn")

_LONGEST_PAUSE = 30.0


class Recorder:
    """Appends what it is given to a thread; a slow store delays no stream, a failing one loses nothing meanwhile."""

    def __init__(self, store: ThreadStore, ref: ThreadRef, on_trouble: Callable[[str], None]) -> None:
        """``on_trouble`` is told once, with a text for the user, that the store refused."""
        self._store = store
        self._ref = ref
        self._on_trouble = on_trouble
        self._pending: list[StreamVariant] = []
        self._saved = asyncio.Event()
        self._saved.set()
        self._asked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def keep(self, item: StreamVariant) -> None:
        """Store an item behind those given before."""
        self._pending.append(item)
        self._saved.clear()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write(), name=f"record {self._ref.thread_id}")

    async def drain(self, seconds: float) -> bool:
        """Wait until all is stored, at most so many seconds, for which it is tried at once; tell whether it is."""
        if self._saved.is_set():
            return True
        self._asked.set()
        try:
            async with asyncio.timeout(seconds):
                await self._saved.wait()
        except TimeoutError:
            return False
        return True

    async def close(self, seconds: float = 5.0) -> None:
        """Give what is pending a last chance and end."""
        await self.drain(seconds)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _write(self) -> None:
        pause, told = 0.5, False
        while self._pending:
            batch = list(self._pending)
            try:
                await self._store.append(self._ref, batch)
            except ThreadNotFound:
                _log.warning("thread %s is gone: what was still to be saved is dropped", self._ref.thread_id)
                self._pending.clear()
            except Exception as error:  # noqa: BLE001 - whatever the store raises, what is pending stays pending
                if not told:
                    why = str(error) if isinstance(error, FrevaGPTError) else "The thread could not be saved."
                    self._on_trouble(f"{why} This answer is kept in memory and saved as soon as that works again.")
                    told = True
                if not isinstance(error, FrevaGPTError):
                    _log.exception("thread %s: the store failed", self._ref.thread_id)
                await self._pause(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                del self._pending[: len(batch)]
        self._saved.set()

    async def _pause(self, seconds: float) -> None:
        """Wait before the next try, unless somebody waits for it."""
        self._asked.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._asked.wait()
