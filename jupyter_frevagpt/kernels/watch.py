"""What the user does in a kernel, and whether it lives: no one sign covers kill, restart, exit and shutdown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from .link import Message

_log = logging.getLogger("jupyter_frevagpt.kernels")

_POLL_SECONDS = 1.0
_QUIET_SECONDS = 0.03
_UNKNOWN = "what ran before the guest came"
_LOSSES = ("restart", "dead")


class KernelWatch:
    """Knows whether cells of the user's run or wait in a kernel, and calls ``lose`` when it died or was restarted.

    ``user_header`` is the header of the user's last cell, None while none was seen.
    """

    def __init__(self, manager: Any, kernel_id: str, lose: Callable[[], None]) -> None:
        """``manager`` is the server's multi-kernel manager; ``lose`` may be called more than once."""
        self.quiet = asyncio.Event()
        self.user_header: Message | None = None
        self._manager = manager
        self._kernel_id = kernel_id
        self._kernel = manager.get_kernel(kernel_id)
        self._lose = lose
        self._busy: set[str] = set()
        self._polling: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        if getattr(self._kernel, "execution_state", "idle") == "busy":
            self._busy.add(_UNKNOWN)
        else:
            self.quiet.set()
        self._polling = asyncio.create_task(self._poll(), name=f"watch {self._kernel_id}")
        for event in _LOSSES:
            self._kernel.add_restart_callback(self._lose, event)

    async def close(self) -> None:
        """End."""
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.gather(self._polling, return_exceptions=True)
        for event in _LOSSES:
            self._kernel.remove_restart_callback(self._lose, event)

    @property
    def busy(self) -> bool:
        """Whether a cell of the user's is known to run."""
        return bool(self._busy)

    def note(self, request: Message, state: str) -> None:
        """Take the status of a request that is not ours."""
        if request.get("msg_type") != "execute_request":
            return
        if state == "busy":
            self.user_header = {key: str(value) for key, value in request.items() if value is not None}
            self._busy.add(request.get("msg_id", ""))
            self.quiet.clear()
        elif state == "idle":
            self._busy -= {request.get("msg_id", ""), _UNKNOWN}
            if not self._busy:
                self.quiet.set()

    def caught_up(self) -> None:
        """Take what ran before the guest came for over: the kernel has answered a request that was behind it.

        The server goes on calling a kernel busy that was killed in the middle of a cell and started again.
        """
        self._busy.discard(_UNKNOWN)
        if not self._busy:
            self.quiet.set()

    def forget(self) -> None:
        """Take nothing for running any more."""
        self._busy.clear()
        self.quiet.set()

    async def quiet_again(self, dropped: asyncio.Event) -> bool:
        """Wait until the user's cells are through, those behind the running one too; false when ``dropped`` came first.

        Between two cells that were sent together lies a moment of quiet: what is sent into it lies behind all of them
        in the kernel, where stop cannot drop it any more.
        """
        while True:
            await _first(dropped, self.quiet)
            if dropped.is_set() or await within(dropped, _QUIET_SECONDS):
                return False
            if self.quiet.is_set():
                return True

    async def _poll(self) -> None:
        doubtful: set[str] = set()
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            try:
                alive = self._kernel_id in self._manager and await self._kernel.is_alive()
            except Exception as error:  # noqa: BLE001 - a gateway that does not answer now; the next look may tell
                _log.info("kernel %s: whether it lives cannot be told (%s)", self._kernel_id, type(error).__name__)
                continue
            if not alive:
                self._lose()
                continue
            idle = getattr(self._kernel, "execution_state", "busy") == "idle"
            # What the server knows may be older than the cell that has just begun: it counts when it says so twice.
            if idle and self._busy and self._busy == doubtful:
                self.forget()
            doubtful = set(self._busy) if idle else set()


async def within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, at most so many seconds; tell whether it came."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def _first(*events: asyncio.Event) -> None:
    """Wait for the first of some events."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
