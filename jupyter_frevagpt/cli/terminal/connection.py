"""The routes of one server, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx

from ...domain.errors import FrevaGPTError
from ...domain.legible import one_line
from .servers import Server

# The server gives a sign of life every 10 s.
_TIMES = httpx.Timeout(30.0, connect=10.0)


class NotReached(FrevaGPTError):
    """No server answers there."""

    def __init__(self) -> None:
        super().__init__("The Jupyter server does not answer. Is it running? Start it, or name another with --url.")


class Refused(FrevaGPTError):
    """The server answered with an error; ``status`` is that of HTTP."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Lost(Exception):
    """The connection broke, or fell silent; the request may have been carried out."""


class Connection:
    """A client of one server."""

    def __init__(self, server: Server) -> None:
        self._routes = f"{server.url.rstrip('/')}/api"
        headers = {"Authorization": f"token {server.token}"} if server.token else {}
        # A proxy that the environment names cannot reach this very machine.
        self._client = httpx.Client(timeout=_TIMES, headers=headers, trust_env=not _is_loopback(server.url))
        self._login = "" if server.token else f"{server.url.rstrip('/')}/login"

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def ask(self, route: str, **given: Any) -> Any:
        """Return the answer of one of our routes; raises Refused, NotReached and Lost."""
        return self._ask("POST", f"chatbot/{route}", given)

    def kernels(self) -> list[dict[str, Any]]:
        """Return the server's kernels."""
        return [kernel for kernel in self._ask("GET", "kernels", None) if isinstance(kernel, dict)]

    def start_kernel(self) -> str:
        """Start a kernel and return its id."""
        return str(self._ask("POST", "kernels", {})["id"])

    @contextmanager
    def stream(self, route: str, **given: Any) -> Iterator[Iterator[dict[str, Any]]]:
        """Open a stream of objects; raises Refused and NotReached, and Lost also while it is read."""
        with self._failures():
            address = f"{self._routes}/chatbot/{route}"
            with self._client.stream("POST", address, json=given, headers=self._proof()) as response:
                if response.status_code != 200:
                    response.read()
                    raise _refused(response)
                yield _objects(response)

    def _ask(self, method: str, route: str, given: dict[str, Any] | None) -> Any:
        with self._failures():
            address = f"{self._routes}/{route}"
            response = self._client.request(method, address, json=given, headers=self._proof())
            if not response.is_success:
                raise _refused(response)
            try:
                return response.json()
            except ValueError:
                raise Refused(response.status_code, "What answers there is no Jupyter server. Look at --url.") from None

    def _proof(self) -> dict[str, str]:
        """Return the header by which a server without logins tells us from a page of somebody else's."""
        if not self._login:
            return {}
        if "_xsrf" not in self._client.cookies:
            self._client.get(self._login, follow_redirects=True)
        return {"X-XSRFToken": self._client.cookies.get("_xsrf") or ""}

    @staticmethod
    @contextmanager
    def _failures() -> Iterator[None]:
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            if "CERTIFICATE" in str(error):
                raise FrevaGPTError(
                    "The server's certificate is not trusted here. Name the file of its authority in SSL_CERT_FILE."
                ) from error
            raise NotReached from error
        except httpx.InvalidURL as error:
            raise FrevaGPTError("The server's address cannot be used. Give it as the browser shows it.") from error
        except httpx.HTTPError as error:
            raise Lost from error


def _objects(response: httpx.Response) -> Iterator[dict[str, Any]]:
    for line in response.iter_lines():
        try:
            value = json.loads(line)
        except ValueError:
            raise Lost from None  # the end of a line that was cut off
        yield value if isinstance(value, dict) else {}


def _refused(response: httpx.Response) -> Refused:
    try:
        body = response.json()
    except ValueError:
        body = None
    ours = isinstance(body, dict) and isinstance(body.get("detail"), str)
    unknown = not ours or "Log in" in body["detail"] or "_xsrf" in body["detail"]
    if response.status_code in (401, 403) and unknown:
        text = "The server asks for its token. Set JUPYTER_TOKEN, or give --token."
    elif ours:
        text = one_line(body["detail"])
    elif response.status_code == 404:
        text = "This server has no assistant. Install jupyter-frevagpt where it runs, and restart it."
    else:
        text = f"The server answered with an error ({response.status_code}). Its log says why."
    return Refused(response.status_code, text)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
