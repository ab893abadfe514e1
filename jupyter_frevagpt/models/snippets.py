"""Worked snippets, and which of them are nearest to a question: our own small lexical similarity."""

from __future__ import annotations

import ast
import builtins
import math
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import msgspec

from .wording import EVERYDAY, NAME, Token, masked, tokens

_TERMS = frozenset({"units", "time", "lat", "lon", "nearest", "MS", "YS"})
"""Texts in code that belong to the subject, not to one question."""


class Snippet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question and the code that answers it; without code it stands for small talk, which no code answers."""

    ask: str
    code: str

    def own(self) -> set[str]:
        """Return what the question names as its own and another would name otherwise: variables, texts, numbers."""
        named = _names(self.code)
        found: set[str] = set()
        for piece in tokens(self.ask):
            if piece.kind == "text":
                found.add(piece.raw.strip("\"'"))
            elif piece.kind == "date" or (piece.kind == "number" and piece.raw not in {"0", "1"}):
                found.add(piece.raw)  # 0 and 1 belong to the method
            elif piece.raw in named:
                found.add(piece.raw)
        return found


class Snippets:
    """All worked snippets, ready to be compared with a question."""

    def __init__(self, snippets: Iterable[Snippet]) -> None:
        self._snippets = tuple(snippets)
        asks = [masked(tokens(snippet.ask), _names(snippet.code)) for snippet in self._snippets]
        self._known = {word for words in asks for word in words} | EVERYDAY
        seen = Counter(feature for words in asks for feature in set(_features(words)))
        self._rarity = {feature: math.log(1 + len(asks) / count) for feature, count in seen.items()}
        self._weights = [self._weigh(words) for words in asks]

    @classmethod
    def read(cls, path: Path) -> Snippets:
        """Read a file with one JSON object a line; raises OSError and ``msgspec.DecodeError``."""
        return cls(msgspec.json.decode(line, type=Snippet) for line in path.read_bytes().splitlines() if line.strip())

    def __len__(self) -> int:
        return len(self._snippets)

    def nearest(self, question: str, count: int) -> list[tuple[float, Snippet]]:
        """Return the nearest snippets with their similarity, 0 to 1, the nearest first."""
        pieces = tokens(question)
        asked = self._weigh(masked(pieces, self._unknown(pieces)))
        scored = [(_cosine(asked, weights), index) for index, weights in enumerate(self._weights)]
        scored.sort(key=lambda pair: (-pair[0], pair[1]))
        return [(score, self._snippets[index]) for score, index in scored[:count]]

    def own(self, question: str, nearest: Snippet) -> set[str]:
        """Return what a question names as its own: numbers, texts, words that the nearest snippet does not hold."""
        pieces = tokens(question)
        told = {piece.word for piece in tokens(nearest.ask)} | EVERYDAY
        other = {piece.raw for piece in pieces if piece.kind == "word" and not {piece.word, piece.raw.lower()} & told}
        numbers = {piece.raw.strip("\"'") for piece in pieces if piece.kind in {"text", "date", "number"}}
        return self._unknown(pieces) | other | numbers

    def _unknown(self, pieces: list[Token]) -> set[str]:
        return {
            piece.raw
            for piece in pieces
            if piece.kind == "word" and ("_" in piece.raw or not ({piece.word, piece.raw.lower()} & self._known))
        }

    def _weigh(self, words: list[str]) -> dict[str, float]:
        # A word that no snippet knows counts like the rarest: it makes everything a little less similar.
        unknown = math.log(1 + len(self._snippets))
        counted = Counter(_features(words))
        weights = {feature: self._rarity.get(feature, unknown) * count for feature, count in counted.items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {feature: weight / length for feature, weight in weights.items()}


def _names(code: str) -> set[str]:
    """Return the names that code mentions: variables, keys, columns."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name) and not hasattr(builtins, node.id):
            found.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in _TERMS:
            found.add(node.value)
    return found


def _features(words: list[str]) -> list[str]:
    pairs = [f"{first} {second}" for first, second in pairwise(words)]
    # A lone name says nothing of what is asked; beside a word it does.
    return [word for word in words if word != NAME] + pairs


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    return sum(weight * other.get(feature, 0.0) for feature, weight in one.items())
