"""A way to a database on which answers get lost: the request is carried out, then the connection breaks.

Or the answer is another one: that the primary, which carried it out, has stepped down meanwhile.
"""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from urllib.parse import urlsplit

import bson

from .relay import Relay

_HEADER = struct.Struct("<iii")
_OP_MSG = 2013
_STEPPED_DOWN = {
    "ok": 0.0,
    "code": 11602,
    "codeName": "InterruptedDueToReplStateChange",
    "errmsg": "operation was interrupted at db1.example.org",
}


class LossyWay(Relay):
    """A proxy with threads and a port of its own; no answer to a command in ``losing`` comes back,
    but to the ``spared`` first ones.

    With ``stepping_down`` it is told that the primary did so.
    """

    def __init__(self, uri: str) -> None:
        parts = urlsplit(uri)
        self._there = (parts.hostname or "127.0.0.1", parts.port or 27017)
        self.losing: tuple[str, ...] = ()
        self.spared = 0
        self.stepping_down = False
        self.lost = 0
        super().__init__()
        self.uri = f"mongodb://127.0.0.1:{self.port}/?{parts.query}"

    def greet(self, here: socket.socket) -> None:
        there = socket.create_connection(self._there)
        self._open += [here, there]
        to_be_lost: set[int] = set()
        for way in (self._requests, self._answers):
            threading.Thread(target=self._pump, args=(way, here, there, to_be_lost), daemon=True).start()

    def _pump(self, way: object, here: socket.socket, there: socket.socket, to_be_lost: set[int]) -> None:
        with suppress(OSError, EOFError):
            way(here, there, to_be_lost)  # type: ignore[operator]
        for end in (here, there):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _requests(self, here: socket.socket, there: socket.socket, to_be_lost: set[int]) -> None:
        while True:
            message = _message(here)
            if any(f"\x02{command}\x00".encode() in message[:60] for command in self.losing):
                if self.spared:
                    self.spared -= 1
                else:
                    to_be_lost.add(_HEADER.unpack_from(message)[1])
            there.sendall(message)

    def _answers(self, here: socket.socket, there: socket.socket, to_be_lost: set[int]) -> None:
        while True:
            message = _message(there)
            if _HEADER.unpack_from(message)[2] in to_be_lost:
                self.lost += 1
                if not self.stepping_down:
                    return
                body = struct.pack("<iB", 0, 0) + bson.encode(_STEPPED_DOWN)
                message = struct.pack("<iiii", 16 + len(body), 0, _HEADER.unpack_from(message)[2], _OP_MSG) + body
            here.sendall(message)


def _message(end: socket.socket) -> bytes:
    head = _exactly(end, 4)
    return head + _exactly(end, struct.unpack("<i", head)[0] - 4)


def _exactly(end: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        if not (piece := end.recv(size - len(data))):
            raise EOFError
        data += piece
    return bytes(data)
