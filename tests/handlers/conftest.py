"""A real Jupyter server with the extension, its catalogue pointing at the scripted model service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_frevagpt.app import FrevaGPT

from ..reading_rules import PlainClient
from ..scripted import Scripted

TEXT = {"when": {"user": "hello"}, "reply": [{"text": "Good day, 14 °C today.", "chunk": 4}]}
SLOW = {"when": {"user": "slow"}, "reply": [{"text": "one two three four", "chunk": 4, "delay": 0.15}]}
STUCK = {"when": {"user": "stuck"}, "reply": [{"text": "so"}, {"stall": 60}]}


def code_rules(question: str, code: str, answer: str = "Done.") -> list[dict[str, Any]]:
    """Rules that answer a question with one run of code, then a sentence."""
    call = {"call": {"name": "code_interpreter", "arguments": {"code": code}, "fragments": 4}}
    return [
        {"when": {"user": question, "after_tool": False}, "reply": [{"text": "I look. "}, call]},
        {"when": {"user": question, "after_tool": True}, "reply": [{"text": answer, "chunk": 3}]},
    ]


@pytest.fixture
def rules() -> list[dict[str, Any]]:
    """The script; a test module overrides or a test replaces it."""
    return [TEXT, SLOW, STUCK]


@pytest.fixture
def service(scripted: Callable[..., Scripted], rules: list[dict[str, Any]]) -> Scripted:
    return scripted(rules)


@pytest.fixture
def catalogue(tmp_path: Path, service: Scripted) -> Path:
    return service.catalogue(tmp_path / "models.yaml", {"first": {}, "second": {}, "vectors": {"mode": "embedding"}})


@pytest.fixture
def settings() -> dict[str, Any]:
    """Traits of FrevaGPT beside the usual ones; a test parametrises it."""
    return {}


@pytest.fixture
def jp_server_config(catalogue: Path, tmp_path: Path, settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "ServerApp": {"jpserver_extensions": {"jupyter_frevagpt": True}},
        "FrevaGPT": {
            "catalogue": str(catalogue),
            "local_model": False,
            "data_dir": str(tmp_path / "frevagpt"),
            "owner": "alice",
            "approval_policy": "run",
            "title_model": "-",
            **settings,
        },
    }


class Chat:
    """A client of the routes."""

    def __init__(self, url: str, token: str, app: FrevaGPT) -> None:
        self.url = url
        self.app = app
        self.headers = {"Authorization": f"token {token}"}
        self.client = httpx.AsyncClient(timeout=30, trust_env=False)

    async def send(self, method: str, route: str, given: dict[str, Any] | None = None, **kwargs: Any) -> httpx.Response:
        """Send parameters in the query for GET, in the body for POST, with the token unless other headers are given."""
        headers = kwargs.pop("headers", self.headers)
        where = {"params": given} if method == "GET" else {"json": given or {}}
        return await self.client.request(method, f"{self.url}/{route}", headers=headers, **where, **kwargs)

    async def get(self, route: str, **given: Any) -> httpx.Response:
        return await self.send("GET", route, given)

    async def post(self, route: str, **given: Any) -> httpx.Response:
        return await self.send("POST", route, given)

    @asynccontextmanager
    async def reading(self, route: str, **given: Any) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """Open a stream and yield its objects as they come."""
        async with self.client.stream("POST", f"{self.url}/{route}", headers=self.headers, json=given) as response:
            assert response.status_code == 200, (await response.aread()).decode()
            assert response.headers["Content-Type"].startswith("application/x-ndjson")
            yield (json.loads(line) async for line in response.aiter_lines())

    async def stream(self, route: str = "streamresponse", **given: Any) -> list[dict[str, Any]]:
        """Return all objects of a stream, checked by the reading rules of the plain clients unless it is a rich one."""
        client = PlainClient()
        async with self.client.stream("POST", f"{self.url}/{route}", headers=self.headers, json=given) as response:
            assert response.status_code == 200, (await response.aread()).decode()
            raw = b"".join([piece async for piece in response.aiter_raw()])
        lines = [json.loads(line) for line in raw.splitlines()]
        if not given.get("rich") and not given.get("from"):
            client.feed(raw)
            client.check_strings()
            client.conversation()
        return lines


@pytest.fixture
def chat(
    jp_serverapp: Any, jp_fetch: Any, jp_http_port: int, jp_base_url: str, jp_asyncio_loop: asyncio.AbstractEventLoop
) -> Iterator[Chat]:
    app = next(iter(jp_serverapp.extension_manager.extension_apps["jupyter_frevagpt"]))
    url = f"http://127.0.0.1:{jp_http_port}{jp_base_url}api/chatbot"
    chat = Chat(url, jp_serverapp.identity_provider.token, app)
    yield chat
    jp_asyncio_loop.run_until_complete(chat.client.aclose())
    jp_asyncio_loop.run_until_complete(app.stop_extension())


async def kernel_of(chat: Chat) -> str:
    """Start a kernel, as a notebook of the user's does; return its id."""
    return str(await chat.app.serverapp.kernel_manager.start_kernel())


async def say(chat: Chat, service: Scripted, code: str, **given: Any) -> list[dict[str, Any]]:
    """Let the model answer a question with this code."""
    service.set_script(code_rules("now", code))
    return await chat.stream(input="now", rich=True, **given)


def joined(lines: list[dict[str, Any]], variant: str) -> str:
    return "".join(line["content"] for line in lines if line["variant"] == variant)


def hints(lines: list[dict[str, Any]], kind: str) -> list[Any]:
    """Return the values of the hints of one kind."""
    return [line["content"][kind] for line in lines if line["variant"] == "ServerHint" and kind in line["content"]]
