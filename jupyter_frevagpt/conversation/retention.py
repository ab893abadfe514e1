"""The removal of threads that nobody has asked anything for as many days as the site keeps them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from ..domain.errors import FrevaGPTError
from ..domain.values import ThreadRef
from .conversations import Conversations

_log = logging.getLogger("jupyter_frevagpt.conversations")

_DAY = 86_400.0


class Retention:
    """Sweeps when it is started, and then once a day."""

    def __init__(self, conversations: Conversations, aged: Callable[[float], Sequence[ThreadRef]], days: float) -> None:
        """``aged`` finds threads that were asked last before a moment, in seconds since 1970."""
        self._conversations = conversations
        self._aged = aged
        self._days = days

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            try:
                await self.sweep()
            except Exception as error:  # noqa: BLE001 - what fails today may work tomorrow
                _log.warning("old threads could not be removed (%s)", type(error).__name__)
            await asyncio.sleep(_DAY)

    async def sweep(self) -> int:
        """Remove what is too old; returns how many threads that were."""
        removed = 0
        for ref in await asyncio.to_thread(self._aged, time.time() - self._days * _DAY):
            if self._conversations.running(ref):
                continue
            try:
                await self._conversations.delete(ref)
            except FrevaGPTError as error:
                _log.warning("thread %s: too old, but not removed (%s)", ref.thread_id, type(error).__name__)
            else:
                removed += 1
        if removed:
            _log.info("%d threads were removed, older than the %g days that they are kept", removed, self._days)
        return removed
