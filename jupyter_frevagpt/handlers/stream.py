"""A turn's log as an NDJSON response: the opening hint, lines as they come, heartbeats, StreamEnd."""

from __future__ import annotations

import asyncio
from typing import Any

from tornado import web
from tornado.iostream import StreamClosedError

from ..conversation.turn import Turn
from ..domain.values import ThreadRef
from ..domain.variants import Assistant, Code, ServerHint, StreamEnd, StreamVariant, encode
from .wire import Reader

HEARTBEAT_SECONDS = 10.0

# So many bytes are made into lines at once: a reader that does not read holds no more, and others get their turn.
_LONGEST_BATCH = 65_536


async def write_stream(
    handler: web.RequestHandler,
    ref: ThreadRef,
    turn: Turn | None,
    reader: Reader,
    *,
    start: int = 0,
    hint: dict[str, Any] | None = None,
) -> None:
    """Write a turn to a client from its line ``start`` on; without a turn the opening hint and StreamEnd.

    Returns when StreamEnd is written or the client has gone, which changes nothing for the turn.
    """
    handler.set_header("Content-Type", "application/x-ndjson")
    handler.set_header("X-Accel-Buffering", "no")
    handler.set_header("Cache-Control", "no-cache, no-transform")
    running = turn is not None and turn.running
    opening = {"thread_id": ref.thread_id, "running": running, **(hint or {})}
    handler.write(b"".join(reader.lines(ServerHint(opening))))
    try:
        await handler.flush()
        if turn is None:
            handler.write(encode(StreamEnd("Nothing is running.")) + b"\n")
            await handler.flush()
            return
        turn.readers += 1
        try:
            await _follow(handler, turn, reader, start)
        finally:
            turn.readers -= 1
    except StreamClosedError:
        return


async def _follow(handler: web.RequestHandler, turn: Turn, reader: Reader, start: int) -> None:
    read = 0
    skip = start
    last: StreamVariant | None = None
    loop = asyncio.get_running_loop()
    written = loop.time()
    while True:
        lines: list[bytes] = []
        size = 0
        while read < len(turn.log) and size < _LONGEST_BATCH:
            variant = turn.log[read]
            read += 1
            fresh = list(reader.lines(variant))
            size += sum(map(len, fresh))
            if fresh:
                last = variant
            # The end is written even to who asks from beyond it: it tells that no more comes.
            skipped = 0 if isinstance(variant, StreamEnd) else min(skip, len(fresh))
            skip -= skipped
            lines += fresh[skipped:]
        if lines:
            handler.write(b"".join(lines))
            await handler.flush()
            written = loop.time()
        if read < len(turn.log):
            await asyncio.sleep(0)
            continue
        if not turn.running:
            return
        quiet = HEARTBEAT_SECONDS - (loop.time() - written)
        if quiet <= 0 or not await turn.wait_beyond(read, quiet):
            handler.write(_heartbeat(last, reader))
            await handler.flush()
            written = loop.time()


def _heartbeat(last: StreamVariant | None, reader: Reader) -> bytes:
    """Return a sign of life that splits no run of lines: inside one an empty piece of the same, else a hint.

    Strict readers get a bare line feed inside Code: climateclaw-client fails on a piece without content there.
    """
    if isinstance(last, Assistant):
        return encode(Assistant("")) + b"\n"
    if isinstance(last, Code) and not last.content.endswith('"}'):
        return b"\n" if reader.strict else encode(Code("", last.id)) + b"\n"
    import psutil  # on demand: a tenth of what this package adds to the start of a server

    memory, process = psutil.virtual_memory(), psutil.Process()
    facts = {
        "memory": memory.total - memory.available,
        "total_memory": memory.total,
        "cpu_usage": psutil.cpu_percent(),
        "cpu_last_minute": psutil.getloadavg()[0] / (psutil.cpu_count() or 1) * 100,
        "process_cpu": process.cpu_percent(),
        "process_memory": process.memory_info().rss,
    }
    return encode(ServerHint(facts)) + b"\n"
