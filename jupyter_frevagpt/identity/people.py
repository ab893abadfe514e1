"""Whose a Freva token is, as the REST service of its realm says."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import msgspec

from ..domain.owner import is_usable_name
from .cache import Cache, Found
from .credential import Credential
from .fetcher import Fetcher, Unreachable
from .realms import Realm
from .refused import Refused

GOOD_SECONDS = 60.0
REFUSED_SECONDS = 5.0
_DOWN = "The Freva REST service cannot be reached to check your token. Try again in a minute."
_ODD = "The Freva REST service did not answer as it should when it was asked for your token. Tell its administrators."
_NOT_ACCEPTED = "Freva does not accept this token. Log in to Freva again."
_LONGEST_DETAIL = 200
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")


class People:
    """Asks who somebody is, at most once a minute for each token, and never past the time that the token names."""

    def __init__(self, fetcher: Fetcher, cache: Cache[str | Refused], now: Callable[[], float] = time.time) -> None:
        self.cache = cache
        self.now = now
        self._fetcher = fetcher

    async def name(self, realm: Realm, credential: Credential) -> str:
        """Return the user's name; raises Refused (401, 502, 503)."""

        async def ask() -> Found[str | Refused]:
            return await self._ask(realm, credential)

        found = await self.cache.get(credential.key(realm.check), ask)
        if isinstance(found, Refused):
            raise Refused(found.status, found.text)
        return found

    async def _ask(self, realm: Realm, credential: Credential) -> Found[str | Refused]:
        try:
            answer = await self._fetcher.get(realm.check, credential.token)
        except Unreachable:
            raise Refused(503, _DOWN) from None
        if answer.is_redirect:
            raise Refused(502, _ODD)
        if not answer.is_success:
            # What the service refuses stays refused for a moment; that it is broken may be over at once.
            seconds = REFUSED_SECONDS if answer.status < 500 else 0
            return Found(Refused(401, _NOT_ACCEPTED), seconds, refusal=True)
        if answer.content is None:
            raise Refused(502, _ODD)
        for key in ("pw_name", "username"):
            if (name := answer.content.get(key)) is not None:
                if not is_usable_name(name):
                    raise Refused(502, _ODD)
                return Found(str(name), min(GOOD_SECONDS, credential.expires - self.now()))
        if (detail := answer.content.get("detail")) is not None:
            text = f"Token check failed: {_shown(detail, credential)}"
            return Found(Refused(401, text), REFUSED_SECONDS, refusal=True)
        raise Refused(502, _ODD)

    async def aclose(self) -> None:
        """Give up what is being asked."""
        await self.cache.aclose()


def _shown(detail: object, credential: Credential) -> str:
    """Return the service's own words, as far as they may be repeated: no token, no address, nothing invisible."""
    text = detail if isinstance(detail, str) else msgspec.json.encode(detail).decode()
    text = _ADDRESS.sub("[address]", text.replace(credential.token.reveal(), "[redacted]"))
    text = "".join(character if character.isprintable() else " " for character in text)
    return text if len(text) <= _LONGEST_DETAIL else text[: _LONGEST_DETAIL - 1] + "…"
