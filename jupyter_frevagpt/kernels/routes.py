"""The way of a kernel's messages to the runs that they belong to."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from ..domain.redaction import Redactor
from .changes import changes_of
from .execution import Execution
from .injection import read_report
from .kept import MOST_RUNS
from .link import Message

_LATE_CHARS = 10_000


class RunRoutes:
    """Knows the newest runs by the ids of their requests, those that are over too.

    Threads of a run may print, and its displays be updated, after its end: what is printed then is told with the next
    run that ends.
    """

    def __init__(self, redactor: Redactor, root: str) -> None:
        """``root`` is the folder from which the server's files are named."""
        self._redactor = redactor
        self._root = root
        self._runs: OrderedDict[str, Execution] = OrderedDict()
        self._late = ""

    @property
    def any_running(self) -> bool:
        """Whether the kernel runs code of ours."""
        return any(run.state == "running" for run in self._runs.values())

    def add(self, run: Execution) -> None:
        """Begin to bring a run what comes for it; it has its message's id."""
        self._runs[run.message_id] = run
        while len(self._runs) > MOST_RUNS:
            self._runs.popitem(last=False)

    def drop(self, run: Execution) -> None:
        """Bring it nothing more that is for its present id."""
        self._runs.pop(run.message_id, None)

    def on_reply(self, message: Message) -> None:
        """Take a reply on the shell channel."""
        run = self._runs.get(message["parent_header"].get("msg_id", ""))
        if run is None or message["header"]["msg_type"] != "execute_reply" or run.ended.is_set():
            return
        report = read_report(message["metadata"])
        run.changes = changes_of(report, self._root)
        run.undoable = run.changes is not None and run.changes.undo
        run.late, self._late = self._redactor.text(self._late), ""
        run.take_reply(message["content"], report)

    def on_iopub(self, message: Message, on_status: Callable[[Message, str], None]) -> None:
        """Take a message that the kernel published; ``on_status`` is told of each state, before the run is."""
        parent, content = message["parent_header"], message["content"]
        message_id, message_type = parent.get("msg_id", ""), message["header"]["msg_type"]
        if message_type == "status":
            on_status(parent, content["execution_state"])
        if message_type == "update_display_data":
            for run in self._runs.values():
                run.take(message_type, content)
        elif message_id in self._runs:
            run = self._runs[message_id]
            if run.ended.is_set() and message_type == "stream":
                self._late = (self._late + str(content.get("text") or ""))[-_LATE_CHARS:]
            else:
                run.take(message_type, content)
