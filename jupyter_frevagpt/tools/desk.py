"""What the notebook's tools work with: pages in which notebooks are open, kernels, and the user's leave."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import msgspec

from ..domain.fence import enter
from ..domain.notebook import Cell, PageAnswer
from ..domain.protocols import Approvals, Kernels, Pages
from ..domain.values import CodeReview, Policies, Policy, ReviewReason, ThreadRef, ToolContext, ToolRequest
from ..domain.variants import CodeOutput, ServerHint, StreamVariant
from .cells import missing, trouble_words
from .leave import STOPPED, Leave

_NO_KERNEL = "This question came without a notebook's kernel, so nothing was done. Ask the user to open the notebook."


class Refused(Exception):
    """Why something is not done, in words for the model."""


class NotebookDesk:
    """Serves all calls."""

    def __init__(
        self,
        pages: Pages,
        kernels: Kernels,
        approvals: Approvals,
        policies: Policies,
        *,
        visitor: Callable[[str], bool] = lambda owner: False,
        redact: Callable[[str], str] = lambda text: text,
        record: Callable[[ThreadRef, str, str], None] | None = None,
    ) -> None:
        """``visitor`` is that of ``CodeInterpreter``, ``redact`` takes out of a text what the model must not see.

        ``record`` is told thread, kernel and code before a cell is run, and may raise.
        """
        self._record = record
        self.pages = pages
        self.kernels = kernels
        self.redact = redact
        self._approvals = approvals
        self._users = policies.users
        self._visitor = visitor

    def record(self, context: ToolContext, code: str) -> None:
        """Record code that is about to run."""
        if self._record is not None:
            self._record(context.ref, context.kernel_id, code)

    def leave(self, owner: str) -> Leave:
        """Return who asks for leave in an owner's kernels."""
        policy: Policy = "ask" if self._visitor(owner) else self._users
        return Leave(self.kernels, self._approvals, policy, trusting=self._users == "run")


class Call:
    """One call of the model's; what is put into ``said`` is written into the stream."""

    def __init__(self, desk: NotebookDesk, request: ToolRequest, context: ToolContext) -> None:
        self.said: asyncio.Queue[StreamVariant | None] = asyncio.Queue()
        self._desk = desk
        self._request = request
        self._context = context

    async def page(self, tool: str, **arguments: Any) -> PageAnswer:
        """Have a page do something; raises ``Refused`` where that cannot be."""
        errand = self._desk.pages.send(self._context, tool, arguments)
        self.said.put_nowait(ServerHint({"request": errand.hint}))
        try:
            answer = await self._desk.pages.wait(errand)
        except asyncio.CancelledError:
            if tool == "run_cell":
                self.said.put_nowait(ServerHint({"request": {**errand.hint, "tool": "stop", "arguments": {}}}))
            raise
        if answer.trouble is not None:
            raise Refused(trouble_words(answer.trouble))
        return answer

    def one(self, answer: PageAnswer) -> Cell:
        """Return the cell that an answer is about."""
        if len(answer.cells) != 1:
            raise Refused(trouble_words("failed"))
        return answer.cells[0]

    async def known(self, cell_id: str, known_hash: str) -> tuple[str, Cell]:
        """Return the notebook's name and the cell as it is now; raises ``Refused`` unless the model knows it so."""
        if not self._context.kernel_id:
            raise Refused(_NO_KERNEL)
        answer = await self.page("read_notebook", cell_ids=[cell_id])
        if missing([cell_id], answer.cells):
            raise Refused(trouble_words("no-cell"))
        cell = self.one(answer)
        if cell.hash != known_hash:
            raise Refused(trouble_words("changed"))
        return answer.notebook, cell

    async def leave(self, cell: Cell, code: str, what: str, refusal: str) -> CodeReview:
        """Ask the user where the policy wants it; raises ``Refused`` where they, or it, do not let it be done.

        Returns what the code may do.
        """
        context = self._context
        session = await self._desk.kernels.session(context)
        leave = self._desk.leave(context.ref.owner).for_(context)
        # Text is not run by being put somewhere.
        review = await session.review(code, context.ref) if cell.type == "code" else CodeReview(True)
        if not leave.needed(review, context, session):
            return review
        review = msgspec.structs.replace(
            review, reasons=(ReviewReason("notebook", what, 0, asks=False), *review.reasons)
        )
        async with aclosing(leave.ask(self._request.id, code, review, context, session)) as steps:
            async for step in steps:
                if isinstance(step, CodeOutput) and step.content != STOPPED:
                    raise Refused(refusal + step.content)
                if isinstance(step, ServerHint) and "approval" in step.content:
                    self.said.put_nowait(step)
        return review

    def record(self, code: str) -> None:
        """Record code that is about to run, where the site wants that."""
        self._desk.record(self._context, code)

    def add_source(self, source: str) -> None:
        """Remember that text from outside has entered the turn."""
        enter(self._context, source, outside=False)
