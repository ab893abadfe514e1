"""A user's server as JupyterHub starts it, with the extension, in a process that alone has the hub's environment."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from ..process import ServerProcess
from .hub import SCOPES, Hub

PREFIX = "/user/alice"


class SingleUser:
    """Alice's running server; ``own_token`` is the one that it and its kernels have in their environment."""

    def __init__(self, base: Path, hub: Hub, model_service: str, *settings: str, **environment: str) -> None:
        base.mkdir()
        self.base = base
        self.hub = hub
        self.own_token = hub.token("alice")
        self.token = hub.token("alice")
        way = {"model": "openai/first", "api_base": model_service, "api_key": "k"}
        catalogue = base / "models.json"
        catalogue.write_text(json.dumps({"model_list": [{"model_name": "first", "litellm_params": way}]}))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.origin = hub.home = f"http://127.0.0.1:{probe.getsockname()[1]}"
        self.root = f"{self.origin}{PREFIX}"
        self.url = f"{self.root}/api/chatbot"
        given = (
            "ServerApp.allow_root=True", f"ServerApp.root_dir={base}", f"FrevaGPT.catalogue={catalogue}",
            "ServerApp.jpserver_extensions={'jupyter_frevagpt': True, 'jupyterlab': False, 'jupyter_lsp': False}",
            "FrevaGPT.local_model=False", "FrevaGPT.title_model=-", *settings,
        )  # fmt: skip
        command = [Path(sys.executable).with_name("jupyterhub-singleuser"), "--debug", *(f"--{one}" for one in given)]
        self._process = ServerProcess(command, {**self._environment(), **environment}, base, base / "server.log")
        try:
            self._process.wait_for(self._ping, httpx.TransportError)
        except BaseException:
            self.close()
            raise

    def _environment(self) -> dict[str, str]:
        foreign = ("JUPYTER", "JPY", "FREVAGPT", "LITELLM")
        own = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        folders = {f"JUPYTER_{kind}_DIR": str(self.base / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
        return {
            **own,
            **folders,
            "IPYTHONDIR": str(self.base / "ipython"),
            "JUPYTERHUB_SINGLEUSER_APP": "jupyter_server.serverapp.ServerApp",
            "JUPYTERHUB_API_TOKEN": self.own_token,
            "JPY_API_TOKEN": self.own_token,
            "JUPYTERHUB_API_URL": f"{self.hub.url}/hub/api",
            "JUPYTERHUB_ACTIVITY_URL": f"{self.hub.url}/hub/api/users/alice/activity",
            "JUPYTERHUB_HOST": self.hub.url,
            "JUPYTERHUB_BASE_URL": "/",
            "JUPYTERHUB_USER": "alice",
            "JUPYTERHUB_CLIENT_ID": "jupyterhub-user-alice",
            "JUPYTERHUB_SERVICE_PREFIX": f"{PREFIX}/",
            "JUPYTERHUB_SERVICE_URL": f"{self.root}/",
            "JUPYTERHUB_OAUTH_CALLBACK_URL": f"{PREFIX}/oauth_callback",
            "JUPYTERHUB_OAUTH_ACCESS_SCOPES": json.dumps(SCOPES),
        }

    def client(self, token: str = "") -> httpx.Client:
        """Return a client that sends a token with each request, none if it is ""."""
        headers = {"Authorization": f"token {token}"} if token else {}
        return httpx.Client(headers=headers, trust_env=False, timeout=30)

    @contextmanager
    def browser(self, name: str = "alice") -> Iterator[httpx.Client]:
        """Open a client with the cookies of somebody who has logged in at the hub."""
        self.hub.visitor = name
        with self.client() as browser:
            answer = browser.get(f"{self.root}/view/x", follow_redirects=True)  # any page of the server's
            assert {"_xsrf", "jupyterhub-user-alice"} <= set(browser.cookies), (answer.text, self.log[-3000:])
            yield browser

    def stream(self, client: httpx.Client, **given: Any) -> list[dict[str, Any]]:
        """Return the lines of a turn."""
        answer = client.post(f"{self.url}/streamresponse", json=given)
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]

    @property
    def log(self) -> str:
        """What it has said."""
        return self._process.log

    def close(self) -> None:
        """End it and its kernels."""
        self._process.close()

    def _ping(self) -> None:
        answer = httpx.get(f"{self.url}/ping", trust_env=False)
        assert answer.status_code == 200, self.log[:8000]  # without the extension
