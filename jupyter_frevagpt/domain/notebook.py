"""What a page of the user's tells of the notebook that is open in it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

CellType = Literal["code", "markdown", "raw"]

Trouble = Literal[
    "no-notebook", "no-kernel", "no-cell", "changed", "read-only", "not-code", "failed", "unclaimed", "lost"
]
"""Why a page did not do what it was asked; the last two are said by the server, where no page answers."""

CellId = Annotated[str, Meta(max_length=200)]
Source = Annotated[str, Meta(max_length=1_000_000)]


class Cell(msgspec.Struct, frozen=True):
    """A cell as it is in the open notebook, saved or not.

    ``hash`` tells one source from another, ``output`` is the text of what the cell printed, showed and raised,
    ``count`` the number of its last run.
    """

    id: CellId
    type: CellType
    source: Source
    hash: Annotated[str, Meta(max_length=40)]
    output: Source = ""
    count: int | None = None


class PageAnswer(msgspec.Struct, frozen=True):
    """What came of something that a page was asked to do.

    ``notebook`` is the name of the notebook, ``active`` the id of its active cell, ``cells`` are those that were asked
    for, made, changed or run; ``state`` is how a run ended.
    """

    trouble: Trouble | None = None
    notebook: Annotated[str, Meta(max_length=1000)] = ""
    active: CellId = ""
    cells: Annotated[list[Cell], Meta(max_length=10_000)] = []
    state: Literal["done", "failed", "stopped"] | None = None
