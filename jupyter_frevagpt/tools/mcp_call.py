"""One tool of an MCP server: asked about where the policy wants it, called in the helper, its result as variants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import msgspec

from ..domain.fence import named
from ..domain.values import ToolContext, ToolRequest, ToolSpec
from ..domain.variants import Image, ServerHint, StreamVariant, ToolOutput
from ..workers.host import Worker
from .leave import STOPPED
from .mcp_leave import McpLeave, Offer
from .mcp_servers import McpServer

MARGIN = 30.0
"""Seconds beyond a call's own time-out; the helper may have to start and to connect first."""

_LONGEST_PROGRESS = 200

_WORDS = {
    "silent": "The server {} did not answer in time.",
    "broken": "The connection to the server {} ended.",
    "unreachable": "The server {} cannot be reached.",
    "refused": "The server {} refuses requests, or fails: its administrators must look.",
    "moved": "The server {} sends elsewhere, which is not followed: its address in the settings must be changed.",
    "program": "The program of the server {} cannot be started: the settings of this site must be changed.",
    "said": "The server {} does not tell its tools.",
    "nonsense": "The server {} answers with what cannot be understood.",
}
_AND_NOW = {
    "silent": " Whether it did what it was asked for is not known. Ask for less at once, or go on without it.",
    "broken": " Whether it did what it was asked for is not known. Look before you ask again.",
}


def words_of(kind: str, name: str) -> str:
    """Return what a kind of failure is in words."""
    return _WORDS.get(kind, _WORDS["nonsense"]).format(name)


class McpTool:
    """A tool of a server's, under the name that the model is told."""

    def __init__(
        self,
        spec: ToolSpec,
        offer: Offer,
        server: McpServer,
        worker: Worker,
        leave: McpLeave,
        seconds: float,
        redact: Callable[[str], str],
    ) -> None:
        self.spec = spec
        self.offer = offer
        self._server = server
        self._worker = worker
        self._leave = leave
        self._seconds = seconds
        self._redact = redact

    async def run(self, request: ToolRequest, context: ToolContext) -> AsyncGenerator[StreamVariant, None]:
        """Yield the question to the user, progress, and at last what the server answered with its pictures."""
        arguments = _arguments(request.arguments)
        if arguments is None:
            yield self._output(request, "Nothing was asked: the arguments are no JSON object.")
            return
        try:
            if self._leave.needed(self.offer, context):
                refusal = ""
                async with aclosing(self._leave.ask(request, self.spec.name, self.offer, context)) as steps:
                    async for step in steps:
                        if isinstance(step, str):
                            refusal = step
                        else:
                            yield step
                if refusal:
                    yield ToolOutput(refusal, self.spec.name, request.id)
                    return
            async with aclosing(self._asked(arguments)) as items:
                async for item in items:
                    if progress := item.get("progress"):
                        yield ServerHint({"progress": {"id": request.id, "text": _progress(progress)}})
                    else:
                        for variant in self._result(request, item):
                            yield variant
        except asyncio.CancelledError:
            yield ToolOutput(STOPPED, self.spec.name, request.id)
            raise

    async def _asked(self, arguments: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        body = {
            "do": "call",
            "server": self._server.way.reveal(),
            "tool": self.offer.tool,
            "arguments": arguments,
            "seconds": self._seconds,
        }
        until = asyncio.get_running_loop().time() + self._seconds + MARGIN
        async with aclosing(self._worker.stream(body)) as items:
            while True:
                try:
                    async with asyncio.timeout_at(until):
                        item = await anext(items)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    item = {"failed": "silent", "said": ""}
                yield item
                if "failed" in item:
                    return

    def _result(self, request: ToolRequest, item: dict[str, Any]) -> list[StreamVariant]:
        if kind := item.get("failed"):
            if kind == "said":
                return [self._output(request, f"The tool failed: {item['said']}")]
            text = words_of(kind, self.offer.server) + _AND_NOW.get(kind, " Tell the user, and go on without it.")
            return [ToolOutput(text, self.spec.name, request.id)]
        result = item["result"]
        text = f"The tool failed: {result['text']}" if result["error"] else result["text"]
        told: list[StreamVariant] = [self._output(request, text)]
        for number, picture in enumerate(result["images"]):
            name = f"{request.id}_{number}"
            told += [ServerHint({"image": {"id": name}}), Image(picture, name)]
        return told

    def _output(self, request: ToolRequest, text: str) -> ToolOutput:
        return ToolOutput(self._redact(text), self.spec.name, request.id, named(self.offer.source))


def _arguments(text: str) -> dict[str, Any] | None:
    """Return the arguments that the model wrote; nothing at all counts as none."""
    try:
        arguments = msgspec.json.decode(text or "{}")
    except (msgspec.DecodeError, RecursionError):
        return None
    return arguments if isinstance(arguments, dict) else None


def _progress(told: dict[str, Any]) -> str:
    """Return how far it is, on one short line."""
    at, of, text = told["at"], told["of"], named(told["text"])
    share = f"{at:g} of {of:g}" if of else f"{at:g}"
    return f"{share}: {text}"[:_LONGEST_PROGRESS] if text else share
