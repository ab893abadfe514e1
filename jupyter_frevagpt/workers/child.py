"""The helper's side: answer the server's requests until the server closes the pipe or dies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import AsyncGenerator, Callable
from typing import Any, NoReturn

import msgspec

from ..domain.errors import FrevaGPTError
from .frames import Ask, Done, Failed, Item, Splitter, ToHelper, ToServer, encode

Handler = Callable[[Any], AsyncGenerator[Any, None]]
"""Takes a request (plain data) and yields the pieces of its answer (plain data)."""

GRACE = 1.0
"""Seconds that requests have to end after the server closed the pipe."""


def serve(handler: Handler) -> NoReturn:
    """Answer requests with ``handler`` and never return; call it under ``if __name__ == "__main__":``.

    Several requests run at once, each in its own task; a request that the server gave up is cancelled. A
    ``FrevaGPTError`` raised by the handler is raised again in the server with the same class and text; of any other
    exception only the name of its class gets there. Import heavy libraries inside the handler, not at the top of its
    module: only then what they print is kept off the pipe.
    """
    incoming, outgoing = _take_pipes()
    _end_with_server()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_Answers(handler, incoming, outgoing).run())
    _leave()


class _Answers:
    """The requests under way."""

    def __init__(self, handler: Handler, incoming: int, outgoing: int) -> None:
        self._handler = handler
        self._incoming = incoming
        self._outgoing = outgoing
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        # A thread, because the pipe's end must be seen also while a library holds the event loop.
        threading.Thread(target=self._read, args=(loop, ended), daemon=True).start()
        await ended.wait()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _read(self, loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
        splitter = Splitter()
        decoder: msgspec.msgpack.Decoder[ToHelper] = msgspec.msgpack.Decoder(ToHelper)
        with contextlib.suppress(RuntimeError):  # the loop is closed: we are leaving already
            while data := os.read(self._incoming, 1 << 20):
                for payload in splitter.feed(data):
                    loop.call_soon_threadsafe(self._take, decoder.decode(payload))
            loop.call_soon_threadsafe(ended.set)
        time.sleep(GRACE)
        _leave()

    def _take(self, frame: ToHelper) -> None:
        if isinstance(frame, Ask):
            self._tasks[frame.id] = asyncio.create_task(self._answer(frame))
        elif task := self._tasks.get(frame.id):
            task.cancel()

    async def _answer(self, ask: Ask) -> None:
        try:
            async with contextlib.aclosing(self._handler(ask.body)) as items:
                async for item in items:
                    self._send(Item(ask.id, item))
        except FrevaGPTError as error:
            self._send(Failed(ask.id, type(error).__name__, str(error)))
        except Exception as error:  # noqa: BLE001 - whatever a library raises ends this request only
            # The message stays here: it may quote keys or what the user wrote.
            sys.stderr.write("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__ + "\n")
            self._send(Failed(ask.id, "", type(error).__name__))
        else:
            self._send(Done(ask.id))
        finally:
            self._tasks.pop(ask.id, None)

    def _send(self, frame: ToServer) -> None:
        data = memoryview(encode(frame))
        try:
            # Blocks when the server does not read; the server always reads, so this is no more than backpressure.
            while data:
                data = data[os.write(self._outgoing, data) :]
        except BrokenPipeError:
            _leave()


def _take_pipes() -> tuple[int, int]:
    """Return own descriptors of the pipes; what libraries print goes to standard error, what they read is empty."""
    incoming, outgoing = os.dup(0), os.dup(1)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return incoming, outgoing


def _end_with_server() -> None:
    """Ask Linux to kill this process when the server dies, by ``kill -9`` too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        import ctypes

        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, int(signal.SIGKILL), 0, 0, 0)


def _leave() -> NoReturn:
    """End at once: threads that a library left behind may not keep the process alive."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(0)
