"""The kernels of this server: whose guest we are, and those we started ourselves."""

from __future__ import annotations

import asyncio
import importlib
import logging
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from tornado.web import HTTPError
from traitlets import Bool, Integer, Unicode
from traitlets.config import LoggingConfigurable

from ..domain.errors import KernelFailed, UnknownKernel
from ..domain.protocols import ScratchFolders
from ..domain.values import ThreadRef, ToolContext
from .guest import KernelGuest

_log = logging.getLogger("jupyter_frevagpt.kernels")
_KERNEL_ID = re.compile(r"\w+-\w+-\w+-\w+-\w+")


class GuestRegistry(LoggingConfigurable):
    """One guest a kernel, opened on first use and kept; kernels for threads whose question named none."""

    kernel_name = Unicode("", help="Kernel spec of the assistant's own kernels; empty: the server's default.").tag(
        config=True
    )
    max_output_chars = Integer(
        1_000_000, min=1000, help="Characters of printed text that are kept of one run; more is counted and announced."
    ).tag(config=True)
    shutdown_own_kernels = Bool(
        True, help="Shut the kernels that the assistant started down when the server stops."
    ).tag(config=True)

    def __init__(
        self,
        manager: Any,
        scratch: ScratchFolders,
        environment: Callable[[ThreadRef], Mapping[str, str]],
        **kwargs: Any,
    ) -> None:
        """``manager`` is the server's multi-kernel manager, ``environment`` gives that of a thread's own kernel."""
        super().__init__(**kwargs)
        self._manager = manager
        self._scratch = scratch
        self._environment = environment
        self._guests: dict[str, KernelGuest] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._own: dict[ThreadRef, str] = {}

    def check(self, kernel_id: str) -> None:
        """Raise UnknownKernel unless a kernel of that id is running here."""
        if not _KERNEL_ID.fullmatch(kernel_id) or kernel_id not in self._manager:
            raise UnknownKernel(
                "No kernel with this kernel_id is running here. Start the notebook's kernel and ask again, or leave "
                "kernel_id out to use a kernel of the chat's own."
            )

    async def session(self, context: ToolContext) -> KernelGuest:
        """Return the guest of the named kernel, or of one of the thread's own."""
        kernel_id = context.kernel_id
        if kernel_id:
            if kernel_id not in self._manager:
                raise KernelFailed("The notebook's kernel is gone, so nothing was run. Start it again and ask again.")
        else:
            kernel_id = await self._own_kernel(context)
        async with self._opening.setdefault(kernel_id, asyncio.Lock()):
            guest = self._guests.get(kernel_id)
            if guest is None or not guest.usable:
                if guest is not None:
                    await guest.close()
                await self._forget_gone()
                guest = self._guests[kernel_id] = KernelGuest(self._manager, kernel_id, max_chars=self.max_output_chars)
                await guest.open()
        return guest

    async def _forget_gone(self) -> None:
        """Let go of kernels that were shut down."""
        for kernel_id in [kernel_id for kernel_id in self._guests if kernel_id not in self._manager]:
            self._opening.pop(kernel_id, None)
            await self._guests.pop(kernel_id).close()
        self._own = {ref: kernel_id for ref, kernel_id in self._own.items() if kernel_id in self._manager}

    async def _own_kernel(self, context: ToolContext) -> str:
        kernel_id = self._own.get(context.ref, "")
        if kernel_id in self._manager:
            if await self._manager.is_alive(kernel_id):
                return kernel_id
            with suppress(HTTPError, RuntimeError, KeyError):
                await self._manager.shutdown_kernel(kernel_id, now=True)
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

    async def close(self) -> None:
        """Let go of all kernels, shut our own ones down."""
        await asyncio.gather(*(guest.close() for guest in self._guests.values()))
        self._guests.clear()
        if self.shutdown_own_kernels:
            for kernel_id in self._own.values():
                if kernel_id in self._manager:
                    with suppress(HTTPError, RuntimeError, KeyError):
                        await self._manager.shutdown_kernel(kernel_id, now=True)
        self._own.clear()
