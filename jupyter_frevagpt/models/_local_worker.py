"""The helper process of the embedded model: continues a text, token by token, in llama.cpp.

Nothing of it can be reached from outside: llama.cpp's server insists on listening, so it gets a Unix socket in a folder
of its own, deleted at once (where that cannot be: a random port on loopback), and a random key.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import tempfile
import threading
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from ..domain.errors import ModelFailed
from ..workers.child import serve

CONTEXT = 2048
"""Tokens of prompt and answer together."""

NEEDED_MEMORY = 300 * 1024 * 1024
"""Bytes; about 200 MB are used, the rest is for whoever asks next."""

_INSTRUCTIONS = {"avx", "avx2", "fma", "f16c", "bmi2"}
"""What the x86 build of the library takes for granted."""

_LONGEST_SOCKET = 100
"""Bytes of a Unix socket's path that every system accepts."""


class _Engine:
    """The loaded model; one text at a time."""

    def __init__(self) -> None:
        self._server: Any = None
        self._path = ""
        self._turn = asyncio.Lock()

    async def answer(self, request: dict[str, Any]) -> AsyncGenerator[Any, None]:
        """Yield pieces of text and at the end the token counts; ``request`` holds ``weights`` and ``options``."""
        arrived: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        given_up = threading.Event()

        def take(chunk: dict[str, Any]) -> bool:
            loop.call_soon_threadsafe(arrived.put_nowait, chunk)
            return given_up.is_set()  # True ends the generation

        def run() -> None:
            try:
                if not given_up.is_set():
                    self._load(request["weights"]).handle_completions({**request["options"], "stream": True}, take)
            finally:
                loop.call_soon_threadsafe(arrived.put_nowait, None)

        async with self._turn:
            work = asyncio.ensure_future(asyncio.to_thread(run))
            try:
                while chunk := await arrived.get():
                    if "error" in chunk or "choices" not in chunk:
                        raise ModelFailed("The local model refused the question. Try a shorter one.")
                    if text := chunk["choices"][0]["text"]:
                        yield text
                    if usage := chunk.get("usage"):
                        yield {name: usage[name] for name in ("prompt_tokens", "completion_tokens")}
                await work
            finally:
                given_up.set()
                await asyncio.wait([work])  # the engine works for one text at a time

    def _load(self, path: str) -> Any:
        if self._server is None or self._path != path:
            _check(path)
            self._server = None
            self._server = _start(path)
            self._path = path
        return self._server


def _check(path: str) -> None:
    """Raise ModelFailed for what would otherwise end this process."""
    try:
        with Path(path).open("rb") as file:
            magic = file.read(4)
    except OSError:
        magic = b""
    if magic != b"GGUF":
        raise ModelFailed(
            "The file of the local model is missing or damaged. "
            "Fetch it again with `jupyter frevagpt local-model remove` and `jupyter frevagpt local-model install`."
        )
    flags = _lines("/proc/cpuinfo").get("flags")
    if flags is not None and not set(flags.split()) >= _INSTRUCTIONS:
        raise ModelFailed(
            "The local model needs a processor with AVX2 instructions, which this one lacks. "
            "Add a larger model elsewhere, or run the server on a newer computer."
        )
    available = _lines("/proc/meminfo").get("MemAvailable")
    if available is not None and int(available.split()[0]) * 1024 < NEEDED_MEMORY:
        raise ModelFailed(
            "There is too little free memory for the local model (300 MB). Close something and ask again."
        )


def _lines(path: str) -> dict[str, str]:
    """Return the first value of each ``name : value`` line of a Linux status file, nothing on other systems."""
    found: dict[str, str] = {}
    if sys.platform == "linux":
        for line in Path(path).read_text("utf-8", "replace").splitlines():
            name, _, value = line.partition(":")
            found.setdefault(name.strip(), value.strip())
    return found


def _start(path: str) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = path
    params.n_ctx = CONTEXT
    params.n_parallel = 1
    params.cpuparams.n_threads = 1  # with two threads on two shared cores it fell to a tenth of the speed
    params.cpuparams_batch.n_threads = 1
    params.n_gpu_layers = 0
    params.cache_ram_mib = 0
    params.n_threads_http = 1
    params.ui = False
    params.verbosity = 0
    params.api_keys = [secrets.token_urlsafe(32)]
    try:
        with tempfile.TemporaryDirectory(prefix="frevagpt-") as folder:
            socket = str(Path(folder, "unused.sock"))
            if os.name == "posix" and len(os.fsencode(socket)) <= _LONGEST_SOCKET:
                params.hostnames = [socket]
            return xllamacpp.Server(params)
    except RuntimeError as error:
        raise ModelFailed(
            "The local model could not be loaded: its file is damaged or memory is short. "
            "`jupyter frevagpt local-model status` tells which."
        ) from error


if __name__ == "__main__":
    _engine: _Engine | None = None

    async def answer(request: dict[str, Any]) -> AsyncGenerator[Any, None]:
        """Answer one request of the server; see :class:`_Engine`."""
        global _engine
        _engine = _engine or _Engine()
        async for piece in _engine.answer(request):
            yield piece

    serve(answer)
