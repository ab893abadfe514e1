"""What the names of a piece of code stand for while it is read."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

MOST_TEXTS = 64
_LONGEST_TEXT = 4096
NUMBER = "\x00"
"""Stands inside a text for a number that is only known at the run."""


class Value(msgspec.Struct, frozen=True):
    """What an expression is, as far as a review cares.

    ``sort`` is ``module`` or ``function`` (of the allow-list, under ``path``), ``local`` (a function defined in this
    code), ``risky`` (under ``path``; it asks when it is used), ``data``, or ``reported`` (not harmless, already said).
    ``texts`` are all strings that it can be, or, when ``listed``, hold; None when they are not known. ``tag`` says
    what data it is: ``files`` (names from a search inside the working directory), ``catalogue`` (names from an allowed
    Freva host), ``buffer``, ``path``, ``number``, ``opaque``, ``figure``, ``styler``, ``callables`` (functions
    and names of methods). ``size`` is in bytes, for what is loaded lazily. ``of`` is the variable of the user's that it
    is, or shares its memory with; PARAMETER for what a function was called with. ``holds`` is one of those that it may
    hold as a list or a dict does, ``parts`` the values of a list or a tuple that is written out where it is used.
    """

    sort: str = "data"
    path: str = ""
    texts: tuple[str, ...] | None = None
    listed: bool = False
    tag: str = ""
    size: int = 0
    of: str = ""
    holds: str = ""
    parts: tuple[Value, ...] = ()


DATA = Value()
PARAMETER = "\x00"
REPORTED = Value(sort="reported")
NUMERIC = Value(tag="number")


def text(*texts: str, tag: str = "") -> Value:
    """A string that is one of ``texts``; plain data where they are too many."""
    return Value(texts=texts if len(texts) <= MOST_TEXTS else None, tag=tag)


def held(values: Iterable[Value]) -> Value:
    """A list, tuple, set or dict of these."""
    texts: list[str] = []
    items = list(values)
    tags = {item.tag for item in items}
    if "opaque" in tags:
        return Value(tag="opaque", of=next((item.of for item in items if item.of), ""))
    if any(item.texts is None or item.listed for item in items):
        whole = len(tags) == 1 and not any(item.listed for item in items)
        tag = items[0].tag if whole and items[0].tag in ("number", "files", "catalogue") else ""
        return Value(tag=tag, listed=bool(tag))
    if "number" in tags and len(tags) > 1:
        return DATA
    for item in items:
        texts += item.texts or ()
    tag = "number" if tags == {"number"} else ""
    return Value(texts=tuple(texts), listed=True, tag=tag) if 0 < len(texts) <= MOST_TEXTS else DATA


def element(value: Value) -> Value:
    """What comes out of ``value`` by an index or a loop."""
    if value.tag == "callables":
        return DATA
    if value.texts is not None and value.listed:
        return Value(texts=value.texts, tag=value.tag)
    kept = ("files", "catalogue") if value.listed else ()
    tag = value.tag if value.tag in (*kept, "number", "opaque") else ""
    return Value(tag=tag, of=value.holds or value.of, holds=value.holds, parts=_columns(value.parts))


def _columns(rows: tuple[Value, ...]) -> tuple[Value, ...]:
    """What the rows of a table that is written out have at each place."""
    if not rows or not rows[0].parts or len({len(row.parts) for row in rows}) > 1:
        return ()
    return tuple(one_of(column) for column in zip(*(row.parts for row in rows), strict=True))


def one_of(values: Iterable[Value]) -> Value:
    """What is one of these, as far as a review follows variables."""
    found = list(values)
    of = next((value.of for value in found if value.of), "")
    return Value(of=of, holds=next((value.holds for value in found if value.holds), ""))


def joined(parts: Iterable[Value]) -> Value:
    """The strings that come of writing ``parts`` one behind the other."""
    found = [""]
    for part in parts:
        texts = (NUMBER,) if part.tag == "number" and part.texts is None else part.texts
        if texts is None or part.listed or len(texts) * len(found) > MOST_TEXTS:
            return DATA
        found = [head + tail for head in found for tail in texts]
        if max(map(len, found)) > _LONGEST_TEXT:
            return DATA
    return text(*found)


class Scope:
    """The names bound so far, in a function or outside of all."""

    def __init__(self, outer: Scope | None = None, *, passing: bool = False) -> None:
        """``passing`` is a comprehension's: what ``:=`` binds in it belongs to the scope around it."""
        self.outer = outer
        self.passing = passing
        self.names: dict[str, Value] = {}

    def find(self, name: str) -> Value | None:
        """What the name was bound to here or further out, or None."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None
