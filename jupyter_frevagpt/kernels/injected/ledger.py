"""Requests of ours in this kernel: which run, which are dropped before they run, how the running one is interrupted."""

from __future__ import annotations

import contextvars
import signal
import threading
from collections import OrderedDict
from typing import Any

from .allowance import Allowance

_KEPT = 200
_SHARED: Any = object()

# What the code that is being executed here belongs to: a request of ours, nothing, or whatever of ours is running
# (workers of a pool that we started, which the user's code may use later).
_belongs: contextvars.ContextVar[Any] = contextvars.ContextVar("frevagpt_request", default=None)


class Request:
    """One message of ours on the shell channel."""

    def __init__(self, message: dict[str, Any]) -> None:
        self.message = message
        self.header: dict[str, Any] = message["header"]
        self.id: str = self.header["msg_id"]
        self.executes: bool = self.header["msg_type"] == "execute_request"
        options = message.get("metadata", {}).get("frevagpt")
        self.options: dict[str, Any] = options if isinstance(options, dict) else {}
        self.allowance = Allowance(self.options.get("caps"))
        self.started = False
        self.reported = False
        self.exit_ignored = False
        self.before: dict[str, Any] = {}  # what was there when it began


class Ledger:
    """Knows the fate of each request; checks and claims under one lock, so that no cancelled one ever runs."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.active: Request | None = None
        self._requests: OrderedDict[str, Request] = OrderedDict()
        self._fates: OrderedDict[str, str] = OrderedDict()

    def request(self, message: dict[str, Any]) -> Request:
        """Return the request that a message is, the same one each time."""
        message_id = message["header"]["msg_id"]
        known = self._requests.get(message_id)
        if known is None:
            known = self._requests[message_id] = Request(message)
            _trim(self._requests)
        return known

    def find(self, message_id: str) -> Request | None:
        """Return a request that is known."""
        return self._requests.get(message_id)

    def claim(self, message_id: str) -> bool:
        """Take a request to run it; False when it was cancelled and must be dropped."""
        with self.lock:
            if self._fates.get(message_id) == "cancelled":
                return False
            self._fates[message_id] = "claimed"
            _trim(self._fates)
            return True

    def start(self, request: Request) -> None:
        """Say that a request runs from now on."""
        with self.lock:
            self._fates[request.id] = "running"
            self.active = request

    def finish(self, request: Request) -> None:
        """Say that it has run: from here on no interrupt is meant for it."""
        with self.lock:
            self._fates[request.id] = "finished"
            self.active = None

    def cancel(self, msg_id: str) -> str:
        """Drop a request that has not been claimed; returns its fate: cancelled, claimed, running or finished."""
        with self.lock:
            fate = self._fates.setdefault(msg_id, "cancelled")
            _trim(self._fates)
            return fate

    def interrupt(self, message_id: str, kernel: Any) -> str:
        """Interrupt a request if it is the one that runs: under the lock the main thread cannot leave it meanwhile."""
        with self.lock:
            if self.active is None or self.active.id != message_id:
                return self._fates.get(message_id, "unknown")
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        # A cell that awaits sits in the event loop's select, which a signal handler of Python's does not end.
        kernel.io_loop.add_callback(int)
        return "interrupted"

    # ---- whose code is this

    def enter(self, request: Request | None) -> None:
        """Let the code that follows in this context belong to a request, or to the user."""
        _belongs.set(request)

    def owner(self) -> Request | None:
        """Return the request that the code which is running here belongs to, None for the user's."""
        belongs = _belongs.get()
        return self.active if belongs is _SHARED else belongs

    def in_shared_thread(self) -> bool:
        """Whether this is a pool's worker, which serves us and the user in turn."""
        return _belongs.get() is _SHARED

    def adopt(self, thread: threading.Thread) -> None:
        """Let a thread that our code starts belong to our request, with all that it starts."""
        request = _belongs.get()
        if request is None:
            return
        if request is not _SHARED and not _is_worker(thread):
            mark = request
        else:
            mark = _SHARED
        run = thread.run

        def run_as_ours() -> None:
            _belongs.set(mark)
            run()

        thread.run = run_as_ours  # type: ignore[method-assign]


def _is_worker(thread: threading.Thread) -> bool:
    target = getattr(thread, "_target", None)
    return getattr(target, "__module__", "") in ("concurrent.futures.thread", "multiprocessing.pool")


def _trim(ordered: OrderedDict[str, Any]) -> None:
    while len(ordered) > _KEPT:
        ordered.popitem(last=False)
