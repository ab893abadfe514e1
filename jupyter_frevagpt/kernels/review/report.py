"""What a review is told and what it says: frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

Kind = Literal[
    "browser",
    "drops",
    "dynamic",
    "exit",
    "files",
    "installs",
    "loopback",
    "memory",
    "mutates",
    "network",
    "persistence",
    "processes",
    "rebinds",
    "secrets",
    "unknown",
    "writes",
]
How = Literal["rebinds", "mutates", "deletes"]

_NOTHING: Mapping[str, str] = MappingProxyType({})
_NO_SIZES: Mapping[str, int] = MappingProxyType({})

NEVER_STANDING: frozenset[Kind] = frozenset({"loopback", "secrets", "persistence", "dynamic"})
"""Kinds that "allow in this chat" never covers; what computed code does cannot be told, so it is among them."""


class KernelFacts(msgspec.Struct, frozen=True):
    """What the kernel told about itself; each part may be missing, and what is missing is not vouched for.

    ``transformed`` is the kernel's own transform of this very cell; where it is not told, ``rewriters`` are what
    changes cells there beside IPython. ``modules`` maps names to the modules that they are now, ``variables`` maps the
    other names to their types (``xarray.Dataset``, ``list``, ``function``: the root module and the qualified name,
    builtins without a module). ``changed`` are functions that are not what they were when they were imported, such as
    ``numpy.mean``. ``lazy`` gives the bytes that a lazily loaded variable would
    take, ``free_memory`` is in bytes. ``files`` are the names in the working directory ``cwd``, of folders too;
    ``links`` are those of them that lead out of it. ``hosts`` may be reached and ``readable`` folders read without
    asking. ``freva_host`` is where the kernel's Freva client goes when code does not say. ``own`` are names that the
    assistant made in this chat and nobody changed since. ``python`` is the kernel's version, such as ``(3, 12)``.
    """

    transformed: str | None = None
    rewriters: tuple[str, ...] = ()
    modules: Mapping[str, str] = _NOTHING
    variables: Mapping[str, str] = _NOTHING
    changed: frozenset[str] = frozenset()
    lazy: Mapping[str, int] = _NO_SIZES
    free_memory: int | None = None
    cwd: str = ""
    files: frozenset[str] | None = None
    links: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    readable: tuple[str, ...] = ()
    freva_host: str = ""
    own: frozenset[str] = frozenset()
    python: tuple[int, int] | None = None
    language: str = "python"


class Reason(msgspec.Struct, frozen=True):
    """One thing that the code may do, as a sentence for a scientist; ``line`` counts from 1.

    ``asks`` is false for what is told but needs no question: a new data file, a variable bound anew.
    """

    kind: Kind
    text: str
    line: int
    asks: bool = True


class Touch(msgspec.Struct, frozen=True, order=True):
    """A name of the user's namespace that the code may bind anew, change in place or delete."""

    name: str
    how: How


class Review(msgspec.Struct, frozen=True):
    """What the code may do.

    ``harmless`` is true when nothing asks. ``never_standing`` says that a question must be put each time, whatever was
    allowed for the chat. ``touches`` over-approximates; with ``touches_all`` any name may change. ``reads`` names the
    text from outside that the code may bring in, such as "the file notes.txt"; it over-approximates too.
    """

    harmless: bool
    reasons: tuple[Reason, ...] = ()
    never_standing: bool = False
    touches: tuple[Touch, ...] = ()
    touches_all: bool = False
    reads: tuple[str, ...] = ()
