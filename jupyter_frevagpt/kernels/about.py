"""What a kernel says it is: the language that it runs, and whether our helper can live in it."""

from __future__ import annotations

import re
from typing import Any

import msgspec

_NOT_IN_A_NAME = re.compile(r"[^\w+#. -]")


class KernelAbout(msgspec.Struct, frozen=True):
    """What a kernel's ``kernel_info_reply`` told; empty strings where it told nothing."""

    language: str = ""
    implementation: str = ""

    @property
    def python(self) -> bool:
        """Whether it runs Python."""
        return self.language == "python"

    @property
    def takes_helper(self) -> bool:
        """Whether it is ipykernel: to anything else the text that lets our helper in is foreign, or a shell command."""
        return self.python and self.implementation == "ipython"

    @property
    def ends_at_signal(self) -> bool:
        """Whether it takes the signal that interrupts others for a request to end, as those made with xeus do."""
        return self.implementation.startswith("xeus")

    @property
    def sentence(self) -> str:
        """What the user and the model must know before they write code for it, "" where it is as expected."""
        if self.python:
            return ""
        return f"This kernel runs {self.language}, not Python." if self.language else _SILENT

    @property
    def advice(self) -> str:
        """What a model must know before it writes code for it, "" where it is as expected."""
        if self.python or not self.language:
            return self.sentence
        return f"{self.sentence} All code that you run in it must be {self.language} code, whatever else is said."


_SILENT = "This kernel does not say which language it runs."


def about(content: Any) -> KernelAbout:
    """Return what a reply tells, as far as it can be believed."""
    content = content if isinstance(content, dict) else {}
    language = content.get("language_info")
    # Protocol 4 had the name itself where 5 has the details.
    name = language.get("name") if isinstance(language, dict) else content.get("language")
    return KernelAbout(_name(name), _name(content.get("implementation")))


def _name(told: Any) -> str:
    return _NOT_IN_A_NAME.sub("", told[:60]).strip().lower() if isinstance(told, str) else ""
