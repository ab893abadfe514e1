"""A Jupyter server as a process of its own, and the commands as processes: in pipes, and at a terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import socket
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ..scripted import Scripted, start_scripted

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-of-the-tests"
PATIENCE = 40.0


def call(code: str) -> dict[str, Any]:
    return {"call": {"name": "code_interpreter", "arguments": {"code": code}, "fragments": 7}}


def rules_of(question: str, code: str, answer: str = "Done.") -> list[dict[str, Any]]:
    return [
        {"when": {"user": question, "after_tool": False}, "reply": [{"text": "I look. "}, call(code)]},
        {"when": {"user": question, "after_tool": True}, "reply": [{"text": answer, "chunk": 3}]},
    ]


SLOW = " ".join(f"word{number}" for number in range(40))
RULES: list[dict[str, Any]] = [
    {"when": {"user": "hello"}, "reply": [{"text": "Good day, 14 °C today.", "chunk": 4}]},
    {"when": {"user": "again"}, "reply": [{"text": "Once more.", "chunk": 4}]},
    {"when": {"user": "slow"}, "reply": [{"text": SLOW, "chunk": "word", "delay": 0.05}]},
    {"when": {"user": "stuck"}, "reply": [{"text": "so"}, {"stall": 60}]},
    {"when": {"user": "broken"}, "reply": [{"status": 400, "body": {"error": {"message": "no such thing"}}}]},
    {"when": {"user": "hostile"}, "reply": [{"text": "a\x1b]0;owned\x07b\x1b[2Jc\x9b31md\r\x08e"}]},
    *rules_of("compute", "x = 6\n\nprint('°' + str(x * 7))", "It is above."),
    *rules_of("paint", "print('\\x1b[31mred\\x1b[0m\\x1b]0;owned\\x07' + '\\n[Allowed once.]')"),
    *rules_of("remove", "import os\nos.remove('/nowhere/at/all')"),
    *rules_of("unseen", "import os\nos.remove('a\u202eb')"),
    *rules_of("where am I", "import os; print('pid', os.getpid())"),
]


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    base = tmp_path_factory.mktemp("jupyter")
    return {f"JUPYTER_{kind}_DIR": str(base / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}


@pytest.fixture(scope="session")
def model_service() -> Iterator[Scripted]:
    service = start_scripted(RULES)
    yield service
    service.close()


@pytest.fixture(scope="session")
def environment(folders: dict[str, str], model_service: Scripted) -> dict[str, str]:
    """Variables of the server and the commands; the configuration is in a file, which both read."""
    config = Path(folders["JUPYTER_CONFIG_DIR"])
    config.mkdir(parents=True)
    entries = [
        {
            "model_name": name,
            "litellm_params": {"model": f"openai/{name}", "api_base": model_service.base, "api_key": "k"},
        }
        for name in ("first", "second")
    ]
    (config / "models.yaml").write_text(json.dumps({"model_list": entries}))
    settings = {
        "ServerApp": {"jpserver_extensions": {"jupyter_frevagpt": True}, "allow_root": True},
        "IdentityProvider": {"token": TOKEN},
        "FrevaGPT": {
            "catalogue": str(config / "models.yaml"),
            "local_model": False,
            "owner": "alice",
            "scratch_approval_policy": "ask-when-risky",
        },
    }
    (config / "jupyter_server_config.json").write_text(json.dumps(settings))
    ours = ("JUPYTER", "FREVAGPT", "LITELLM", "NO_COLOR", "PYTHONWARNINGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, **folders, "TERM": "xterm", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}


@pytest.fixture(scope="session")
def server(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A running server: what it wrote about itself for others to find it."""
    root = tmp_path_factory.mktemp("root")
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", "--port=0", "--no-browser", f"--ServerApp.root_dir={root}"],
        env=environment,
        cwd=root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    said = []
    for line in process.stderr:
        said.append(line)
        if "is running at" in line:
            break
    assert process.poll() is None, "".join(said)
    drain = threading.Thread(target=process.stderr.read, daemon=True)
    drain.start()
    try:
        info = Path(environment["JUPYTER_RUNTIME_DIR"]) / f"jpserver-{process.pid}.json"
        until(lambda: info.exists() and info.read_text().strip().endswith("}"))
        yield json.loads(info.read_text())
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        drain.join(10)
        process.stderr.close()


def until(true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.02)


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def command(environment: dict[str, str], tmp_path: Path) -> Command:
    """Run ``jupyter frevagpt`` with arguments, in pipes."""

    def run(*arguments: str, given: str = "", cwd: Path = tmp_path, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "jupyter_frevagpt.cli", *arguments],
            input=given,
            env={**environment, **more},
            cwd=cwd,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )

    return run


class Terminal:
    """A command at a terminal: what it shows is read until something stands there."""

    def __init__(self, arguments: list[str], environment: dict[str, str], cwd: Path) -> None:
        self._master, slave = pty.openpty()
        # Wide, so that no line of ours is broken by the terminal.
        fcntl.ioctl(slave, termios.TIOCSWINSZ, b"\x32\x00\x2c\x01\x00\x00\x00\x00")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_frevagpt.cli", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self._bytes = b""
        self._read = 0

    @property
    def shown(self) -> str:
        """All that was shown."""
        return self._bytes.decode("utf-8", "replace").replace("\r\n", "\n")

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def expect(self, text: str) -> str:
        """Wait for a text behind what was expected before, and return what stands up to its end."""
        if not self._found(text, PATIENCE):
            pytest.fail(f"{text!r} was not shown behind {self._read} in {self.shown!r}")
        start, self._read = self._read, self._bytes.find(text.encode(), self._read) + len(text.encode())
        return self._bytes[start : self._read].decode("utf-8", "replace").replace("\r\n", "\n")

    def interrupt(self, text: str) -> None:
        """Press Ctrl-C at a prompt until the answer stands there.

        Python's readline does not see one that comes between its writing the prompt and its waiting for a key.
        """
        for _ in range(int(PATIENCE / 4)):
            self.type("\x03")
            if self._found(text, 4.0):
                break
        self.expect(text)

    def ends(self) -> int:
        """Wait for the end and return the exit code."""
        end = time.monotonic() + PATIENCE
        while self._more(end - time.monotonic()):
            pass
        return self.process.wait(PATIENCE)

    def _found(self, text: str, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while self._bytes.find(text.encode(), self._read) < 0:
            if not self._more(end - time.monotonic()):
                return False
        return True

    def _more(self, seconds: float) -> bool:
        """Read what comes within so many seconds; false when nothing does, and at the end."""
        ready, _, _ = select.select([self._master], [], [], max(0.0, seconds))
        try:
            data = os.read(self._master, 65536) if ready else b""
        except OSError:  # the other side is closed
            return False
        self._bytes += data
        return bool(data)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)


@pytest.fixture
def terminal(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Start ``jupyter frevagpt`` at a terminal; a history of its own unless ``history`` names one."""
    opened: list[Terminal] = []

    def start(*arguments: str, **more: str) -> Terminal:
        opened.append(Terminal([*arguments], {**environment, "JUPYTER_DATA_DIR": str(tmp_path), **more}, tmp_path))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


class Wire:
    """A relay before the server that can be cut, and made to take no further connections."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.refusing = False
        self.refused = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def cut(self) -> None:
        for one in self._open:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        self._thread.join(10)
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.refusing:
                near.close()
                self.refused.set()
                continue
            far = socket.create_connection(("127.0.0.1", self._port))
            self._open += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._relay, args=(source, target), daemon=True).start()

    @staticmethod
    def _relay(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        try:
            target.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


@pytest.fixture
def wire(server: dict[str, Any]) -> Iterator[Wire]:
    relay = Wire(server["port"])
    yield relay
    relay.close()
