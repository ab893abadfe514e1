"""What the helper is asked for, as plain data in frames."""

from __future__ import annotations

import msgspec

from ..domain.passages import Corpus


class Variant(msgspec.Struct, frozen=True):
    """One index: with the vectors of one model, or without any.

    ``folder`` is where all of them are. ``model`` is "" without vectors; ``local`` tells that the helper makes them.
    """

    folder: str
    model: str = ""
    local: bool = False


class Search(msgspec.Struct, frozen=True, tag=True):
    """Find passages; those of shipped and site corpora are indexed first where that is due.

    ``vector`` is the question's where the server makes vectors.
    """

    variant: Variant
    corpora: list[Corpus]
    question: str
    limit: int
    vector: list[float] | None = None


class Index(msgspec.Struct, frozen=True, tag=True):
    """Index one corpus, of which only what changed is read anew."""

    variant: Variant
    corpus: Corpus


class Vectors(msgspec.Struct, frozen=True, tag=True):
    """The vectors that the helper asked for, none where they could not be had."""

    ticket: int
    vectors: list[list[float]] | None


class Remove(msgspec.Struct, frozen=True, tag=True):
    """Take a corpus out of every index."""

    folder: str
    name: str


class Count(msgspec.Struct, frozen=True, tag=True):
    """Tell how many passages of each corpus an index has."""

    variant: Variant


Order = Search | Index | Vectors | Remove | Count
