"""Views of a conversation, derived from its variants: pure functions."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from ..domain.cut import cut
from ..domain.fence import quoted
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
from .context import content_of

CODE_TOOL = "code_interpreter"

_NOTHING = "(no output)"
_JPEG = "/9j/"

_JOINED = (Assistant, Code, CodeOutput, Image)
_PASSING = frozenset({"thread_id", "memory", "output", "progress", "request"})
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
    """Return what is missing behind a turn that never ended because the server did: nothing if it ended.

    Hints may follow the end of a turn: what was undone later.
    """
    last = next((item for item in reversed(items) if not isinstance(item, ServerHint)), None)
    if last is None or isinstance(last, StreamEnd):
        return []
    answered = {item.id for item in items if isinstance(item, CodeOutput | ToolOutput)}
    missing: list[StreamVariant] = [
        CodeOutput("", item.id) for item in items if isinstance(item, Code) and item.id not in answered
    ]
    if not isinstance(last, ServerError):
        missing.append(ServerError("The server stopped before this answer was complete. Ask again to continue."))
    return [*missing, StreamEnd("Error.")]


def to_messages(items: Sequence[StreamVariant], *, vision: bool, limit: int) -> list[Message]:
    """Return the chat messages for a model: every item once, in order, each call followed by its output.

    ``limit`` is the most characters of one output that the model gets. Images go only to a model with ``vision``; of
    those that do not go, or have no content, the output of their run says that they were shown.
    """
    # Services want the output right behind its call, wherever it stands in records of other makers.
    outputs = {item.id: item for item in reversed(items) if isinstance(item, CodeOutput | ToolOutput)}
    called: set[str] = set()
    messages: list[Message] = []
    unsent: Counter[int] = Counter()
    for item in items:
        match item:
            case User():
                messages.append({"role": "user", "content": content_of(item, vision=vision, limit=limit)})
            case Assistant() if item.content:
                messages.append({"role": "assistant", "content": item.content})
            case Code() | ToolCall() if item.id not in called:
                called.add(item.id)
                name = item.tool_name if isinstance(item, ToolCall) else CODE_TOOL
                _add_call(messages, item.id, name, item.content)
                messages.append(_tool_message(item.id, outputs.get(item.id), limit))
            case Image() if vision and item.content:
                messages.append(_image_message(item.content))
            case Image():
                unsent[_last_run(messages)] += 1
            case CodeError():
                messages.append({"role": "user", "content": "\n".join(item.content)})
            case _:
                pass
    for at, count in unsent.items():
        if at >= 0:
            _mention(messages[at], count, vision=vision)
    _mention_undone(messages, items)
    return messages


def _image_message(content: str) -> Message:
    kind = "jpeg" if content.startswith(_JPEG) else "png"
    url = f"data:image/{kind};base64,{content}"
    return {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}


def _last_run(messages: Sequence[Message]) -> int:
    """Return where the last output stands, -1 without one."""
    return next((at for at in range(len(messages) - 1, -1, -1) if messages[at]["role"] == "tool"), -1)


def _mention(message: Message, count: int, *, vision: bool) -> None:
    """Say in a run's output that it showed images which are not sent: else the model tells that nothing came."""
    one, many = ("an image was", "images were") if vision else ("a figure was", "figures were")
    where = "here" if vision else "to the user"
    line = f"[{one if count == 1 else f'{count} {many}'} shown {where}]"
    said = "" if message["content"] == _NOTHING else message["content"]
    message["content"] = said + ("\n" if said and not said.endswith("\n") else "") + line


def _mention_undone(messages: Sequence[Message], items: Iterable[StreamVariant]) -> None:
    """Say in the outputs of runs what the user took back of them: else the model counts on what is gone."""
    told = [item.content.get("changes") for item in items if isinstance(item, ServerHint)]
    for changes in told:
        if isinstance(changes, dict) and "undone" in changes:
            _mention_undo(messages, changes)


def _mention_undo(messages: Sequence[Message], changes: dict[str, Any]) -> None:
    undone = changes["undone"] if isinstance(changes["undone"], dict) else {}
    restored = undone.get("restored")
    names = ", ".join(map(str, restored)) if isinstance(restored, list) and restored else "nothing could be restored"
    for message in messages:
        if message.get("tool_call_id") == changes.get("id"):
            message["content"] += f"\n[Afterwards the user undid what this run changed: {names}]"


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


def _tool_message(call_id: str, output: CodeOutput | ToolOutput | None, limit: int) -> Message:
    text = cut(output.content, limit) if output is not None else ""
    if text and isinstance(output, ToolOutput) and output.source:
        text = quoted(text, output.source, call_id)
    return {"role": "tool", "tool_call_id": call_id, "content": text or _NOTHING}
