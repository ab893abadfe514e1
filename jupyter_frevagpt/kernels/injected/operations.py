"""What the server may ask: one message type, one operation a message, an answer in JSON of bounded size."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from . import MESSAGE_TYPE
from .patches import quietly

_MAX_ANSWER = 2_000_000


class Refused(Exception):
    """The operation cannot be carried out; the message says why."""


class Operations:
    """Answers the server, on the control thread beside a cell of the user's, or on the shell channel in turn.

    The parts that know about variables and files are imported at the first question about them.
    """

    def __init__(self, guest: Any) -> None:
        """``guest`` is the installation whose kernel is asked about."""
        self._guest = guest
        self._snapshots: Any = None
        self._table: dict[str, Callable[..., Any]] = {
            "hello": self._hello,
            "cancel": guest.ledger.cancel,
            "interrupt": self._interrupt,
            "output": self._output,
            "describe": self._describe,
            "snapshot": self.take_snapshot,
            "diff": self.compare,
            "undo": self._undo,
            "forget": self._forget,
            "review": self._review,
            "facts": self._facts,
            "transform": self._transform,
            "files": self.list_files,
            "uninstall": self._uninstall,
        }

    def handle(self, stream: Any, ident: Any, message: dict[str, Any]) -> None:
        """Answer one message."""
        content = message.get("content", {})
        session = self._guest.kernel.session
        try:
            self._check(message)
            answer = {"status": "ok", "body": self._carry_out(content["op"], content.get("args", {}))}
        except Exception as error:  # noqa: BLE001 -- whatever the user's objects do, the server gets an answer
            answer = {"status": "error", "ename": type(error).__name__, "evalue": str(error)[:500]}
        session.send(stream, MESSAGE_TYPE.replace("request", "reply"), answer, message, ident=ident)

    def _check(self, message: dict[str, Any]) -> None:
        if message["header"].get("session") not in self._guest.sessions:
            raise Refused("this session is not installed")

    def _carry_out(self, name: str, arguments: dict[str, Any]) -> str:
        if name not in self._table:
            raise Refused("there is no such operation")
        text = json.dumps(self._table[name](**arguments), default=str, allow_nan=False)
        if len(text) > _MAX_ANSWER:
            raise Refused("the answer is too large")
        return text

    def _hello(self) -> dict[str, Any]:
        guest = self._guest
        return {
            "capabilities": guest.capabilities(),
            "executions": guest.executions,
            "running": guest.running,
            "ours": guest.ledger.active.id if guest.ledger.active else "",
            "snapshots": self._snapshots.memory() if self._snapshots else {"count": 0, "bytes": 0},
        }

    def _interrupt(self, msg_id: str) -> str:
        return str(self._guest.ledger.interrupt(msg_id, self._guest.kernel))

    def _output(self, msg_id: str) -> dict[str, Any]:
        request = self._guest.ledger.find(msg_id)
        if request is None:
            raise Refused("no such request is known")
        report: dict[str, Any] = request.allowance.report()
        return report

    def _uninstall(self) -> bool:
        from . import uninstall

        guest = self._guest
        for session in list(guest.sessions):
            uninstall(session)
        return True

    # ---- variables

    def _describe(self, **arguments: Any) -> dict[str, Any]:
        from .describe import describe_namespace

        return describe_namespace(self._guest.shell, self._guest.executions, bool(self._guest.running), **arguments)

    def take_snapshot(self, options: dict[str, Any]) -> dict[str, Any]:
        """Keep what the names in ``options`` are bound to, and copies within its budgets."""
        if self._snapshots is None:
            from .snapshots import Snapshots

            self._snapshots = Snapshots(self._guest.shell)
        result: dict[str, Any] = self._snapshots.take(**options)
        return result

    def compare(self, taken: dict[str, Any]) -> dict[str, Any]:
        """Return what has changed since a snapshot, named by the answer to ``take_snapshot``."""
        changes: dict[str, Any] = self._snapshots.compare(self._known(taken["id"]), self._guest.begun)
        return changes

    def _known(self, snapshot_id: str) -> Any:
        snapshot = self._snapshots.find(snapshot_id) if self._snapshots else None
        if snapshot is None:
            raise Refused("no such snapshot is kept")
        return snapshot

    def _undo(self, id: str) -> dict[str, Any]:  # noqa: A002 -- the name on the wire
        result: dict[str, Any] = self._known(id).undo(self._guest.begun)
        self._guest.executions += 1
        return result

    def _forget(self, id: str = "") -> dict[str, Any]:  # noqa: A002
        if self._snapshots is None:
            return {"count": 0, "bytes": 0}
        self._snapshots.forget(id)
        memory: dict[str, Any] = self._snapshots.memory()
        return memory

    def _still(self, ids: list[str]) -> list[str]:
        return list(self._snapshots.still(ids)) if self._snapshots else []

    def sweep(self) -> None:
        """A cell has ended: keep nothing alive that undo has no use for any more."""
        if self._snapshots is not None:
            self._snapshots.sweep(self._guest.begun)

    # ---- before a run, and around it

    def _review(self, code: str, made: list[str], **asked: Any) -> dict[str, Any]:
        from .reviewing import look_at

        told = look_at(self._guest.shell, code, **asked)
        return {**told, "still": self._still(made), "running": bool(self._guest.running)}

    def _facts(self, **arguments: Any) -> dict[str, Any]:
        from .facts import facts

        return facts(self._guest.shell, **arguments)

    def _transform(self, code: str) -> str:
        return str(self._guest.shell.transform_cell(code))

    def list_files(self, options: dict[str, Any]) -> dict[str, Any]:
        """List the working directory."""
        from .files import listing

        return listing(**options)

    def compare_files(self, before: dict[str, Any]) -> Any:
        """Return what has changed in the directory of a listing."""
        from .files import changes

        return quietly(changes, before)
