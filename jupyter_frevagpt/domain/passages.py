"""Words of retrieval: what documents are searched, what is found in them, how far their indexing is."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Standing = Literal["shipped", "site", "own"]
"""Whose a corpus is: this package's, the site's, or a folder of the user's."""

Way = Literal["full text", "vectors and full text"]
"""How passages are found."""


class Corpus(msgspec.Struct, frozen=True):
    """Documents that are searched together.

    ``place`` is a folder, or ``python:<package>`` for the docstrings of an installed package.
    """

    name: str
    title: str
    place: str
    standing: Standing
    licence: str = ""
    source: str = ""


class Passage(msgspec.Struct, frozen=True):
    """A piece of a document that may answer a question.

    ``source`` is the document's path in its corpus, ``heading`` the headings above the passage, ``position`` the line
    of the document's text where it begins, counted from 1; a ``score`` compares with those of the same search only.
    """

    text: str
    corpus: str
    title: str
    source: str
    heading: str
    position: int
    score: float
    standing: Standing = "shipped"


class Found(msgspec.Struct, frozen=True):
    """The passages of a search, best first, and how they were found; ``note`` says what was not as it should be."""

    passages: list[Passage]
    way: Way = "full text"
    note: str = ""


class Resource(msgspec.Struct, frozen=True):
    """A corpus as people see it; ``passages`` are those in the index, None where they were not counted."""

    name: Annotated[str, Meta(description="What `resources` of a question takes.")]
    title: str
    standing: Annotated[Standing, Meta(description="Whose it is: this package's, the site's, or the user's own.")]
    licence: str = ""
    source: Annotated[str, Meta(description="Where it comes from.")] = ""
    passages: Annotated[int | None, Meta(description="How many are in the index.")] = None


class Progress(msgspec.Struct, frozen=True):
    """How far a folder is indexed: documents done of all, passages written, those that could not be read.

    ``name`` is the resource's; ``finished`` tells that nothing follows, ``problem`` why it ended before all was done.
    """

    name: str
    done: int
    total: int
    passages: int = 0
    unread: int = 0
    finished: bool = False
    problem: str = ""


class Means(msgspec.Struct, frozen=True):
    """What passages are found with: the name of an embedding model, "" without one, and where it works.

    ``host`` is "" for one inside this server.
    """

    way: Annotated[Way, Meta(description="How passages are found.")] = "full text"
    model: Annotated[str, Meta(description="The embedding model, empty without one.")] = ""
    host: Annotated[str, Meta(description="Where that is asked; empty for one inside this server.")] = ""
