"""The helper process that holds freva-client; asked by :mod:`.datasets`."""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import importlib
import logging
import os
import socket
from collections.abc import AsyncGenerator, Iterator
from contextvars import ContextVar
from itertools import islice
from typing import Any

from ..workers.child import serve

Counts = dict[str, dict[str, int]]

_MOST_VALUES = 60
_LONGEST = 300
_NEAR = 4


class Connections:
    """Handles on the connections of one search, by which it is ended while it waits in its thread."""

    def __init__(self) -> None:
        self._handles: list[socket.socket] = []
        self._over = False

    def keep(self, connection: socket.socket) -> None:
        """Keep a handle; encryption takes the connection's own away. Raises OSError once all is over."""
        if self._over:
            connection.close()
            raise ConnectionAbortedError
        self._handles.append(connection.dup())

    def close(self) -> None:
        """End the connections, and those to come."""
        self._over = True
        for handle in self._handles:
            with contextlib.suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)
            handle.close()


_connections: ContextVar[Connections] = ContextVar("_connections")


async def search(request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
    """Yield what is found, or one ``{"failed": kind, ...}``; a search that is given up closes its connections.

    The request holds ``host``, ``flavour``, ``keys`` (facets with their values), ``words``, ``options`` (time, region)
    and ``files``, the number of files to be named.
    """
    connections = Connections()
    _connections.set(connections)
    try:
        yield await asyncio.to_thread(_answered, request)
    finally:
        connections.close()


def _answered(request: dict[str, Any]) -> dict[str, Any]:
    try:
        databrowser = _databrowser()
    except ImportError:
        return {"failed": "missing"}
    try:
        return _found(databrowser, request)
    except Exception as error:  # noqa: BLE001 - its errors are of several libraries and quote addresses
        kind, status = _kind(error)
        told: dict[str, Any] = {"failed": kind, "status": status}
        if kind == "query":
            told["known"] = _names(databrowser, request)
            told["near"] = {key: _near(key, told["known"]) for key in request["keys"] if key not in told["known"]}
        return told


def _found(databrowser: Any, request: dict[str, Any]) -> dict[str, Any]:
    given = {**request["keys"], **request["options"], **_fixed(request)}
    counts: Counts = databrowser.count_values(*request["words"], extended_search=True, **given)
    catalogue = databrowser(*request["words"], **given)
    total = len(catalogue)
    found: dict[str, Any] = {"total": total, "facets": _facets(counts), "files": []}
    if total and request["files"]:
        with contextlib.closing(iter(catalogue)) as lines:
            named = (line[: _LONGEST * 4] for line in lines if line)
            found["files"] = list(islice(named, request["files"]))
    if not total:
        everything: Counts = databrowser.count_values(extended_search=True, **_fixed(request))
        found["known"] = sorted(everything)
        found["near"] = dict(_unknown_values(request["keys"], everything))
    return found


def _fixed(request: dict[str, Any]) -> dict[str, Any]:
    # Without a flavour it would ask the server for one, with the account's own login where there is one.
    return {"host": request["host"], "flavour": request["flavour"], "fail_on_error": True}


def _facets(counts: Counts) -> list[dict[str, Any]]:
    """Return each facet with its commonest values."""
    facets = []
    for name, values in counts.items():
        common = sorted(values.items(), key=lambda pair: (-pair[1], pair[0]))
        shown = [[value[:_LONGEST], number] for value, number in common[:_MOST_VALUES]]
        if shown:
            facets.append({"name": name, "values": shown, "more": len(common) - len(shown)})
    return facets


def _names(databrowser: Any, request: dict[str, Any]) -> list[str]:
    with contextlib.suppress(Exception):
        return sorted(databrowser.count_values(extended_search=True, **_fixed(request)))
    return []


def _unknown_values(keys: dict[str, Any], everything: Counts) -> Iterator[tuple[str, list[str]]]:
    """Yield ``facet=value`` for each value that is asked for and nowhere to be found, with values that look like it."""
    for key, asked in keys.items():
        known = everything.get(key.removesuffix("_not_"), {})
        for value in asked:
            if value.lower() not in {one.lower() for one in known} and not set("*?/") & set(value):
                yield f"{key}={value}", _near(value, known) or _commonest(known)


def _near(name: str, known: Any) -> list[str]:
    lower = {one.lower(): one for one in known}
    within = [one for low, one in lower.items() if len(name) > 2 and name.lower() in low]
    close = [lower[low] for low in difflib.get_close_matches(name.lower(), lower, n=_NEAR, cutoff=0.5)]
    return list(dict.fromkeys([*close, *within]))[:_NEAR]


def _commonest(known: dict[str, int]) -> list[str]:
    return sorted(known, key=lambda value: -known[value])[:_NEAR]


def _kind(error: BaseException) -> tuple[str, int]:
    """Return what an error is, and the status the server gave; freva-client tells that in words alone."""
    import requests

    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    for one in chain:
        status = getattr(getattr(one, "response", None), "status_code", 0)
        if status:
            return {401: "login", 403: "login", 422: "query"}.get(status, "server"), status
    if any(isinstance(one, requests.exceptions.Timeout) for one in chain):
        return "silent", 0
    if any(isinstance(one, requests.exceptions.ConnectionError | ConnectionError) for one in chain):
        return "down", 0
    return "nonsense", 0


def _databrowser() -> Any:
    """Import freva-client (a second), silent."""
    logging.disable(logging.CRITICAL)  # it logs addresses
    os.environ["NETRC"] = os.devnull  # else logins of this account that lie there go along
    if authority := os.environ.get("SSL_CERT_FILE"):
        os.environ.setdefault("REQUESTS_CA_BUNDLE", authority)
    connection: Any = importlib.import_module("urllib3.util.connection")
    if not getattr(connection.create_connection, "kept", False):
        connection.create_connection = _keeping(connection.create_connection)
        requests: Any = importlib.import_module("requests")
        requests.Session = _with_surroundings(requests.Session)
    return importlib.import_module("freva_client").databrowser


def _with_surroundings(session: Any) -> Any:
    """Return a kind of session that heeds proxies and authorities: freva-client sends past what looks for them."""

    class Session(session):  # type: ignore[misc]
        def send(self, request: Any, **given: Any) -> Any:
            around = self.merge_environment_settings(request.url, {}, None, None, None)
            return super().send(request, **{**around, **given})

    return Session


def _keeping(connect: Any) -> Any:
    """Return a function that connects, and lets the search that does so keep a handle."""

    def kept(*args: Any, **kwargs: Any) -> Any:
        made = connect(*args, **kwargs)
        if (connections := _connections.get(None)) is not None:
            connections.keep(made)
        return made

    kept.kept = True  # type: ignore[attr-defined]
    return kept


if __name__ == "__main__":
    serve(search)
