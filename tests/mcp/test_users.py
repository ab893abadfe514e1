"""The MCP route on a service for many people: whose sessions are whose, and what is not offered there."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from ..identity.conftest import Site, canary, freva, jp_server_config, other, server_settings, service, site, token  # noqa: F401 - fixtures
from ..identity.services import Service
from .raw import ACCEPT, HELLO, LIST, call, error_of, result_of


async def send(site: Site, token: str, body: Any = None, method: str = "POST", **headers: str) -> httpx.Response:  # noqa: F811
    sent = {**ACCEPT, **({"Authorization": f"Bearer {token}"} if token else {})}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return await site.client.request(method, f"{site.root}api/chatbot/mcp", headers=sent, json=body)


async def test_sessions_of_two_users(site: Site, service: Service, token: str) -> None:  # noqa: F811
    service.users["bob-token"] = "bob"
    opened = await send(site, token, HELLO)
    assert opened.status_code == 200, opened.text
    session = opened.headers["Mcp-Session-Id"]
    for method, body in (("POST", LIST), ("GET", None), ("DELETE", None)):
        answer = await send(site, "bob-token", body, method, Mcp_Session_Id=session)
        assert answer.status_code == 404
        error_of(answer)
    tools = result_of(await send(site, token, LIST, Mcp_Session_Id=session))["tools"]
    # Nobody names a kernel there, so nothing is offered that needs one.
    assert not {"code_interpreter", "inspect_variable"} & {tool["name"] for tool in tools}
    answer = await send(site, token, call("code_interpreter", {"kernel_id": "x", "code": "1"}), Mcp_Session_Id=session)
    assert "There is no tool" in answer.text


@pytest.mark.parametrize("bad", ["", "nobodys"])
async def test_without_a_freva_token(site: Site, token: str, bad: str) -> None:  # noqa: F811
    answer = await send(site, bad, HELLO)
    assert answer.status_code == 401
    error_of(answer)
    assert (await send(site, token, HELLO)).status_code == 200


async def test_a_token_of_another_realm_is_another_user(site: Site, token: str, other: Service) -> None:  # noqa: F811
    session = (await send(site, token, HELLO)).headers["Mcp-Session-Id"]
    answer = await send(site, token, LIST, Mcp_Session_Id=session, x_freva_rest_url=other.url)
    assert answer.status_code == 404
