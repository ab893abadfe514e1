"""The guest of one kernel: a client of our own, kept open, that sends code and sorts what comes back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from queue import Empty
from typing import Any

from jupyter_client.session import Session

from ..domain.errors import KernelFailed
from .execution import Execution

_log = logging.getLogger("jupyter_frevagpt.kernels")

_POLL_SECONDS = 1.0
_GRACE_SECONDS = 2.0
_PUMP_SECONDS = 0.01
_QUIET_SECONDS = 0.03
_READY_SECONDS = 20.0
_UNKNOWN = "what ran before the guest came"
_LOSSES = ("restart", "dead")


class KernelGuest:
    """Runs the assistant's code in a kernel of the server's, one piece at a time, behind the user's cells.

    It has its own session id (a client that shares the manager's would take over the replies of another), never
    stores history, never asks for input, never aborts what the user has queued. While a cell of the user's runs, code
    is held here, where stop can drop it.
    """

    def __init__(self, manager: Any, kernel_id: str, *, max_chars: int) -> None:
        """``manager`` is the server's multi-kernel manager, ``max_chars`` the printed text kept of one run."""
        self.kernel_id = kernel_id
        self.usable = False
        self._manager = manager
        self._kernel = manager.get_kernel(kernel_id)
        self._max_chars = max_chars
        self._client: Any = None
        self._tasks: list[asyncio.Task[None]] = []
        self._runs: dict[str, Execution] = {}
        self._unfinished: set[Execution] = set()
        self._drivers: set[asyncio.Task[None]] = set()
        self._busy: set[str] = set()
        self._quiet = asyncio.Event()
        self._heard = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()

    async def open(self) -> None:
        """Connect and wait until the kernel's output reaches us; raises KernelFailed when it does not answer."""
        client = self._client = self._kernel.client()
        key, scheme = self._kernel.session.key, self._kernel.session.signature_scheme
        client.session = Session(key=key, signature_scheme=scheme, username="frevagpt")
        client.start_channels(stdin=False, hb=False)
        if getattr(self._kernel, "execution_state", "idle") == "busy":
            self._busy.add(_UNKNOWN)
        else:
            self._quiet.set()
        self._tasks = [
            asyncio.create_task(self._pump(client.iopub_channel, self._on_iopub), name=f"iopub {self.kernel_id}"),
            asyncio.create_task(self._pump(client.shell_channel, self._on_reply), name=f"shell {self.kernel_id}"),
            asyncio.create_task(self._pump(client.control_channel, lambda _: None), name=f"control {self.kernel_id}"),
            asyncio.create_task(self._watch(), name=f"watch {self.kernel_id}"),
        ]
        for event in _LOSSES:
            self._kernel.add_restart_callback(self._lose, event)
        try:
            async with asyncio.timeout(_READY_SECONDS):
                while not self._heard.is_set():
                    self._send("kernel_info_request", {}, "control")
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
        tasks = [*self._tasks, *self._drivers, *insisting]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for event in _LOSSES:
            self._kernel.remove_restart_callback(self._lose, event)
        if self._client is not None:
            self._client.stop_channels()
            self._client = None

    def execute(self, code: str) -> Execution:
        """Run code behind whatever the kernel is doing now."""
        run = Execution(code, self._interrupt, max_chars=self._max_chars)
        self._unfinished.add(run)
        driver = asyncio.create_task(self._drive(run), name=f"run in {self.kernel_id}")
        self._drivers.add(driver)
        driver.add_done_callback(self._drivers.discard)
        return run

    # ---- sending

    def _send(self, message_type: str, content: dict[str, Any], channel: str = "shell") -> str:
        message = self._client.session.msg(message_type, content)
        self._post(message, channel)
        return str(message["header"]["msg_id"])

    def _post(self, message: dict[str, Any], channel: str) -> None:
        """Send, and wake the reader: the socket's descriptor is edge-triggered, a send can swallow its wake-up."""
        sender = getattr(self._client, f"{channel}_channel")
        sender.send(message)
        if schedule := getattr(sender.socket, "_schedule_remaining_events", None):
            schedule()

    async def _drive(self, run: Execution) -> None:
        if self._one_at_a_time.locked() or not self._quiet.is_set():
            run.announce("waiting")
        try:
            async with self._one_at_a_time:
                while not run.ended.is_set():
                    if self._quiet.is_set() or await self._quiet_again(run):
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
        message = self._client.session.msg("execute_request", content)
        message_id = message["header"]["msg_id"]
        self._runs[message_id] = run
        run.state = "waiting"
        try:
            self._post(message, "shell")
            if not await _within(run.answered, _POLL_SECONDS) and run.state == "waiting":
                run.announce("waiting")
            await run.answered.wait()
            if run.aborted:
                run.again()
            elif not await _within(run.ended, _GRACE_SECONDS):
                run.conclude()
        finally:
            self._runs.pop(message_id, None)

    async def _interrupt(self) -> None:
        await self._manager.interrupt_kernel(self.kernel_id)
        self._send("kernel_info_request", {})  # a cell that awaits sees the interrupt at the next message only

    # ---- receiving

    async def _pump(self, channel: Any, take: Callable[[dict[str, Any]], None]) -> None:
        """Read a channel for ever: no message may end that, and many of them may not hold the event loop."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            try:
                take(await channel.get_msg(timeout=_POLL_SECONDS))
            except Empty:
                pass
            except Exception as error:  # noqa: BLE001 - a deaf guest would lose all that follows
                _log.warning("kernel %s: a message is not readable: %s", self.kernel_id, type(error).__name__)
            if loop.time() - began > _PUMP_SECONDS:
                await asyncio.sleep(0)
                began = loop.time()

    def _on_reply(self, message: dict[str, Any]) -> None:
        run = self._runs.get(message["parent_header"].get("msg_id", ""))
        if run is not None and message["header"]["msg_type"] == "execute_reply":
            run.take_reply(message["content"])

    def _on_iopub(self, message: dict[str, Any]) -> None:
        self._heard.set()
        parent, content = message["parent_header"], message["content"]
        message_id, message_type = parent.get("msg_id", ""), message["header"]["msg_type"]
        if message_type == "status":
            self._on_status(message_id, parent.get("msg_type", ""), content["execution_state"])
        if message_type == "shutdown_reply":
            self._lose()
        elif message_type == "update_display_data":
            for run in self._runs.values():
                run.take(message_type, content)
        elif message_id in self._runs:
            self._runs[message_id].take(message_type, content)

    def _on_status(self, message_id: str, parent_type: str, state: str) -> None:
        if state == "starting" and any(run.state == "running" for run in self._runs.values()):
            self._lose()  # a kernel that has only just started says so too, after its first answers
        if parent_type != "execute_request" or message_id in self._runs:
            return
        if state == "busy":
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
