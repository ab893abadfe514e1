"""Notebooks: Markdown cells as they are, code as code, and what it printed."""

from __future__ import annotations

from typing import Any

import msgspec

from ..sections import Section, of_markdown

_MOST_OUTPUT = 1000


class _Cell(msgspec.Struct):
    cell_type: str = ""
    source: str | list[str] = ""
    outputs: list[dict[str, Any]] = []


class _Notebook(msgspec.Struct):
    cells: list[_Cell] = []


def of_notebook(text: str) -> list[Section]:
    """Return the sections; ``position`` is the line of all cells written one below the other."""
    try:
        notebook = msgspec.json.decode(text, type=_Notebook)
    except msgspec.DecodeError as error:
        raise ValueError from error
    return of_markdown("\n\n".join(part for cell in notebook.cells if (part := _written(cell).strip())))


def _written(cell: _Cell) -> str:
    source = _text(cell.source)
    if cell.cell_type != "code":
        return source
    printed = "".join(_text(out["text"]) for out in cell.outputs if isinstance(out.get("text"), str | list))
    shown = f"\n\n```\n{printed[:_MOST_OUTPUT].rstrip()}\n```" if printed.strip() else ""
    return f"```python\n{source.rstrip()}\n```{shown}" if source.strip() else ""


def _text(value: object) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)
