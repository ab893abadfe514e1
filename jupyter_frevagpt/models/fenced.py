"""Models that cannot call tools: they are asked for fenced code, and their fence becomes the call."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from ..domain.protocols import ChatModel, Message
from ..domain.values import CallDelta, ModelChunk, ToolSpec
from .chunks import NOTICES

TOOL = "code_interpreter"

ADVICE = """To compute, look something up or draw, write Python in one fenced block, exactly like this:

```python
print(1 + 1)
```

End your answer with that block. It is run, and you are then shown what it printed and may go on. Write no output of
your own invention. When you need no code, answer in plain words without any block."""

_OPENING = re.compile(r"(`{3,})[ \t]*(?:python3?|py|ipython)\b[^\n`]*$", re.I)
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_LONGEST_FENCE = re.compile(r"`{3,}")


class FencedChat:
    """A model without tools that looks like one with the tool ``code_interpreter``."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model

    async def stream(self, messages: list[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[ModelChunk, None]:
        """Yield text up to the first Python fence, then its code as a call; see the protocol ``ChatModel``."""
        wanted = any(tool.name == TOOL for tool in tools)
        fence = FenceReader()
        async with aclosing(self._model.stream(plain_messages(messages, advise=wanted), ())) as pieces:
            async for piece in pieces:
                if not wanted:
                    yield piece
                    continue
                text, arguments = fence.feed(piece.text)
                if piece.notice == NOTICES["length"]:
                    fence.broken = True
                if text or arguments or piece.usage or piece.notice:
                    yield fence.piece(text, arguments, piece)
                if fence.complete:
                    return  # what follows would be an answer to an output that nobody saw
        if wanted:
            text, arguments = fence.end()
            if text or arguments:
                yield fence.piece(text, arguments, ModelChunk())


class FenceReader:
    """Tells text and the code of the first Python fence apart, in a text that may be cut at any character.

    ``complete`` is true once the fence was closed, ``broken`` is to be set when the answer was cut short: a fence that
    is open at the end is then left open, so that nobody runs half a program.
    """

    def __init__(self) -> None:
        self.complete = False
        self.broken = False
        self._id = f"call_{secrets.token_hex(12)}"
        self._named = False
        self._begun = False
        self._visible = False
        self._skipping = False
        self._line = ""
        self._shown = 0
        self._in_code = False
        self._in_other = 0
        self._indent = 0
        self._blank = ""

    def feed(self, received: str) -> tuple[str, str]:
        """Take a piece of the answer; return the text to show and the fragment of the call's arguments."""
        text: list[str] = []
        code: list[str] = []
        for line in _LINE.findall(received):
            if self.complete:
                break
            if self._skipping:
                self._skipping = not line.endswith("\n")
                continue
            self._line += line
            if self._in_code:
                self._read_code(code)
            else:
                self._read_text(text)
        fragment = self._escaped("".join(code))
        if self.complete:
            fragment += '"}'
        return "".join(text), fragment

    def end(self) -> tuple[str, str]:
        """Return what was held back at the end of the answer."""
        if self.complete:
            return "", ""
        held, self._line = self._line[self._shown :], ""
        if not self._in_code:
            return held, ""
        if not self._visible:
            return "", ""
        fragment = self._escaped("" if held.lstrip().startswith("`") else held)
        return "", fragment if self.broken else fragment + '"}'

    def piece(self, text: str, arguments: str, source: ModelChunk) -> ModelChunk:
        """Return a piece with the call's name in its first fragment, and with the source's usage and notice."""
        calls: tuple[CallDelta, ...] = ()
        if arguments:
            calls = (CallDelta(0, "" if self._named else self._id, "" if self._named else TOOL, arguments),)
            self._named = True
        return ModelChunk(text=text, calls=calls, usage=source.usage, notice=source.notice)

    def _read_text(self, text: list[str]) -> None:
        line = self._line
        if line.endswith("\n"):
            self._line = ""
            shown, self._shown = self._shown, 0
            fence = _LONGEST_FENCE.search(line)
            opening = None if self._in_other else _OPENING.search(line.rstrip())
            if opening:
                before = line[: opening.start()]
                self._indent = len(before) if not before.strip() else 0
                self._in_code = True
                text.append(before[shown:] if before.strip() else "")
                return
            if fence:
                size = len(fence[0])
                self._in_other = 0 if self._in_other and size >= self._in_other else self._in_other or size
            text.append(line[shown:])
            return
        # From the first backticks on, or where they may be beginning, it is not known yet what the line is.
        at = line.find("```")
        safe = at if at >= 0 else len(line.rstrip("`"))
        if not line[:safe].strip():
            safe = 0
        if safe > self._shown:
            text.append(line[self._shown : safe])
            self._shown = safe

    def _read_code(self, code: list[str]) -> None:
        line = self._line
        body = line.lstrip(" ")
        indent = len(line) - len(body)
        if indent <= max(3, self._indent + 3) and body.startswith("```"):
            if self._visible:
                self.complete = True
            else:
                self._in_code = False  # an empty block calls nothing
                self._skipping = not line.endswith("\n")
                self._line, self._shown = "", 0
            return
        whole = line.endswith("\n")
        if not whole and (not body or "```".startswith(body)):
            return  # may become the closing fence
        start = max(self._shown, min(self._indent, indent))
        code.append(line[start:])
        self._visible = self._visible or bool(body.strip())
        self._shown = 0 if whole else len(line)
        self._line = "" if whole else line

    def _escaped(self, code: str) -> str:
        """Return the fragment of the JSON text that a piece of code is; nothing before the first visible character."""
        if not code:
            return ""
        if not self._begun:
            self._blank += code
            if not self._blank.strip():
                return ""
            code, self._blank, self._begun = self._blank.lstrip("\n"), "", True
            return '{"code":"' + json.dumps(code, ensure_ascii=False)[1:-1]
        return json.dumps(code, ensure_ascii=False)[1:-1]


def plain_messages(messages: list[Message], *, advise: bool) -> list[Message]:
    """Return a history without tool roles: calls as fenced code, outputs as user messages, turns alternating."""
    plain: list[Message] = []
    for message in messages:
        role, content = message["role"], message.get("content") or ""
        if role == "tool":
            role, content = "user", output_text(content)
        elif message.get("tool_calls"):
            content = "\n\n".join([*([content] if content else []), *map(_call_text, message["tool_calls"])])
        if plain and plain[-1]["role"] == role and role in ("user", "assistant"):
            plain[-1] = {"role": role, "content": _joined(plain[-1]["content"], content)}
        else:
            plain.append({"role": role, "content": content})
    if advise:
        at = next((at for at, message in enumerate(plain) if message["role"] == "system"), None)
        if at is None:
            plain.insert(0, {"role": "system", "content": ADVICE})
        else:
            plain[at] = {"role": "system", "content": _joined(plain[at]["content"], ADVICE)}
    return plain


def output_text(content: Any) -> str:
    """Return a tool's output as a message of the user's, in a fence that it cannot close."""
    text = content if isinstance(content, str) else _text_of(content)
    if not text.strip():
        return "Output of the code: none."
    fence = "`" * max([3, *(len(run) + 1 for run in _LONGEST_FENCE.findall(text))])
    return f"Output of the code:\n{fence}\n{text.rstrip()}\n{fence}"


def _call_text(call: dict[str, Any]) -> str:
    function = call.get("function") or {}
    arguments = function.get("arguments") or ""
    if function.get("name") == TOOL:
        try:
            code = json.loads(arguments)["code"]
        except (ValueError, TypeError, KeyError):
            code = arguments
        return f"```python\n{str(code).rstrip()}\n```"
    return f"(I used {function.get('name')} with {arguments}.)"


def _joined(first: Any, second: Any) -> Any:
    if isinstance(first, str) and isinstance(second, str):
        return "\n\n".join(filter(None, [first, second]))
    return [*_parts(first), *_parts(second)]


def _parts(content: Any) -> list[Any]:
    return content if isinstance(content, list) else [{"type": "text", "text": content}] if content else []


def _text_of(content: Any) -> str:
    parts = content if isinstance(content, list) else []
    return "".join(part.get("text", "") for part in parts if isinstance(part, dict))
