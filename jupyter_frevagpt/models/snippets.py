"""Worked snippets, and which of them are nearest to a question: our own small lexical similarity."""

from __future__ import annotations

import ast
import builtins
import math
import random
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

NAME = "<name>"
NUMBER = "<number>"
TEXT = "<text>"

_token = re.compile(
    r"""
    (?P<text>"[^"]*"|(?<!\w)'[^']*'(?!\w)|\b[\w-]+\.[a-z]{1,4}\d?\b(?!\())   # quoted, or a file's name
    |(?P<date>\b\d{4}-\d\d(?:-\d\d)?\b)
    |(?P<number>\d+(?:[.,]\d+)*)
    |(?P<word>[^\W\d]\w*)
    |(?P<sign>[-+*/%^]+)
    """,
    re.VERBOSE,
)
_date = re.compile(r"\d{4}-\d\d-\d\d")
_word = re.compile(r"\d{4}-\d\d-\d\d|[\w-]+\.(?:nc|csv|txt)\b|(?<![\w.])(?:[^\W\d]\w*(?!\w)|\d+(?=th\b)|\d+(?!\w|\.\d))")
_SIGNS = {"+": "plus", "-": "minus", "*": "times", "/": "divided", "%": "percent", "^": "power", "**": "power"}
_SAME = {
    "average": "mean", "avg": "mean", "total": "sum", "max": "maximum", "min": "minimum", "largest": "maximum",
    "biggest": "maximum", "highest": "maximum", "greatest": "maximum", "smallest": "minimum", "lowest": "minimum",
    "std": "deviation", "sqrt": "root", "calculate": "compute", "calc": "compute", "work": "compute", "display": "show",
    "degc": "celsius", "c": "celsius", "k": "kelvin", "f": "fahrenheit", "degf": "fahrenheit", "netcdf": "nc",
    "diagram": "plot", "chart": "plot", "graph": "plot", "dataframe": "table", "raised": "raise", "exponent": "power",
    "folder": "directory", "annual": "yearly", "elements": "values", "entries": "values", "items": "values",
    "numbers": "values", "element": "value", "item": "value", "entry": "value", "multiplied": "multiply",
}  # fmt: skip
_TERMS = frozenset({"units", "time", "lat", "lon", "nearest", "MS", "YS"})
"""Texts in code that belong to the subject, not to one question."""

_EVERYDAY = frozenset(
    """a about am an and any are as at be been by can could did do does for from get give had has have he her him his how
    i if in into is it its just kind know let like make may me mean might much must my need no not of off on one or our
    out over please shall she should so some tell than that the their them then there these they this those to too under
    up upon us use very want was we well were what when where which who why will with would you your""".split()
)


class Snippet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question and the code that answers it; without code it stands for small talk, which no code answers."""

    ask: str
    code: str


_POOLS = (
    ("rain", "flow", "levels", "snow", "depths", "wind_speed", "heights", "my_list", "fluxes", "winds", "speeds", "grid"),
    ("stations", "cities", "gauges", "hours", "day_names", "places"),
    ("data.nc", "tas_day.nc", "run-3.nc"),
    ("data.csv", "obs_2.csv", "gauges.csv"),
    ("notes.txt", "log.txt", "readme.txt"),
    ("tas", "pr", "sst", "psl", "rsds", "uas", "zg500"),
    ("ds", "dset", "nc", "model_run", "cmip"),
    ("df", "obs", "frame", "measured", "station_table"),
    ("price", "speed", "height", "depth", "length"),
)
"""Names that stand for each other when a snippet is told again with other names."""


def varied(snippet: Snippet, question: str, count: int) -> list[Snippet]:
    """Return the snippet and up to ``count - 1`` retellings with other names and numbers, none of them the question's.

    A small model copies a pattern that it sees repeated with changing names, where from a single example it would
    take the name along.
    """
    told = [snippet]
    mine = sorted(own(snippet.ask, names(snippet.code)))
    asked = set(_word.findall(question)) | set(_word.findall(snippet.code))
    for turn in range(1, count):
        choice = random.Random(f"{question} {turn}")  # noqa: S311 - the same question gets the same examples
        new: dict[str, str] = {}
        for thing in mine:
            options = _alternatives(thing, choice, asked | set(new.values()) | set(mine))
            if options:
                new[thing] = choice.choice(options)
        if not new:
            break
        ask, code = (_word.sub(lambda found: new.get(found.group(), found.group()), text) for text in msgspec.structs.astuple(snippet))
        told.append(Snippet(ask, code))
    return told


def _alternatives(thing: str, choice: random.Random, taken: set[str]) -> list[str]:
    if _date.fullmatch(thing):
        return [f"{choice.randint(1950, 2020)}-{choice.randint(1, 12):02}-{choice.randint(1, 28):02}"]
    if thing.isdigit():
        # 0 and 1 belong to the method more often than to the question; a year stays a year.
        low, high = (1950, 2020) if len(thing) == 4 else (10 ** (len(thing) - 1) + 1, 10 ** len(thing) - 1)
        drawn = (str(choice.randint(low, high)) for _ in range(20) if thing not in "01")
        return [number for number in drawn if number not in taken][:1]
    return [name for pool in _POOLS if thing in pool for name in pool if name not in taken]


class Snippets:
    """All worked snippets, ready to be compared with a question."""

    def __init__(self, snippets: Iterable[Snippet]) -> None:
        self._snippets = tuple(snippets)
        tokens = [_tokens(snippet.ask, named=names(snippet.code)) for snippet in self._snippets]
        self._known = {token for some in tokens for token in some} | _EVERYDAY
        seen = Counter(feature for some in tokens for feature in set(_features(some)))
        self._rarity = {feature: math.log(1 + len(tokens) / count) for feature, count in seen.items()}
        self._weights = [self._weigh(some) for some in tokens]

    @classmethod
    def read(cls, path: Path) -> Snippets:
        """Read a file with one JSON object a line; raises OSError and ``msgspec.DecodeError``."""
        return cls(msgspec.json.decode(line, type=Snippet) for line in path.read_bytes().splitlines() if line.strip())

    def __len__(self) -> int:
        return len(self._snippets)

    def nearest(self, question: str, count: int) -> list[tuple[float, Snippet]]:
        """Return the nearest snippets with their similarity, 0 to 1, the nearest first."""
        asked = self._weigh(_tokens(question, known=self._known))
        scored = [(_cosine(asked, weights), index) for index, weights in enumerate(self._weights)]
        scored.sort(key=lambda pair: (-pair[0], pair[1]))
        return [(score, self._snippets[index]) for score, index in scored[:count]]

    def _weigh(self, tokens: list[str]) -> dict[str, float]:
        # A word that no snippet knows counts like the rarest: it makes everything a little less similar.
        unknown = math.log(1 + len(self._snippets))
        counted = Counter(_features(tokens))
        weights = {feature: self._rarity.get(feature, unknown) * count for feature, count in counted.items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {feature: weight / length for feature, weight in weights.items()}


def names(code: str) -> set[str]:
    """Return the names that code mentions: variables, keys, columns."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name) and not hasattr(builtins, node.id):
            found.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in _TERMS:
            found.add(node.value)
    return found


def own(text: str, named: set[str]) -> set[str]:
    """Return what a question names as its own: numbers, quoted texts, files and those words that are in ``named``."""
    found: set[str] = set()
    for match in _token.finditer(text):
        kind, raw = match.lastgroup, match.group()
        if kind == "text":
            found.add(raw.strip("\"'"))
        elif kind in {"number", "date"} or (kind == "word" and raw in named):
            found.add(raw)
    return found


def _tokens(text: str, *, named: Iterable[str] = (), known: Iterable[str] | None = None) -> list[str]:
    """Return the words of a question, with what is only this question's own (names, numbers, texts) masked."""
    masked: list[str] = []
    for match in _token.finditer(text):
        kind, raw = match.lastgroup, match.group()
        if kind == "word":
            word = _stem(raw.lower())
            mine = raw in named if known is None else "_" in raw or (word not in known and raw.lower() not in known)
            masked.append(NAME if mine else word)
        elif kind == "sign":
            masked.append(_SIGNS.get(raw, raw))
        else:
            masked.append({"text": TEXT, "date": "<date>"}.get(kind or "", NUMBER))
    return masked


def _stem(word: str) -> str:
    word = _SAME.get(word, word)
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _features(tokens: list[str]) -> list[str]:
    pairs = [f"{first} {second}" for first, second in zip(tokens, tokens[1:], strict=False)]
    return tokens + pairs


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    return sum(weight * other.get(feature, 0.0) for feature, weight in one.items())
