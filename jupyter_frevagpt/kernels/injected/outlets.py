"""Where output leaves the kernel: each piece gets the parent of the code that made it, ours no more than its share."""

from __future__ import annotations

import contextlib
import functools
import select
import sys
import threading
import time
from typing import Any

from . import MESSAGE_TYPE
from .ledger import Ledger, Request
from .patches import Patches, quietly

_SHOWN = frozenset({"display_data", "update_display_data", "execute_result", "error", "clear_output"})
_COMMS = frozenset({"comm_open", "comm_msg", "comm_close"})
_BUNDLES = frozenset({"display_data", "update_display_data", "execute_result"})
_DRAIN_SECONDS = 0.2


class Outlets:
    """The kernel's stdout and stderr, and the one method that all its messages pass.

    The kernel keeps one "current parent" for all threads. That is left to the user's cells always: what our code
    shows is given our parent here, by the context it runs in, and so is what the threads show that it started.
    """

    def __init__(self, kernel: Any, ledger: Ledger, patches: Patches) -> None:
        self.user_header: dict[str, Any] = {}
        self.streams: list[Any] = [stream for stream in (sys.stdout, sys.stderr) if hasattr(stream, "_parent_header")]
        self.capped = bool(self.streams)
        self._ledger = ledger
        self._patches = patches
        self._attached = False
        self._writers = {str(stream.name): stream for stream in self.streams}
        self._readers = [getattr(stream, "watch_fd_thread", None) for stream in self.streams]
        patches.replace(kernel.session, "send", self._make_send)
        patches.replace(threading.Thread, "start", self._make_start)
        if hasattr(kernel.shell, "_tee"):
            patches.replace(kernel.shell, "_tee", self._make_tee)

    def attach(self) -> None:
        """Take hold of what the streams write, between two cells: IPython 9 replaces ``write`` while a cell runs."""
        if not self._attached:
            self._attached = True
            for stream in self.streams:
                self._patches.replace(stream, "write", functools.partial(self._make_write, stream))

    def _make_write(self, stream: Any, original: Any) -> Any:
        ledger, readers, parent_of = self._ledger, self._readers, stream._parent_header

        @functools.wraps(original)
        def write(text: str) -> Any:
            request = ledger.owner()
            if request is None and threading.current_thread() in readers:
                request = ledger.active  # what a library or a child process wrote to the descriptor
            if request is None and not ledger.in_shared_thread():
                return original(text)
            if request is not None and isinstance(text, str):
                size, text = len(text), request.allowance.take(stream.name, text)
                if not text:
                    return size
            header = stream._parent_header_global if request is None else request.header
            token = parent_of.set(header)
            try:
                return original(text)
            finally:
                parent_of.reset(token)

        return write

    def close(self, request: Request) -> None:
        """Send the end of what was printed; waits a moment for what is still in the descriptors."""
        quietly(self._drain)
        for name, text in request.allowance.close():
            stream = self._writers.get(name)
            if stream is not None:
                token = stream._parent_header.set(request.header)
                try:
                    type(stream).write(stream, text)
                finally:
                    stream._parent_header.reset(token)
                stream.flush()

    def _drain(self) -> None:
        readable = [stream._fid for stream in self.streams if isinstance(getattr(stream, "_fid", None), int)]
        deadline = time.monotonic() + _DRAIN_SECONDS
        while readable and select.select(readable, [], [], 0)[0] and time.monotonic() < deadline:
            time.sleep(0.002)

    def _make_send(self, original: Any) -> Any:
        @functools.wraps(original)
        def send(
            stream: Any,
            message: Any,
            content: Any = None,
            parent: Any = None,
            ident: Any = None,
            *rest: Any,
            **more: Any,
        ) -> Any:
            whole = isinstance(message, dict)
            kind = message["header"]["msg_type"] if whole else message
            header = _header(message.get("parent_header") if whole else parent)
            if kind == "status" and header.get("msg_type") == MESSAGE_TYPE:
                return None
            if kind in _SHOWN or kind in _COMMS:
                mine = self._parent(header)
                content = self._bounded(kind, message["content"] if whole else content)
                if whole:
                    message["parent_header"], message["content"] = mine, content
                    return original(stream, message, None, None, ident, *rest, **more)
                parent = parent if mine is header else mine
            return original(stream, message, content, parent, ident, *rest, **more)

        return send

    def _parent(self, header: dict[str, Any]) -> dict[str, Any]:
        """Return the parent of what is shown now: a request of ours, else what the kernel says unless that is ours."""
        request = self._ledger.owner()
        if request is not None:
            return request.header
        known = self._ledger.find(header.get("msg_id", ""))
        return header if known is None else self.user_header

    def _bounded(self, kind: str, content: Any) -> Any:
        request = self._ledger.owner()
        if request is None or not isinstance(content, dict):
            return content
        if kind in _BUNDLES:
            return request.allowance.bundle(content)
        if kind == "error":
            request.allowance.error(content)
        return content

    def _make_tee(self, original: Any) -> Any:
        """Let IPython keep no second copy of what our code prints."""

        def tee(*arguments: Any, **keywords: Any) -> Any:
            if self._ledger.owner() is not None:
                return contextlib.nullcontext()
            return original(*arguments, **keywords)

        return tee

    def _make_start(self, original: Any) -> Any:
        ledger = self._ledger

        @functools.wraps(original)
        def start(thread: threading.Thread) -> None:
            ledger.adopt(thread)
            original(thread)

        return start


def _header(parent: Any) -> dict[str, Any]:
    if not isinstance(parent, dict):
        return {}
    header = parent.get("header", parent)
    return header if isinstance(header, dict) else {}
