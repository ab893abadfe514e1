"""Documents of all kinds, each read into sections; nothing in them is run, fetched or followed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath

from ..sections import Section, of_markdown, of_text
from .conversations import of_conversations
from .docstrings import of_module
from .html import of_html
from .notebooks import of_notebook
from .office import OFFICE, of_office
from .rst import of_rst

_TEXTS: Mapping[str, Callable[[str], list[Section]]] = {
    ".md": of_markdown,
    ".markdown": of_markdown,
    ".txt": of_text,
    ".text": of_text,
    ".rst": of_rst,
    ".html": of_html,
    ".htm": of_html,
    ".ipynb": of_notebook,
    ".jsonl": of_conversations,
}

KINDS = frozenset(_TEXTS) | OFFICE
"""Endings of names of files that can be read; those of office documents only where markitdown is installed."""


class Unreadable(Exception):
    """A document that is not what its name says."""


def sections_of(source: str, data: bytes) -> list[Section]:
    """Return the sections of a document by its path in its corpus; raises Unreadable.

    A document without any heading gets its name as one: that often says what it is about.
    """
    kind = PurePath(source).suffix.lower()
    try:
        if kind in OFFICE:
            sections = of_office(data, kind)
        elif kind == ".py":
            sections = of_module(source, data.decode("utf-8"))
        else:
            sections = _TEXTS[kind](data.decode("utf-8-sig", "replace"))
    except (ValueError, SyntaxError, RecursionError) as error:
        raise Unreadable(type(error).__name__) from None
    stem = PurePath(source).stem.replace("_", " ").replace("-", " ")
    return [one if one.heading else Section(stem, one.text, one.line) for one in sections]
