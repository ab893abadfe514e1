"""Items that older services stored, made into today's variants: no bad item makes a thread unreadable."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterable
from typing import Any

import msgspec

from .variants import Code, StreamVariant, ToolCall, code_content

_log = logging.getLogger("jupyter_frevagpt.threads")

_CODE_KEYS = ("code", "python", "text")
_PAIRED = ("Code", "CodeOutput")
_WITH_ID = ("Code", "CodeOutput", "ToolCall", "ToolOutput")
_CORE = ("variant", "content", "id", "tool_name")
_BAD = (ValueError, TypeError, RecursionError, msgspec.MsgspecError)
_DEEPEST = 200
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


def revive(raw_items: Iterable[Any], name: str = "") -> list[StreamVariant]:
    """Return stored objects as variants; what is none is left out with a logged warning that names thread and place.

    An Image, and a Code, without an id gets one by its place; an output without one takes that of the Code before it.
    """
    return [item for _, item in revived(raw_items, name)]


def revived(raw_items: Iterable[Any], name: str = "") -> list[tuple[int, StreamVariant]]:
    """Return what :func:`revive` does, each item with its place among the stored objects."""
    items: list[tuple[int, StreamVariant]] = []
    last_call = ""
    for position, raw in enumerate(raw_items):
        try:
            item = _variant(sound(raw), position, last_call)
        except _BAD:
            _log.warning("thread %s: item %d is not a variant and is left out", name, position)
            continue
        if isinstance(item, Code | ToolCall):
            last_call = item.id
        items.append((position, item))
    return items


def sound(value: Any, depth: int = 0) -> Any:
    """Return plain JSON data that every encoder takes: no half surrogates, no NaN, no integer wider than 64 bits.

    What JSON does not know (a date, an object id) becomes text. Raises ValueError for what is nested without end.
    """
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    match value:
        case str():
            return value if value.isascii() else value.encode("utf-8", "replace").decode()
        case None | bool():
            return value
        case int():
            return int(value) if _SMALLEST <= value <= _LARGEST else f"{value:#x}"
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {sound(str(key)): sound(inner, depth + 1) for key, inner in value.items()}
        case list() | tuple():
            return [sound(inner, depth + 1) for inner in value]
        case _:
            return sound(str(value))


def _variant(raw: Any, position: int, last_call: str) -> StreamVariant:
    if not isinstance(raw, dict) or not isinstance(kind := raw.get("variant"), str):
        raise TypeError("no variant")
    item: dict[str, Any] = {key: value for key, value in raw.items() if value is not None}
    content = item.get("content", "")
    if kind in _PAIRED and isinstance(content, list):
        content, call_id = [*content, "", ""][:2]
        item["id"] = item.get("id") or call_id
    if isinstance(item.get("id", ""), int | float):
        item["id"] = str(item["id"])
    if kind == "Image" and not item.get("id"):
        item["id"] = f"image_{position}"
    if kind in _WITH_ID and not item.get("id"):
        item["id"] = last_call if kind.endswith("Output") and last_call else f"call_{position}"
    match kind:
        case "Code":
            content = _code(content)
        case "CodeOutput":
            content, display = _output(content)
            if display:
                item.setdefault("display", display)
        case "CodeError":
            content = _texts(content)
        case "ServerHint":
            content = _hint(content)
        case _ if not isinstance(content, str):
            content = _text(content)
    return _converted({**item, "content": content})


def _converted(item: dict[str, Any]) -> StreamVariant:
    """Return the variant; an additive key that means something else to others does not cost the item."""
    try:
        return msgspec.convert(item, StreamVariant)  # type: ignore[no-any-return]
    except msgspec.ValidationError:
        core = {key: value for key, value in item.items() if key in _CORE}
        if len(core) == len(item):
            raise
        return msgspec.convert(core, StreamVariant)  # type: ignore[no-any-return]


def _code(content: Any) -> str:
    """Return the JSON text ``{"code": ...}`` of whatever stood for code: that, another key, the bare source."""
    payload = content
    if isinstance(content, str):
        try:
            payload = json.loads(content)
        except (ValueError, RecursionError):
            return code_content(content)
    if not isinstance(payload, dict):
        return code_content(content if isinstance(content, str) else _text(content))
    source = next((_text(payload[key]) for key in _CODE_KEYS if isinstance(payload.get(key), str | list)), None)
    if source is None:
        return code_content(json.dumps(payload, ensure_ascii=False))
    if isinstance(content, str) and content.startswith('{"code":"') and isinstance(payload["code"], str):
        return content
    return code_content(sound(source))


def _output(content: Any) -> tuple[str, list[dict[str, Any]]]:
    """Return an output's text, and its mime bundles as nbformat objects."""
    if not isinstance(content, dict):
        return _text(content), []
    display: list[dict[str, Any]] = []
    texts = []

    def stream(name: str, text: str) -> None:
        if text:
            texts.append(text)
            display.append({"output_type": "stream", "name": name, "text": text})

    stream("stdout", _text(content.get("stdout")))
    stream("stderr", _text(content.get("stderr")))
    if text := _text(content.get("result_repr")):
        texts.append(text)
        data = {"text/plain": text}
        display.append({"output_type": "execute_result", "execution_count": None, "data": data, "metadata": {}})
    for shown in _listed(content.get("display_data")):
        bundle = shown.get("data", shown) if isinstance(shown, dict) else {"text/plain": _text(shown)}
        if isinstance(bundle, dict) and bundle:
            display.append({"output_type": "display_data", "data": bundle, "metadata": {}})
            texts.append(_text(bundle.get("text/plain")))
    stream("stderr", _error(content.get("error")))
    if files := [_text(name) for name in _listed(content.get("created_files"))]:
        stream("stdout", "Created files: " + ", ".join(files) + "\n")
    return "\n".join(text.rstrip("\n") for text in texts if text), display


def _error(error: Any) -> str:
    """Return the words of an error: its traceback, else its name and value, else all that is there."""
    if isinstance(error, dict):
        if text := _text(error.get("traceback")):
            return text
        words = [_text(error.get(key)) for key in ("ename", "evalue")]
        if any(words):
            return ": ".join(word for word in words if word)
    return _text(error)


def _listed(value: Any) -> list[Any]:
    if value is None or value in ("", [], {}):
        return []
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(_text(part).removesuffix("\n") for part in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _texts(content: Any) -> list[str]:
    if isinstance(content, list):
        return [text for part in content for text in _texts(part)]
    return [_text(content)]


def _hint(content: Any) -> dict[str, Any]:
    if isinstance(content, str):
        try:
            content = sound(json.loads(content))
        except (ValueError, RecursionError):
            pass
    return content if isinstance(content, dict) else {"notice": {"text": _text(content)}}
