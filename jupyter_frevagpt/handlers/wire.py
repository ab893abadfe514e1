"""What a kind of reader gets of a turn: variants to lines of bytes, a pure function (docs/wire.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from ..domain.variants import (
    Assistant,
    Code,
    CodeOutput,
    Image,
    OpenAIError,
    ServerError,
    ServerHint,
    StreamEnd,
    StreamVariant,
    ToolCall,
    ToolOutput,
    ascii_json,
    encode,
)

_SLICE = 7000
_RICH_HINTS = frozenset({"run", "output"})
_Sliced = Assistant | Code | CodeOutput | Image | ToolOutput | ToolCall | ServerError | OpenAIError


class Reader(msgspec.Struct, frozen=True):
    """A kind of client.

    ``rich`` readers take long lines, ``display`` bundles and hints on runs; ``strict`` ones know no tools but code.
    """

    rich: bool = False
    strict: bool = False

    def sees(self, variant: StreamVariant) -> bool:
        """Whether a line or an item is for this reader."""
        if self.strict and isinstance(variant, ToolCall | ToolOutput):
            return False
        return self.rich or not (isinstance(variant, ServerHint) and _RICH_HINTS & variant.content.keys())

    def lines(self, variant: StreamVariant) -> Iterator[bytes]:
        """Yield the lines, each ended by a line feed, that a line of a turn's log is for this reader."""
        if not self.sees(variant):
            return
        if self.rich or not isinstance(variant, _Sliced):
            yield encode(variant) + b"\n"
            return
        for piece in _pieces(variant.content):
            yield encode(msgspec.structs.replace(self._plain(variant), content=piece)) + b"\n"

    def items(self, variants: Sequence[StreamVariant]) -> list[StreamVariant]:
        """Return a thread as this reader gets it whole: only the last StreamEnd, images and outputs uncut."""
        last = len(variants) - 1
        return [
            item if self.rich else self._plain(item)
            for at, item in enumerate(variants)
            if self.sees(item) and (at == last or not isinstance(item, StreamEnd))
        ]

    @staticmethod
    def _plain(variant: StreamVariant) -> StreamVariant:
        return msgspec.structs.replace(variant, display=[]) if isinstance(variant, CodeOutput) else variant


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
