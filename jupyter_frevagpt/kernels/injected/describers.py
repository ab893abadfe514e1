"""How values of Python's own types are described, and the table that others are added to."""

from __future__ import annotations

import functools
import itertools
import math
import types
from collections.abc import Callable
from typing import Any

from .foreign import facts_from, own_describer
from .looks import (
    SCALARS,
    cut,
    fields,
    first_line,
    is_class,
    is_secret_name,
    known_as,
    module_dict,
    mro,
    names,
    namespace,
    shown,
    signature,
    type_name,
)

Facts = dict[str, Any]
Describer = Callable[[Any, int], Facts]

_SEQUENCES = (list, tuple, set, frozenset)
_TEXTS = ("datetime.date", "datetime.timedelta", "datetime.timezone", "decimal.Decimal", "fractions.Fraction",
          "uuid.UUID", "pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.PurePosixPath", "builtins.range",
          "builtins.slice", "datetime.time")  # fmt: skip
_CONTAINERS = ("collections.deque", "collections.OrderedDict", "collections.defaultdict", "collections.Counter")

_table: dict[str, Describer] = {}


def register(type_name: str, function: Describer) -> None:
    """Describe values of ``package.Class`` with a foreign function of the value and a depth."""
    _table[type_name] = functools.partial(facts_from, function)


def offer(type_name: str, function: Describer) -> None:
    """Describe values of ``package.Class`` with a function unless somebody has registered another."""
    _table.setdefault(type_name, function)


def describe_value(value: Any, depth: int) -> Facts:
    """Return facts on a value; ``depth`` 0 is a line, 1 the usual, more looks into containers and objects."""
    kind = type(value)
    if kind in SCALARS:
        return {"kind": "scalar", "value": _number(value)}
    if kind is str:
        return {"kind": "text", "length": len(value), "value": shown(value, 120 if depth < 2 else 2000)}
    if kind in _SEQUENCES:
        return _sequence(value, depth)
    if kind is dict:
        return _mapping(value, depth)
    if kind in (bytes, bytearray, memoryview):
        return {"kind": "bytes", "length": value.nbytes if kind is memoryview else len(value)}
    known = known_as(kind)
    function = _table.get(known) if known else None
    if function is not None:
        return function(value, depth)
    if kind is types.ModuleType:
        return _module(value)
    if kind is types.FunctionType:
        return {"kind": "function", "signature": signature(value), "doc": first_line(value.__doc__)}
    if kind in (types.BuiltinFunctionType, types.MethodType):
        return _callable(value)
    if is_class(value):
        return _class(value)
    own = own_describer(kind)
    if own is not None:
        return facts_from(own, value, depth)
    return _object(value, depth)


def _number(value: Any) -> Any:
    if type(value) is float:
        return value if math.isfinite(value) else repr(value)
    if type(value) is int and value.bit_length() > 53:
        return str(value) if value.bit_length() < 256 else f"an integer of {value.bit_length():,} bits"
    return repr(value) if type(value) is complex else value


def brief(value: Any, name: str = "") -> Any:
    """Return a value as one item of a preview: itself when simple, else what it is."""
    kind = type(value)
    if name and is_secret_name(name) and kind is not bool and value is not None:
        return "•••"
    if kind in SCALARS:
        return _number(value)
    if kind is str:
        return shown(value, 60)
    module, qualname = names(kind)
    if module == "numpy" and known_as(kind) and hasattr(kind, "dtype"):
        return cut(str(value), 60)
    length = len(value) if kind in (*_SEQUENCES, dict, bytes) else None
    return f"<{type_name(kind)}>" if length is None else f"<{qualname} of {length}>"


def inner(value: Any, depth: int, name: str = "") -> Any:
    """Return an item of a container: brief, or described when there is depth left."""
    if depth < 2 or type(value) in SCALARS or (name and is_secret_name(name)):
        return brief(value, name)
    return {"type": type_name(type(value)), **describe_value(value, depth - 1)}


def _sequence(value: Any, depth: int) -> Facts:
    count = 5 if depth < 2 else 20
    first = list(itertools.islice(iter(value), max(count, 20)))
    kinds = {cut(names(type(item))[1], 60) for item in first}
    facts = {"kind": "container", "length": len(value), "items": sorted(kinds)[:8]}
    if depth:
        facts["preview"] = [inner(item, depth) for item in first[:count]]
    return facts


def _mapping(value: Any, depth: int) -> Facts:
    facts: Facts = {"kind": "container", "length": len(value)}
    if depth:
        pairs = list(itertools.islice(value.items(), 8 if depth < 2 else 30))
        facts["preview"] = {str(brief(key)): inner(item, depth, key if type(key) is str else "") for key, item in pairs}
    return facts


def _module(value: types.ModuleType) -> Facts:
    inside = module_dict(value)
    facts: Facts = {"kind": "module", "module": cut(str(inside.get("__name__", "")), 100)}
    if type(version := inside.get("__version__")) is str:
        facts["version"] = cut(version, 40)
    return facts


def _callable(value: Any) -> Facts:
    text = getattr(value, "__text_signature__", None) if type(value) is types.BuiltinFunctionType else None
    if type(value) is types.MethodType and type(value.__func__) is types.FunctionType:
        text = signature(value.__func__)
    facts: Facts = {"kind": "function"}
    if type(text) is str:
        facts["signature"] = cut(text, 200)
    return facts


def _class(value: Any) -> Facts:
    body = namespace(value)
    facts: Facts = {
        "kind": "class",
        "bases": [type_name(base) for base in mro(value)[1:5] if base is not object],
        "doc": first_line(body.get("__doc__")),
        "members": [cut(name, 60) for name in body if type(name) is str and not name.startswith("_")][:30],
    }
    if type(init := body.get("__init__")) is types.FunctionType:
        facts["signature"] = signature(init)
    return facts


def _object(value: Any, depth: int) -> Facts:
    """Describe an object that nobody knows: its class and the names of its fields, read behind its back."""
    facts: Facts = {"kind": "object", "bytes": object.__sizeof__(value)}
    known = [name for base in mro(type(value))[1:-1] if (name := known_as(base))]
    if known:
        facts["bases"] = known[:4]
    inside = fields(value) if depth else None
    if inside:
        pairs = list(itertools.islice(list(inside.items()), 8 if depth < 2 else 30))
        facts["fields"] = {cut(str(name), 60): inner(item, depth, name) for name, item in pairs if type(name) is str}
        facts["length"] = len(inside)
    return facts


def _as_text(value: Any, _: int) -> Facts:
    return {"kind": "scalar", "value": shown(str(value))}


def _moment(value: Any, _: int) -> Facts:
    safe = value.tzinfo is None or known_as(type(value.tzinfo)) in ("datetime.timezone", "zoneinfo.ZoneInfo")
    return {"kind": "scalar", "value": value.isoformat() if safe else "<datetime>"}


def _collection(value: Any, depth: int) -> Facts:
    if known_as(type(value)) == "collections.deque":
        return _sequence(value, depth)
    return _mapping(value, depth)


def _environment(value: Any, _: int) -> Facts:
    """Describe ``os.environ``: names only."""
    data = (fields(value) or {}).get("_data", {})
    return {"kind": "container", "length": len(data), "masked": True}


for _name in _TEXTS:
    offer(_name, _as_text)
for _name in _CONTAINERS:
    offer(_name, _collection)
offer("datetime.datetime", _moment)
offer("os._Environ", _environment)
