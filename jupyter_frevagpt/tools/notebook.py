"""The tools that work in the open notebook: a page of the user's does it; what replaces or runs needs their leave."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from ..domain.protocols import Tool
from ..domain.values import ToolContext, ToolRequest, ToolSpec
from ..domain.variants import StreamVariant, ToolOutput
from .cells import missing, told
from .desk import Call, NotebookDesk, Refused

_ENDS = {"done": "It ran.", "failed": "It raised an error.", "stopped": "It was interrupted."}
_NOT_REPLACED = "The cell was not replaced. "
_NOT_RUN = "The cell was not run. "

_Id = Annotated[str, Meta(min_length=1, max_length=200)]
_Code = Annotated[str, Meta(max_length=200_000)]
_ID = {"type": "string", "description": "The cell's id, as read_notebook gives it."}
_HASH = {"type": "string", "description": "The cell's hash, as read_notebook gave it last."}


class _Read(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cell_ids: Annotated[list[_Id], Meta(max_length=100)] = []


class _Insert(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: _Code
    type: Literal["code", "markdown"] = "code"
    after: str = ""
    before: str = ""


class _Replace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cell_id: _Id
    hash: _Id
    source: _Code


class _Run(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cell_id: _Id
    hash: _Id


class _NotebookTool(ABC):
    """What the tools share: arguments are read, the work is done beside what is yielded meanwhile."""

    spec: ToolSpec
    arguments: ClassVar[type[msgspec.Struct]]

    def __init__(self, desk: NotebookDesk) -> None:
        self._desk = desk

    @abstractmethod
    async def work(self, given: Any, call: Call) -> str:
        """Do it and return what the model is told; raises ``Refused``."""

    async def run(self, request: ToolRequest, context: ToolContext) -> AsyncGenerator[StreamVariant, None]:
        """Yield what a page is asked, questions to the user, and at last what came of it."""
        try:
            given = msgspec.json.decode(request.arguments, type=self.arguments, strict=False)
        except (msgspec.DecodeError, RecursionError) as error:
            yield self._output(request, f"Nothing was done, the arguments do not fit: {error}.")
            return
        call = Call(self._desk, request, context)
        work = asyncio.create_task(self.work(given, call), name=f"{self.spec.name} {request.id}")
        work.add_done_callback(lambda _: call.said.put_nowait(None))
        try:
            while (variant := await call.said.get()) is not None:
                yield variant
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.wait({work})
            while (variant := call.said.get_nowait()) is not None:
                yield variant
            raise
        finally:
            work.cancel()
        try:
            text = await work
        except Refused as refused:
            text = str(refused)
        yield self._output(request, text)

    def _output(self, request: ToolRequest, text: str) -> ToolOutput:
        return ToolOutput(self._desk.redact(text), self.spec.name, request.id)


class ReadNotebook(_NotebookTool):
    """Reads the notebook as it is in the page, saved or not."""

    arguments = _Read
    spec = ToolSpec(
        name="read_notebook",
        description=(
            "Read the notebook that the user has open: each cell's id, hash, type, source and output, as it is now, "
            "saved or not. Long ones are shortened unless their ids are named."
        ),
        parameters={
            "type": "object",
            "properties": {
                "cell_ids": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Ids of cells to be read whole; all cells when left out.",
                }
            },
            "additionalProperties": False,
        },
        in_page=True,
    )

    async def work(self, given: _Read, call: Call) -> str:
        """Read it."""
        answer = await call.page("read_notebook", cell_ids=given.cell_ids)
        if any(cell.output for cell in answer.cells):
            # What a cell showed may come from anywhere; so may what the model is told to write because of it.
            call.add_source(f"the outputs in {answer.notebook}")
        text = told(answer, whole=bool(given.cell_ids))
        gone = missing(given.cell_ids, answer.cells)
        return text + ("\nThere are no cells of these ids: " + ", ".join(gone) if gone else "")


class InsertCell(_NotebookTool):
    """Puts a new cell into the notebook, which the user sees, can undo, and runs or not."""

    arguments = _Insert
    spec = ToolSpec(
        name="insert_cell",
        description="Insert a new cell into the user's open notebook. It is not run.",
        parameters={
            "type": "object",
            "properties": {
                "source": {"type": "string", "description": "The code, or the Markdown text."},
                "type": {"type": "string", "enum": ["code", "markdown"], "description": "code when left out."},
                "after": {
                    "type": "string",
                    "description": "Id of the cell it comes behind; the active one by default.",
                },
                "before": {"type": "string", "description": "Id of the cell it comes in front of, instead of after."},
            },
            "required": ["source"],
            "additionalProperties": False,
        },
        in_page=True,
    )

    async def work(self, given: _Insert, call: Call) -> str:
        """Insert it."""
        answer = await call.page("insert_cell", **msgspec.to_builtins(given))
        cell = call.one(answer)
        return f"Inserted into {answer.notebook} as cell {cell.id}, hash {cell.hash}. It was not run."


class ReplaceCell(_NotebookTool):
    """Gives a cell another source, unless somebody changed it since it was read."""

    arguments = _Replace
    spec = ToolSpec(
        name="replace_cell",
        description=(
            "Replace the whole source of one cell of the user's open notebook. It is not run. Refused when the cell "
            "is no longer as you read it."
        ),
        parameters={
            "type": "object",
            "properties": {
                "cell_id": _ID,
                "hash": _HASH,
                "source": {"type": "string", "description": "The whole new source."},
            },
            "required": ["cell_id", "hash", "source"],
            "additionalProperties": False,
        },
        in_page=True,
    )

    async def work(self, given: _Replace, call: Call) -> str:
        """Look at the cell, ask, replace it."""
        name, before = await call.known(given.cell_id, given.hash)
        kind = "code" if before.type == "code" else "text"
        await call.leave(before, given.source, f"Replaces the {kind} of a cell of {name}.", _NOT_REPLACED)
        # The page compares the source itself, which may have been changed while the user was asked.
        arguments = {"cell_id": before.id, "expected": before.source, "source": given.source}
        after = call.one(await call.page("replace_cell", **arguments))
        return f"Replaced. Cell {after.id} has the hash {after.hash} now. It was not run."


class RunCell(_NotebookTool):
    """Runs a cell as the user would, behind what runs already, unless somebody changed it since it was read."""

    arguments = _Run
    spec = ToolSpec(
        name="run_cell",
        description=(
            "Run one code cell of the user's open notebook in its kernel, as they would; its output appears there. "
            "Refused when the cell is no longer as you read it."
        ),
        parameters={
            "type": "object",
            "properties": {"cell_id": _ID, "hash": _HASH},
            "required": ["cell_id", "hash"],
            "additionalProperties": False,
        },
        in_page=True,
    )

    async def work(self, given: _Run, call: Call) -> str:
        """Look at the cell, ask, run it."""
        name, cell = await call.known(given.cell_id, given.hash)
        if cell.type != "code":
            raise Refused("This cell holds no code, so nothing was run.")
        review = await call.leave(cell, cell.source, f"Runs a cell of {name}.", _NOT_RUN)
        call.record(cell.source)
        # The page compares the source itself with what was looked at here: nothing else may run.
        answer = await call.page("run_cell", cell_id=cell.id, expected=cell.source)
        output = call.one(answer).output
        for source in review.reads:
            call.add_source(source)
        return f"{_ENDS[answer.state or 'done']} Its output:\n{output or '(none)'}"


def notebook_tools(desk: NotebookDesk) -> list[Tool]:
    """Return all of them."""
    return [ReadNotebook(desk), InsertCell(desk), ReplaceCell(desk), RunCell(desk)]
