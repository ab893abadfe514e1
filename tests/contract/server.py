"""A Jupyter server with the extension in a process of its own, as clients of other makers meet it."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from ..process import ServerProcess

HEARTBEAT_SECONDS = 0.3
# Silence of seconds in each test would cost minutes: the server's own 10 s are made short before it starts.
_PROGRAM = (
    "import jupyter_frevagpt.handlers.stream as stream; "
    f"stream.HEARTBEAT_SECONDS = {HEARTBEAT_SECONDS}; "
    "from jupyter_server.serverapp import main; main()"
)


class Server:
    """A running server below the path of a hub's user, whose models a scripted service answers for.

    With an ``environment`` that tells what models there are and nothing else does.
    """

    def __init__(self, base: Path, model_service: str, environment: Mapping[str, str] | None = None) -> None:
        self.token = secrets.token_hex(16)
        self._threads = base / "data/frevagpt"
        catalogue = base / "models.json"
        way = {"api_base": model_service, "api_key": "k"}
        entries = [
            {"model_name": name, "litellm_params": {"model": f"openai/{name}", **way}} for name in ("first", "second")
        ]
        catalogue.write_text(json.dumps({"model_list": entries}))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/user/alice"
        foreign = ("JUPYTER", "FREVAGPT", "LITELLM")
        own = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        folders = {f"JUPYTER_{kind}_DIR": str(base / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
        settings = (
            "ServerApp.ip=127.0.0.1", f"ServerApp.port={port}", "ServerApp.port_retries=0",
            "ServerApp.base_url=/user/alice/", f"ServerApp.root_dir={base}", "ServerApp.open_browser=False",
            "ServerApp.allow_root=True", "ServerApp.jpserver_extensions={'jupyter_frevagpt': True}",
            *([f"FrevaGPT.catalogue={catalogue}"] if environment is None else []),
            "FrevaGPT.local_model=False", "FrevaGPT.owner=alice",
        )  # fmt: skip
        known = {"IPYTHONDIR": str(base / "ipython"), "JUPYTER_TOKEN": self.token}
        self._process = ServerProcess(
            [sys.executable, "-c", _PROGRAM, *(f"--{one}" for one in settings)],
            {**own, **folders, **known, **(environment or {})},
            base,
            base / "server.log",
        )
        self._process.wait_for(lambda: self.get("ping"), OSError)

    def get(self, route: str) -> Any:
        """Return what a route of the assistant answers to a GET."""
        return json.loads(self._ask(route, None))

    def post(self, route: str, **given: Any) -> Any:
        """Return what a route of the assistant answers to a POST, the lines of a stream as a list."""
        lines = [json.loads(line) for line in self._ask(route, json.dumps(given).encode()).splitlines()]
        return lines if route in ("streamresponse", "follow", "rerun") else lines[0]

    def _ask(self, route: str, body: bytes | None) -> bytes:
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/chatbot/{route}", data=body, headers=headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as response:
            answer: bytes = response.read()
        return answer

    def send(self, method: str, route: str, given: dict[str, Any], agent: str = "") -> tuple[int, str, bytes]:
        """Return status, media type and answer of a request as a bare client sends it, all of it in the query."""
        where = urlsplit(self.url)
        connection = HTTPConnection(where.hostname or "", where.port, timeout=30)
        headers = {"Authorization": f"token {self.token}", **({"User-Agent": agent} if agent else {})}
        connection.request(method, f"{where.path}/api/chatbot/{route}?{urlencode(given)}", headers=headers)
        answer = connection.getresponse()
        with closing(connection):
            return answer.status, answer.headers.get_content_type(), answer.read()

    def put(self, thread_id: str, records: Sequence[Any]) -> None:
        """Add records to a stored thread's file, as an older service may have left them."""
        file = next(self._threads.rglob(f"{thread_id}.txt"))
        with file.open("a") as lines:
            lines.writelines(json.dumps(record) + "\n" for record in records)

    @property
    def process(self) -> ServerProcess:
        """Its process."""
        return self._process

    @property
    def log(self) -> str:
        """What it has said."""
        return self._process.log

    def close(self) -> None:
        """End it and its kernels."""
        self._process.close()
