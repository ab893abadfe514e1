"""A model service that keeps a pace: ``python -m benchmarks.upstream PORT``, the OpenAI protocol on loopback.

The user's last question says in JSON what to answer:

- ``{"chunks": 100, "gap": 0.02}``: pieces of text, each with two moments: when the request came, when it is written
- ``{"words": 100}``: pieces of ordinary text at once
- ``{"call": "1+1", "tag": "x"}``: a call of ``code_interpreter``; the text behind its output holds the moment in which
  the call was complete
- ``{"silent": true}``: no answer at all; ``{"chunks": 1, "silent": true}``: silence behind the first piece
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import Any

_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n"
    b"Cache-Control: no-cache\r\n\r\n"
)
_MODELS = b'{"object":"list","data":[{"id":"paced"}]}'
_LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
_FORGOTTEN = 3600.0


class Service:
    """The answers; ``complete`` are the moments in which calls were complete, by tag."""

    def __init__(self) -> None:
        self.complete: dict[str, float] = {}

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while await self._request(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        asked = time.monotonic()
        length = _LENGTH.search(head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        if head.startswith(b"GET"):
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(_MODELS) + _MODELS)
            return False
        messages = json.loads(body)["messages"]
        last = max(at for at, message in enumerate(messages) if message["role"] == "user")
        wanted = json.loads(messages[last]["content"])
        if wanted.get("silent") and "chunks" not in wanted:
            await asyncio.sleep(_FORGOTTEN)
        writer.write(_HEAD)
        if "call" in wanted and not any(message["role"] == "tool" for message in messages[last:]):
            await self._call(writer, wanted)
        else:
            await self._text(writer, wanted, asked)
        _frame(writer, b"data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def _text(self, writer: asyncio.StreamWriter, wanted: dict[str, Any], asked: float) -> None:
        if "call" in wanted:
            _event(writer, {"content": f"{asked:.6f},{self.complete.pop(wanted['tag']):.6f} "})
        start, gap = time.monotonic(), wanted.get("gap", 0)
        for at in range(wanted.get("chunks", 0)):
            await asyncio.sleep(max(0.0, start + at * gap - time.monotonic()))
            # By hand: at a full pace an encoder would be a quarter of what this process does.
            _event(writer, f'{{"content":"{asked:.6f},{time.monotonic():.6f} "}}')
            await writer.drain()
        if wanted.get("silent"):
            await asyncio.sleep(_FORGOTTEN)
        for at in range(wanted.get("words", 0)):
            _event(writer, {"content": (" mean", " of", " the", " temperature")[at % 4]})
        _event(writer, {}, "stop")

    async def _call(self, writer: asyncio.StreamWriter, wanted: dict[str, Any]) -> None:
        function = {"name": "code_interpreter", "arguments": ""}
        _event(writer, {"tool_calls": [{"index": 0, "id": wanted["tag"], "type": "function", "function": function}]})
        arguments = json.dumps({"code": wanted["call"]})
        for piece in (arguments[:6], arguments[6:]):
            await asyncio.sleep(0.002)
            self.complete[wanted["tag"]] = time.monotonic()
            _event(writer, {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        _event(writer, {}, "tool_calls")


def _event(writer: asyncio.StreamWriter, delta: dict[str, Any] | str, finish: str = "") -> None:
    """Write an event in one packet of its own."""
    shown = delta if isinstance(delta, str) else json.dumps(delta)
    end = f'"{finish}"' if finish else "null"
    choice = f'{{"index":0,"delta":{shown},"finish_reason":{end}}}'
    data = f'data: {{"id":"x","object":"chat.completion.chunk","created":0,"model":"paced","choices":[{choice}]}}\n\n'
    _frame(writer, data.encode())


def _frame(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(b"%x\r\n%s\r\n" % (len(data), data))


async def main() -> None:
    """Serve until ended."""
    server = await asyncio.start_server(Service().connected, "127.0.0.1", int(sys.argv[1]), backlog=256)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
