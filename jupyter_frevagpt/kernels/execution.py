"""One piece of code on its way through a kernel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from ..domain.values import KernelOutput, RunEvent, RunState
from .output import OutputCollector
from .replies import RunReport

_log = logging.getLogger("jupyter_frevagpt.kernels")

_STOP_SECONDS = 0.5
_LIVE_CHARS = 200_000
_ENDED = frozenset({"done", "failed", "aborted", "lost", "stopped"})


class Execution:
    """A run: held in the server, waiting in the kernel, running, and at last done, failed, stopped, aborted or lost.

    It is fed by its guest with the messages that answer its request, and has ended when both the reply and the idle
    status have come.
    """

    def __init__(self, code: str, *, max_chars: int) -> None:
        self.code = code
        self.message_id = ""
        self.interrupt: Callable[[], Awaitable[None]] = _nothing
        self.report: RunReport | None = None
        self.state: RunState = "held"
        self.ended = asyncio.Event()
        self.answered = asyncio.Event()
        self.stopping = False
        self.collector = OutputCollector(max_chars)
        self._news: asyncio.Queue[RunEvent | None] = asyncio.Queue()
        self._live = _LIVE_CHARS
        self._announced: RunState = "held"
        self._reply: str = ""
        self._idle = False
        self.insisting: asyncio.Task[None] | None = None

    # ---- for the tool

    async def events(self) -> AsyncGenerator[RunEvent, None]:
        """Yield states and printed text until the run has ended; for one reader."""
        while (event := await self._news.get()) is not None:
            yield event

    async def stop(self) -> None:
        """Drop the run if it has not been sent, else interrupt it; returns when it ended or after half a second."""
        self.stopping = True
        if self.state == "held":
            self.end("stopped")
        elif not self.ended.is_set() and self.insisting is None:
            self.insisting = asyncio.create_task(self._insist())
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self.ended.wait()
        except TimeoutError:
            return

    def output(self) -> KernelOutput:
        """Return what there is up to now; a run that was stopped and has not ended says so."""
        state: RunState = "stopped" if self.stopping and self.state in ("waiting", "running") else self.state
        return self.collector.result(state)

    # ---- for the guest

    def enter(self, state: RunState) -> None:
        """Go over into a state on the way."""
        if not self.ended.is_set():
            self.state = state
            self.announce(state)

    def announce(self, state: RunState) -> None:
        """Tell the reader of a state, once."""
        if self._announced != state and not self.ended.is_set():
            self._announced = state
            self._news.put_nowait(RunEvent(state=state))

    def take(self, message_type: str, content: dict[str, Any]) -> None:
        """Take an iopub message of this run's."""
        if message_type == "status":
            if content["execution_state"] == "busy":
                self.enter("running")
            elif content["execution_state"] == "idle":
                self._idle = True
                self._settle()
            return
        text = self.collector.take(message_type, content)[: self._live]
        if text:
            self._live -= len(text)
            self._news.put_nowait(RunEvent(text=text))

    def take_reply(self, content: dict[str, Any], report: RunReport | None = None) -> None:
        """Take the shell reply, and what our helper in the kernel tells with it."""
        self.report = report
        self._reply = str(content.get("status", "ok"))
        self._settle()

    def _settle(self) -> None:
        if self._idle or self._reply:
            self.answered.set()
        if self._idle and self._reply:
            self.conclude()

    def conclude(self) -> None:
        """End with what the kernel has answered, be it only half."""
        if self.stopping and self._reply != "ok":
            self.end("stopped")
        elif self._reply in ("aborted", "abort"):
            self.end("aborted")
        else:
            self.end("failed" if self._reply == "error" else "done")

    def again(self) -> None:
        """Forget an answer "aborted": the code did not run, and is sent again."""
        self._reply, self._idle = "", False
        self.answered.clear()
        self.state = "held"

    @property
    def aborted(self) -> bool:
        """Whether the kernel refused to run it because a cell before it failed."""
        return self._reply in ("aborted", "abort") and not self.stopping

    def end(self, state: RunState) -> None:
        """Reach a last state."""
        if self.ended.is_set():
            return
        self.state = state
        self.ended.set()
        self.answered.set()
        if self.insisting is not None and self.insisting is not asyncio.current_task():
            self.insisting.cancel()
        self._news.put_nowait(RunEvent(state=state))
        self._news.put_nowait(None)

    async def _insist(self) -> None:
        """Drop or interrupt it until it has ended: again and again, since code may swallow the interrupt."""
        pause = 0.25
        while not self.ended.is_set():
            was = self.state
            try:
                await self.interrupt()
            except Exception as error:  # noqa: BLE001 - a kernel that is gone, or one that cannot be interrupted
                _log.warning("a run cannot be interrupted: %s", type(error).__name__)
            try:
                async with asyncio.timeout(pause if was == "running" else 0.02):
                    await self.ended.wait()
            except TimeoutError:
                pause = min(pause * 2, 10) if was == "running" else pause


async def _nothing() -> None:
    """Stop nothing: the run has not been sent."""
