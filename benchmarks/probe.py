"""A probe in a server, as a server extension: how long its event loop was held, what it imported, what it collects.

``/probe`` answers ``{"held", "busy", "modules"}`` since the last time it was asked: the longest time in ms that the
loop was held, how much of that the loop's own thread computed, and the names of all modules. ``/probe?collect=1``
answers ``{"collect"}``: the ms that a full garbage collection computes, which comes unasked in the middle of anything.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

_TICK = 0.002


class Probe:
    """Ticks on the loop and remembers the worst delay."""

    def __init__(self) -> None:
        self.held = self.busy = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to tick; a loop must be running."""
        self._task = asyncio.create_task(self._tick(), name="benchmark probe")

    async def _tick(self) -> None:
        while True:
            moment, computed = time.monotonic(), time.thread_time()
            await asyncio.sleep(_TICK)
            held = time.monotonic() - moment - _TICK
            if held > self.held:
                self.held, self.busy = held, time.thread_time() - computed

    def read(self) -> dict[str, Any]:
        """Return what was seen and forget it."""
        seen = {"held": self.held * 1000, "busy": self.busy * 1000, "modules": sorted(sys.modules)}
        self.held = self.busy = 0.0
        return seen


class Told(APIHandler):
    """What the probe saw."""

    def initialize(self, probe: Probe) -> None:
        self.probe = probe

    @web.authenticated
    async def get(self) -> None:
        if not self.get_query_argument("collect", ""):
            await self.finish(self.probe.read())
            return
        taken = []
        for _ in range(3):
            began = time.thread_time()
            gc.collect()
            taken.append((time.thread_time() - began) * 1000)
        await self.finish({"collect": min(taken)})


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "benchmarks.probe"}]


_probe = Probe()


def _load_jupyter_server_extension(app: Any) -> None:
    route = url_path_join(app.web_app.settings["base_url"], "probe")
    app.web_app.add_handlers(".*$", [(route, Told, {"probe": _probe})])


async def _start_jupyter_server_extension(app: Any) -> None:
    _probe.start()
