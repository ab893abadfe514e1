"""The source in the JSON text of a Code that is still being written."""

from __future__ import annotations

import json
import re

_TOKENS = re.compile(
    r'(?:[^"\\]|\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|'
    r"\\u(?![dD][89abAB])[0-9a-fA-F]{4})*"
)
_PREFIX = '{"code":"'


class CodeText:
    """The source in the JSON text of a Code, piece by piece as it comes."""

    def __init__(self) -> None:
        self._whole = ""
        self._read = 0
        self._shown = ""

    def feed(self, fragment: str) -> str:
        """Take a fragment of the JSON text; returns the source that it completes."""
        self._whole += fragment
        if self._read == 0:
            if not self._whole.startswith(_PREFIX):
                return ""
            self._read = len(_PREFIX)
        found = _TOKENS.match(self._whole, self._read)
        end = found.end() if found else self._read
        piece: str = json.loads(f'"{self._whole[self._read : end]}"', strict=False)
        self._read = end
        self._shown += piece
        return piece

    def rest(self) -> str:
        """Return the source that :meth:`feed` has not returned, when no more comes."""
        code = self.source
        rest = code[len(self._shown) :] if code.startswith(self._shown) else f"\n{code}"  # no JSON after all
        self._shown = code
        return rest

    @property
    def source(self) -> str:
        """The source as far as it is known."""
        try:
            return str(json.loads(self._whole, strict=False)["code"])
        except (ValueError, KeyError, TypeError):
            return self._shown if self._read else self._whole
