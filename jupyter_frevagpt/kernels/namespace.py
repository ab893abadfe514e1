"""What is known of the variables in one kernel: what the helper there told last, and whether that still holds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from .injection import GuestFailed, GuestOps
from .replies import Description, Variable

_ASK_SECONDS = 2.0
_AGAIN_SECONDS = 0.3
_SLOW_SECONDS = 10.0
_MOST_NAMED = 60
_NAMED_BYTES = 30_000


class View(msgspec.Struct, frozen=True):
    """The variables as they were told last.

    ``mentioned`` are those that were asked for by name, ``more`` counts by type what is not among ``variables``.
    ``stale`` tells that the kernel did not answer in time, ``visible`` is false for a kernel that tells nothing.
    ``advice`` is what must be known before code is written for it.
    """

    visible: bool = False
    mentioned: Sequence[Variable] = ()
    variables: Sequence[Variable] = ()
    more: dict[str, int] = {}
    total: int = 0
    busy: bool = False
    stale: bool = False
    advice: str = ""


class Namespace:
    """The last description of one kernel's variables, asked for again only when something has run since.

    A kernel that was restarted is another life: nothing of the one before is told as if it were there. After a time-out
    the next questions wait less for a while: C code that holds Python's lock may run for minutes.
    """

    def __init__(self) -> None:
        self.life = ""
        self.known: Description | None = None
        self.busy = False
        self.stale = False
        self.advice = ""
        self._lock = asyncio.Lock()
        self._slow_until = 0.0
        self._asked: tuple[int, tuple[str, ...]] | None = None
        self._answered: list[Variable] = []

    async def refresh(self, ops: GuestOps, life: str) -> None:
        """Learn what has changed; when the kernel does not answer, what is known stays and is stale."""
        async with self._lock:
            self.enter(life)
            since = self.known.executions if self.known is not None else -1
            loop = asyncio.get_running_loop()
            timeout = _ASK_SECONDS if loop.time() > self._slow_until else _AGAIN_SECONDS
            try:
                told = await ops.describe(since=since, timeout=timeout)
            except GuestFailed:
                self.stale = True
                self._slow_until = loop.time() + _SLOW_SECONDS
                return
            self._slow_until = 0.0
            self.stale, self.busy = False, told.busy
            if not told.unchanged:
                self.known = told

    def enter(self, life: str) -> None:
        """Forget all when this is another life of the kernel."""
        if life != self.life:
            self.life, self.known, self.busy, self.stale = life, None, False, False
            self._asked, self._answered = None, []

    async def mentioned(self, ops: GuestOps, names: Sequence[str]) -> list[Variable]:
        """Return those of some names that are variables, in that order.

        The kernel is asked again only for names that its description had no room for.
        """
        if self.known is None:
            return []
        described = {variable.name: variable for variable in self.known.variables}
        if self.known.more and not self.stale:
            missing = tuple(name for name in names if name not in described)[:_MOST_NAMED]
            described.update((variable.name, variable) for variable in await self._fetch(ops, missing))
        return [described[name] for name in dict.fromkeys(names) if name in described]

    async def _fetch(self, ops: GuestOps, names: tuple[str, ...]) -> list[Variable]:
        asked = (self.known.executions if self.known is not None else -1, names)
        if names and (asked != self._asked or self.busy):
            try:
                told = await ops.describe(names=list(names), max_bytes=_NAMED_BYTES, max_vars=_MOST_NAMED)
            except GuestFailed:
                return []
            self._asked, self._answered = asked, told.variables
        return self._answered if names else []

    def view(self, mentioned: Sequence[Variable] = ()) -> View:
        """Return what is known now."""
        if self.known is None:
            return View(busy=self.busy, stale=self.stale, advice=self.advice)
        known = self.known
        return View(True, mentioned, known.variables, known.more, known.total, self.busy, self.stale, self.advice)
