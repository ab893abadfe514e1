"""Text of models, kernels, servers and files, made fit to be read: nothing in it can move the cursor or hide."""

from __future__ import annotations

import re

_CODES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]+[0-~]|\x1b[0-~]?|"
    r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]"
)
# What reorders or hides characters: in code that a person is to judge it must be seen.
_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")


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
