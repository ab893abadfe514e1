"""Where the threads of a realm are kept, as its vault says."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ..domain.errors import StoreUnavailable, VaultUnusable
from ..domain.secret import Secret
from .cache import Cache, Found
from .fetcher import Fetcher, Unreachable
from .mongo import MongoAddress
from .realms import Realms

KEPT_SECONDS = 300.0
_NO_REALM = "Your Freva instance is not served here any more. Ask the administrators of this server."
_DOWN = "The Freva vault, which tells where chats are kept, cannot be reached. Try again in a minute."


class Vaults:
    """Asks each realm's vault for its database, at most once in five minutes; a failure is not kept."""

    def __init__(self, realms: Realms, fetcher: Fetcher, hosts: Collection[str] = ()) -> None:
        self.cache: Cache[Secret[str]] = Cache()
        self._realms = realms
        self._fetcher = fetcher
        self._hosts = hosts

    async def mongo_uri(self, realm: str) -> Secret[str] | None:
        """Return the address of a realm's database; None for a realm without a vault.

        Raises StoreUnavailable where the vault cannot be reached, VaultUnusable where it says nothing usable.
        """
        known = self._realms.named(realm)
        if known is None:
            raise StoreUnavailable(_NO_REALM)
        if not known.vault:
            return None

        async def ask() -> Found[Secret[str]]:
            return Found(await self._ask(known.vault), KEPT_SECONDS)

        return await self.cache.get(realm.encode(), ask)

    async def _ask(self, address: str) -> Secret[str]:
        try:
            answer = await self._fetcher.get(address)
        except Unreachable:
            raise StoreUnavailable(_DOWN) from None
        if answer.status >= 500:
            raise StoreUnavailable(_DOWN)
        if not answer.is_success or answer.content is None:
            raise VaultUnusable
        try:
            return Secret(MongoAddress.of(_url_in(answer.content)).safe(self._hosts))
        except ValueError:
            raise VaultUnusable from None

    async def aclose(self) -> None:
        """Give up what is being asked."""
        await self.cache.aclose()


def _url_in(content: dict[str, Any]) -> str:
    """Return the address that is given as a key of its own or inside an object."""
    for key in ("mongodb", "mongo"):
        inside = content.get(key)
        for value in (content.get(f"{key}.url"), inside.get("url") if isinstance(inside, dict) else None):
            if isinstance(value, str) and value:
                return value
    raise ValueError("no address")
