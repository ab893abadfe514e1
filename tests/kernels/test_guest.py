"""The guest in a real kernel, with a second client that plays the user."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import time
from contextlib import aclosing
from typing import Any

import pytest

from jupyter_frevagpt.domain.errors import KernelFailed
from jupyter_frevagpt.kernels.guest import KernelGuest

from .conftest import Bench


async def test_output_result_and_state(bench: Bench) -> None:
    await bench.user.run("base = 20")
    run = await bench.run("print('first')\nprint('second')\nbase + 1")
    output = run.output()
    assert output.state == "done"
    assert output.text == "first\nsecond\n21\n"
    assert [shown["output_type"] for shown in output.display] == ["stream", "execute_result"]


async def test_numbers_of_the_users_cells_stay(bench: Bench) -> None:
    first = await bench.user.run("1 + 1")
    for _ in range(3):
        await bench.run("2 + 2")
    second = await bench.user.run("len(In)")
    assert second["execution_count"] == first["execution_count"] + 1


async def test_traceback_is_text_without_colours(bench: Bench) -> None:
    run = await bench.run("def divide(a):\n    return a / 0\n\ndivide(3)")
    output = run.output()
    assert output.state == "failed"
    assert "ZeroDivisionError: division by zero" in output.text
    assert "\x1b" not in output.text
    assert "line 2" in output.text or "----> 2" in output.text or ":2" in output.text


async def test_figure_is_an_image(bench: Bench) -> None:
    code = "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nprint('drawn')"
    output = (await bench.run(code)).output()
    assert len(output.images) == 1
    assert output.images[0].png.startswith("iVBOR")
    assert "image/png" not in str(output.display)
    assert output.text.endswith("drawn\n")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("from IPython.display import HTML; HTML('<b>bold</b> &amp; more')", "<IPython.core.display.HTML object>\n"),
        (
            "from IPython.display import JSON, display; display({'application/json': {'a': [1]}}, raw=True)",
            '{"a": [1]}\n',
        ),
        ("from IPython.display import display; display({'text/html': '<p>only&lt;</p>'}, raw=True)", "only<\n"),
        ("from IPython.display import display; display({'image/svg+xml': '<svg/>'}, raw=True)", "[image/svg+xml]\n"),
        ("from IPython.display import display; display({}, raw=True)", ""),
        ("None", ""),
    ],
)
async def test_no_kind_of_output_is_lost_or_ends_anything(bench: Bench, code: str, expected: str) -> None:
    output = (await bench.run(code)).output()
    assert output.text == expected
    assert (await bench.run("1 + 1")).output().text == "2\n"


async def test_progress_bars_and_cleared_output_leave_their_last_state(bench: Bench) -> None:
    code = "for i in range(5):\n    print(f'\\r{i}/5', end='')\nprint()"
    assert (await bench.run(code)).output().text == "4/5\n"
    code = "from IPython.display import clear_output\nprint('old')\nclear_output(wait=True)\nprint('new')"
    assert (await bench.run(code)).output().text == "new\n"
    code = "h = display('first', display_id=True)\nprint('between')\nh.update('second')"
    assert (await bench.run(code)).output().text == "'second'\nbetween\n"


async def test_long_output_is_bounded_and_counted(bench: Bench) -> None:
    bench.guest._max_chars = 10_000
    output = (await bench.run("print('x' * 50_000)\nprint('end')")).output()
    assert "more characters were printed" in output.text
    assert len(output.text) < 10_200


async def test_input_is_refused_clearly(bench: Bench) -> None:
    output = (await bench.run("input('name? ')")).output()
    assert output.state == "failed"
    assert "StdinNotImplementedError" in output.text


async def test_failing_code_of_ours_does_not_abort_the_users_queue(bench: Bench) -> None:
    run = bench.guest.execute("import time; time.sleep(0.3); 1 / 0")
    while run.state != "running":
        await asyncio.sleep(0.01)
    queued = bench.user.send("after = 'ran'")
    assert (await bench.user.reply(queued))["status"] == "ok"
    await run.ended.wait()
    assert run.state == "failed"


async def test_waits_for_the_users_cell_and_says_so(bench: Bench) -> None:
    cell = bench.user.send("import time; time.sleep(1.0); done = True")
    await asyncio.sleep(0.3)
    run = bench.guest.execute("print(done)")
    states = []
    async with aclosing(run.events()) as events:
        async for event in events:
            if event.state:
                states.append(event.state)
    assert states == ["waiting", "running", "done"]
    assert run.output().text == "True\n"
    assert (await bench.user.reply(cell))["status"] == "ok"


async def test_stop_of_a_held_run_leaves_the_users_cell_alone(bench: Bench) -> None:
    marker = secrets.token_hex(8)
    cell = bench.user.send("import time; time.sleep(1.2); fine = True")
    await asyncio.sleep(0.3)
    run = bench.guest.execute(f"{'m' + marker} = 1")
    await asyncio.sleep(0.1)
    began = time.monotonic()
    await run.stop()
    assert time.monotonic() - began < 0.1
    assert run.state == "stopped"
    assert (await bench.user.reply(cell))["status"] == "ok"
    assert (await bench.run(f"print('m{marker}' in globals(), fine)")).output().text == "False True\n"


@pytest.mark.parametrize(
    "code",
    ["import time\nprint('on')\nwhile True: time.sleep(0.01)", "import asyncio\nprint('on')\nawait asyncio.sleep(60)"],
)
async def test_stop_of_running_code_interrupts_it(bench: Bench, code: str) -> None:
    run = bench.guest.execute(code)
    async with aclosing(run.events()) as events:
        async for event in events:
            if event.text:
                break
    began = time.monotonic()
    await run.stop()
    await asyncio.wait_for(run.ended.wait(), 5)
    assert time.monotonic() - began < 1.0
    assert run.state == "stopped"
    assert run.output().text.startswith("on\n")
    assert (await bench.run("'still here'")).output().text == "'still here'\n"


async def test_code_that_swallows_the_interrupt_is_reported_as_stopped_and_interrupted_again(bench: Bench) -> None:
    code = (
        "import time\nhits = 0\nwhile hits < 4:\n    try:\n        time.sleep(30)\n"
        "    except KeyboardInterrupt:\n        hits += 1"
    )
    run = bench.guest.execute(code)
    while run.state != "running":
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    await run.stop()
    assert run.output().state == "stopped"
    async with asyncio.timeout(10):
        await run.ended.wait()


async def test_printed_text_comes_while_it_runs(bench: Bench) -> None:
    run = bench.guest.execute("import time\nprint('early', flush=True)\ntime.sleep(1.5)\nprint('late')")
    async with aclosing(run.events()) as events:
        async for event in events:
            if event.text:
                assert event.text == "early\n"
                assert run.state == "running"
                break
    await run.ended.wait()
    assert run.output().text == "early\nlate\n"


@pytest.mark.parametrize("ending", ["kill", "exit", "restart", "shutdown"])
async def test_a_dying_kernel_ends_the_run_as_lost(bench: Bench, ending: str) -> None:
    code = {"exit": "import os; os._exit(3)"}.get(ending, "import time; print('on', flush=True); time.sleep(60)")
    run = bench.guest.execute(code)
    while run.state != "running":
        await asyncio.sleep(0.01)
    kernel = bench.manager.get_kernel(bench.kernel_id)
    if ending == "kill":
        os.kill(kernel.provisioner.process.pid, signal.SIGKILL)
    elif ending == "restart":
        await bench.manager.restart_kernel(bench.kernel_id)
    elif ending == "shutdown":
        await bench.manager.shutdown_kernel(bench.kernel_id, now=True)
    async with asyncio.timeout(15):
        await run.ended.wait()
    assert run.output().state == "lost"
    assert not bench.guest.usable


async def test_after_a_restart_a_new_guest_works(bench: Bench) -> None:
    await bench.run("before = 1")
    await bench.manager.restart_kernel(bench.kernel_id)
    guest = KernelGuest(bench.manager, bench.kernel_id, max_chars=1000)
    await guest.open()
    try:
        run = guest.execute("'before' in globals()")
        await asyncio.wait_for(run.ended.wait(), 20)
        assert run.output().text == "False\n"
    finally:
        await guest.close()


async def test_many_runs_one_after_another_never_hang(bench: Bench) -> None:
    """A send while a receive is pending can swallow the socket's wake-up; 300 runs would meet that."""
    for number in range(300):
        run: Any = bench.guest.execute(str(number))
        await asyncio.wait_for(run.ended.wait(), 10)
        assert run.output().text == f"{number}\n"


async def test_a_kernel_that_does_not_answer_is_a_clear_error(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_frevagpt.kernels.guest._READY_SECONDS", 1.0)
    pid = bench.manager.get_kernel(bench.kernel_id).provisioner.process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        guest = KernelGuest(bench.manager, bench.kernel_id, max_chars=1000)
        with pytest.raises(KernelFailed, match="does not answer"):
            await guest.open()
    finally:
        os.kill(pid, signal.SIGCONT)


# ---- with our helper in the kernel


async def test_the_helper_lives_in_an_ordinary_kernel(bench: Bench) -> None:
    assert bench.guest.capabilities is None
    await bench.run("1")
    can = bench.guest.capabilities
    assert can is not None
    assert (can.cancel, can.interrupt, can.while_busy, can.caps) == (True, True, True, True)
    assert (await bench.user.run("assert not [n for n in dir() if 'freva' in n.lower()]"))["status"] == "ok"


async def test_the_users_last_results_stay_theirs(bench: Bench) -> None:
    await bench.user.run("'first'")
    await bench.user.run("'second'")
    assert (await bench.run("'ours'")).output().text == "'ours'\n"
    reply = await bench.user.run("assert (_, __, Out) == ('second', 'first', {1: 'first', 2: 'second'}), (_, __, Out)")
    assert reply["status"] == "ok"


@pytest.mark.parametrize("code", ["exit()", "quit()", "exit"])
async def test_our_code_does_not_end_the_users_kernel(bench: Bench, code: str) -> None:
    await bench.user.run("kept = 1")
    await bench.run(code)
    await asyncio.sleep(0.5)
    assert (await bench.user.run("kept + 1"))["status"] == "ok"
    assert (await bench.run("kept")).output().text == "1\n"


async def test_a_hundred_megabytes_of_print_stay_in_the_kernel(bench: Bench) -> None:
    run = await bench.run("for _ in range(100):\n    print('x' * 1_000_000)\nprint('the end')")
    text = run.output().text
    assert len(text) <= 1_000_100
    assert text.endswith("the end\n")
    assert "characters left out" in text


@pytest.mark.parametrize("attempt", range(40))
async def test_stop_hits_our_code_alone(bench: Bench, attempt: int) -> None:
    """Ours and a cell of the user's back to back, stopped at a moment that differs from attempt to attempt."""
    await bench.run("import time")
    for moment in (attempt * 0.0025, attempt * 0.0025 + 0.001):
        run = bench.guest.execute("for _ in range(20): time.sleep(0.002)")
        while run.state == "held":
            await asyncio.sleep(0)
        cell = bench.user.send("for _ in range(20): time.sleep(0.002)")
        await asyncio.sleep(moment)
        await run.stop()
        assert (await bench.user.reply(cell))["status"] == "ok"
        await asyncio.wait_for(run.ended.wait(), 5)
        assert run.state in ("stopped", "done")


async def test_a_run_that_waits_in_the_kernel_is_dropped_by_stop(bench: Bench) -> None:
    await bench.run("import time; ran = []")
    bench.guest._quiet.set()
    cell = bench.user.send("time.sleep(1.0)")
    run = bench.guest.execute("ran.append(1)")
    while run.state == "held":
        await asyncio.sleep(0)
    await asyncio.sleep(0.2)
    assert run.state == "waiting"
    await run.stop()
    assert run.state in ("waiting", "stopped")
    assert (await bench.user.reply(cell))["status"] == "ok"
    await asyncio.wait_for(run.ended.wait(), 5)
    assert run.state == "stopped"
    assert (await bench.run("ran")).output().text == "[]\n"
