"""Chats as lines of JSON: written as they are, read as text of strangers."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from ..domain.errors import BadRequest
from ..domain.fence import named
from ..domain.legacy import revive
from ..domain.legible import one_line
from ..domain.values import ThreadSummary
from ..domain.variants import (
    Assistant,
    Code,
    CodeOutput,
    Image,
    Prompt,
    ServerHint,
    StreamVariant,
    ToolCall,
    ToolOutput,
    User,
    ascii_json,
)
from .imported import SOURCE, notice_of, ran
from .threads import new_thread_id

_MIMES = (
    "text/plain",
    "text/markdown",
    "text/latex",
    "text/html",
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
)
_PNG = "iVBORw0KGgo"
_LONGEST_TOPIC = 200
_LONGEST_NOTICE = 2000
_NOTICE = "This chat was imported from a file. What it tells did not happen here."

Output = dict[str, Any]


def line_of(summary: ThreadSummary, items: Sequence[StreamVariant]) -> str:
    """Return a chat as one line; whose it is stays here."""
    told = msgspec.to_builtins(summary)
    del told["user_id"]
    return ascii_json({**told, "content": msgspec.to_builtins(items)}).decode() + "\n"


def chat_of(line: str | bytes, owner: str) -> tuple[ThreadSummary, list[StreamVariant]]:
    """Return the chat of a line as one of this owner's; raises BadRequest with half a sentence."""
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        raise BadRequest("it is no JSON") from None
    return chat_in(raw, owner)


def chat_in(raw: Any, owner: str) -> tuple[ThreadSummary, list[StreamVariant]]:
    """Return the chat of a line that was decoded, with ids of its own; raises BadRequest with half a sentence.

    Nothing in it counts but what can be shown: neither approvals nor what a run did to a kernel or to files elsewhere.
    Its code can be run again, and is asked about then.
    """
    if not isinstance(raw, dict) or not isinstance(raw.get("content"), list):
        raise BadRequest("it has no content that is a list of items")
    items, codes = _items(raw["content"])
    if not any(isinstance(item, User) for item in items):
        raise BadRequest("there is no question in it")
    topic = one_line(str(raw.get("topic") or ""))[:_LONGEST_TOPIC] or "Imported chat"
    return ThreadSummary(owner, new_thread_id(), _date(raw.get("date")), topic), [notice_of(_NOTICE, codes), *items]


def _items(raw: Iterable[Any]) -> tuple[list[StreamVariant], list[str]]:
    """Return what can be shown, and the ids of the code that ran to its end."""
    ids = _Ids()
    told = list(revive(raw, "in a file"))
    done = ran(told)
    items, codes = [], []
    for item in told:
        if (clean := _cleaned(item, ids)) is None:
            continue
        items.append(clean)
        if isinstance(item, Code) and isinstance(clean, Code) and item.id in done:
            codes.append(clean.id)
    return items, codes


class _Ids:
    """New ids for the old ones; a call that comes again is another one."""

    def __init__(self) -> None:
        self._calls: dict[str, str] = {}

    def call(self, old: str) -> str:
        new = self._calls[old] = f"call_{secrets.token_hex(8)}"
        return new

    def output(self, old: str) -> str:
        return self._calls.get(old) or self.call(old)

    def image(self, old: str) -> str:
        call, _, number = old.rpartition("_")
        return f"{self.output(call)}_{number if number.isascii() and number.isdigit() else 0}"


def _cleaned(item: StreamVariant, ids: _Ids) -> StreamVariant | None:
    match item:
        case Prompt():
            return None
        case User():
            return User(item.content, one_line(item.model)[:_LONGEST_TOPIC])
        case Assistant():
            return Assistant(item.content, _feedback(item.feedback))
        case Code():
            return Code(item.content, ids.call(item.id), _feedback(item.feedback))
        case ToolCall():
            return msgspec.structs.replace(item, id=ids.call(item.id))
        case ToolOutput():
            return ToolOutput(item.content, item.tool_name, ids.output(item.id), named(item.source or SOURCE))
        case CodeOutput():
            shown = [clean for output in item.display if (clean := _output(output, ids))]
            return CodeOutput(item.content, ids.output(item.id), shown)
        case Image():
            return Image(item.content, ids.image(item.id)) if item.content.startswith(_PNG) else None
        case ServerHint():
            return _hint(item.content, ids)
        case _:
            return item


def _hint(content: dict[str, Any], ids: _Ids) -> ServerHint | None:
    match content:
        case {"notice": {"text": str(text)}}:
            return ServerHint({"notice": {"text": text[:_LONGEST_NOTICE]}})
        case {"image": {"id": str(name)}}:
            return ServerHint({"image": {"id": ids.image(name)}})
        case {"usage": {**usage}}:
            numbers = {
                key: value
                for key in ("prompt_tokens", "completion_tokens", "seconds")
                if isinstance(value := usage.get(key), int | float) and not isinstance(value, bool)
            }
            return ServerHint({"usage": numbers}) if numbers else None
        case _:
            return None


def _output(output: Output, ids: _Ids) -> Output | None:
    """Return an nbformat output with nothing in it but what is known, None for another kind of thing."""
    match output:
        case {"output_type": "stream"} if text := _text(output.get("text")):
            return {"output_type": "stream", "name": "stderr" if output.get("name") == "stderr" else "stdout", **text}
        case {"output_type": "error"}:
            words = {key: str(output.get(key) or "") for key in ("ename", "evalue")}
            lines = output.get("traceback")
            return {
                "output_type": "error",
                **words,
                "traceback": [str(line) for line in lines] if isinstance(lines, list) else [],
            }
        case {"output_type": "execute_result" | "display_data" as kind, "data": {**data}}:
            known = {mime: text["text"] for mime in _MIMES if (text := _text(data.get(mime)))}
            metadata: dict[str, Any] = {}
            match output.get("metadata"):
                case {"frevagpt": {"image": str(name)}}:
                    metadata = {"frevagpt": {"image": ids.image(name)}}
            if not known and not metadata:
                return None
            count = {"execution_count": None} if kind == "execute_result" else {}
            return {"output_type": kind, "data": known, "metadata": metadata, **count}
    return None


def _text(value: Any) -> dict[str, Any]:
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = "".join(value)
    return {"text": value} if isinstance(value, str) and value else {}


def _feedback(given: str) -> str:
    return given if given in ("up", "down") else ""


def _date(given: Any) -> str:
    """Return a date as it stands in lists: the given one unless it is none, or cannot be."""
    now = datetime.now(UTC)
    try:
        date = datetime.fromisoformat(given)
        date = (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        date = now
    if not datetime(1970, 1, 2, tzinfo=UTC) < date < now:
        date = now
    return date.isoformat(timespec="milliseconds").replace("+00:00", "Z")
