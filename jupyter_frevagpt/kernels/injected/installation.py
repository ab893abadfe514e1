"""The hooks in the kernel: whose message is handled, whose output is it, what is put back afterwards."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from . import MESSAGE_TYPE, PROTOCOL
from .belongings import Belongings
from .ledger import Ledger, Request
from .operations import Operations
from .outlets import Outlets
from .patches import Patches, quietly

_TOLD = 1_000_000  # bytes of one reply's report


class Installation:
    """One guest in one kernel, for one or several sessions of clients."""

    def __init__(self, kernel: Any) -> None:
        self.kernel = kernel
        self.shell = kernel.shell
        self.sessions: set[str] = set()
        self.ledger = Ledger()
        self.executions = 0  # begun and ended ones: what was described at another number is stale
        self.begun = 0
        self.running = ""
        self.live = True
        self._patches = Patches()
        self._belongings = Belongings(self.shell)
        self._run_code = getattr(type(self.shell), "run_code", None)
        self._outlets = Outlets(kernel, self.ledger, self._patches)
        self.operations = Operations(self)
        self._hook("set_parent", self._set_parent, kernel)
        self._hook("should_handle", self._should_handle, kernel)
        self._hook("pre_handler_hook", self._before, kernel)
        self._hook("post_handler_hook", self._after, kernel)
        self._hook("finish_metadata", self._finish_metadata, kernel)
        self._hook("ask_exit", self._ask_exit, self.shell)
        for name in ("update_user_ns", "log_output"):
            self._hook(name, self._unless_ours, self.shell.displayhook)
        if hasattr(kernel, "control_handlers"):
            kernel.control_handlers[MESSAGE_TYPE] = self.operations.handle
        kernel.shell_handlers[MESSAGE_TYPE] = self.operations.handle
        self._remember_user(None)

    def _hook(self, name: str, make: Callable[[Any], Any], target: Any) -> None:
        if callable(getattr(target, name, None)):
            self._patches.replace(target, name, make)

    def remove(self) -> None:
        """Give all hooks back."""
        self.live = False
        self._patches.undo()
        for handlers in (getattr(self.kernel, "control_handlers", {}), self.kernel.shell_handlers):
            handlers.pop(MESSAGE_TYPE, None)

    def capabilities(self) -> dict[str, Any]:
        """Return what works in this kernel, found by looking for each thing that it needs."""
        hooked = all(name in vars(self.kernel) for name in ("should_handle", "pre_handler_hook", "post_handler_hook"))
        beside = threading.current_thread() is not threading.main_thread()  # where this very question is answered
        return {
            "protocol": PROTOCOL,
            "cancel": hooked,
            "interrupt": hooked and hasattr(signal, "pthread_kill") and self._run_code is not None,
            "while_busy": beside,
            "restore_parents": "set_parent" in vars(self.kernel),
            "caps": self._outlets.capped,
            "report": "finish_metadata" in vars(self.kernel),
            "describe": True,
            "snapshot": True,
            "python": ".".join(map(str, sys.version_info[:3])),
            "ipykernel": str(getattr(sys.modules.get("ipykernel"), "__version__", ""))[:40],
        }

    def _is_ours(self, message: Any) -> bool:
        header = message.get("header") if isinstance(message, dict) else None
        return bool(self.live and header and header.get("session") in self.sessions)

    # ---- whose message it is

    def _set_parent(self, original: Any) -> Any:
        """Let what we set count in our own context alone: threads of the user's look at what is global."""

        def set_parent(ident: Any, parent: Any, channel: str = "shell") -> Any:
            if channel != "shell":
                return original(ident, parent, channel)
            if not self._is_ours(parent):
                self.ledger.enter(None)
                result = original(ident, parent, channel)
                if isinstance(parent, dict):
                    self._remember_user(parent.get("header"))
                return result
            self.ledger.enter(self.ledger.request(parent))
            kept = [(target, name, getattr(target, name)) for target, name in self._globals()]
            try:
                return original(ident, parent, channel)
            finally:
                for target, name, value in kept:
                    setattr(target, name, value)

        return set_parent

    def _globals(self) -> list[tuple[Any, str]]:
        shell = self.shell
        places = [(self.kernel, "_shell_context")]
        for target in (shell, shell.displayhook, shell.display_pub, *self._outlets.streams):
            name = "_parent_header_global" if hasattr(target, "_parent_header_global") else "parent_header"
            places.append((target, name))
        return [place for place in places if hasattr(*place)]

    def _remember_user(self, header: Any) -> None:
        self._outlets.user_header = header or {}

    def assume(self, header: dict[str, Any]) -> None:
        """Take a header for that of the user's last cell: our injection has just taken its place for all threads."""
        self._remember_user(header)
        for target in (self.shell.displayhook, self.shell.display_pub, *self._outlets.streams):
            name = "_parent_header_global" if hasattr(target, "_parent_header_global") else "parent_header"
            if hasattr(target, name):
                setattr(target, name, header)

    def _should_handle(self, original: Any) -> Any:
        def should_handle(stream: Any, message: dict[str, Any], idents: Any) -> Any:
            if message["header"]["msg_type"] == "execute_request":
                self.executions += 1
                self.begun += 1
                if self._is_ours(message) and not self.ledger.claim(message["header"]["msg_id"]):
                    self._answer_aborted(stream, message, idents)
                    return False
                self.running = message["header"]["msg_id"]
            return original(stream, message, idents)

        return should_handle

    def _answer_aborted(self, stream: Any, message: dict[str, Any], idents: Any) -> None:
        content = {"status": "aborted"}
        self.kernel.session.send(stream, "execute_reply", content, message, ident=idents, metadata=dict(content))

    # ---- around a run of ours

    def _before(self, original: Any) -> Any:
        def pre_handler_hook() -> Any:
            result = original()
            request = self.ledger.owner() if self.live else None
            if request and request.executes and threading.current_thread() is threading.main_thread():
                quietly(self._begin, request)
            return result

        return pre_handler_hook

    def _begin(self, request: Request) -> None:
        request.started = True
        request.before["belongings"] = self._belongings.take()
        if "snapshot" in request.options:
            request.before["snapshot"] = quietly(self.operations.take_snapshot, request.options["snapshot"])
        if "files" in request.options:
            request.before["files"] = quietly(self.operations.list_files, request.options["files"])
        if self._run_code is not None:
            signal.signal(signal.SIGINT, self._on_interrupt)
            self.ledger.start(request)

    def _on_interrupt(self, _: int, frame: Any) -> None:
        """Raise inside the cell's own code only; in the plumbing of the kernel it would lose the reply."""
        code = self._run_code.__code__ if self._run_code is not None else None
        while frame is not None:
            if frame.f_code is code:
                raise KeyboardInterrupt
            frame = frame.f_back

    def _after(self, original: Any) -> Any:
        def post_handler_hook() -> Any:
            if threading.current_thread() is not threading.main_thread():
                return original()
            request = self.ledger.owner() if self.live else None
            if request and request.started:
                request.started = False
                self.ledger.finish(request)
                quietly(self._outlets.close, request)
                quietly(self._belongings.give_back, request.before.pop("belongings", None))
                request.before.clear()
            if self.live:
                quietly(self._outlets.attach)
            if self.running:
                self.running = ""
                self.executions += 1
                if self.live:
                    quietly(self.operations.sweep)
            return original()

        return post_handler_hook

    def _finish_metadata(self, original: Any) -> Any:
        def finish_metadata(parent: Any, metadata: Any, reply: Any) -> Any:
            result = original(parent, metadata, reply)
            if self._is_ours(parent) and isinstance(result, dict):
                request = self.ledger.find(parent["header"]["msg_id"])
                if request is not None and request.started and not request.reported:
                    request.reported = True
                    quietly(self._tell, request, result, reply)
            return result

        return finish_metadata

    def _tell(self, request: Request, metadata: dict[str, Any], reply: dict[str, Any]) -> None:
        """Put into the reply's metadata what the server wants to know of this run."""
        self._outlets.close(request)
        payload = [entry for entry in reply.get("payload") or [] if entry.get("source") not in ("ask_exit", "page")]
        if "payload" in reply:
            reply["payload"] = payload
        if reply.get("status") == "error":
            request.allowance.error(reply)
        told: dict[str, Any] = {"output": request.allowance.report(), "exit_ignored": request.exit_ignored}
        if request.before.get("snapshot") is not None:
            told["changes"] = quietly(self.operations.compare, request.before["snapshot"])
        if request.before.get("files") is not None:
            told["files"] = quietly(self.operations.compare_files, request.before["files"])
        text = json.dumps(told, default=str)
        metadata["frevagpt"] = text if len(text) <= _TOLD else json.dumps({"output": told["output"], "cut": True})

    # ---- manners

    def _ask_exit(self, original: Any) -> Any:
        def ask_exit(*arguments: Any, **keywords: Any) -> Any:
            request = self.ledger.owner() if self.live else None
            if request is None:
                return original(*arguments, **keywords)
            request.exit_ignored = True
            self.shell.keepkernel_on_exit = None
            sys.stderr.write("exit() was ignored: this kernel belongs to the user, and goes on.\n")
            sys.stderr.flush()
            return None

        return ask_exit

    def _unless_ours(self, original: Any) -> Any:
        """Leave ``_``, ``Out`` and the record of outputs alone when the result is ours."""

        def unless_ours(result: Any) -> Any:
            if self.live and self.ledger.owner() is not None:
                return None
            return original(result)

        return unless_ours
