"""What a reading has found so far: reasons, each once, with the words of the code."""

from __future__ import annotations

import ast

from .paths import LOOPBACK
from .report import NEVER_STANDING, Kind, Reason

_MOST = 20
_LONGEST = 70


class Findings:
    """Collects reasons in the order in which they are found."""

    def __init__(self, code: str) -> None:
        self._lines = code.splitlines()
        self._seen: dict[tuple[Kind, str], Reason] = {}
        self._imports: dict[tuple[Kind, str], Reason] = {}
        self.asks = False
        self.never_standing = False

    def add(self, kind: Kind, words: str, node: ast.AST | None, *, asks: bool = True) -> None:
        """Note that the code at ``node`` does what ``words`` say; the words of the code are put behind them."""
        shown = self._shown(node)
        self.say(kind, f"{words}: {shown}." if shown else f"{words}.", getattr(node, "lineno", 1), asks=asks)
        if kind in ("network", "processes") and LOOPBACK.search(shown):
            self.never_standing = True

    def add_import(self, kind: Kind, words: str, node: ast.AST) -> None:
        """Note an import that asks; it is told only when nothing else of its kind is."""
        self.asks = True
        self.never_standing = self.never_standing or kind in NEVER_STANDING
        sentence = f"{words}: {self._shown(node)}."
        self._imports.setdefault((kind, sentence), Reason(kind, sentence, getattr(node, "lineno", 1)))

    def say(self, kind: Kind, sentence: str, line: int, *, asks: bool = True) -> None:
        """Note a whole sentence."""
        self.asks = self.asks or asks
        self.never_standing = self.never_standing or (asks and kind in NEVER_STANDING)
        if len(self._seen) < _MOST or (asks and all(reason.kind != kind for reason in self._seen.values())):
            self._seen.setdefault((kind, sentence), Reason(kind, sentence, line, asks))

    def reasons(self) -> tuple[Reason, ...]:
        """All reasons, first those that ask."""
        kinds = {reason.kind for reason in self._seen.values() if reason.asks}
        imports = [reason for reason in self._imports.values() if reason.kind not in kinds]
        return tuple(
            sorted([*self._seen.values(), *imports[:_MOST]], key=lambda reason: (not reason.asks, reason.line))
        )

    def _shown(self, node: ast.AST | None) -> str:
        number: int = getattr(node, "lineno", 0)
        if not 0 < number <= len(self._lines):
            return ""
        line = self._lines[number - 1].encode()
        end: int | None = getattr(node, "end_col_offset", None) if getattr(node, "end_lineno", 0) == number else None
        found = line[getattr(node, "col_offset", 0) : end].decode(errors="replace").strip()
        return found if len(found) <= _LONGEST else found[: _LONGEST - 1] + "…"
