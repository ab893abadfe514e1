"""What a turn works with and what it may use."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..domain.protocols import ChatModel, Surroundings, Tool
from ..domain.values import ModelInfo, ToolContext
from ..domain.variants import StreamVariant
from .sight import Budget


class TurnLimits(msgspec.Struct, frozen=True):
    """What a turn may use: model rounds, seconds of model time, and what :class:`~.sight.Budget` tells of."""

    rounds: int = 25
    model_seconds: float = 900.0
    output_chars: int = 20_000
    older_output_chars: int = 2_000
    images: int = 4
    image_pixels: int = 1024

    @property
    def budget(self) -> Budget:
        """How much of what runs showed the model gets."""
        return Budget(self.output_chars, self.older_output_chars, self.images, self.image_pixels)


class TurnParts(msgspec.Struct, frozen=True):
    """What a turn works with; ``before`` and ``after`` are the prompts around the examples.

    ``notices`` are told to the user before anything else.
    """

    model: ChatModel
    info: ModelInfo
    tools: Sequence[Tool]
    starting_prompt: str
    examples: Sequence[StreamVariant]
    summary_prompt: str
    history: Sequence[StreamVariant]
    limits: TurnLimits
    context: ToolContext
    surroundings: Surroundings | None = None
    notices: Sequence[str] = ()
