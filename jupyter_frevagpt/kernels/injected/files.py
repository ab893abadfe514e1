"""The files in the working directory: before and after a run, and those that code may mean before it runs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

_NAMED = 200
_LONGEST = 4000
_DEEPEST = 8
_BY_DESCRIPTOR = os.scandir in os.supports_fd


def listing(*, entries: int = 2000, ms: float = 50, depth: int = 2, directory: str = "") -> dict[str, Any]:
    """List sizes in bytes and times in nanoseconds of all files but the hidden ones.

    Where it stops at ``entries`` or after ``ms``, ``complete`` is false: a network disk may be slow.
    """
    root = directory or os.getcwd()
    end = time.perf_counter() + ms / 1000
    files: dict[str, tuple[int, int]] = {}
    complete = True
    waiting = [("", 1)]
    while waiting and complete:
        prefix, level = waiting.pop(0)
        try:
            for entry in _entries(os.path.join(root, prefix)):
                if len(files) >= entries or time.perf_counter() > end:
                    complete = False
                    break
                if entry.is_dir(follow_symlinks=False):
                    if level < depth and entry.name != "__pycache__":
                        waiting.append((prefix + entry.name + "/", level + 1))
                    continue
                state = entry.stat(follow_symlinks=False)
                files[prefix + entry.name] = (state.st_size, state.st_mtime_ns)
        except OSError:
            complete = False
    return {"directory": root, "files": files, "complete": complete, "options": [entries, ms, depth]}


def _entries(folder: str) -> Iterator[Any]:
    """Yield what is in a folder and not hidden; states are then found from there, not by the whole path each."""
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)) if _BY_DESCRIPTOR else None
    try:
        with os.scandir(folder if descriptor is None else descriptor) as found:
            for entry in found:
                if not entry.name.startswith("."):
                    yield entry
    finally:
        if descriptor is not None:
            os.close(descriptor)


def meant(wanted: list[str] | None, *, entries: int = 2000, ms: float = 50) -> dict[str, Any]:
    """List what is there of the files that code may mean; None: of all.

    ``wanted`` are beginnings of paths as they stand in the code. Names of folders are told too, and where links lead,
    without a look at any of them. It is not ``complete`` where it stopped at ``entries`` names or after ``ms``.
    """
    found = _Found(os.getcwd(), entries, time.perf_counter() + ms / 1000)
    if wanted is None:
        found.look("", ("",))
        for folder in [name for name in found.folders if name != "__pycache__"]:
            found.look(f"{folder}/", ("",))
    else:
        asked: dict[str, set[str]] = {}
        for path in wanted:
            parts = _parts(path, found.directory)
            for level in range(min(len(parts), _DEEPEST)):
                asked.setdefault("".join(f"{part}/" for part in parts[:level]), set()).add(parts[level].lower())
        for folder in sorted(asked, key=lambda folder: folder.count("/")):
            if not folder or folder[:-1] in found.folders:
                found.look(folder, tuple(asked[folder]))
    return {
        "directory": found.directory,
        "names": found.names,
        "links": found.links,
        "complete": found.complete,
    }


def _parts(path: str, directory: str) -> list[str]:
    """Return the parts of a path below the directory; nothing of one that leads elsewhere."""
    if os.path.isabs(path):
        inside = os.path.join(directory, "")
        path = os.path.normpath(path)
        path = path[len(inside) :] if path.startswith(inside) else ""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return [] if ".." in parts else parts


class _Found:
    """Names, folders and links below a directory, as far as the budgets allow."""

    def __init__(self, directory: str, entries: int, end: float) -> None:
        self.directory = directory
        self.names: list[str] = []
        self.folders: dict[str, None] = {}
        self.links: dict[str, str] = {}
        self.complete = True
        self._entries = entries
        self._end = end
        self._resolved: dict[str, str] = {}

    def look(self, prefix: str, beginnings: tuple[str, ...]) -> None:
        """Look into a folder for names that begin so, however they are capitalised."""
        if not self.complete:
            return
        try:
            for entry in _entries(os.path.join(self.directory, prefix)):
                if len(self.names) >= self._entries or time.perf_counter() > self._end:
                    self.complete = False
                    return
                if not entry.name.lower().startswith(beginnings):
                    continue
                path = prefix + entry.name
                self.names.append(path)
                if entry.is_symlink():
                    self.links[path] = _target(os.path.join(self.directory, path), self._resolved)
                elif entry.is_dir(follow_symlinks=False):
                    self.folders[path] = None
        except OSError:
            self.complete = False


def _target(link: str, resolved: dict[str, str]) -> str:
    """Return where a link leads; ``resolved`` keeps folders, since hundreds of links lead into one."""
    target = os.path.join(os.path.dirname(link), os.readlink(link))
    folder, name = os.path.split(target)
    if name in ("", ".", "..") or os.path.islink(target):
        return os.path.realpath(link)[:_LONGEST]
    if folder not in resolved:
        resolved[folder] = os.path.realpath(folder)
    return os.path.join(resolved[folder], name)[:_LONGEST]


def changes(before: dict[str, Any]) -> dict[str, Any]:
    """Compare the directory of a listing with what is in it now."""
    entries, ms, depth = before["options"]
    now = listing(entries=entries, ms=ms, depth=depth, directory=before["directory"])
    old, new = before["files"], now["files"]
    complete = before["complete"] and now["complete"]
    created: list[str] = []
    changed: list[str] = []
    deleted: list[str] = []
    if old != new:
        created = [path for path in new if path not in old] if before["complete"] else []
        deleted = [path for path in old if path not in new] if now["complete"] else []
        changed = [path for path, state in new.items() if path in old and old[path] != state]
    return {
        "directory": before["directory"],
        "created": [{"path": path, "bytes": new[path][0]} for path in created[:_NAMED]],
        "changed": [{"path": path, "bytes": new[path][0]} for path in changed[:_NAMED]],
        "deleted": deleted[:_NAMED],
        "count": len(created) + len(changed) + len(deleted),
        "complete": complete,
    }
