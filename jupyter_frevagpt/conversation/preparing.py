"""What a turn works with, put together for a question or for a rerun."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..domain.errors import BadRequest
from ..domain.fence import enter
from ..domain.protocols import Models, Prompts, Surroundings, Tool, ToolMaker, ToolSource
from ..domain.values import ModelInfo, ToolContext
from ..domain.variants import StreamVariant, ToolOutput, User
from .agents import MODEL as AGENT
from .agents import AgentCode, AgentModel
from .imported import SOURCE, is_imported
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
        elsewhere: ToolSource | None = None,
        makers: Sequence[ToolMaker] = (),
    ) -> None:
        """``elsewhere`` has tools beside ``tools``, others from question to question, ``makers`` one each or none."""
        self._models = models
        self._tools = tools
        self._vouched = frozenset(tool.spec.name for tool in tools if tool.spec.vouched)
        self._prompts = prompts
        self._limits = limits
        self._surroundings = surroundings
        self._elsewhere = elsewhere
        self._makers = makers

    async def check(self, model: str) -> None:
        """Raise BadRequest for a model that cannot chat."""
        await self._models.chat(model)

    async def question(self, question: User, history: Sequence[StreamVariant], context: ToolContext) -> TurnParts:
        """Return the parts of a turn that answers a question."""
        model = await self._models.chat(question.model)
        info = next(info for info in await self._models.list() if info.name == question.model)
        starting, examples, summary = self._prompts.before(question.model, info.prompt_set)
        in_page = bool(context.client) and info.tools
        values = context.wishes.variables == "values"
        tools = [tool for tool in self._tools if in_page or not tool.spec.in_page]
        tools = [tool for tool in tools if values or not tool.spec.tells_values]
        if info.tools and not info.small:
            tools += [made for maker in self._makers if (made := await maker.tool_for(info.name)) is not None]
        if any(tool.spec.in_page for tool in tools):
            starting = "\n\n".join((starting, self._prompts.notebook(question.model, info.prompt_set))).strip()
        more, notices = await self._others(context, info, tools)
        return TurnParts(
            model=model,
            info=info,
            tools=[*tools, *more],
            starting_prompt=starting,
            examples=examples,
            summary_prompt=summary,
            history=history,
            limits=self._limits,
            context=_informed(context, history, self._vouched),
            surroundings=self._surroundings,
            notices=notices,
        )

    async def _others(
        self, context: ToolContext, info: ModelInfo, tools: Sequence[Tool]
    ) -> tuple[Sequence[Tool], Sequence[str]]:
        """Return the tools of elsewhere, for a model that can call some, and what is to be told of them."""
        if self._elsewhere is None or info.small or not info.tools:
            return (), ()
        return await self._elsewhere.tools(context.ref, {tool.spec.name for tool in (*self._tools, *tools)})

    def rerun(self, history: Sequence[StreamVariant], context: ToolContext) -> TurnParts:
        """Return the parts of a turn that runs a thread's code again; raises BadRequest where there is none."""
        codes = codes_of(history)
        if not codes:
            raise BadRequest("This chat has no code that ran to its end, so there is nothing to run again.")
        tool = next(tool for tool in self._tools if tool.spec.name == CODE_TOOL)
        again = Rerun(codes, tool, imported=is_imported(history))
        return TurnParts(
            model=again,
            info=ModelInfo(MODEL),
            tools=[again],
            starting_prompt="",
            examples=[],
            summary_prompt="",
            history=history,
            limits=msgspec.structs.replace(self._limits, rounds=len(codes) + 1),
            context=_informed(context, history, self._vouched),
        )

    def agent(self, asked: AgentCode, history: Sequence[StreamVariant], context: ToolContext) -> TurnParts:
        """Return the parts of a turn that runs code of another agent's, which counts as written by a stranger."""
        context = _informed(context, history, self._vouched)
        enter(context, asked.source)
        return TurnParts(
            model=AgentModel(asked.code),
            info=ModelInfo(AGENT),
            tools=[tool for tool in self._tools if tool.spec.name == CODE_TOOL],
            starting_prompt="",
            examples=[],
            summary_prompt="",
            history=history,
            limits=msgspec.structs.replace(self._limits, rounds=2),
            context=context,
        )


def _informed(context: ToolContext, history: Sequence[StreamVariant], vouched: frozenset[str]) -> ToolContext:
    """Return the context of a turn before which text from outside has entered: all that the model reads again."""
    told = [item for item in history if isinstance(item, ToolOutput) and item.source and item.tool_name not in vouched]
    context = msgspec.structs.replace(context, sources=[*context.sources], outside=[*context.outside])
    if is_imported(history):
        enter(context, SOURCE, outside=False)
    for item in told:
        enter(context, item.source)
    return context
