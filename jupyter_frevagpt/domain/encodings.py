"""The ways in which a known text may be written: plain, quoted, escaped, in base64, in hexadecimal digits."""

from __future__ import annotations

import base64
import html
import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

_ESCAPED = re.compile(r"%[0-9A-F]{2}")
_BREAK = re.compile(r"(?<=[0-9A-Za-z+/_=-]{16})(?:\r?\n|(?:\\+r)?\\+n|\r\Z|\\+(?:r\\*)?\Z)[ \t]{0,40}")
LOOKS_BACK = 16
"""Characters of encoded data that stand before a break inside of it: lines of words hardly ever end so."""


def forms_of(secret: str) -> set[str]:
    """All forms of a text that stand in one line."""
    data = _bytes_of(secret)
    quoted = {quote(data), quote(data, safe=""), quote_plus(data)}
    return {
        secret,
        *quoted,
        *(_ESCAPED.sub(lambda found: found[0].lower(), form) for form in quoted),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        repr(data)[2:-1],
        html.escape(secret),
        html.escape(secret, quote=False),
        *(form for separator in (" ", ":") for form in _both_cases(data.hex(separator))),
        *broken_forms_of(secret),
    }


def broken_forms_of(secret: str) -> set[str]:
    """Those of them that programs write in several lines: base64 and hexadecimal digits."""
    data = _bytes_of(secret)
    return {*_base64(data), *_both_cases(data.hex())}


class Unbroken:
    """A text without the line breaks, real or escaped, that may stand inside of encoded data; knows where they were.

    A beginning of a break at the text's end counts as one.
    """

    __slots__ = ("_cuts", "_removed", "text")

    def __init__(self, text: str, before: str = "") -> None:
        """``before`` is what stands before the text."""
        self._cuts: list[int] = []
        self._removed: list[int] = []
        self.text = text
        if "\n" not in text and "\\" not in text and "\r" not in text:
            return
        pieces: list[str] = []
        at = removed = 0
        for found in _BREAK.finditer(before + text, len(before)):
            start, end = found.start() - len(before), found.end() - len(before)
            pieces.append(text[at:start])
            at = end
            self._cuts.append(start - removed)
            removed += end - start
            self._removed.append(removed)
        if pieces:
            self.text = "".join((*pieces, text[at:]))

    def __bool__(self) -> bool:
        return bool(self._cuts)

    def place(self, at: int) -> int:
        """Return where a character stands in the text with its breaks."""
        passed = bisect_right(self._cuts, at)
        return at + (self._removed[passed - 1] if passed else 0)


def _bytes_of(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _both_cases(digits: str) -> Iterator[str]:
    yield digits
    yield digits.upper()


def _base64(data: bytes) -> Iterator[str]:
    """The part that is always the same when the secret stands somewhere inside of encoded bytes; edges mix with others.

    At most the bits of one byte at each edge are left out.
    """
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + data).decode()
        core = encoded[(8 * before + 5) // 6 : (before + len(data)) * 8 // 6]
        yield core
        yield core.replace("+", "-").replace("/", "_")
