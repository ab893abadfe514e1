"""The kernels of this server: whose guest we are, and those we started ourselves."""

from __future__ import annotations

import asyncio
import importlib
import logging
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from tornado.web import HTTPError
from traitlets import Bool, Float, Integer, List, Unicode
from traitlets.config import LoggingConfigurable

from ..domain.errors import KernelFailed, NothingToUndo, OutputGone, UnknownKernel
from ..domain.protocols import ScratchFolders
from ..domain.redaction import Redactor
from ..domain.values import RestOfOutput, RunRef, ThreadRef, ToolContext, Undone
from .facts import SiteFacts
from .guest import KernelGuest
from .limits import GuestLimits

_log = logging.getLogger("jupyter_frevagpt.kernels")
_PARTING_SECONDS = 2.0
_PARTING_TRIES = 15
_GONE = "The notebook's kernel is gone, so nothing was run. Start it again and ask again."
_UNTOLD = "Whether the kernel still runs cannot be told: its gateway does not answer. Ask again in a while."
_NOT_HERE = (
    "No kernel with this kernel_id is running here. Start the notebook's kernel and ask again, or leave kernel_id out "
    "to use a kernel of the chat's own."
)
_NO_CHOICE = "No kernel can be chosen on this server. Leave kernel_id out: the chat gets a kernel of its own."
_KERNEL_ID = re.compile(r"\w+-\w+-\w+-\w+-\w+")


class GuestRegistry(LoggingConfigurable):
    """One guest a kernel, opened on first use and kept; kernels for threads whose question named none."""

    kernel_name = Unicode("", help="Kernel spec of the assistant's own kernels; empty: the server's default.").tag(
        config=True
    )
    stored_output_chars = Integer(
        200_000, min=1000, help="Characters of printed text that the thread and the panel get of one run."
    ).tag(config=True)
    server_output_chars = Integer(
        20_000_000,
        min=0,
        help='Characters of printed text beyond that, of all runs in a kernel, that the server keeps for "Show all".',
    ).tag(config=True)
    kernel_output_chars = Integer(
        10_000_000, min=1000, help="Characters of printed text that leave the kernel in one run: head and tail."
    ).tag(config=True)
    user_run_seconds = Float(
        0, min=0, help="Seconds that a run of the assistant's may take in the user's own kernels; 0: any time."
    ).tag(config=True)
    own_run_seconds = Float(
        600, min=0, help="Seconds that a run may take in kernels that the assistant started; 0: any time."
    ).tag(config=True)
    allowed_hosts = List(Unicode(), help="Hosts that code may reach without a question.").tag(config=True)
    readable_folders = List(
        Unicode(), help="Folders, such as data pools, whose files code may read without a question."
    ).tag(config=True)
    freva_host = Unicode("", help="The host of the Freva service, as kernels have it configured.").tag(config=True)
    undo_item_bytes = Integer(16_000_000, min=0, help="Bytes of one variable's copy that is kept for undo.").tag(
        config=True
    )
    undo_run_bytes = Integer(64_000_000, min=0, help="Bytes of all copies that are kept for undo of one run.").tag(
        config=True
    )
    undo_hold_bytes = Integer(
        500_000_000, min=0, help="Bytes of an old value that stays in the kernel's memory because undo may want it."
    ).tag(config=True)
    undo_kernel_bytes = Integer(
        1_000_000_000, min=0, help="Bytes that undo may keep in one kernel; the oldest are given up for newer ones."
    ).tag(config=True)
    shutdown_own_kernels = Bool(
        True, help="Shut the kernels that the assistant started down when the server stops."
    ).tag(config=True)

    def __init__(
        self,
        manager: Any,
        scratch: ScratchFolders,
        environment: Callable[[ThreadRef], Mapping[str, str]],
        *,
        redactor: Redactor | None = None,
        root: str = "",
        named: bool = True,
        **kwargs: Any,
    ) -> None:
        """``manager`` is the server's multi-kernel manager, ``environment`` gives that of a thread's own kernel.

        ``redactor`` takes secrets out of what kernels show, ``root`` is the folder from which the server's files are
        named, "" where it has none. Unless ``named``, every ``kernel_id`` is refused, so that on a server for many
        nobody's question runs in another's kernel: a thread finds its own by itself.
        """
        super().__init__(**kwargs)
        self._manager = manager
        self._scratch = scratch
        self._environment = environment
        self._redactor = redactor
        self._root = root
        self._named = named
        self._guests: dict[str, KernelGuest] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._own: dict[ThreadRef, str] = {}
        self._starting: dict[ThreadRef, asyncio.Task[str]] = {}
        self._partings: set[asyncio.Task[None]] = set()
        self._closing = False

    def check(self, kernel_id: str) -> None:
        """Raise UnknownKernel unless a kernel of that id is running here and may be named."""
        if not self._named:
            raise UnknownKernel(_NO_CHOICE)
        if not _KERNEL_ID.fullmatch(kernel_id) or kernel_id not in self._manager:
            raise UnknownKernel(_NOT_HERE)

    async def existing(self, context: ToolContext) -> str:
        """Return the id of the kernel that ``session`` would give without starting one, "" when it would start one."""
        kernel_id = context.kernel_id or self._own.get(context.ref, "")
        if not kernel_id or kernel_id not in self._manager:
            return ""
        try:
            return kernel_id if await self._alive(kernel_id) else ""
        except KernelFailed:
            return ""

    async def session(self, context: ToolContext) -> KernelGuest:
        """Return the guest of the named kernel, or of one of the thread's own."""
        kernel_id = context.kernel_id
        if kernel_id:
            if not self._named:
                raise UnknownKernel(_NO_CHOICE)
            if kernel_id not in self._manager:
                raise KernelFailed(_GONE)
        else:
            kernel_id = await self._own_kernel(context)
        async with self._opening.setdefault(kernel_id, asyncio.Lock()):
            guest = self._guests.get(kernel_id)
            if guest is None or not guest.usable:
                if guest is not None:
                    await guest.close()
                await self._forget_gone()
                if kernel_id not in self._manager:  # shut down while we waited for our turn
                    raise KernelFailed(_GONE)
                guest = self._guests[kernel_id] = self._guest(kernel_id, guest)
                guest.on_lost = partial(self._part_soon, guest)
                await guest.open()
        return guest

    def _guest(self, kernel_id: str, before: KernelGuest | None) -> KernelGuest:
        own = kernel_id in self._own.values()
        limits = GuestLimits(
            stored_chars=self.stored_output_chars,
            server_chars=self.server_output_chars,
            kernel_chars=self.kernel_output_chars,
            run_seconds=self.own_run_seconds if own else self.user_run_seconds,
            undo_item_bytes=self.undo_item_bytes,
            undo_run_bytes=self.undo_run_bytes,
            undo_hold_bytes=self.undo_hold_bytes,
            undo_kernel_bytes=self.undo_kernel_bytes,
        )
        site = SiteFacts(frozenset(self.allowed_hosts), self.freva_host, tuple(self.readable_folders))
        return KernelGuest(
            self._manager, kernel_id, limits, redactor=self._redactor, site=site, root=self._root, before=before
        )

    # ---- what is kept of runs

    def rest(self, run_ref: RunRef, start: int) -> RestOfOutput:
        """Return what a run printed beyond its output, from a character on; raises OutputGone."""
        if (guest := self._host(run_ref)) is None:
            raise OutputGone
        return guest.rest(run_ref, start)

    async def undo(self, run_ref: RunRef) -> Undone:
        """Take back what a run changed; raises NothingToUndo, KernelBusy and KernelFailed."""
        if (guest := self._host(run_ref)) is None:
            raise NothingToUndo
        return await guest.undo(run_ref)

    async def forget(self, ref: ThreadRef) -> None:
        """Give up what is kept of a thread's runs: copies for undo, printed text."""
        await asyncio.gather(*(guest.forget(ref) for guest in list(self._guests.values())))

    def _host(self, run_ref: RunRef) -> KernelGuest | None:
        return next((guest for guest in self._guests.values() if guest.knows(run_ref)), None)

    # ---- coming and going

    async def _forget_gone(self) -> None:
        """Let go of kernels that were shut down."""
        gone = [guest for kernel_id, guest in self._guests.items() if kernel_id not in self._manager]
        for guest in gone:  # all before the first is waited for: others may come meanwhile to do the same
            self._opening.pop(guest.kernel_id, None)
            del self._guests[guest.kernel_id]
        self._own = {ref: kernel_id for ref, kernel_id in self._own.items() if kernel_id in self._manager}
        for guest in gone:
            await guest.close()

    async def end_own(self, ref: ThreadRef) -> None:
        """Shut the kernel down that was started for a thread, or is just starting, if there is one."""
        if (starting := self._starting.get(ref)) is not None:
            with suppress(KernelFailed):
                await asyncio.shield(starting)
        await self._shut_down(self._own.pop(ref, ""))

    async def _shut_down(self, kernel_id: str) -> None:
        """Shut a kernel down if it is there, and one that Jupyter restarts in this moment when it has done so."""
        for _ in range(_PARTING_TRIES):
            if kernel_id not in self._manager:
                return
            try:
                await self._manager.shutdown_kernel(kernel_id, now=True)
            except asyncio.InvalidStateError:
                await asyncio.sleep(_PARTING_SECONDS)
            except (HTTPError, RuntimeError, KeyError):
                return

    async def _own_kernel(self, context: ToolContext) -> str:
        kernel_id = self._own.get(context.ref, "")
        if kernel_id in self._manager:
            if await self._alive(kernel_id):
                return kernel_id
            await self._shut_down(kernel_id)
        # A turn that is stopped meanwhile leaves the start going: half a kernel would be nobody's to shut down.
        starting = self._starting.get(context.ref)
        if starting is None:
            starting = self._starting[context.ref] = asyncio.create_task(self._start_own(context))
            starting.add_done_callback(partial(self._started, context.ref))
        return await asyncio.shield(starting)

    def _started(self, ref: ThreadRef, starting: asyncio.Task[str]) -> None:
        self._starting.pop(ref, None)
        if not starting.cancelled():
            starting.exception()  # whoever waits gets it; if nobody does any more it is in the log

    async def _start_own(self, context: ToolContext) -> str:
        folder = await asyncio.to_thread(self._scratch.folder, context.ref, keep=context.keep)
        kwargs = {"kernel_name": self.kernel_name} if self.kernel_name else {}
        with suppress(ImportError):
            # Jupyter does it at the first start of a kernel, and then on the event loop, which it holds for 40 ms.
            await asyncio.to_thread(importlib.import_module, "IPython.paths")
        try:
            started = await self._manager.start_kernel(
                cwd=str(folder), env=dict(self._environment(context.ref)), **kwargs
            )
        except Exception as error:
            _log.exception("a kernel for thread %s did not start", context.ref.thread_id)
            raise KernelFailed(
                "No kernel could be started, so nothing was run. Open a notebook and ask again."
            ) from error
        self._own[context.ref] = str(started)
        return str(started)

    async def _alive(self, kernel_id: str) -> bool:
        try:
            return bool(await self._manager.is_alive(kernel_id))
        except Exception as error:
            _log.warning("kernel %s: whether it lives cannot be told (%s)", kernel_id, type(error).__name__)
            raise KernelFailed(_UNTOLD) from error

    def _part_soon(self, guest: KernelGuest) -> None:
        if not self._closing:
            parting = asyncio.create_task(self._part(guest), name=f"part from {guest.kernel_id}")
            self._partings.add(parting)
            parting.add_done_callback(self._partings.discard)

    async def _part(self, guest: KernelGuest) -> None:
        """Disconnect from a kernel that is gone, and forget it unless it was only restarted."""
        async with self._opening.setdefault(guest.kernel_id, asyncio.Lock()):
            if not guest.usable:
                await guest.close()
        for _ in range(_PARTING_TRIES):  # who shuts a kernel down forgets it a little later
            await asyncio.sleep(_PARTING_SECONDS)
            await self._forget_gone()
            if self._guests.get(guest.kernel_id) is not guest:
                return

    async def close(self) -> None:
        """Let go of all kernels, shut our own ones down."""
        self._closing = True
        for parting in self._partings:
            parting.cancel()
        await asyncio.gather(*self._partings, *self._starting.values(), return_exceptions=True)
        await asyncio.gather(*(guest.close() for guest in self._guests.values()))
        self._guests.clear()
        if self.shutdown_own_kernels:
            for kernel_id in list(self._own.values()):
                await self._shut_down(kernel_id)
        self._own.clear()
