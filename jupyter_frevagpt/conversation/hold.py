"""A hold: a thread that is this process's alone as long as its turn runs."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from ..domain.errors import FrevaGPTError, ThreadNotFound
from ..domain.protocols import ThreadStore
from .turn import Turn

_log = logging.getLogger("jupyter_frevagpt.conversations")

LEASE_SECONDS = 20.0
_RENEWAL_SECONDS = 5.0


class Hold:
    """Renews the lease of a turn's thread and gives it back; ``ended`` is set when that is done or has failed."""

    def __init__(self, turn: Turn, store: ThreadStore, holder: str) -> None:
        self.ended = asyncio.Event()
        self._turn = turn
        self._store = store
        self._holder = holder

    async def until(self, over: asyncio.Event) -> None:
        """Hold the thread until the turn is over; a thread that another process deletes ends the turn."""
        ref = self._turn.ref
        try:
            while not await _set_within(over, _RENEWAL_SECONDS):
                if not await self._renewed():
                    await self._turn.close()
                    break
            with suppress(FrevaGPTError):
                await self._store.release(ref, self._holder)
        except Exception:  # noqa: BLE001 - what a store makes of a lease must not keep the next question waiting
            _log.exception("thread %s: its lease was not given back", ref.thread_id)
        finally:
            self.ended.set()

    async def _renewed(self) -> bool:
        """Renew the lease; false where the thread is gone."""
        ref = self._turn.ref
        try:
            await self._store.lease(ref, self._holder, LEASE_SECONDS)
        except ThreadNotFound:
            return False
        except Exception as error:  # noqa: BLE001 - as long as the turn runs it is held
            why = type(error).__name__
            _log.warning("thread %s: its lease may run out, the store does not answer (%s)", ref.thread_id, why)
        return True


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
