"""The folders of an owner: threads and scratch, below the Jupyter data directory, for this account's eyes only."""

from __future__ import annotations

import hashlib
import re
import shutil
import stat
import tempfile
from pathlib import Path

from ..domain.errors import StoreUnavailable
from ..domain.values import ThreadRef

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9]+")


def owner_key(owner: str) -> str:
    """Return a folder name for an owner: readable, and different for different owners whatever they are called."""
    readable = _NOT_PLAIN.sub("-", owner).strip("-")[:32]
    return f"{readable or 'owner'}-{hashlib.sha256(owner.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


class OwnerFolders:
    """Finds and makes the folders ``{root}/{owner key}/threads`` and ``.../scratch/{thread id}``, mode 0700."""

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

    def close(self) -> None:
        """Remove the temporary folders."""
        for path in self._temporary.values():
            shutil.rmtree(path, ignore_errors=True)
        self._temporary.clear()
