"""One line of the check."""

from __future__ import annotations

from typing import Literal

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """What was found about one subject; a text of a level beside ``ok`` says what to do."""

    level: Literal["ok", "warn", "FAIL"]
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.level:<5} {self.subject}: {' '.join(self.text.split())}"
