"""The server's side of a helper process: started on first use, asked over pipes, ended when idle.

::

    worker = Worker("jupyter_frevagpt.models._sdk_worker", idle_seconds=300)
    async with aclosing(worker.stream({"model": "x"})) as items:   # plain data in, plain data out
        async for item in items: ...                               # leaving early cancels the request in the helper
    one = await worker.ask({"text": "y"})                          # the first item of an answer, None without one
    await worker.close()                                           # ends the helper; the next use starts it again

The helper's module ends in ``if __name__ == "__main__": serve(handler)`` (see :mod:`.child`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import msgspec

from ..domain import errors
from ..domain.errors import FrevaGPTError, WorkerFailed
from .frames import Ask, Cancel, Done, Failed, Item, Splitter, ToServer, encode

TAIL = 8192
"""Bytes kept of what a helper wrote to standard error."""

PATIENCE = 2.0
"""Seconds between closing a helper's pipe and killing it."""


class Worker:
    """A helper process that runs ``python -m module`` and answers requests, several at once.

    It starts with the first request, ends ``idle_seconds`` after the last one and starts again when asked again.
    ``environment`` changes the helper's environment (None takes a variable out). Secrets belong into requests:
    arguments and environment of a process can be read by others. All methods belong to one event loop.
    """

    def __init__(
        self,
        module: str,
        *,
        idle_seconds: float = 300.0,
        environment: Mapping[str, str | None] | None = None,
        log: logging.Logger | None = None,
    ) -> None:
        self.module = module
        self.idle_seconds = idle_seconds
        self._environment = dict(environment or {})
        self._log = log or logging.getLogger(__name__)
        self._helper: _Helper | None = None
        self._starting = asyncio.Lock()
        self._under_way = 0
        self._idle: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the running helper, None while there is none."""
        return self._helper.process.pid if self._helper and self._helper.alive else None

    async def stream(self, request: Any) -> AsyncGenerator[Any, None]:
        """Yield the pieces of the answer as the helper sends them; closing the generator cancels the request.

        Request and pieces are plain data (None, bool, numbers, str, bytes, lists, dicts, msgspec structs going in).
        Raises WorkerFailed when the helper cannot start or dies, and the ``FrevaGPTError`` that its handler raised.
        """
        self._under_way += 1
        if self._idle:
            self._idle.cancel()
        try:
            helper = await self._started()
            async with contextlib.aclosing(helper.stream(request)) as items:
                async for item in items:
                    yield item
        finally:
            self._under_way -= 1
            self._wait_for_idle()

    async def ask(self, request: Any) -> Any:
        """Return the first piece of the answer, None when there is none; raises as :meth:`stream` does."""
        async with contextlib.aclosing(self.stream(request)) as items:
            async for item in items:
                return item
        return None

    async def close(self) -> None:
        """End the helper, within two seconds even if it hangs; requests under way raise WorkerFailed."""
        if self._idle:
            self._idle.cancel()
        if self._ending:
            await self._ending
        async with self._starting:
            helper, self._helper = self._helper, None
            if helper:
                await helper.close()

    async def _started(self) -> _Helper:
        async with self._starting:
            if self._helper is None or not self._helper.alive:
                self._helper = await _Helper.start(self.module, self._environment, self._log)
            return self._helper

    def _wait_for_idle(self) -> None:
        if self._under_way == 0 and self._helper:
            if self._idle:
                self._idle.cancel()
            self._idle = asyncio.get_running_loop().call_later(self.idle_seconds, self._end_if_idle)

    def _end_if_idle(self) -> None:
        if self._under_way == 0 and self._helper:
            helper, self._helper = self._helper, None
            self._log.debug("Ending the idle helper %s.", self.module)
            self._ending = asyncio.get_running_loop().create_task(helper.close())


class _Helper:
    """One running process."""

    def __init__(self, module: str, process: Process, log: logging.Logger) -> None:
        self.module = module
        self.process = process
        self.alive = True
        self._log = log
        self._closing = False
        self._last_id = 0
        self._waiting: dict[int, asyncio.Queue[ToServer | None]] = {}
        self._tail = bytearray()
        self._watch = asyncio.get_running_loop().create_task(self._run())

    @classmethod
    async def start(cls, module: str, environment: Mapping[str, str | None], log: logging.Logger) -> _Helper:
        variables: dict[str, str | None] = {**os.environ, **environment}
        # -P: a file named like a library, lying in the folder the server was started in, is not to be imported.
        command = (sys.executable, "-P", "-m", module)
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                limit=1 << 20,
                env={name: value for name, value in variables.items() if value is not None},
                start_new_session=True,  # Ctrl-C in the server's terminal is the server's business
            )
        except OSError as error:
            log.debug("The helper %s does not start: %s", module, type(error).__name__)
            raise WorkerFailed("A helper process could not be started. Try again in a moment.") from error
        return cls(module, process, log)

    async def stream(self, request: Any) -> AsyncGenerator[Any, None]:
        self._last_id += 1
        number = self._last_id
        arrived: asyncio.Queue[ToServer | None] = asyncio.Queue()
        self._waiting[number] = arrived
        if not self.alive:
            arrived.put_nowait(None)
        try:
            await self._send(Ask(number, request))
            while True:
                frame = await arrived.get()
                if isinstance(frame, Item):
                    yield frame.body
                    continue
                del self._waiting[number]
                if isinstance(frame, Done):
                    return
                raise _error(frame)
        finally:
            if self._waiting.pop(number, None) and self.alive:
                self.process.stdin.write(encode(Cancel(number)))  # type: ignore[union-attr]

    async def close(self) -> None:
        self._closing = True
        if self.alive:
            self.process.stdin.close()  # type: ignore[union-attr]
        try:
            await asyncio.wait_for(asyncio.shield(self._watch), PATIENCE)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self._watch

    async def _send(self, frame: Ask) -> None:
        data = encode(frame)
        # A broken pipe is not told here: the end of the process is noticed by the reader, which fails the request.
        with contextlib.suppress(ConnectionError):
            self.process.stdin.write(data)  # type: ignore[union-attr]
            await self.process.stdin.drain()  # type: ignore[union-attr]

    async def _run(self) -> None:
        """Read until the process ends, then fail what is under way."""
        tail = asyncio.get_running_loop().create_task(self._keep_tail())
        try:
            await self._read()
        except (WorkerFailed, msgspec.DecodeError):
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            while await self.process.stdout.read(1 << 18):  # type: ignore[union-attr]
                pass  # its end is only seen behind what it still wrote
        finally:
            self.alive = False
            for arrived in self._waiting.values():
                arrived.put_nowait(None)
            self.process.stdin.close()  # type: ignore[union-attr]
            code = await self.process.wait()
            await tail
            if not self._closing:
                text = self._tail.decode("utf-8", "replace")
                self._log.warning("The helper %s ended by itself (exit code %s).", self.module, code)
                self._log.debug("Its last words:\n%s", text)

    async def _read(self) -> None:
        splitter = Splitter()
        decoder: msgspec.msgpack.Decoder[ToServer] = msgspec.msgpack.Decoder(ToServer)
        while data := await self.process.stdout.read(1 << 18):  # type: ignore[union-attr]
            for payload in splitter.feed(data):
                frame = decoder.decode(payload)
                if arrived := self._waiting.get(frame.id):
                    arrived.put_nowait(frame)

    async def _keep_tail(self) -> None:
        while data := await self.process.stderr.read(TAIL):  # type: ignore[union-attr]
            self._tail += data
            del self._tail[:-TAIL]


def _error(frame: ToServer | None) -> FrevaGPTError:
    if not isinstance(frame, Failed):
        return WorkerFailed("A helper process ended unexpectedly. Ask again; it will be started anew.")
    kind = getattr(errors, frame.kind, None) if frame.kind else None
    if isinstance(kind, type) and issubclass(kind, FrevaGPTError):
        error = kind.__new__(kind)
        error.args = (frame.text,)
        return error
    return WorkerFailed(f"A helper process could not carry this out ({frame.text}).")
