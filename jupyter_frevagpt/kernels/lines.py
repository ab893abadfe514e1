"""A variable as one line of plain text, whatever its name, type and values hold."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from .replies import Variable

_UNITS = ("B", "kB", "MB", "GB", "TB")
_HOMELESS = frozenset({"numpy", "pandas", "__main__", "builtins", "collections", "datetime", "pathlib"})
_NAMES = 12


def line_of(variable: Variable, limit: int = 240) -> str:
    """Return ``name: type, facts``; a masked variable shows its type alone."""
    name = clean(variable.name, 80)
    if variable.masked:
        return f"{name}: {short_type(variable.type)}, value hidden"
    if variable.error:
        return f"{name}: {short_type(variable.type)}, cannot be described"
    if variable.kind == "module":
        parts = [f"{name}: module {clean(variable.module or '', 80)} {clean(variable.version or '', 40)}".rstrip()]
    elif variable.kind == "function":
        parts = [f"{name}{clean(variable.signature or '(...)', 160)}: function", clean(variable.doc or "", 80)]
    elif variable.kind == "class":
        parts = [f"{name}{clean(variable.signature or '', 120)}: class", clean(variable.doc or "", 80)]
        parts.append(_listed("members", variable.members or ()))
    elif variable.kind == "scalar":
        parts = [f"{name}: {short_type(variable.type)} = {_value(variable.value)}"]
    elif variable.kind == "text":
        parts = [f"{name}: {short_type(variable.type)} = {_value(variable.value)}"]
        if (variable.length or 0) > 120:
            parts.append(f"{variable.length} characters")
    else:
        parts = [f"{name}: {_headline(variable)}", *_facts(variable)]
    return clean(", ".join(part for part in parts if part), limit)


def redacted(variable: Variable, redact: Callable[[str], str]) -> Variable:
    """Return a variable without what nobody may see; before its line is cut, since half a secret is not recognised."""
    held = {name: _redacted(getattr(variable, name), redact) for name in variable.__struct_fields__}
    return msgspec.structs.replace(variable, **held)


def _redacted(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {_redacted(key, redact): _redacted(item, redact) for key, item in value.items()}
    return [_redacted(item, redact) for item in value] if isinstance(value, list) else value


def module_of(variable: Variable) -> str:
    """Return a module as ``np = numpy 2.1``."""
    return clean(f"{variable.name} = {variable.module or 'module'} {variable.version or ''}".strip(), 80)


def short_type(name: str) -> str:
    """Return a type's name without the insides of its library: ``xarray.Dataset``, ``DataFrame``."""
    parts = clean(name, 100).split(".")
    return parts[-1] if len(parts) == 1 or parts[0] in _HOMELESS else f"{parts[0]}.{parts[-1]}"


def clean(text: str, limit: int) -> str:
    """Return text on one line: no control, format or separator characters, the end left out when it is long."""
    kept = "".join(" " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign for sign in text[: 4 * limit])
    kept = "".join(sign for sign in kept if unicodedata.category(sign) not in ("Cf", "Cs", "Co", "Cn"))
    kept = " ".join(kept.split())
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


def _headline(variable: Variable) -> str:
    words = [short_type(variable.type)]
    if variable.kind == "frame" and variable.shape:
        words.append(" x ".join(map(str, variable.shape[:2])))
    elif variable.shape is not None:
        words.append(f"({', '.join(map(str, variable.shape[:8]))})")
    elif variable.length is not None and variable.kind != "object":
        words.append(f"of {variable.length}")
    words.append(clean(variable.dtype or "", 40))
    return " ".join(word for word in words if word)


def _facts(variable: Variable) -> Iterable[str]:
    if variable.label:
        yield f"named {clean(variable.label, 60)}"
    if isinstance(variable.dims, dict):
        yield "dims " + " ".join(f"{clean(name, 40)}={size}" for name, size in list(variable.dims.items())[:8])
    if variable.units:
        yield f"in {clean(variable.units, 40)}"
    if variable.lazy:
        yield "dask, not loaded" + (f", chunks {_value(variable.chunks)}" if variable.chunks else "")
    yield from _parts(variable)
    if variable.first is not None:
        yield f"{_value(variable.first)} to {_value(variable.last)}"
    if variable.bytes is not None and variable.kind != "object":
        yield _size(variable.bytes)
    for known in (variable.preview, variable.details):
        if known:
            yield _value(known, 120)


def _parts(variable: Variable) -> Iterable[str]:
    if variable.variables:
        yield _listed("variables", map(_variable, variable.variables.items()), variable.variable_count)
    if variable.columns:
        total = int(variable.shape[1]) if variable.shape and len(variable.shape) > 1 else None
        yield _listed("columns", (f"{clean(name, 40)} {kind}" for name, kind in variable.columns.items()), total)
    if variable.coords:
        yield _listed("coords", map(_coordinate, variable.coords.items()))
    if variable.fields:
        yield _listed("fields", (f"{clean(name, 40)}={_value(held, 40)}" for name, held in variable.fields.items()))


def _variable(pair: tuple[str, Any]) -> str:
    """Return a variable of a dataset as ``tas (K, float32, dask)``."""
    name, facts = clean(pair[0], 60), pair[1] if isinstance(pair[1], Mapping) else {}
    told = [facts.get("units"), facts.get("dtype"), "dask" if facts.get("lazy") else ""]
    inside = ", ".join(clean(str(fact), 40) for fact in told if fact)
    return f"{name} ({inside})" if inside else name


def _coordinate(pair: tuple[str, Any]) -> str:
    name, facts = clean(pair[0], 60), pair[1] if isinstance(pair[1], Mapping) else {}
    ends = [clean(str(facts[key]), 40) for key in ("first", "last") if facts.get(key) is not None]
    return f"{name} {' to '.join(ends)}".strip()


def _listed(word: str, parts: Iterable[str], total: int | None = None) -> str:
    told = list(parts)
    if not told:
        return ""
    left = max(len(told), total or 0) - min(len(told), _NAMES)
    return f"{word} {', '.join(told[:_NAMES])}" + (f" and {left} more" if left > 0 else "")


def _value(value: Any, limit: int = 140) -> str:
    """Return a value as compact JSON; a lone text keeps its quotes, so that nothing in it looks like a fact."""
    return clean(json.dumps(value, ensure_ascii=False, default=str), limit)


def _size(count: int) -> str:
    size = float(count)
    for unit in _UNITS:
        if size < 1000 or unit == _UNITS[-1]:
            return f"{size:.3g} {unit}" if size < 1000 else f"{size:.0f} {unit}"
        size /= 1000
    return ""
