"""How MCP servers are named, and what they get: their own headers, no redirects, no asking back (security 35)."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from jupyter_frevagpt.tools.mcp_servers import servers_of

from ..handlers.conftest import Chat, hints
from .conftest import Outside, tool_rules

WORD = secrets.token_hex(6)


def ways(named: dict[str, Any], environment: dict[str, str]) -> dict[str, dict[str, Any]]:
    servers, troubles = servers_of(named, environment)
    assert troubles == []
    return {server.name: server.way.reveal() for server in servers}


def test_servers_are_named_by_trait_and_environment() -> None:
    environment = {
        "FREVAGPT_AVAILABLE_MCP_SERVERS": "rag, data-base,,web",
        "FREVAGPT_RAG_SERVER_URL": "https://rag.example.org/mcp",
        "FREVAGPT_DATA_BASE_SERVER_URL": " http://127.0.0.1:9/mcp ",
        "FREVAGPT_WEB_SERVER_URL": "https://old.example.org",
        "TOKEN": WORD,
    }
    named = {
        "web": {"url": "https://web.example.org/mcp", "headers": {"Authorization": "Bearer os.environ/TOKEN"}},
        "files": {"command": "serve", "args": ["--here"], "env": {"API_KEY": "os.environ/TOKEN", "LEVEL": "low"}},
    }
    assert ways(named, environment) == {
        "rag": {"url": "https://rag.example.org/mcp", "headers": {}},
        "data-base": {"url": "http://127.0.0.1:9/mcp", "headers": {}},
        "web": {"url": "https://web.example.org/mcp", "headers": {"Authorization": f"Bearer {WORD}"}},
        "files": {"command": "serve", "args": ["--here"], "env": {"API_KEY": WORD, "LEVEL": "low"}},
    }
    assert ways({}, {}) == {}
    assert ways({}, {"FREVAGPT_AVAILABLE_MCP_SERVERS": ""}) == {}
    servers, _ = servers_of(named, environment)
    assert WORD not in repr(servers)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "address"),
        ({"url": "https://a.example", "command": "x"}, "not both"),
        ({"url": "ftp://a.example"}, "http://"),
        ({"url": "http://"}, "http://"),
        ({"url": "http://a.example/\nx"}, "http://"),
        ({"url": f"https://me:{WORD}@a.example"}, "header"),
        ({"url": "https://a.example", "headers": {"Authorization": f"Bearer {WORD}"}}, "os.environ/NAME"),
        ({"url": "https://a.example", "headers": {"X-Api-Key": WORD}}, "os.environ/NAME"),
        ({"url": "https://a.example", "headers": {"X-Api-Key": "os.environ/NOT_SET"}}, "NOT_SET"),
        ({"url": "https://a.example", "headers": {"X": f"{WORD}\r\nY: z"}}, "one line"),
        ({"command": "x", "env": {"MY_TOKEN": WORD}}, "os.environ/NAME"),
        ({"url": "https://a.example", "other": WORD}, "other"),
        ({"url": 3}, "cannot be used"),
        ([WORD], "cannot be used"),
    ],
)
def test_servers_that_cannot_be_used_are_left_out(given: Any, says: str) -> None:
    good = {"url": "https://b.example/mcp"}
    servers, (trouble,) = servers_of({"one": given, "two": good}, {})
    assert [server.name for server in servers] == ["two"]
    assert says in trouble
    assert "'one'" in trouble
    assert WORD not in trouble


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 33, "é"])
def test_names(name: str) -> None:
    servers, troubles = servers_of({name: {"url": "https://b.example/mcp"}}, {})
    assert (len(servers), len(troubles)) == (0, 1)


def test_a_name_without_an_address() -> None:
    _, (trouble,) = servers_of({}, {"FREVAGPT_AVAILABLE_MCP_SERVERS": "rag"})
    assert "'rag'" in trouble


@pytest.fixture
def rules() -> list[dict[str, Any]]:
    return [
        *tool_rules("of headers", ("headers", {})),
        *tool_rules("take long", ("wait", {})),
        {"when": {"user": "hello"}, "reply": [{"text": "Good day."}]},
    ]


def outputs(lines: list[dict[str, Any]]) -> list[str]:
    return [line["content"] for line in lines if line["variant"] == "ToolOutput"]


class TestEnvironment:
    @pytest.fixture
    def settings(self, outside: Callable[..., Outside], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        monkeypatch.setenv("FREVAGPT_AVAILABLE_MCP_SERVERS", "rag")
        monkeypatch.setenv("FREVAGPT_RAG_SERVER_URL", outside().url)
        monkeypatch.setenv("FREVAGPT_MCP_REQUEST_TIMEOUT_SEC", "2")
        return {}

    async def test_servers_of_the_environment_answer(self, chat: Chat) -> None:
        (output,) = outputs(await chat.stream(input="of headers", rich=True))
        headers = json.loads(output)
        assert headers["accept"]
        assert not {"authorization", "cookie", "x-freva-user-token"} & set(headers)
        assert chat.headers["Authorization"].split()[1] not in output
        (output,) = outputs(await chat.stream(input="take long", rich=True))
        assert "did not answer in time" in output


class TestHeaders:
    @pytest.fixture
    def settings(self, outside: Callable[..., Outside], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        monkeypatch.setenv("RAG_TOKEN", f"token-{WORD}")
        headers = {"Authorization": "Bearer os.environ/RAG_TOKEN", "X-Project": "climate"}
        return {"mcp_servers": {"rag": {"url": outside().url, "headers": headers}}}

    async def test_a_server_gets_those_that_are_named_for_it(self, chat: Chat) -> None:
        (output,) = outputs(await chat.stream(input="of headers", rich=True))
        assert json.loads(output)["x-project"] == "climate"
        assert json.loads(output)["authorization"] == "Bearer [redacted]"


class Canary:
    """A server that sends all requests elsewhere, and the place where they must not arrive."""

    def __init__(self) -> None:
        self.asked = 0
        self.reached = 0
        self.port = 0
        self.target = ""

    async def start(self) -> AsyncIterator[None]:
        target = await asyncio.start_server(self._reached, "127.0.0.1", 0)
        here = await asyncio.start_server(self._asked, "127.0.0.1", 0)
        self.target = f"http://127.0.0.1:{target.sockets[0].getsockname()[1]}/mcp"
        self.port = here.sockets[0].getsockname()[1]
        async with target, here:
            yield

    async def _asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        answer = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {self.target}\r\nContent-Length: 0\r\n"
        writer.write(answer.encode() + b"Connection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def _reached(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reached += 1
        writer.close()


class TestRedirects:
    @pytest.fixture
    def canary(self, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Any:
        made = Canary()
        running = made.start()
        jp_asyncio_loop.run_until_complete(anext(running))
        yield made
        jp_asyncio_loop.run_until_complete(anext(running, None))

    @pytest.fixture
    def settings(self, canary: Canary) -> dict[str, Any]:
        return {"mcp_servers": {"rag": {"url": f"http://127.0.0.1:{canary.port}/mcp"}}}

    async def test_are_not_followed(self, chat: Chat, canary: Canary) -> None:
        lines = await chat.stream(input="hello", rich=True)
        (notice,) = hints(lines, "notice")
        assert "sends elsewhere" in notice["text"]
        assert canary.asked >= 1
        assert canary.reached == 0
        assert canary.target not in json.dumps(lines)
