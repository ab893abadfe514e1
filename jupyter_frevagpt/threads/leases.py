"""Which process a thread belongs to for the moment: a file with an expiry, of which only one can be made."""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

import msgspec

_CLAIM_SECONDS = 10.0


class _Lease(msgspec.Struct, frozen=True):
    holder: str
    until: float


def take(path: Path, holder: str, seconds: float) -> bool:
    """Take or renew a lease; false while somebody else holds it. Works where files can be made exclusively (NFS)."""
    for _ in range(3):
        lease = msgspec.json.encode(_Lease(holder, time.time() + seconds))
        if (found := _read(path)) is None:
            with suppress(FileExistsError):
                _write(path, lease, os.O_EXCL)
                return True
        elif found.until <= time.time():
            return _succeed(path, found, lease)
        else:
            if found.holder == holder:
                _put(path, lease)
            return found.holder == holder
    return False


def held(path: Path, holder: str) -> bool:
    """Whether somebody else holds it."""
    found = _read(path)
    return found is not None and found.holder != holder and found.until > time.time()


def give_back(path: Path, holder: str) -> None:
    """End our own lease; one that has expired may be somebody else's in the next moment and is left alone."""
    found = _read(path)
    if found is not None and found.holder == holder and found.until > time.time():
        path.unlink(missing_ok=True)


def _succeed(path: Path, expired: _Lease, lease: bytes) -> bool:
    """Put a lease in the place of an expired one; of several who try only the maker of the claim file does."""
    claim = path.with_name(f"{path.name}.claim")
    try:
        _write(claim, b"", os.O_EXCL)
    except FileExistsError:
        with suppress(FileNotFoundError):
            if time.time() - claim.stat().st_mtime > _CLAIM_SECONDS:  # whoever made it died over it
                claim.unlink()
        return False
    try:
        if _read(path) != expired:
            return False
        _put(path, lease)
        return True
    finally:
        claim.unlink(missing_ok=True)


def _put(path: Path, lease: bytes) -> None:
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        _write(fresh, lease, os.O_EXCL)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def _write(path: Path, lease: bytes, flags: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | flags, 0o600)
    try:
        os.write(descriptor, lease)
    finally:
        os.close(descriptor)


def _read(path: Path) -> _Lease | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Lease)
    except FileNotFoundError:
        return None
    except ValueError:
        with suppress(FileNotFoundError):
            return _Lease("", path.stat().st_mtime + 1)  # half written: by somebody who is at it right now
        return None
