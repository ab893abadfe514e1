"""The last failures of this server by their kinds: no message, no text of anybody's."""

from __future__ import annotations

import logging
from collections import deque
from datetime import UTC, datetime

import msgspec

_KEPT = 50


class Failure(msgspec.Struct, frozen=True):
    """One failure: the error's class, the part of the server that met it, and when (ISO 8601 in UTC)."""

    kind: str
    part: str
    date: str


class Trouble(logging.Handler):
    """Listens to what the server's parts log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.failures: deque[Failure] = deque(maxlen=_KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the kind of a failure."""
        error = record.exc_info[0] if record.exc_info else None
        kind = error.__name__ if error is not None else str(getattr(record, "kind", record.levelname.capitalize()))
        date = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self.failures.append(Failure(kind, record.name, date))
        # Python prints what nobody listens to; as the only listener we would keep warnings out of the server's log.
        if logging.lastResort is not None and not logging.getLogger().handlers:
            logging.lastResort.handle(record)
