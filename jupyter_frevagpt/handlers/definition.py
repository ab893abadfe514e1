"""What can be said of a route before it is asked; requests are checked by it and the route is described by it."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

import msgspec

P = TypeVar("P", bound=msgspec.Struct)

Right = tuple[Literal["read", "write", "execute"], Literal["frevagpt", "kernels"]]
Media = Literal["application/json", "application/x-ndjson", "text/html"]

READ: Right = ("read", "frevagpt")
WRITE: Right = ("write", "frevagpt")
EXECUTE: Right = ("execute", "kernels")


class Definition(msgspec.Struct, Generic[P], frozen=True, kw_only=True):
    """A route: its words, parameters, answer, and who may ask it how.

    ``right`` is what the server's authorizer is asked for, None for a route that needs no login. ``changes_state`` puts
    it behind the gate, ``people_only`` refuses the token that code in the kernels can read. ``statuses`` are those
    beside the ones that every route has, with their reasons. A stream's answer is the list of its lines. One that
    ``sends_files`` may answer with a file, too. Parameters that are ``in_body`` come by POST only.
    """

    name: str
    summary: str
    parameters: type[P]
    answer: Any
    shows: Any
    text: str = ""
    example: dict[str, Any] = {}
    statuses: dict[int, str] = {}
    right: Right | None = READ
    changes_state: bool = False
    post_only: bool = False
    in_body: tuple[str, ...] = ()
    people_only: bool = False
    media: Media = "application/json"
    sends_files: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it needs no login."""
        return self.right is None

    @property
    def methods(self) -> tuple[str, ...]:
        """How it can be asked."""
        return ("post",) if self.post_only else ("get", "post")

    @property
    def fields(self) -> tuple[msgspec.structs.FieldInfo, ...]:
        """Its parameters."""
        return msgspec.structs.fields(self.parameters)

    @property
    def failures(self) -> dict[int, str]:
        """The statuses of errors it may answer with, and why; 405 is of the GET form, 415 of POST."""
        known = {
            400: "The request is not well-formed.",
            403: "No login, or a request that was not sent by a page or program of the user's.",
            404: "The request comes from a page of another site.",
        }
        if not self.is_open:
            known |= {
                401: "The Freva token is missing or not accepted (servers with Freva logins).",
                502: "Freva's services did not answer as they should (servers with Freva logins).",
                503: "Threads cannot be read or written now, or logins not checked.",
            }
        if self.fields:
            known[422] = "A parameter is missing or cannot be used, or the body is no JSON object of at most 10 MB."
        if self.changes_state:
            known |= {405: "This server takes this request by POST only.", 415: "The body of a browser's must be JSON."}
        return dict(sorted((known | self.statuses).items()))
