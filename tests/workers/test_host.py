"""A helper process streams, serves several at once, cancels, dies, idles and comes back."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from jupyter_frevagpt.domain.errors import ModelFailed, WorkerFailed
from jupyter_frevagpt.workers.host import Worker

ROOT = str(Path(__file__).parents[2])


@asynccontextmanager
async def talker(idle_seconds: float = 60, **environment: str | None) -> AsyncGenerator[Worker, None]:
    variables = {"PYTHONPATH": ROOT, **environment}
    worker = Worker("tests.workers.talker", idle_seconds=idle_seconds, environment=variables)
    try:
        yield worker
    finally:
        await worker.close()


async def everything(worker: Worker, **request: Any) -> list[Any]:
    async with aclosing(worker.stream(request)) as items:
        return [item async for item in items]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def gone(pid: int, seconds: float = 3) -> bool:
    end = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < end:
        await asyncio.sleep(0.02)
    return not alive(pid)


async def test_streams() -> None:
    async with talker() as worker:
        assert worker.pid is None
        assert await everything(worker, do="count", to=1000) == list(range(1000))
        assert await everything(worker, do="nothing") == []
        assert await worker.ask({"do": "echo", "body": "Grüße"}) == "Grüße"
        assert await worker.ask({"do": "nothing"}) is None


async def test_items_come_one_by_one() -> None:
    async with talker() as worker:
        await worker.ask({"do": "echo", "body": 0})
        times = []
        async with aclosing(worker.stream({"do": "count", "to": 4, "delay": 0.1})) as items:
            async for _ in items:
                times.append(time.monotonic())
        assert times[-1] - times[0] > 0.25


async def test_several_at_once() -> None:
    async with talker() as worker:
        await worker.ask({"do": "echo", "body": 0})
        start = time.monotonic()
        answers = await asyncio.gather(*(everything(worker, do="count", to=5, delay=0.1) for _ in range(10)))
        assert answers == [list(range(5))] * 10
        assert time.monotonic() - start < 2.5


async def test_leaving_early_cancels_in_the_helper() -> None:
    async with talker() as worker:
        async with aclosing(worker.stream({"do": "wait", "name": "left"})) as items:
            async for item in items:
                assert item == "waiting"
                break

        waiting = asyncio.ensure_future(everything(worker, do="wait", name="cancelled"))
        await asyncio.sleep(0.2)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

        assert await worker.ask({"do": "cancelled"}) == ["left", "cancelled"]


async def test_kill_in_mid_answer_fails_that_answer_and_nothing_more() -> None:
    async with talker() as worker:

        async def interrupted() -> int:
            count = 0
            with pytest.raises(WorkerFailed, match="Ask again"):  # noqa: PT012
                async with aclosing(worker.stream({"do": "count", "to": 1000, "delay": 0.02})) as items:
                    async for _ in items:
                        count += 1
                        if count == 3 and (pid := worker.pid):
                            os.kill(pid, signal.SIGKILL)
            return count

        first = worker.pid
        counts = await asyncio.gather(interrupted(), interrupted())
        assert all(counts)
        assert await worker.ask({"do": "echo", "body": "again"}) == "again"
        assert worker.pid != first


async def test_own_exit_is_a_failure_too() -> None:
    async with talker() as worker:
        with pytest.raises(WorkerFailed):
            await everything(worker, do="exit")
        assert await worker.ask({"do": "echo", "body": 2}) == 2


async def test_ends_when_idle_and_comes_back() -> None:
    async with talker(idle_seconds=0.2) as worker:
        assert await everything(worker, do="count", to=3, delay=0.2) == [0, 1, 2]
        first = worker.pid
        assert first
        assert await gone(first)
        assert worker.pid is None
        assert await everything(worker, do="count", to=3, delay=0.2) == [0, 1, 2]
        assert worker.pid not in (None, first)


async def test_close_ends_a_helper_that_hangs() -> None:
    async with talker() as worker:
        items = worker.stream({"do": "hang"})
        assert await anext(items) == "hanging"
        pid = worker.pid
        assert pid
        await items.aclose()
        start = time.monotonic()
        await worker.close()
        assert time.monotonic() - start < 4
        assert not alive(pid)


async def test_close_fails_what_is_under_way() -> None:
    async with talker() as worker:
        waiting = asyncio.ensure_future(everything(worker, do="wait", name="x"))
        await asyncio.sleep(0.5)
        await worker.close()
        with pytest.raises(WorkerFailed):
            await waiting


async def test_prints_do_not_break_the_frames() -> None:
    async with talker() as worker:
        assert await everything(worker, do="print") == ["clean"]
        assert await everything(worker, do="count", to=3) == [0, 1, 2]


async def test_big_frames_pass_both_ways() -> None:
    async with talker() as worker:
        body = os.urandom(5_000_000)
        assert await worker.ask({"do": "echo", "body": body}) == body


async def test_errors_for_the_user_keep_class_and_text_others_only_their_name() -> None:
    async with talker() as worker:
        with pytest.raises(ModelFailed, match=r"^The model is tired\.$"):
            await everything(worker, do="explain")
        with pytest.raises(WorkerFailed, match="ValueError") as caught:
            await everything(worker, do="crash")
        assert "canary" not in str(caught.value)
        with pytest.raises(WorkerFailed):
            await everything(worker, do="unsendable")
        assert await worker.ask({"do": "echo", "body": 1}) == 1


async def test_last_words_are_logged_without_messages_of_exceptions(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with talker() as worker:
        with pytest.raises(WorkerFailed):
            await everything(worker, do="crash")
        with pytest.raises(WorkerFailed):
            await everything(worker, do="exit")
        await asyncio.sleep(0.2)
    assert "ValueError" in caplog.text
    assert "sk-canary" not in caplog.text


async def test_module_that_is_not_there() -> None:
    worker = Worker("jupyter_frevagpt.workers.nowhere", environment={"PYTHONPATH": ROOT})
    with pytest.raises(WorkerFailed):
        await worker.ask({})
    await worker.close()


async def test_environment_can_be_changed_and_requests_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSED_ON", "yes")
    monkeypatch.setenv("TAKEN_OUT", "no")
    async with talker(TAKEN_OUT=None, ADDED="new") as worker:
        names = ["PASSED_ON", "TAKEN_OUT", "ADDED"]
        assert [await worker.ask({"do": "environment", "name": name}) for name in names] == ["yes", None, "new"]
        await worker.ask({"do": "echo", "body": "sk-canary"})
        for kind in ("cmdline", "environ"):
            assert b"sk-canary" not in Path(f"/proc/{worker.pid}/{kind}").read_bytes()


async def test_nothing_is_imported_from_the_folder_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "msgspec.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    async with talker() as worker:
        assert await worker.ask({"do": "echo", "body": 1}) == 1


SERVER = """
import asyncio, sys
from contextlib import aclosing
from jupyter_frevagpt.workers.host import Worker

async def main():
    worker = Worker("tests.workers.talker")
    async with aclosing(worker.stream({"do": sys.argv[1], "name": "x"})) as items:
        async for _ in items:
            print(worker.pid, flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("doing", ["wait", "hang"])
async def test_no_orphan_when_the_server_is_killed(doing: str) -> None:
    environment = {**os.environ, "PYTHONPATH": ROOT}
    with subprocess.Popen([sys.executable, "-c", SERVER, doing], stdout=subprocess.PIPE, env=environment) as server:
        assert server.stdout
        pid = int(server.stdout.readline())
        assert alive(pid)
        server.kill()
    assert await gone(pid)
