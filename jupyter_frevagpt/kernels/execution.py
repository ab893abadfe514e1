"""One piece of code on its way through a kernel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import msgspec

from ..domain.redaction import Redactor
from ..domain.values import KernelOutput, RunChanges, RunEvent, RunState
from .limits import GuestLimits
from .output import OutputCollector, plain
from .replies import RunReport

_log = logging.getLogger("jupyter_frevagpt.kernels")

_STOP_SECONDS = 0.5
_TRIES = 20
_INTERRUPTED = "abort"  # wrapper kernels answer so for code that ran until somebody interrupted it
_LIVE_CHARS = 200_000
_STUBBORN = 3
_STUBBORN_TEXT = (
    "The code does not end although it was interrupted three times; I go on trying. What I run next waits for it. "
    "Restart the kernel if it never ends."
)
_ENDED = frozenset({"done", "failed", "aborted", "lost", "stopped"})


class Execution:
    """A run: held in the server, waiting in the kernel, running, and at last done, failed, stopped, aborted or lost.

    It is fed by its guest with the messages that answer its request, and has ended when both the reply and the idle
    status have come.
    """

    def __init__(self, code: str, *, touches: tuple[str, ...] | None, limits: GuestLimits, redactor: Redactor) -> None:
        """``touches`` are the names that the code may change, None for any."""
        self.code = code
        self.touches = touches
        self.limits = limits
        self.message_id = ""
        self.interrupt: Callable[[], Awaitable[None]] = _nothing
        self.report: RunReport | None = None
        self.state: RunState = "held"
        self.ended = asyncio.Event()
        self.answered = asyncio.Event()
        self.stopping = False
        self.late = ""
        self.changes: RunChanges | None = None
        self.undoable = False
        self.timed_out = False
        self.remark = ""
        self.endless = ""
        self.why_lost = ""
        self.patience = 0.25
        self.collector = OutputCollector(limits.stored_chars, limits.kernel_chars, redactor)
        self._seconds = limits.run_seconds
        self._alarm: asyncio.TimerHandle | None = None
        self._news: asyncio.Queue[RunEvent | None] = asyncio.Queue()
        self._live = _LIVE_CHARS
        self._announced: tuple[RunState, str] = ("held", "")
        self._reply: str = ""
        self._tries = _TRIES
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
        self._begin_insisting()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self.ended.wait()
        except TimeoutError:
            return

    def output(self) -> KernelOutput:
        """Return what there is up to now; a run that was stopped and has not ended says so."""
        state: RunState = "stopped" if self.stopping and self.state in ("waiting", "running") else self.state
        over = self.timed_out and state == "stopped"
        note = f"Stopped after {self._seconds:g} s: no run may take longer in this kernel.\n" if over else ""
        if self.endless and not self.ended.is_set():
            note = self.endless
        if state == "lost" and self.why_lost:
            note = self.why_lost
        shown = self.collector.result(state)
        if self.remark:
            remark = {"output_type": "stream", "name": "stderr", "text": self.remark}
            shown = msgspec.structs.replace(shown, text=shown.text + self.remark, display=[*shown.display, remark])
        return msgspec.structs.replace(shown, note=note, late=plain(self.late), changes=self.changes)

    @property
    def snapshot(self) -> str:
        """The id of what the kernel keeps to take the changes back; "" for nothing."""
        changes = self.report.changes if self.report is not None and self.undoable else None
        return changes.id if changes is not None else ""

    # ---- for the guest

    def enter(self, state: RunState) -> None:
        """Go over into a state on the way."""
        if not self.ended.is_set():
            self.state = state
            self.announce(state)
            if state == "running" and self._seconds and self._alarm is None:
                self._alarm = asyncio.get_running_loop().call_later(self._seconds, self._time_out)

    def _time_out(self) -> None:
        self.stopping = self.timed_out = True
        self._begin_insisting()

    def announce(self, state: RunState, reason: str = "") -> None:
        """Tell the reader of a state, once for each reason."""
        if self._announced != (state, reason) and not self.ended.is_set():
            self._announced = (state, reason)
            self._news.put_nowait(RunEvent(state=state, reason=reason))

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
        if text and not self.ended.is_set():
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
        if self._idle and self._reply and not self.aborted:
            self.conclude()

    def conclude(self) -> None:
        """End with what the kernel has answered, be it only half."""
        if (self.stopping and self._reply != "ok") or self._reply == _INTERRUPTED:
            self.end("stopped")
        elif self._reply == "aborted":
            self.end("aborted")
        else:
            self.end("failed" if self._reply == "error" else "done")

    def again(self) -> None:
        """Forget an answer "aborted": the code did not run, and is sent again."""
        self._tries -= 1
        self._reply, self._idle = "", False
        self.answered.clear()
        self.state = "held"

    @property
    def aborted(self) -> bool:
        """Whether the kernel refused to run it because a cell before it failed."""
        return self._reply == "aborted" and not self.stopping and self._tries > 1

    def end(self, state: RunState) -> None:
        """Reach a last state."""
        if self.ended.is_set():
            return
        self.state = state
        self.ended.set()
        self.answered.set()
        if self._alarm is not None:
            self._alarm.cancel()
        if self.insisting is not None and self.insisting is not asyncio.current_task():
            self.insisting.cancel()
        self._news.put_nowait(RunEvent(state=state))
        self._news.put_nowait(None)

    def _begin_insisting(self) -> None:
        if not self.ended.is_set() and self.insisting is None:
            self.insisting = asyncio.create_task(self._insist())

    async def _insist(self) -> None:
        """Drop or interrupt it until it has ended: again and again, since code may swallow the interrupt."""
        pause, interrupts = self.patience, 0
        while not self.ended.is_set() and not self.endless:
            was = self.state
            try:
                await self.interrupt()
            except Exception as error:  # noqa: BLE001 - a kernel that is gone, or one that cannot be interrupted
                _log.warning("a run cannot be interrupted: %s", type(error).__name__)
            try:
                async with asyncio.timeout(pause if was == "running" else 0.02):
                    await self.ended.wait()
            except TimeoutError:
                if was == "running":
                    interrupts += 1
                    pause = min(pause * 2, 10)
                if interrupts == _STUBBORN:
                    self._news.put_nowait(RunEvent(notice=_STUBBORN_TEXT))


async def _nothing() -> None:
    """Stop nothing: the run has not been sent."""
