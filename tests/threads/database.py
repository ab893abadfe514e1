"""A real server of MongoDB's wire protocol in a process of its own, which a test may kill and start again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

COMMAND = "secantusd-py"


def missing(what: str) -> None:
    """Fail in CI, where nothing may be left out, else skip."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI tests everything")
    pytest.skip(f"{what} is missing")


class Database:
    """SecantusDB on a free port, with every acknowledged write on disk."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    def start(self, seconds: float = 60) -> None:
        command = shutil.which(COMMAND)
        if command is None:
            missing("SecantusDB (pip install -e '.[test]')")
        options = ["--port", str(self.port), "--storage-path", "data", "--sync-on-commit", "--log-level", "ERROR"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen([str(command), *options], cwd=self._folder, stdout=log, stderr=log)
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        pytest.fail(f"SecantusDB did not start: {(self._folder / 'log').read_text()[-2000:]}")

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def served(folder: Path) -> Iterator[str]:
    """The address of a genuine MongoDB where the environment names one, else of SecantusDB; for a fixture."""
    if uri := os.environ.get("FREVAGPT_TEST_MONGO_URI"):
        yield uri
        return
    database = Database(folder)
    database.start()
    yield database.uri
    database.stop()
