"""Frames survive any cut of the bytes; garbage is refused."""

from __future__ import annotations

import msgspec
import pytest

from jupyter_frevagpt.domain.errors import WorkerFailed
from jupyter_frevagpt.workers.frames import Ask, Cancel, Done, Failed, Item, Splitter, ToServer, encode


@pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 1000])
def test_splits_at_any_byte(step: int) -> None:
    frames: list[ToServer] = [Item(1, {"text": "Grüße"}), Item(2, b"\x00" * 300), Done(1), Failed(2, "", "ValueError")]
    data = b"".join(encode(frame) for frame in frames)
    splitter = Splitter()
    payloads = [p for at in range(0, len(data), step) for p in splitter.feed(data[at : at + step])]
    decoder: msgspec.msgpack.Decoder[ToServer] = msgspec.msgpack.Decoder(ToServer)
    assert [decoder.decode(p) for p in payloads] == frames


def test_requests_and_replies_are_told_apart() -> None:
    decoder: msgspec.msgpack.Decoder[Ask | Cancel] = msgspec.msgpack.Decoder(Ask | Cancel)
    assert decoder.decode(encode(Cancel(7))[4:]) == Cancel(7)
    with pytest.raises(msgspec.DecodeError):
        decoder.decode(encode(Done(7))[4:])


def test_garbage_is_refused() -> None:
    with pytest.raises(WorkerFailed):
        Splitter().feed(b"Traceback (most recent call last)")
