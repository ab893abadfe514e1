"""Stop is true: what was cancelled never runs, an interrupt hits our code or nothing."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from typing import Any

import pytest

from jupyter_frevagpt.kernels.injection import GuestFailed

from .conftest import Bench, Run

_SLEEP = "import time\nfor _ in range(20): time.sleep(.001)"


async def _ended(run: Run, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        await run.ended.wait()


async def test_a_cancelled_request_never_runs(bench: Bench) -> None:
    theirs = bench.user.execute("import time; time.sleep(2); ran = []")
    ours = bench.guest.execute("ran.append('ours')")
    after = bench.user.execute("ran.append('theirs')")
    await theirs.busy.wait()
    assert await bench.ops.cancel(ours.msg_id) == "cancelled"
    for run in (theirs, ours, after):
        await _ended(run)
    assert ours.status == "aborted"
    assert await bench.value("ran") == ["theirs"]


async def test_cancel_and_interrupt_tell_what_became_of_a_request(bench: Bench) -> None:
    run = bench.guest.execute("import time; time.sleep(5)")
    await run.busy.wait()
    await asyncio.sleep(0.2)
    assert await bench.ops.cancel(run.msg_id) == "running"
    assert await bench.ops.interrupt_if("another") == "unknown"
    assert await bench.ops.interrupt_if(run.msg_id) == "interrupted"
    await _ended(run, 3)
    assert run.reply["ename"] == "KeyboardInterrupt"
    assert await bench.ops.interrupt_if(run.msg_id) == "finished"
    assert await bench.ops.cancel(run.msg_id) == "finished"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import asyncio; await asyncio.sleep(20)", "CancelledError"),
        ("import asyncio\nfor _ in range(2000): await asyncio.sleep(.01)", "CancelledError"),
        ("while True: pass", "KeyboardInterrupt"),
        ("import subprocess; subprocess.run(['sleep', '20'])", "KeyboardInterrupt"),
        ("import threading; threading.Event().wait(20)", "KeyboardInterrupt"),
        ("import time\ntry: time.sleep(20)\nfinally: print('tidied')", "KeyboardInterrupt"),
    ],
)
async def test_what_runs_is_interrupted_at_once(bench: Bench, code: str, error: str) -> None:
    run = bench.guest.execute(code)
    await run.busy.wait()
    await asyncio.sleep(0.3)
    start = asyncio.get_running_loop().time()
    assert await bench.ops.interrupt_if(run.msg_id) == "interrupted"
    await _ended(run, 3)
    print(f"\nipykernel {bench.version}: {asyncio.get_running_loop().time() - start:.3f} s")  # noqa: T201
    assert run.reply["ename"] == error
    assert (await bench.user.run("1 + 1")).result == "2"


async def test_shell_commands_are_interrupted(bench: Bench) -> None:
    for code in ("!sleep 20", "%%bash\nsleep 20"):
        run = bench.guest.execute(code)
        await run.busy.wait()
        async with asyncio.timeout(5):
            while not run.ended.is_set():
                await bench.ops.interrupt_if(run.msg_id)
                await asyncio.sleep(0.2)


async def test_code_that_swallows_the_interrupt_gets_it_again(bench: Bench) -> None:
    code = (
        "import time\n"
        "def stubborn(times):\n"
        "    for number in range(times):\n"
        "        try: time.sleep(20)\n"
        "        except KeyboardInterrupt: print('swallowed')\n"
        "stubborn(3)"
    )
    run = bench.guest.execute(code)
    await run.busy.wait()
    async with asyncio.timeout(10):
        while not run.ended.is_set():
            await bench.ops.interrupt_if(run.msg_id)
            await asyncio.sleep(0.1)
    assert run.text.count("swallowed") == 3


async def test_the_users_running_cell_is_not_touched(bench: Bench) -> None:
    theirs = bench.user.execute("import time; time.sleep(1); 'whole'")
    await theirs.busy.wait()
    ours = bench.guest.execute("'ours'")
    for _ in range(20):
        assert await bench.ops.interrupt_if(theirs.msg_id) in ("unknown", "finished")
        assert await bench.ops.interrupt_if(ours.msg_id) in ("unknown", "claimed", "running", "finished")
        await asyncio.sleep(0.01)
    await _ended(theirs)
    await _ended(ours)
    assert theirs.result == "'whole'"


async def test_the_users_own_interrupt_still_works(bench: Bench) -> None:
    for code, error in (("import time; time.sleep(20)", "KeyboardInterrupt"), ("await _s(20)", "CancelledError")):
        await bench.user.run("from asyncio import sleep as _s")
        await _pid(bench)
        theirs = bench.user.execute(code)
        await theirs.busy.wait()
        await asyncio.sleep(0.3)
        os.kill(await _pid(bench), signal.SIGINT)
        bench.user.send("kernel_info_request", {})
        await _ended(theirs)
        assert theirs.reply["ename"] == error


async def test_code_that_holds_the_lock_of_python_is_a_time_out(bench: Bench) -> None:
    run = bench.guest.execute("import ctypes; print('holds', flush=True); ctypes.PyDLL(None).sleep(4)")
    async with asyncio.timeout(10):
        while not run.text:
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    with pytest.raises(GuestFailed, match="does not answer") as failed:
        await bench.ops.describe(timeout=0.5)
    assert failed.value.reason == "timeout"
    with pytest.raises(GuestFailed):
        await bench.ops.interrupt_if(run.msg_id)
    await _ended(run)
    assert run.status  # the interrupt that was asked for arrives late, and hits ours or nothing
    assert (await bench.user.run("1 + 1")).result == "2"
    assert (await bench.ops.state()).running == ""


async def test_a_killed_kernel_is_a_time_out(own_bench: Bench) -> None:
    await own_bench.guest.run("import os; pid = os.getpid()")
    os.kill(await own_bench.value("pid"), signal.SIGKILL)
    with pytest.raises(GuestFailed):
        await own_bench.ops.describe(timeout=1)


async def race(bench: Bench, trials: int, *, naive: bool = False) -> Counter[str]:
    """Run ours and the user's back to back, stop at a random moment; count what happened."""
    counts: Counter[str] = Counter()
    for _ in range(trials):
        ours = bench.guest.execute(_SLEEP)
        theirs = bench.user.execute(_SLEEP)
        await asyncio.sleep(random.uniform(0, 0.05))
        if naive:
            os.kill(await _pid(bench), signal.SIGINT)
        else:
            counts[await bench.ops.interrupt_if(ours.msg_id)] += 1
        for run, name in ((ours, "ours"), (theirs, "theirs")):
            try:
                await _ended(run)
            except TimeoutError:
                counts[f"{name} never ended"] += 1
        counts["ours interrupted"] += ours.status == "error"
        counts["user's hit"] += theirs.status != "ok"
    return counts


_pids: dict[Any, int] = {}


async def _pid(bench: Bench) -> int:
    if bench.manager not in _pids:
        _pids[bench.manager] = await bench.value("__import__('os').getpid()")
    return _pids[bench.manager]


async def cancel_race(bench: Bench, trials: int) -> Counter[str]:
    """Queue ours between two of the user's, cancel it at a random moment; count what happened."""
    counts: Counter[str] = Counter()
    for _ in range(trials):
        await bench.user.run("ran = []")
        before = bench.user.execute("import time; time.sleep(.02)")
        ours = bench.guest.execute("ran.append(1)")
        after = bench.user.execute("after = 1")
        await asyncio.sleep(random.uniform(0, 0.04))
        fate = await bench.ops.cancel(ours.msg_id)
        counts[fate] += 1
        for run in (before, ours, after):
            try:
                await _ended(run)
            except TimeoutError:
                counts["never ended"] += 1
        ran = bool(await bench.value("ran"))
        counts["cancelled and ran"] += ran and fate == "cancelled"
        counts["not cancelled and did not run"] += not ran and fate != "cancelled"
        counts["user's harmed"] += before.status != "ok" or after.status != "ok"
    return counts


def _show(bench: Bench, what: str, counts: Counter[str]) -> None:
    print(f"\nipykernel {bench.version}, {what}: {dict(sorted(counts.items()))}")  # noqa: T201


async def _check_races(bench: Bench, trials: int) -> None:
    counts = await race(bench, trials)
    _show(bench, f"{trials} interrupts", counts)
    assert counts["user's hit"] == 0
    assert not [name for name in counts if "never ended" in name]
    assert counts["ours interrupted"] >= trials / 4, "too few interrupts landed on ours for this to mean anything"
    counts = await cancel_race(bench, trials)
    _show(bench, f"{trials} cancels", counts)
    assert counts["cancelled and ran"] == counts["user's harmed"] == counts["never ended"] == 0
    assert counts["not cancelled and did not run"] == 0
    assert counts["cancelled"] >= trials / 10


@pytest.mark.timeout(300)
async def test_race(bench: Bench) -> None:
    await _check_races(bench, 200)


@pytest.mark.timeout(300)
async def test_the_naive_interrupt_hits_the_user(own_bench: Bench) -> None:
    """The control: the race test can fail."""
    counts: Counter[str] = Counter()
    while counts["user's hit"] == 0 and counts["trials"] < 200:
        counts += await race(own_bench, 20, naive=True)
        counts["trials"] += 20
    _show(own_bench, "naive interrupts", counts)
    assert counts["user's hit"] > 0


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_race_of_thousands(bench: Bench) -> None:
    await _check_races(bench, 2000)
