"""A client that costs little: HTTP by hand, each line with the moment it came."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

_SECONDS = 60.0


class Answer:
    """A streamed answer as it came.

    ``lines`` are (moment, line), ``size`` the bytes behind the headers, the framing of HTTP included.
    """

    def __init__(self) -> None:
        self.sent = time.monotonic()
        self.lines: list[tuple[float, bytes]] = []
        self.size = 0
        self._raw = bytearray()
        self._rest = b""
        self._left = 0

    def feed(self, data: bytes, moment: float) -> bool:
        """Take bytes of a chunked body; true at its end."""
        self.size += len(data)
        self._raw += data
        while True:
            if self._left == 0:
                end = self._raw.find(b"\r\n")
                if end < 0:
                    return False
                self._left = int(self._raw[:end], 16) + 2
                del self._raw[: end + 2]
                if self._left == 2:
                    return True
            if len(self._raw) < self._left:
                return False
            *whole, self._rest = (self._rest + bytes(self._raw[: self._left - 2])).split(b"\n")
            del self._raw[: self._left]
            self._left = 0
            self.lines += [(moment, line) for line in whole]

    def of(self, variant: str) -> list[tuple[float, dict[str, Any]]]:
        """Return the lines of one variant."""
        mark = f'"variant":"{variant}"'.encode()
        return [(moment, json.loads(line)) for moment, line in self.lines if mark in line]

    def stamps(self) -> list[tuple[float, float, float]]:
        """Return of each piece of text: when the service was asked, when it wrote the piece, when the piece came."""
        found = []
        for moment, line in self.of("Assistant"):
            asked, _, written = line["content"].strip().partition(",")
            if written:
                found.append((float(asked), float(written), moment))
        return found

    @property
    def end(self) -> float:
        """When StreamEnd came."""
        return self.of("StreamEnd")[-1][0]


async def stream(
    port: int, path: str, content: dict[str, Any], *, token: str = "", on_line: Callable[[bytes], None] | None = None
) -> Answer:
    """POST JSON and read the streamed answer; ``on_line`` sees each line as it comes."""
    answer = Answer()
    seen = 0
    async with asyncio.timeout(_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(_request("POST", path, token, json.dumps(content).encode()))
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head.split(b"\r\n", 1)[0]:
                raise RuntimeError(f"{path}: {head.decode()}{(await reader.read(2000)).decode()}")
            while data := await reader.read(65536):
                over = answer.feed(data, time.monotonic())
                if on_line:
                    for _, line in answer.lines[seen:]:
                        on_line(line)
                    seen = len(answer.lines)
                if over:
                    break
        finally:
            writer.close()
    return answer


async def fetch(port: int, path: str, content: dict[str, Any] | None = None, *, token: str = "") -> Any:
    """GET, or POST JSON where there is any; return the JSON that comes back."""
    body = b"" if content is None else json.dumps(content).encode()
    async with asyncio.timeout(_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(_request("GET" if content is None else "POST", path, token, body))
            head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            writer.close()
    if head.split(b" ", 2)[1:2] not in ([b"200"], [b"201"], [b"204"]):
        raise RuntimeError(f"{path}: {head.decode(errors='replace')}")
    return json.loads(answer) if answer else None


def _request(method: str, path: str, token: str, body: bytes) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Connection: close",
        *([f"Authorization: token {token}"] if token else []),
        *(["Content-Type: application/json", f"Content-Length: {len(body)}"] if body else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
