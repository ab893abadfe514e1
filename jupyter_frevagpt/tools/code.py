"""The tool ``code_interpreter``: Python in the user's live kernel, with the user's leave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from typing import Any

import msgspec

from ..domain.fence import enter
from ..domain.protocols import Approvals, Kernels, KernelSession
from ..domain.values import CodeReview, KernelOutput, Policies, RunRef, ToolContext, ToolRequest, ToolSpec
from ..domain.variants import CodeOutput, Image, ServerHint, StreamVariant
from .leave import STOPPED, Leave, state_hint

_LOST = "The kernel died or was restarted while this ran: its variables are gone. A new run starts from an empty one.\n"
_ABORTED = "The kernel refused to run this because a cell before it failed.\n"
_LATE = "[printed meanwhile by earlier code of the assistant's, in the background:]\n"


class CodeInterpreter:
    """Runs code behind the user's own cells and yields what it printed, showed, raised and changed.

    Before that it asks, where the policy wants it: in the user's own kernel unless the code is known to be harmless.
    """

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

    def __init__(
        self,
        kernels: Kernels,
        approvals: Approvals,
        policies: Policies,
        visitor: Callable[[str], bool] = lambda owner: False,
    ) -> None:
        """``visitor`` tells of an owner whether the server is somebody else's: then each run is asked about."""
        self._kernels = kernels
        self._visitor = visitor
        self._visitors = Leave(kernels, approvals, "ask")
        trusting = policies.users == "run"  # nobody but a site says so of the user's own kernels
        self._users = Leave(kernels, approvals, policies.users, trusting=trusting)
        self._scratch = Leave(kernels, approvals, policies.scratch, trusting=trusting)

    async def run(self, request: ToolRequest, context: ToolContext) -> AsyncGenerator[StreamVariant, None]:
        """Yield states and printed text while the code runs; then its CodeOutput, last state, changes, Images."""
        code = json.loads(request.arguments)["code"]
        if not context.kernel_id:
            yield state_hint(request.id, "starting", "")
        session = await self._kernels.session(context)
        leave = self._users if context.kernel_id else self._scratch
        if self._visitor(context.ref.owner):
            leave = self._visitors
        leave = leave.for_(context)
        review = await session.review(code, context.ref)
        if leave.needed(review, context, session):
            refused = False
            async with aclosing(leave.ask(request.id, code, review, context, session)) as steps:
                async for step in steps:
                    refused = refused or isinstance(step, CodeOutput)
                    yield step
            if refused:
                yield state_hint(request.id, "refused", session.kernel_id)
                return
        async with aclosing(_watched(request.id, session, code, review, context)) as variants:
            async for variant in variants:
                yield variant
        for source in review.reads:
            enter(context, source, outside=source in review.outside)


async def _watched(
    call_id: str, session: KernelSession, code: str, review: CodeReview, context: ToolContext
) -> AsyncGenerator[StreamVariant, None]:
    """Run code and yield what is to be told; a run that is cancelled is stopped, and yields what there is."""
    run = session.execute(code, RunRef(context.ref, call_id), review.touches)
    try:
        async with aclosing(run.events()) as events:
            async for event in events:
                if event.notice:
                    yield ServerHint({"notice": {"text": event.notice}})
                elif event.text:
                    yield ServerHint({"output": {"id": call_id, "text": event.text}})
                elif event.state in ("waiting", "running"):
                    yield state_hint(call_id, event.state, session.kernel_id, event.reason)
    except (asyncio.CancelledError, GeneratorExit) as ending:
        await run.stop()
        if isinstance(ending, asyncio.CancelledError):
            for variant in _result(call_id, run.output(), session.kernel_id):
                yield variant
        raise
    for variant in _result(call_id, run.output(), session.kernel_id):
        yield variant


def _result(call_id: str, output: KernelOutput, kernel_id: str) -> Iterator[StreamVariant]:
    why = output.note or {"lost": _LOST, "aborted": _ABORTED, "stopped": STOPPED}.get(output.state, "")
    note = (_LATE + output.late + "\n" if output.late else "") + why
    display: list[dict[str, Any]] = [dict(shown) for shown in output.display]
    names = [f"{call_id}_{number}" for number in range(len(output.images))]
    for name, image in zip(names, output.images, strict=True):
        metadata = display[image.at].get("metadata") or {}
        display[image.at]["metadata"] = {**metadata, "frevagpt": {"image": name}}
    if note:
        display.append({"output_type": "stream", "name": "stderr", "text": note})
    yield CodeOutput(output.text + note, call_id, display)
    yield state_hint(call_id, output.state, kernel_id)
    if output.changes is not None and not output.changes.empty:
        yield ServerHint({"changes": {"id": call_id, **msgspec.to_builtins(output.changes)}})
    for name, image in zip(names, output.images, strict=True):
        yield ServerHint({"image": {"id": name}})
        yield Image(image.png, name)
