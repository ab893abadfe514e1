"""Real HTTP servers in threads that play the REST service and the vault of Freva, and a canary."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from ..serving import Serving

CHECK = "/api/freva-nextgen/auth/v2/systemuser"


class Reply:
    """What a service answers."""

    def __init__(self, status: int = 200, body: Any = None, **headers: str) -> None:
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.headers = headers


class Service:
    """Notes what it is asked; answers by path, or as ``users`` says for the check of a token."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.users: dict[str, Any] = {}
        self.replies: dict[str, Reply | Callable[[], Reply]] = {}
        self.arrived = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.go_on.set()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                service.arrived.release()
                service.go_on.wait(30)
                reply = service.reply(self.path, self.headers.get("Authorization", ""))
                try:
                    self.send_response(reply.status)
                    for name, value in reply.headers.items():
                        self.send_header(name.replace("_", "-"), value)
                    self.end_headers()
                    self.wfile.write(reply.body)
                except OSError:
                    pass  # the other side has gone, as in the tests of limits

            def log_message(self, *args: Any) -> None:
                pass

        self.serving = Serving(Handler)
        self.port, self.url = self.serving.port, self.serving.url

    def reply(self, path: str, authorization: str) -> Reply:
        if found := self.replies.get(path):
            return found if isinstance(found, Reply) else found()
        token = authorization.removeprefix("Bearer ")
        if path != CHECK or token not in self.users:
            return Reply(401, {"detail": "no such token"})
        user = self.users[token]
        return user if isinstance(user, Reply) else Reply(200, {"pw_name": user})

    @property
    def tokens(self) -> list[str]:
        return [headers.get("authorization", "").removeprefix("Bearer ") for _, headers in self.asked]

    def stop(self) -> None:
        self.go_on.set()
        self.serving.stop()
