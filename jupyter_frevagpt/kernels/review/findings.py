"""What a reading has found so far: reasons, each once, with the words of the code."""

from __future__ import annotations

import ast
import re

from .paths import LOOPBACK
from .report import NEVER_STANDING, Kind, Reason

_MOST = 20
_LONGEST = 70
_MOST_SOURCES = 20

UNTOLD = "code whose reading cannot be told"
PRINTED = "what a process printed"
SOME_ADDRESS = "an address on the network"
_THE_ADDRESS = "the address "
ADDRESSES = (_THE_ADDRESS, SOME_ADDRESS)
"""How the names of text begin that comes over the network."""
_BRINGS: dict[Kind, str] = {
    **dict.fromkeys(("unknown", "dynamic", "persistence"), UNTOLD),
    **dict.fromkeys(("processes", "installs"), PRINTED),
    **dict.fromkeys(("network", "loopback"), SOME_ADDRESS),
}
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"]+")


class Findings:
    """Collects reasons in the order in which they are found."""

    def __init__(self, code: str) -> None:
        self._lines = code.splitlines()
        self._seen: dict[tuple[Kind, str], Reason] = {}
        self._imports: dict[tuple[Kind, str], Reason] = {}
        self._sources: dict[str, None] = {}
        self.asks = False
        self.never_standing = False

    def add(self, kind: Kind, words: str, node: ast.AST | None, *, asks: bool = True) -> None:
        """Note that the code at ``node`` does what ``words`` say; the words of the code are put behind them."""
        shown = self._shown(node)
        addresses = _addresses(node) if kind in ("network", "loopback") else []
        for address in addresses:
            self.bring(address)
        self.say(
            kind,
            f"{words}: {shown}." if shown else f"{words}.",
            getattr(node, "lineno", 1),
            asks=asks,
            brings=not addresses,
        )
        if kind in ("network", "processes") and LOOPBACK.search(shown):
            self.never_standing = True

    def add_import(self, kind: Kind, words: str, node: ast.AST) -> None:
        """Note an import that asks; it is told only when nothing else of its kind is."""
        self.asks = True
        self.never_standing = self.never_standing or kind in NEVER_STANDING
        sentence = f"{words}: {self._shown(node)}."
        if _BRINGS.get(kind) == UNTOLD:
            self.bring(UNTOLD)
        self._imports.setdefault((kind, sentence), Reason(kind, sentence, getattr(node, "lineno", 1)))

    def say(self, kind: Kind, sentence: str, line: int, *, asks: bool = True, brings: bool = True) -> None:
        """Note a whole sentence; ``brings`` is false where what it reads was noted."""
        if brings and kind in _BRINGS:
            self.bring(_BRINGS[kind])
        self.asks = self.asks or asks
        self.never_standing = self.never_standing or (asks and kind in NEVER_STANDING)
        if len(self._seen) < _MOST or (asks and all(reason.kind != kind for reason in self._seen.values())):
            self._seen.setdefault((kind, sentence), Reason(kind, sentence, line, asks))

    def bring(self, source: str) -> None:
        """Note text from outside that the code may bring in: a file's, an address's."""
        if len(self._sources) < _MOST_SOURCES or source == UNTOLD:
            named = _ADDRESS.fullmatch(source)
            shown = _THE_ADDRESS + source if named else source
            self._sources.setdefault(shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…")

    def reads(self) -> tuple[str, ...]:
        """All text from outside that the code may bring in."""
        return tuple(self._sources)

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


def _addresses(node: ast.AST | None) -> list[str]:
    """The addresses that stand in the code at ``node``."""
    parts = ast.walk(node) if node is not None else ()
    texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return [text for text in texts if _ADDRESS.fullmatch(text)]
