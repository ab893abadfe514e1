"""What other agents may call: some of the assistant's own tools, with the kernel named by who asks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from ..conversation.agents import AgentCode
from ..conversation.conversations import Conversations
from ..conversation.transcript import CODE_TOOL
from ..conversation.turn import Turn
from ..domain.cut import cut
from ..domain.errors import BadRequest, FrevaGPTError
from ..domain.protocols import Kernels, Tool
from ..domain.values import Policy, ToolContext, ToolRequest, Wishes
from ..domain.variants import CodeOutput, Image, ServerError, ServerHint, StreamVariant, ToolOutput
from .mcp_sessions import Session, Sessions
from .presence import Presence

OFFERED = (CODE_TOOL, "inspect_variable", "get_context_from_resources")
IN_A_KERNEL = (CODE_TOOL, "inspect_variable")
"""Those that are told which kernel; where no kernel can be named they are not offered."""

_KERNEL = {
    "type": "string",
    "description": "Id of a running kernel of this server, as GET api/kernels lists them. It is never guessed.",
}
_STATES = {
    "waiting": "Waits for the user's own code in this kernel.",
    "running": "Runs.",
}
_ASKS = "Waits for the user: they are asked in the panel of FrevaGPT, in the chat of this session."
_LONGEST_PROGRESS = 400

Say = Callable[[str], None]


class NoSuchTool(Exception):
    """No tool of that name is offered."""


class AgentTools:
    """Lists tools and calls them for sessions."""

    def __init__(
        self,
        tools: Sequence[Tool],
        conversations: Conversations,
        kernels: Kernels,
        presence: Presence,
        policy: Policy,
        output_chars: int,
    ) -> None:
        """``policy`` is for code, beside the site's: the stricter one counts."""
        self._tools = {tool.spec.name: tool for tool in tools if tool.spec.name in OFFERED}
        self._conversations = conversations
        self._kernels = kernels
        self._presence = presence
        self._wishes = Wishes(policy)
        self._output_chars = output_chars

    def listed(self) -> list[dict[str, Any]]:
        """Return the tools as the protocol has them."""
        return [_listed(tool) for tool in self._tools.values()]

    async def call(self, session: Session, name: str, arguments: dict[str, Any], say: Say) -> dict[str, Any]:
        """Return what a call brings, as the protocol has it; raises NoSuchTool."""
        if (tool := self._tools.get(name)) is None:
            raise NoSuchTool(name)
        try:
            if name == CODE_TOOL:
                return await self._run(session, arguments, say)
            return await self._ask(session, tool, arguments)
        except FrevaGPTError as error:
            return _result(str(error), failed=True)

    async def _run(self, session: Session, arguments: dict[str, Any], say: Say) -> dict[str, Any]:
        kernel_id = self._kernel(arguments)
        code = arguments.get("code")
        if not isinstance(code, str) or not code.strip():
            raise BadRequest("The argument `code` is missing: Python source as text.")
        async with session.lane:  # a chat has one turn at a time
            turn = await self._conversations.run_for(
                session.ref,
                AgentCode(code, session.agent),
                kernel_id,
                approval=self._presence.here(session.owner),
                wishes=self._wishes,
            )
            turn.readers += 1
            try:
                await _followed(turn, say)
            except asyncio.CancelledError:
                await turn.stop()
                raise
            finally:
                turn.readers -= 1
        return self._of_turn(turn.log)

    def _of_turn(self, log: Sequence[StreamVariant]) -> dict[str, Any]:
        text, state = "", ""
        for line in log:
            match line:
                case CodeOutput() | ServerError():
                    text += line.content
                case ServerHint(content={"run": {"state": str(now)}}):
                    state = now
                case _:
                    pass
        pictures = [line.content for line in log if isinstance(line, Image)]
        return _result(cut(text, self._output_chars) or "(no output)", pictures, failed=state != "done")

    async def _ask(self, session: Session, tool: Tool, arguments: dict[str, Any]) -> dict[str, Any]:
        in_kernel = tool.spec.name in IN_A_KERNEL
        context = ToolContext(session.ref, self._kernel(arguments) if in_kernel else "", keep=False)
        given = {name: value for name, value in arguments.items() if not (in_kernel and name == "kernel_id")}
        request = ToolRequest("call_mcp", tool.spec.name, json.dumps(given))
        texts: list[str] = []
        pictures: list[str] = []
        async with aclosing(tool.run(request, context)) as variants:
            async for variant in variants:
                if isinstance(variant, ToolOutput):
                    texts.append(variant.content)
                elif isinstance(variant, Image):
                    pictures.append(variant.content)
        return _result(cut("\n".join(texts), self._output_chars), pictures)

    def _kernel(self, arguments: dict[str, Any]) -> str:
        kernel_id = arguments.get("kernel_id")
        if not isinstance(kernel_id, str) or not kernel_id:
            raise BadRequest("The argument `kernel_id` is missing: name the kernel.")
        self._kernels.check(kernel_id)
        return kernel_id


def _listed(tool: Tool) -> dict[str, Any]:
    spec = tool.spec
    schema = dict(spec.parameters)
    if spec.name in IN_A_KERNEL:
        schema["properties"] = {"kernel_id": _KERNEL, **schema.get("properties", {})}
        schema["required"] = ["kernel_id", *schema.get("required", [])]
    hints = {"readOnlyHint": spec.name != CODE_TOOL, "openWorldHint": spec.name == CODE_TOOL}
    return {"name": spec.name, "description": spec.description, "inputSchema": schema, "annotations": hints}


async def _followed(turn: Turn, say: Say) -> None:
    read = 0
    while True:
        for line in turn.log[read:]:
            for text in _told(line):
                say(text[:_LONGEST_PROGRESS])
        read = len(turn.log)
        if not turn.running:
            return
        await turn.wait_beyond(read, 60)


def _told(line: StreamVariant) -> Iterator[str]:
    if not isinstance(line, ServerHint):
        return
    match line.content:
        case {"approval": {"code": str()}}:
            yield _ASKS
        case {"run": {"state": str(state)}} if state in _STATES:
            yield _STATES[state]
        case {"output": {"text": str(text)}} | {"notice": {"text": str(text)}}:
            yield text


def _result(text: str, pictures: Sequence[str] = (), *, failed: bool = False) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": text}]
    content += [{"type": "image", "data": picture, "mimeType": _media(picture)} for picture in pictures]
    return {"content": content, "isError": failed}


def _media(picture: str) -> str:
    return "image/jpeg" if picture.startswith("/9j/") else "image/png"


class Agents(msgspec.Struct, frozen=True):
    """What the route works with beside what all have; ``visitor`` tells of an owner that the server is another's."""

    tools: AgentTools
    sessions: Sessions
    demanded: tuple[str, ...]
    visitor: Callable[[str], bool]
