"""Files below the server's root, read for a question that names them: bounded, as text, nothing outside, no secrets."""

from __future__ import annotations

import base64
import json
import mimetypes
import os
import re
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..domain.errors import BadRequest
from ..domain.values import FoundFile

_MOST_BYTES = 256 * 1024
_MOST_CHARS = 50_000
_MOST_NOTEBOOK = 20 * 1024 * 1024
_MOST_PICTURE = 1_500_000
_MOST_ENTRIES = 300
_MOST_OUTPUT = 2_000
_PICTURES = ("image/png", "image/jpeg")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A FIFO would hold the reader until somebody writes, a terminal would become the server's.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_SECRET = re.compile(
    r"id_(rsa|dsa|ecdsa|ed25519)|.*\.(pem|key|p12|pfx|kdbx)|(jpserver|nbserver)-.*|authorized_keys|credentials(\..*)?",
    re.IGNORECASE,
)


class RootFiles:
    """Reads what the server's file browser shows; a link counts where what it leads to lies below the root too."""

    def __init__(self, root: str) -> None:
        self._root = os.path.realpath(root)

    def read(self, path: str) -> FoundFile:
        """Return what a file or folder holds; raises BadRequest for what is not there or not to be sent."""
        try:
            parts = self._parts(path)
            for name in (*path.split("/"), *parts):
                if name.startswith("."):
                    raise BadRequest(f"Hidden files are not sent: take {_shown(path)} out of the question.")
                if _SECRET.fullmatch(name):
                    raise BadRequest(f"{_shown(path)} looks like a key or password and is not sent: take it out.")
            descriptor = self._opened(parts)
        except (OSError, ValueError) as error:
            raise BadRequest(
                f"The file {_shown(path)} cannot be read: it is not there, or not below the server's folder, or not "
                "readable. Take it out of the question, or choose it anew."
            ) from error
        with os.fdopen(descriptor, "rb") if stat.S_ISREG(os.fstat(descriptor).st_mode) else _Folder(descriptor) as file:
            if isinstance(file, _Folder):
                return file.listed()
            size = os.fstat(file.fileno()).st_size
            kind = mimetypes.guess_type(path, strict=False)[0] or ""
            if kind in _PICTURES and size <= _MOST_PICTURE:
                return FoundFile(image=base64.b64encode(file.read(_MOST_PICTURE)).decode())
            if path.endswith(".ipynb") and size <= _MOST_NOTEBOOK:
                with suppress(ValueError, AttributeError, TypeError, RecursionError):
                    return FoundFile(_notebook(json.loads(file.read(_MOST_NOTEBOOK)))[:_MOST_CHARS])
                file.seek(0)
            return _text_of(file.read(_MOST_BYTES), size, kind)

    def _parts(self, path: str) -> Sequence[str]:
        """Return the names on the way from the root to what the path leads to; raises ValueError, OSError."""
        names = path.split("/")
        if os.path.isabs(path) or ".." in names or "\0" in path or "\\" in path:
            raise ValueError(path)
        real = os.path.realpath(os.path.join(self._root, *names), strict=True)
        return Path(real).relative_to(self._root).parts

    def _opened(self, parts: Sequence[str]) -> int:
        """Return a descriptor of what these names lead to, through no link that came since they were looked at."""
        folder = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for name in parts[:-1]:
                below = os.open(name, _FOLDER, dir_fd=folder)
                os.close(folder)
                folder = below
            found = os.open(parts[-1] if parts else ".", _FILE, dir_fd=folder)
        finally:
            os.close(folder)
        if not (stat.S_ISREG(mode := os.fstat(found).st_mode) or stat.S_ISDIR(mode)):
            os.close(found)
            raise ValueError(parts)
        return found


class _Folder:
    """An open folder."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __enter__(self) -> _Folder:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._descriptor)

    def listed(self) -> FoundFile:
        """Return its names, as the file browser shows them."""
        with os.scandir(self._descriptor) as entries:
            names = sorted(
                entry.name + ("/" if entry.is_dir() else "") for entry in entries if not entry.name.startswith(".")
            )
        told = "\n".join(names[:_MOST_ENTRIES]).encode("utf-8", "replace").decode()
        left = len(names) - _MOST_ENTRIES
        return FoundFile(told, note=f"a folder, {left} more names in it" if left > 0 else "a folder, the names in it")


def _text_of(data: bytes, size: int, kind: str) -> FoundFile:
    whole = len(data) >= size
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if whole or error.start < len(data) - 4:
            text = data.decode("latin-1") if _printable(data) else ""
        else:
            text = data[: error.start].decode("utf-8-sig")
    if "\0" in text or (not text and data):
        told = f"{kind}, " if kind else ""
        return FoundFile(note=f"not text ({told}{_size(size)}), so only its name is sent; code can open it")
    if len(text) > _MOST_CHARS:
        text, whole = text[:_MOST_CHARS], False
    return FoundFile(text, note="" if whole else f"its beginning only, of {_size(size)}")


def _printable(data: bytes) -> bool:
    """Whether bytes that are no UTF-8 are text of an older encoding."""
    return not any(byte < 9 or 13 < byte < 32 or 126 < byte < 160 for byte in data[:4096])


def _notebook(notebook: Any) -> str:
    """Return a notebook as a person reads it: sources, and the text of what the cells showed."""
    told = []
    for number, cell in enumerate(notebook["cells"], 1):
        told.append(f"# --- cell {number}, {cell.get('cell_type')}\n{_joined(cell.get('source'))}")
        shown = "".join(_shown_text(output) for output in cell.get("outputs") or [])
        if shown:
            told.append(f"# output:\n{shown[:_MOST_OUTPUT]}")
    return "\n".join(told)


def _shown_text(output: Any) -> str:
    if output.get("output_type") == "stream":
        return _joined(output.get("text"))
    if output.get("output_type") == "error":
        return f"{output.get('ename')}: {output.get('evalue')}\n"
    text = _joined((output.get("data") or {}).get("text/plain"))
    return f"{text}\n" if text else ""


def _joined(text: Any) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text or "")


def _size(size: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"


def _shown(path: str) -> str:
    """Return a path as errors name it: the caller gave it, so that it tells nothing new."""
    return repr(path if len(path) <= 200 else f"{path[:200]}…")
