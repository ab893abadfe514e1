"""The user's leave for code: whether it is needed, the question, the decision."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import msgspec

from ..domain.protocols import Approvals, Kernels, KernelSession
from ..domain.values import CodeReview, Policy, ReviewReason, ToolContext
from ..domain.variants import CodeOutput, ServerHint, StreamVariant
from ..domain.wishes import stricter

STOPPED = "Stopped by the user.\n"
_SUGGESTED = "Nothing was run: in this user's kernel you may only suggest code. They see it and can run it.\n"
_CHANGED = "The kernel was restarted while this waited for the user, so nothing was run. Look at what is there first.\n"
_CANNOT_ASK = (
    "Nothing was run: this needs the user's leave, and their program cannot ask for it. Write it without what is "
    "listed below, or explain what you would do.\n"
)
_DENIED = "The user did not let this run.\n"


class Leave:
    """Asks the user, where the policy wants it, before one piece of code runs in one kernel."""

    def __init__(self, kernels: Kernels, approvals: Approvals, policy: Policy, *, trusting: bool = False) -> None:
        """With ``trusting`` the policy ``run`` holds for code of doubtful origin too."""
        self._trusting = trusting
        self._kernels = kernels
        self._approvals = approvals
        self._policy = policy

    def for_(self, context: ToolContext) -> Leave:
        """Return who asks where the person who asked wants more care than the site."""
        policy = stricter(self._policy, context.wishes.policy)
        if policy == self._policy:
            return self
        return Leave(self._kernels, self._approvals, policy, trusting=self._trusting)

    def needed(self, review: CodeReview, context: ToolContext, session: KernelSession) -> bool:
        """Whether the code may not run unasked.

        What was allowed "for this chat" does not count once text from outside has entered the turn: it may have told
        the model what to write; where strangers may have written it, ``run`` does not count either. Code of doubtful
        origin may not, unless the site decided that all code may.
        """
        if context.distrust and self._policy != "suggest":
            return not (self._policy == "run" and self._trusting)
        policy = acting(self._policy, context, trusting=self._trusting)
        if policy == "run" or (policy == "ask-when-risky" and review.harmless):
            return False
        standing = review.standing and not context.sources
        allowed = standing and self._approvals.standing(context.ref, session.life)
        return self._policy == "suggest" or not allowed

    async def ask(
        self, call_id: str, code: str, review: CodeReview, context: ToolContext, session: KernelSession
    ) -> AsyncGenerator[StreamVariant, None]:
        """Yield the question and the decision, and a CodeOutput that says why where the code is not to run."""
        if context.distrust:
            doubt = ReviewReason("imported", context.distrust, 1)
            review = msgspec.structs.replace(review, reasons=(doubt, *review.reasons), standing=False)
        why = "".join(f"- {reason.text}\n" for reason in review.reasons if reason.asks)
        if self._policy == "suggest":
            yield CodeOutput(_SUGGESTED, call_id)
            return
        if not context.approval:
            yield CodeOutput(_CANNOT_ASK + why, call_id)
            return
        standing = review.standing and not context.sources
        question = self._approvals.ask(context.ref, session.life, standing=standing)
        reasons = [msgspec.to_builtins(reason) for reason in review.reasons]
        asked = {"id": question.id, "call": call_id, "code": code, "standing": standing}
        yield ServerHint({"approval": {**asked, "source": ", ".join(context.sources[:3]), "reasons": reasons}})
        try:
            decision = await self._approvals.wait(question)
        except asyncio.CancelledError:
            yield CodeOutput(STOPPED, call_id)
            yield state_hint(call_id, "stopped", session.kernel_id)
            raise
        told = {"id": "", "call": call_id, "decision": decision.decision, "reason": decision.reason}
        yield ServerHint({"approval": told})
        if decision.decision == "deny":
            yield CodeOutput(_DENIED + (f"Their reason: {decision.reason}\n" if decision.reason else ""), call_id)
        elif (await self._kernels.session(context)).life != session.life:
            yield CodeOutput(_CHANGED, call_id)


def acting(policy: Policy, context: ToolContext, *, trusting: bool) -> Policy:
    """Return the policy that counts in a turn: ``run`` asks when it is risky once text of strangers has entered.

    ``trusting`` is for the ``run`` that a site chose for the user's own kernels: that one stays.
    """
    return "ask-when-risky" if policy == "run" and context.outside and not trusting else policy


def state_hint(call_id: str, state: str, kernel_id: str, reason: str = "") -> ServerHint:
    """Return the notice that a run is now in a state; ``reason`` says why, where that is not the usual one."""
    told = {"id": call_id, "state": state, "kernel_id": kernel_id}
    return ServerHint({"run": {**told, "reason": reason} if reason else told})
