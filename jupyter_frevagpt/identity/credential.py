"""The Freva token that a request brings."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import math
import re

import msgspec
from tornado.httputil import HTTPHeaders

from ..domain.secret import Secret
from .refused import Refused

TOKEN_HEADER = "x-freva-user-token"  # noqa: S105 - the name of a header
_BEARER = re.compile(r"bearer +(\S.*)", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,16384}=*")
_NEVER = 1e12
_NONE = "Log in to Freva: this request needs your Freva token, as Authorization: Bearer or as x-freva-user-token."
_MALFORMED = "The Freva token cannot be read. Send it as Authorization: Bearer, followed by the token."
_TWO = "This request brings two different credentials. Send the Freva token alone."


class Credential(msgspec.Struct, frozen=True):
    """A token, and whether it came in the header of its own, which a proxy may have added."""

    token: Secret[str]
    in_own_header: bool

    def key(self, check: str) -> bytes:
        """Return what a cache knows it by, at one service: it cannot be turned back."""
        return hashlib.sha256(f"{check}\0{self.token.reveal()}".encode()).digest()

    @property
    def expires(self) -> float:
        """The time that a JWT says it ends at; infinity for other tokens. Nobody has checked its signature."""
        parts = self.token.reveal().split(".")
        if len(parts) != 3:
            return math.inf
        try:
            claims = msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        except (msgspec.DecodeError, binascii.Error, ValueError, RecursionError):
            return math.inf
        ends = claims.get("exp") if isinstance(claims, dict) else None
        if isinstance(ends, bool) or not isinstance(ends, int | float) or ends > _NEVER:
            return math.inf
        return float(ends)


def credential_of(headers: HTTPHeaders) -> Credential:
    """Return the credential that decides alone; raises Refused (400, 401, 422) where there is none, or doubt."""
    own, authorization = (_only(headers, name) for name in (TOKEN_HEADER, "Authorization"))
    if not own:
        if not authorization:
            raise Refused(401, _NONE)
        return Credential(_token(_bearer(authorization)), in_own_header=False)
    token = _token(_bearer(own) if " " in own else own)
    if authorization:
        found = _BEARER.fullmatch(authorization)
        if found is None or not hmac.compare_digest(found[1].encode(), token.reveal().encode()):
            raise Refused(401, _TWO)
    return Credential(token, in_own_header=True)


def _only(headers: HTTPHeaders, name: str) -> str:
    values = headers.get_list(name)
    if len(values) > 1:
        raise Refused(400, f"The header {name} was sent more than once.")
    return values[0].strip() if values else ""


def _bearer(text: str) -> str:
    found = _BEARER.fullmatch(text)
    if found is None:
        raise Refused(422, _MALFORMED)
    return found[1]


def _token(text: str) -> Secret[str]:
    if not _TOKEN.fullmatch(text):
        raise Refused(422, _MALFORMED)
    return Secret(text)
