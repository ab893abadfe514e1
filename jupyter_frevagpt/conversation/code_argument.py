"""The argument of a ``code_interpreter`` call, read while the model is still writing it."""

from __future__ import annotations

import json
import re

_KEYS = ("code", "python", "text")
_OPENING = re.compile(r'\s*\{\s*"(?:' + "|".join(_KEYS) + r')"\s*:\s*"')
_COMPLETE = re.compile(r'(?:[^"\\]|\\u[0-9a-fA-F]{4}|\\[^u])*', re.DOTALL)
_UNKNOWN_ESCAPE = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|)')
_HALF_ESCAPE = re.compile(r"(?:\\(?:u[0-9a-fA-F]{0,3})?)?")
_HIGH_SURROGATE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}$")

# Short enough that a fragment fits into one line of a plain reader, however its characters are escaped.
_LONGEST = 1000

FIRST = '{"code":"'
LAST = '"}'


class CodeArgument:
    """Turns fragments of argument JSON into Code fragments that join to exactly ``{"code":"..."}``.

    A model may write blanks, other keys, line breaks inside the string or no JSON at all; a client may rely on the
    first fragment being ``{"code":"`` and on only the last one ending with ``"}``.
    """

    def __init__(self) -> None:
        self._raw = ""
        self._read = 0
        self._state = "before"
        self._pieces: list[str] = []

    @property
    def code(self) -> str:
        """The code as far as it has been written."""
        return "".join(self._pieces)

    def feed(self, fragment: str) -> list[str]:
        """Take a fragment of the argument text, return the Code fragments that it completes."""
        self._raw += fragment
        out: list[str] = []
        if self._state == "before" and (opening := _OPENING.match(self._raw)):
            self._state, self._read = "inside", opening.end()
            out.append(FIRST)
        if self._state == "inside":
            end = _complete_end(self._raw, self._read)
            out += self._take(self._raw[self._read : end])
            self._read = end
            if self._raw[end : end + 1] == '"':
                self._state = "closed"
        return out

    def finish(self) -> tuple[list[str], str]:
        """Return the remaining fragments, and what is wrong with the call ("" when it can be run)."""
        out: list[str] = []
        problem = ""
        if self._state == "before":
            code, problem = _whole(self._raw)
            out += [FIRST, *self._take(json.dumps(code)[1:-1])]
        elif self._state == "inside":
            problem = "The call broke off before its code was complete, so nothing was run. Write it again, shorter."
        out.append(LAST)
        return out, problem

    def _take(self, escaped: str) -> list[str]:
        text = _unescape(escaped)
        self._pieces.append(text)
        out: list[str] = []
        for start in range(0, len(text), _LONGEST):
            content = json.dumps(text[start : start + _LONGEST], ensure_ascii=False)[1:-1]
            out += [content[:-1], content[-1]] if content.endswith(LAST) else [content]
        return out


def _complete_end(raw: str, start: int) -> int:
    """Return where the complete characters of a JSON string end: before its quote or a half-written escape."""
    match = _COMPLETE.match(raw, start)
    end = match.end() if match else start
    high = _HIGH_SURROGATE.search(raw[start:end])
    return start + high.start() if high and _HALF_ESCAPE.fullmatch(raw, end) else end


def _unescape(escaped: str) -> str:
    repaired = _UNKNOWN_ESCAPE.sub(lambda m: m.group(0) if m.group(1) else r"\\", escaped)
    text: str = json.loads(f'"{repaired}"', strict=False)
    return text.encode("utf-8", "replace").decode("utf-8")


def _whole(raw: str) -> tuple[str, str]:
    """Return the code of an argument text that did not open with the expected key, and what is wrong with it."""
    missing = "The call had no `code`, so nothing was run. Its arguments are one JSON object with the string `code`."
    try:
        value = json.loads(raw, strict=False)
    except (ValueError, RecursionError):
        return ("", missing) if raw.lstrip().startswith("{") or not raw.strip() else (raw, "")
    if isinstance(value, dict):
        value = next((value[key] for key in _KEYS if isinstance(value.get(key), str)), None)
    return (value, "") if isinstance(value, str) and value.strip() else ("", missing)
