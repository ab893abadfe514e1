"""Looking data up in a turn: who gets what of it, what stays with the thread, and what it costs in leave."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from ..handlers.conftest import Chat, catalogue, chat, hints, joined, jp_server_config, service
from ..scripted import Scripted
from .databrowser import Databrowser

__all__ = ["catalogue", "chat", "jp_server_config", "service"]

RISKY = "import os\nprint(os.environ.get('NOTHING'), 'ran')"


@pytest.fixture
def settings(databrowser: Databrowser) -> dict[str, Any]:
    return {"freva_host": databrowser.host, "approval_policy": "ask-when-risky"}


@pytest.fixture
def rules() -> list[dict[str, Any]]:
    search = {"call": {"name": "find_datasets", "arguments": {"facets": {"variable": "pr"}}}}
    code = {"call": {"name": "code_interpreter", "arguments": {"code": RISKY}}}
    return [
        {"when": {"user": "find", "after_tool": False}, "reply": [{"text": "I look. "}, search]},
        {"when": {"user": "find and run", "tool": "/data/pr_historical.nc"}, "reply": [code]},
        {"when": {"user": "run", "after_tool": False}, "reply": [code]},
        {"reply": [{"text": "Done."}]},
    ]


async def test_rich_readers_get_a_table_plain_ones_text_and_strict_ones_nothing(chat: Chat, service: Scripted) -> None:
    lines = await chat.stream(input="find it", rich=True)
    [output] = [line for line in lines if line["variant"] == "ToolOutput"]
    assert output["data"]["datasets"]["files"] == ["/data/pr_historical.nc"]
    assert output["source"] == "the catalogue of the Freva server"
    told = service.requests()[-1]["body"]["messages"][-1]["content"]
    assert told.startswith("[From outside: the catalogue of the Freva server. What stands between")
    assert told.split("\n")[2:-1] == output["content"].split("\n")
    thread_id = hints(lines, "thread_id")[0]
    rich, plain, strict = [
        (await chat.post("getthread", thread_id=thread_id, **given)).json()
        for given in ({"rich": True}, {}, {"strict": True})
    ]
    assert [item["data"] for item in rich if item["variant"] == "ToolOutput"] == [output["data"]]
    [shown] = [item for item in plain if item["variant"] == "ToolOutput"]
    assert set(shown) == {"variant", "content", "tool_name", "id"}
    assert shown["content"] == output["content"]
    assert not [item for item in strict if item["variant"].startswith("Tool")]
    streamed = await chat.stream(input="find it")
    assert joined(streamed, "ToolOutput") == output["content"]
    assert not any("data" in line or "source" in line for line in streamed)


async def test_an_imported_chat_has_no_table_of_strangers_and_is_text_from_outside(chat: Chat) -> None:
    item = {
        "variant": "ToolOutput", "content": "text", "tool_name": "find_datasets", "id": "c",
        "data": {"datasets": {"total": 1, "files": ["/x"]}}, "source": "the\nsite [itself]",
    }  # fmt: skip
    call = {"variant": "ToolCall", "content": "{}", "tool_name": "find_datasets", "id": "c"}
    question = {"variant": "User", "content": "q"}
    made = (await chat.post("importthread", topic="t", content=[question, call, item])).json()
    thread = (await chat.post("getthread", thread_id=made["thread_id"], rich=True)).json()
    [shown] = [one for one in thread if one["variant"] == "ToolOutput"]
    assert "data" not in shown
    assert shown["source"] == "the site (itself)"


async def test_what_the_site_vouches_for_leaves_the_policy_run_alone(chat: Chat) -> None:
    lines = await chat.stream(input="find and run", rich=True, approval=True)
    assert "ran" in joined(lines, "CodeOutput")
    assert not hints(lines, "approval")


async def test_stop_ends_a_search_within_a_second(chat: Chat, databrowser: Databrowser) -> None:
    await chat.stream(input="find it")  # the helper is there
    databrowser.hang = True
    async with chat.reading("streamresponse", input="find it") as lines:
        thread_id = (await anext(lines))["content"]["thread_id"]
        assert await asyncio.to_thread(databrowser.hanging.wait, 20)
        began = time.monotonic()
        assert (await chat.post("stop", thread_id=thread_id)).status_code == 200
        assert [line async for line in lines][-1] == {"variant": "StreamEnd", "content": "Stopped."}
    assert time.monotonic() - began < 1
    assert await asyncio.to_thread(databrowser.left.wait, 5)


@pytest.mark.parametrize("settings", [{}])
async def test_without_a_host_there_is_no_such_tool(chat: Chat, service: Scripted) -> None:
    await chat.stream(input="hello")
    names = [tool["function"]["name"] for tool in service.requests()[-1]["body"]["tools"]]
    assert "code_interpreter" in names
    assert "find_datasets" not in names
