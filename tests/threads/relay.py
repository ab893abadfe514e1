"""A way to a server that is not the straight one: it takes connections and hands each on."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Relay:
    """Listens on a port of 127.0.0.1 of its own until it is closed; what becomes of a connection is its child's."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for end in [self._listening, *self._open]:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def greet(self, here: socket.socket) -> None:
        """Take a connection, in a thread of its own; what this opens goes into ``_open``."""
        raise NotImplementedError

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here = self._listening.accept()[0]
                threading.Thread(target=self._begin, args=(here,), daemon=True).start()

    def _begin(self, here: socket.socket) -> None:
        with suppress(OSError):
            self.greet(here)
