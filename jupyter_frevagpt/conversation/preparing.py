"""What a turn works with, put together for a question or for a rerun."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..domain.errors import BadRequest
from ..domain.protocols import Models, Prompts, Surroundings, Tool
from ..domain.values import ModelInfo, ToolContext
from ..domain.variants import StreamVariant, User
from .parts import TurnLimits, TurnParts
from .rerun import MODEL, Rerun, codes_of
from .transcript import CODE_TOOL


class Preparation:
    """Knows models, tools, prompts and limits."""

    def __init__(
        self,
        models: Models,
        tools: Sequence[Tool],
        prompts: Prompts,
        limits: TurnLimits,
        surroundings: Surroundings | None = None,
    ) -> None:
        self._models = models
        self._tools = tools
        self._prompts = prompts
        self._limits = limits
        self._surroundings = surroundings

    async def check(self, model: str) -> None:
        """Raise BadRequest for a model that cannot chat."""
        await self._models.chat(model)

    async def question(self, question: User, history: Sequence[StreamVariant], context: ToolContext) -> TurnParts:
        """Return the parts of a turn that answers a question."""
        model = await self._models.chat(question.model)
        info = next(info for info in await self._models.list() if info.name == question.model)
        starting, examples, summary = self._prompts.before(question.model, info.prompt_set)
        return TurnParts(
            model=model,
            info=info,
            tools=self._tools,
            starting_prompt=starting,
            examples=examples,
            summary_prompt=summary,
            history=history,
            limits=self._limits,
            context=context,
            surroundings=self._surroundings,
        )

    def rerun(self, history: Sequence[StreamVariant], context: ToolContext) -> TurnParts:
        """Return the parts of a turn that runs a thread's code again; raises BadRequest where there is none."""
        codes = codes_of(history)
        if not codes:
            raise BadRequest("This chat has no code that ran to its end, so there is nothing to run again.")
        again = Rerun(codes, next(tool for tool in self._tools if tool.spec.name == CODE_TOOL))
        return TurnParts(
            model=again,
            info=ModelInfo(MODEL),
            tools=[again],
            starting_prompt="",
            examples=[],
            summary_prompt="",
            history=history,
            limits=msgspec.structs.replace(self._limits, rounds=len(codes) + 1),
            context=context,
        )
