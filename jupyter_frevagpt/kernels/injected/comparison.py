"""Which of the captured objects are not as they were, and the words for what cannot be told or put back."""

from __future__ import annotations

import time
from typing import Any

from .nodes import Node

NAMED = 300  # names in each list of an answer


def changed_nodes(captured: dict[str, list[Node]], ms: float, doubts: dict[str, str]) -> dict[int, Node]:
    """Return the objects that were changed, by the id of their node; what cannot be told is added to ``doubts``."""
    end = time.perf_counter() + ms / 1000
    found: dict[int, Node] = {}
    looked: dict[int, str] = {}
    for name, nodes in captured.items():
        for node in nodes:
            if id(node) not in looked:
                looked[id(node)] = "there was no time to compare it"
                if time.perf_counter() < end:
                    looked[id(node)] = verdict(node)
                    if looked[id(node)] == "changed":
                        found[id(node)] = node
            if looked[id(node)] not in ("same", "changed"):
                doubts[name] = looked[id(node)]
    return found


def names_of(
    changed: dict[int, Node], captured: dict[str, list[Node]], bindings: dict[str, Any]
) -> dict[str, list[Node]]:
    """Return the names that lead to changed objects, those among them that were not asked for too."""
    found = {}
    for name, nodes in captured.items():
        if below := [node for node in nodes if id(node) in changed]:
            found[name] = below
    by_value = {id(node.value): node for node in changed.values()}
    for name, value in bindings.items():
        if name not in found and id(value) in by_value:
            found[name] = [by_value[id(value)]]
    return found


def verdict(node: Node) -> str:
    """Return ``same`` or ``changed``, else why that cannot be told."""
    try:
        return "same" if node.same() else "changed"
    except Exception as error:  # noqa: BLE001 -- an odd object is one we cannot vouch for
        return f"it could not be compared ({type(error).__name__})"


def put_back(node: Node) -> str:
    """Put an object back as it was; returns why that was not possible, an empty text when it was."""
    try:
        return node.restore()
    except Exception as error:  # noqa: BLE001 -- what the object refuses is told, and the others go on
        return f"it refused to be put back ({type(error).__name__})"


def key_of(node: Node) -> str:
    """Return a key for an object that is no name."""
    return str(id(node))


def unique(nodes: dict[str, list[Node]]) -> list[Node]:
    """Return each of these once."""
    return list({id(node): node for several in nodes.values() for node in several}.values())


def not_kept(size: int) -> str:
    """Return why an old value cannot come back."""
    return f"its old value of {size:,} bytes was not kept"


def few(reasons: dict[str, str]) -> dict[str, str]:
    """Return as many of these as an answer names."""
    return dict(list(reasons.items())[:NAMED])
