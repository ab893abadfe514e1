"""Writes whose answer was lost: told again they must not happen twice."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Sequence
from operator import is_

import msgspec

from ..domain.values import ThreadRef
from ..domain.variants import StreamVariant
from .documents import Document
from .large import WIDE, Room, Whole, fitted

_MOST_THREADS = 256
_QUESTION_SECONDS = 300.0


class Batch(msgspec.Struct):
    """Items on their way into a thread; the database remembers the ids of those that arrived."""

    items: list[StreamVariant]
    id: str = msgspec.field(default_factory=lambda: secrets.token_hex(8))
    documents: list[Document] = []
    files: list[Whole] = []
    uploaded: set[object] = msgspec.field(default_factory=set)
    room: Room = WIDE
    asked: bool = False
    began: float = msgspec.field(default_factory=time.monotonic)

    def begins(self, items: Sequence[StreamVariant]) -> bool:
        """Whether these begin with the very items of this batch."""
        return len(self.items) <= len(items) and all(map(is_, self.items, items))

    def fit(self) -> None:
        """Make the documents, none larger than there is room for."""
        made = [fitted(item, self.room) for item in self.items]
        self.documents = [document for document, _ in made]
        self.files = [whole for _, whole in made if whole is not None]


class Doubts:
    """The batches of which nobody knows whether they arrived, by thread."""

    def __init__(self) -> None:
        self._open: OrderedDict[ThreadRef, list[Batch]] = OrderedDict()

    def batches(self, ref: ThreadRef, items: Sequence[StreamVariant]) -> list[Batch]:
        """Return what is to be written for these items: the batches in doubt that they begin with, and the rest.

        Whoever tries again gives the very same objects, perhaps with more behind them.
        """
        found: list[Batch] = []
        rest = list(items)
        left = list(self._open.get(ref, []))
        while batch := next((one for one in left if one.begins(rest)), None):
            left.remove(batch)
            found.append(batch)
            rest = rest[len(batch.items) :]
        return [*found, Batch(rest)] if rest or not found else found

    def question(self, ref: ThreadRef, question: StreamVariant) -> Batch:
        """Return the batch of a question: the one in doubt if a person asks the same again within some minutes."""
        for batch in self._open.get(ref, []):
            recent = time.monotonic() - batch.began < _QUESTION_SECONDS
            if batch.asked and recent and batch.items == [question]:
                return batch
        return Batch([question], asked=True)

    def keep(self, ref: ThreadRef, batch: Batch) -> None:
        """Remember a batch whose answer was lost."""
        batches = self._open.setdefault(ref, [])
        if not any(known is batch for known in batches):
            batches.append(batch)
        self._open.move_to_end(ref)
        while len(self._open) > _MOST_THREADS:
            self._open.popitem(last=False)

    def settle(self, ref: ThreadRef, batch: Batch) -> None:
        """Forget a batch that arrived, or never will; with a question all those that were asked before it."""
        known = [other for other in self._open.get(ref, []) if other is not batch]
        if left := [other for other in known if not (other.asked and batch.asked)]:
            self._open[ref] = left
        else:
            self._open.pop(ref, None)
