"""A notebook's cells as the model reads them, and what kept a page from working on them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from ..domain.cut import cut
from ..domain.notebook import Cell, PageAnswer, Trouble

_LONGEST_SOURCE = 1_500
_LONGEST_OUTPUT = 600

_WORDS: dict[Trouble, str] = {
    "no-notebook": "No notebook is open, or none on the kernel of this chat, so nothing was done.",
    "no-kernel": "The notebook has no running kernel, so nothing was run. Ask the user to start one.",
    "no-cell": "There is no cell of that id in the notebook, so nothing was done. Read the notebook again.",
    "changed": "The cell was changed meanwhile, so nothing was done. Read it again and mind what the user wrote.",
    "read-only": "The notebook or this cell cannot be edited, so nothing was done. Show the user the code instead.",
    "not-code": "This cell holds no code, so nothing was run.",
    "failed": "The notebook did not take it. Read the notebook to see what is there now.",
    "unclaimed": "No notebook is open.",
    "lost": (
        "The window with the notebook went away before it told what came of this: it may have been done or not. Read "
        "the notebook before you try again."
    ),
}


def trouble_words(trouble: Trouble) -> str:
    """Return what the model is told."""
    return _WORDS[trouble]


def told(answer: PageAnswer, *, whole: bool) -> str:
    """Return a notebook as a heading and one JSON object a line, which nothing in a cell can pretend to end.

    Unless ``whole``, long sources and outputs are shortened.
    """
    count = len(answer.cells)
    active = f" The active cell is {answer.active}." if answer.active else ""
    lines = [f"{answer.notebook}: {count} cell{'' if count == 1 else 's'}, in order.{active}"]
    lines += (_line(cell, whole=whole) for cell in answer.cells)
    return "\n".join(lines)


def missing(wanted: Sequence[str], cells: Sequence[Cell]) -> list[str]:
    """Return those ids that are not among the cells."""
    there = {cell.id for cell in cells}
    return [name for name in wanted if name not in there]


def _line(cell: Cell, *, whole: bool) -> str:
    return json.dumps(dict(_fields(cell, whole=whole)), ensure_ascii=False)


def _fields(cell: Cell, *, whole: bool) -> Iterator[tuple[str, str | int]]:
    yield "id", cell.id
    yield "hash", cell.hash
    yield "type", cell.type
    if cell.count is not None:
        yield "run", cell.count
    yield "source", cell.source if whole else cut(cell.source, _LONGEST_SOURCE)
    if cell.output:
        yield "output", cell.output if whole else cut(cell.output, _LONGEST_OUTPUT)
