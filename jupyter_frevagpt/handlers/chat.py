"""The routes of a turn: ask, follow, stop."""

from __future__ import annotations

from typing import Any

from tornado import web

from ..conversation.conversations import new_thread_id
from ..domain.errors import BadRequest, ThreadNotFound
from ..domain.variants import User
from . import requests
from .base import ChatbotHandler, serves
from .gate import sent_by_server_token
from .requests import Ask, Follow, OneThread
from .stream import write_stream


@serves(action="execute", resource="kernels")
class StreamResponse(ChatbotHandler):
    """``streamresponse``: a question, answered as a stream."""

    changes_state = True

    async def respond(self) -> None:
        """Answer, by GET or POST."""
        request = self.parameters(Ask)
        if not request.input.strip():
            raise BadRequest("The question is missing: give it as the parameter `input`.")
        if request.kernel_id:
            self.desk.kernels.check(request.kernel_id)
        question = User(request.input, await self._model(request.chatbot), request.kernel_id)
        ref = self.ref(request.thread_id or new_thread_id())
        turn = await self.desk.conversations.start(ref, question, keep=request.store_thread, approval=request.approval)
        await write_stream(self, ref, turn, self.reader(request))

    async def _model(self, name: str) -> str:
        if name:
            return name
        for model in await self.desk.models.list():
            if model.chat:
                return model.name
        raise BadRequest("No model is configured, so nobody can answer. The panel and the README say how to add one.")


@serves(action="execute", resource="kernels")
class Approve(ChatbotHandler):
    """``approve``: the user's decision on code that waits; never by the token that the kernels can read."""

    changes_state = True
    post_only = True

    async def respond(self) -> None:
        """Answer, by POST."""
        if sent_by_server_token(self):
            raise web.HTTPError(403, "This token cannot approve: code in the kernels can read it.")
        given = self.parameters(requests.Approve)
        self.desk.approvals.answer(self.ref(given.thread_id), given.id, given.decision, given.reason)
        self.answer({"detail": "Decided."})


@serves(action="read")
class FollowTurn(ChatbotHandler):
    """``follow``: the rest of a running turn, for any number of readers."""

    async def respond(self) -> None:
        """Answer, by GET or POST."""
        request = self.parameters(Follow)
        ref = self.ref(request.thread_id)
        if not await self.desk.conversations.known(ref):
            raise ThreadNotFound
        turn = self.desk.conversations.find(ref)
        hint: dict[str, Any] = {}
        if turn is not None and request.rich:
            hint = {"question": turn.question.content, "model": turn.question.model}
        await write_stream(self, ref, turn, self.reader(request), start=request.start, hint=hint)


@serves(action="execute", resource="kernels")
class Stop(ChatbotHandler):
    """``stop``: end a thread's turn."""

    changes_state = True

    async def respond(self) -> None:
        """Answer, by GET or POST."""
        ref = self.ref(self.parameters(OneThread).thread_id)
        if not await self.desk.conversations.known(ref):
            raise ThreadNotFound
        await self.desk.conversations.stop(ref)
        self.answer({"detail": "Conversation stopped."})
