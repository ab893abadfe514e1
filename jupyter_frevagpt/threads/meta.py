"""The small file beside a thread: what it is called, when it was asked last, where it came from, how it was rated."""

from __future__ import annotations

import logging
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ..domain.legacy import sound
from ..domain.values import Fork, ThreadSummary

_log = logging.getLogger("jupyter_frevagpt.threads")

FORMAT = 1
SUFFIX = ".meta.json"


class Meta(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the file holds; ``feedback`` maps the places of Assistant and Code items to up or down."""

    user_id: str
    thread_id: str
    date: str
    topic: str
    format: int = FORMAT
    fork: Fork | None = None
    feedback: dict[str, str] = {}

    @property
    def summary(self) -> ThreadSummary:
        """The thread as it stands in lists."""
        return ThreadSummary(self.user_id, self.thread_id, self.date, self.topic)

    @property
    def newer(self) -> bool:
        """Whether a newer version wrote it."""
        return self.format > FORMAT


class _Format(msgspec.Struct):
    format: int = FORMAT


def now() -> str:
    """Return the moment as it stands on the wire."""
    return on_wire(datetime.now(UTC))


def on_wire(moment: datetime) -> str:
    """Return a moment as it stands on the wire: ISO 8601, UTC, milliseconds, ``Z``."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_meta(path: Path, owner: str) -> Meta:
    """Return what a meta file says; of one that cannot be read, what its name and time stamp say.

    Raises FileNotFoundError.
    """
    thread_id = path.name.removesuffix(SUFFIX)
    data = b""
    try:
        data = path.read_bytes()
        meta = msgspec.json.decode(data, type=Meta)
        date = on_wire(datetime.fromisoformat(meta.date))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, OverflowError, RecursionError):
        _log.warning("the meta file of thread %s is not readable", thread_id)
        return Meta(owner, thread_id, on_wire(datetime.fromtimestamp(path.stat().st_mtime, UTC)), "", _format_of(data))
    return msgspec.structs.replace(meta, user_id=owner, thread_id=thread_id, date=date)


def _format_of(data: bytes) -> int:
    """Return the format of a meta file that may be made of quite other things by a newer version."""
    try:
        return msgspec.json.decode(data, type=_Format).format
    except (ValueError, RecursionError):
        return FORMAT


def write_meta(path: Path, meta: Meta) -> int:
    """Write a meta file, whole or not at all; its time stamp, which is returned in ns, is the thread's date."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    data = sound({"format": meta.format, **msgspec.to_builtins(meta)})
    moment = round(datetime.fromisoformat(meta.date).timestamp() * 1000) * 1_000_000
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(data) + b"\n")
        os.utime(fresh, ns=(moment, moment))
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    return moment
