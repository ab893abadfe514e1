"""A worked snippet told again with other names and numbers."""

from __future__ import annotations

import random
import re

from .snippets import Snippet

_POOLS = (
    (
        "rain",
        "flow",
        "levels",
        "snow",
        "depths",
        "wind_speed",
        "heights",
        "my_list",
        "fluxes",
        "winds",
        "speeds",
        "grid",
    ),
    ("stations", "cities", "gauges", "hours", "day_names", "places"),
    ("data.nc", "tas_day.nc", "run-3.nc", "sst_2.nc"),
    ("data.csv", "obs_2.csv", "gauges.csv", "wind-4.csv"),
    ("notes.txt", "log.txt", "readme.txt", "plan_2.txt"),
    ("tas", "pr", "sst", "psl", "rsds", "uas", "zg500"),
    ("ds", "dset", "ocean", "model_run", "cmip"),
    ("df", "obs", "frame", "measured", "station_table"),
    ("price", "speed", "height", "depth", "length"),
)
"""Names that can stand for each other."""

_date = re.compile(r"\d{4}-\d\d-\d\d")
_word = re.compile(
    r"\d{4}-\d\d-\d\d|[\w-]+\.(?:nc|csv|txt)\b|(?<![\w.])(?:[^\W\d]\w*(?!\w)|\d+(?=th\b)|\d+(?!\w|\.\d))"
)


def retold(snippet: Snippet, question: str, count: int) -> list[Snippet]:
    """Return ``count`` tellings of a snippet, itself the first, in names and numbers that are not the question's.

    A small model copies a pattern that it sees repeated with changing names, where from a single example it takes the
    name along. The same question gets the same tellings.
    """
    told = [snippet]
    mine = sorted(snippet.own())
    taken = {*_word.findall(question), *_word.findall(snippet.code), *mine}
    for turn in range(1, count):
        choice = random.Random(f"{question} {turn}")  # noqa: S311 - nothing secret
        new: dict[str, str] = {}
        for thing in mine:
            other = _other(thing, choice, taken | set(new.values()))
            if other is not None:
                new[thing] = other
        told.append(Snippet(_replaced(snippet.ask, new), _replaced(snippet.code, new)))
    return told


def _replaced(text: str, new: dict[str, str]) -> str:
    return _word.sub(lambda found: new.get(found.group(), found.group()), text)


def _other(thing: str, choice: random.Random, taken: set[str]) -> str | None:
    if _date.fullmatch(thing):
        return f"{choice.randint(1950, 2020)}-{choice.randint(1, 12):02}-{choice.randint(1, 28):02}"
    if thing.isdigit():
        year = len(thing) == 4
        low, high = (1950, 2020) if year else (10 ** (len(thing) - 1) + 1, 10 ** len(thing) - 1)
        drawn = (str(choice.randint(low, high)) for _ in range(20))
        return next((number for number in drawn if number not in taken), None)
    names = [name for pool in _POOLS if thing in pool for name in pool if name not in taken]
    return choice.choice(names) if names else None
