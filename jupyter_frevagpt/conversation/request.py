"""What a model is sent in each round of a turn."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from ..domain.protocols import Message
from ..domain.variants import CodeOutput, StreamVariant, ToolOutput, User
from .context import bare
from .parts import TurnParts
from .sight import Sight
from .transcript import to_messages

_log = logging.getLogger("jupyter_frevagpt.turn")

_LOOK_SECONDS = 2.0
_QUESTIONS = 3
_NAMES_CHARS = 1000


class ModelRequest:
    """Prompts, examples, history, what the kernel holds now, and the turn so far, in this order."""

    def __init__(self, parts: TurnParts) -> None:
        self._parts = parts
        self._sight = Sight(parts.limits.budget, vision=parts.info.vision)
        self.sent: dict[str, Any] = {}

    async def messages(self, items: Sequence[StreamVariant]) -> list[Message]:
        """Return the messages of the next round; ``items`` are those of this turn, its question first."""
        parts, vision, limit = self._parts, self._parts.info.vision, self._parts.limits.output_chars
        thread = [*parts.history, *items]
        # A small model is confused by more than the question; it finds variables by their names in it.
        seen = await self._sight.of([bare(item) for item in thread] if parts.info.small else thread)
        messages = [
            {"role": "system", "content": parts.starting_prompt},
            *to_messages(parts.examples, vision=False, limit=limit),
            {"role": "system", "content": parts.summary_prompt},
            *to_messages(seen[: len(parts.history)], vision=vision, limit=limit),
            *await self._around(items),
            *to_messages(seen[len(parts.history) :], vision=vision, limit=limit),
        ]
        messages = [message for message in messages if message["content"] != ""]
        self.sent = self._counted(items, messages)
        return messages

    def _counted(self, items: Sequence[StreamVariant], messages: Sequence[Message]) -> dict[str, Any]:
        """Return what the last request of the turn held, in numbers and in names of variables."""
        told = self._parts.surroundings.told(self._parts.context.ref) if self._parts.surroundings is not None else ()
        pieces = [piece for message in messages if isinstance(message["content"], list) for piece in message["content"]]
        thread = [*self._parts.history, *items]
        questions = [item for item in thread if isinstance(item, User)]
        return {
            "requests": self.sent.get("requests", 0) + 1,
            "questions": len(questions),
            "outputs": sum(isinstance(item, CodeOutput | ToolOutput) for item in thread),
            "pictures": sum(piece.get("type") == "image_url" for piece in pieces),
            "chips": sum(len(question.context) for question in questions),
            "variables": len(told),
            "names": ", ".join(told)[:_NAMES_CHARS],
        }

    async def _around(self, items: Sequence[StreamVariant]) -> list[Message]:
        """Return what the model is told of the kernel as it is now; nothing when that cannot be had in time."""
        parts = self._parts
        if parts.surroundings is None:
            return []
        asked = [item.content for item in (*items[:1], *reversed(parts.history)) if isinstance(item, User)]
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                text = await parts.surroundings.summary(parts.context, "\n".join(asked[:_QUESTIONS]))
        except Exception as error:  # noqa: BLE001 - an answer without it is better than none
            _log.warning(
                "thread %s: the kernel was not looked at (%s)", parts.context.ref.thread_id, type(error).__name__
            )
            return []
        return [{"role": "system", "content": text}] if text else []
