"""The guest of one kernel: runs the assistant's code behind the user's cells, and stops it and nothing else."""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import Any

from ..domain.errors import KernelFailed
from ..domain.values import CodeReview, ReviewReason
from .execution import Execution
from .facts import facts_of
from .injection import GuestFailed, GuestOps, read_report, run_options
from .link import KernelLink, Message
from .replies import Capabilities
from .review import KernelFacts, review

_log = logging.getLogger("jupyter_frevagpt.kernels")

_POLL_SECONDS = 1.0
_GRACE_SECONDS = 2.0
_QUIET_SECONDS = 0.03
_READY_SECONDS = 20.0
_MEETING_SECONDS = 0.5
_TAIL = 20_000
_UNKNOWN = "what ran before the guest came"
_LOSSES = ("restart", "dead")


class KernelGuest:
    """Runs the assistant's code in a kernel of the server's, one piece at a time, behind the user's cells.

    It never stores history, never asks for input, never aborts what the user has queued. While a cell of the user's
    runs, code is held here, where stop can drop it. In a kernel that takes it a helper of ours lives (``ops``): with it
    stop hits our code alone, output is bounded where it arises, and ``_`` stays the user's. Without it a run is
    interrupted as the notebook's own button does, while the kernel says that it is ours.
    """

    def __init__(self, manager: Any, kernel_id: str, *, max_chars: int) -> None:
        """``manager`` is the server's multi-kernel manager, ``max_chars`` the printed text kept of one run."""
        self.kernel_id = kernel_id
        self.life = f"{kernel_id}/{secrets.token_hex(4)}"
        self.usable = False
        self._manager = manager
        self._kernel = manager.get_kernel(kernel_id)
        self._max_chars = max_chars
        self._link = KernelLink(self._kernel, self._on_iopub, self._on_reply)
        self._ops: GuestOps | None = None
        self._watching: asyncio.Task[None] | None = None
        self._runs: dict[str, Execution] = {}
        self._unfinished: set[Execution] = set()
        self._drivers: set[asyncio.Task[None]] = set()
        self._busy: set[str] = set()
        self._quiet = asyncio.Event()
        self._heard = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._user_header: Message | None = None

    async def review(self, code: str) -> CodeReview:
        """Return what the code may do; in a kernel that cannot be asked no code is known to be harmless."""
        if self._ops is None and await _within(self._quiet, _MEETING_SECONDS):
            async with self._one_at_a_time:
                await self._inject()
        facts = await facts_of(self._ops, code) if self._ops is not None and self.capabilities else None
        told = await asyncio.to_thread(review, code, facts or KernelFacts())
        reasons = [ReviewReason(each.kind, each.text, each.line, each.asks) for each in told.reasons]
        if facts is None:
            reasons.append(ReviewReason("unknown", "The kernel does not tell what the names in it are now.", 1))
        return CodeReview(told.harmless and facts is not None, tuple(reasons), not told.never_standing)

    @property
    def capabilities(self) -> Capabilities | None:
        """What our helper can do in the kernel; None where none lives (yet)."""
        return self._ops.capabilities if self._ops is not None else None

    async def open(self) -> None:
        """Connect and wait until the kernel's output reaches us; raises KernelFailed when it does not answer."""
        self._link.open()
        if getattr(self._kernel, "execution_state", "idle") == "busy":
            self._busy.add(_UNKNOWN)
        else:
            self._quiet.set()
        self._watching = asyncio.create_task(self._watch(), name=f"watch {self.kernel_id}")
        for event in _LOSSES:
            self._kernel.add_restart_callback(self._lose, event)
        try:
            async with asyncio.timeout(_READY_SECONDS):
                while not self._heard.is_set():
                    self._link.post(self._link.message("kernel_info_request", {}), "control")
                    await _within(self._heard, 0.25)
        except TimeoutError:
            raise KernelFailed("The kernel does not answer. Restart it, or choose another one.") from None
        finally:
            if not self._heard.is_set():
                await self.close()
        self.usable = True

    async def close(self) -> None:
        """Let go of the kernel; what runs in it goes on, what waits here is dropped."""
        insisting = [run.insisting for run in self._unfinished if run.insisting is not None]
        self._lose()  # before the drivers are cancelled: they forget their runs, and nobody would end those
        watching = [self._watching] if self._watching is not None else []
        tasks = [*watching, *self._drivers, *insisting]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for event in _LOSSES:
            self._kernel.remove_restart_callback(self._lose, event)
        await self._link.close()

    def execute(self, code: str) -> Execution:
        """Run code behind whatever the kernel is doing now."""
        run = Execution(code, max_chars=self._max_chars)
        run.interrupt = lambda: self._interrupt(run)
        self._unfinished.add(run)
        driver = asyncio.create_task(self._drive(run), name=f"run in {self.kernel_id}")
        self._drivers.add(driver)
        driver.add_done_callback(self._drivers.discard)
        return run

    # ---- running

    async def _drive(self, run: Execution) -> None:
        if self._one_at_a_time.locked() or not self._quiet.is_set():
            run.announce("waiting")
        try:
            async with self._one_at_a_time:
                while not run.ended.is_set():
                    if self._quiet.is_set() or await self._quiet_again(run):
                        await self._inject()
                        await self._send_and_wait(run)
        finally:
            self._unfinished.discard(run)

    async def _quiet_again(self, run: Execution) -> bool:
        """Wait until the user's cells are through, those behind the running one too; false when the run was dropped.

        Between two cells that were sent together lies a moment of quiet: what is sent into it lies behind all of them
        in the kernel, where stop cannot drop it any more.
        """
        while True:
            await _first(run.ended, self._quiet)
            if run.ended.is_set() or await _within(run.ended, _QUIET_SECONDS):
                return False
            if self._quiet.is_set():
                return True

    async def _inject(self) -> None:
        """Let our helper into the kernel, once in its life; a kernel that does not take it is used as it is."""
        if self._ops is not None:
            return
        self._ops = GuestOps(self._link.request, self._link.session)
        try:
            await self._ops.inject(self._user_header)
        except GuestFailed as error:
            _log.info("kernel %s: runs without our helper (%s)", self.kernel_id, error.reason)

    async def _send_and_wait(self, run: Execution) -> None:
        """Send the code; returns when the kernel has answered, or half of the answer is missing for too long."""
        content = {
            "code": run.code,
            "silent": False,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        if run.ended.is_set():
            return
        options = run_options(caps={"stream_chars": max(0, self._max_chars - _TAIL), "tail_chars": _TAIL // 2})
        message = self._link.message("execute_request", content, options if self.capabilities is not None else None)
        run.message_id = message["header"]["msg_id"]
        self._runs[run.message_id] = run
        run.state = "waiting"
        try:
            self._link.post(message, "shell")
            if not await _within(run.answered, _POLL_SECONDS) and run.state == "waiting":
                run.announce("waiting")
            await run.answered.wait()
            if run.aborted:
                run.again()
            elif not await _within(run.ended, _GRACE_SECONDS):
                run.conclude()
        finally:
            self._runs.pop(run.message_id, None)

    async def _interrupt(self, run: Execution) -> None:
        """Try once to end a run that was sent: drop it before it begins, interrupt it while it runs."""
        can = self.capabilities
        if can is not None and self._ops is not None:
            if can.cancel and run.state == "waiting":
                await self._ops.cancel(run.message_id)
            elif can.interrupt and run.state == "running":
                await self._ops.interrupt_if(run.message_id)
        elif run.state == "running":
            await self._manager.interrupt_kernel(self.kernel_id)
            # A cell that awaits sees the interrupt at the next message only.
            self._link.post(self._link.message("kernel_info_request", {}), "shell")

    # ---- receiving

    def _on_reply(self, message: Message) -> None:
        run = self._runs.get(message["parent_header"].get("msg_id", ""))
        if run is not None and message["header"]["msg_type"] == "execute_reply":
            run.take_reply(message["content"], read_report(message["metadata"]))

    def _on_iopub(self, message: Message) -> None:
        self._heard.set()
        parent, content = message["parent_header"], message["content"]
        message_id, message_type = parent.get("msg_id", ""), message["header"]["msg_type"]
        if message_type == "status":
            self._on_status(parent, content["execution_state"])
        if message_type == "shutdown_reply":
            self._lose()
        elif message_type == "update_display_data":
            for run in self._runs.values():
                run.take(message_type, content)
        elif message_id in self._runs:
            self._runs[message_id].take(message_type, content)

    def _on_status(self, parent: Message, state: str) -> None:
        message_id = parent.get("msg_id", "")
        if state == "starting" and any(run.state == "running" for run in self._runs.values()):
            self._lose()  # a kernel that has only just started says so too, after its first answers
        if parent.get("msg_type") != "execute_request" or parent.get("session") == self._link.session:
            return
        if state == "busy":
            self._user_header = {key: str(value) for key, value in parent.items() if value is not None}
            self._busy.add(message_id)
            self._quiet.clear()
        elif state == "idle":
            self._busy -= {message_id, _UNKNOWN}
            if not self._busy:
                self._quiet.set()

    # ---- the kernel's life

    async def _watch(self) -> None:
        """Notice a kernel that is gone: no single sign covers a kill, a restart, an exit and a shutdown."""
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            if self.kernel_id not in self._manager or not await self._kernel.is_alive():
                self._lose()
            elif self._busy and getattr(self._kernel, "execution_state", "busy") == "idle":
                self._busy.clear()
                self._quiet.set()

    def _lose(self) -> None:
        """End every run: the kernel died, or was restarted. The next run connects anew."""
        self.usable = False
        for run in list(self._unfinished):
            run.end("lost")
        self._link.drop_requests()
        self._busy.clear()
        self._quiet.set()


async def _within(event: asyncio.Event, seconds: float) -> bool:
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
