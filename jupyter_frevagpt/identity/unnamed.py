"""The kernels of a server for many people, where nobody may say which one."""

from __future__ import annotations

from typing import NoReturn

from ..domain.errors import UnknownKernel
from ..domain.protocols import Kernels, KernelSession
from ..domain.values import RestOfOutput, RunRef, ThreadRef, ToolContext, Undone

_NONE = "No kernel can be chosen on this server. Leave kernel_id out: the chat gets a kernel of its own."


class UnnamedKernels:
    """Refuses every ``kernel_id``, so that no user's question runs in another user's kernel.

    Freva users have no notebooks, and a thread finds the kernel that was started for it by itself. What is another
    user's and what is not there get one answer.
    """

    def __init__(self, kernels: Kernels) -> None:
        self._kernels = kernels

    def check(self, kernel_id: str) -> NoReturn:
        """Raise UnknownKernel."""
        raise UnknownKernel(_NONE)

    async def session(self, context: ToolContext) -> KernelSession:
        """Return the thread's own kernel, started when there is none."""
        if context.kernel_id:
            self.check(context.kernel_id)
        return await self._kernels.session(context)

    def rest(self, run_ref: RunRef, start: int) -> RestOfOutput:
        """Return what a run printed beyond its output; see Kernels."""
        return self._kernels.rest(run_ref, start)

    async def undo(self, run_ref: RunRef) -> Undone:
        """Take back what a run changed; see Kernels."""
        return await self._kernels.undo(run_ref)

    async def forget(self, ref: ThreadRef) -> None:
        """Give up what is kept of a thread's runs."""
        await self._kernels.forget(ref)
