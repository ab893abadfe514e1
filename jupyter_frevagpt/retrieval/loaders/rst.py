"""reStructuredText: its titles are told by the lines of signs below them, and above some."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..sections import Section, joined

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1{2,}[ \t]*")


def of_rst(text: str) -> list[Section]:
    """Return the sections; directives stay as they are written."""
    return list(_cut(text.splitlines()))


def _cut(lines: list[str]) -> Iterator[Section]:
    kinds: list[str] = []
    headings: list[tuple[int, str]] = []
    start = at = 0
    while at < len(lines):
        kind, length = _title_at(lines, at)
        if not kind:
            at += 1
            continue
        yield from _section(headings, lines, start, at)
        if kind not in kinds:
            kinds.append(kind)
        level = kinds.index(kind)
        title = lines[at + (length == 3)].strip()
        headings = [one for one in headings if one[0] < level] + [(level, title)]
        at += length
        start = at
    yield from _section(headings, lines, start, len(lines))


def _title_at(lines: list[str], at: int) -> tuple[str, int]:
    """Return the kind of the title that begins in a line and how many lines it takes, "" where there is none."""
    line = lines[at]
    alone = at == 0 or not lines[at - 1].strip()
    if not alone:
        return "", 0
    if _ADORNMENT.fullmatch(line) and at + 2 < len(lines) and lines[at + 2].rstrip() == line.rstrip():
        return (line[0] * 2, 3) if lines[at + 1].strip() else ("", 0)
    if at + 1 < len(lines) and line.strip() and not line[0].isspace():
        below = lines[at + 1].rstrip()
        if _ADORNMENT.fullmatch(below) and len(below) >= len(line.rstrip()) and not _ADORNMENT.fullmatch(line):
            return below[0], 2
    return "", 0


def _section(headings: list[tuple[int, str]], lines: list[str], start: int, end: int) -> Iterator[Section]:
    first = next((at for at in range(start, end) if lines[at].strip()), None)
    if first is not None:
        yield Section(joined([title for _, title in headings]), "\n".join(lines[first:end]).rstrip(), first + 1)
