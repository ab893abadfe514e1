"""What a kind of reader gets of a turn: variants to lines of bytes, a pure function (docs/wire.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from ..domain.variants import (
    Assistant,
    Code,
    CodeOutput,
    Image,
    OpenAIError,
    Prompt,
    ServerError,
    ServerHint,
    StreamEnd,
    StreamVariant,
    ToolCall,
    ToolOutput,
    User,
    ascii_json,
    encode,
)

_SLICE = 7000
_RICH_HINTS = frozenset({"run", "output", "changes", "progress", "request"})
_QUOTES = str.maketrans({"'": "\u2019", '"': "\u201d"})
_Sliced = Assistant | Code | CodeOutput | Image | ToolOutput | ToolCall | ServerError | OpenAIError


class Reader(msgspec.Struct, frozen=True):
    """A kind of client.

    ``rich`` readers take long lines, ``display`` bundles, a tool's ``data`` and hints on runs; ``strict`` ones know no
    tools but code, and read a hint as Python writes it.
    """

    rich: bool = False
    strict: bool = False

    def sees(self, variant: StreamVariant) -> bool:
        """Whether a line or an item is for this reader."""
        if isinstance(variant, Prompt) or (self.strict and isinstance(variant, ToolCall | ToolOutput)):
            return False
        return self.rich or not (isinstance(variant, ServerHint) and _RICH_HINTS & variant.content.keys())

    def lines(self, variant: StreamVariant) -> Iterator[bytes]:
        """Yield the lines, each ended by a line feed, that a line of a turn's log is for this reader."""
        if not self.sees(variant):
            return
        if self.rich or not isinstance(variant, _Sliced):
            yield encode(self._plain(variant)) + b"\n"
            return
        for piece in _pieces(variant.content):
            yield encode(msgspec.structs.replace(self._plain(variant), content=piece)) + b"\n"

    def items(self, variants: Sequence[StreamVariant]) -> list[StreamVariant]:
        """Return a thread as this reader gets it whole: only the last StreamEnd, images and outputs uncut."""
        last = max((at for at, item in enumerate(variants) if not isinstance(item, ServerHint)), default=-1)
        return [
            self._plain(item)
            for at, item in enumerate(variants)
            if self.sees(item) and (at == last or not isinstance(item, StreamEnd))
        ]

    def _plain(self, variant: StreamVariant) -> StreamVariant:
        if isinstance(variant, CodeOutput) and not self.rich:
            return msgspec.structs.replace(variant, display=[])
        if isinstance(variant, ToolOutput) and not self.rich:
            return msgspec.structs.replace(variant, source="", data={})
        if isinstance(variant, User) and not self.rich:
            return msgspec.structs.replace(variant, context=[])
        if isinstance(variant, ServerHint) and self.strict:
            return ServerHint(_literal(variant.content))
        return variant


def _literal(value: Any) -> Any:
    """Return a value of a hint without what climateclaw-client stumbles over.

    It turns hints into Python's notation, then each ``'`` into ``"``, and reads that as JSON: quotes end its strings,
    and True, None or ``\\x`` are no JSON.
    """
    if isinstance(value, dict):
        return {_literal(name): _literal(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_literal(inner) for inner in value if inner is not None]
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        text = value.translate(_QUOTES)
        return "".join(character if character.isprintable() or character in "\n\t" else " " for character in text)
    return value


def _pieces(text: str) -> Iterator[str]:
    """Cut text so that a line of it stays below 8 kB, and no piece both begins with ``{`` and ends with ``}``."""
    for piece in _slices(text):
        core = piece.strip()
        if core.startswith("{") and core.endswith("}"):
            head = len(piece) - len(piece.lstrip("{ \t\r\n"))
            yield piece[:head]
            yield piece[head:]
        else:
            yield piece


def _slices(text: str) -> Iterator[str]:
    for start in range(0, len(text), _SLICE) if text else (0,):
        yield from _fitting(text[start : start + _SLICE])


def _fitting(text: str) -> Iterator[str]:
    """Halve text until each part fits into a line as it will be written."""
    if len(text) < 2 or len(ascii_json(text)) <= _SLICE + 2:
        yield text
        return
    middle = len(text) // 2
    yield from _fitting(text[:middle])
    yield from _fitting(text[middle:])
