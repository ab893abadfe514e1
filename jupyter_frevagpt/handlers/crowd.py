"""How much each owner has going on at once: turns that run and streams that are read, with a bound for both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from weakref import WeakSet

from tornado import web

from ..conversation.turn import Turn

_TURNS = "So many of your chats are answering already that no more can begin. Wait for one, or stop one."
_STREAMS = "So many connections of yours follow answers already that no more can. Close pages that you do not need."


class Crowd:
    """Refuses what is too much with 429; a program that went wild in a loop costs no more than this."""

    def __init__(self, most_turns: int, most_streams: int) -> None:
        self._most_turns = most_turns
        self._most_streams = most_streams
        self._turns: dict[str, WeakSet[Turn]] = {}
        self._beginning: Counter[str] = Counter()
        self._streams: Counter[str] = Counter()

    @contextmanager
    def beginning(self, owner: str) -> Iterator[Callable[[Turn], None]]:
        """Count a turn while it is prepared; what is yielded takes it, and counts it as long as it runs.

        Raises HTTPError where no turn of the owner's may begin.
        """
        turns = self._turns.setdefault(owner, WeakSet())
        if self._beginning[owner] + sum(turn.running for turn in turns) >= self._most_turns:
            raise web.HTTPError(429, _TURNS)
        with _counted(self._beginning, owner):
            yield turns.add

    @contextmanager
    def stream(self, owner: str) -> Iterator[None]:
        """Count a stream while it is written; raises HTTPError where the owner has too many."""
        if self._streams[owner] >= self._most_streams:
            raise web.HTTPError(429, _STREAMS)
        with _counted(self._streams, owner):
            yield


@contextmanager
def _counted(counts: Counter[str], owner: str) -> Iterator[None]:
    counts[owner] += 1
    try:
        yield
    finally:
        counts[owner] -= 1
        if not counts[owner]:
            del counts[owner]
