"""Chunks of the OpenAI protocol, as services really send them, read into :class:`ModelChunk`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from ..domain.values import CallDelta, Citation, ModelChunk, Usage
from .failures import Refusal, message_of

NOTICES = {
    "length": "The answer reached the longest that the service allows and ends here.",
    "content_filter": "The service's content filter ended the answer here.",
}


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class _Call(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(msgspec.Struct):
    content: str | list[Any] | None = None
    tool_calls: list[_Call | None] | None = None
    annotations: Any = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | float | None = None
    completion_tokens: int | float | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice | None] | None = None
    usage: _Usage | None = None
    error: Any = None
    object: str | None = None
    message: Any = None
    code: Any = None
    citations: Any = None


_NOTHING = ModelChunk()
_decoder = msgspec.json.Decoder(_Chunk, strict=False)


class ChunkReader:
    """Reads the chunks of one answer; ``finished`` is true once the service said why it ended."""

    def __init__(self) -> None:
        self.finished = False
        self._calls: list[_Known] = []
        self._at: dict[int, int] = {}

    def read(self, data: bytes) -> ModelChunk:
        """Return the piece that one event holds, an empty one if it holds nothing.

        Raises Refusal for an error object and for what is not a chunk.
        """
        try:
            chunk = _decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return self.take(_repaired(data))
        return self._piece(chunk)

    def take(self, chunk: Any) -> ModelChunk:
        """Return the piece that a decoded chunk holds; raises as :meth:`read` does."""
        try:
            return self._piece(msgspec.convert(chunk, _Chunk, strict=False))
        except msgspec.ValidationError:
            if isinstance(chunk, dict) and chunk.get("error"):
                raise Refusal(message=message_of(chunk)) from None
            raise Refusal(case="nonsense") from None

    def _piece(self, chunk: _Chunk) -> ModelChunk:
        if chunk.error or chunk.object == "error":
            error = chunk.error or {"message": chunk.message, "code": chunk.code}
            raise Refusal(_status_in(error), message_of(error))
        usage = None
        if chunk.usage is not None:
            usage = Usage(int(chunk.usage.prompt_tokens or 0), int(chunk.usage.completion_tokens or 0))
        choice = chunk.choices[0] if chunk.choices else None
        pages = tuple(_pages(chunk.citations))
        if choice is None:
            return ModelChunk(usage=usage, citations=pages) if usage or pages else _NOTHING
        notice = ""
        if choice.finish_reason:
            self.finished = True
            notice = NOTICES.get(choice.finish_reason, "")
        delta = choice.delta or choice.message
        if delta is None:
            return ModelChunk(usage=usage, notice=notice, citations=pages)
        content = delta.content
        text = content if isinstance(content, str) else _joined(content)
        calls: tuple[CallDelta, ...] = ()
        if delta.tool_calls:
            calls = tuple(self._call(call) for call in delta.tool_calls if call)
        if delta.annotations is not None:
            pages += tuple(_pages(delta.annotations))
        return ModelChunk(text=text, calls=calls, usage=usage, notice=notice, citations=pages)

    def _call(self, call: _Call) -> CallDelta:
        """Tell a fragment's call: by index, by id where services leave the index out or always write 0."""
        function = call.function or _Function()
        at = self._place_of(call, function)
        known = self._calls[at]
        # Id and name are handed on once, whole: some services repeat them in each fragment.
        identity = "" if known.id else call.id or ""
        name = "" if known.name else function.name or ""
        known.id = known.id or identity
        known.name = known.name or name
        arguments = function.arguments or ""
        if not isinstance(arguments, str):
            arguments = json.dumps(arguments, ensure_ascii=False)
        return CallDelta(at, identity, name, arguments)

    def _place_of(self, call: _Call, function: _Function) -> int:
        if call.index is None:
            known = next((at for at, old in enumerate(self._calls) if call.id and old.id == call.id), None)
            if known is not None:
                return known
            begins = bool(call.id or function.name) or not self._calls
            return self._new() if begins else len(self._calls) - 1
        at = self._at.get(call.index)
        if at is not None:
            old = self._calls[at]
            if not (call.id and old.id and call.id != old.id and function.name):
                return at
        self._at[call.index] = at = self._new()
        return at

    def _new(self) -> int:
        self._calls.append(_Known())
        return len(self._calls) - 1


class _Known(msgspec.Struct):
    """What of a call was handed on already."""

    id: str = ""
    name: str = ""


def _pages(told: Any) -> Iterator[Citation]:
    """Yield the pages that an answer rests on: annotations of it, or addresses alone."""
    for one in told if isinstance(told, list) else ():
        if isinstance(one, str):
            yield Citation(one)
        elif isinstance(one, dict) and isinstance(page := one.get("url_citation", one), dict):
            url, title, end = page.get("url"), page.get("title"), page.get("end_index")
            if isinstance(url, str):
                place = end if isinstance(end, int) and not isinstance(end, bool) else None
                yield Citation(url, title if isinstance(title, str) else "", place)


def _joined(parts: list[Any] | None) -> str:
    if not parts:
        return ""
    texts = (part if isinstance(part, str) else part.get("text") if isinstance(part, dict) else "" for part in parts)
    return "".join(text for text in texts if isinstance(text, str))


def _status_in(error: Any) -> int:
    code = error.get("code") if isinstance(error, dict) else None
    try:
        status = int(code) if code is not None else 0
    except (TypeError, ValueError):
        return 0
    return status if 400 <= status < 600 else 0


def _repaired(data: bytes) -> Any:
    """Decode JSON that holds half a surrogate pair or bytes that are not UTF-8: each becomes U+FFFD."""
    try:
        return without_surrogates(json.loads(data.decode("utf-8", "replace")))
    except (ValueError, RecursionError):
        raise Refusal(case="nonsense") from None


def without_surrogates(value: Any) -> Any:
    """Return plain data with each half of a surrogate pair in its strings replaced by U+FFFD."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return value
    if isinstance(value, list):
        return [without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {without_surrogates(key): without_surrogates(item) for key, item in value.items()}
    return value
