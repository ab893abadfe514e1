"""Code that another agent asks for: a turn of its own in a chat of its session's, so that its user sees all of it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence

import msgspec

from ..domain.protocols import Message
from ..domain.values import CallDelta, ModelChunk, ToolSpec
from .transcript import CODE_TOOL

MODEL = "agent"
"""Stands in the User item's ``model``: no model was asked."""


class AgentCode(msgspec.Struct, frozen=True):
    """What is to be run, and who wants it."""

    code: str
    agent: str

    @property
    def question(self) -> str:
        """What stands in the chat for it."""
        return f"{self.agent} asks to run code."

    @property
    def source(self) -> str:
        """How it is named as text from outside."""
        return f"the program {self.agent}"


class AgentModel:
    """The model of such a turn: it asks for the one run, and then says nothing."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._asked = False

    async def stream(self, messages: list[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[ModelChunk, None]:
        """Ask for the run, once."""
        if not self._asked:
            self._asked = True
            arguments = json.dumps({"code": self._code}, ensure_ascii=False)
            yield ModelChunk(calls=(CallDelta(0, "", CODE_TOOL, arguments),))
