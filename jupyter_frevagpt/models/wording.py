"""The wording of a question: its words made comparable, and what in it is only this question's own masked."""

from __future__ import annotations

import re
from collections.abc import Container

import msgspec

NAME = "<name>"

EVERYDAY = frozenset(
    """a about again all also am an and any are as at be been by can could dear did do does for from get give had has
    have he her him his hey how i if in into is it its just kind know let like make may me might mine much must my need
    no not now of off on one or our out over please s shall she should so some tell than that the their them then there
    these they this those to too under up upon us use very want was we well were what when where which who why will with
    would you your""".split()
)
"""Words that are never the name of something in a kernel, whether or not a snippet holds them."""

_SIGNS = {
    "+": "plus",
    "-": "minus",
    "*": "times",
    "/": "divided",
    "%": "percent",
    "^": "power",
    "**": "power",
    "x": "times",
    "\u00d7": "times",
}
_SAME = {
    "average": "mean", "avg": "mean", "total": "sum", "max": "maximum", "min": "minimum", "largest": "maximum",
    "biggest": "maximum", "highest": "maximum", "greatest": "maximum", "smallest": "minimum", "lowest": "minimum",
    "std": "deviation", "sqrt": "root", "calculate": "compute", "calc": "compute", "work": "compute", "display": "show",
    "degc": "celsius", "c": "celsius", "k": "kelvin", "f": "fahrenheit", "degf": "fahrenheit", "netcdf": "nc",
    "diagram": "plot", "chart": "plot", "graph": "plot", "dataframe": "table", "raised": "raise", "exponent": "power",
    "folder": "directory", "annual": "yearly", "elements": "values", "entries": "values", "items": "values",
    "numbers": "values", "element": "value", "item": "value", "entry": "value", "multiplied": "multiply",
}  # fmt: skip

_token = re.compile(
    r"""
    (?P<text>"[^"]*"|(?<!\w)'[^']*'(?!\w)|\b[\w-]+\.[a-z]{1,4}\d?\b(?!\())   # quoted, or a file's name
    |(?P<date>\b\d{4}-\d\d(?:-\d\d)?\b)
    |(?P<sign>(?<=\d\ )[x\u00d7](?=\ \d)|[-+*/%^\u00d7]+)
    |(?P<number>\d+(?:[.,]\d+)*)
    |(?P<word>[^\W\d]\w*)
    """,
    re.VERBOSE,
)


class Token(msgspec.Struct, frozen=True):
    """A piece of a question: its kind, how it was written, and how it is compared."""

    kind: str
    raw: str
    word: str


def tokens(text: str) -> list[Token]:
    """Return the pieces of a question: quoted texts and files, dates, numbers, words, signs."""
    found: list[Token] = []
    for match in _token.finditer(text):
        kind, raw = match.lastgroup or "", match.group()
        word = _stem(raw.lower()) if kind == "word" else _SIGNS.get(raw, raw) if kind == "sign" else f"<{kind}>"
        found.append(Token(kind, raw, word))
    return found


def masked(pieces: list[Token], names: Container[str]) -> list[str]:
    """Return the words to compare, with those written as one of ``names`` masked."""
    return [NAME if piece.kind == "word" and piece.raw in names else piece.word for piece in pieces]


def _stem(word: str) -> str:
    word = _SAME.get(word, word)
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
