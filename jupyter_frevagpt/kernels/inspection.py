"""More of one variable: a name, or a path below it, followed through what the helper in the kernel told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PATH = re.compile(r"""([^\W\d]\w*)((?:\.[^\W\d]\w*|\[(?:'[^'\n]*'|"[^"\n]*"|\d+)\])*)""")
_STEP = re.compile(r"""\.([^\W\d]\w*)|\[(?:'([^'\n]*)'|"([^"\n]*)"|(\d+))\]""")
_MOST_STEPS = 3
_NAMED = ("variables", "coords", "columns", "fields", "preview", "attrs", "details")
_OWN = frozenset({"attrs", "dims", "coords", "shape", "dtype", "columns", "chunks", "variables"})

Step = str | int


def parse(text: str) -> tuple[str, list[Step]] | None:
    """Return a variable's name and the steps below it (``ds.tas``, ``df['a']``, ``rows[0]``); None for other code."""
    found = _PATH.fullmatch(text.strip()[:300])
    if found is None:
        return None
    steps: list[Step] = []
    for step in _STEP.finditer(found[2]):
        steps.append(int(step[4]) if step[4] else next(part for part in step.groups() if part is not None))
    return (found[1], steps) if len(steps) <= _MOST_STEPS else None


def follow(facts: Mapping[str, Any], steps: list[Step]) -> Any:
    """Return what is told below a variable; raises LookupError where nothing is."""
    inside: Any = facts
    for step in steps:
        if not isinstance(inside, Mapping) or inside.get("masked"):
            raise LookupError(step)
        inside = _below(inside, step)
    return inside


def parts_of(facts: Mapping[str, Any]) -> list[str]:
    """Return the names that lie below a variable, as far as they were told."""
    return [str(name) for key in _NAMED if isinstance(held := facts.get(key), Mapping) for name in held][:20]


def _below(facts: Mapping[str, Any], step: Step) -> Any:
    if isinstance(step, int):
        preview = facts.get("preview")
        if isinstance(preview, list) and step < len(preview):
            return preview[step]
        raise LookupError(step)
    for key in _NAMED:
        held = facts.get(key)
        if isinstance(held, Mapping) and step in held:
            return _column(facts, step) if key == "columns" else held[step]
    if step in _OWN and facts.get(step) is not None:
        return facts[step]
    raise LookupError(step)


def _column(facts: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a column of a frame with its first values, where the rows that were told reach so far."""
    at = list(facts["columns"]).index(name)
    rows = facts.get("head") or []
    first = [row[at] for row in rows if isinstance(row, list) and at < len(row)]
    return {"dtype": facts["columns"][name], **({"first_values": first} if first else {})}
