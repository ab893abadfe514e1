"""The routes of runs: what one printed beyond its output, undo, and running a thread's code again."""

from __future__ import annotations

import msgspec

from ..domain.values import RunRef, Wishes
from ..domain.variants import ServerHint
from . import definitions
from .base import ChatbotHandler, serves
from .requests import OneRun, PageOfRun, Rerun
from .stream import write_stream


@serves(definitions.OUTPUT)
class OutputHandler(ChatbotHandler[PageOfRun]):
    """``output``: the rest of what a run printed, a page at a time."""

    async def respond(self, given: PageOfRun) -> None:
        """Answer, by GET or POST."""
        ref = await self.known(given.thread_id)
        self.answer(self.desk.kernels.rest(RunRef(ref, given.id), given.start))


@serves(definitions.UNDO)
class UndoHandler(ChatbotHandler[OneRun]):
    """``undo``: take back what a run changed among the variables."""

    async def respond(self, given: OneRun) -> None:
        """Answer, by POST."""
        ref = await self.known(given.thread_id)
        undone = await self.desk.kernels.undo(RunRef(ref, given.id))
        hint = ServerHint({"changes": {"id": given.id, "undone": msgspec.to_builtins(undone)}})
        await self.desk.conversations.add(ref, hint)
        self.answer(undone)


@serves(definitions.RERUN)
class RerunHandler(ChatbotHandler[Rerun]):
    """``rerun``: the code of a thread again, as a stream."""

    async def respond(self, given: Rerun) -> None:
        """Answer, by POST."""
        if given.kernel_id:
            self.desk.kernels.check(given.kernel_id)
        ref = self.ref(given.thread_id)
        wishes = Wishes(self.desk.rules.check(given.policy))
        with self.desk.crowd.beginning(self.owner) as began:
            turn = await self.desk.conversations.rerun(ref, given.kernel_id, approval=given.approval, wishes=wishes)
            began(turn)
        await write_stream(self, ref, turn, self.reader(given))
