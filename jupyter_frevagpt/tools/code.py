"""The tool ``code_interpreter``: Python in the user's live kernel, with the user's leave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any

import msgspec

from ..domain.protocols import Approvals, Kernels, KernelSession
from ..domain.values import (
    CodeReview,
    KernelOutput,
    Policies,
    Policy,
    RunState,
    ThreadRef,
    ToolContext,
    ToolRequest,
    ToolSpec,
)
from ..domain.variants import CodeOutput, Image, ServerHint, StreamVariant

_LOST = "The kernel died or was restarted while this ran: its variables are gone. A new run starts from an empty one.\n"
_ABORTED = "The kernel refused to run this because a cell before it failed.\n"
_STOPPED = "Stopped by the user.\n"
_SUGGESTED = "Nothing was run: in this user's kernel you may only suggest code. They see it and can run it.\n"
_CHANGED = "The kernel was restarted while this waited for the user, so nothing was run. Look at what is there first.\n"
_CANNOT_ASK = (
    "Nothing was run: this needs the user's leave, and their program cannot ask for it. Write it without what is "
    "listed below, or explain what you would do.\n"
)
_DENIED = "The user did not let this run.\n"


class CodeInterpreter:
    """Runs code behind the user's own cells and yields what it printed, showed and raised.

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

    def __init__(self, kernels: Kernels, approvals: Approvals, policies: Policies) -> None:
        self._kernels = kernels
        self._approvals = approvals
        self._policies = policies

    async def run(self, request: ToolRequest, context: ToolContext) -> AsyncGenerator[StreamVariant, None]:
        """Yield states and printed text while the code runs; then its CodeOutput, its last state, its Images."""
        code = json.loads(request.arguments)["code"]
        if not context.kernel_id:
            yield _state(request.id, "starting", "")
        session = await self._kernels.session(context)
        policy = self._policies.users if context.kernel_id else self._policies.scratch
        if policy != "run":
            review = await session.review(code)
            if self._asks(policy, review, context.ref, session):
                refused = ""
                async with aclosing(self._leave(request.id, code, review, context, session, policy)) as steps:
                    async for step in steps:
                        if isinstance(step, CodeOutput):
                            refused = step.id
                        yield step
                if refused:
                    return
        async with aclosing(_watched(request.id, session, code)) as variants:
            async for variant in variants:
                yield variant

    def _asks(self, policy: Policy, review: CodeReview, ref: ThreadRef, session: KernelSession) -> bool:
        if policy == "ask-when-risky" and review.harmless:
            return False
        allowed = review.standing and self._approvals.standing(ref, session.life)
        return policy == "suggest" or not allowed

    async def _leave(
        self,
        call_id: str,
        code: str,
        review: CodeReview,
        context: ToolContext,
        session: KernelSession,
        policy: Policy,
    ) -> AsyncGenerator[StreamVariant, None]:
        """Yield the question and the decision, and a CodeOutput that says why where the code is not to run."""
        why = "".join(f"- {reason.text}\n" for reason in review.reasons if reason.asks)
        if policy == "suggest":
            yield CodeOutput(_SUGGESTED, call_id)
            return
        if not context.approval:
            yield CodeOutput(_CANNOT_ASK + why, call_id)
            return
        question = self._approvals.ask(context.ref, session.life, standing=review.standing)
        reasons = [msgspec.to_builtins(reason) for reason in review.reasons]
        asked = {"id": question.id, "call": call_id, "code": code, "standing": review.standing, "source": ""}
        yield ServerHint({"approval": {**asked, "reasons": reasons}})
        try:
            decision = await self._approvals.wait(question)
        except asyncio.CancelledError:
            yield CodeOutput(_STOPPED, call_id)
            yield _state(call_id, "stopped", session.kernel_id)
            raise
        told = {"id": "", "call": call_id, "decision": decision.decision, "reason": decision.reason}
        yield ServerHint({"approval": told})
        if decision.decision == "deny":
            yield CodeOutput(_DENIED + (f"Their reason: {decision.reason}\n" if decision.reason else ""), call_id)
        elif (await self._kernels.session(context)).life != session.life:
            yield CodeOutput(_CHANGED, call_id)


async def _watched(call_id: str, session: KernelSession, code: str) -> AsyncGenerator[StreamVariant, None]:
    """Run code and yield what is to be told; a run that is cancelled is stopped, and yields what there is."""
    run = session.execute(code)
    try:
        async with aclosing(run.events()) as events:
            async for event in events:
                if event.text:
                    yield ServerHint({"output": {"id": call_id, "text": event.text}})
                elif event.state in ("waiting", "running"):
                    yield _state(call_id, event.state, session.kernel_id)
    except (asyncio.CancelledError, GeneratorExit) as ending:
        await run.stop()
        if isinstance(ending, asyncio.CancelledError):
            for variant in _result(call_id, run.output(), session.kernel_id):
                yield variant
        raise
    for variant in _result(call_id, run.output(), session.kernel_id):
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
