"""The snapshots that are kept for undo, within one budget."""

# ruff: noqa: B905 -- zip(strict=) came with Python 3.10, and kernels may be older
from __future__ import annotations

import secrets
import sys
import time
from collections import OrderedDict
from typing import Any

from .comparison import few
from .retained import Share, shares
from .snapshot import MUCH, Snapshot, Thing

_MOST = 50  # snapshots kept, the oldest goes first
_WEIGHING_MS = 15.0


class Snapshots:
    """The snapshots that are kept, by id."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._kept: OrderedDict[str, Snapshot] = OrderedDict()
        self._kept_bytes = 0

    def take(
        self,
        names: list[str] | None = None,
        *,
        id: str = "",  # noqa: A002 -- the name on the wire
        item_bytes: int = 16_000_000,
        total_bytes: int = 64_000_000,
        hold_bytes: int = 2_000_000_000,
        kept_bytes: int = 1_000_000_000,
        ms: float = 200,
    ) -> dict[str, Any]:
        """Keep all bindings, and copies of what ``names`` lead to (None: all names) within the budgets.

        ``hold_bytes`` is how large an old value may be that is kept alive only to be given back, ``kept_bytes`` is for
        all snapshots: the oldest are given up when they take more.
        """
        begun = time.perf_counter()
        identifier = id or secrets.token_hex(8)
        snapshot = Snapshot(self._shell, identifier, names, item_bytes, total_bytes, hold_bytes, ms)
        self._kept[identifier] = snapshot
        self._kept.move_to_end(identifier)
        self._kept_bytes = kept_bytes
        self.trim()
        took = round((time.perf_counter() - begun) * 1000, 2)
        return {"id": identifier, "bytes": snapshot.bytes, "doubts": few(snapshot.captures.doubts), "ms": took}

    def find(self, identifier: str) -> Snapshot | None:
        """Return a snapshot."""
        return self._kept.get(identifier)

    def forget(self, identifier: str = "") -> None:
        """Let go of a snapshot, of all without a name."""
        if identifier:
            self._kept.pop(identifier, None)
        else:
            self._kept.clear()

    def compare(self, snapshot: Snapshot, begun: int) -> dict[str, Any]:
        """Return what has changed since a snapshot, and keep within the budgets what undo needs of it."""
        changes = snapshot.changes(begun)
        self.trim()
        return {**changes, "bytes": snapshot.bytes}

    def trim(self) -> None:
        """Give up what is too large to be kept for undo alone, then the oldest ones; the newest one stays."""
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        room = self._kept_bytes
        for position, (snapshot, weighed) in enumerate(self._weighed()):
            snapshot.give_up_most(weighed, self._kept_bytes if not position else sys.maxsize)
            room -= snapshot.bytes
            if room < 0 and position:
                del self._kept[snapshot.id]

    def memory(self) -> dict[str, int]:
        """Return how many are kept and the bytes that are alive for their sake alone."""
        weighed = self._weighed()
        return {"count": len(weighed), "bytes": sum(snapshot.weigh(things) for snapshot, things in weighed)}

    def _weighed(self) -> list[tuple[Snapshot, list[tuple[Thing, Share]]]]:
        """Return the snapshots, newest first, with what each keeps."""
        snapshots = list(reversed(self._kept.values()))
        space = self._shell.user_ns
        named = {*map(id, space.values()), id(space), id(self._shell), id(sys.modules)}
        things = [list(snapshot.things()) for snapshot in snapshots]
        found = iter(shares([thing.held for each in things for thing in each], named, _WEIGHING_MS))
        return [(snapshot, [(thing, next(found)) for thing in each]) for snapshot, each in zip(snapshots, things)]

    def sweep(self, begun: int) -> None:
        """Let go of what undo will leave alone, since it was changed by the user: it must not stay alive.

        What a later run of ours changed is kept as long as undoing that run would bring it back.
        """
        names: dict[str, Any] = {}
        for snapshot in reversed(self._kept.values()):
            snapshot.sweep(names, begun)
        del names  # it holds old values, which would not seem to be alive for our sake alone
        if any(snapshot.reached > MUCH for snapshot in self._kept.values()):
            self.trim()

    def still(self, identifiers: list[str]) -> list[str]:
        """Return the names that the runs of these snapshots made and that are still bound as they left them."""
        found = (self._kept[identifier].still() for identifier in identifiers if identifier in self._kept)
        return sorted({name for names in found for name in names})
