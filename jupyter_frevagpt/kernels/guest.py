"""The guest of one kernel: runs the assistant's code behind the user's cells, and stops it and nothing else."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ..domain.errors import KernelBusy, KernelFailed, NothingToUndo
from ..domain.redaction import Redactor
from ..domain.values import CodeReview, RestOfOutput, ReviewReason, RunRef, ThreadRef, Undone
from .about import KernelAbout
from .changes import changes_of
from .execution import Execution
from .facts import SiteFacts, facts_of
from .injection import GuestFailed, GuestOps, read_report, run_options
from .kept import MOST_RUNS, KeptRuns
from .limits import GuestLimits
from .link import KernelLink, Message
from .replies import Capabilities
from .review import KernelFacts, review
from .watch import KernelWatch, within

_log = logging.getLogger("jupyter_frevagpt.kernels")

_WAITING_SECONDS = 1.0
_GRACE_SECONDS = 2.0
_READY_SECONDS = 20.0
_MEETING_SECONDS = 2.0
_INTRODUCTION_SECONDS = 1.0
_PATIENCE_SECONDS = 3.0  # a kernel that wraps a shell breaks when it is interrupted while it gets over an interrupt
_UNDO_SECONDS = 30.0
_PARTING_SECONDS = 0.5
_LATE_CHARS = 10_000

_ENDLESS = (
    "Not stopped: a kernel of this make would end if it were interrupted, with all that is in it. The code goes on, "
    "and what I run next waits for it. Restart the kernel if it never ends.\n"
)
_CUT_OFF = (
    "The connection to the kernel was lost while this ran. Whether it goes on, and what it printed since, is not "
    "known; the variables may still be there.\n"
)


class KernelGuest:
    """Runs the assistant's code in a kernel of the server's, one piece at a time, behind the user's cells.

    It never stores history, never asks for input, never aborts what the user has queued. While a cell of the user's
    runs, code is held here, where stop can drop it. In a kernel that takes it a helper of ours lives (``ops``): with it
    stop hits our code alone, output is bounded where it arises, ``_`` stays the user's, and changes can be told and
    taken back. Without it a run is interrupted as the notebook's own button does, while the kernel says that it is
    ours.
    """

    def __init__(
        self,
        manager: Any,
        kernel_id: str,
        limits: GuestLimits,
        *,
        redactor: Redactor | None = None,
        site: SiteFacts | None = None,
        root: str = "",
        before: KernelGuest | None = None,
    ) -> None:
        """``manager`` is the server's multi-kernel manager, ``root`` the server's root folder, "" for none.

        ``redactor`` takes secrets out of what the kernel shows, ``site`` is what needs no question here; ``before``
        was the guest in the life of the kernel before this one.
        """
        self.kernel_id = kernel_id
        self.life = f"{kernel_id}/{secrets.token_hex(4)}"
        self.usable = False
        self.on_lost: Callable[[], None] = _nothing
        self.limits = limits
        self._manager = manager
        self._redactor = redactor or Redactor()
        self._site = site or SiteFacts()
        self._root = root
        self._kernel = manager.get_kernel(kernel_id)
        self._link = KernelLink(self._kernel, self._on_iopub, self._on_reply, self._cut_off)
        self._watch = KernelWatch(manager, kernel_id, self._lose)
        self._ops: GuestOps | None = None
        self._runs: OrderedDict[str, Execution] = OrderedDict()
        self._kept: KeptRuns = before._kept if before is not None else KeptRuns(limits.server_chars)
        self._unfinished: set[Execution] = set()
        self._drivers: set[asyncio.Task[None]] = set()
        self._heard = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._late = ""
        self._foreign = False

    async def review(self, code: str, ref: ThreadRef) -> CodeReview:
        """Return what the code may do for a thread; in a kernel that cannot be asked none is known to be harmless."""
        if self._ops is None and await within(self._watch.quiet, _MEETING_SECONDS):
            async with self._one_at_a_time:
                await self._inject()
        if not self.about.python:
            return _not_python(self.about)
        facts = await self._facts(code, ref)
        told = await asyncio.to_thread(review, code, facts or KernelFacts())
        reasons = [ReviewReason(each.kind, each.text, each.line, each.asks) for each in told.reasons]
        if facts is None:
            reasons.append(ReviewReason("unknown", "The kernel does not tell what the names in it are now.", 1))
        touches = None if told.touches_all else tuple(dict.fromkeys(touch.name for touch in told.touches))
        harmless = told.harmless and facts is not None
        return CodeReview(harmless, tuple(reasons), not told.never_standing, touches, told.reads)

    async def _facts(self, code: str, ref: ThreadRef) -> KernelFacts | None:
        if (ops := self.ops) is None:
            return None
        return await facts_of(ops, code, self._site, made=self._kept.snapshots(ref))

    @property
    def about(self) -> KernelAbout:
        """What the kernel says it is."""
        return self._link.about

    @property
    def language(self) -> str:
        """The language that the kernel runs, in lower case; "" where it does not say."""
        return self._link.about.language

    @property
    def ops(self) -> GuestOps | None:
        """Our helper in the kernel; None where none lives (yet)."""
        return self._ops if self.capabilities is not None else None

    @property
    def capabilities(self) -> Capabilities | None:
        """What our helper can do in the kernel; None where none lives (yet)."""
        return self._ops.capabilities if self._ops is not None else None

    @property
    def busy(self) -> bool:
        """Whether a cell of the user's is known to run."""
        return self._watch.busy

    async def meet(self, seconds: float = 0) -> GuestOps | None:
        """Let our helper in once nothing runs in the kernel; returns None where none lives after so many seconds."""
        if self._ops is None and not self._one_at_a_time.locked() and await within(self._watch.quiet, seconds):
            async with self._one_at_a_time:
                await self._inject()
        return self.ops

    async def open(self) -> None:
        """Connect and wait until the kernel's output reaches us; raises KernelFailed when it does not answer."""
        await self._link.open()
        self._watch.start()
        try:
            async with asyncio.timeout(_READY_SECONDS):
                for attempt in itertools.count():
                    if self._heard.is_set():
                        break
                    if self.kernel_id not in self._manager:
                        raise KernelFailed("The kernel was shut down. Start it again and ask again.")
                    self._ask_who("control")
                    # An old kernel answers on its shell channel alone, behind the cell that runs: not too many there.
                    if not attempt & (attempt - 1):
                        self._ask_who("shell")
                    await within(self._heard, 0.25)
        except TimeoutError:
            if not self._watch.busy:
                raise KernelFailed("The kernel does not answer. Restart it, or choose another one.") from None
            self._heard.set()
        finally:
            if not self._heard.is_set():
                await self.close()
        self.usable = True

    def _ask_who(self, channel: str) -> None:
        self._link.post(self._link.message("kernel_info_request", {}), channel)

    async def close(self) -> None:
        """Let go of the kernel; what runs in it goes on, what waits here is dropped, copies for undo are given up."""
        insisting = [run.insisting for run in self._unfinished if run.insisting is not None]
        await self._give_up(self._kept.snapshots())
        self._lose()  # before the drivers are cancelled: they forget their runs, and nobody would end those
        tasks = [*self._drivers, *insisting]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._watch.close()
        await self._link.close()

    def execute(self, code: str, run_ref: RunRef, touches: tuple[str, ...] | None = ()) -> Execution:
        """Run code behind whatever the kernel is doing now; ``touches`` are the names to keep copies of, None: all."""
        run = Execution(code, touches=touches, limits=self.limits, redactor=self._redactor)
        run.interrupt = lambda: self._interrupt(run)
        self._kept.add(run_ref, run)
        self._unfinished.add(run)
        driver = asyncio.create_task(self._drive(run), name=f"run in {self.kernel_id}")
        self._drivers.add(driver)
        driver.add_done_callback(self._drivers.discard)
        return run

    # ---- afterwards

    def knows(self, run_ref: RunRef) -> bool:
        """Whether that run was here, and what it printed may still be."""
        return run_ref in self._kept

    def rest(self, run_ref: RunRef, start: int) -> RestOfOutput:
        """Return a piece of what a run printed beyond its output."""
        return self._kept.rest(run_ref, start)

    async def undo(self, run_ref: RunRef) -> Undone:
        """Take back what a run did to the variables, where nothing has changed since.

        Raises NothingToUndo, KernelBusy while a cell runs, and KernelFailed.
        """
        run = self._kept[run_ref]
        snapshot, ops = run.snapshot, self.ops
        if not snapshot or not self.usable or ops is None:
            raise NothingToUndo
        if not self._watch.quiet.is_set() or not all(other.ended.is_set() for other in self._unfinished):
            raise KernelBusy
        async with self._one_at_a_time:
            run.undoable = False
            try:
                told = await ops.undo(snapshot, timeout=_UNDO_SECONDS)
            except GuestFailed as error:
                if error.reason == "failed":
                    raise NothingToUndo from error
                raise
        return Undone(told.restored, told.not_restored, told.cannot_vouch)

    async def forget(self, ref: ThreadRef) -> None:
        """Give up what is kept of a thread's runs, here and in the kernel."""
        await self._give_up(self._kept.take(ref))

    async def _give_up(self, snapshots: list[str]) -> None:
        """Free what the kernel keeps, if it is quick."""
        if (ops := self.ops) is None or not self.usable:
            return
        try:
            async with asyncio.timeout(_PARTING_SECONDS):
                for snapshot in snapshots:
                    await ops.forget(snapshot)
        except (GuestFailed, TimeoutError):
            _log.info("kernel %s: copies for undo stay until newer ones take their place", self.kernel_id)

    # ---- running

    async def _drive(self, run: Execution) -> None:
        if self._one_at_a_time.locked() or not self._watch.quiet.is_set():
            run.announce("waiting")
        try:
            async with self._one_at_a_time:
                while self.usable and not run.ended.is_set():
                    if self._watch.quiet.is_set() or await self._watch.quiet_again(run.ended):
                        await self._inject()
                        if self.ops is None:
                            run.patience = _PATIENCE_SECONDS
                        run.remark = f"[{self.about.sentence}]\n" if self.about.sentence else ""
                        await self._send_and_wait(run)
        except KernelFailed:
            _log.info("kernel %s: gone before the run was sent", self.kernel_id)
        finally:
            run.end("lost")  # whatever happened: who waits for a run must not wait for ever
            self._unfinished.discard(run)

    async def _inject(self) -> None:
        """Let our helper into the kernel, once in its life; a kernel that does not take it is used as it is.

        What lets it in is Python for ipykernel: in another kernel it would be an error of the user's, or a command.
        """
        if self._ops is not None or self._foreign:
            return
        told = await self._link.introduction(_INTRODUCTION_SECONDS)
        self._foreign = not told.takes_helper
        if self._foreign:
            _log.info("kernel %s: runs without our helper (it is not ipykernel)", self.kernel_id)
            return
        ops = GuestOps(self._link.request, self._link.session)
        try:
            await ops.inject(self._watch.user_header)
        except GuestFailed as error:
            _log.info("kernel %s: runs without our helper (%s)", self.kernel_id, error.reason)
        self._ops = ops  # not before: who was stopped meanwhile has not met the kernel, and the next one tries again

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
        message = self._link.message("execute_request", content, self._options(run))
        message_id = run.message_id = message["header"]["msg_id"]
        self._runs[message_id] = run
        while len(self._runs) > MOST_RUNS:  # its threads may print, and its displays be updated, after its end
            self._runs.popitem(last=False)
        run.state = "waiting"
        self._link.post(message, "shell")
        if not await within(run.answered, _WAITING_SECONDS) and run.state == "waiting":
            run.announce("waiting")
        await run.answered.wait()
        if not run.aborted and not await within(run.ended, _GRACE_SECONDS) and not run.aborted:
            run.conclude()
        if run.aborted and not run.ended.is_set():
            self._runs.pop(message_id, None)
            run.again()

    def _options(self, run: Execution) -> Message | None:
        if self.capabilities is None:
            return None
        snapshot = {"names": None if run.touches is None else list(run.touches), **self.limits.undo()}
        return run_options(caps=self.limits.caps(), snapshot=snapshot, files=True)

    async def _interrupt(self, run: Execution) -> None:
        """Try once to end a run that was sent: drop it before it begins, interrupt it while it runs."""
        can = self.capabilities
        if can is not None and self._ops is not None:
            if can.cancel and run.state == "waiting":
                await self._ops.cancel(run.message_id)
            elif can.interrupt and run.state == "running":
                await self._ops.interrupt_if(run.message_id)
        elif run.state == "running" and self.about.ends_at_signal and _by_signal(self._kernel):
            run.endless = _ENDLESS
        elif run.state == "running":
            await self._manager.interrupt_kernel(self.kernel_id)
            # A cell that awaits sees the interrupt at the next message only.
            self._ask_who("shell")

    # ---- receiving

    def _on_reply(self, message: Message) -> None:
        if message["header"]["msg_type"] == "kernel_info_reply":
            self._watch.caught_up()
        run = self._runs.get(message["parent_header"].get("msg_id", ""))
        if run is None or message["header"]["msg_type"] != "execute_reply" or run.ended.is_set():
            return
        report = read_report(message["metadata"])
        run.changes = changes_of(report, self._root)
        run.undoable = run.changes is not None and run.changes.undo
        run.late, self._late = self._redactor.text(self._late), ""
        run.take_reply(message["content"], report)

    def _on_iopub(self, message: Message) -> None:
        parent, content = message["parent_header"], message["content"]
        if parent.get("session") == self._link.session:
            self._heard.set()
        message_id, message_type = parent.get("msg_id", ""), message["header"]["msg_type"]
        if message_type == "status":
            self._on_status(parent, content["execution_state"])
        if message_type == "shutdown_reply":
            self._lose()
        elif message_type == "update_display_data":
            for run in self._runs.values():
                run.take(message_type, content)
        elif message_id in self._runs:
            run = self._runs[message_id]
            if run.ended.is_set() and message_type == "stream":
                self._late = (self._late + str(content.get("text") or ""))[-_LATE_CHARS:]
            else:
                run.take(message_type, content)

    def _on_status(self, parent: Message, state: str) -> None:
        if state == "starting" and any(run.state == "running" for run in self._runs.values()):
            self._lose()  # a kernel that has only just started says so too, after its first answers
        if state in ("restarting", "dead"):
            self._lose()  # a gateway says it in the kernel's place
        if parent.get("session") != self._link.session:
            self._watch.note(parent, state)

    # ---- the kernel's life

    def _cut_off(self) -> None:
        """End every run: nothing reaches us any more, and the kernel may live on."""
        for run in self._unfinished:
            run.why_lost = _CUT_OFF
        self._lose()

    def _lose(self) -> None:
        """End every run: the kernel died, or was restarted. The next run connects anew."""
        was, self.usable = self.usable, False
        for run in list(self._unfinished):
            run.end("lost")
        self._kept.lose_snapshots()
        self._link.drop_requests()
        self._watch.forget()
        if was:
            self.on_lost()


def _nothing() -> None:
    """Leave it: nobody keeps this guest."""


def _by_signal(kernel: Any) -> bool:
    return getattr(getattr(kernel, "kernel_spec", None), "interrupt_mode", "signal") == "signal"


def _not_python(about: KernelAbout) -> CodeReview:
    """Return what can be told of code in another language: nothing, so that it is asked about each time."""
    reason = f"{about.sentence} What the code does cannot be told."
    return CodeReview(False, (ReviewReason("unknown", reason, 1),), standing=False, touches=None)
