"""What passes between the server and a helper process: msgpack frames, each behind its length."""

from __future__ import annotations

import struct
from typing import Any

import msgspec

from ..domain.errors import WorkerFailed

MAX_FRAME = 256 * 1024 * 1024
"""Bytes; a longer length can only be garbage on the pipe."""

_length = struct.Struct(">I")


class Ask(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Server to helper: begin a request."""

    id: int
    body: Any


class Cancel(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Server to helper: nobody waits for that request any more."""

    id: int


class Item(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Helper to server: one piece of an answer."""

    id: int
    body: Any


class Done(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Helper to server: the answer is complete."""

    id: int


class Failed(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Helper to server: the request failed; ``kind`` is the name of an error class of the domain, or empty."""

    id: int
    kind: str
    text: str


ToHelper = Ask | Cancel
ToServer = Item | Done | Failed

_encoder = msgspec.msgpack.Encoder()


def encode(frame: ToHelper | ToServer) -> bytes:
    """Return a frame with its length in front; raises ``TypeError`` for a body that is not plain data."""
    payload = _encoder.encode(frame)
    return _length.pack(len(payload)) + payload


class Splitter:
    """Cuts a stream of bytes into the payloads of frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take what was read and return the payloads that are complete; raises WorkerFailed for garbage."""
        buffer = self._buffer
        buffer += data
        payloads: list[bytes] = []
        start = 0
        while len(buffer) - start >= _length.size:
            (length,) = _length.unpack_from(buffer, start)
            if length > MAX_FRAME:
                raise WorkerFailed("A helper process talks nonsense. Try again; if it stays so, restart the server.")
            end = start + _length.size + length
            if len(buffer) < end:
                break
            payloads.append(bytes(buffer[start + _length.size : end]))
            start = end
        if start:
            del buffer[:start]
        return payloads
