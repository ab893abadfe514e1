"""The Freva instances that a site trusts, each as a whole: who knows its users, and where their threads are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from tornado.httputil import HTTPHeaders

from .address import check_address, normal_address
from .refused import Refused

REST_HEADERS = ("x-freva-rest-url",)
VAULT_HEADERS = ("x-freva-vault-url",)
CONFIG_HEADERS = ("freva-config", "x-freva-config-path")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_KEYS = {"rest", "vault", "config"}


class Realm(msgspec.Struct, frozen=True):
    """One instance: ``check`` tells whose a token is, ``vault`` where its database is, ``config`` its configuration."""

    name: str
    check: str
    vault: str = ""
    config: str = ""

    def fits(self, kind: str, value: str) -> bool:
        """Whether a header's value points to this realm."""
        if kind == "config":
            return bool(self.config) and value == self.config
        try:
            return value != "" and (
                check_address(value) == self.check if kind == "rest" else normal_address(value) == self.vault
            )
        except ValueError:
            return False


class Realms:
    """All realms of a server. Nothing that a request says is ever used as an address: it only chooses among these."""

    def __init__(self, given: Mapping[str, Any], default: str = "") -> None:
        """Read the setting; raises ValueError with a text that names realms and no address."""
        self._by_name = {name: _realm(name, about) for name, about in given.items()}
        if default and default not in self._by_name:
            raise ValueError("The default realm is not one of the realms.")
        self._default = default or (next(iter(self._by_name)) if len(self._by_name) == 1 else "")
        for one in self:
            shares = [other.name for other in self if other.vault == one.vault and other.check != one.check]
            if one.vault and shares:
                raise ValueError(
                    f"The realms {one.name} and {shares[0]} share a vault, but not a REST service: people of the same "
                    "name would get each other's threads."
                )

    def __iter__(self) -> Iterator[Realm]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def named(self, name: str) -> Realm | None:
        """Return the realm of that name."""
        return self._by_name.get(name)

    def chosen(self, headers: HTTPHeaders) -> Realm:
        """Return the realm that a request's headers choose; raises Refused unless all of them point to the same."""
        kinds = (("rest", REST_HEADERS), ("vault", VAULT_HEADERS), ("config", CONFIG_HEADERS))
        given = [(kind, value) for kind, names in kinds for name in names for value in _values(headers, name)]
        fitting = [realm for realm in self if all(realm.fits(kind, value) for kind, value in given)]
        if given and not fitting:
            raise Refused(403, "This server does not serve the Freva instance that the request's headers name.")
        for realm in fitting:
            if len(fitting) == 1 or realm.name == self._default:
                return realm
        raise Refused(400, "Say which Freva instance is meant: send its address in the header x-freva-rest-url.")


def _realm(name: str, about: Any) -> Realm:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError("A realm's name has small letters, digits and _.- only, 64 at most.")
    if not isinstance(about, Mapping) or set(about) - _KEYS or not all(isinstance(x, str) for x in about.values()):
        raise ValueError(f"The realm {name} is a dictionary of texts with the keys rest, vault and config.")
    try:
        vault = about.get("vault", "")
        return Realm(
            name, check_address(about["rest"]), normal_address(vault) if vault else "", about.get("config", "")
        )
    except (KeyError, ValueError):
        raise ValueError(
            f"The realm {name} needs rest, and may have vault: plain http or https addresses without user and query."
        ) from None


def _values(headers: HTTPHeaders, name: str) -> list[str]:
    values = headers.get_list(name)
    if len(values) > 1:
        raise Refused(400, f"The header {name} was sent more than once.")
    return [value.strip() for value in values if value.strip()]
