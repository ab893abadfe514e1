"""How our helper comes into one kernel: once in its life, and only where it can live."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from .injection import GuestFailed, GuestOps
from .link import KernelLink
from .replies import Capabilities

_log = logging.getLogger("jupyter_frevagpt.kernels")

_INTRODUCTION_SECONDS = 1.0


class Entrance:
    """Lets our helper into a kernel; a kernel that does not take it is used as it is.

    What lets it in is Python for ipykernel: in another kernel it would be an error of the user's, or a command.
    """

    def __init__(self, link: KernelLink, kernel_id: str) -> None:
        self._link = link
        self._kernel_id = kernel_id
        self._ops: GuestOps | None = None
        self._foreign = False

    @property
    def open(self) -> bool:
        """Whether nobody has tried to come in yet."""
        return self._ops is None and not self._foreign

    @property
    def ops(self) -> GuestOps | None:
        """Our helper in the kernel; None where none lives (yet)."""
        return self._ops if self.capabilities is not None else None

    @property
    def capabilities(self) -> Capabilities | None:
        """What our helper can do in the kernel; None where none lives (yet)."""
        return self._ops.capabilities if self._ops is not None else None

    async def enter(self, user_header: Mapping[str, Any] | None) -> None:
        """Let it in, if nobody has tried; ``user_header`` is that of the user's last cell, None while none was seen."""
        if not self.open:
            return
        told = await self._link.introduction(_INTRODUCTION_SECONDS)
        self._foreign = not told.takes_helper
        if self._foreign:
            _log.info("kernel %s: runs without our helper (it is not ipykernel)", self._kernel_id)
            return
        ops = GuestOps(self._link.request, self._link.session)
        try:
            await ops.inject(user_header)
        except GuestFailed as error:
            _log.info("kernel %s: runs without our helper (%s)", self._kernel_id, error.reason)
        self._ops = ops  # not before: who was stopped meanwhile has not met the kernel, and the next one tries again
