"""Addresses compared as a browser would read them, never by how they begin."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_LONGEST = 2048
_PLAIN = re.compile(r"https?://[A-Za-z0-9._~:/%\[\]-]+", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
_PORTS = {"http": 80, "https": 443}
_CHECK = ("api", "freva-nextgen", "auth", "v2", "systemuser")


def normal_address(text: str) -> str:
    """Return an address in its one form: host in lower case, port written out, no slash at the end.

    Raises ValueError for what is no plain http(s) address: with a user, a query, a fragment, a backslash, ``..``,
    anything beyond ASCII. Text in an address that programs read differently has no form here.
    """
    if len(text) > _LONGEST or not _PLAIN.fullmatch(text):
        raise ValueError("not a plain address")
    parts = urlsplit(text)
    host = (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    segments = parts.path.split("/")
    if not _HOST.fullmatch(host) or ".." in host or any(_climbs(segment) for segment in segments):
        raise ValueError("not a plain address")
    rest = parts.netloc.lower().removeprefix(f"[{parts.hostname}]" if ":" in host else parts.hostname or "")
    if rest and not re.fullmatch(r":\d{1,5}", rest):
        raise ValueError("not a plain address")
    port = _PORTS[parts.scheme] if parts.port is None else parts.port
    return f"{parts.scheme}://{host}:{port}{parts.path.rstrip('/')}"


def check_address(text: str) -> str:
    """Return where a Freva REST service tells whose a token is; its address may end in any part of that path."""
    base = normal_address(text)
    origin, slash, path = base.partition("://")[2].partition("/")
    there = path.split("/") if slash else []
    known = next((n for n in range(len(_CHECK), 0, -1) if tuple(there[-n:]) == _CHECK[:n]), 0)
    return "/".join([f"{base.partition('://')[0]}://{origin}", *there, *_CHECK[known:]])


def _climbs(segment: str) -> bool:
    return segment.lower().replace("%2e", ".") in (".", "..")
