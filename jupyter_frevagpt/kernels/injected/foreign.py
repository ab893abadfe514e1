"""Descriptions that code of a library's, a site's or the user's own gives of its values: asked for, and not believed.

A class describes its values by a method ``__frevagpt_describe__(self, depth)`` that returns a dict for JSON; neither it
nor its library imports us for that. Classes of others are described by a function that is given by name to
``sys.modules["_frevagpt_guest"].register("package.Class", function)`` once the helper is there.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable
from typing import Any

from .looks import cut, is_secret_name, mro, namespace, shown, type_name

METHOD = "__frevagpt_describe__"

_MOST = 20_000
_COUNTS = frozenset({"length", "bytes"})
_TEXTS = frozenset({"kind", "dtype", "index", "label", "doc", "units", "long_name"})

Describer = Callable[[Any, int], Any]


def own_describer(kind: type) -> Describer | None:
    """Return the function by which a class describes its values, None without one; the value is not touched."""
    for base in mro(kind):
        found = namespace(base).get(METHOD)
        if found is not None:
            return found if type(found) is types.FunctionType else None
    return None


def facts_from(function: Describer, value: Any, depth: int) -> dict[str, Any]:
    """Return what a foreign function tells, fit to be sent: what is not as we expect it is among the details."""
    text = json.dumps(function(value, depth), default=lambda odd: f"<{type_name(type(odd))}>")
    if len(text) > _MOST:
        raise ValueError("the description is too long")
    given = json.loads(text, parse_constant=str)
    if type(given) is not dict:
        raise TypeError("a description is a dict")
    details = given.pop("details", {})
    details = details if type(details) is dict else {"details": details}
    facts: dict[str, Any] = {}
    for key, item in given.items():
        if _fits(key, item):
            facts[key] = cut(item, 200) if type(item) is str else item
        else:
            details[key] = item
    if details:
        facts["details"] = {cut(key, 60): _masked(key, item) for key, item in details.items()}
    return facts


def _fits(key: str, item: Any) -> bool:
    if key in _TEXTS:
        return type(item) is str
    if key in _COUNTS:
        return type(item) is int and 0 <= item < 2**63
    return key == "shape" and type(item) is list and all(type(size) is int and abs(size) < 2**63 for size in item)


def _masked(key: str, item: Any) -> Any:
    if is_secret_name(key):
        return "•••"
    if type(item) is dict:
        return {cut(name, 60): _masked(name, inside) for name, inside in item.items()}
    if type(item) is list:
        return [_masked("", inside) for inside in item]
    return shown(item, 500) if type(item) is str else item
