"""What a run changed in the namespace, and taking it back."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from typing import Any

from .captures import Budget, Captures
from .describe import user_variables
from .nodes import Node
from .patches import quietly
from .sizes import nbytes

_ABSENT: Any = object()
_MOST = 50  # snapshots kept, the oldest goes first
_NAMED = 300  # names in each list of an answer


class Snapshots:
    """The snapshots that are kept, by id."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._kept: OrderedDict[str, Snapshot] = OrderedDict()

    def take(
        self,
        names: list[str] | None = None,
        *,
        id: str = "",  # noqa: A002 -- the name on the wire
        item_bytes: int = 16_000_000,
        total_bytes: int = 64_000_000,
        hold_bytes: int = 2_000_000_000,
        ms: float = 200,
    ) -> dict[str, Any]:
        """Keep all bindings, and copies of what ``names`` lead to (None: all names) within the budgets.

        ``hold_bytes`` is how large an old value may be that is kept alive only to be given back.
        """
        begun = time.perf_counter()
        identifier = id or secrets.token_hex(8)
        snapshot = Snapshot(self._shell, identifier, names, item_bytes, total_bytes, hold_bytes, ms)
        self._kept[identifier] = snapshot
        self._kept.move_to_end(identifier)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        took = round((time.perf_counter() - begun) * 1000, 2)
        return {"id": identifier, "bytes": snapshot.memory(), "doubts": _few(snapshot.captures.doubts), "ms": took}

    def find(self, identifier: str) -> Snapshot | None:
        """Return a snapshot."""
        return self._kept.get(identifier)

    def forget(self, identifier: str = "") -> None:
        """Let go of a snapshot, of all without a name."""
        if identifier:
            self._kept.pop(identifier, None)
        else:
            self._kept.clear()

    def memory(self) -> dict[str, int]:
        """Return how many are kept and the bytes that are alive for their sake."""
        return {"count": len(self._kept), "bytes": sum(snapshot.memory() for snapshot in self._kept.values())}


class Snapshot:
    """The namespace before a run, then what the run left, so that only what is still as it left it is taken back."""

    def __init__(
        self,
        shell: Any,
        identifier: str,
        names: list[str] | None,
        item_bytes: int,
        total_bytes: int,
        hold_bytes: int,
        ms: float,
    ) -> None:
        self.id = identifier
        self.compared = False
        self.undone = False
        self._shell = shell
        self._limits = (item_bytes, total_bytes, ms)
        self._hold_bytes = hold_bytes
        self._bindings: dict[str, Any] = dict(user_variables(shell))
        self._hidden = {name: shell.user_ns[name] for name in shell.user_ns_hidden if name in shell.user_ns}
        self.captures = Captures(Budget(item_bytes, total_bytes, ms))
        wanted = [
            name for name in (self._bindings if names is None else dict.fromkeys(names)) if name in self._bindings
        ]
        for name in sorted(wanted, key=self._weight):  # small ones first, large ones when there is time left
            self.captures.add(name, self._bindings[name])
        self._changed: dict[str, list[Node]] = {}
        self._after: dict[str, Any] = {}
        self._after_captures = Captures(Budget(item_bytes, total_bytes, ms), keep=False)
        self._begun = -1
        self._released: dict[str, str] = {}

    def _weight(self, name: str) -> int:
        return quietly(nbytes, self._bindings[name], default=0) or 0

    def memory(self) -> int:
        """Return the bytes that are alive for its sake: copies, and values that nobody else is bound to."""
        nodes = {id(node): node for nodes in self.captures.nodes.values() for node in nodes}
        size = sum(node.size for node in nodes.values())
        if self.compared:
            now = {id(value) for value in self._shell.user_ns.values()}
            size += sum(nbytes(value) or 0 for value in self._bindings.values() if id(value) not in now)
        return size

    # ---- after the run

    def changes(self, begun: int) -> dict[str, Any]:
        """Compare with what is there now; ``begun`` counts the executions up to now."""
        start = time.perf_counter()
        before, now = self._bindings, dict(user_variables(self._shell))
        created = [name for name in now if name not in before]
        deleted = [name for name in before if name not in now]
        rebound = [name for name in now if name in before and now[name] is not before[name]]
        doubts = dict(self.captures.doubts)
        changed_nodes = self._changed_nodes(doubts)
        self._changed = self._names_of(changed_nodes)
        changed = [name for name in self._changed if name not in rebound and name not in deleted]
        unknown = {name: why for name, why in doubts.items() if name not in (*changed, *rebound, *deleted)}
        self._settle(now, created, [*rebound, *deleted], begun)
        return {
            "id": self.id,
            "created": created[:_NAMED],
            "rebound": rebound[:_NAMED],
            "changed": changed[:_NAMED],
            "deleted": deleted[:_NAMED],
            "unknown": _few(unknown),
            "count": len(created) + len(rebound) + len(changed) + len(deleted),
            "bytes": self.memory(),
            "ms": round((time.perf_counter() - start) * 1000, 2),
        }

    def _changed_nodes(self, doubts: dict[str, str]) -> dict[int, Node]:
        end = time.perf_counter() + self._limits[2] / 1000
        found: dict[int, Node] = {}
        looked: dict[int, str] = {}
        for name, nodes in self.captures.nodes.items():
            for node in nodes:
                if id(node) not in looked:
                    looked[id(node)] = "there was no time to compare it"
                    if time.perf_counter() < end:
                        looked[id(node)] = _verdict(node)
                        if looked[id(node)] == "changed":
                            found[id(node)] = node
                if looked[id(node)] not in ("same", "changed"):
                    doubts[name] = looked[id(node)]
        return found

    def _names_of(self, changed: dict[int, Node]) -> dict[str, list[Node]]:
        """Return the names that lead to changed objects, those among them that were not asked for too."""
        found = {}
        for name, nodes in self.captures.nodes.items():
            if below := [node for node in nodes if id(node) in changed]:
                found[name] = below
        by_value = {id(node.value): node for node in changed.values()}
        for name, value in self._bindings.items():
            if name not in found and id(value) in by_value:
                found[name] = [by_value[id(value)]]
        return found

    def _settle(self, now: dict[str, Any], created: list[str], replaced: list[str], begun: int) -> None:
        """Let go of all that did not change, and remember how the run left the rest."""
        self.compared = True
        self._begun = begun
        self._bindings = {name: self._bindings[name] for name in replaced}
        for name, value in list(self._bindings.items()):
            size = nbytes(value) or 0
            if size > self._hold_bytes:
                del self._bindings[name]
                self._released[name] = f"its old value of {size:,} bytes was not kept"
        self.captures.nodes = self._changed
        self._after = {name: now.get(name, _ABSENT) for name in (*created, *replaced)}
        for name, value in self._after.items():
            if value is not _ABSENT:
                self._after_captures.add(name, value)
        for nodes in self._changed.values():
            for node in nodes:
                self._after_captures.add(f"{id(node)}", node.value)

    # ---- taking back

    def undo(self, begun: int) -> dict[str, Any]:
        """Take back what nothing has changed since; returns what was restored, what was not and why."""
        if not self.compared:
            self.changes(begun)
        restored: list[str] = []
        left: dict[str, str] = {}
        names = [*self._after, *(name for name in self._changed if name not in self._after)]
        if self.undone:
            left = dict.fromkeys(names, "it was taken back before")
            names = []
        self.undone = True
        quiet = begun == self._begun
        now = dict(user_variables(self._shell))
        # All is judged before anything is put back: arrays may share memory, and would look changed by ourselves.
        reasons = {name: self._why_not(name, now, quiet) for name in names}
        done: dict[int, str] = {}
        for name, why in reasons.items():
            for node in self._changed.get(name, ()) if not why else ():
                if id(node) not in done:
                    done[id(node)] = _put_back(node)
                reasons[name] = reasons[name] or done[id(node)]
            if reasons[name]:
                left[name] = reasons[name]
                continue
            if name in self._after:
                self._bind(name)
            restored.append(name)
        doubts = {name: why for name, why in self.captures.doubts.items() if name not in restored and name not in left}
        return {"restored": restored[:_NAMED], "not_restored": _few(left), "cannot_vouch": _few(doubts)}

    def _why_not(self, name: str, now: dict[str, Any], quiet: bool) -> str:
        if name in self._released:
            return self._released[name]
        if name in self._after and now.get(name, _ABSENT) is not self._after[name]:
            return "it was changed since"
        if quiet:
            return ""
        why = self._touched(name) if self._after.get(name, _ABSENT) is not _ABSENT else ""
        for node in self._changed.get(name, ()):
            why = why or self._touched(f"{id(node)}")
        return why

    def _touched(self, name: str) -> str:
        """Return why what a run left must be taken for changed since, an empty text when it surely is not."""
        if name in self._after_captures.doubts:
            return f"whether it was changed since cannot be told: {self._after_captures.doubts[name]}"
        verdicts = {_verdict(node) for node in self._after_captures.nodes.get(name, ())}
        if "changed" in verdicts:
            return "it was changed since"
        return "" if verdicts <= {"same"} else f"whether it was changed since cannot be told: {max(verdicts)}"

    def _bind(self, name: str) -> None:
        if name in self._bindings:
            self._shell.user_ns[name] = self._bindings[name]
        elif name in self._hidden:
            self._shell.user_ns[name] = self._hidden[name]
        else:
            self._shell.user_ns.pop(name, None)


def _put_back(node: Node) -> str:
    try:
        return node.restore()
    except Exception as error:  # noqa: BLE001 -- what the object refuses is told, and the others go on
        return f"it refused to be put back ({type(error).__name__})"


def _verdict(node: Node) -> str:
    try:
        return "same" if node.same() else "changed"
    except Exception as error:  # noqa: BLE001 -- an odd object is one we cannot vouch for
        return f"it could not be compared ({type(error).__name__})"


def _few(reasons: dict[str, str]) -> dict[str, str]:
    return dict(list(reasons.items())[:_NAMED])
