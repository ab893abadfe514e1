"""A stage for turns: conversations whose model and tools play what a test gives them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any, ClassVar

from jupyter_frevagpt.conversation.conversations import Conversations
from jupyter_frevagpt.conversation.parts import TurnLimits
from jupyter_frevagpt.conversation.preparing import Preparation
from jupyter_frevagpt.conversation.threads import Threads, new_thread_id
from jupyter_frevagpt.conversation.transcript import fold
from jupyter_frevagpt.conversation.turn import Turn
from jupyter_frevagpt.domain.errors import BadRequest
from jupyter_frevagpt.domain.protocols import Message
from jupyter_frevagpt.domain.values import (
    CallDelta,
    ModelChunk,
    ModelInfo,
    ThreadRef,
    ToolContext,
    ToolRequest,
    ToolSpec,
)
from jupyter_frevagpt.domain.variants import (
    Assistant,
    CodeOutput,
    ServerHint,
    StreamEnd,
    StreamVariant,
    ToolOutput,
    User,
)
from jupyter_frevagpt.threads.memory import MemoryThreadStore

Step = ModelChunk | Exception | float


def text(*pieces: str) -> list[Step]:
    return [ModelChunk(text=piece) for piece in pieces]


def call(code: str, index: int = 0, call_id: str = "c1", name: str = "code_interpreter") -> list[Step]:
    raw = json.dumps({"code": code})
    middle = len(raw) // 2
    return [
        ModelChunk(calls=(CallDelta(index, call_id, name),)),
        ModelChunk(calls=(CallDelta(index, arguments=raw[:middle]),)),
        ModelChunk(calls=(CallDelta(index, arguments=raw[middle:]),)),
    ]


class PlayedModel:
    """A ChatModel that plays one list of steps a round; a number is a pause in seconds."""

    def __init__(self, *rounds: list[Step]) -> None:
        self.rounds = list(rounds)
        self.asked: list[list[Message]] = []
        self.closed = 0

    async def stream(
        self, messages: list[dict[str, Any]], tools: Sequence[ToolSpec]
    ) -> AsyncGenerator[ModelChunk, None]:
        self.asked.append(messages)
        try:
            for step in self.rounds.pop(0):
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, float):
                    await asyncio.sleep(step)
                else:
                    yield step
        finally:
            self.closed += 1


class PlayedModels:
    def __init__(self, model: PlayedModel) -> None:
        self.model = model

    async def list(self) -> list[ModelInfo]:
        return [ModelInfo("played")]

    async def chat(self, name: str) -> PlayedModel:
        if name != "played":
            raise BadRequest("no such model")
        return self.model


class EchoTool:
    """Returns the code it is given; code ``hang`` waits until it is stopped, ``fail`` raises."""

    spec = ToolSpec("code_interpreter", "echo", {"type": "object"})

    def __init__(self) -> None:
        self.stopped = 0

    async def run(self, request: ToolRequest, context: ToolContext) -> AsyncGenerator[StreamVariant, None]:
        code = json.loads(request.arguments)["code"]
        yield ServerHint({"run": {"id": request.id, "state": "running", "kernel_id": ""}})
        if code == "fail":
            raise RuntimeError("inside")
        if code.startswith("hang"):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                self.stopped += 1
                if code == "hang on":
                    await asyncio.sleep(30)
                yield CodeOutput("partial\n", request.id)
                raise
        yield CodeOutput(f"ran {code}\n", request.id)


class OtherTool:
    spec = ToolSpec("search", "search", {"type": "object"})

    async def run(self, request: ToolRequest, context: ToolContext) -> AsyncGenerator[StreamVariant, None]:
        yield ToolOutput(f"found {request.arguments}", "search", request.id)


class NoPrompts:
    def before(self, model: str, prompt_set: str = "") -> tuple[str, list[StreamVariant], str]:
        return "begin", [User("example"), Assistant("answer")], "now"

    def notebook(self, model: str, prompt_set: str = "") -> str:
        return "beside"

    def title(self) -> str:
        return "name it"


class Stage:
    built: ClassVar[list[Stage]] = []

    def __init__(self, *rounds: list[Step], limits: TurnLimits | None = None, store: Any = None) -> None:
        self.model = PlayedModel(*rounds)
        self.tool = EchoTool()
        self.store = store or MemoryThreadStore()
        models, tools = PlayedModels(self.model), [self.tool, OtherTool()]
        self.conversations = Conversations(
            Threads(self.store, MemoryThreadStore()),
            Preparation(models, tools, NoPrompts(), limits or TurnLimits()),
        )
        self.ref = ThreadRef("alice", new_thread_id())
        self.built.append(self)

    async def start(self, question: str = "q", **kwargs: Any) -> Turn:
        return await self.conversations.start(self.ref, User(question, "played"), **kwargs)

    async def play(self, question: str = "q") -> Turn:
        return await ended(await self.start(question))

    async def stored(self) -> list[StreamVariant]:
        items: list[StreamVariant] = await self.store.read(self.ref)
        return items


async def ended(turn: Turn) -> Turn:
    line = 0
    async with asyncio.timeout(20):
        while turn.running:
            await turn.wait_beyond(line, 5)
            line = len(turn.log)
    return turn


def kinds(items: Sequence[StreamVariant]) -> list[str]:
    return [type(item).__name__ for item in items if not isinstance(item, ServerHint)]


def check_record(turn: Turn, stored: Sequence[StreamVariant]) -> None:
    """What was streamed joins to what is stored, whatever happened."""
    assert isinstance(turn.log[-1], StreamEnd)
    assert [item for item in fold(turn.log) if not isinstance(item, ServerHint)] == [
        item for item in stored if not isinstance(item, ServerHint | User)
    ]
