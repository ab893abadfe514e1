"""A document as its sections, and those of Markdown, which most other kinds are made into."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_BETWEEN = " > "
_LONGEST_HEADING = 200


class Section(msgspec.Struct, frozen=True):
    """The text below a heading; ``heading`` are all those above it, ``line`` is where the text begins, from 1."""

    heading: str
    text: str
    line: int


def of_markdown(text: str, above: str = "") -> list[Section]:
    """Return the sections of Markdown; what looks like a heading inside of code is none."""
    return list(_cut(text.splitlines(), above))


def of_text(text: str, above: str = "") -> list[Section]:
    """Return plain text as one section."""
    return [Section(above, text.strip("\n"), 1)] if text.strip() else []


def joined(parts: list[str]) -> str:
    """Return headings as one line."""
    return _BETWEEN.join(part for part in parts if part)[:_LONGEST_HEADING]


def _cut(lines: list[str], above: str) -> Iterator[Section]:
    headings: list[tuple[int, str]] = []
    held: list[str] = []
    start, fence = 1, ""
    for number, line in enumerate(_flat(lines), 1):
        mark = _FENCE.match(line)
        if mark and (not fence or (mark[1][0] == fence[0] and len(mark[1]) >= len(fence))):
            fence = "" if fence else mark[1]
        title = None if fence or mark else _ATX.fullmatch(line)
        if title is None:
            held.append(line)
            continue
        yield from _section(above, headings, held, start)
        level = len(title[1])
        headings = [one for one in headings if one[0] < level] + [(level, (title[2] or "").strip())]
        held, start = [], number + 1
    yield from _section(above, headings, held, start)


def _flat(lines: list[str]) -> Iterator[str]:
    """Yield the lines with underlined headings written with hashes; as many lines as before."""
    fence = ""
    skip = False
    for at, line in enumerate(lines):
        if skip:
            skip = False
            yield ""
            continue
        mark = _FENCE.match(line)
        if mark and (not fence or (mark[1][0] == fence[0] and len(mark[1]) >= len(fence))):
            fence = "" if fence else mark[1]
        below = lines[at + 1] if at + 1 < len(lines) else ""
        alone = at == 0 or not lines[at - 1].strip()
        under = _UNDERLINE.fullmatch(below) if not fence and alone and line.strip() else None
        if under and not _ATX.fullmatch(line) and line.strip()[:1] not in "|>-*+`":
            skip = True
            yield ("# " if under[1][0] == "=" else "## ") + line.strip()
        else:
            yield line


def _section(above: str, headings: list[tuple[int, str]], held: list[str], start: int) -> Iterator[Section]:
    first = next((at for at, line in enumerate(held) if line.strip()), None)
    if first is not None:
        text = "\n".join(held[first:]).rstrip()
        yield Section(joined([above, *(title for _, title in headings)]), text, start + first)
