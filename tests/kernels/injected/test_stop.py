"""Stop is true: what was cancelled never runs, an interrupt hits our code or nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_frevagpt.kernels.injection import GuestFailed, GuestOps

from ..conftest import Gate
from .conftest import Bench, Run


async def _ended(run: Run, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        await run.ended.wait()


async def test_a_cancelled_request_never_runs(bench: Bench, gate: Gate) -> None:
    theirs = await bench.user.begin(f"{gate.wait}\nran = []")
    ours = bench.guest.execute("ran.append('ours')")
    after = bench.user.execute("ran.append('theirs')")
    assert await bench.ops.cancel(ours.msg_id) == "cancelled"
    gate.open()
    for run in (theirs, ours, after):
        await _ended(run)
    assert ours.status == "aborted"
    assert await bench.value("ran") == ["theirs"]


async def test_cancel_and_interrupt_tell_what_became_of_a_request(bench: Bench) -> None:
    run = bench.guest.execute("import time; print('on', flush=True); time.sleep(60)")
    await run.said("on")
    assert await bench.ops.cancel(run.msg_id) == "running"
    assert await bench.ops.interrupt_if("another") == "unknown"
    assert await bench.ops.interrupt_if(run.msg_id) == "interrupted"
    await _ended(run, 30)
    assert run.reply["ename"] == "KeyboardInterrupt"
    assert await bench.ops.interrupt_if(run.msg_id) == "finished"
    assert await bench.ops.cancel(run.msg_id) == "finished"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import asyncio; print('on', flush=True); await asyncio.sleep(60)", "CancelledError"),
        ("import asyncio; print('on')\nfor _ in range(6000): await asyncio.sleep(.01)", "CancelledError"),
        ("print('on', flush=True)\nwhile True: pass", "KeyboardInterrupt"),
        ("import subprocess; print('on', flush=True); subprocess.run(['sleep', '60'])", "KeyboardInterrupt"),
        ("import threading; print('on', flush=True); threading.Event().wait(60)", "KeyboardInterrupt"),
        (
            "import time\ntry: print('on', flush=True); time.sleep(60)\nfinally: print('tidied')",
            "KeyboardInterrupt",
        ),
    ],
)
async def test_what_runs_is_interrupted_at_once(bench: Bench, code: str, error: str) -> None:
    run = bench.guest.execute(code)
    await run.said("on")
    start = asyncio.get_running_loop().time()
    assert await bench.ops.interrupt_if(run.msg_id) == "interrupted"
    await _ended(run, 30)
    print(f"\nipykernel {bench.version}: {asyncio.get_running_loop().time() - start:.3f} s")  # noqa: T201
    assert run.reply["ename"] == error
    assert ("tidied" in run.text) == ("tidied" in code)
    assert (await bench.user.run("1 + 1")).result == "2"


async def test_shell_commands_are_interrupted(bench: Bench) -> None:
    for code in ("!echo on; sleep 60", "%%bash\necho on\nsleep 60"):
        run = bench.guest.execute(code)
        await run.said("on")  # not before: IPython loads %%bash when it is first used, once, and an error then stays
        async with asyncio.timeout(30):
            while not run.ended.is_set():
                await bench.ops.interrupt_if(run.msg_id)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(run.ended.wait(), 0.5)


async def test_code_that_swallows_the_interrupt_gets_it_again(bench: Bench) -> None:
    code = (
        "import time\n"
        "def stubborn(times):\n"
        "    for number in range(times):\n"
        "        try: print(f'{number} sleeps', flush=True); time.sleep(60)\n"
        "        except KeyboardInterrupt: print(f'{number} swallowed')\n"
        "stubborn(3)"
    )
    run = bench.guest.execute(code)
    for number in range(3):
        await run.said(f"{number} sleeps")
        assert await bench.ops.interrupt_if(run.msg_id) == "interrupted"
    await _ended(run, 30)
    assert run.text.count("swallowed") == 3


async def test_the_users_running_cell_is_not_touched(bench: Bench, gate: Gate) -> None:
    theirs = await bench.user.begin(f"{gate.wait}\n'whole'")
    ours = bench.guest.execute("'ours'")
    for _ in range(20):
        assert await bench.ops.interrupt_if(theirs.msg_id) == "unknown"
        assert await bench.ops.interrupt_if(ours.msg_id) in ("unknown", "claimed")
    gate.open()
    await _ended(theirs)
    await _ended(ours)
    assert theirs.result == "'whole'"
    assert ours.result == "'ours'"


async def test_the_users_own_interrupt_still_works(bench: Bench) -> None:
    await bench.user.run("from asyncio import sleep as _s; from time import sleep")
    pid = await _pid(bench)
    for code, error in (("sleep(60)", "KeyboardInterrupt"), ("await _s(60)", "CancelledError")):
        theirs = bench.user.execute(f"print('on', flush=True); {code}")
        await theirs.said("on")
        os.kill(pid, signal.SIGINT)
        bench.user.send("kernel_info_request", {})
        await _ended(theirs, 30)
        assert theirs.reply["ename"] == error


async def test_code_that_holds_the_lock_of_python_is_a_time_out(bench: Bench, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    await bench.ops.describe()
    run = bench.guest.execute(f"import ctypes; ctypes.PyDLL(None).open({os.fsencode(pipe)!r}, 0)")

    async def ask_until_it_holds() -> None:  # it waits at the pipe until somebody opens the other end
        while not run.ended.is_set():
            await bench.ops.describe(timeout=0.5)

    try:
        with pytest.raises(GuestFailed, match="does not answer") as failed:
            await ask_until_it_holds()
        assert failed.value.reason == "timeout"
        with pytest.raises(GuestFailed):
            await GuestOps(bench.guest.ask, bench.guest.session).interrupt_if(run.msg_id)
        assert not run.ended.is_set()
    finally:
        other_end = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
        await _ended(run)
        os.close(other_end)
    assert run.status  # the interrupt that was asked for arrives late, and hits ours or nothing
    assert (await bench.user.run("1 + 1")).result == "2"
    assert (await bench.ops.state()).running == ""


async def test_a_killed_kernel_is_a_time_out(own_bench: Bench) -> None:
    await own_bench.guest.run("import os; pid = os.getpid()")
    os.kill(await own_bench.value("pid"), signal.SIGKILL)
    with pytest.raises(GuestFailed):
        await own_bench.ops.describe(timeout=1)


class Pace:
    """How long the cells of a race take: on a busy machine so long that most stops are in time."""

    def __init__(self) -> None:
        self._steps = 10.0

    @property
    def cell(self) -> str:
        return f"import time\nfor _ in range({self._steps:.0f}): time.sleep(.001)"

    def moment(self, share: float) -> float:
        """Return a random number of seconds, up to a share of the time that a cell takes if nothing disturbs it."""
        return random.uniform(0, share * self._steps * 0.001)

    def learn(self, in_time: bool) -> None:
        """Go towards three stops of five in time."""
        self._steps = max(10.0, self._steps * 0.9) if in_time else min(500.0, self._steps * 1.18)


async def race(bench: Bench, trials: int, *, naive: bool = False) -> Counter[str]:
    """Run ours and the user's back to back, stop at a random moment; count what happened.

    Every other moment is counted from the beginning of ours, the others from when it was sent.
    """
    counts: Counter[str] = Counter()
    pid = await _pid(bench)
    pace = Pace()
    for trial in range(trials):
        ours = bench.guest.execute(pace.cell)
        theirs = bench.user.execute(pace.cell)
        if trial % 2:
            await ours.busy.wait()
        await asyncio.sleep(pace.moment(1.6 if trial % 2 else 2.5))
        if naive:
            os.kill(pid, signal.SIGINT)
        else:
            counts[await bench.ops.interrupt_if(ours.msg_id)] += 1
        for run, name in ((ours, "ours"), (theirs, "theirs")):
            try:
                await _ended(run, 5 if naive else 60)
            except TimeoutError:
                counts[f"{name} never ended"] += 1
        counts["trials"] += 1
        counts["ours interrupted"] += ours.status == "error"
        pace.learn(ours.status == "error")
        # A reply that the naive way has lost is harm too, yet not what the control is to show.
        counts["user's hit"] += theirs.status == "error" if naive else theirs.status != "ok"
        if naive and counts["user's hit"]:
            break
    return counts


_pids: dict[Any, int] = {}


async def _pid(bench: Bench) -> int:
    if bench.manager not in _pids:
        _pids[bench.manager] = await bench.value("__import__('os').getpid()")
    return _pids[bench.manager]


async def cancel_race(bench: Bench, trials: int) -> Counter[str]:
    """Queue ours between two of the user's, cancel it at a random moment; count what happened."""
    counts: Counter[str] = Counter()
    pace = Pace()
    for trial in range(trials):
        await bench.user.run("ran = []")
        before = bench.user.execute(pace.cell)
        if trial % 2:
            await before.busy.wait()
        ours = bench.guest.execute("ran.append(1)")
        after = bench.user.execute("after = 1")
        await asyncio.sleep(pace.moment(1.6 if trial % 2 else 2))
        fate = await bench.ops.cancel(ours.msg_id)
        counts[fate] += 1
        pace.learn(fate == "cancelled")
        for run in (before, ours, after):
            try:
                await _ended(run)
            except TimeoutError:
                counts["never ended"] += 1
        ran = bool(await bench.value("ran"))
        counts["trials"] += 1
        counts["cancelled and ran"] += ran and fate == "cancelled"
        counts["not cancelled and did not run"] += not ran and fate != "cancelled"
        counts["user's harmed"] += before.status != "ok" or after.status != "ok"
    return counts


async def check_races(bench: Bench, trials: int) -> list[str]:
    """Both races, and what they must give; returns the lines that tell of it."""
    stops = await race(bench, trials)
    assert stops["user's hit"] == 0, stops
    assert not [name for name in stops if "never ended" in name], stops
    assert stops["ours interrupted"] >= trials / 4, "too few interrupts landed on ours for this to mean anything"
    cancels = await cancel_race(bench, trials)
    assert cancels["cancelled and ran"] == cancels["user's harmed"] == cancels["never ended"] == 0, cancels
    assert cancels["not cancelled and did not run"] == 0, cancels
    assert cancels["cancelled"] >= trials / 10, "too few cancels came in time for this to mean anything"
    return [told(bench, "interrupts", stops), told(bench, "cancels", cancels)]


async def check_control(bench: Bench) -> list[str]:
    """The naive interrupt, until it has hit the user: shows that the race can be lost."""
    counts = await race(bench, 200, naive=True)
    assert counts["user's hit"] > 0, counts
    return [told(bench, "naive interrupts until the first hit", counts)]


def told(bench: Bench, what: str, counts: Counter[str]) -> str:
    """Return the counts of a race as a line."""
    version = bench.ops.capabilities.ipykernel if bench.ops.capabilities else bench.version
    numbers = ", ".join(f"{name} {number:,}" for name, number in sorted(counts.items()))
    return f"ipykernel {version}, {what}: {numbers}"


@pytest.mark.timeout(900)
async def test_race(bench: Bench, record_property: Callable[[str, object], None]) -> None:
    for line in await check_races(bench, 200):
        record_property("race", line)


@pytest.mark.timeout(900)
async def test_the_naive_interrupt_hits_the_user(
    own_bench: Bench, record_property: Callable[[str, object], None]
) -> None:
    """The control: the race test can fail."""
    for line in await check_control(own_bench):
        record_property("race", line)
