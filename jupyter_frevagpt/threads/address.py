"""The address of a MongoDB, as far as it may be used: what would weaken the connection is dropped."""

from __future__ import annotations

import logging
from collections.abc import Collection

from ..domain.database_options import OF_FILES, WEAKENING
from ..domain.errors import StoreUnavailable

_log = logging.getLogger("jupyter_frevagpt.threads")

_SCHEMES = ("mongodb", "mongodb+srv")
# How a thread is written and read back is ours to say, and how long that may take.
_OURS = frozenset(
    """
    w wtimeoutms wtimeout journal j fsync readconcernlevel readpreference readpreferencetags maxstalenessseconds
    serverselectiontimeoutms connecttimeoutms sockettimeoutms timeoutms tz_aware document_class uuidrepresentation
    unicode_decode_error_handler datetime_conversion
    """.split()
)
_KEPT_ALWAYS = {"tls", "ssl", "authsource", "authmechanism"} | OF_FILES


def usable(uri: str, hosts: Collection[str] = (), *, own: bool = False) -> list[str]:
    """Return the forms in which an address is tried: without what is dangerous, then with only what keeps it safe.

    The second is for addresses with options that a server does not like; encryption and credentials stay. ``hosts``
    are the only names that it may point to, any if there are none. The site's ``own`` address may name files of this
    machine: its authorities, and the certificate that it shows. Raises StoreUnavailable.
    """
    before, _, query = uri.strip().partition("?")
    scheme, _, rest = before.partition("://")
    if scheme.lower() not in _SCHEMES or not rest:
        raise StoreUnavailable("The configured address of the threads' database is not one of a MongoDB.")
    if hosts and not {_host(name) for name in rest.partition("/")[0].rpartition("@")[2].split(",")} <= set(hosts):
        raise StoreUnavailable("The threads' database lies on a machine that this server may not use.")
    options = [(name.lower(), f"{name}={value}") for name, value in _pairs(query)]
    dangerous = WEAKENING if own else WEAKENING | OF_FILES
    if dropped := sorted({name for name, _ in options if name in dangerous}):
        _log.warning("these options in the address of the threads' database are not used: %s", ", ".join(dropped))
    full = [(name, option) for name, option in options if name not in dangerous | _OURS]
    safe = [(name, option) for name, option in full if name in _KEPT_ALWAYS]
    start = before if "/" in rest else f"{before}/"
    return list(dict.fromkeys(_joined(start, [option for _, option in kept]) for kept in (full, safe)))


def _host(name: str) -> str:
    return name.strip().lower().partition("]")[0].strip("[") if name.startswith("[") else name.lower().partition(":")[0]


def _pairs(query: str) -> list[tuple[str, str]]:
    parts = [part.partition("=") for part in query.replace(";", "&").split("&") if part]
    return [(name, value) for name, _, value in parts]


def _joined(start: str, options: list[str]) -> str:
    return f"{start}?{'&'.join(options)}" if options else start
