"""The address of a MongoDB: what it may say, and where it leads."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import unquote

import msgspec

from ..domain.database_options import OF_FILES, WEAKENING

_FORM = re.compile(r"(mongodb(?:\+srv)?)://(?:([^/?#@\s]*)@)?([^/?#@\s]+)(/[^?#\s]*)?(?:\?([^#\s]*))?")
_HOST = re.compile(r"\[[0-9A-Fa-f:.]+\](:\d{1,5})?|[A-Za-z0-9._-]+(:\d{1,5})?|%2[Ff][A-Za-z0-9%._-]+\.sock")
_PORT = re.compile(r":\d{1,5}$")
_LONGEST = 4096
_DROPPED = WEAKENING | OF_FILES


class MongoAddress(msgspec.Struct, frozen=True):
    """The parts of an address, each as it was written; it holds a password and is shown to nobody."""

    scheme: str
    login: str
    places: tuple[str, ...]
    path: str
    options: tuple[str, ...]

    @classmethod
    def of(cls, uri: str) -> MongoAddress:
        """Read an address; raises ValueError, which does not repeat it, for what is none."""
        found = _FORM.fullmatch(uri) if len(uri) <= _LONGEST and uri.isprintable() else None
        if found is None or not all(_HOST.fullmatch(place) for place in found[3].split(",")):
            raise ValueError("not an address of a database")
        options = tuple(option for option in re.split("[&;]", found[5] or "") if option)
        return cls(found[1], found[2] or "", tuple(found[3].split(",")), found[4] or "", options)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts in lower case, without ports; a socket is its path."""
        return tuple(_PORT.sub("", unquote(place)).strip("[]").lower() for place in self.places)

    def is_of_this_machine(self) -> bool:
        """True if every host is this machine itself."""
        return self.scheme == "mongodb" and all(map(is_loopback, self.hosts))

    def safe(self, hosts: Collection[str] = ()) -> str:
        """Return the address without the options that weaken it.

        Raises ValueError if it names a socket, or a host that is not among ``hosts`` where there are any.
        """
        if any("%" in place for place in self.places):
            raise ValueError("a path is no host")
        if hosts and not set(self.hosts) <= {host.lower() for host in hosts}:
            raise ValueError("not a host that this server uses")
        kept = [option for option in self.options if unquote(option.partition("=")[0]).lower() not in _DROPPED]
        login = f"{self.login}@" if self.login else ""
        path = self.path or ("/" if kept else "")
        return f"{self.scheme}://{login}{','.join(self.places)}{path}" + ("?" + "&".join(kept) if kept else "")

    def __repr__(self) -> str:
        return "MongoAddress(***)"


def is_loopback(host: str) -> bool:
    """True for a name, number or socket of this machine itself."""
    if host == "localhost" or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
