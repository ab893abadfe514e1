"""The tool ``code_interpreter``: Python in the user's live kernel."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any

from ..domain.protocols import Kernels
from ..domain.values import KernelOutput, RunState, ToolContext, ToolRequest, ToolSpec
from ..domain.variants import CodeOutput, Image, ServerHint, StreamVariant

_LOST = "The kernel died or was restarted while this ran: its variables are gone. A new run starts from an empty one.\n"
_ABORTED = "The kernel refused to run this because a cell before it failed.\n"
_STOPPED = "Stopped by the user.\n"


class CodeInterpreter:
    """Runs code behind the user's own cells and yields what it printed, showed and raised."""

    spec = ToolSpec(
        name="code_interpreter",
        description=(
            "Run Python in the user's live Jupyter kernel: the one that their notebook uses, with the variables, "
            "imports and files they have there. State is kept between calls. Returned are the printed text, the value "
            "of the last expression, figures and tracebacks."
        ),
        parameters={
            "type": "object",
            "properties": {"code": {"type": "string", "description": "Python source, as one would write in a cell."}},
            "required": ["code"],
            "additionalProperties": False,
        },
    )

    def __init__(self, kernels: Kernels) -> None:
        self._kernels = kernels

    async def run(self, request: ToolRequest, context: ToolContext) -> AsyncGenerator[StreamVariant, None]:
        """Yield states and printed text while the code runs; then its CodeOutput, its last state, its Images."""
        code = json.loads(request.arguments)["code"]
        if not context.kernel_id:
            yield _state(request.id, "starting", "")
        session = await self._kernels.session(context)
        run = session.execute(code)
        try:
            async with aclosing(run.events()) as events:
                async for event in events:
                    if event.text:
                        yield ServerHint({"output": {"id": request.id, "text": event.text}})
                    elif event.state in ("waiting", "running"):
                        yield _state(request.id, event.state, session.kernel_id)
        except (asyncio.CancelledError, GeneratorExit) as ending:
            await run.stop()
            if isinstance(ending, asyncio.CancelledError):
                for variant in _result(request.id, run.output(), session.kernel_id):
                    yield variant
            raise
        for variant in _result(request.id, run.output(), session.kernel_id):
            yield variant


def _state(call_id: str, state: RunState | str, kernel_id: str) -> ServerHint:
    return ServerHint({"run": {"id": call_id, "state": state, "kernel_id": kernel_id}})


def _result(call_id: str, output: KernelOutput, kernel_id: str) -> Iterator[StreamVariant]:
    note = {"lost": _LOST, "aborted": _ABORTED, "stopped": _STOPPED}.get(output.state, "")
    display: list[dict[str, Any]] = [dict(shown) for shown in output.display]
    names = [f"{call_id}_{number}" for number in range(len(output.images))]
    for name, image in zip(names, output.images, strict=True):
        metadata = display[image.at].get("metadata") or {}
        display[image.at]["metadata"] = {**metadata, "frevagpt": {"image": name}}
    if note:
        display.append({"output_type": "stream", "name": "stderr", "text": note})
    yield CodeOutput(output.text + note, call_id, display)
    yield _state(call_id, output.state, kernel_id)
    for name, image in zip(names, output.images, strict=True):
        yield ServerHint({"image": {"id": name}})
        yield Image(image.png, name)
