"""The route by which other agents use the assistant's tools: the Model Context Protocol over streamable HTTP.

The protocol is written out here, since the library costs each server 35 MB and 0.8 s of CPU, and since the routes,
logins and rights are Jupyter's own: no other port is opened, and nothing but the token in a header opens this one.
"""

from __future__ import annotations

import asyncio
import json
from importlib.metadata import version
from typing import Any

import msgspec
from jupyter_server.auth.decorator import authorized
from tornado import web
from tornado.iostream import StreamClosedError

from ..domain.asking import ASKED_WITH
from ..domain.fence import named
from . import requests
from .answers import Detail
from .base import ChatbotHandler, Desk
from .definition import EXECUTE, Definition
from .gate import refuse_server_token
from .mcp_gate import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    REFUSED,
    VERSIONS,
    Refusal,
    brought,
    check_sender,
    check_version,
)
from .mcp_sessions import Session
from .mcp_tools import Agents, NoSuchTool

NAME = "mcp"
HEARTBEAT_SECONDS = 10.0

_ABOUT = (
    "Tools of the FrevaGPT assistant on a Jupyter server: Python in the kernels of its user, who sees what runs and "
    "decides on what is not known to be harmless, and documents on climate data."
)
_NO_SESSION = "There is no such session, or it has ended: begin anew with initialize."
_TOO_MANY = "Too many sessions are open. End one with DELETE, or wait until one has ended by itself."
_VISITOR = "This server belongs to somebody else, so its tools are not for you."


class _Message(msgspec.Struct, frozen=True):
    """A message of JSON-RPC; without a method it answers one of ours, and there are none."""

    jsonrpc: str
    method: str = ""
    id: str | int | None = None
    params: dict[str, Any] = {}


class McpHandler(ChatbotHandler[requests.Nothing]):
    """``mcp``: sessions, lists of tools and calls; all errors are those of JSON-RPC."""

    definition = Definition(
        name=NAME,
        summary="Lets other agents use the assistant's tools.",
        parameters=requests.Nothing,
        answer=Detail,
        shows={},
        right=EXECUTE,
        changes_state=True,
        people_only=True,
    )

    def initialize(self, desk: Desk, agents: Agents) -> None:  # type: ignore[override]
        """Take the collaborators from the route."""
        super().initialize(desk)
        self._agents = agents
        self._sessions = agents.sessions
        self._id: str | int | None = None

    async def prepare(self) -> None:  # type: ignore[override]
        """Let nobody through but programs of the user's own."""
        if not self.identity_provider.auth_enabled:  # where everybody may do everything nobody is known
            raise Refusal(404, REFUSED, "This server has no logins, so it is no server of tools for other programs.")
        await super().prepare()
        self.clear_header("Access-Control-Allow-Origin")
        self.clear_header("Access-Control-Allow-Credentials")
        if self.current_user:
            check_sender(self)
            refuse_server_token(self)
            if self._agents.visitor(self.owner):
                raise Refusal(403, REFUSED, _VISITOR)

    @web.authenticated
    @authorized(action="execute", resource="kernels")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Take a message; a call is answered as a stream of events, all else at once."""
        came = brought(self, self._agents.demanded)
        message = self._message()
        self._id = message.id
        if message.method == "initialize":
            self._open(message)
            return
        session = self._session(came.session_id, message)
        check_version(self)
        if message.id is None or not message.method:
            if message.method == "notifications/cancelled":
                session.cancel(message.params.get("requestId"))
            self.set_status(202)
            self.finish()
        elif message.method == "tools/call":
            ASKED_WITH.set(came.demanded)
            await self._call(session, message)
        else:
            self._reply({"ping": {}, "tools/list": {"tools": self._agents.tools.listed()}}[message.method])

    @web.authenticated
    @authorized(action="execute", resource="kernels")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Say that nothing is sent unasked."""
        self._session(brought(self, self._agents.demanded).session_id)
        raise Refusal(405, METHOD_NOT_FOUND, "This server sends nothing unasked: there is no stream to be opened.")

    @web.authenticated
    @authorized(action="execute", resource="kernels")  # type: ignore[untyped-decorator]
    async def delete(self) -> None:
        """End a session: what it runs is stopped."""
        await self._sessions.end(self._session(brought(self, self._agents.demanded).session_id))
        self.set_status(204)
        self.finish()

    def options(self, *args: Any, **kwargs: Any) -> None:
        """Allow no page of another site anything."""
        raise web.HTTPError(405)

    # ---- messages

    def _message(self) -> _Message:
        try:
            raw = msgspec.json.decode(self.request.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Refusal(400, PARSE_ERROR, "The body is not JSON.") from None
        try:
            message = msgspec.convert(raw, _Message)
        except msgspec.ValidationError as error:
            raise Refusal(400, INVALID_REQUEST, f"The body is no message of JSON-RPC 2.0: {error}.") from None
        if message.jsonrpc != "2.0":
            raise Refusal(400, INVALID_REQUEST, "The body is no message of JSON-RPC 2.0.")
        return message

    def _session(self, session_id: str, message: _Message | None = None) -> Session:
        if message is not None and message.method and message.id is not None and message.method not in _METHODS:
            raise Refusal(404, METHOD_NOT_FOUND, f"There is no method {named(message.method)!r} here.")
        if not session_id:
            raise Refusal(400, INVALID_REQUEST, "The header Mcp-Session-Id is missing: begin with initialize.")
        if (session := self._sessions.find(self.owner, session_id)) is None:
            raise Refusal(404, INVALID_REQUEST, _NO_SESSION)
        return session

    def _open(self, message: _Message) -> None:
        wanted, info = message.params.get("protocolVersion"), message.params.get("clientInfo")
        if message.id is None or not isinstance(wanted, str) or not isinstance(info, dict):
            raise Refusal(400, INVALID_PARAMS, "initialize needs an id, a protocolVersion and a clientInfo.")
        spoken = wanted if wanted in VERSIONS else VERSIONS[-1]
        agent = named(str(info.get("title") or info.get("name") or ""))[:60] or "another agent"
        session = self._sessions.open(self.owner, agent, spoken)
        if session is None:
            raise Refusal(429, REFUSED, _TOO_MANY)
        self.set_header("Mcp-Session-Id", session.id)
        self._reply(
            {
                "protocolVersion": spoken,
                "capabilities": {"tools": {"listChanged": False}},
                "serverInfo": {"name": "jupyter-frevagpt", "version": version("jupyter-frevagpt")},
                "instructions": _ABOUT,
            }
        )

    async def _call(self, session: Session, message: _Message) -> None:
        name, arguments = message.params.get("name"), message.params.get("arguments") or {}
        meta = message.params.get("_meta")
        token = meta.get("progressToken") if isinstance(meta, dict) else None
        if not isinstance(name, str) or not isinstance(arguments, dict):
            raise Refusal(200, INVALID_PARAMS, "tools/call needs the name of a tool, and arguments as an object.")
        said: asyncio.Queue[str | None] = asyncio.Queue()
        work = self._agents.tools.call(session, name, arguments, said.put_nowait)
        with self.desk.crowd.stream(self.owner):
            try:
                task = session.begin("" if message.id is None else message.id, work)
            except ValueError:
                raise Refusal(400, INVALID_REQUEST, "A request of that id is under way in this session.") from None
            task.add_done_callback(lambda _: said.put_nowait(None))
            events = _Events(self)
            count = 0
            while (text := await events.between(said)) is not None:
                count += 1
                if token is not None:
                    progress = {"progressToken": token, "progress": count, "message": text}
                    await events.send({"method": "notifications/progress", "params": progress})
            await self._end(events, task)

    async def _end(self, events: _Events, task: asyncio.Task[dict[str, Any]]) -> None:
        """Send what came of a call; a call that was cancelled is not answered."""
        if not task.cancelled():
            error = task.exception()
            if error is None:
                await events.send({"id": self._id, "result": task.result()})
            elif isinstance(error, NoSuchTool):
                text = f"There is no tool {named(str(error))!r} here: tools/list tells which there are."
                await events.send({"id": self._id, "error": {"code": INVALID_PARAMS, "message": text}})
            else:
                self.log.error("An agent's call failed", exc_info=error)
                text = "The call failed inside the server; its log says why."
                await events.send({"id": self._id, "error": {"code": INTERNAL_ERROR, "message": text}})
        if not events.gone:
            self.finish(set_content_type="text/event-stream")

    def _reply(self, result: dict[str, Any]) -> None:
        self.finish(msgspec.json.encode({"jsonrpc": "2.0", "id": self._id, "result": result}))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Finish with an error of JSON-RPC."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        self.clear_header("Access-Control-Allow-Origin")
        if isinstance(error, Refusal):
            self._fail(error.status, error.code, str(error))
            return
        super().write_error(status_code, **kwargs)

    def error_body(self, detail: str, code: int = REFUSED) -> str:
        """Return an error of JSON-RPC."""
        return json.dumps({"jsonrpc": "2.0", "id": self._id, "error": {"code": code, "message": detail}})

    def _fail(self, status: int, code: int, text: str) -> None:
        self.set_status(status)
        if status == 405:
            self.set_header("Allow", "POST, DELETE")
        self.finish(self.error_body(text, code))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log what nobody expected."""
        if not isinstance(value, Refusal):
            super().log_exception(typ, value, tb)


_METHODS = frozenset({"initialize", "ping", "tools/list", "tools/call"})


class _Events:
    """A response as server-sent events; when its reader has gone nothing is written any more."""

    def __init__(self, handler: McpHandler) -> None:
        self.gone = False
        self._handler = handler
        handler.set_header("Content-Type", "text/event-stream")
        handler.set_header("Cache-Control", "no-cache, no-transform")
        handler.set_header("X-Accel-Buffering", "no")

    async def between(self, said: asyncio.Queue[str | None]) -> str | None:
        """Return what is said next, None at the end; a sign of life is sent while nothing is."""
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    return await said.get()
            except TimeoutError:
                await self._write(b": still at it\n\n")

    async def send(self, message: dict[str, Any]) -> None:
        """Send a message of JSON-RPC."""
        await self._write(b"event: message\ndata: " + msgspec.json.encode({"jsonrpc": "2.0", **message}) + b"\n\n")

    async def _write(self, data: bytes) -> None:
        if self.gone:
            return
        try:
            self._handler.write(data)
            await self._handler.flush()
        except StreamClosedError:
            self.gone = True


def mcp_route(desk: Desk, agents: Agents) -> tuple[str, type[McpHandler], dict[str, Any]]:
    """Return the route as Tornado takes it."""
    return rf"/api/chatbot/{NAME}/?", McpHandler, {"desk": desk, "agents": agents}
