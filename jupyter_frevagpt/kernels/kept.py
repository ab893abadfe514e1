"""The runs that are over in a kernel, for those who ask later: the rest of their output, what they changed."""

from __future__ import annotations

from collections import OrderedDict

from ..domain.values import RestOfOutput, RunRef, ThreadRef
from .execution import Execution

MOST_RUNS = 50
_PAGE_CHARS = 300_000


class KeptRuns:
    """The newest runs; of what they printed beyond their output, the newest ``most_chars`` characters."""

    def __init__(self, most_chars: int) -> None:
        self._most_chars = most_chars
        self._runs: OrderedDict[RunRef, Execution] = OrderedDict()

    def __contains__(self, run_ref: RunRef) -> bool:
        return run_ref in self._runs

    def __getitem__(self, run_ref: RunRef) -> Execution:
        return self._runs[run_ref]

    def add(self, run_ref: RunRef, run: Execution) -> None:
        """Keep a run; the oldest go first."""
        self._runs[run_ref] = run
        while len(self._runs) > MOST_RUNS:
            self._runs.popitem(last=False)
        room = self._most_chars
        for kept in reversed(self._runs.values()):
            room -= kept.collector.rest_chars
            if room < 0:
                kept.collector.drop_rest()

    def rest(self, run_ref: RunRef, start: int) -> RestOfOutput:
        """Return a piece of what a run printed beyond its output."""
        text = self._runs[run_ref].collector.rest
        return RestOfOutput(text[start : start + _PAGE_CHARS], min(start + _PAGE_CHARS, len(text)), len(text))

    def take(self, ref: ThreadRef) -> list[str]:
        """Keep nothing more of a thread's runs; returns the ids of their snapshots in the kernel."""
        runs = [self._runs.pop(run_ref) for run_ref in list(self._runs) if run_ref.thread == ref]
        return [snapshot for run in runs if (snapshot := run.snapshot)]

    def snapshots(self, ref: ThreadRef | None = None) -> list[str]:
        """Return the ids of a thread's snapshots in the kernel, of all without a thread."""
        runs = [run for run_ref, run in self._runs.items() if ref is None or run_ref.thread == ref]
        return [snapshot for run in runs if (snapshot := run.snapshot)]

    def lose_snapshots(self) -> None:
        """Take note that the kernel has none any more."""
        for run in self._runs.values():
            run.undoable = False
