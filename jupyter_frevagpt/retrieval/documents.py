"""The documents of a corpus: which files it has, in a folder or an installed package, and what may not be read."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ..domain.errors import BadRequest
from ..domain.passages import Corpus
from .corpora import MANIFEST, PYTHON
from .loaders import KINDS
from .loaders.office import OFFICE, is_readable

LARGEST = 50 * 1024 * 1024
"""Bytes; larger files are data, not documents."""

MOST_FILES = 100_000
_READER = "1"  # another number has every document read anew, because it is read differently
_SECRET = re.compile(r"(^|[._-])(secrets?|tokens?|passwords?|credentials?|id_rsa|id_ed25519)([._-]|$)", re.IGNORECASE)
_NOT_WALKED = frozenset(("__pycache__", "node_modules", "site-packages"))
_TESTS = frozenset(("tests", "test", "testing"))


class Document(msgspec.Struct, frozen=True):
    """A document that can be read: its path in the corpus and on the disk, bytes, and the time of its last change."""

    source: str
    path: str
    size: int
    changed: int


def documents_of(corpus: Corpus) -> list[Document]:
    """Return a corpus's documents by their paths; raises BadRequest where its place is gone.

    Links are not followed; hidden files, what is named like a secret, and files of other kinds are not read.
    """
    package = corpus.place.removeprefix(PYTHON) if corpus.place.startswith(PYTHON) else ""
    root = _package_root(package) if package else Path(corpus.place)
    if root is None or not root.is_dir():
        raise BadRequest(f"What {corpus.title} was indexed from is not there any more.")
    kinds = frozenset((".py",)) if package else KINDS if is_readable() else KINDS - OFFICE
    found = _walk(str(root), package, kinds, _NOT_WALKED | _TESTS if package else _NOT_WALKED)
    return sorted(found, key=lambda document: document.source)


def read(document: Document) -> tuple[bytes, str]:
    """Return a document's bytes and their digest; raises OSError for what is no plain file any more."""
    descriptor = os.open(document.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            raise OSError("no plain file")
        data = file.read(LARGEST + 1)
    return data, hashlib.blake2b(data, digest_size=16, person=_READER.encode()).hexdigest()


def _package_root(package: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else None


def _walk(root: str, above: str, kinds: frozenset[str], skipped: frozenset[str]) -> Iterator[Document]:
    pending = [(root, above)]
    count = 0
    while pending:
        folder, prefix = pending.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            if entry.name.startswith(".") or _SECRET.search(entry.name) or not _is_text(entry.name):
                continue
            source = f"{prefix}/{entry.name}" if prefix else entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in skipped:
                    pending.append((entry.path, source))
                continue
            if os.path.splitext(entry.name)[1].lower() not in kinds or entry.name == MANIFEST:
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST and count < MOST_FILES:
                count += 1
                yield Document(source, entry.path, status.st_size, status.st_mtime_ns)


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
