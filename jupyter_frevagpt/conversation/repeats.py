"""Lines that come again and again in what a run printed: told once, with a count."""

from __future__ import annotations

import operator
import re
import string
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby, islice, pairwise

_PERIODS = range(1, 7)
_TIMES = 4
_KEPT = (1500, 1000, 700, 500, 350, 250, 170, 120, 80, 50, 30, 20, 12, 8, 5, 3)
_BUT_WORDS = str.maketrans("", "", string.digits + string.punctuation + " \t█▉▊▋▌▍▎▏━╸╺")


def told_once(text: str) -> str:
    """Return a text in which lines, or groups of up to six lines, that repeat exactly stand once with a count."""
    lines = text.splitlines(keepends=True)
    if len(lines) < _TIMES:
        return text
    numbers: dict[str, int] = {}
    order = [numbers.setdefault(line, len(numbers)) for line in lines]
    if len(numbers) > len(lines) - (_TIMES - 1):
        return text
    pieces: list[str] = []
    done = 0
    for first, period, in_all in sorted(_runs(order)):
        start = max(first, done)
        times = (first + in_all - start) // period - 1
        if times < _TIMES - 1:
            continue
        note = _again(period, times)
        if sum(map(len, lines[start : start + period])) * times <= 2 * len(note):
            continue
        pieces += lines[done : start + period]
        pieces.append(note)
        done = start + period * (times + 1)
    return "".join([*pieces, *lines[done:]])


def _again(period: int, times: int) -> str:
    what = "the line above" if period == 1 else f"the {period} lines above"
    return f"[{what} {times:,} more times]\n"


def _runs(order: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Yield where groups of lines repeat: start, lines in a group, lines in all."""
    for period in _PERIODS:
        same = bytes(map(operator.eq, order, islice(order, period, None)))
        for found in re.finditer(rb"\x01{%d,}" % (period * (_TIMES - 1)), same):
            yield found.start(), period, found.end() - found.start() + period


def thinned(text: str, limit: int) -> str:
    """Return a text longer than ``limit`` with fewer of neighbouring lines that differ in nothing but numbers.

    So a warning among a thousand lines of progress is still there. As many lines stay as fit; it may be too long still.
    """
    if len(text) <= limit:
        return text
    lines = text.splitlines(keepends=True)
    words = text.translate(_BUT_WORDS).splitlines()
    ends = [0, *accumulate(len(list(group)) for _, group in groupby(words))]
    long = [(start, end) for start, end in pairwise(ends) if end - start > 2 * _KEPT[-1] + 1]
    if len(words) != len(lines) or not long:
        return text
    offsets = [0, *accumulate(map(len, lines))]
    kept = next((kept for kept in _KEPT if offsets[-1] - _saved(long, offsets, kept) <= limit), _KEPT[-1])
    pieces: list[str] = []
    done = 0
    for start, end in long:
        if (left := end - start - 2 * kept) > 1:
            pieces += [*lines[done : start + kept], _alike(left)]
            done = end - kept
    return "".join([*pieces, *lines[done:]])


def _alike(count: int) -> str:
    return f"[{count:,} more lines that differ in numbers only]\n"


def _saved(groups: Sequence[tuple[int, int]], offsets: Sequence[int], kept: int) -> int:
    """Return how many characters go when each group keeps so many lines at both ends."""
    saved = 0
    for start, end in groups:
        if (left := end - start - 2 * kept) > 1:
            saved += offsets[end - kept] - offsets[start + kept] - len(_alike(left))
    return saved
