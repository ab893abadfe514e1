"""Answers of a service, kept for a while; a question that is being asked is not asked a second time."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import msgspec

Value = TypeVar("Value")


class Found(msgspec.Struct, Generic[Value], frozen=True):
    """An answer and the seconds it may be kept; refusals are kept apart, so that they push no good answer out."""

    value: Value
    seconds: float
    refusal: bool = False


class _Kept(msgspec.Struct, Generic[Value], frozen=True):
    value: Value
    until: float


class Cache(Generic[Value]):
    """At most ``most`` good answers and as many refusals, the least recently used one goes first."""

    def __init__(self, most: int = 4096, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._most = most
        self._kept: dict[bool, OrderedDict[bytes, _Kept[Value]]] = {False: OrderedDict(), True: OrderedDict()}
        self._asking: dict[bytes, asyncio.Task[Value]] = {}

    async def get(self, key: bytes, ask: Callable[[], Awaitable[Found[Value]]]) -> Value:
        """Return what is kept for a key, else what ``ask`` finds; what it raises is raised and not kept."""
        for kept in self._kept.values():
            if (found := kept.get(key)) is not None:
                if self.clock() < found.until:
                    kept.move_to_end(key)
                    return found.value
                del kept[key]
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._ask(key, ask), name="frevagpt identity")
            task.add_done_callback(lambda done: self._done(key, done))
        return await asyncio.shield(task)  # who asked first may go away, the others wait for the same answer

    async def _ask(self, key: bytes, ask: Callable[[], Awaitable[Found[Value]]]) -> Value:
        found = await ask()
        if found.seconds > 0:
            kept = self._kept[found.refusal]
            kept[key] = _Kept(found.value, self.clock() + found.seconds)
            while len(kept) > self._most:
                kept.popitem(last=False)
        return found.value

    def _done(self, key: bytes, task: asyncio.Task[Value]) -> None:
        self._asking.pop(key, None)
        if not task.cancelled():
            task.exception()  # nobody may be waiting for it any more

    def forget(self) -> None:
        """Keep nothing of what was found so far."""
        for kept in self._kept.values():
            kept.clear()

    def __len__(self) -> int:
        return sum(map(len, self._kept.values()))

    async def aclose(self) -> None:
        """Give up what is being asked."""
        for task in list(self._asking.values()):
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)
