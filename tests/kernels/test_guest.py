"""The guest in a real kernel, with a second client that plays the user."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from jupyter_frevagpt.domain.errors import KernelFailed
from jupyter_frevagpt.domain.values import RunEvent
from jupyter_frevagpt.kernels.limits import GuestLimits

from .conftest import Bench, Gate


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
    bench.guest.limits = GuestLimits(stored_chars=10_000)
    output = (await bench.run("print('x' * 50_000)\nprint('end')")).output()
    assert "more characters were printed" in output.text
    assert len(output.text) < 15_400


async def test_input_is_refused_clearly(bench: Bench) -> None:
    output = (await bench.run("input('name? ')")).output()
    assert output.state == "failed"
    assert "StdinNotImplementedError" in output.text


async def test_failing_code_of_ours_does_not_abort_the_users_queue(bench: Bench, gate: Gate) -> None:
    run = await bench.begun(bench.execute(f"{gate.wait}\n1 / 0"))
    queued = bench.user.send("after = 'ran'")
    await bench.user.passed()
    gate.open()
    assert (await bench.user.reply(queued))["status"] == "ok"
    assert (await bench.ended(run)).state == "failed"


async def test_waits_for_the_users_cell_and_says_so(bench: Bench, gate: Gate) -> None:
    cell = await bench.occupy(f"{gate.wait}\ndone = True")
    run = bench.execute("print(done)")
    states = []
    async with aclosing(run.events()) as events:
        async for event in events:
            if event.state:
                states.append(event.state)
            if event.state == "waiting":
                gate.open()
    assert states == ["waiting", "running", "done"]
    assert run.output().text == "True\n"
    assert (await bench.user.reply(cell))["status"] == "ok"


async def test_stop_of_a_held_run_leaves_the_users_cell_alone(bench: Bench, gate: Gate) -> None:
    marker = secrets.token_hex(8)
    cell = await bench.occupy(f"{gate.wait}\nfine = True")
    run = bench.execute(f"{'m' + marker} = 1")
    await asyncio.sleep(0.1)
    assert run.state == "held"
    await run.stop()
    assert run.state == "stopped"  # at once, while the user's cell goes on
    gate.open()
    assert (await bench.user.reply(cell))["status"] == "ok"
    assert (await bench.run(f"print('m{marker}' in globals(), fine)")).output().text == "False True\n"


@pytest.mark.parametrize(
    "code",
    ["import time\nprint('on')\nwhile True: time.sleep(0.01)", "import asyncio\nprint('on')\nawait asyncio.sleep(60)"],
)
async def test_stop_of_running_code_interrupts_it(bench: Bench, code: str) -> None:
    took = []
    while not took or (took[-1] >= 1.0 and len(took) < 3):  # a busy machine may be slow at times, not always
        run = bench.execute(code)
        await _printed(run.events(), "on")
        began = time.monotonic()
        await run.stop()
        await bench.ended(run)
        took.append(time.monotonic() - began)
        assert run.state == "stopped"
        assert run.output().text.startswith("on\n")
        assert (await bench.run("'still here'")).output().text == "'still here'\n"
    assert min(took) < 1.0


async def test_code_that_swallows_the_interrupt_is_reported_as_stopped_and_interrupted_again(bench: Bench) -> None:
    code = (
        "import time\nhits = 0\nwhile hits < 3:\n    try:\n        print('on', flush=True)\n        time.sleep(60)\n"
        "    except KeyboardInterrupt:\n        hits += 1"
    )
    run = bench.execute(code)
    await _printed(run.events(), "on")
    await run.stop()
    assert run.output().state == "stopped"
    await bench.ended(run)
    # The first one was swallowed; that the run ended is a later one's doing, wherever in the code that landed.
    assert int((await bench.run("hits")).output().text) >= 1


async def test_printed_text_comes_while_it_runs(bench: Bench, gate: Gate) -> None:
    run = bench.execute(f"print('early', flush=True)\n{gate.wait}\nprint('late')")
    assert await _printed(run.events(), "early") == "early\n"
    assert run.state == "running"
    gate.open()
    assert (await bench.ended(run)).output().text == "early\nlate\n"


async def _printed(events: AsyncGenerator[RunEvent, None], text: str) -> str:
    """Read a run's events until it has printed a text; returns what it has printed."""
    printed = ""
    async with asyncio.timeout(60), aclosing(events):
        async for event in events:
            printed += event.text
            if text in printed:
                break
    return printed


@pytest.mark.parametrize("ending", ["kill", "exit", "restart", "shutdown"])
async def test_a_dying_kernel_ends_the_run_as_lost(bench: Bench, ending: str) -> None:
    code = {"exit": "import os; os._exit(3)"}.get(ending, "import time; print('on', flush=True); time.sleep(60)")
    run = await bench.begun(bench.execute(code))
    kernel = bench.manager.get_kernel(bench.kernel_id)
    if ending == "kill":
        os.kill(kernel.provisioner.process.pid, signal.SIGKILL)
    elif ending == "restart":
        await bench.manager.restart_kernel(bench.kernel_id)
    elif ending == "shutdown":
        await bench.manager.shutdown_kernel(bench.kernel_id, now=True)
    assert (await bench.ended(run)).output().state == "lost"
    assert not bench.guest.usable


async def test_after_a_restart_a_new_guest_works(bench: Bench) -> None:
    await bench.run("before = 1")
    await bench.manager.restart_kernel(bench.kernel_id)
    guest = bench.new_guest()
    await guest.open()
    try:
        run = await bench.ended(bench.execute("'before' in globals()", guest))
        assert run.output().text == "False\n"
    finally:
        await guest.close()


async def test_many_runs_one_after_another_never_hang(bench: Bench) -> None:
    """A send while a receive is pending can swallow the socket's wake-up; 300 runs would meet that."""
    for number in range(300):
        assert (await bench.run(str(number))).output().text == f"{number}\n"


async def test_a_kernel_that_does_not_answer_is_a_clear_error(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_frevagpt.kernels.guest._READY_SECONDS", 1.0)
    pid = bench.manager.get_kernel(bench.kernel_id).provisioner.process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(KernelFailed, match="does not answer"):
            await bench.new_guest().open()
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
    bench.guest.limits = GuestLimits(stored_chars=1_100_000, kernel_chars=1_000_000)
    run = await bench.run("for _ in range(100):\n    print('x' * 1_000_000)\nprint('the end')")
    text = run.output().text
    assert len(text) <= 1_000_100
    assert text.endswith("the end\n")
    assert "characters left out" in text


async def test_stop_hits_our_code_alone(bench: Bench) -> None:
    """Ours and a cell of the user's back to back, stopped at a moment that differs from attempt to attempt."""
    await bench.run("import time")
    states = Counter[str]()
    for attempt in range(80):
        run = bench.execute("for _ in range(20): time.sleep(0.002)")
        while run.state == "held":
            await asyncio.sleep(0)
        cell = bench.user.send("for _ in range(20): time.sleep(0.002)")
        if attempt % 2:  # a busy machine may be slow to begin: half of the moments are counted from there
            await bench.begun(run)
        await asyncio.sleep(attempt * 0.00125)
        await run.stop()
        assert (await bench.user.reply(cell))["status"] == "ok", attempt
        states[(await bench.ended(run)).state] += 1
    assert set(states) <= {"stopped", "done"}
    assert states["stopped"] >= 10, "too few stops landed on ours for this to mean anything"


async def test_a_run_that_waits_in_the_kernel_is_dropped_by_stop(bench: Bench, gate: Gate) -> None:
    await bench.run("ran = []")
    cell = await bench.occupy(gate.wait)
    bench.guest._watch.quiet.set()  # as in the moment between two cells of the user's
    run = bench.execute("ran.append(1)")
    async with asyncio.timeout(60):
        while run.state == "held":
            await asyncio.sleep(0)
    assert run.state == "waiting"
    await run.stop()
    assert run.state in ("waiting", "stopped")
    gate.open()
    assert (await bench.user.reply(cell))["status"] == "ok"
    assert (await bench.ended(run)).state == "stopped"
    assert (await bench.run("ran")).output().text == "[]\n"
