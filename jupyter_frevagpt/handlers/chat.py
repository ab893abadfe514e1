"""The routes of a turn: ask, follow, stop."""

from __future__ import annotations

from typing import Any

from ..conversation.threads import new_thread_id
from ..domain.errors import BadRequest
from ..domain.variants import User
from . import definitions
from .answers import Detail
from .base import ChatbotHandler, serves
from .requests import Approve, Ask, Follow, OneThread
from .stream import write_stream


@serves(definitions.STREAMRESPONSE)
class StreamResponseHandler(ChatbotHandler[Ask]):
    """``streamresponse``: a question, answered as a stream."""

    async def respond(self, given: Ask) -> None:
        """Answer, by GET or POST."""
        if not given.input.strip():
            raise BadRequest("The question is blank: give it as the parameter `input`.")
        if given.kernel_id:
            self.desk.kernels.check(given.kernel_id)
        question = User(given.input, await self._model(given.chatbot), given.kernel_id)
        ref = self.ref(given.thread_id or new_thread_id())
        turn = await self.desk.conversations.start(ref, question, keep=given.store_thread, approval=given.approval)
        await write_stream(self, ref, turn, self.reader(given))

    async def _model(self, name: str) -> str:
        if name:
            return name
        for model in await self.desk.models.list():
            if model.chat:
                return model.name
        raise BadRequest("No model is configured, so nobody can answer. The panel and the README say how to add one.")


@serves(definitions.APPROVE)
class ApproveHandler(ChatbotHandler[Approve]):
    """``approve``: the user's decision on code that waits."""

    async def respond(self, given: Approve) -> None:
        """Answer, by POST."""
        self.desk.approvals.answer(self.ref(given.thread_id), given.id, given.decision, given.reason)
        self.answer(Detail("Decided."))


@serves(definitions.FOLLOW)
class FollowHandler(ChatbotHandler[Follow]):
    """``follow``: the rest of a running turn, for any number of readers."""

    async def respond(self, given: Follow) -> None:
        """Answer, by GET or POST."""
        ref = await self.known(given.thread_id)
        turn = self.desk.conversations.find(ref)
        hint: dict[str, Any] = {}
        if turn is not None and given.rich:
            hint = {"question": turn.question.content, "model": turn.question.model}
        await write_stream(self, ref, turn, self.reader(given), start=given.start, hint=hint)


@serves(definitions.STOP)
class StopHandler(ChatbotHandler[OneThread]):
    """``stop``: end a thread's turn."""

    async def respond(self, given: OneThread) -> None:
        """Answer, by GET or POST."""
        await self.desk.conversations.stop(await self.known(given.thread_id))
        self.answer(Detail("Conversation stopped."))
