"""The files in the working directory, before and after a run."""

from __future__ import annotations

import os
import time
from typing import Any

_NAMED = 200


def listing(*, entries: int = 2000, ms: float = 50, depth: int = 2, directory: str = "") -> dict[str, Any]:
    """List names, sizes in bytes and times in nanoseconds; hidden ones are left out.

    Where it stops at ``entries`` or after ``ms``, ``complete`` is false: a network disk may be slow.
    """
    root = directory or os.getcwd()
    end = time.perf_counter() + ms / 1000
    files: dict[str, list[int]] = {}
    complete = True
    waiting = [("", 1)]
    while waiting and complete:
        prefix, level = waiting.pop(0)
        try:
            with os.scandir(os.path.join(root, prefix)) as found:
                for entry in found:
                    if entry.name.startswith("."):
                        continue
                    if len(files) >= entries or time.perf_counter() > end:
                        complete = False
                        break
                    path = prefix + entry.name
                    if entry.is_dir(follow_symlinks=False):
                        if level < depth and entry.name != "__pycache__":
                            waiting.append((path + "/", level + 1))
                        continue
                    state = entry.stat(follow_symlinks=False)
                    files[path] = [state.st_size, state.st_mtime_ns]
        except OSError:
            complete = False
    return {"directory": root, "files": files, "complete": complete, "options": [entries, ms, depth]}


def changes(before: dict[str, Any]) -> dict[str, Any]:
    """Compare the directory of a listing with what is in it now."""
    entries, ms, depth = before["options"]
    now = listing(entries=entries, ms=ms, depth=depth, directory=before["directory"])
    old, new = before["files"], now["files"]
    complete = before["complete"] and now["complete"]
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
