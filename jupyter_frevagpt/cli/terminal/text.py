"""Text of models, kernels and servers, made fit for a terminal: nothing in it can move the cursor or hide."""

from __future__ import annotations

import json
import re

_CODES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]+[0-~]|\x1b[0-~]?|"
    r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]"
)
# What reorders or hides characters: in code that a person is to judge it must be seen.
_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")
_TOKENS = re.compile(
    r'(?:[^"\\]|\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|'
    r"\\u(?![dD][89abAB])[0-9a-fA-F]{4})*"
)
_PREFIX = '{"code":"'


def harmless(text: str) -> str:
    """Return text without control codes but line feed, tab and carriage return."""
    return _CODES.sub("", text).encode("utf-8", "replace").decode()


def legible(code: str) -> str:
    r"""Return code in which every character is seen: those that would not be stand there as ``\u202e``."""
    seen = _CODES.sub(lambda found: repr(found[0])[1:-1], code.replace("\r\n", "\n"))
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", seen.replace("\r", "\\r"))


def one_line(text: str) -> str:
    """Return text for a message of one line."""
    return " ".join(legible(text).split())


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
