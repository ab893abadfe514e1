"""One answer in the terminal: shown as it comes, stopped, asked about, and picked up when the connection was lost."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any

from ...domain.errors import FrevaGPTError
from .connection import Connection, Lost, NotReached, Refused
from .screen import Screen

Decide = Callable[[dict[str, Any]], tuple[str, str]]
"""Asks the user about code that waits; returns the decision and a reason."""

_NOTHING = "Nothing is running."
_PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0)
_STOP_TRIES = 10


class Turn:
    """One turn of a thread; ``decide`` is None where nobody can be asked."""

    def __init__(self, connection: Connection, screen: Screen, thread_id: str, decide: Decide | None) -> None:
        self._connection = connection
        self._screen = screen
        self._thread_id = thread_id
        self._decide = decide
        self._lines = 0
        self._over = False
        self._interrupts = _Interrupts(self._stop)

    def ask(self, question: str, **given: Any) -> str:
        """Show the answer to a question and return why it ended; raises FrevaGPTError, and KeyboardInterrupt.

        The first Ctrl-C stops the answer, a second one leaves.
        """
        with self._interrupts:
            asked = {"input": question, "thread_id": self._thread_id, "approval": self._decide is not None, **given}
            return self._to_the_end("streamresponse", asked)

    def follow(self) -> str:
        """Show the turn that is running, if there is one."""
        with self._interrupts:
            return self._to_the_end("follow", {"thread_id": self._thread_id})

    def _to_the_end(self, route: str, given: dict[str, Any]) -> str:
        try:
            reason = self._read(route, given)
            pauses = iter(_PAUSES)
            while reason is None:
                if (pause := next(pauses, None)) is None:
                    raise FrevaGPTError(
                        "The connection is lost. The answer goes on in the server: when it is back, `jupyter frevagpt "
                        f"chat --thread {self._thread_id}` picks it up."
                    )
                if pause == _PAUSES[1]:
                    self._screen.note("The connection is lost. Trying to pick the answer up.")
                time.sleep(pause)
                before = self._lines
                reason = self._picked_up()
                if self._lines > before:
                    pauses = iter(_PAUSES)
            return reason
        finally:
            self._over = True
            self._screen.end()

    def _picked_up(self) -> str | None:
        try:
            return self._read("follow", {"thread_id": self._thread_id, "from": self._lines})
        except NotReached:
            return None
        except Refused as error:
            if error.status in (404, 422) and self._lines == 0:
                raise FrevaGPTError("The connection was lost before the question arrived. Ask it again.") from error
            if error.status >= 500:
                return None
            raise

    def _read(self, route: str, given: dict[str, Any]) -> str | None:
        """Show a stream; returns the reason of its end, None where the connection was lost before."""
        running: bool | None = None
        try:
            with self._connection.stream(route, rich=True, **given) as items:
                for item in items:
                    if running is None:
                        running = bool(item.get("content", {}).get("running"))
                        if route == "follow" and "from" not in given and not running:
                            return _NOTHING  # the server remembers the last turn for a while, which was seen already
                    elif not _is_heartbeat(item):
                        if route == "follow" and not running and item.get("content") == _NOTHING:
                            return self._read_stored()
                        self._lines += 1
                        self._take(item)
                        if item.get("variant") == "StreamEnd":
                            return str(item.get("content"))
        except Lost:
            pass
        return None

    def _read_stored(self) -> str:
        """Show an answer that ended meanwhile and is no longer in the server's memory, whole."""
        items = self._connection.ask("getthread", thread_id=self._thread_id, rich=True)
        last = max((at for at, item in enumerate(items) if item.get("variant") == "User"), default=-1)
        self._screen.note("It ended while the connection was lost. The whole answer:")
        reason = _NOTHING
        for item in items[last + 1 :]:
            self._screen.show(item)
            if item.get("variant") == "StreamEnd":
                reason = str(item.get("content"))
        return reason

    def _take(self, item: dict[str, Any]) -> None:
        self._screen.show(item)
        content = item.get("content")
        if item.get("variant") != "ServerHint" or not isinstance(content, dict):
            return
        approval = content.get("approval")
        if isinstance(approval, dict) and approval.get("id") and self._decide is not None:
            self._answer(approval)

    def _answer(self, approval: dict[str, Any]) -> None:
        assert self._decide is not None  # noqa: S101 - looked at by the caller
        self._screen.code(str(approval.get("call")), str(approval.get("code")))
        try:
            with self._interrupts.breaking():
                decision, reason = self._decide(approval)
        except _StopAsked:
            self._screen.end()
            return
        given = {"thread_id": self._thread_id, "id": approval["id"], "decision": decision, "reason": reason}
        try:
            self._connection.ask("approve", **given)
        except (Refused, Lost) as error:
            self._screen.note(str(error) or "The decision may not have arrived.")

    def _stop(self) -> None:
        """Ask the server to stop; again while it does not know the turn yet."""
        for _ in range(_STOP_TRIES):
            if self._over:  # what runs in this chat by now may be another answer
                return
            with suppress(FrevaGPTError, Lost):
                self._connection.ask("stop", thread_id=self._thread_id)
                return
            time.sleep(0.3)


class _StopAsked(Exception):
    """Ctrl-C, while the user was asked something."""


class _Interrupts:
    """Ctrl-C while an answer comes: the first one calls ``stop`` beside it, a second one raises KeyboardInterrupt."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._count = 0
        self._asking = False

    def __enter__(self) -> None:
        self._count = 0
        self._before = signal.signal(signal.SIGINT, self._take)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        signal.signal(signal.SIGINT, self._before)

    def breaking(self) -> _Breaking:
        """Within this, the first Ctrl-C also raises."""
        return _Breaking(self)

    def _take(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        if self._count > 1:
            raise KeyboardInterrupt
        # Beside the reading, whose connection goes on: it brings what there is, and the end.
        threading.Thread(target=self._stop, daemon=True).start()
        if self._asking:
            raise _StopAsked


class _Breaking:
    def __init__(self, interrupts: _Interrupts) -> None:
        self._interrupts = interrupts

    def __enter__(self) -> None:
        self._interrupts._asking = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._interrupts._asking = False


def _is_heartbeat(item: dict[str, Any]) -> bool:
    content = item.get("content")
    if item.get("variant") in ("Assistant", "Code"):
        return content == ""
    return item.get("variant") == "ServerHint" and isinstance(content, dict) and "memory" in content
