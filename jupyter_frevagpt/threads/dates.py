"""When the threads of a folder were asked last, without a look at each file each time."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from .meta import SUFFIX

_KNOWN_SECONDS = 60.0


class _Seen(msgspec.Struct):
    stamp: int
    by_name: dict[str, int]
    read: float


class Dates:
    """The dates of threads by the names of their meta files, as long as the folder's time stamp stays.

    Looking at each of 10,000 files takes 30 ms. What other processes write changes the folder's stamp; what they write
    in the same instant as we do is seen when a reading is a minute old.
    """

    def __init__(self) -> None:
        self._seen: dict[Path, _Seen] = {}

    def of(self, folder: Path) -> dict[str, int]:
        """Return the dates in ns; raises FileNotFoundError."""
        stamp = folder.stat().st_mtime_ns
        known = self._seen.get(folder)
        if known is not None and known.stamp == stamp and time.monotonic() - known.read < _KNOWN_SECONDS:
            return known.by_name
        found = {}
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(SUFFIX) and not entry.is_symlink():
                    with suppress(FileNotFoundError):  # deleted while we look
                        found[entry.name] = entry.stat().st_mtime_ns
        self._seen[folder] = _Seen(stamp, found, time.monotonic())
        return found

    def note(self, folder: Path, before: int, name: str, date: int) -> None:
        """Take over what we wrote ourselves, unless somebody else wrote since the folder's stamp was ``before``."""
        seen = self._seen.pop(folder, None)
        if seen is not None and seen.stamp == before:
            seen.by_name[name] = date
            seen.stamp = folder.stat().st_mtime_ns
            self._seen[folder] = seen

    def forget(self, folder: Path) -> None:
        """Look anew next time: the stamp does not change for what happens in the same instant as the last look."""
        self._seen.pop(folder, None)
