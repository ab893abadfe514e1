"""A real HTTP server that plays as much of a JupyterHub as a user's server asks for: tokens, OAuth, activity."""

from __future__ import annotations

import json
import secrets
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from ..serving import Serving

SERVER = "access:servers!server=alice/"
SCOPES = [SERVER, "access:servers!user=alice"]


class Hub:
    """Knows tokens and whose they are; ``codes`` are those of logins that are going on, ``home`` is alice's server."""

    def __init__(self) -> None:
        self.users: dict[str, dict[str, Any]] = {}
        self.codes: dict[str, str] = {}
        self.home = ""
        self.visitor = "alice"  # who sits in front of the browser
        self.trouble = ""  # "away": it hangs up; "ill": it answers with an error
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
                if hub.trouble == "away":
                    self.close_connection = True
                elif hub.trouble:
                    self._answer(500, {"message": f"database at {hub.url} is locked"})
                elif path == "/hub/api/user":
                    user = hub.user(self.headers.get("Authorization", ""))
                    self._answer(200 if user else 403, user or {"message": "Forbidden"})
                elif path == "/hub/api/oauth2/authorize":
                    code = secrets.token_urlsafe(16)
                    hub.codes[code] = hub.token(hub.visitor)
                    back = urlencode({"code": code, "state": query["state"][0]})
                    self._answer(302, {}, Location=f"{hub.home}{query['redirect_uri'][0]}?{back}")
                else:
                    self._answer(200, {"version": "6.1.1"})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                if self.path == "/hub/api/oauth2/token":
                    token = hub.codes.pop(parse_qs(body)["code"][0], "")
                    self._answer(200 if token else 403, {"access_token": token, "token_type": "Bearer"})
                else:
                    self._answer(200, {})

            def _answer(self, status: int, content: dict[str, Any], **headers: str) -> None:
                self.send_response(status)
                self.send_header("X-JupyterHub-Version", "6.1.1")
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(json.dumps(content).encode())

            def log_message(self, *args: Any) -> None:
                pass

        self.serving = Serving(Handler)
        self.url = self.serving.url

    def token(self, name: str, kind: str = "user", scopes: list[str] = SCOPES) -> str:
        """Make a token for somebody; without the scopes of alice's server it opens nothing there."""
        token = secrets.token_hex(16)
        self.users[token] = {"kind": kind, "name": name, "groups": [], "admin": False, "scopes": scopes}
        return token

    def user(self, authorization: str) -> dict[str, Any] | None:
        """Return whom an Authorization header names."""
        kind, _, token = authorization.partition(" ")
        return self.users.get(token.strip()) if kind.lower() in ("token", "bearer") else None

    def stop(self) -> None:
        """End it."""
        self.serving.stop()
