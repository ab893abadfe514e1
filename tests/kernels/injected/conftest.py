"""Kernels of ipykernel 7 and 6, a guest in them, and a second client that plays the user."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import KernelManager
from jupyter_client.session import Session

from jupyter_frevagpt.kernels.injection import GuestOps, read_report, run_options
from jupyter_frevagpt.kernels.replies import RunReport

_ROOT = Path(__file__).parents[3]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.helper)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the counts of the races: a race that was won says little without them."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    lines = [value for report in reports for name, value in report.user_properties if name == "race"]
    if lines:
        terminalreporter.section("races in kernels")
        for line in lines:
            terminalreporter.line(str(line))


IPYKERNEL6 = Path(os.environ.get("FREVAGPT_TEST_IPYKERNEL6", _ROOT / ".venv-ipykernel6/bin/python"))
Message = dict[str, Any]
MUCH = 60_000  # milliseconds where a test is not about time
_IDLE = {"execution_state": "idle"}


class Run:
    """A cell on its way: its reply, and all that came for it on iopub."""

    def __init__(self, msg_id: str) -> None:
        self.msg_id = msg_id
        self.reply: Message = {}
        self.metadata: Message = {}
        self.shown: list[tuple[str, Message]] = []
        self.busy = asyncio.Event()
        self.printed = asyncio.Event()
        self.ended = asyncio.Event()
        self._idle = False

    @property
    def status(self) -> str:
        return str(self.reply.get("status", ""))

    @property
    def text(self) -> str:
        return "".join(content["text"] for kind, content in self.shown if kind == "stream")

    @property
    def result(self) -> Any:
        for kind, content in self.shown:
            if kind == "execute_result":
                return content["data"]["text/plain"]
        return None

    @property
    def report(self) -> RunReport | None:
        return read_report(self.metadata)

    def take(self, kind: str, content: Message) -> None:
        if kind == "status" and content["execution_state"] == "busy":
            self.busy.set()
        elif kind == "status":
            self._idle = True
        else:
            self.shown.append((kind, content))
            if kind == "stream":
                self.printed.set()
        self.settle()

    async def said(self, text: str) -> None:
        """Wait until it has printed a text: so far the code has come, whatever the machine is busy with."""
        async with asyncio.timeout(60):
            while text not in self.text:
                self.printed.clear()
                await self.printed.wait()

    def settle(self) -> None:
        if self._idle and self.reply:
            self.ended.set()


class Peer:
    """A client with a session of its own, as a notebook or our server has."""

    def __init__(self, connection: Mapping[str, Any]) -> None:
        self.client = AsyncKernelClient()
        self.client.load_connection_info(dict(connection))
        key = self.client.session.key
        self.client.session = Session(key=key, signature_scheme="hmac-sha256")
        self.session = self.client.session.session
        self.runs: dict[str, Run] = {}
        self.iopub: list[tuple[str, Message, Message]] = []
        self._replies: dict[str, asyncio.Future[Message]] = {}
        self._heard = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        self.client.start_channels(hb=False, stdin=False)
        for name in ("shell", "control", "iopub"):
            self._tasks.append(asyncio.create_task(self._pump(name)))
        async with asyncio.timeout(30):
            while not self._heard.is_set():
                self.send("kernel_info_request", {}, "shell")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._heard.wait(), 0.1)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.client.stop_channels()

    def send(
        self, kind: str, content: Message, channel: str = "shell", metadata: Message | None = None, msg_id: str = ""
    ) -> str:
        message = self.client.session.msg(kind, content, metadata=metadata)
        if msg_id:
            message["header"]["msg_id"] = message["msg_id"] = msg_id
        sender = getattr(self.client, f"{channel}_channel")
        sender.send(message)
        sender.socket._schedule_remaining_events()
        return str(message["header"]["msg_id"])

    async def ask(self, kind: str, content: Message, *, channel: str, timeout: float) -> Message:
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        msg_id = f"{self.session}-asked-{len(self._replies)}"
        self._replies[msg_id] = future
        self.send(kind, content, channel, msg_id=msg_id)
        async with asyncio.timeout(timeout):
            return dict((await future)["content"])

    async def _pump(self, name: str) -> None:
        channel = getattr(self.client, f"{name}_channel")
        while True:
            try:
                message = await channel.get_msg(timeout=0.5)
            except Empty:
                continue
            kind, content = message["header"]["msg_type"], message["content"]
            parent = message["parent_header"]
            msg_id = parent.get("msg_id", "")
            run = self.runs.get(msg_id)
            if name == "iopub":
                self._heard.set()
                self.iopub.append((kind, parent, content))
                if run is not None:
                    run.take(kind, content)
            else:
                if msg_id in self._replies and not self._replies[msg_id].done():
                    self._replies[msg_id].set_result(message)
                if run is not None and kind == "execute_reply":
                    run.reply, run.metadata = content, message["metadata"]
                    run.settle()

    def execute(self, code: str, *, metadata: Message | None = None, **options: bool) -> Run:
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
            **options,
        }
        msg_id = self.client.session.msg("x")["header"]["msg_id"]
        run = self.runs[msg_id] = Run(msg_id)
        self.send("execute_request", content, metadata=metadata, msg_id=msg_id)
        return run

    async def run(self, code: str, *, seconds: float = 60, **options: Any) -> Run:
        run = self.execute(code, **options)
        async with asyncio.timeout(seconds):
            await run.ended.wait()
        return run

    async def begin(self, code: str) -> Run:
        """Send a cell and wait until it runs: what another client sends now lies behind it."""
        run = self.execute(code)
        async with asyncio.timeout(60):
            await run.busy.wait()
        return run

    async def passed(self) -> None:
        """Wait until all that the kernel has sent so far on iopub has come here."""
        msg_id = self.send("kernel_info_request", {}, "control")
        async with asyncio.timeout(60):
            while not any(parent.get("msg_id") == msg_id and content == _IDLE for _, parent, content in self.iopub):
                await asyncio.sleep(0.005)

    def text_of(self, msg_id: str) -> str:
        """Return what was printed with a message as parent, whoever sent that."""
        return "".join(
            content["text"]
            for kind, parent, content in self.iopub
            if kind == "stream" and parent.get("msg_id") == msg_id
        )


class Guest(Peer):
    """Our server: runs code as a guest does."""

    def __init__(self, connection: Mapping[str, Any]) -> None:
        super().__init__(connection)
        self.ops = GuestOps(self._ask_patiently, self.session)

    async def _ask_patiently(self, kind: str, content: Message, *, channel: str, timeout: float) -> Message:
        """Ask with much time on a machine that is busy; a test of time-outs says a short one, and gets that."""
        return await self.ask(kind, content, channel=channel, timeout=timeout if timeout < 2 else 60)

    def execute(self, code: str, *, metadata: Message | None = None, **options: bool) -> Run:
        defaults = {"store_history": False, "stop_on_error": False}
        return super().execute(code, metadata=metadata or run_options(), **{**defaults, **options})

    async def tracked(self, code: str, names: list[str] | None = None, **budgets: Any) -> Run:
        """Run code with a snapshot around it, which may take long."""
        options = {"names": names, "ms": MUCH, **budgets}
        return await self.run(code, metadata=run_options(snapshot=options, files=True))


class Bench:
    """What a test works with."""

    def __init__(self, version: int, manager: KernelManager) -> None:
        self.version = version
        self.manager = manager
        connection = manager.get_connection_info()
        self.user = Peer(connection)
        self.guest = Guest(connection)
        self.ops = self.guest.ops

    async def value(self, expression: str) -> Any:
        """Return what the user sees of an expression that gives something JSON."""
        run = await self.user.run(f"import json as _j; print(_j.dumps({expression}))", store_history=False)
        assert run.status == "ok", run.reply
        return json.loads(run.text)


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, KernelManager]]:
    """Start one kernel of each version, when first asked for."""
    started: dict[int, KernelManager] = {}
    yield started
    for manager in started.values():
        manager.shutdown_kernel(now=True)


def kernelspec(version: int, folder: Path) -> Path:
    """Write the kernelspec of a version under ``folder``, and return where."""
    python = Path(sys.executable) if version == 7 else IPYKERNEL6
    if not python.exists():
        if os.environ.get("CI"):
            pytest.fail(f"no environment with ipykernel 6 at {python}")
        pytest.skip(f"no environment with ipykernel 6 at {python}: make test-helper makes one")
    spec = folder / "kernels" / f"guest{version}"
    spec.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    environment = {"PYTHONPATH": "", "IPYTHONDIR": str(folder / "ipython"), "PYTHONWARNINGS": "ignore"}
    described = {"argv": argv, "display_name": spec.name, "language": "python", "env": environment}
    (spec / "kernel.json").write_text(json.dumps(described))
    return spec


def start_kernel(version: int, folder: Path) -> KernelManager:
    """Start a kernel of a version, known by a kernelspec under ``folder`` only."""
    spec = kernelspec(version, folder)
    manager = KernelManager(kernel_name=spec.name)
    manager.kernel_spec_manager.kernel_dirs.insert(0, str(spec.parent))
    environment = dict(os.environ)
    environment.pop("PYTEST_CURRENT_TEST", None)  # with it ipykernel leaves the file descriptors alone
    manager.start_kernel(env=environment, cwd=str(folder))
    return manager


@pytest.fixture(params=[7, 6], ids=["ipykernel7", "ipykernel6"])
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def bench(
    version: int,
    kernels: dict[int, KernelManager],
    tmp_path_factory: pytest.TempPathFactory,
    jp_asyncio_loop: asyncio.AbstractEventLoop,
) -> Iterator[Bench]:
    """Connect to the kernel of a version as the user and as the guest, with an empty namespace."""
    if version not in kernels or not kernels[version].is_alive():
        kernels[version] = start_kernel(version, tmp_path_factory.mktemp(f"ipykernel{version}"))
    yield from _connected(Bench(version, kernels[version]), jp_asyncio_loop)


@pytest.fixture
def own_bench(version: int, tmp_path: Path, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[Bench]:
    """Like ``bench`` with a kernel of its own, which may be killed."""
    manager = start_kernel(version, tmp_path)
    try:
        yield from _connected(Bench(version, manager), jp_asyncio_loop)
    finally:
        manager.shutdown_kernel(now=True)


def _connected(bench: Bench, loop: asyncio.AbstractEventLoop) -> Iterator[Bench]:
    async def connect() -> None:
        await bench.user.open()
        await bench.guest.open()
        await bench.user.run("%reset -f")
        await bench.ops.inject()

    async def leave() -> None:
        await bench.guest.close()
        await bench.user.close()

    loop.run_until_complete(connect())
    yield bench
    loop.run_until_complete(leave())
