"""Who may come to the MCP route, with what, and whose sessions are whose (security 32 and 33)."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Any

import httpx
import pytest

from jupyter_frevagpt.domain.asking import ASKED_WITH
from jupyter_frevagpt.domain.values import ToolSpec
from jupyter_frevagpt.domain.variants import ToolOutput
from jupyter_frevagpt.handlers import mcp, mcp_gate
from jupyter_frevagpt.handlers.routes import ROUTES

from ..handlers.conftest import Chat
from .raw import ACCEPT, HELLO, LIST, call, error_of, result_of


class Raw:
    """A client that sends what it is told to."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.session = ""

    async def send(
        self,
        body: Any = None,
        method: str = "POST",
        headers: dict[str, str] | None = None,
        query: str = "",
        **more: str,
    ) -> httpx.Response:
        sent = {**(self.chat.headers if headers is None else headers), **ACCEPT}
        if self.session:
            sent["Mcp-Session-Id"] = self.session
        sent |= {name.replace("_", "-"): value for name, value in more.items()}
        sent = {name: value for name, value in sent.items() if value}
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        return await self.chat.client.request(method, f"{self.chat.url}/mcp{query}", headers=sent, content=content)

    async def open(self) -> str:
        answer = await self.send(HELLO)
        assert answer.status_code == 200, answer.text
        self.session = answer.headers["Mcp-Session-Id"]
        assert (await self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})).status_code == 202
        return self.session


@pytest.fixture
def raw(chat: Chat) -> Raw:
    return Raw(chat)


async def kernel_of(chat: Chat) -> str:
    return str(await chat.app.serverapp.kernel_manager.start_kernel())


def test_the_tables_of_routes_leave_nothing_else_out(chat: Chat) -> None:
    """What the tests of all routes go through, and this one, is all that the extension serves."""
    served = {str(route[0]).rstrip("/?").rpartition("/")[2].replace("\\", "") for route in chat.app.handlers}
    assert {name for name in served if name.isascii()} >= {"mcp", *ROUTES}
    assert {route[1] for route in chat.app.handlers if "/api/chatbot/" in str(route[0])} == {
        mcp.McpHandler, *ROUTES.values(),
    }  # fmt: skip


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
async def test_without_login(raw: Raw, method: str) -> None:
    body = HELLO if method == "POST" else None
    for headers in ({}, {"Authorization": "token wrong"}, {"Authorization": "Basic YTpi"}):
        answer = await raw.send(body, method, headers=headers)
        assert answer.status_code == 403
        error_of(answer)
    assert (await raw.send(HELLO)).status_code == 200


async def test_the_token_comes_in_a_header(raw: Raw) -> None:
    """A cookie and an address prove nothing, with whatever beside them."""
    token = raw.chat.headers["Authorization"].split()[1]
    answer = await raw.send(HELLO, headers={}, query=f"?token={token}")
    assert answer.status_code == 403
    assert "header" in error_of(answer)
    answer = await raw.send(HELLO, query=f"?token={token}")
    assert answer.status_code == 403
    login = await raw.chat.client.get(f"{raw.chat.url}/getuserthreads?token={token}")
    assert login.status_code == 200
    cookies = "; ".join(f"{name}={value}" for name, value in raw.chat.client.cookies.items())
    assert "username" in cookies
    xsrf = secrets.token_hex(16)
    for more in ({"X_XSRFToken": xsrf}, {"Origin": raw.chat.url.split("/a%40b")[0]}, {}):
        answer = await raw.send(HELLO, headers={}, Cookie=f"{cookies}; _xsrf={xsrf}", **more)
        assert answer.status_code == 403
        error_of(answer)
    raw.chat.client.cookies.clear()
    assert (await raw.send(HELLO)).status_code == 200


async def test_pages_of_other_sites(raw: Raw) -> None:
    own = raw.chat.url.split("/", 3)[2]
    answers = {
        origin: (await raw.send(HELLO, Origin=origin)).status_code
        for origin in ("http://evil.example", "null", f"http://{own}.evil.example", f"http://{own}", f"https://{own}")
    }
    assert list(answers.values()) == [403, 403, 403, 200, 200]
    answer = await raw.send(HELLO, Origin="http://evil.example")
    assert "another site" in error_of(answer)
    answer = await raw.send(HELLO, Host="evil.example")
    assert answer.status_code == 403
    answer = await raw.send(HELLO, Origin=f"http://{own}")
    assert "Access-Control-Allow-Origin" not in answer.headers
    answer = await raw.send(None, "OPTIONS", Origin="http://evil.example", Access_Control_Request_Method="POST")
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


async def test_a_session_is_its_owners(raw: Raw) -> None:
    app = raw.chat.app
    session = await raw.open()
    app.owner = "bob"
    for method, body in (("POST", LIST), ("POST", call("code_interpreter", {})), ("GET", None), ("DELETE", None)):
        foreign = await raw.send(body, method)
        raw.session = secrets.token_urlsafe(32)
        unknown = await raw.send(body, method)
        raw.session = session
        assert (foreign.status_code, unknown.status_code) == (404, 404)
        assert foreign.content == unknown.content
        error_of(foreign)
    app.owner = "alice"
    assert result_of(await raw.send(LIST))["tools"]
    assert (await raw.send(None, "GET")).status_code == 405
    assert (await raw.send(None, "DELETE")).status_code == 204
    for method, body in (("POST", LIST), ("DELETE", None)):
        assert (await raw.send(body, method)).status_code == 404


async def test_nobody_cancels_anothers_call(raw: Raw, chat: Chat) -> None:
    kernel = await kernel_of(chat)
    code = "import time\ntime.sleep(1)\nprint('done')"
    other = Raw(chat)
    await raw.open()
    await other.open()
    running = asyncio.create_task(raw.send(call("code_interpreter", {"kernel_id": kernel, "code": code})))
    async with asyncio.timeout(20):
        while not chat.app._conversations.any_running:
            await asyncio.sleep(0.01)
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 3}}
    assert (await other.send(cancel)).status_code == 202
    assert result_of(await running)["content"][0]["text"] == "done\n"


async def test_delete_stops_what_runs(raw: Raw, chat: Chat) -> None:
    kernel = await kernel_of(chat)
    await raw.open()
    code = "import time\ntime.sleep(60)"
    running = asyncio.create_task(raw.send(call("code_interpreter", {"kernel_id": kernel, "code": code})))
    async with asyncio.timeout(20):
        while not chat.app._conversations.any_running:
            await asyncio.sleep(0.01)
    assert (await raw.send(None, "DELETE")).status_code == 204
    assert "result" not in (await running).text
    assert not chat.app._conversations.any_running


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"{", 400, "not JSON"),
        (b"\xff", 400, "not JSON"),
        (b"[" * 100_000, 400, "not JSON"),
        ([LIST], 400, "JSON-RPC"),
        ({"id": 2, "method": "ping"}, 400, "JSON-RPC"),
        ({"jsonrpc": "1.0", "id": 2, "method": "ping"}, 400, "JSON-RPC"),
        ({"jsonrpc": "2.0", "id": {}, "method": "ping"}, 400, "JSON-RPC"),
        ({"jsonrpc": "2.0", "id": 2, "method": "resources/list"}, 404, "resources/list"),
        ({"jsonrpc": "2.0", "id": 2, "method": "<script>"}, 404, "script"),
        ({"jsonrpc": "2.0", "id": 2, "method": "initialize"}, 400, "protocolVersion"),
        ({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {}}, 200, "name"),
        (call("nothing", {}), 200, "tools/list"),
    ],
)
async def test_messages_that_cannot_be_taken(raw: Raw, body: Any, status: int, says: str) -> None:
    await raw.open()
    answer = await raw.send(body)
    assert answer.status_code == status
    if answer.headers["Content-Type"].startswith("text/event-stream"):
        (line,) = [line for line in answer.text.splitlines() if line.startswith("data: ")]
        assert says in json.loads(line[6:])["error"]["message"]
    else:
        assert says in error_of(answer)
        assert "<" not in error_of(answer)
    assert result_of(await raw.send({"jsonrpc": "2.0", "id": 9, "method": "ping"})) == {}


async def test_headers_are_demanded(raw: Raw, chat: Chat) -> None:
    assert "Mcp-Session-Id" in error_of(await raw.send(LIST))
    await raw.open()
    for more, status, says in (
        ({"Content_Type": "text/plain"}, 415, "Content-Type"),
        ({"Accept": "application/json"}, 406, "Accept"),
        ({"Accept": "text/event-stream"}, 406, "Accept"),
        ({"MCP_Protocol_Version": "2030-01-01"}, 400, "MCP-Protocol-Version"),
        ({"Mcp_Session_Id": "x" * 5000}, 400, "Mcp-Session-Id"),
    ):
        answer = await raw.send(LIST, **more)
        assert answer.status_code == status
        assert says in error_of(answer)
    for more in ({"Accept": "*/*"}, {"MCP_Protocol_Version": "2025-06-18"}):
        assert (await raw.send(LIST, **more)).status_code == 200
    twice = httpx.Headers([*chat.headers.items(), *ACCEPT.items(), ("Mcp-Session-Id", "a"), ("Mcp-Session-Id", "b")])
    answer = await chat.client.post(f"{chat.url}/mcp", headers=twice, json=LIST)
    assert answer.status_code == 400
    assert "more than once" in error_of(answer)


async def test_a_body_is_bounded(raw: Raw) -> None:
    await raw.open()
    ping = {"jsonrpc": "2.0", "id": 9, "method": "ping", "params": {"x": "x" * (mcp_gate.LONGEST_BODY // 2)}}
    assert (await raw.send(ping)).status_code == 200
    ping["params"] = {"x": "x" * mcp_gate.LONGEST_BODY}
    answer = await raw.send(ping)
    assert answer.status_code == 413
    assert "2 MB" in error_of(answer)


async def test_an_id_is_used_once_at_a_time(raw: Raw, chat: Chat) -> None:
    kernel = await kernel_of(chat)
    await raw.open()
    asked = call("code_interpreter", {"kernel_id": kernel, "code": "import time\ntime.sleep(1)\nprint('done')"})
    running = asyncio.create_task(raw.send(asked))
    async with asyncio.timeout(20):
        while not chat.app._conversations.any_running:
            await asyncio.sleep(0.01)
    answer = await raw.send(asked)
    assert answer.status_code == 400
    assert "under way" in error_of(answer)
    assert result_of(await running)["content"][0]["text"] == "done\n"


async def test_a_silent_call_shows_signs_of_life(raw: Raw, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp, "HEARTBEAT_SECONDS", 0.2)
    kernel = await kernel_of(chat)
    await raw.open()
    answer = await raw.send(call("code_interpreter", {"kernel_id": kernel, "code": "import time\ntime.sleep(1)"}))
    assert answer.text.count("\n\n: ") + answer.text.startswith(": ") >= 1
    assert result_of(answer)["isError"] is False


class TestBounds:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"mcp_server_sessions": 2, "mcp_server_idle_seconds": 1}

    async def test_sessions_are_counted_and_end_when_idle(self, raw: Raw, chat: Chat) -> None:
        first = await raw.open()
        raw.session = ""
        await raw.open()
        raw.session = ""
        answer = await raw.send(HELLO)
        assert answer.status_code == 429
        assert "DELETE" in error_of(answer)
        chat.app.owner = "bob"
        assert (await raw.send(HELLO)).status_code == 200  # others are not held up
        chat.app.owner = "alice"
        sessions = chat.app._sessions
        for session in sessions._open.values():
            session.used -= 2
        assert (await raw.send(HELLO)).status_code == 200
        raw.session = first
        assert (await raw.send(LIST)).status_code == 404

    async def test_one_that_runs_something_is_not_idle(self, raw: Raw, chat: Chat) -> None:
        kernel = await kernel_of(chat)
        session = await raw.open()
        code = "import time\ntime.sleep(1)\nprint('done')"
        running = asyncio.create_task(raw.send(call("code_interpreter", {"kernel_id": kernel, "code": code})))
        async with asyncio.timeout(20):
            while not chat.app._conversations.any_running:
                await asyncio.sleep(0.01)
        chat.app._sessions._open[session].used -= 100
        assert (await raw.send(LIST)).status_code == 200
        assert result_of(await running)["content"][0]["text"] == "done\n"


class TestSwitchedOff:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"mcp_server": False}

    async def test_there_is_no_route(self, raw: Raw) -> None:
        assert (await raw.send(HELLO)).status_code == 404


async def test_a_server_that_loses_its_logins(raw: Raw) -> None:
    await raw.open()
    raw.chat.app.serverapp.identity_provider.token = ""
    for body, method in ((HELLO, "POST"), (LIST, "POST"), (None, "GET"), (None, "DELETE")):
        assert (await raw.send(body, method)).status_code == 404


class TestWithoutLogins:
    """A server that everybody may use has no such route."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config: dict[str, Any]) -> dict[str, Any]:
        jp_server_config["ServerApp"]["token"] = ""
        return jp_server_config

    async def test_there_is_no_route(self, raw: Raw) -> None:
        assert not raw.chat.app.serverapp.identity_provider.auth_enabled
        assert (await raw.chat.send("GET", "availablechatbots", headers={})).status_code == 200
        assert (await raw.send(None, "GET", headers={"X": "y"})).status_code == 404
        assert not [route for route, *_ in raw.chat.app.handlers if "mcp" in str(route)]


class Probe:
    """A tool that tells with which headers it was asked."""

    spec = ToolSpec("get_context_from_resources", "", {"type": "object", "properties": {}})

    async def run(self, request: Any, context: Any) -> Any:
        yield ToolOutput(json.dumps(dict(ASKED_WITH.get())), self.spec.name, request.id)


class TestDemandedHeaders:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"mcp_server_headers": ["X-Project"]}

    async def test_they_reach_the_tools(self, raw: Raw, chat: Chat) -> None:
        (agents,) = [route[2]["agents"] for route in chat.app.handlers if len(route) > 2 and "agents" in route[2]]
        agents.tools._tools["get_context_from_resources"] = Probe()
        for project in ("", "x\ty", "x" * 5000):
            answer = await raw.send(HELLO, X_Project=project)
            assert answer.status_code == 400
            assert "X-Project" in error_of(answer)
        values = [secrets.token_hex(4) for _ in range(2)]
        told = []
        answer = await raw.send(HELLO, X_Project=values[0])
        raw.session = answer.headers["Mcp-Session-Id"]
        for value in values:
            answer = await raw.send(call("get_context_from_resources", {}), X_Project=value, X_Other="no")
            told.append(json.loads(result_of(answer)["content"][0]["text"]))
        assert told == [{"x-project": value} for value in values]
        assert dict(ASKED_WITH.get()) == {}
