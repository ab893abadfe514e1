"""A file of variants, one JSON object a line, which only grows."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from ..domain.legacy import revive, sound
from ..domain.variants import Code, Image, StreamVariant, decode, encode

_PICTURE = b'{"variant":"Image"'


def read_lines(path: Path, name: str, *, pictures: bool = True) -> list[StreamVariant]:
    """Return the items of a file; a line that is no variant of any age is left out with a logged warning.

    Without ``pictures`` those that we wrote ourselves are left out unread.
    """
    items: list[StreamVariant] = []
    old: list[object] = []
    for line in path.read_bytes().split(b"\n"):
        if not line.strip() or (not pictures and line.startswith(_PICTURE)):
            continue
        try:
            item = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            old.append(_object(line))
            continue
        if _todays(item):
            items.append(item)
        old.append(item)
    if len(items) == len(old):
        return items
    return revive((msgspec.to_builtins(item) for item in old), name)


def _todays(item: StreamVariant) -> bool:
    match item:
        case Code():
            return bool(item.id) and item.content.startswith('{"code":"')
        case Image():
            return bool(item.id)
        case _:
            return True


def _object(line: bytes) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def append_lines(path: Path, items: Sequence[StreamVariant]) -> None:
    """Add items with one write, flushed to the system; after a failure none of them stands there."""
    lines = b"".join(_line(item) for item in items)
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


def _line(item: StreamVariant) -> bytes:
    try:
        return encode(item) + b"\n"
    except UnicodeEncodeError:  # half of a surrogate pair, which no encoder takes: the rest of the item counts
        return encode(msgspec.convert(sound(msgspec.to_builtins(item)), StreamVariant)) + b"\n"
