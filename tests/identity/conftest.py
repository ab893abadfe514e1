"""A real Jupyter server that knows Freva users, and the services that it asks."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_frevagpt.identity import FrevaIdentityProvider

from ..scripted import Scripted
from .services import Service

TEXT = {"when": {"user": "hello"}, "reply": [{"text": "Good day.", "chunk": 4}]}


@pytest.fixture
def token() -> str:
    return f"alice-{secrets.token_urlsafe(24)}"


@pytest.fixture
def service(token: str) -> Iterator[Service]:
    """The REST service and vault of the realm ``home``, where the token is alice's."""
    made = Service()
    made.users[token] = "alice"
    yield made
    made.stop()


@pytest.fixture
def other(token: str) -> Iterator[Service]:
    """Those of the realm ``away``, where the token is another alice's."""
    made = Service()
    made.users[token] = "alice"
    yield made
    made.stop()


@pytest.fixture
def canary() -> Iterator[Service]:
    made = Service()
    yield made
    made.stop()


@pytest.fixture
def freva(service: Service, other: Service) -> dict[str, Any]:
    """Settings of the identity provider; a test module overrides it. Without vaults threads are in files."""
    realms = {
        "home": {"rest": service.url, "config": "/etc/freva/home.conf"},
        "away": {"rest": other.url, "config": "/etc/freva/away.conf"},
    }
    return {"realms": realms, "default_realm": "home", "kernels_are_isolated": True}


@pytest.fixture
def server_settings() -> dict[str, Any]:
    """Settings of ServerApp beside the usual ones."""
    return {}


@pytest.fixture
def jp_server_config(
    freva: dict[str, Any], server_settings: dict[str, Any], scripted: Callable[..., Scripted], tmp_path: Path
) -> dict[str, Any]:
    base = scripted([TEXT]).base
    catalogue = tmp_path / "models.yaml"
    entry = {"model_name": "first", "litellm_params": {"model": "openai/first", "api_base": base, "api_key": "k"}}
    catalogue.write_text(json.dumps({"model_list": [entry]}))
    return {
        "ServerApp": {
            "jpserver_extensions": {"jupyter_frevagpt": True},
            "identity_provider_class": "jupyter_frevagpt.identity.FrevaIdentityProvider",
            "authorizer_class": "jupyter_frevagpt.identity.FrevaAuthorizer",
            "terminals_enabled": False,
            **server_settings,
        },
        "FrevaIdentityProvider": freva,
        "FrevaGPT": {"catalogue": str(catalogue), "local_model": False, "data_dir": str(tmp_path / "frevagpt")},
    }


class Site:
    """A client of the server, without credentials of its own."""

    def __init__(self, origin: str, base_url: str, serverapp: Any) -> None:
        self.origin = origin
        self.root = f"{origin}{base_url}"
        self.serverapp = serverapp
        self.client = httpx.AsyncClient(timeout=30, trust_env=False)

    @property
    def provider(self) -> FrevaIdentityProvider:
        provider = self.serverapp.identity_provider
        assert isinstance(provider, FrevaIdentityProvider)
        return provider

    async def get(self, route: str, token: str = "", **headers: str) -> httpx.Response:
        """GET a route of the assistant with a token and headers (``_`` for ``-``)."""
        return await self.send("GET", f"api/chatbot/{route}", token, **headers)

    async def send(
        self, method: str, path: str, token: str = "", *, given: dict[str, Any] | None = None, **headers: str
    ) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent.setdefault("Authorization", f"Bearer {token}")
        return await self.client.request(method, f"{self.root}{path}", headers=sent, json=given)


def detail(response: httpx.Response) -> str:
    """Return the text of an error, which is all it has."""
    said = response.json()
    assert list(said) == ["detail"], said
    return str(said["detail"])


@pytest.fixture
def site(
    jp_serverapp: Any, jp_fetch: Any, jp_http_port: int, jp_base_url: str, jp_asyncio_loop: asyncio.AbstractEventLoop
) -> Iterator[Site]:
    made = Site(f"http://127.0.0.1:{jp_http_port}", jp_base_url, jp_serverapp)
    yield made
    app = next(iter(jp_serverapp.extension_manager.extension_apps["jupyter_frevagpt"]))
    run = jp_asyncio_loop.run_until_complete
    run(made.client.aclose())
    run(app.stop_extension())
    if isinstance(jp_serverapp.identity_provider, FrevaIdentityProvider):
        run(jp_serverapp.identity_provider.aclose())
