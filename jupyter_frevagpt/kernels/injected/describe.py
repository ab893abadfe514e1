"""What the namespace holds, as bounded JSON: newest first, within a budget of time, bytes and entries."""

from __future__ import annotations

import json
import time
import types
from collections import Counter
from collections.abc import Iterable
from typing import Any

from . import describers
from .looks import is_secret_name, type_name

_KEYS = frozenset(
    "name type kind value length shape dtype bytes columns index head label dims coords variables variable_count attrs "
    "chunks lazy preview fields items bases members signature doc module version first last masked error details "
    "units long_name".split()
)
_FIRST = 20  # so many are described whatever the clock says, when bytes allow
_PATIENCE = 4  # on a machine that is busy with other things it may take so many times as long

_seen: dict[str, tuple[int, int]] = {}
_generation = [0]


def user_variables(shell: Any) -> list[tuple[str, Any]]:
    """Return the user's own names and values, oldest binding first."""
    hidden = shell.user_ns_hidden
    return [
        (name, value)
        for name, value in list(shell.user_ns.items())
        if type(name) is str and not name.startswith("_") and not (name in hidden and hidden[name] is value)
    ]


def describe_namespace(
    shell: Any,
    executions: int,
    busy: bool,
    *,
    names: list[str] | None = None,
    depth: int = 1,
    budget_ms: float = 50,
    max_bytes: int = 40_000,
    max_vars: int = 200,
    since: int = -1,
) -> dict[str, Any]:
    """Describe all variables, or those of ``names``; ``since`` is the number of an answer that the asker still has.

    What goes over the budgets is counted by type in ``more``; ``budget_ms`` is of this thread's own time.
    """
    begun = time.perf_counter()
    answer: dict[str, Any] = {"executions": executions, "busy": busy}
    if since == executions and not busy:
        return {**answer, "unchanged": True, "variables": [], "more": {}, "total": 0, "masked": [], "ms": 0.0}
    _load_libraries()
    pairs = _newest_first(user_variables(shell))
    if names is not None:
        wanted = set(names)
        pairs = [pair for pair in pairs if pair[0] in wanted]
    variables: list[dict[str, Any]] = []
    masked: list[str] = []
    more: dict[int, tuple[type, int]] = {}  # by the class' id: a class of the user's may be odd to compare
    used = 0
    clock = _Clock(budget_ms / 1000)
    for name, value in pairs:
        if len(variables) >= max_vars or used > max_bytes or (len(variables) >= _FIRST and clock.over()):
            kind = type(value)
            more[id(kind)] = (kind, more[id(kind)][1] + 1 if id(kind) in more else 1)
            continue
        entry = _entry(name, value, depth)
        size = len(json.dumps(entry, default=str))
        if used + size > max_bytes and depth:
            entry = _entry(name, value, 0)
            size = len(json.dumps(entry, default=str))
        if entry.get("masked"):
            masked.append(name)
        variables.append(entry)
        used += size
    answer.update(variables=variables, more=_by_name(more.values()), total=len(pairs), masked=masked)
    answer["ms"] = round((time.perf_counter() - begun) * 1000, 2)
    return answer


def _by_name(counts: Iterable[tuple[type, int]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for kind, count in counts:
        found[type_name(kind)] += count
    return dict(found.most_common(30))


class _Clock:
    """Tells when a time is over: this thread's own, or several times as long by the clock on the wall."""

    def __init__(self, seconds: float) -> None:
        self._end = time.thread_time() + seconds
        self._latest = time.perf_counter() + seconds * _PATIENCE

    def over(self) -> bool:
        """Whether it is."""
        return time.thread_time() > self._end or time.perf_counter() > self._latest


def _entry(name: str, value: Any, depth: int) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name[:200], "type": type_name(type(value))}
    try:
        facts = describers.describe_value(value, depth)
        for key in [key for key in facts if key not in _KEYS]:  # from a describer that somebody registered
            facts.setdefault("details", {})[str(key)[:60]] = facts.pop(key)
        entry.update({**facts, "name": entry["name"], "type": entry["type"]})
    except Exception as error:  # noqa: BLE001 -- one odd value must not hide the others
        entry.update(kind="object", error=type(error).__name__)
    if is_secret_name(name) and entry.get("kind") not in ("module", "function", "class"):
        for key in ("value", "preview", "fields", "head", "first", "last"):
            entry.pop(key, None)
        entry["masked"] = True
    return entry


def _newest_first(pairs: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Sort by when a name was last seen bound to something else, modules last.

    A dictionary keeps the place of a name that is bound again, so what we saw the last time is remembered.
    """
    _generation[0] += 1
    order = {}
    for position, (name, value) in enumerate(pairs):
        known = _seen.get(name)
        if known is None or known[0] != id(value):
            _seen[name] = known = (id(value), _generation[0])
        order[name] = (type(value) is not types.ModuleType, known[1], position)
    if len(_seen) > 2 * len(pairs) + 1000:
        for name in set(_seen) - set(order):
            del _seen[name]
    return sorted(pairs, key=lambda pair: order[pair[0]], reverse=True)


def _load_libraries() -> None:
    from . import libraries

    libraries.enroll(describers.offer)
