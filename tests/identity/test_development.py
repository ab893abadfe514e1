"""The development identity is for a machine that nobody else reaches (contract section 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import msgspec
import pytest
from tornado.routing import RuleRouter

from jupyter_frevagpt.identity import UnsafeServer, development_identity, switched_on

from .conftest import Site, detail


@pytest.fixture
def jp_server_config(jp_server_config: dict[str, Any]) -> dict[str, Any]:
    jp_server_config["ServerApp"] |= {
        "identity_provider_class": "jupyter_server.auth.PasswordIdentityProvider",
        "authorizer_class": "jupyter_server.auth.AllowAllAuthorizer",
        "ip": "127.0.0.1",
    }
    return jp_server_config


def identity(app: Any, *, enabled: bool = True, named: bool = False, **environment: str) -> Any:
    return development_identity(app, enabled=enabled, user_id_names_owner=named, environment=environment)


@pytest.mark.parametrize(
    ("value", "on"), [("1", True), ("true", True), ("yes", True), ("", False), ("0", False), ("False", False)]
)
def test_what_switches_it_on(value: str, on: bool) -> None:
    assert switched_on(value) is on


def test_a_lone_machine_may_have_it(jp_serverapp: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert identity(jp_serverapp, enabled=False, named=True, JUPYTERHUB_USER="x") is None
    assert not caplog.messages or "ALLOW_FALLBACK" not in caplog.text
    assert identity(jp_serverapp)
    assert "ALLOW_FALLBACK_OLD_AUTH" not in caplog.text
    assert identity(jp_serverapp, named=True)
    warned = [record.levelname for record in caplog.records if "ALLOW_FALLBACK_OLD_AUTH" in record.message]
    assert warned == ["WARNING"]


@pytest.mark.parametrize("ip", ["0.0.0.0", "", "*", "10.0.0.1", "::", "example.org"])
def test_not_where_others_can_connect(jp_serverapp: Any, ip: str) -> None:
    for good in ("127.0.0.1", "localhost", "::1"):
        jp_serverapp.ip = good
        assert identity(jp_serverapp)
    jp_serverapp.set_trait("ip", ip)
    if jp_serverapp.ip != ip:  # the server's own reading of "*" is "", every interface
        assert jp_serverapp.ip == ""
    with pytest.raises(UnsafeServer, match="more than loopback"):
        identity(jp_serverapp)


@pytest.mark.parametrize(("setting", "says"), [("allow_remote_access", "remote"), ("trust_xheaders", "xheaders")])
def test_not_behind_a_web_server(jp_serverapp: Any, setting: str, says: str) -> None:
    assert identity(jp_serverapp)
    setattr(jp_serverapp, setting, True)
    with pytest.raises(UnsafeServer, match=says):
        identity(jp_serverapp)


@pytest.mark.parametrize("name", ["JUPYTERHUB_USER", "JUPYTERHUB_API_TOKEN", "JUPYTERHUB_X"])
def test_not_on_a_hub(jp_serverapp: Any, name: str) -> None:
    with pytest.raises(UnsafeServer, match="JupyterHub"):
        identity(jp_serverapp, **{name: "x"})


@pytest.mark.parametrize(
    ("setting", "value"),
    [("token", ""), ("token", "chosen"), ("hashed_password", "argon2:x"), ("token_generated", False)],
)
def test_not_without_a_generated_token(jp_serverapp: Any, setting: str, value: Any) -> None:
    assert identity(jp_serverapp)
    setattr(jp_serverapp.identity_provider, setting, value)
    if setting == "token":
        jp_serverapp.identity_provider.token_generated = False
    with pytest.raises(UnsafeServer, match="not generated"):
        identity(jp_serverapp)


@pytest.mark.parametrize("kind", ["jupyter_frevagpt.identity.FrevaIdentityProvider", "site"])
def test_not_with_an_identity_provider_of_its_own(
    jp_server_config: dict[str, Any], jp_configurable_serverapp: Callable[..., Any], kind: str
) -> None:
    freva = "jupyter_frevagpt.identity.Freva"
    kinds = {"identity_provider_class": kind if kind != "site" else f"{__name__}.SiteProvider"}
    jp_server_config["ServerApp"] |= {**kinds, "authorizer_class": f"{freva}Authorizer"}
    with pytest.raises(UnsafeServer, match="identity provider"):
        identity(jp_configurable_serverapp(config=jp_server_config))


def __getattr__(name: str) -> Any:
    from jupyter_server.auth import IdentityProvider

    if name == "SiteProvider":
        return type(name, (IdentityProvider,), {"get_user": lambda self, handler: None})
    raise AttributeError(name)


async def test_no_request_comes_through_a_proxy(site: Site) -> None:
    """Wired as the application does it, to a route that needs an owner."""
    wire(site, named=True)
    token = site.serverapp.identity_provider.token
    for header in (
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "x-forwarded-any",
        "X-Real-IP",
        "X-Scheme",
        "Via",
    ):
        refused = await ask(site, token, "", **{header: "127.0.0.1"})
        assert refused.status_code == 403
        assert "proxy" in detail(refused)
    assert (await ask(site, token, "")).status_code == 200


@pytest.mark.parametrize(
    ("named", "query", "owner"),
    [
        (True, "user_id=bob", "bob"),
        (True, "", "local"),
        (True, "user_id=", "local"),
        (False, "user_id=bob", "local"),
        (True, "user_id=freva:home:bob", None),
        (True, "user_id=service:x", None),
        (True, "user_id=../bob", None),
        (True, "user_id=" + "x" * 129, None),
    ],
)
async def test_a_user_id_names_the_owner_where_that_is_allowed(
    site: Site, named: bool, query: str, owner: str | None
) -> None:
    owners = wire(site, named=named)
    token = site.serverapp.identity_provider.token
    response = await ask(site, token, query)
    assert owners == ([owner] if owner else [])
    assert response.status_code == (200 if owner else 403)
    assert (await ask(site, "wrong", query)).status_code == 403  # a token is needed here too


def wire(site: Site, *, named: bool) -> list[str]:
    """Let the routes ask a development identity for owners, and note its answers."""
    made = identity(site.serverapp, named=named)
    owners: list[str] = []

    def owner(handler: Any) -> str:
        found = made.owner(handler, "local")
        owners.append(found)
        return str(found)

    for rule in rules(site.serverapp.web_app.default_router):
        if desk := (rule.target_kwargs or {}).get("desk"):
            rule.target_kwargs["desk"] = msgspec.structs.replace(desk, owner=owner)
    return owners


def rules(router: Any) -> Iterator[Any]:
    for rule in router.rules:
        if isinstance(rule.target, RuleRouter):
            yield from rules(rule.target)
        else:
            yield rule


async def ask(site: Site, token: str, query: str, **headers: str) -> httpx.Response:
    site.client.cookies.clear()
    return await site.get(f"getuserthreads?{query}", token, **headers)
