"""What a model gets of a printed text: no control codes, repeats counted, tracebacks by the user's own frames."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..domain.cut import cut
from .repeats import thinned, told_once
from .tracebacks import MARK, Part, essence, split

_WORTH_IT = 500
_DEEPEST = 3
_SMALLEST = 80
# Linear in any text: no alternative scans further than to the next character that could begin another match.
_CONTROLS = re.compile(
    r"(?:\x1b\[|\x9b(?=[0-9;:<=>?]))[0-9;:<=>?]*[ -/]*[@-~]"  # colours, cursor
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\|\x9c)"  # titles, links, strings
    r"|\x1b[ -/]+[0-~]"  # character sets
    r"|\x1b[0-Z\\^-~]"  # saved cursor, reset and the like
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
)
_ANY_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_RETURNS = re.compile(r"\r+\n?")


def digest(text: str, limit: int) -> str:
    """Return at most ``limit`` characters that say the most about what a run printed; the same for the same text."""
    text = told_once(without_controls(text))
    parts = split(text)
    if len(parts) == 1 and len(text) <= limit:
        return text
    if any(isinstance(part, list) for part in parts):
        return _with_tracebacks(text, parts, limit)
    return cut(thinned(text, limit), limit)


def without_controls(text: str) -> str:
    """Return a text without terminal codes and control characters; tabs and line feeds stay."""
    return _CONTROLS.sub("", _RETURNS.sub("\n", text)) if _ANY_CONTROL.search(text) else text


def _with_tracebacks(text: str, parts: Sequence[Part], limit: int) -> str:
    if len(text) - text.index(MARK) <= _WORTH_IT and len(text) <= limit:
        return text
    own = any(not frame.library for part in parts if isinstance(part, list) for frame in part)
    for depth in (1, 2):
        if len(shorter := _written(parts, depth, own)) <= limit:
            return shorter
    # The last error is what the model has to know: it comes first, what was printed before it gets the room it leaves.
    last = max(at for at, part in enumerate(parts) if isinstance(part, list))
    before = _written(parts[:last], 2, own)
    end = _ending(parts[last:], max(limit * 3 // 4, limit - len(before)), own)
    room = limit - len(end)
    return (cut(thinned(before, room), room) if room > _SMALLEST else "") + end


def _ending(parts: Sequence[Part], share: int, own: bool) -> str:
    """Return the last frames and the message behind them, the message before all."""
    said = _written(parts[1:], 1, own)
    for depth in range(1, _DEEPEST + 1):
        told = _written(parts[:1], depth, own)
        if len(told) + len(said) <= share:
            return told + said
        if depth == _DEEPEST and len(told) <= share // 2:
            return told + cut(said, share - len(told))
    return cut(said, share)


def _written(parts: Sequence[Part], depth: int, own: bool) -> str:
    return "".join(part if isinstance(part, str) else essence(part, depth, own_elsewhere=own) for part in parts)
