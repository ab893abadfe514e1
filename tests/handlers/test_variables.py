"""Variables over the wire: for the panel by a route, for the model in the request and by a tool."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest

from ..scripted import Scripted
from .conftest import Chat, code_rules, joined

LOOK = {"call": {"name": "inspect_variable", "arguments": {"name": "drawn", "depth": 2}}}


@pytest.fixture
def rules() -> list[dict[str, Any]]:
    return [
        {"when": {"user": "what is drawn", "after_tool": False}, "reply": [{"text": "It is there."}]},
        {"when": {"user": "look at it", "after_tool": False}, "reply": [LOOK]},
        {"when": {"user": "look at it", "after_tool": True}, "reply": [{"text": "Seen."}]},
        *code_rules("make one", "made_here = 2 * 21"),
    ]


async def kernel_with(chat: Chat, code: str) -> str:
    """Start a kernel and run a cell of the user's in it."""
    manager = chat.app.serverapp.kernel_manager
    kernel_id = str(await manager.start_kernel())
    client = manager.get_kernel(kernel_id).client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
        reply = await client.execute(code, reply=True, timeout=60)
        assert reply["content"]["status"] == "ok"
    finally:
        client.stop_channels()
    return kernel_id


def system_messages(service: Scripted, at: int = -1) -> list[str]:
    messages = service.requests()[at]["body"]["messages"]
    return [message["content"] for message in messages if message["role"] == "system"]


async def test_the_route_tells_what_is_there(chat: Chat) -> None:
    number = secrets.randbelow(10**9)
    token = f"abc{secrets.token_hex(8)}"
    kernel_id = await kernel_with(chat, f"drawn = {number}; token = '{token}'")
    response = await chat.post("variables", kernel_id=kernel_id)
    assert response.status_code == 200
    body = response.json()
    assert set(body) == {"variables", "stale", "total", "busy"}
    assert (body["stale"], body["total"], body["busy"]) == (False, 2, False)
    told = {variable["name"]: variable for variable in body["variables"]}
    assert told["drawn"] == {"name": "drawn", "type": "int", "kind": "scalar", "value": number}
    assert told["token"]["masked"] is True
    assert token not in response.text


async def test_who_may_ask_and_for_what(chat: Chat, jp_serverapp: Any) -> None:
    kernel_id = await kernel_with(chat, "drawn = 1")
    assert (await chat.get("variables", kernel_id=kernel_id)).status_code == 405
    assert (await chat.send("POST", "variables", {"kernel_id": kernel_id}, headers={})).status_code == 403
    for given in ({}, {"kernel_id": "no-such"}, {"kernel_id": "00000000-0000-0000-0000-000000000000"}):
        response = await chat.post("variables", **given)
        assert response.status_code == 422
        assert "kernel_id" in response.json()["detail"]
    jp_serverapp.authorizer.is_authorized = lambda *args: False
    response = await chat.post("variables", kernel_id=kernel_id)
    assert response.status_code == 403
    assert "drawn" not in response.text


async def test_the_request_holds_what_the_kernel_holds(chat: Chat, service: Scripted) -> None:
    number = secrets.randbelow(10**9)
    token = f"abc{secrets.token_hex(8)}"
    kernel_id = await kernel_with(chat, f"drawn = {number}; token = '{token}'")
    lines = await chat.stream(input="what is drawn", kernel_id=kernel_id)
    assert joined(lines, "Assistant") == "It is there."
    body = service.requests()[-1]["body"]
    assert f"drawn: int = {number}" in body["messages"][-2]["content"]
    assert [message["role"] for message in body["messages"][-2:]] == ["system", "user"]
    assert {tool["function"]["name"] for tool in body["tools"]} >= {"code_interpreter", "inspect_variable"}
    assert token not in json.dumps(body)
    thread_id = lines[0]["content"]["thread_id"]
    assert str(number) not in (await chat.post("getthread", thread_id=thread_id)).text


async def test_a_thread_without_a_kernel_tells_nothing_until_it_has_one(chat: Chat, service: Scripted) -> None:
    lines = await chat.stream(input="what is drawn")
    assert not list(chat.app.serverapp.kernel_manager.list_kernel_ids())
    assert not [text for text in system_messages(service) if "live kernel" in text and "<" in text]
    thread_id = lines[0]["content"]["thread_id"]
    await chat.stream(input="make one", thread_id=thread_id)
    assert "made_here: int = 42" in service.requests()[-1]["body"]["messages"][-4]["content"]


async def test_the_model_looks_at_a_variable(chat: Chat, service: Scripted) -> None:
    number = secrets.randbelow(10**9)
    kernel_id = await kernel_with(chat, f"drawn = {{'a': [{number}]}}")
    lines = await chat.stream(input="look at it", kernel_id=kernel_id)
    told = json.loads(joined(lines, "ToolOutput"))
    assert told["preview"]["a"]["preview"] == [number]
    assert str(number) in service.requests()[-1]["body"]["messages"][-1]["content"]
    assert joined(lines, "Assistant") == "Seen."


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"name": "drwan"}, "There are: drawn."),
        ({"name": "drawn", "depth": 99}, '"name":"drawn"'),
        ({"name": "drawn", "depth": "2"}, '"name":"drawn"'),
        ({"name": "drawn + 1"}, "use code"),
        ({"name": 5}, "Nothing was looked at"),
        ("nonsense", "Nothing was looked at"),
    ],
)
async def test_what_the_tool_says(chat: Chat, service: Scripted, arguments: Any, says: str) -> None:
    call = {"call": {"name": "inspect_variable", "arguments": arguments}}
    service.set_script(
        [
            {"when": {"after_tool": False}, "reply": [call]},
            {"when": {"after_tool": True}, "reply": [{"text": "Seen."}]},
        ]
    )
    kernel_id = await kernel_with(chat, "drawn = 1")
    assert says in joined(await chat.stream(input="q", kernel_id=kernel_id), "ToolOutput")


@pytest.mark.parametrize("settings", [{"send_variables": False}])
async def test_switched_off_nothing_of_them_leaves(chat: Chat, service: Scripted) -> None:
    number = secrets.randbelow(10**9)
    kernel_id = await kernel_with(chat, f"drawn = {number}")
    await chat.stream(input="what is drawn", kernel_id=kernel_id)
    body = service.requests()[-1]["body"]
    assert str(number) not in json.dumps(body)
    assert "inspect_variable" not in [tool["function"]["name"] for tool in body["tools"]]
    assert (await chat.post("variables", kernel_id=kernel_id)).json()["variables"][0]["value"] == number


@pytest.mark.parametrize("settings", [{"namespace_tokens": 0}])
async def test_without_a_budget_there_is_only_the_tool(chat: Chat, service: Scripted) -> None:
    number = secrets.randbelow(10**9)
    kernel_id = await kernel_with(chat, f"drawn = {number}")
    await chat.stream(input="what is drawn", kernel_id=kernel_id)
    body = service.requests()[-1]["body"]
    assert str(number) not in json.dumps(body)
    assert "inspect_variable" in [tool["function"]["name"] for tool in body["tools"]]
