"""Whose threads they are: a name, and the realm that vouches for it."""

from __future__ import annotations

import unicodedata

import msgspec

_REALM = "freva:"
_SERVICE = "service:"
_LONGEST = 128


class Owner(msgspec.Struct, frozen=True):
    """A person. ``realm`` is "" where only one authority names people: the account, the hub, a site's own login.

    ``key`` is what threads, folders, caches and quotas go by: two owners never share one, and :meth:`of` finds its way
    back. ``name`` is the bare name, for a database that belongs to one realm alone.
    """

    realm: str
    name: str

    def __post_init__(self) -> None:
        if ":" in self.realm or (not self.realm and self.name.startswith(_REALM)):
            raise ValueError("This name could be taken for somebody else's.")

    @property
    def key(self) -> str:
        """The owner as one string: the name, behind its realm if it has one."""
        return f"{_REALM}{self.realm}:{self.name}" if self.realm else self.name

    @classmethod
    def of(cls, key: str) -> Owner:
        """Return the owner that has this key."""
        if not key.startswith(_REALM):
            return cls("", key)
        realm, _, name = key.removeprefix(_REALM).partition(":")
        return cls(realm, name)


def service_key(name: str) -> str:
    """Return the key of a hub's service, which no person can have."""
    return f"{_SERVICE}{name}"


def is_reserved(name: str) -> bool:
    """True for a name that reads like the key of a service or of a Freva user: nobody may be called so."""
    return name.startswith((_REALM, _SERVICE))


def is_usable_name(name: object) -> bool:
    """True for a name that can be told apart and shown: 1 to 128 characters, NFC, nothing invisible, no path."""
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST or name != name.strip():
        return False
    if name in (".", "..") or "/" in name or "\\" in name or not unicodedata.is_normalized("NFC", name):
        return False
    return not any(unicodedata.category(character).startswith(("C", "Zl", "Zp")) for character in name)
