"""A Freva token opens the assistant and nothing else of the Jupyter server; its owner's token would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .conftest import Site, detail
from .services import Service

WEBSOCKET = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
ASSISTANT = ("availablechatbots", "getuserthreads", "newthread", "settings")


async def requests(site: Site, root: Path) -> list[tuple[str, str, dict[str, Any], dict[str, str]]]:
    """Everything that the server can do for its owner: method, path, body, headers."""
    kernel = str(await site.serverapp.kernel_manager.start_kernel())
    (root / "x").write_text("mine")
    return [
        ("GET", "api/kernels", {}, {}),
        ("POST", "api/kernels", {"name": "python3"}, {}),
        ("GET", f"api/kernels/{kernel}", {}, {}),
        ("POST", f"api/kernels/{kernel}/interrupt", {}, {}),
        ("GET", f"api/kernels/{kernel}/channels", {}, WEBSOCKET),
        ("GET", "api/kernelspecs", {}, {}),
        ("GET", "api/sessions", {}, {}),
        ("GET", "api/contents", {}, {}),
        ("GET", "api/contents/x", {}, {}),
        ("PUT", "api/contents/y", {"type": "file", "format": "text", "content": "z"}, {}),
        ("GET", "files/x", {}, {}),
        ("GET", "api/config/x", {}, {}),
        ("GET", "api/me", {}, {}),
        ("GET", "metrics", {}, {}),
        ("GET", "api/events/subscribe", {}, WEBSOCKET),
        ("DELETE", "api/contents/x", {}, {}),
        ("POST", "api/shutdown", {}, {}),
    ]


TERMINALS = [
    ("GET", "api/terminals", {}, {}),
    ("POST", "api/terminals", {}, {}),
    ("GET", "terminals/websocket/1", {}, WEBSOCKET),
]


async def status(site: Site, token: str, method: str, path: str, given: dict[str, Any], headers: dict[str, str]) -> int:
    """Send it and read no more than the status: a websocket that opens has no end."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent["Authorization"] = f"Bearer {token}"
    async with site.client.stream(method, f"{site.root}{path}", headers=sent, json=given or None) as response:
        return response.status_code


async def test_a_freva_token_opens_the_assistant_alone(site: Site, token: str, jp_root_dir: Path) -> None:
    for request in [*await requests(site, jp_root_dir), *TERMINALS, ("GET", "login", {}, {})]:
        assert await status(site, token, *request) == 403, request
    assert (jp_root_dir / "x").read_text() == "mine"
    assert not (jp_root_dir / "y").exists()
    assert len(site.serverapp.kernel_manager.list_kernel_ids()) == 1
    for route in ASSISTANT:
        assert (await site.get(route, token)).status_code == 200


async def test_nobody_gets_a_page_to_log_in_or_a_cookie(site: Site, service: Service) -> None:
    for path in ("files/x", "api/contents", "login", "logout", "lab", "tree"):
        response = await site.send("GET", path)
        assert response.status_code == 403, path
        assert "username" not in response.headers.get("Set-Cookie", "")
    assert (await site.send("GET", "static/favicon.ico")).status_code == 200  # is for everybody
    assert service.asked == []


async def test_the_servers_own_token_counts_nowhere(site: Site) -> None:
    assert site.serverapp.config.IdentityProvider.token  # as the fixtures configure it
    assert site.provider.token == ""
    assert site.serverapp.identity_provider.auth_enabled


class TestWithTheServersOwnToken:
    """The control: the same requests work for the owner of a server; the authorizer alone refuses them too."""

    @pytest.fixture(params=["jupyter_server.auth.AllowAllAuthorizer", "jupyter_frevagpt.identity.FrevaAuthorizer"])
    def server_settings(self, request: pytest.FixtureRequest) -> dict[str, Any]:
        return {
            "identity_provider_class": "jupyter_server.auth.PasswordIdentityProvider",
            "authorizer_class": request.param,
            "terminals_enabled": True,
        }

    async def test_the_same_requests(
        self, site: Site, jp_root_dir: Path, server_settings: dict[str, Any], jp_serverapp: Any
    ) -> None:
        token = site.serverapp.identity_provider.token
        allowed = server_settings["authorizer_class"].endswith("AllowAllAuthorizer")
        asked = [*(await requests(site, jp_root_dir))[:-1], *TERMINALS[:2]]  # it must not shut down yet
        known = {request: await status(site, token, *request) for request in map(_Request, asked)}
        if allowed:
            worked = {str(request) for request, code in known.items() if code < 400}
            assert len(worked) >= len(asked) - 1, known
            for path in ("api/kernels", "api/contents", "api/terminals", "files/x", "api/kernels/KERNEL/channels"):
                assert f"GET {path}" in worked, known
        else:
            passed = {str(request) for request, code in known.items() if code < 400}
            assert passed <= {"GET api/me", "GET metrics"}, known  # which ask for no right
            assert (jp_root_dir / "x").read_text() == "mine"
        for route in ASSISTANT:
            assert (await site.get(route, token)).status_code == 200
        for terminal in list(getattr(jp_serverapp.web_app.settings.get("terminal_manager"), "terminals", {})):
            await jp_serverapp.web_app.settings["terminal_manager"].terminate(terminal, force=True)


class _Request(tuple[Any, ...]):
    __slots__ = ()

    def __hash__(self) -> int:
        return hash(str(self))

    def __str__(self) -> str:
        parts = self[1].split("/")
        return f"{self[0]} {'/'.join('KERNEL' if len(part) == 36 else part for part in parts)}"


class TestATokenThatAProxyAdds:
    """Then the header proves nothing about the page that a request comes from."""

    @pytest.fixture
    def freva(self, freva: dict[str, Any]) -> dict[str, Any]:
        return {**freva, "token_header_is_ambient": True}

    @pytest.fixture
    def server_settings(self) -> dict[str, Any]:
        return {"disable_check_xsrf": True}

    async def test_only_json_from_a_page_of_this_server_changes_anything(self, site: Site, token: str) -> None:
        async def post(token_header: str = "x_freva_user_token", kind: str = "application/json", **sent: str) -> int:
            sent = {token_header: token if token_header != "Authorization" else f"Bearer {token}", **sent}
            headers = {name.replace("_", "-"): value for name, value in sent.items()}
            url = f"{site.root}api/chatbot/newthread"
            response = await site.client.post(url, content="{}", headers={"Content-Type": kind, **headers})
            return response.status_code

        assert await post(Origin=site.origin) == 200
        assert await post(Origin=site.origin, kind="application/json; charset=utf-8") == 200
        assert await post(Origin="http://evil") == 403
        assert await post(Origin="null") == 403
        assert await post() == 403
        assert await post(Origin=site.origin, Sec_Fetch_Site="cross-site") == 403
        assert await post(Origin=site.origin, kind="text/plain") == 415
        both = {"Authorization": f"Bearer {token}"}
        assert await post(Origin="http://evil", **both) == 403
        assert await post(token_header="Authorization") == 200  # no proxy adds that one
        assert await post(token_header="Authorization", Origin="http://evil") == 200

    async def test_a_get_changes_nothing_but_reads(self, site: Site, token: str) -> None:
        response = await site.get("stop?thread_id=" + "a" * 32, x_freva_user_token=token)
        assert response.status_code == 403
        assert "X-XSRFToken" in detail(response)
        assert (await site.get("stop?thread_id=" + "a" * 32, token)).status_code in (200, 404)
        assert (await site.get("getuserthreads", x_freva_user_token=token)).status_code == 200
        evil = await site.get("getuserthreads", x_freva_user_token=token, Origin="http://evil")
        assert evil.status_code == 403
        assert "Access-Control-Allow-Origin" not in evil.headers


async def test_without_that_setting_the_header_is_a_token_like_any(site: Site, token: str) -> None:
    response = await site.send("POST", "api/chatbot/newthread", x_freva_user_token=token, Origin="http://evil")
    assert response.status_code == 200
