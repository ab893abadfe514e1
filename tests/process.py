"""A server of a test's own, in a process group that ends with it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


def mapped(pid: int) -> str:
    """Return the files that a process has in its memory: compiled libraries among them."""
    return Path(f"/proc/{pid}/maps").read_text()


class ServerProcess:
    """A process that writes what it says into a file; the processes that it starts are ended with it."""

    def __init__(self, command: Sequence[str | Path], environment: Mapping[str, str], folder: Path, log: Path) -> None:
        self._log = log
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                command, env=environment, cwd=folder, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has said."""
        return self._log.read_text(errors="replace")

    def wait_for(self, answer: Callable[[], object], silence: type[Exception]) -> None:
        """Ask it until it answers; ``silence`` is raised as long as it does not."""
        deadline = time.monotonic() + 90
        while True:
            assert self._process.poll() is None, self.log[-4000:]
            try:
                answer()
            except silence:
                assert time.monotonic() < deadline, self.log[-4000:]
                time.sleep(0.1)
            else:
                return

    def helpers(self, module: str) -> list[int]:
        """Return the numbers of the processes that it started for a module."""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        children = [one for task in tasks for one in (task / "children").read_text().split()]
        return [int(one) for one in children if module.encode() in Path(f"/proc/{one}/cmdline").read_bytes()]

    def close(self) -> None:
        """End it and what it started."""
        try:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
        except ProcessLookupError:
            self._process.wait(10)
