"""The guest of one kernel: runs the assistant's code behind the user's cells, and stops it and nothing else."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections.abc import Callable
from typing import Any

from ..domain.errors import KernelBusy, KernelFailed, NothingToUndo
from ..domain.redaction import Redactor
from ..domain.values import CodeReview, RestOfOutput, RunRef, ThreadRef, Undone
from .about import KernelAbout
from .appraisal import appraise
from .entrance import Entrance
from .execution import Execution
from .facts import SiteFacts, facts_of
from .injection import GuestFailed, GuestOps
from .kept import KeptRuns
from .lane import Lane
from .limits import GuestLimits
from .link import KernelLink, Message
from .replies import Capabilities
from .review import KernelFacts
from .routes import RunRoutes
from .watch import KernelWatch, within

_log = logging.getLogger("jupyter_frevagpt.kernels")

_READY_SECONDS = 20.0
_MEETING_SECONDS = 2.0
_UNDO_SECONDS = 30.0
_PARTING_SECONDS = 0.5


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
        self.on_lost: Callable[[], None] = _nothing
        self.limits = limits
        self._manager = manager
        self._redactor = redactor or Redactor()
        self._site = site or SiteFacts()
        self._link = KernelLink(manager.get_kernel(kernel_id), self._on_iopub, self._on_reply, self._cut_off)
        self._watch = KernelWatch(manager, kernel_id, self._lose)
        self._entrance = Entrance(self._link, kernel_id)
        self._routes = RunRoutes(self._redactor, root)
        self._kept: KeptRuns = before._kept if before is not None else KeptRuns(limits.server_chars)
        self._heard = asyncio.Event()
        self._lane = Lane(manager, kernel_id, self._link, self._watch, self._entrance, self._routes)

    async def review(self, code: str, ref: ThreadRef) -> CodeReview:
        """Return what the code may do for a thread; in a kernel that cannot be asked none is known to be harmless."""
        if self._entrance.open and await within(self._watch.quiet, _MEETING_SECONDS):
            async with self._lane.turn:
                await self._lane.enter()
        return await appraise(code, self.about, await self._facts(code, ref) if self.about.python else None)

    async def _facts(self, code: str, ref: ThreadRef) -> KernelFacts | None:
        if (ops := self.ops) is None:
            return None
        return await facts_of(ops, code, self._site, made=self._kept.snapshots(ref))

    @property
    def about(self) -> KernelAbout:
        """What the kernel says it is."""
        return self._link.about

    @property
    def advice(self) -> str:
        """What a model must know before it writes code for the kernel, "" while the kernel has not said what it is."""
        return self.about.advice if self._link.introduced else ""

    @property
    def language(self) -> str:
        """The language that the kernel runs, in lower case; "" where it does not say."""
        return self._link.about.language

    @property
    def ops(self) -> GuestOps | None:
        """Our helper in the kernel; None where none lives (yet)."""
        return self._entrance.ops

    @property
    def capabilities(self) -> Capabilities | None:
        """What our helper can do in the kernel; None where none lives (yet)."""
        return self._entrance.capabilities

    @property
    def usable(self) -> bool:
        """Whether code can be run here: between the guest's coming and the end of the kernel's life."""
        return self._lane.open

    @property
    def busy(self) -> bool:
        """Whether a cell of the user's is known to run."""
        return self._watch.busy

    async def meet(self, seconds: float = 0) -> GuestOps | None:
        """Let our helper in once nothing runs in the kernel; returns None where none lives after so many seconds."""
        if self._entrance.open and not self._lane.turn.locked() and await within(self._watch.quiet, seconds):
            async with self._lane.turn:
                await self._lane.enter()
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
                    self._lane.ask_who("control")
                    # An old kernel answers on its shell channel alone, behind the cell that runs: not too many there.
                    if not attempt & (attempt - 1):
                        self._lane.ask_who("shell")
                    await within(self._heard, 0.25)
        except TimeoutError:
            if not self._watch.busy:
                raise KernelFailed("The kernel does not answer. Restart it, or choose another one.") from None
            self._heard.set()
        finally:
            if not self._heard.is_set():
                await self.close()
        self._lane.open = True

    async def close(self) -> None:
        """Let go of the kernel; what runs in it goes on, what waits here is dropped, copies for undo are given up."""
        insisting = self._lane.insisting
        await self._give_up(self._kept.snapshots())
        self._lose()  # before the drivers are cancelled: they forget their runs, and nobody would end those
        await self._lane.close(insisting)
        await self._watch.close()
        await self._link.close()

    def execute(self, code: str, run_ref: RunRef, touches: tuple[str, ...] | None = ()) -> Execution:
        """Run code behind whatever the kernel is doing now; ``touches`` are the names to keep copies of, None: all."""
        run = Execution(code, touches=touches, limits=self.limits, redactor=self._redactor)
        self._kept.add(run_ref, run)
        self._lane.send(run)
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
        if not self._watch.quiet.is_set() or not self._lane.empty:
            raise KernelBusy
        async with self._lane.turn:
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

    # ---- receiving

    def _on_reply(self, message: Message) -> None:
        if message["header"]["msg_type"] == "kernel_info_reply":
            self._watch.caught_up()
        self._routes.on_reply(message)

    def _on_iopub(self, message: Message) -> None:
        if message["parent_header"].get("session") == self._link.session:
            self._heard.set()
        if message["header"]["msg_type"] == "shutdown_reply":
            self._lose()
        else:
            self._routes.on_iopub(message, self._on_status)

    def _on_status(self, parent: Message, state: str) -> None:
        if state == "starting" and self._routes.any_running:
            self._lose()  # a kernel that has only just started says so too, after its first answers
        if state in ("restarting", "dead"):
            self._lose()  # a gateway says it in the kernel's place
        if parent.get("session") != self._link.session:
            self._watch.note(parent, state)

    # ---- the kernel's life

    def _cut_off(self) -> None:
        self._lane.tell_cut_off()
        self._lose()

    def _lose(self) -> None:
        """End every run: the kernel died, or was restarted. The next run connects anew."""
        was = self.usable
        self._lane.lose()
        self._kept.lose_snapshots()
        self._link.drop_requests()
        self._watch.forget()
        if was:
            self.on_lost()


def _nothing() -> None:
    """Leave it: nobody keeps this guest."""
