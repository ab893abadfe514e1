"""Threads in plain files: an append-only file of JSON lines and a small meta file a thread."""

from __future__ import annotations

import asyncio
import heapq
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ParamSpec, TypeVar

import msgspec

from ..domain.errors import FeedbackNotFound, StoreUnavailable, ThreadNotFound
from ..domain.values import Fork, Search, ThreadPage, ThreadRef, ThreadSummary
from ..domain.variants import StreamVariant, User
from . import leases
from .dates import Dates
from .folders import OwnerFolders
from .found import found_in, rated
from .lines import append_lines, read_lines
from .meta import SUFFIX, Meta, now, read_meta, write_meta
from .names import checked

Items = list[StreamVariant]
P = ParamSpec("P")
T = TypeVar("T")


class FileThreadStore:
    """A ThreadStore of ``{thread id}.txt`` and ``{thread id}.meta.json`` in the owner's folder, mode 0600.

    A line is written with one append and flushed to the system, so it survives the end of this process; a line that
    was torn by the end of the machine is skipped on reading. The meta file's time stamp is the thread's date, which
    makes the newest threads findable without opening the others. A thread is there as long as its meta file is.
    """

    def __init__(self, folders: OwnerFolders) -> None:
        self._folders = folders
        self._dates = Dates()
        self._changing = threading.Lock()  # a meta file is read, changed and written back

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
        meta = await _off_loop(self._known, ref)
        return meta.summary if meta is not None else None

    async def list(self, owner: str, *, limit: int, page: int) -> ThreadPage:
        """Return a page of an owner's threads, newest first."""
        return await _off_loop(self._list, owner, limit, page)

    async def search(self, owner: str, search: Search, *, limit: int, page: int) -> ThreadPage:
        """Return a page of those in which something is found."""
        return await _off_loop(self._search, owner, search, limit, page)

    async def rename(self, ref: ThreadRef, topic: str, *, instead_of: str | None = None) -> bool:
        """Set a thread's topic, unless it is no longer ``instead_of``."""
        return await _off_loop(self._rename, ref, topic, instead_of)

    async def delete(self, ref: ThreadRef) -> None:
        """Remove a thread."""
        await _off_loop(self._delete, ref)

    async def fork(self, ref: ThreadRef, new_id: str, items: Sequence[StreamVariant], index: int) -> ThreadSummary:
        """Make a new thread of these items."""
        return await _off_loop(self._fork, ref, new_id, items, index)

    async def rate(self, ref: ThreadRef, index: int, feedback: str) -> None:
        """Give the Nth of a thread's Assistant and Code items a feedback."""
        await _off_loop(self._rate, ref, index, feedback)

    async def lease(self, ref: ThreadRef, holder: str, seconds: float) -> bool:
        """Take or renew a thread for one process."""
        return await _off_loop(self._lease, ref, holder, seconds)

    async def release(self, ref: ThreadRef, holder: str) -> None:
        """Give it back."""
        await _off_loop(leases.give_back, self._path(ref, ".lease"), holder)

    async def leased(self, ref: ThreadRef, holder: str) -> bool:
        """Whether another process holds the thread now."""
        return await _off_loop(leases.held, self._path(ref, ".lease"), holder)

    async def put(self, summary: ThreadSummary, items: Sequence[StreamVariant]) -> None:
        """Write a whole thread in the place of what there is of it: a copy of another store's."""
        await _off_loop(self._put, summary, items)

    async def aclose(self) -> None:
        """There is nothing to let go of."""

    # ---- off the loop

    def _path(self, ref: ThreadRef, suffix: str) -> Path:
        return self._folders.threads(checked(ref).owner) / f"{ref.thread_id}{suffix}"

    def _known(self, ref: ThreadRef) -> Meta | None:
        path = self._path(ref, SUFFIX)
        with suppress(FileNotFoundError):
            return read_meta(path, ref.owner)
        found = list(self._folders.root.glob(f"*/threads/{path.name}"))
        if path in found:  # another process made it in this moment
            return read_meta(path, ref.owner)
        if found:
            raise ThreadNotFound
        return None

    def _mine(self, ref: ThreadRef) -> Meta:
        if (meta := self._known(ref)) is None:
            raise ThreadNotFound
        return meta

    def _writable(self, ref: ThreadRef) -> Meta:
        meta = self._mine(ref)
        if meta.newer:
            raise StoreUnavailable("A newer version of the assistant wrote this thread. Update to go on with it.")
        return meta

    def _read(self, ref: ThreadRef, *, pictures: bool = True) -> Items:
        meta = self._mine(ref)
        try:
            items = read_lines(self._path(ref, ".txt"), ref.thread_id, pictures=pictures)
        except FileNotFoundError:
            return []  # its deletion was cut short
        if meta.feedback:
            for number, place in enumerate(rated(items)):
                if (given := meta.feedback.get(str(number))) is not None:
                    items[place] = msgspec.structs.replace(items[place], feedback=given)
        return items

    def _append(self, ref: ThreadRef, items: Sequence[StreamVariant]) -> None:
        self._writable(ref)
        append_lines(self._path(ref, ".txt"), items)
        if not self._path(ref, SUFFIX).exists():  # deleted in this very moment: it does not come back
            self._path(ref, ".txt").unlink(missing_ok=True)
            raise ThreadNotFound

    def _reserve(self, ref: ThreadRef, question: User, topic: str) -> ThreadSummary:
        with self._changing:
            if self._known(ref) is not None:
                meta = msgspec.structs.replace(self._writable(ref), date=now())
                self._write_meta(ref, meta)
                append_lines(self._path(ref, ".txt"), [question])
            else:
                meta = Meta(ref.owner, ref.thread_id, now(), topic)
                self._make(ref, meta, [question])
        return meta.summary

    def _make(self, ref: ThreadRef, meta: Meta, items: Sequence[StreamVariant]) -> None:
        """Write a thread that is not there; all of it, or after a failure nothing."""
        self._folders.make(self._folders.threads(ref.owner))
        path = self._path(ref, ".txt")
        path.unlink(missing_ok=True)  # of one whose deletion was cut short
        try:
            append_lines(path, items)
            self._write_meta(ref, meta)
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def _write_meta(self, ref: ThreadRef, meta: Meta) -> None:
        path = self._path(ref, SUFFIX)
        before = path.parent.stat().st_mtime_ns
        date = write_meta(path, meta)
        self._dates.note(path.parent, before, path.name, date)

    def _rename(self, ref: ThreadRef, topic: str, instead_of: str | None) -> bool:
        with self._changing:
            meta = self._writable(ref)
            if instead_of is not None and meta.topic != instead_of:
                return False
            self._write_meta(ref, msgspec.structs.replace(meta, topic=topic))
        return True

    def _delete(self, ref: ThreadRef) -> None:
        with self._changing:
            self._mine(ref)
            self._remove(ref)

    def _remove(self, ref: ThreadRef) -> None:
        # The content first: what is cut short here is still in the list and can be deleted again. And once more at the
        # end, since another process may append until the meta file is gone.
        for suffix in (".txt", SUFFIX, ".txt", ".lease"):
            self._path(ref, suffix).unlink(missing_ok=True)
        folder = self._folders.threads(ref.owner)
        for left in folder.glob(f"{ref.thread_id}.*"):  # files of processes that were killed
            left.unlink(missing_ok=True)
        self._dates.forget(folder)

    def _fork(self, ref: ThreadRef, new_id: str, items: Sequence[StreamVariant], index: int) -> ThreadSummary:
        with self._changing:
            source, new = self._mine(ref), ThreadRef(ref.owner, new_id)
            if self._known(new) is not None:
                raise ThreadNotFound
            root = source.fork.root_thread_id if source.fork is not None else ref.thread_id
            meta = Meta(ref.owner, new_id, now(), source.topic, fork=Fork(root, ref.thread_id, index))
            self._make(new, meta, items)
        return meta.summary

    def _put(self, summary: ThreadSummary, items: Sequence[StreamVariant]) -> None:
        ref = ThreadRef(summary.user_id, summary.thread_id)
        with self._changing:
            if self._known(ref) is not None:
                self._remove(ref)
            self._make(ref, Meta(ref.owner, ref.thread_id, summary.date, summary.topic), items)

    def _rate(self, ref: ThreadRef, index: int, feedback: str) -> None:
        with self._changing:
            meta = self._writable(ref)
            if not 0 <= index < len(rated(self._read(ref, pictures=False))):
                raise FeedbackNotFound
            self._write_meta(ref, msgspec.structs.replace(meta, feedback={**meta.feedback, str(index): feedback}))

    def _lease(self, ref: ThreadRef, holder: str, seconds: float) -> bool:
        self._mine(ref)
        return leases.take(self._path(ref, ".lease"), holder, seconds)

    def _folder(self, owner: str) -> Path:
        if not isinstance(owner, str):
            raise FileNotFoundError
        return self._folders.threads(owner)

    def _newest(self, owner: str, most: int | None = None) -> Iterator[Meta]:
        folder = self._folder(owner)
        dates = ((date, name) for name, date in list(self._dates.of(folder).items()))
        for _, name in heapq.nlargest(most, dates) if most is not None else sorted(dates, reverse=True):
            try:
                yield read_meta(folder / name, owner)
            except FileNotFoundError:  # deleted by another process
                self._dates.forget(folder)

    def _list(self, owner: str, limit: int, page: int) -> ThreadPage:
        try:
            total = len(self._dates.of(self._folder(owner)))
            metas = list(self._newest(owner, (page + 1) * limit))
        except FileNotFoundError:
            return [], 0
        return [meta.summary for meta in metas[page * limit :]], total

    def _search(self, owner: str, search: Search, limit: int, page: int) -> ThreadPage:
        found = []
        try:
            for meta in self._newest(owner):
                with suppress(ThreadNotFound):  # deleted while we look
                    if found_in(search, meta.topic, self._content(ThreadRef(owner, meta.thread_id), search)):
                        found.append(meta.summary)
        except FileNotFoundError:
            return [], 0
        return found[page * limit : (page + 1) * limit], len(found)

    def _content(self, ref: ThreadRef, search: Search) -> Items:
        return [] if search.where == "topic" else self._read(ref, pictures=False)


async def _off_loop(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run file work in a thread; what the system refuses becomes StoreUnavailable."""
    try:
        return await asyncio.to_thread(function, *args, **kwargs)
    except OSError as error:
        raise StoreUnavailable(f"Threads cannot be read or written now: {error.strerror}.") from error
