"""Approvals: code that waits for its user's decision, and what was allowed for a whole chat."""

from __future__ import annotations

import asyncio
import secrets

from ..domain.errors import BadRequest, NothingWaits
from ..domain.values import Decision, ThreadRef

_DECISIONS = ("once", "thread", "deny")


class Question:
    """One piece of code that waits; its id is a secret that counts once."""

    def __init__(self, ref: ThreadRef, kernel: str, *, standing: bool) -> None:
        self.id = secrets.token_urlsafe(32)
        self.ref = ref
        self.kernel = kernel
        self.standing = standing
        self.decided: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()


class Approvals:
    """Asks and remembers, in memory alone.

    "For this chat" holds for one thread in one life of one kernel: after a restart, or in another kernel, it is asked
    again. There is no time-out; what waits ends with its turn.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, Question] = {}
        self._standing: set[tuple[ThreadRef, str]] = set()

    def standing(self, ref: ThreadRef, kernel: str) -> bool:
        """Whether the user has allowed this chat to run code in this life of this kernel."""
        return (ref, kernel) in self._standing

    def ask(self, ref: ThreadRef, kernel: str, *, standing: bool) -> Question:
        """Begin to wait; ``standing`` tells that "for this chat" may be answered."""
        question = Question(ref, kernel, standing=standing)
        self._waiting[question.id] = question
        return question

    async def wait(self, question: Question) -> Decision:
        """Return the user's decision; whatever ends the wait, the question cannot be answered afterwards."""
        try:
            return await question.decided
        finally:
            self._waiting.pop(question.id, None)

    def answer(self, ref: ThreadRef, question_id: str, decision: str, reason: str) -> None:
        """Take a decision; raises NothingWaits unless that very question of that very thread waits."""
        if decision not in _DECISIONS:
            raise BadRequest(f"The decision is one of {', '.join(_DECISIONS)}.")
        question = self._waiting.get(question_id)
        if question is None or question.ref != ref:
            raise NothingWaits
        if decision == "thread" and not question.standing:
            raise BadRequest("This code is asked about each time. Allow it once, or deny it.")
        del self._waiting[question_id]
        if decision == "thread":
            self._standing.add((ref, question.kernel))
        question.decided.set_result(Decision(decision, reason))

    def forget(self, ref: ThreadRef) -> None:
        """Take back what was allowed for a chat."""
        self._standing = {allowed for allowed in self._standing if allowed[0] != ref}
