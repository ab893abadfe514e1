"""The routes of a turn: ask, follow, stop."""

from __future__ import annotations

from typing import Any

import msgspec
from jupyter_server.utils import ensure_async

from ..conversation.threads import new_thread_id
from ..domain.chips import Chip, FileChip
from ..domain.errors import BadRequest
from ..domain.values import ModelInfo, ThreadRef, ToolContext, Wishes
from ..domain.variants import User
from . import definitions
from .answers import Detail
from .base import ChatbotHandler, serves
from .requests import Approve, Ask, Follow, OneThread, ToolResult
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
        ref = self.ref(given.thread_id or new_thread_id())
        client = given.client if given.rich else ""
        wishes = self._wishes(given)
        with self.desk.crowd.beginning(self.owner) as began:
            model = await self._model(given.chatbot)
            question = User(given.input, model, given.kernel_id, await self._context(given, ref, model))
            turn = await self.desk.conversations.start(
                ref, question, keep=given.store_thread, approval=given.approval, client=client, wishes=wishes
            )
            began(turn)
        self.desk.errands.attend(ref, client)
        await write_stream(self, ref, turn, self.reader(given), hint=_about(question) if given.rich else None)

    async def _context(self, given: Ask, ref: ThreadRef, model: str) -> list[Chip]:
        """Return what goes with the question, as it is found now."""
        if not given.context:
            return []
        if self.request.method != "POST":
            raise BadRequest("`context` is taken by POST only.")
        wants_files = any(isinstance(chip, FileChip) for chip in given.context)
        return await self.desk.attachments.found(
            given.context,
            ToolContext(ref, given.kernel_id, wishes=self._wishes(given)),
            files=wants_files and await self._reads_files(),
            model=next((info for info in await self.desk.models.list() if info.name == model), ModelInfo(model)),
        )

    def _wishes(self, given: Ask) -> Wishes:
        return Wishes(self.desk.rules.check(given.policy), given.variables)

    async def _reads_files(self) -> bool:
        """Whether the caller may read this server's files: on a service for many nobody may."""
        allowed = self.authorizer.is_authorized(self, self.current_user, "read", "contents")
        return bool(await ensure_async(allowed))

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


@serves(definitions.TOOLRESULT)
class ToolResultHandler(ChatbotHandler[ToolResult]):
    """``toolresult``: what a page says of something that it is asked to do in its notebook."""

    async def respond(self, given: ToolResult) -> None:
        """Answer, by POST."""
        errand = self.ref(given.thread_id), given.id, given.client
        if given.step == "claim":
            self.desk.errands.claim(*errand)
        elif given.step == "keep":
            self.desk.errands.keep(*errand)
        elif given.result is None:
            raise BadRequest("The step `done` needs a `result`.")
        else:
            self.desk.errands.finish(*errand, given.result)
        self.answer(Detail("Taken."))


@serves(definitions.FOLLOW)
class FollowHandler(ChatbotHandler[Follow]):
    """``follow``: the rest of a running turn, for any number of readers."""

    async def respond(self, given: Follow) -> None:
        """Answer, by GET or POST."""
        ref = await self.known(given.thread_id)
        turn = self.desk.conversations.find(ref)
        hint: dict[str, Any] = {"topic": await self.desk.conversations.topic(ref)} if given.rich else {}
        if turn is not None and turn.running and given.rich and given.client:
            self.desk.errands.attend(ref, given.client)
        if turn is not None and given.rich:
            hint |= {"question": turn.question.content, "model": turn.question.model, **_about(turn.question)}
        await write_stream(self, ref, turn, self.reader(given), start=given.start, hint=hint)


@serves(definitions.STOP)
class StopHandler(ChatbotHandler[OneThread]):
    """``stop``: end a thread's turn."""

    async def respond(self, given: OneThread) -> None:
        """Answer, by GET or POST."""
        await self.desk.conversations.stop(await self.known(given.thread_id))
        self.answer(Detail("Conversation stopped."))


def _about(question: User) -> dict[str, Any]:
    """Return what went with a question, for the opening hint."""
    chips = [msgspec.to_builtins(chip) for chip in question.context]
    return {"context": {"chips": chips}} if chips else {}
