"""The user's leave for a tool of an MCP server."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

import msgspec

from ..domain.fence import named
from ..domain.legible import legible
from ..domain.protocols import Approvals
from ..domain.values import Policies, Policy, ToolContext, ToolRequest
from ..domain.variants import ServerHint, StreamVariant
from ..domain.wishes import stricter

_SUGGESTED = "Nothing was done: this user wants nothing changed by you. Tell them what you would have asked for."
_CANNOT_ASK = "Nothing was done: this needs the user's leave, and their program cannot ask for it. Go on without it."
_DENIED = "The user did not allow this."


class Offer(msgspec.Struct, frozen=True):
    """A tool as its server tells of it; ``read_only`` is what the server says of it."""

    server: str
    tool: str
    description: str
    schema: dict[str, Any]
    read_only: bool

    @property
    def source(self) -> str:
        """How its answers are named as text from outside."""
        return f"the server {self.server}"

    @property
    def key(self) -> str:
        """What "for this chat" is remembered by: a tool that is described anew is another one."""
        told = json.dumps(msgspec.to_builtins(self), sort_keys=True, ensure_ascii=False)
        return "mcp " + hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


class McpLeave:
    """Asks before a tool may be used.

    One that its server does not call read-only is asked about as risky code is. Under ``ask`` each is, and under
    ``suggest`` none is used but the read-only ones, after a question.
    """

    def __init__(self, approvals: Approvals, policies: Policies, visitor: Callable[[str], bool]) -> None:
        self._approvals = approvals
        self._policies = policies
        self._visitor = visitor

    def needed(self, offer: Offer, context: ToolContext) -> bool:
        """Whether the user must be asked first.

        A policy ``run`` is the site's own here, so it counts whatever has entered the turn. What was allowed for the
        chat does not, once anybody but this very server may have told the model what to ask for.
        """
        policy = self._policy(context)
        if policy == "run" or (policy == "ask-when-risky" and offer.read_only):
            return False
        if policy == "suggest":
            return True
        return not (self._may_stand(offer, context) and self._approvals.standing(context.ref, offer.key))

    async def ask(
        self, request: ToolRequest, name: str, offer: Offer, context: ToolContext
    ) -> AsyncGenerator[StreamVariant | str, None]:
        """Yield the question and the decision as hints, and a text for the model where it is not to be done."""
        if self._policy(context) == "suggest" and not offer.read_only:
            yield _SUGGESTED
            return
        if not context.approval:
            yield _CANNOT_ASK
            return
        standing = self._may_stand(offer, context)
        question = self._approvals.ask(context.ref, offer.key, standing=standing)
        asked = {
            "id": question.id,
            "call": request.id,
            "code": legible(_call(name, request.arguments)),
            "standing": standing,
            "source": ", ".join(context.sources[:3]),
            "reasons": [{"kind": "outside", "text": _reason(offer), "line": 0, "asks": True}],
        }
        yield ServerHint({"approval": asked})
        decision = await self._approvals.wait(question)
        told = {"id": "", "call": request.id, "decision": decision.decision, "reason": decision.reason}
        yield ServerHint({"approval": told})
        if decision.decision == "deny":
            yield f"{_DENIED} Their reason: {decision.reason}" if decision.reason else _DENIED

    def _policy(self, context: ToolContext) -> Policy:
        if self._visitor(context.ref.owner):
            return "ask"
        return stricter(self._policies.users, context.wishes.policy)

    def _may_stand(self, offer: Offer, context: ToolContext) -> bool:
        return all(source == named(offer.source) for source in context.sources)


def _reason(offer: Offer) -> str:
    what = "looks something up with" if offer.read_only else "may change something with"
    return f"This {what} the tool {named(offer.tool)} of the server {offer.server}, which gets what stands here."


def _call(name: str, arguments: str) -> str:
    """Return a call as its user reads it before it is made."""
    try:
        arguments = json.dumps(json.loads(arguments or "{}"), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        pass
    return f"{name}({arguments})"
