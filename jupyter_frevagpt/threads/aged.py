"""Threads that nobody has asked anything for long, found by the dates of their files."""

from __future__ import annotations

import msgspec

from ..domain.values import ThreadRef
from .folders import OwnerFolders, owner_key
from .meta import SUFFIX, Meta


def aged(folders: OwnerFolders, before: float) -> list[ThreadRef]:
    """Return the threads whose last turn began before that moment, in seconds since 1970; odd files are left alone."""
    found = []
    for path in folders.root.glob(f"*/threads/*{SUFFIX}"):
        try:
            if path.stat().st_mtime >= before:
                continue
            meta = msgspec.json.decode(path.read_bytes(), type=Meta)
        except (OSError, ValueError, RecursionError):
            continue
        named = owner_key(meta.user_id) == path.parent.parent.name and path.name == f"{meta.thread_id}{SUFFIX}"
        if named and not meta.newer:
            found.append(ThreadRef(meta.user_id, meta.thread_id))
    return found
