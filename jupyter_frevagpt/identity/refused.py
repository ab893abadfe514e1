"""What keeps somebody, or a whole server, from working."""

from __future__ import annotations


class VisitorRefused(PermissionError):
    """Somebody who may not use the assistant of this server asks for it."""


class Refused(Exception):
    """A request brings no identity that counts; ``text`` is for the person who sent it."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class UnsafeServer(SystemExit):
    """The settings would let users reach what is not theirs; the process ends with this message and exit code 1.

    It is no ordinary exception: Jupyter logs those of an extension and starts without it.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n  - ".join(["This server does not start, because it would not be safe:", *problems]))
