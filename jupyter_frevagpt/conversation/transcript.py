"""Views of a conversation, derived from its variants: pure functions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from ..domain.protocols import Message
from ..domain.variants import (
    Assistant,
    Code,
    CodeError,
    CodeOutput,
    Image,
    ServerError,
    ServerHint,
    StreamEnd,
    StreamVariant,
    ToolCall,
    ToolOutput,
    User,
)

CODE_TOOL = "code_interpreter"

_JOINED = (Assistant, Code, CodeOutput, Image)
_PASSING = frozenset({"thread_id", "memory", "output"})
_PASSING_STATES = frozenset({"starting", "held", "waiting", "running"})


def fold(lines: Iterable[StreamVariant]) -> list[StreamVariant]:
    """Join the lines of a stream to the items that are stored.

    Lines of one (variant, id) that follow each other are one item; heartbeats, the opening hint and live output are
    left out, and of the states of a run only the last one stays.
    """
    items: list[StreamVariant] = []
    for line in lines:
        if isinstance(line, ServerHint) and passes(line):
            continue
        if isinstance(line, Assistant | Code) and not line.content:
            continue
        last = items[-1] if items else None
        if isinstance(line, _JOINED) and type(last) is type(line) and _id(last) == _id(line):
            items[-1] = _joined(last, line)
        else:
            items.append(line)
    return items


def passes(hint: ServerHint) -> bool:
    """Whether a hint is of the moment and not kept: a heartbeat, live output, a state on the way, a question."""
    run, approval = hint.content.get("run"), hint.content.get("approval")
    on_the_way = isinstance(run, dict) and run.get("state") in _PASSING_STATES
    asking = isinstance(approval, dict) and "code" in approval
    return on_the_way or asking or bool(_PASSING & hint.content.keys())


def _id(item: StreamVariant | None) -> str:
    return getattr(item, "id", "")


def _joined(first: Any, second: Any) -> StreamVariant:
    if isinstance(first, CodeOutput):
        return CodeOutput(first.content + second.content, first.id, first.display + second.display)
    fields = {"id": first.id} if hasattr(first, "id") else {}
    joined: StreamVariant = type(first)(content=first.content + second.content, **fields)
    return joined


def closed(items: Sequence[StreamVariant]) -> list[StreamVariant]:
    """Return what is missing behind a turn that never ended because the server did: nothing if it ended."""
    if not items or isinstance(items[-1], StreamEnd):
        return []
    answered = {item.id for item in items if isinstance(item, CodeOutput | ToolOutput)}
    missing: list[StreamVariant] = [
        CodeOutput("", item.id) for item in items if isinstance(item, Code) and item.id not in answered
    ]
    if not isinstance(items[-1], ServerError):
        missing.append(ServerError("The server stopped before this answer was complete. Ask again to continue."))
    return [*missing, StreamEnd("Error.")]


def to_messages(items: Sequence[StreamVariant], *, vision: bool, limit: int) -> list[Message]:
    """Return the chat messages for a model: every item once, in order, each call followed by its output.

    ``limit`` is the most characters of one output that the model gets; images go only to a model with ``vision``.
    """
    outputs = {item.id for item in items if isinstance(item, CodeOutput | ToolOutput)}
    called: set[str] = set()
    messages: list[Message] = []
    for item in items:
        match item:
            case User():
                messages.append({"role": "user", "content": item.content})
            case Assistant() if item.content:
                messages.append({"role": "assistant", "content": item.content})
            case Code() | ToolCall() if item.id not in called:
                called.add(item.id)
                name = item.tool_name if isinstance(item, ToolCall) else CODE_TOOL
                _add_call(messages, item.id, name, item.content)
                if item.id not in outputs:
                    messages.append(_tool_message(item.id, "", limit))
            case CodeOutput() | ToolOutput() if item.id in called and item.id in outputs:
                outputs.discard(item.id)
                messages.append(_tool_message(item.id, item.content, limit))
            case Image() if vision:
                url = f"data:image/png;base64,{item.content}"
                messages.append({"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]})
            case CodeError():
                messages.append({"role": "user", "content": "\n".join(item.content)})
            case _:
                pass
    return messages


def _add_call(messages: list[Message], call_id: str, name: str, arguments: str) -> None:
    function = {"name": _function_name(name), "arguments": _object_text(arguments)}
    call = {"id": call_id, "type": "function", "function": function}
    last = messages[-1] if messages else {}
    if last.get("role") == "assistant" and "tool_calls" not in last:
        last["tool_calls"] = [call]
    else:
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})


def _function_name(name: str) -> str:
    """Return a name that services accept: one bad name in the history would have every later request refused."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64] or "unnamed"


def _object_text(arguments: str) -> str:
    """Return arguments that services accept: the text as it is when it is a JSON object, else an empty object."""
    try:
        return arguments if isinstance(json.loads(arguments), dict) else "{}"
    except (ValueError, RecursionError):
        return "{}"


def _tool_message(call_id: str, text: str, limit: int) -> Message:
    return {"role": "tool", "tool_call_id": call_id, "content": shortened(text, limit) or "(no output)"}


def shortened(text: str, limit: int) -> str:
    """Return text of at most about ``limit`` characters: its head, a note of what was left out, its tail."""
    if len(text) <= limit:
        return text
    head, tail = limit * 2 // 3, limit - limit * 2 // 3
    return f"{text[:head]}\n[{len(text) - limit} characters left out here]\n{text[len(text) - tail :]}"
