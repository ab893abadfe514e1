"""What a test of a piece of code is called."""

from __future__ import annotations

import textwrap


def short(code: str) -> str:
    return textwrap.shorten(repr(code), 60)
