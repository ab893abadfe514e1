"""Threads in plain files: an append-only file of JSON lines and a small meta file a thread."""

from __future__ import annotations

import asyncio
import heapq
import json
import logging
import os
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import msgspec

from ..domain.errors import StoreUnavailable, ThreadNotFound
from ..domain.values import ThreadPage, ThreadRef, ThreadSummary
from ..domain.variants import StreamVariant, User, decode, encode
from .folders import OwnerFolders
from .memory import now

_log = logging.getLogger("jupyter_frevagpt.threads")
_THREAD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FORMAT = 1
_META = ".meta.json"
_KNOWN_SECONDS = 60.0
Items = list[StreamVariant]
P = ParamSpec("P")
T = TypeVar("T")


class _Dates(msgspec.Struct):
    """The dates of an owner's threads by the names of their meta files, as long as the folder's time stamp stays.

    Looking at each of 10,000 files takes 30 ms. What other processes write changes the folder's stamp; what they write
    in the same instant as we do is seen when ``read`` is a minute ago.
    """

    stamp: int
    by_name: dict[str, int]
    read: float


class FileThreadStore:
    """A ThreadStore of ``{thread id}.txt`` and ``{thread id}.meta.json`` in the owner's folder, mode 0600.

    A line is written with one append and flushed to the system, so it survives the end of this process; a line that
    was torn by the end of the machine is skipped on reading. The meta file's time stamp is the thread's date, which
    makes the newest threads findable without opening the others.
    """

    def __init__(self, folders: OwnerFolders) -> None:
        self._folders = folders
        self._dates: dict[str, _Dates] = {}

    async def read(self, ref: ThreadRef) -> list[StreamVariant]:
        """Return a thread's items in order; lines that are no variants are left out with a logged warning."""
        return await _off_loop(self._read, ref)

    async def append(self, ref: ThreadRef, items: Sequence[StreamVariant]) -> None:
        """Add items."""
        await _off_loop(self._append, ref, items)

    async def reserve(self, ref: ThreadRef, question: User, topic: str) -> ThreadSummary:
        """Begin a turn."""
        return await _off_loop(self._reserve, ref, question, topic)

    async def summary(self, ref: ThreadRef) -> ThreadSummary | None:
        """Return the caller's thread, None when nobody owns it."""
        return await _off_loop(self._summary, ref)

    async def list(self, owner: str, *, limit: int, page: int) -> ThreadPage:
        """Return a page of an owner's threads, newest first."""
        return await _off_loop(self._list, owner, limit, page)

    # ---- off the loop

    def _paths(self, ref: ThreadRef) -> tuple[Path, Path]:
        if not _THREAD_ID.fullmatch(ref.thread_id):
            raise ThreadNotFound
        folder = self._folders.threads(ref.owner)
        return folder / f"{ref.thread_id}.txt", folder / f"{ref.thread_id}.meta.json"

    def _read(self, ref: ThreadRef) -> Items:
        items: list[StreamVariant] = []
        path = self._paths(ref)[0]
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            if self._paths(ref)[1].exists():
                return []  # reserved, and the disk was full
            raise ThreadNotFound from None
        for number, line in enumerate(content.split(b"\n"), 1):
            if not line.strip():
                continue
            try:
                items.append(decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError):
                _log.warning("thread %s: line %d is not a variant and is left out", ref.thread_id, number)
        return items

    def _append(self, ref: ThreadRef, items: Sequence[StreamVariant]) -> None:
        path = self._paths(ref)[0]
        lines = b"".join(encode(item) + b"\n" for item in items)
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                lines = b"\n" + lines
            view = memoryview(lines)
            try:
                while view:
                    view = view[os.write(descriptor, view) :]
            except OSError:
                with suppress(OSError):
                    os.ftruncate(descriptor, size)  # the items will come again: none of them may stand here twice
                raise
        finally:
            os.close(descriptor)

    def _reserve(self, ref: ThreadRef, question: User, topic: str) -> ThreadSummary:
        known = self._summary(ref)
        if known and self._meta(self._paths(ref)[1], ref.owner)[1]:
            raise StoreUnavailable("A newer version of the assistant wrote this thread. Update to go on with it.")
        folder = self._folders.threads(ref.owner)
        self._folders.make(folder)
        before = folder.stat().st_mtime_ns
        summary = ThreadSummary(ref.owner, ref.thread_id, now(), known.topic if known else topic)
        date = self._write_meta(ref, summary)
        self._append(ref, [question])
        dates = self._dates.pop(ref.owner, None)
        if dates is not None and dates.stamp == before:  # else somebody else wrote meanwhile: read it anew
            dates.by_name[f"{ref.thread_id}{_META}"] = date
            dates.stamp = folder.stat().st_mtime_ns
            self._dates[ref.owner] = dates
        return summary

    def _write_meta(self, ref: ThreadRef, summary: ThreadSummary) -> int:
        """Write a thread's meta file; returns its time stamp in ns."""
        path = self._paths(ref)[1]
        content = json.dumps({"format": _FORMAT, **msgspec.to_builtins(summary)}, ensure_ascii=False)
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content + "\n")
        moment = round(datetime.fromisoformat(summary.date).timestamp() * 1000) * 1_000_000
        os.utime(fresh, ns=(moment, moment))
        fresh.replace(path)
        return moment

    def _summary(self, ref: ThreadRef) -> ThreadSummary | None:
        meta = self._paths(ref)[1]
        if meta.exists():
            return self._meta(meta, ref.owner)[0]
        if any(self._folders.root.glob(f"*/threads/{ref.thread_id}.meta.json")):
            raise ThreadNotFound
        return None

    def _meta(self, path: Path, owner: str) -> tuple[ThreadSummary, bool]:
        """Return what a meta file says, and whether a newer version wrote it."""
        thread_id = path.name.partition(".")[0]
        try:
            content: dict[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
            newer = int(content.get("format", _FORMAT)) > _FORMAT
            return ThreadSummary(owner, thread_id, str(content["date"]), str(content["topic"])), newer
        except (ValueError, KeyError, TypeError, RecursionError):
            _log.warning("the meta file of thread %s is not readable", thread_id)
            stamp = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="milliseconds")
            return ThreadSummary(owner, thread_id, stamp.replace("+00:00", "Z"), ""), False

    def _list(self, owner: str, limit: int, page: int) -> ThreadPage:
        folder = self._folders.threads(owner)
        try:
            dates = self._dates_in(folder, owner)
        except FileNotFoundError:
            return [], 0
        newest = heapq.nlargest((page + 1) * limit, ((date, name) for name, date in list(dates.items())))
        return [self._meta(folder / name, owner)[0] for _, name in newest[page * limit :]], len(dates)

    def _dates_in(self, folder: Path, owner: str) -> dict[str, int]:
        stamp = folder.stat().st_mtime_ns
        known = self._dates.get(owner)
        if known is not None and known.stamp == stamp and time.monotonic() - known.read < _KNOWN_SECONDS:
            return known.by_name
        with os.scandir(folder) as entries:
            metas = [entry for entry in entries if entry.name.endswith(_META) and not entry.is_symlink()]
            found = {entry.name: entry.stat().st_mtime_ns for entry in metas}
        self._dates[owner] = _Dates(stamp, found, time.monotonic())
        return found


async def _off_loop(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run file work in a thread; what the system refuses becomes StoreUnavailable."""
    try:
        return await asyncio.to_thread(function, *args, **kwargs)
    except OSError as error:
        raise StoreUnavailable(f"Threads cannot be read or written now: {error.strerror}.") from error
