"""The folders of an owner: threads and scratch, below the Jupyter data directory, for this account's eyes only."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import re
import shutil
import stat
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from ..domain.errors import StoreUnavailable
from ..domain.values import ScratchFile, ScratchFiles, ThreadRef
from .meta import on_wire
from .names import checked

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9]+")
_MOST_FILES = 1000
_MOST_FOLDERS = 1000
_DEEPEST = 20

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A FIFO would hold the reader until somebody writes, a terminal would become the server's.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def owner_key(owner: str) -> str:
    """Return a folder name for an owner: readable, and different for different owners whatever they are called."""
    readable = _NOT_PLAIN.sub("-", owner).strip("-")[:32]
    return f"{readable or 'owner'}-{hashlib.sha256(owner.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


class OwnerFolders:
    """Finds and makes the folders ``{root}/{owner key}/threads`` and ``.../scratch/{thread id}``, mode 0700.

    What lies in a scratch folder was made by code of a model's: it is reached component by component, through no link.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._temporary: dict[ThreadRef, Path] = {}

    def threads(self, owner: str) -> Path:
        """Return the owner's folder of threads; it may not exist yet."""
        return self.root / owner_key(owner) / "threads"

    def folder(self, ref: ThreadRef, *, keep: bool) -> Path:
        """Return the thread's scratch folder, made; a temporary one that :meth:`close` removes unless ``keep``."""
        if not keep:
            if ref not in self._temporary:
                self._temporary[ref] = Path(tempfile.mkdtemp(prefix="frevagpt-"))
            return self._temporary[ref]
        path = self.root / owner_key(ref.owner) / "scratch" / ref.thread_id
        self.make(path)
        return path

    def make(self, path: Path) -> None:
        """Make a folder below the root, and those above it, with mode 0700 whatever the umask.

        Raises StoreUnavailable where that is impossible.
        """
        try:
            below = [path, *path.parents]
            for folder in reversed(below[: below.index(self.root) + 1]):
                folder.mkdir(mode=0o700, parents=folder == self.root, exist_ok=True)
                if stat.S_IMODE(folder.stat().st_mode) & 0o077:
                    folder.chmod(0o700)
        except OSError as error:
            raise StoreUnavailable(
                f"The folder for threads cannot be used ({error.strerror}). Check Jupyter's data directory and disk."
            ) from error

    def files(self, ref: ThreadRef) -> ScratchFiles:
        """Return the plain files of a thread's scratch folder by their paths, the least deep first where not all fit.

        What :meth:`open` does not open is not among them.
        """
        found: list[ScratchFile] = []
        folders: deque[tuple[str, ...]] = deque([()])
        seen = 0
        while folders and len(found) < _MOST_FILES and seen < _MOST_FOLDERS:
            parts = folders.popleft()
            seen += 1
            with suppress(OSError), self._inside(ref, parts) as descriptor:  # gone, or not a folder any more
                for entry in sorted(os.scandir(descriptor), key=lambda entry: entry.name):
                    path = (*parts, entry.name)
                    if len(found) > _MOST_FILES:
                        break
                    if not _is_text(entry.name):
                        continue
                    with suppress(OSError):
                        status = entry.stat(follow_symlinks=False)
                        if stat.S_ISDIR(status.st_mode) and len(path) < _DEEPEST:
                            folders.append(path)
                        elif _is_plain(status):
                            found.append(_described("/".join(path), status))
        complete = not folders and len(found) <= _MOST_FILES
        return ScratchFiles(sorted(found[:_MOST_FILES], key=lambda file: file.path), complete)

    def open(self, ref: ThreadRef, path: str) -> tuple[BinaryIO, ScratchFile] | None:
        """Return a plain file of a thread's scratch folder, opened, which the caller closes; None where there is none.

        Nothing is followed on the way; what has a second name somewhere, and what is no file, counts as not there.
        """
        *parents, name = path.split("/")
        if not all(map(_is_component, (*parents, name))) or len(parents) >= _DEEPEST:
            return None
        try:
            with self._inside(ref, tuple(parents)) as folder:
                descriptor = os.open(name, _FILE, dir_fd=folder)
        except OSError:
            return None
        status = os.fstat(descriptor)
        if not _is_plain(status):
            os.close(descriptor)
            return None
        return os.fdopen(descriptor, "rb"), _described(path, status)

    def remove(self, ref: ThreadRef) -> None:
        """Remove a thread's scratch folder with all that is in it; links are removed, what they lead to is not.

        Raises StoreUnavailable where something stays.
        """
        checked(ref)
        try:
            if (temporary := self._temporary.pop(ref, None)) is not None:
                with suppress(FileNotFoundError):
                    _remove(str(temporary), None)
            with suppress(FileNotFoundError), self._folder_of_all(ref.owner) as scratch:
                _remove(ref.thread_id, scratch)
        except OSError as error:
            raise StoreUnavailable(
                f"The files of this chat could not all be removed ({error.strerror}). Look at their permissions, and "
                "close what uses them."
            ) from error

    def remove_all(self, owner: str) -> None:
        """Remove the owner's folder with all that is in it; raises StoreUnavailable where something stays."""
        for ref in [ref for ref in self._temporary if ref.owner == owner]:
            self.remove(ref)
        try:
            with suppress(FileNotFoundError), _walked(str(self.root), ()) as root:
                _remove(owner_key(owner), root)
        except OSError as error:
            raise StoreUnavailable(
                f"Your files could not all be removed ({error.strerror}). Close what uses them, and delete again."
            ) from error

    def close(self) -> None:
        """Remove the temporary folders."""
        for path in self._temporary.values():
            shutil.rmtree(path, ignore_errors=True)
        self._temporary.clear()

    @contextmanager
    def _inside(self, ref: ThreadRef, parts: tuple[str, ...]) -> Iterator[int]:
        """Yield a descriptor of a folder inside the thread's scratch folder; raises OSError."""
        if (temporary := self._temporary.get(checked(ref))) is not None:
            start, names = str(temporary), parts
        else:
            start, names = str(self.root), (owner_key(ref.owner), "scratch", ref.thread_id, *parts)
        with _walked(start, names) as descriptor:
            yield descriptor

    @contextmanager
    def _folder_of_all(self, owner: str) -> Iterator[int]:
        with _walked(str(self.root), (owner_key(owner), "scratch")) as descriptor:
            yield descriptor


@contextmanager
def _walked(start: str, names: tuple[str, ...]) -> Iterator[int]:
    """Yield a descriptor of a folder, reached by its name in the folder before it and through no link."""
    descriptor = os.open(start, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in names:
            below = os.open(name, _FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


def _remove(name: str, parent: int | None) -> None:
    if not stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
        os.unlink(name, dir_fd=parent)
    elif shutil.rmtree.avoids_symlink_attacks:
        shutil.rmtree(name, dir_fd=parent)
    else:
        raise OSError(0, "this system has no safe way to remove folders")


def _is_component(name: str) -> bool:
    return name not in ("", ".", "..") and "\0" not in name and _is_text(name)


def _is_text(name: str) -> bool:
    """Whether a name can be written as JSON."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_plain(status: os.stat_result) -> bool:
    """True for a file that has no other name, which might be somebody else's."""
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1


def _described(path: str, status: os.stat_result) -> ScratchFile:
    kind = mimetypes.guess_type(path, strict=False)[0] or "application/octet-stream"
    return ScratchFile(path, status.st_size, kind, on_wire(datetime.fromtimestamp(status.st_mtime, UTC)))
