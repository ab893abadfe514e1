"""What every route shares: owner, parameters, errors, and a log without questions in it."""

from __future__ import annotations

import json
import re
import traceback
from asyncio import Future
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Generic

import msgspec
from jupyter_server.auth.decorator import allow_unauthenticated, authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from ..conversation.approvals import Approvals
from ..conversation.context import Attachments
from ..conversation.conversations import Conversations
from ..conversation.errands import Errands
from ..domain.errors import (
    BadRequest,
    CatalogueUnreadable,
    ErrandGone,
    ErrandTaken,
    FeedbackNotFound,
    FrevaGPTError,
    KernelBusy,
    KernelFailed,
    NothingToUndo,
    NothingWaits,
    OutputGone,
    StoreUnavailable,
    ThreadBusy,
    ThreadNotFound,
    VaultUnusable,
)
from ..domain.protocols import Kernels, Models, Retriever, Surroundings, ThreadFiles
from ..domain.values import ThreadRef
from .crowd import Crowd
from .definition import Definition, P
from .gate import check_gate, refuse_server_token
from .presence import Presence
from .rules import Rules
from .trouble import Trouble
from .wire import Reader

_STATUS: tuple[tuple[type[FrevaGPTError], int], ...] = (
    (BadRequest, 422),
    (ThreadNotFound, 404),
    (NothingWaits, 404),
    (ErrandGone, 404),
    (ErrandTaken, 409),
    (FeedbackNotFound, 404),
    (NothingToUndo, 404),
    (OutputGone, 404),
    (KernelBusy, 409),
    (KernelFailed, 503),
    (ThreadBusy, 409),
    (StoreUnavailable, 503),
    (VaultUnusable, 502),
    (CatalogueUnreadable, 500),
)
_UNCHECKED = "Who you are could not be checked. Try again in a minute; if that does not help, log in again."
_TEXTS = {
    400: "This request is not well-formed. Look at how its address and body are encoded.",
    403: "Log in first: this route needs the Jupyter server's token or login.",
    404: "This request comes from a page of another site. Use the pages of this server.",
    405: "This route cannot be asked that way: use POST.",
    500: _UNCHECKED,
    502: _UNCHECKED,
}
_NO_PROOF = "The proof is missing that a page of yours sent this: the value of the cookie _xsrf, as header X-XSRFToken."
_LONGEST_BODY = 10 * 1024 * 1024
_MISSING = re.compile(r"missing required field `(\w+)`$")


class Desk(msgspec.Struct, frozen=True):
    """What the routes work with, and the site's rules for them.

    ``learn`` takes a token for a secret, ``owner`` names the owner of a request or raises PermissionError, ``advice``
    gives the text for a server without a model, ``without_folders`` tells whose own folders are not indexed here.
    """

    conversations: Conversations
    approvals: Approvals
    errands: Errands
    attachments: Attachments
    models: Models
    kernels: Kernels
    learn: Callable[[str], object]
    surroundings: Surroundings
    scratch: ThreadFiles
    rules: Rules
    trouble: Trouble
    remove_all: Callable[[str], Awaitable[None]]
    owner: Callable[[APIHandler], str]
    retriever: Retriever
    without_folders: Callable[[str], bool]
    advice: Callable[[], Awaitable[str]]
    crowd: Crowd
    presence: Presence
    gets_allowed: bool = True
    strict_agents: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()


class ChatbotHandler(APIHandler, Generic[P]):
    """A route; its definition says who may ask it how, and with which parameters."""

    is_frevagpt: ClassVar[bool] = True  # what Freva users may come to
    definition: ClassVar[Definition[Any]]

    def initialize(self, desk: Desk) -> None:
        """Take the collaborators from the route."""
        self.desk = desk

    async def prepare(self) -> None:  # type: ignore[override]
        """Let nobody through whom the server, the gate or the ownership refuses."""
        await super().prepare()
        route = self.definition
        if route.changes_state and self.current_user:
            check_gate(self, gets_allowed=self.desk.gets_allowed and not route.post_only)
        if self.current_user and not route.is_open:
            if token := self.identity_provider.get_token(self):
                self.desk.learn(token)
            try:
                self.owner = self.desk.owner(self)
            except PermissionError as error:
                raise web.HTTPError(403, str(error)) from error
            self.desk.presence.saw(self, self.owner)

    async def respond(self, given: P) -> None:
        """Answer a request whose sender may make it, by GET or by POST."""
        raise NotImplementedError

    def ref(self, thread_id: str) -> ThreadRef:
        """Return the caller's thread of that id."""
        return ThreadRef(self.owner, thread_id)

    async def known(self, thread_id: str) -> ThreadRef:
        """Return the caller's thread of that id; raises ThreadNotFound where there is none."""
        ref = self.ref(thread_id)
        if not await self.desk.conversations.known(ref):
            raise ThreadNotFound
        return ref

    def reader(self, request: Any) -> Reader:
        """Return the kind of reader that a request asks for, or that its user agent is known to be."""
        strict = self.from_strict_agent if request.strict is None else request.strict
        return Reader(rich=request.rich, strict=strict)

    @property
    def from_strict_agent(self) -> bool:
        """Whether the client is one that knows no tools but code."""
        agent = self.request.headers.get("User-Agent", "").lower()
        return any(name.lower() in agent for name in self.desk.strict_agents)

    def parameters(self) -> Any:
        """Return the request's parameters, from the query and a JSON body, which wins; empty strings are not given."""
        if not self.definition.fields:
            return self.definition.parameters()
        given: dict[str, Any] = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        given |= self._body()
        given = {name: value for name, value in given.items() if value not in ("", None)}
        try:
            return msgspec.convert(given, self.definition.parameters, strict=False)
        except msgspec.ValidationError as error:
            if missing := _MISSING.search(str(error)):
                raise BadRequest(f"The parameter `{missing[1]}` is missing.") from None
            raise BadRequest(f"A parameter cannot be used: {error}.") from None

    def _body(self) -> dict[str, Any]:
        body = self.request.body
        if not body or not self.request.headers.get("Content-Type", "").startswith("application/json"):
            return {}
        if len(body) > _LONGEST_BODY:
            raise BadRequest("The request is longer than 10 MB.")
        try:
            content: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise BadRequest("The body is not a JSON object.") from None
        return content

    def answer(self, value: Any) -> None:
        """Finish with a value as JSON."""
        self.finish(msgspec.json.encode(value))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Finish with ``{"detail": ...}``; what we did not expect goes to the log, not to the client."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        detail = "The server could not handle this request; its log says why."
        for kind, status in _STATUS:
            if isinstance(error, kind):
                status_code, detail = status, str(error)
        if isinstance(error, web.HTTPError):
            detail = _text(error)
        self.set_status(status_code)
        if status_code == 405:
            self.set_header("Allow", ", ".join(self._methods()).upper())
        self.finish(self.error_body(detail))

    def error_body(self, detail: str) -> str:
        """Return what is sent with an error."""
        return json.dumps({"detail": detail})

    def _methods(self) -> tuple[str, ...]:
        by_post = self.definition.changes_state and not self.desk.gets_allowed
        return ("post",) if by_post else self.definition.methods

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log what nobody expected, without the request's parameters."""
        if not isinstance(value, FrevaGPTError | web.HTTPError):
            self.log.error("%s failed\n%s", self.request.path, "".join(traceback.format_exception(typ, value, tb)))

    def finish(self, *args: Any, **kwargs: Any) -> Future[Any]:
        """Finish; the address that the server logs loses its query, which may hold a question."""
        self.request.uri = self.request.path
        return super().finish(*args, **kwargs)


def serves(definition: Definition[P]) -> Callable[[type[ChatbotHandler[P]]], type[ChatbotHandler[P]]]:
    """Give a handler a definition, and ``get`` and ``post`` that ask the authorizer for the same right by both."""

    def add(handler: type[ChatbotHandler[P]]) -> type[ChatbotHandler[P]]:
        handler.definition = definition
        for method in ("get", "post"):
            setattr(handler, method, _responder(definition))
        return handler

    return add


def _responder(definition: Definition[Any]) -> Callable[..., Any]:
    async def respond(self: ChatbotHandler[Any]) -> None:
        if definition.people_only:
            refuse_server_token(self)
        if definition.media != "application/x-ndjson":
            await self.respond(self.parameters())
            return
        with self.desk.crowd.stream(self.owner):
            await self.respond(self.parameters())

    if definition.right is None:
        return allow_unauthenticated(respond)
    action, resource = definition.right
    return web.authenticated(authorized(action=action, resource=resource)(respond))


def _text(error: web.HTTPError) -> str:
    """Return what an error says in words of ours: those of the server and a hub are no sentences, or name addresses."""
    said = (error.log_message or "") % error.args if error.args else error.log_message or ""
    ours = error.status_code == 401 or (error.status_code != 500 and said.endswith("."))
    if ours and "://" not in said:
        return said
    if error.status_code == 403 and "xsrf" in said.lower():
        return _NO_PROOF
    return _TEXTS.get(error.status_code) or error.reason or "The request failed."
