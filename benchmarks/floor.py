"""The floor as a server extension: the least code on a bare Jupyter server that does the same as the product.

- ``/floor/stream`` relays a model's answer with httpx, one line a piece
- ``/floor/execute`` runs code in a kernel of this server, over channels that are kept
- ``/floor/thread`` reads a thread's file and answers with its items, ``/floor/threads`` with the newest twenty
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from .bare import BareClient

_UPSTREAM = os.environ.get("BENCHMARK_UPSTREAM", "")
_kept: dict[str, Any] = {}


class Relay(APIHandler):
    """A question, answered as a stream."""

    @web.authenticated
    async def post(self) -> None:
        import httpx

        client = _kept.get("client")
        if client is None:
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
            client = _kept["client"] = httpx.AsyncClient(timeout=60, trust_env=False, limits=limits)
        self.set_header("Content-Type", "application/x-ndjson")
        messages = [{"role": "user", "content": json.loads(self.request.body)["input"]}]
        body = {"model": "paced", "messages": messages, "stream": True}
        rest = b""
        async with client.stream("POST", f"{_UPSTREAM}/chat/completions", json=body) as response:
            async for data in response.aiter_raw():
                *events, rest = (rest + data).split(b"\n\n")
                for event in events:
                    if event == b"data: [DONE]":
                        continue
                    content = json.loads(event[6:])["choices"][0]["delta"].get("content")
                    if content:
                        self.write(_line("Assistant", content))
                        await self.flush()
        self.write(_line("StreamEnd", "Finished."))
        await self.finish()


class Execute(APIHandler):
    """Milliseconds from sending code, ``1+1`` unless another is given, until reply and idle have come."""

    @web.authenticated
    async def get(self) -> None:
        kernel_id = self.get_query_argument("kernel_id")
        client = _kept.get(kernel_id)
        if client is None:
            client = _kept[kernel_id] = BareClient(self.kernel_manager.get_kernel(kernel_id))
            await client.ready()
        await self.finish({"ms": await client.run(self.get_query_argument("code", "1+1"))})


class Thread(APIHandler):
    """The items of a file of JSON lines."""

    @web.authenticated
    async def get(self) -> None:
        path = Path(self.get_query_argument("path"))
        await self.finish(json.dumps([json.loads(line) for line in path.read_bytes().splitlines()]))


class Threads(APIHandler):
    """The newest twenty of a folder's meta files."""

    @web.authenticated
    async def get(self) -> None:
        with os.scandir(self.get_query_argument("path")) as entries:
            found = sorted((e.stat().st_mtime_ns, e.path) for e in entries if e.name.endswith(".meta.json"))
        newest = [json.loads(Path(path).read_bytes()) for _, path in found[:-21:-1]]
        await self.finish(json.dumps([newest, len(found)]))


def _line(variant: str, content: str) -> bytes:
    return json.dumps({"variant": variant, "content": content}, separators=(",", ":")).encode() + b"\n"


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "benchmarks.floor"}]


def _load_jupyter_server_extension(app: Any) -> None:
    base = app.web_app.settings["base_url"]
    routes = {"stream": Relay, "execute": Execute, "thread": Thread, "threads": Threads}
    app.web_app.add_handlers(".*$", [(url_path_join(base, "floor", name), kind) for name, kind in routes.items()])
