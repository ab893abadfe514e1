"""What one run changed in the namespace, and taking it back."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from .captures import Budget, Captures
from .comparison import NAMED, changed_nodes, few, key_of, names_of, not_kept, put_back, unique, verdict
from .describe import user_variables
from .looks import SCALARS
from .nodes import Node
from .patches import quietly
from .retained import Share
from .sizes import nbytes

MUCH = 100_000  # bytes: less than this is not looked for after each cell

_ABSENT: Any = object()
_GONE: Any = object()  # no value of the user's is this


class Thing(NamedTuple):
    """What a snapshot keeps of one object: for which names, by which references, before the run or to notice changes.

    ``copied`` are the bytes among them that are our own copy.
    """

    names: tuple[str, ...]
    held: list[Any]
    before: bool
    copied: int = 0


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
        self._hidden = {
            name: shell.user_ns[name]
            for name in shell.user_ns_hidden
            if not name.startswith("_") and name in shell.user_ns  # those are the user's last results
        }
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
        self._roots: dict[str, Any] = {}
        self._created: dict[str, int] = {}
        self.bytes = sum(node.size for node in unique(self.captures.nodes))
        self.reached = 0

    def _weight(self, name: str) -> int:
        return quietly(nbytes, self._bindings[name], default=0) or 0

    # ---- what it costs

    def things(self) -> Iterator[Thing]:
        """Yield what is kept: how the run left things before how they were, so that what both lead to is the former's.

        What the run left is there still, unless it was changed since; so if it is alive for our sake alone it was.
        """
        if not self.compared:
            nodes = unique(self.captures.nodes)
            yield Thing((), [held for node in nodes for held in vars(node).values()], before=True)
            return
        of_node: dict[str, list[str]] = {}
        for name, nodes in self._changed.items():
            for node in nodes:
                of_node.setdefault(key_of(node), []).append(name)
        left = [*self._roots.values(), *self._after.values()]
        yield Thing((), [value for value in left if type(value) not in SCALARS], before=False)
        seen: set[int] = set()
        for name, nodes in self._after_captures.nodes.items():
            if new := [node for node in nodes if id(node) not in seen]:
                seen.update(map(id, new))
                held = [held for node in new for held in vars(node).values()]
                copied = sum(node.size for node in new)
                yield Thing(tuple(of_node.get(name, (name,))), held, before=False, copied=copied)
        for name, value in self._bindings.items():
            if type(value) not in SCALARS:
                yield Thing((name,), [value], before=True)
        for node in unique(self._changed):
            yield Thing(tuple(of_node[key_of(node)]), list(vars(node).values()), before=True)

    def weigh(self, weighed: list[tuple[Thing, Share]]) -> int:
        """Return the bytes that are alive for its sake alone."""
        return sum(share.alone for _, share in weighed)

    def give_up_most(self, weighed: list[tuple[Thing, Share]], limit: int) -> None:
        """Give up what was changed since, old values that are too large, and the largest ones beyond ``limit``."""
        before, self.bytes = self.bytes, 0
        self.reached = sum(share.reached for _, share in weighed)
        if self.compared and not self.undone:
            for thing, share in weighed:
                if not thing.before and share.alone > 2 * thing.copied + MUCH:
                    self._give_up(thing.names, "it was changed since")
                elif thing.before and share.alone > self._hold_bytes:
                    self._give_up(thing.names, not_kept(share.alone))
        for thing, share in sorted(weighed, key=lambda one: one[1].alone):
            if thing.names and all(name in self._released for name in thing.names):
                continue
            if thing.before and thing.names and self.bytes + share.alone > limit:
                self._give_up(thing.names, not_kept(share.alone))
            else:
                self.bytes += share.alone
        if not all(share.whole for _, share in weighed):
            self.bytes = max(self.bytes, before)

    # ---- after the run

    def changes(self, begun: int) -> dict[str, Any]:
        """Compare with what is there now; ``begun`` counts the executions up to now."""
        start = time.perf_counter()
        before, now = self._bindings, dict(user_variables(self._shell))
        created = [name for name in now if name not in before]
        deleted = [name for name in before if name not in now]
        rebound = [name for name in now if name in before and now[name] is not before[name]]
        doubts = dict(self.captures.doubts)
        changed_objects = changed_nodes(self.captures.nodes, self._limits[2], doubts)
        self._changed = names_of(changed_objects, self.captures.nodes, self._bindings)
        changed = [name for name in self._changed if name not in rebound and name not in deleted]
        unknown = {name: why for name, why in doubts.items() if name not in (*changed, *rebound, *deleted)}
        self._settle(now, created, [*rebound, *deleted], begun)
        return {
            "id": self.id,
            "created": created[:NAMED],
            "rebound": rebound[:NAMED],
            "changed": changed[:NAMED],
            "deleted": deleted[:NAMED],
            "unknown": few(unknown),
            "count": len(created) + len(rebound) + len(changed) + len(deleted),
            "ms": round((time.perf_counter() - start) * 1000, 2),
        }

    def _settle(self, now: dict[str, Any], created: list[str], replaced: list[str], begun: int) -> None:
        """Let go of all that did not change, and remember how the run left the rest."""
        self.compared = True
        self.bytes = 0
        self._begun = begun
        self._bindings = {name: self._bindings[name] for name in replaced}
        self._hidden = {name: self._hidden[name] for name in created if name in self._hidden}
        self.captures.nodes = self._changed
        self._after = {name: now.get(name, _ABSENT) for name in (*created, *replaced)}
        for name, value in self._after.items():
            if value is not _ABSENT:
                self._after_captures.add(name, value)
        for nodes in self._changed.values():
            for node in nodes:
                self._after_captures.add(key_of(node), node.value)
        self._created = {name: id(now[name]) for name in created}
        self._roots = {name: now[name] for name in self._changed if name in now and name not in self._after}
        self.captures.settle()
        self._after_captures.settle()

    def still(self) -> list[str]:
        """Return the names that the run made and that are still bound as it left them."""
        space = self._shell.user_ns
        return [name for name, left in self._created.items() if name in space and id(space[name]) == left]

    def sweep(self, names: dict[str, Any], begun: int) -> None:
        """Let go of what is not put back any more: names are bound to something else, or nobody can tell what was done.

        ``names`` is what later runs, when they are taken back, bind names to that are bound to something else now, and
        then what this one does; ``begun`` counts the executions up to now.
        """
        if not self.compared or self.undone:
            return
        space = self._shell.user_ns
        gone = [
            name
            for left in (self._roots, self._after)
            for name, value in left.items()
            if value is not _GONE and (names[name] if name in names else space.get(name, _ABSENT)) is not value
        ]
        self._give_up(gone, "it was changed since")
        if begun != self._begun and self._after_captures.doubts:
            for name in [*self._after, *self._roots]:
                if self._after.get(name) is not _GONE and (why := self._untold(name)):
                    self._give_up([name], why)
            self._after_captures.doubts.clear()
        for name, value in self._after.items():
            if value is not _GONE:
                names[name] = self._bindings.get(name, self._hidden.get(name, _ABSENT))

    def _give_up(self, names: Collection[str], why: str) -> None:
        """Keep nothing more for these names: undo says why."""
        if not names:
            return
        for name in names:
            self._released.setdefault(name, why)
            for kept in (self._roots, self._changed, self._bindings, self._after_captures.nodes):
                kept.pop(name, None)
            if self._created.get(name) != id(self._shell.user_ns.get(name)):
                self._created.pop(name, None)
            self._after[name] = _GONE
        needed = {key_of(node) for node in unique(self._changed)}
        for key in [key for key in self._after_captures.nodes if key.isdigit() and key not in needed]:
            del self._after_captures.nodes[key]

    def _release(self) -> None:
        """Keep names alone: nothing more is put back."""
        for kept in (self._bindings, self._roots, self._created, self.captures.nodes, self._after_captures.nodes):
            kept.clear()
        self._after = dict.fromkeys((*self._after, *self._changed), _GONE)
        self._changed = {}

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
                    done[id(node)] = put_back(node)
                reasons[name] = reasons[name] or done[id(node)]
            if reasons[name]:
                left[name] = reasons[name]
                continue
            if name in self._after:
                self._bind(name)
            restored.append(name)
        doubts = {name: why for name, why in self.captures.doubts.items() if name not in restored and name not in left}
        self._release()
        return {"restored": restored[:NAMED], "not_restored": few(left), "cannot_vouch": few(doubts)}

    def _why_not(self, name: str, now: dict[str, Any], quiet: bool) -> str:
        if name in self._released:
            return self._released[name]
        if name in self._after and now.get(name, _ABSENT) is not self._after[name]:
            return "it was changed since"
        if quiet:
            return ""
        if why := self._untold(name):
            return why
        why = self._touched(name) if self._after.get(name, _ABSENT) is not _ABSENT else ""
        for node in self._changed.get(name, ()):
            why = why or self._touched(key_of(node))
        return why

    def _untold(self, name: str) -> str:
        """Return why nobody can tell, once anything else has run, whether what the run left was changed since."""
        doubts = self._after_captures.doubts
        keys = [name] if self._after.get(name, _ABSENT) is not _ABSENT else []
        keys += map(key_of, self._changed.get(name, ()))
        return next(
            (f"whether it was changed since cannot be told: {doubts[key]}" for key in keys if key in doubts), ""
        )

    def _touched(self, name: str) -> str:
        """Return why what a run left must be taken for changed since, an empty text when it surely is not."""
        verdicts = {verdict(node) for node in self._after_captures.nodes.get(name, ())}
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
