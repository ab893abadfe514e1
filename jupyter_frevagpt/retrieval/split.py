"""Documents cut into passages: at headings, then where semantic-text-splitter sees the least harm."""

from __future__ import annotations

import msgspec
from semantic_text_splitter import MarkdownSplitter

from .sections import Section

CAPACITY = 1200
"""Characters of a passage; what other sizes cost is measured in docs/resources.md."""


class Chunk(msgspec.Struct, frozen=True):
    """A passage to be: its text, the headings above it, the line of the document where it begins."""

    text: str
    heading: str
    line: int


class Splitter:
    """Cuts sections into chunks of at most ``capacity`` characters."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._splitter = MarkdownSplitter(capacity)
        self._capacity = capacity

    def chunks(self, sections: list[Section]) -> list[Chunk]:
        """Return the passages of a document in order; no passage reaches over a heading."""
        found: list[Chunk] = []
        for section in sections:
            if len(section.text) <= self._capacity:
                found.append(Chunk(section.text, section.heading, section.line))
                continue
            line, seen = section.line, 0
            for at, text in self._splitter.chunk_indices(section.text):
                line += section.text.count("\n", seen, at)
                seen = at
                found.append(Chunk(text, section.heading, line))
        return found
