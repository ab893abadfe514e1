"""The gate of the MCP route: only programs that bring the token in a header, and the headers that must be there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import msgspec
from jupyter_server.base.handlers import APIHandler

VERSIONS = ("2025-06-18", "2025-11-25")
"""Revisions of the protocol that are spoken, the newest last."""

LONGEST_BODY = 2 * 1024 * 1024
_LONGEST_HEADER = 4096

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
REFUSED = -32001


class Refusal(Exception):
    """Why a request is refused: a status of HTTP, a code of JSON-RPC, and words for who wrote the program."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


class Brought(msgspec.Struct, frozen=True):
    """What a request brings beside its body: its session's id, "" for none, and the headers that the site demands."""

    session_id: str
    demanded: Mapping[str, str]


def check_sender(handler: APIHandler) -> None:
    """Raise Refusal for all that is not a program with the token in a header: cookies and addresses prove nothing."""
    in_address = handler.get_query_argument("token", None) is not None
    if in_address or not handler.token_authenticated:
        raise Refusal(403, REFUSED, "Send the server's token as a header: Authorization: token ...")
    origins = handler.request.headers.get_list("Origin")
    if any(not _is_own(origin, handler.request.host) for origin in origins):
        raise Refusal(403, REFUSED, "This request comes from a page of another site.")


def brought(handler: APIHandler, demanded: Sequence[str]) -> Brought:
    """Return what a request brings; raises Refusal for a header that is missing or cannot be used."""
    headers = handler.request.headers
    if handler.request.method == "POST":
        if headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refusal(415, INVALID_REQUEST, "The header Content-Type must be application/json.")
        accepted = headers.get("Accept", "")
        if not all(_accepts(accepted, media) for media in ("application/json", "text/event-stream")):
            raise Refusal(406, INVALID_REQUEST, "The header Accept must name application/json and text/event-stream.")
        if len(handler.request.body) > LONGEST_BODY:
            raise Refusal(413, INVALID_REQUEST, "The request is longer than 2 MB.")
    found = {name.lower(): _value(handler, name) for name in demanded}
    if missing := [name for name in demanded if not found[name.lower()]]:
        raise Refusal(400, INVALID_REQUEST, f"The header {missing[0]} is missing: this site demands it.")
    return Brought(_value(handler, "Mcp-Session-Id"), found)


def check_version(handler: APIHandler) -> None:
    """Raise Refusal for a revision of the protocol that is not spoken here."""
    version = _value(handler, "Mcp-Protocol-Version")
    if version and version not in VERSIONS:
        raise Refusal(400, INVALID_REQUEST, f"The header MCP-Protocol-Version must be one of {', '.join(VERSIONS)}.")


def _value(handler: APIHandler, name: str) -> str:
    values = handler.request.headers.get_list(name)
    if len(values) > 1:
        raise Refusal(400, INVALID_REQUEST, f"The header {name} was sent more than once.")
    value = values[0].strip() if values else ""
    if len(value) > _LONGEST_HEADER or not (value.isascii() and value.isprintable()):
        raise Refusal(400, INVALID_REQUEST, f"The header {name} cannot be used: it is too long, or not plain text.")
    return value


def _accepts(accepted: str, media: str) -> bool:
    kinds = {part.partition(";")[0].strip().lower() for part in accepted.split(",")}
    return bool(kinds & {media, f"{media.partition('/')[0]}/*", "*/*"})


def _is_own(origin: str, host: str) -> bool:
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False
