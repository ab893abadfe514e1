"""Server-sent events: bytes in, the data of each event out."""

from __future__ import annotations

MAX_EVENT = 32 * 1024 * 1024
"""Bytes; no sensible event is longer."""


class EventTooLong(ValueError):
    """The stream does not come to the end of a line."""


class EventStream:
    """Cuts a stream of bytes, split anywhere, into events.

    Lines end in LF, CRLF or CR; ``data:`` lines of one event are joined by LF; comments and other fields are skipped.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._held = 0
        self._data: list[bytes] = []
        self._after_return = False
        self._begun = False

    def feed(self, received: bytes) -> list[bytes]:
        """Take what was read and return the data of the events that are complete; raises EventTooLong."""
        if self._after_return or b"\r" in received:
            received = self._with_plain_ends(received)
        if b"\n" not in received:
            # Joined only at the end of a line: a long event in many small pieces would be copied each time.
            self._pieces.append(received)
            self._held += len(received)
            if self._held > MAX_EVENT:
                raise EventTooLong
            return []
        if self._held:
            received = b"".join((*self._pieces, received))
        *lines, rest = received.split(b"\n")
        self._pieces = [rest]
        self._held = len(rest)
        return self._events(lines)

    def end(self) -> list[bytes]:
        """Return the data of an event that the stream broke off behind, if there is one."""
        lines = [b"".join(self._pieces), b""]
        self._pieces = []
        self._held = 0
        return self._events(lines)

    def _with_plain_ends(self, received: bytes) -> bytes:
        if self._after_return and received[:1] == b"\n":
            received = received[1:]
        self._after_return = received.endswith(b"\r") or (self._after_return and not received)
        return received.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _events(self, lines: list[bytes]) -> list[bytes]:
        events: list[bytes] = []
        data = self._data
        if not self._begun:
            self._begun = True
            lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
        for line in lines:
            if not line:
                if data:
                    events.append(data[0] if len(data) == 1 else b"\n".join(data))
                    data.clear()
            elif line.startswith(b"data:"):
                data.append(line[6:] if line[5:6] == b" " else line[5:])
        return events
