"""The assistant's tools for other agents, a real MCP client asking (security 32 to 34)."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp_types import Implementation

from ..handlers.conftest import Chat, code_rules
from ..scripted import Scripted

WORD = secrets.token_hex(6)
PAGE = {"X-XSRFToken": "from-a-page"}


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"approval_policy": "ask-when-risky"}


async def kernel_of(chat: Chat) -> str:
    return str(await chat.app.serverapp.kernel_manager.start_kernel())


@asynccontextmanager
async def agent(chat: Chat, **headers: str) -> AsyncIterator[Client]:
    async with (
        httpx2.AsyncClient(headers={**chat.headers, **headers}, timeout=60, trust_env=False) as http,
        Client(
            streamable_http_client(f"{chat.url}/mcp", http_client=http),
            client_info=Implementation(name="an-agent", version="1"),
        ) as client,
    ):
        yield client


def text_of(result: Any) -> str:
    return "\n".join(block.text for block in result.content if block.type == "text")


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / f"victim-{WORD}"
    path.write_text("here")
    return path


def danger(victim: Path) -> str:
    return f"import os\nos.remove({str(victim)!r})\nprint('{WORD[:6]}' + '{WORD[6:]}')"


async def page_opens(chat: Chat) -> None:
    """Be a page of the user's that asks for something."""
    response = await chat.send("POST", "settings", headers={**chat.headers, **PAGE})
    assert response.status_code == 200


async def waiting_for_leave(chat: Chat) -> tuple[str, dict[str, Any]]:
    """Return the thread and the question of the one turn that waits, as the panel finds them."""
    async with asyncio.timeout(30):
        while True:
            threads, _ = (await chat.post("getuserthreads")).json()
            if running := [thread for thread in threads if thread["running"]]:
                break
            await asyncio.sleep(0.05)
        thread = running[0]["thread_id"]
        async with chat.reading("follow", thread_id=thread, rich=True, client="page") as lines:
            async for line in lines:
                content = line["content"]
                if line["variant"] == "ServerHint" and "code" in content.get("approval", {}):
                    return thread, content["approval"]
    raise AssertionError("nothing asks")


async def test_an_agent_lists_tools_and_runs_code(chat: Chat) -> None:
    kernel = await kernel_of(chat)
    async with agent(chat) as client:
        assert client.protocol_version == "2025-11-25"
        assert client.server_info is not None
        assert client.server_info.name == "jupyter-frevagpt"
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert {"code_interpreter", "inspect_variable"} <= set(tools)
        assert set(tools) <= {"code_interpreter", "inspect_variable", "get_context_from_resources"}
        assert tools["code_interpreter"].input_schema["required"] == ["kernel_id", "code"]
        assert tools["inspect_variable"].input_schema["required"] == ["kernel_id", "name"]
        code = f"word = '{WORD[:5]}' + '{WORD[5:]}'\nprint(word)"
        result = await client.call_tool("code_interpreter", {"kernel_id": kernel, "code": code})
        assert (text_of(result), result.is_error) == (WORD + "\n", False)
        result = await client.call_tool("inspect_variable", {"kernel_id": kernel, "name": "word"})
        assert WORD in text_of(result)
        result = await client.call_tool("code_interpreter", {"kernel_id": kernel, "code": "1 / 0"})
        assert "ZeroDivisionError" in text_of(result)
        assert result.is_error


async def test_the_documents_are_offered(chat: Chat) -> None:
    async with agent(chat) as client:
        (tool,) = [tool for tool in (await client.list_tools()).tools if tool.name == "get_context_from_resources"]
        assert "kernel_id" not in tool.input_schema["properties"]
        result = await client.call_tool(tool.name, {"question": "How are grid cells weighted by area?"})
    assert not result.is_error
    assert "weight" in text_of(result)


async def test_figures_come_as_images(chat: Chat) -> None:
    kernel = await kernel_of(chat)
    code = "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    async with agent(chat) as client:
        result = await client.call_tool("code_interpreter", {"kernel_id": kernel, "code": code})
    images = [block for block in result.content if block.type == "image"]
    assert [image.mime_type for image in images] == ["image/png"], text_of(result)


async def test_what_it_ran_stands_in_a_chat(chat: Chat) -> None:
    kernel = await kernel_of(chat)
    async with agent(chat) as client:
        await client.call_tool("code_interpreter", {"kernel_id": kernel, "code": f"print('{WORD}')"})
        await client.call_tool("code_interpreter", {"kernel_id": kernel, "code": "print('again')"})
    (thread,), count = (await chat.post("getuserthreads")).json()
    assert count == 1
    assert "an-agent" in thread["topic"]
    items = (await chat.post("getthread", thread_id=thread["thread_id"])).json()
    assert [item["content"] for item in items if item["variant"] == "CodeOutput"] == [f"{WORD}\n", "again\n"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"code": "1"}, "kernel_id"),
        ({"kernel_id": "", "code": "1"}, "kernel_id"),
        ({"kernel_id": "00000000-0000-0000-0000-000000000000", "code": "1"}, "kernel"),
        ({"kernel_id": "KERNEL"}, "code"),
        ({"kernel_id": "KERNEL", "code": "  "}, "code"),
        ({"kernel_id": "KERNEL", "code": 3}, "code"),
    ],
)
async def test_the_kernel_is_named_by_who_asks(chat: Chat, arguments: dict[str, Any], says: str) -> None:
    kernel = await kernel_of(chat)
    arguments = {name: kernel if value == "KERNEL" else value for name, value in arguments.items()}
    async with agent(chat) as client:
        result = await client.call_tool("code_interpreter", arguments)
        assert result.is_error
        assert says in text_of(result)
        control = await client.call_tool("code_interpreter", {"kernel_id": kernel, "code": "1 + 1"})
        assert text_of(control).strip() == "2"
        with pytest.raises(MCPError, match="no tool 'read_notebook'"):
            await client.call_tool("read_notebook", {})


async def test_progress_and_cancellation(chat: Chat) -> None:
    kernel = await kernel_of(chat)
    seen: list[str] = []
    begun = asyncio.Event()

    async def progress(progress: float, total: float | None, message: str | None) -> None:
        seen.append(message or "")
        if WORD in "".join(seen):
            begun.set()

    code = f"import time\nprint('{WORD}', flush=True)\ntime.sleep(60)"
    async with agent(chat) as client:
        call = asyncio.create_task(
            client.call_tool("code_interpreter", {"kernel_id": kernel, "code": code}, progress_callback=progress)
        )
        async with asyncio.timeout(30):
            await begun.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        began = time.monotonic()
        result = await client.call_tool("code_interpreter", {"kernel_id": kernel, "code": "print('free')"})
        assert text_of(result) == "free\n"
        assert time.monotonic() - began < 20
    assert "Runs." in seen


async def test_risky_code_without_a_page_is_refused(chat: Chat, victim: Path) -> None:
    kernel = await kernel_of(chat)
    async with agent(chat) as client:
        result = await client.call_tool("code_interpreter", {"kernel_id": kernel, "code": danger(victim)})
    assert result.is_error
    assert "needs the user's leave" in text_of(result)
    assert victim.exists()


@pytest.mark.parametrize("decision", ["once", "deny"])
async def test_risky_code_waits_for_the_user_in_the_panel(chat: Chat, victim: Path, decision: str) -> None:
    kernel = await kernel_of(chat)
    await page_opens(chat)
    async with agent(chat) as client:
        call = asyncio.create_task(client.call_tool("code_interpreter", {"kernel_id": kernel, "code": danger(victim)}))
        thread, asked = await waiting_for_leave(chat)
        assert asked["code"] == danger(victim)
        assert "an-agent" in asked["source"]
        assert not asked["standing"]
        assert victim.exists()
        assert not call.done()
        answer = {"thread_id": thread, "id": asked["id"], "decision": decision, "reason": "not mine"}
        assert (await chat.post("approve", **answer)).status_code == 200
        result = await call
    assert victim.exists() == (decision == "deny")
    assert (WORD if decision == "once" else "not mine") in text_of(result)
    assert result.is_error == (decision == "deny")


async def test_it_never_has_what_was_allowed_in_a_chat(chat: Chat, service: Scripted, victim: Path) -> None:
    """An approval of a chat's counts for the chat, and for nobody else."""
    kernel = await kernel_of(chat)
    code = f"open({str(victim)!r}, 'w').write('changed')"
    service.set_script(code_rules("write", code))
    thread = secrets.token_hex(16)
    for count in (1, 0):
        asked = 0
        given = {"input": "write", "kernel_id": kernel, "thread_id": thread, "approval": True}
        async with chat.reading("streamresponse", rich=True, **given) as lines:
            async for line in lines:
                content = line["content"]
                if line["variant"] == "ServerHint" and "code" in content.get("approval", {}):
                    asked += 1
                    answer = {"thread_id": thread, "id": content["approval"]["id"], "decision": "thread"}
                    assert (await chat.post("approve", **answer)).status_code == 200
        assert asked == count
    victim.write_text("here")
    async with agent(chat) as client:
        result = await client.call_tool("code_interpreter", {"kernel_id": kernel, "code": code})
    assert "needs the user's leave" in text_of(result)
    assert victim.read_text() == "here"


async def test_stop_in_the_panel_and_cancel_by_the_agent_end_what_waits(chat: Chat, victim: Path) -> None:
    kernel = await kernel_of(chat)
    await page_opens(chat)
    arguments = {"kernel_id": kernel, "code": danger(victim)}
    async with agent(chat) as client:
        call = asyncio.create_task(client.call_tool("code_interpreter", arguments))
        thread, _ = await waiting_for_leave(chat)
        assert (await chat.post("stop", thread_id=thread)).status_code == 200
        assert "Stopped" in text_of(await call)
        call = asyncio.create_task(client.call_tool("code_interpreter", arguments))
        thread, asked = await waiting_for_leave(chat)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await until_still(chat)
        answer = {"thread_id": thread, "id": asked["id"], "decision": "once"}
        assert (await chat.post("approve", **answer)).status_code == 404
    assert victim.exists()


async def until_still(chat: Chat) -> None:
    async with asyncio.timeout(20):
        while chat.app._conversations.any_running:
            await asyncio.sleep(0.02)


class TestPolicies:
    """``run`` needs both settings; the stricter one counts."""

    @pytest.fixture(params=[("run", "run"), ("run", "ask-when-risky"), ("ask-when-risky", "run")])
    def settings(self, request: pytest.FixtureRequest) -> dict[str, Any]:
        site, agents = request.param
        return {"approval_policy": site, "mcp_server_policy": agents}

    async def test_both_must_let_it_run(self, chat: Chat, victim: Path, settings: dict[str, Any]) -> None:
        kernel = await kernel_of(chat)
        async with agent(chat) as client:
            result = await client.call_tool("code_interpreter", {"kernel_id": kernel, "code": danger(victim)})
        runs = set(settings.values()) == {"run"}
        assert result.is_error == (not runs)
        assert victim.exists() == (not runs)


class TestDemandedHeaders:
    """A header that the site demands is there, or the request is refused; a tool finds it."""

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"mcp_server_headers": ["X-Project"]}

    async def test_it_is_demanded_and_handed_on(self, chat: Chat) -> None:
        with pytest.raises(BaseException) as refused:
            async with agent(chat):
                raise AssertionError("let in")
        assert "X-Project is missing" in str(_first(refused.value))
        async with agent(chat, **{"X-Project": WORD}) as client:
            assert (await client.list_tools()).tools


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
