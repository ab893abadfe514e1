"""Events come out the same however the bytes are cut."""

from __future__ import annotations

import pytest

from jupyter_frevagpt.models.sse import MAX_EVENT, EventStream, EventTooLong

CASES = [
    (b"data: one\n\ndata: two\n\n", [b"one", b"two"]),
    (b"data: one\r\n\r\ndata: two\r\n\r\n", [b"one", b"two"]),
    (b"data: one\r\rdata: two\r\r", [b"one", b"two"]),
    (b"data:one\n\ndata:  two\n\n", [b"one", b" two"]),
    (b"data: {\ndata: }\n\n", [b"{\n}"]),
    (b": comment\n\n: ping\ndata: one\n\n", [b"one"]),
    (b"event: message\nid: 7\nretry: 3\ndata: one\n\n\n\n", [b"one"]),
    (b"\xef\xbb\xbfdata: one\n\n", [b"one"]),
    ("data: Grüße 🌍\n\n".encode(), ["Grüße 🌍".encode()]),
    (b"data: one\n\ndata: unfinished", [b"one", b"unfinished"]),
    (b"data: one\n\ndata: unfinished\n", [b"one", b"unfinished"]),
    (b"data:\n\ndata: one\r\n\r\n", [b"", b"one"]),
    (b"<html>\n<p>data: no</p>\n", []),
    (b"", []),
]


@pytest.mark.parametrize(("stream", "events"), CASES)
@pytest.mark.parametrize("step", [1, 2, 3, 4, 7, 1000])
def test_cut_anywhere(stream: bytes, events: list[bytes], step: int) -> None:
    reader = EventStream()
    got = [event for at in range(0, len(stream), step) for event in reader.feed(stream[at : at + step])]
    assert got + reader.end() == events


@pytest.mark.parametrize(("stream", "events"), CASES)
def test_cut_in_two_at_every_byte(stream: bytes, events: list[bytes]) -> None:
    for at in range(len(stream) + 1):
        reader = EventStream()
        assert reader.feed(stream[:at]) + reader.feed(stream[at:]) + reader.end() == events


def test_an_event_is_handed_on_as_soon_as_it_is_complete() -> None:
    reader = EventStream()
    assert reader.feed(b"data: one\r\n\r") == [b"one"]
    assert reader.feed(b"\ndata: two\r\n\r\n") == [b"two"]


def test_endless_line_is_given_up() -> None:
    reader = EventStream()
    piece = b"x" * (MAX_EVENT // 4)
    with pytest.raises(EventTooLong):  # noqa: PT012
        for _ in range(6):
            reader.feed(piece)
