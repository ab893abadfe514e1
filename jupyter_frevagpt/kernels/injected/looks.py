"""Looking at objects without running any code of theirs.

``repr``, ``len``, attribute access and ``isinstance`` may all run code of the object's class or metaclass. What is here
asks the interpreter's own descriptors instead, and calls a library's class genuine only when that library says so.
"""

# ruff: noqa: B905 -- zip(strict=) came with Python 3.10, and kernels may be older
from __future__ import annotations

import re
import sys
import types
from typing import Any

_MODULE = type.__dict__["__module__"]
_QUALNAME = type.__dict__["__qualname__"]
_MRO = type.__dict__["__mro__"]
_DICT = type.__dict__["__dict__"]

_SECRET_NAME = re.compile(
    r"token|secret|passw|passphrase|key|credential|auth|cookie|bearer|(^|_)(pwd|pin|pat|jwt|dsn)($|_)", re.IGNORECASE
)
_SECRET_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE|\bAKIA[0-9A-Z]{12,}|\bgh[pousr]_\w{20,}|\bsk-[\w-]{16,}|\beyJ[\w-]{8,}\.eyJ|"
    r"\bglpat-[\w-]{16,}|\bxox[abprs]-|\bhf_\w{20,}|[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s@]+@|\bBearer\s+\S{12,}"
)

SCALARS = (int, float, complex, bool, type(None))


def is_secret_name(name: str) -> bool:
    """Whether a name looks as if its value were nobody's business."""
    return _SECRET_NAME.search(name) is not None


def is_secret_text(text: str) -> bool:
    """Whether a text looks like a key or a token."""
    return _SECRET_VALUE.search(text) is not None


def cut(text: str, limit: int = 120) -> str:
    """Return a text, its end left out when it is long."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def shown(text: str, limit: int = 120) -> str:
    """Return the beginning of a text; dots for one that looks like a key."""
    return "•••" if is_secret_text(text[:4000]) else cut(text, limit)


def names(kind: type) -> tuple[str, str]:
    """Return a class's module and qualified name."""
    module, qualname = _MODULE.__get__(kind), _QUALNAME.__get__(kind)
    return (module if type(module) is str else ""), (qualname if type(qualname) is str else "?")


def type_name(kind: type) -> str:
    """Return a class's name as people write it."""
    module, qualname = names(kind)
    return cut(qualname if module in ("builtins", "") else f"{module}.{qualname}", 100)


def mro(kind: type) -> tuple[type, ...]:
    """Return a class and its bases, in order."""
    order: tuple[type, ...] = _MRO.__get__(kind)
    return order


def namespace(kind: type) -> Any:
    """Return what a class's body defined, read-only."""
    return _DICT.__get__(kind)


def known_as(kind: type) -> str:
    """Return ``package.Class`` for a class that its library vouches for, else an empty text.

    A class that only says it were pandas' is not the one that pandas' module holds.
    """
    module, qualname = names(kind)
    loaded = sys.modules.get(module)
    if loaded is None or type(loaded) is not types.ModuleType:
        return ""
    if types.ModuleType.__getattribute__(loaded, "__dict__").get(qualname) is not kind:
        return ""
    return f"{module.split('.', 1)[0]}.{qualname}"


def fields(value: Any) -> dict[str, Any] | None:
    """Return the instance's own dictionary, None when there is none that can be read without running its code."""
    for kind in mro(type(value)):
        slot = namespace(kind).get("__dict__")
        if slot is not None:
            if type(slot) is types.GetSetDescriptorType and slot.__objclass__ is kind:
                found = slot.__get__(value)
                return found if type(found) is dict else None
            return None
    return None


def module_dict(module: types.ModuleType) -> dict[str, Any]:
    """Return a module's dictionary without asking its ``__getattr__``."""
    found: dict[str, Any] = object.__getattribute__(module, "__dict__")
    return found


def is_class(value: Any) -> bool:
    """Whether a value is a class, whatever it says of itself."""
    return type in mro(type(value))


def first_line(doc: Any) -> str:
    """Return the first line of a docstring."""
    return cut(doc.strip().split("\n", 1)[0].strip(), 100) if type(doc) is str else ""


def signature(function: types.FunctionType) -> str:
    """Return a function's signature, written from its code; only simple defaults are shown."""
    code = function.__code__
    count, keyword_only = code.co_argcount, code.co_kwonlyargcount
    arguments = list(code.co_varnames[: count + keyword_only])
    defaults = dict(zip(arguments[count - len(function.__defaults__ or ()) : count], function.__defaults__ or ()))
    defaults.update(function.__kwdefaults__ or {})
    # From Python 3.14 on annotations are code that runs when they are asked for.
    annotations = {} if getattr(function, "__annotate__", None) is not None else function.__annotations__
    written = [_argument(name, annotations, defaults) for name in arguments]
    extra = list(code.co_varnames[count + keyword_only :])
    parts = written[:count]
    if code.co_posonlyargcount:
        parts.insert(code.co_posonlyargcount, "/")
    if code.co_flags & 0x04:
        parts.append("*" + extra.pop(0))
    elif keyword_only:
        parts.append("*")
    parts += written[count:]
    if code.co_flags & 0x08:
        parts.append("**" + extra.pop(0))
    returns = _annotation(annotations.get("return"))
    return cut(f"({', '.join(parts)})" + (f" -> {returns}" if returns else ""), 300)


def _argument(name: str, annotations: dict[str, Any], defaults: dict[str, Any]) -> str:
    annotation = _annotation(annotations.get(name))
    text = f"{name}: {annotation}" if annotation else name
    if name in defaults:
        default = defaults[name]
        if is_secret_name(name):
            simple = "•••"
        elif type(default) is str:
            simple = repr(shown(default, 40))
        else:
            simple = repr(default) if type(default) in (float, bool, type(None)) or _is_small(default) else "..."
        text += f" = {simple}" if annotation else f"={simple}"
    return text


def _is_small(value: Any) -> bool:
    return type(value) is int and value.bit_length() < 200


def _annotation(value: Any) -> str:
    if type(value) is str:
        return cut(value, 60)
    if value is None or not is_class(value):
        return ""
    return names(value)[1]
