"""A server that speaks the databrowser's REST API, for tests: real HTTP, a small catalogue, ways to fail.

``Databrowser(files)`` serves on loopback in a thread of its own. ``fail`` makes every search that status,
``nonsense`` a page, ``hang`` keeps searches waiting (``hanging`` tells of one, ``left`` that its client went away);
``asked`` are the paths and parameters of all requests.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from fnmatch import fnmatch
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

ROOT = "/api/freva-nextgen"
NAMES = ("project", "product", "institute", "model", "experiment", "ensemble", "time_frequency", "realm", "variable")
CMIP6 = {"model": "source_id", "experiment": "experiment_id", "variable": "variable_id", "ensemble": "member_id"}
_OPTIONS = ("time", "time_select", "bbox", "bbox_select", "multi-version", "file", "uri")

File = dict[str, str]


def file_of(path: str, years: str = "1980-2000", **facets: str) -> File:
    """Return a file of the catalogue."""
    usual = {
        "project": "cmip6", "product": "cmip", "institute": "mpi-m", "model": "mpi-esm1-2-lr",
        "experiment": "historical", "ensemble": "r1i1p1f1", "time_frequency": "mon", "realm": "atmos",
        "variable": "tas",
    }  # fmt: skip
    return {"file": path, "years": years, **usual, **facets}


class Databrowser:
    """The server."""

    def __init__(self, files: list[File]) -> None:
        self.files = files
        self.fail = 0
        self.nonsense = False
        self.hang = False
        self.hanging = threading.Event()
        self.left = threading.Event()
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.headers: list[dict[str, str]] = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def close(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join(10)

    async def _serve(self) -> None:
        self._loop, self._over, self.release = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        routes = [
            (ROOT + "/ping", _Answer, {"of": self, "body": {"ping": "pong"}}),
            (ROOT + "/auth/v2/auth-ports", _Answer, {"of": self, "body": {"valid_ports": []}}),
            (ROOT + "/databrowser/metadata-search/([a-z0-9]+)/file", _Metadata, {"of": self}),
            (ROOT + "/databrowser/data-search/([a-z0-9]+)/file", _Files, {"of": self}),
            ("/.*", _Answer, {"of": self, "status": 404, "body": {"detail": "Not Found"}}),
        ]
        server = HTTPServer(Application(routes))
        sockets = bind_sockets(0, "127.0.0.1")
        self.port: int = sockets[0].getsockname()[1]
        server.add_sockets(sockets)
        self._ready.set()
        await self._over.wait()
        self.release.set()
        server.stop()

    def found(self, flavour: str, query: dict[str, list[str]]) -> list[File] | None:
        """Return the files of a search, None for one that cannot be understood."""
        names = {(CMIP6.get(name, name) if flavour == "cmip6" else name): name for name in NAMES}
        if any(key.replace("_not_", "") not in (*names, *_OPTIONS) for key in query):
            return None
        asked = {key: values for key, values in query.items() if key not in _OPTIONS}
        files = [file for file in self.files if all(_fits(file, key, values, names) for key, values in asked.items())]
        return [file for file in files if _overlaps(file, query)]


def _fits(file: File, key: str, values: list[str], names: dict[str, str]) -> bool:
    fits = any(fnmatch(file[names[key.replace("_not_", "")]], value.lower()) for value in values)
    return fits != key.endswith("_not_")


def _overlaps(file: File, query: dict[str, list[str]]) -> bool:
    if "time" not in query:
        return True
    start, _, end = query["time"][0].replace(" ", "").partition("to")
    first, _, last = file["years"].partition("-")
    strict = query.get("time_select") == ["strict"]
    start, end = start[:4], (end or start)[:4]
    return start <= first and last <= end if strict else first <= end and start <= last


class _Answer(RequestHandler):
    """Anything that is always the same."""

    def initialize(self, of: Databrowser, body: Any = None, status: int = 200) -> None:
        self.of, self.body, self.status = of, body, status

    def prepare(self) -> None:
        query = {name: self.get_query_arguments(name) for name in self.request.query_arguments}
        self.of.asked.append((self.request.path.removeprefix(ROOT), query))
        self.of.headers.append(dict(self.request.headers))

    def get(self) -> None:
        self.set_status(self.status)
        self.finish(self.body)

    def on_connection_close(self) -> None:
        self.of.left.set()


class _Search(_Answer):
    """What is answered by searching."""

    async def get(self, flavour: str) -> None:  # type: ignore[override]
        if self.of.hang:
            self.of.hanging.set()
            await self.of.release.wait()
            return
        if self.of.fail:
            self.set_status(self.of.fail)
            self.finish({"detail": f"failed with /secret/path and {self.of.host}"})
            return
        if self.of.nonsense:
            self.finish("<html>Welcome</html>")
            return
        found = self.of.found(flavour, {name: self.get_query_arguments(name) for name in self.request.query_arguments})
        if found is None:
            self.set_status(422)
            self.finish({"detail": "Could not validate input."})
            return
        self.tell(flavour, found)

    def tell(self, flavour: str, found: list[File]) -> None:
        raise NotImplementedError


class _Metadata(_Search):
    def tell(self, flavour: str, found: list[File]) -> None:
        names = {name: (CMIP6.get(name, name) if flavour == "cmip6" else name) for name in NAMES}
        facets = {}
        for name, shown in names.items():
            counted = Counter(file[name] for file in found)
            facets[shown] = [part for value in sorted(counted) for part in (value, str(counted[value]))]
        self.finish({"total_count": len(found), "facets": facets, "facet_mapping": names, "primary_facets": [*names]})


class _Files(_Search):
    def tell(self, flavour: str, found: list[File]) -> None:
        self.set_header("Content-Type", "text/plain")
        self.finish("".join(file["file"] + "\n" for file in found))
