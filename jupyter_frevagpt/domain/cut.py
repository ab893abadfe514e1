"""Text cut to a length: its head and its tail, with a note between them of what was left out."""

from __future__ import annotations

_SMALLEST = 80
_SLACK = 5


def cut(text: str, limit: int) -> str:
    """Return at most ``limit`` characters of a text: two thirds from its head, the rest from its tail.

    It is cut at line ends where that costs little.
    """
    if len(text) <= limit:
        return text
    if limit < _SMALLEST:
        return text[: max(limit, 0)]
    room = limit - len(_note(text, 0, len(text)))
    head = _line_end(text, room * 2 // 3)
    tail = _line_start(text, len(text) - (room - room * 2 // 3))
    return f"{text[:head]}{_note(text, head, tail)}{text[tail:]}"


def _note(text: str, start: int, end: int) -> str:
    lines = text.count("\n", start, end)
    where = f" in {lines:,} lines" if lines > 1 else ""
    before = "" if text[start - 1 : start] == "\n" else "\n"
    return f"{before}[{end - start:,} characters{where} left out here]\n"


def _line_end(text: str, at: int) -> int:
    """Return the last place up to ``at`` where a line begins, unless that is far away."""
    return text.rfind("\n", at - at // _SLACK, at) + 1 or at


def _line_start(text: str, at: int) -> int:
    """Return the first place from ``at`` on where a line begins, unless that is far away."""
    return text.find("\n", at - 1, at + (len(text) - at) // _SLACK) + 1 or at
