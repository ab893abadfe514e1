"""The lane of one kernel: code of ours runs in it one piece at a time, behind the user's cells."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from ..domain.errors import KernelFailed
from .entrance import Entrance
from .execution import Execution
from .injection import run_options
from .link import KernelLink, Message
from .routes import RunRoutes
from .watch import KernelWatch, within

_log = logging.getLogger("jupyter_frevagpt.kernels")

_WAITING_SECONDS = 1.0
_GRACE_SECONDS = 2.0
_PATIENCE_SECONDS = 3.0  # a kernel that wraps a shell breaks when it is interrupted while it gets over an interrupt

_ENDLESS = (
    "Not stopped: a kernel of this make would end if it were interrupted, with all that is in it. The code goes on, "
    "and what I run next waits for it. Restart the kernel if it never ends.\n"
)
_CUT_OFF = (
    "The connection to the kernel was lost while this ran. Whether it goes on, and what it printed since, is not "
    "known; the variables may still be there.\n"
)


class Lane:
    """Holds runs until it is their turn, sends them, and stops them.

    Who is at the kernel holds ``turn``. The lane is ``open`` from the guest's coming to the end of the kernel's life.
    """

    def __init__(
        self,
        manager: Any,
        kernel_id: str,
        link: KernelLink,
        watch: KernelWatch,
        entrance: Entrance,
        routes: RunRoutes,
    ) -> None:
        """``manager`` is the server's multi-kernel manager."""
        self.open = False
        self.turn = asyncio.Lock()
        self._manager = manager
        self._kernel_id = kernel_id
        self._kernel = manager.get_kernel(kernel_id)
        self._link = link
        self._watch = watch
        self._entrance = entrance
        self._routes = routes
        self._unfinished: set[Execution] = set()
        self._drivers: set[asyncio.Task[None]] = set()

    @property
    def empty(self) -> bool:
        """Whether no code of ours waits or runs."""
        return all(run.ended.is_set() for run in self._unfinished)

    def send(self, run: Execution) -> None:
        """Let a run wait for its turn."""
        run.interrupt = lambda: self._interrupt(run)
        self._unfinished.add(run)
        driver = asyncio.create_task(self._drive(run), name=f"run in {self._kernel_id}")
        self._drivers.add(driver)
        driver.add_done_callback(self._drivers.discard)

    async def enter(self) -> None:
        """Let our helper into the kernel, if nobody has tried; for who has the turn."""
        await self._entrance.enter(self._watch.user_header)

    def ask_who(self, channel: str) -> None:
        """Ask the kernel what it is; the answer comes over the link."""
        self._link.post(self._link.message("kernel_info_request", {}), channel)

    def tell_cut_off(self) -> None:
        """Let every run know that nothing reaches us any more, and that the kernel may live on."""
        for run in self._unfinished:
            run.why_lost = _CUT_OFF

    def lose(self) -> None:
        """End every run."""
        self.open = False
        for run in list(self._unfinished):
            run.end("lost")

    async def close(self, insisting: list[asyncio.Task[None]]) -> None:
        """Drop what waits here, and give up what tries to stop the rest."""
        tasks = [*self._drivers, *insisting]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def insisting(self) -> list[asyncio.Task[None]]:
        """The tasks that try to stop what does not end."""
        return [run.insisting for run in self._unfinished if run.insisting is not None]

    async def _drive(self, run: Execution) -> None:
        if not self._watch.quiet.is_set():
            run.announce("waiting")
        elif self.turn.locked():
            run.announce("waiting", "assistant")
        try:
            async with self.turn:
                if not self._watch.quiet.is_set():
                    run.announce("waiting")
                while self.open and not run.ended.is_set():
                    if self._watch.quiet.is_set() or await self._watch.quiet_again(run.ended):
                        await self.enter()
                        if self._entrance.ops is None:
                            run.patience = _PATIENCE_SECONDS
                        run.remark = f"[{self._link.about.sentence}]\n" if self._link.about.sentence else ""
                        await self._send_and_wait(run)
        except KernelFailed:
            _log.info("kernel %s: gone before the run was sent", self._kernel_id)
        finally:
            run.end("lost")  # whatever happened: who waits for a run must not wait for ever
            self._unfinished.discard(run)

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
        run.message_id = message["header"]["msg_id"]
        self._routes.add(run)
        run.state = "waiting"
        self._link.post(message, "shell")
        if not await within(run.answered, _WAITING_SECONDS) and run.state == "waiting":
            run.announce("waiting")
        await run.answered.wait()
        if not run.aborted and not await within(run.ended, _GRACE_SECONDS) and not run.aborted:
            run.conclude()
        if run.aborted and not run.ended.is_set():
            self._routes.drop(run)
            run.again()

    def _options(self, run: Execution) -> Message | None:
        if self._entrance.capabilities is None:
            return None
        snapshot = {"names": None if run.touches is None else list(run.touches), **run.limits.undo()}
        return run_options(caps=run.limits.caps(), snapshot=snapshot, files=True)

    async def _interrupt(self, run: Execution) -> None:
        """Try once to end a run that was sent: drop it before it begins, interrupt it while it runs."""
        can, ops = self._entrance.capabilities, self._entrance.ops
        if can is not None and ops is not None:
            if can.cancel and run.state == "waiting":
                await ops.cancel(run.message_id)
            elif can.interrupt and run.state == "running":
                await ops.interrupt_if(run.message_id)
        elif run.state == "running" and self._link.about.ends_at_signal and _by_signal(self._kernel):
            run.endless = _ENDLESS
        elif run.state == "running":
            await self._manager.interrupt_kernel(self._kernel_id)
            # A cell that awaits sees the interrupt at the next message only.
            self.ask_who("shell")


def _by_signal(kernel: Any) -> bool:
    return getattr(getattr(kernel, "kernel_spec", None), "interrupt_mode", "signal") == "signal"
