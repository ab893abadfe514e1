"""The MCP route on a hub: neither the token that each kernel has nor a visitor opens it (security 23 and 34)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..hub.conftest import alice, hub, service  # noqa: F401 - fixtures
from ..hub.hub import Hub
from ..hub.singleuser import SingleUser
from ..scripted import Scripted
from .raw import ACCEPT, HELLO, error_of, result_of


def test_the_servers_own_token_is_refused(alice: SingleUser) -> None:  # noqa: F811
    for word in ("token", "Bearer"):
        with alice.client("") as client:
            headers = {**ACCEPT, "Authorization": f"{word} {alice.own_token}"}
            answer = client.post(f"{alice.url}/mcp", json=HELLO, headers=headers)
            assert answer.status_code == 403
            assert "Code in the kernels can read this token" in error_of(answer)
    with alice.client(alice.token) as client:
        result: Any = result_of(client.post(f"{alice.url}/mcp", json=HELLO, headers=ACCEPT))
        assert result["serverInfo"]["name"] == "jupyter-frevagpt"


@pytest.mark.parametrize(("name", "kind"), [("bob", "user"), ("alice", "service")])
def test_visitors_are_refused(alice: SingleUser, name: str, kind: str) -> None:  # noqa: F811
    with alice.client(alice.hub.token(name, kind)) as visitor:
        assert visitor.get(f"{alice.root}/api/kernels").status_code == 200  # the hub lets them in
        answer = visitor.post(f"{alice.url}/mcp", json=HELLO, headers=ACCEPT)
        assert answer.status_code == 403
        assert "somebody else" in error_of(answer)


def test_a_cookie_is_refused(alice: SingleUser) -> None:  # noqa: F811
    with alice.browser() as browser:
        xsrf = {"X-XSRFToken": browser.cookies["_xsrf"]}
        assert browser.get(f"{alice.url}/getuserthreads").status_code == 200
        answer = browser.post(f"{alice.url}/mcp", json=HELLO, headers={**ACCEPT, **xsrf})
        assert answer.status_code == 403
        error_of(answer)


def test_visitors_with_threads_of_their_own_are_refused_too(
    hub: Hub,  # noqa: F811
    service: Scripted,  # noqa: F811
    tmp_path: Path,
) -> None:
    server = SingleUser(tmp_path / "lax", hub, service.base, "FrevaGPT.visitors=own-threads")
    try:
        with server.client(hub.token("bob", "user")) as visitor:
            assert visitor.get(f"{server.url}/getuserthreads").status_code == 200
            answer = visitor.post(f"{server.url}/mcp", json=HELLO, headers=ACCEPT)
            assert answer.status_code == 403
            assert "not for you" in error_of(answer)
        with server.client(server.token) as own:
            assert result_of(own.post(f"{server.url}/mcp", json=HELLO, headers=ACCEPT))["serverInfo"]
    finally:
        server.close()
