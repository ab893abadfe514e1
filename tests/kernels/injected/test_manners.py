"""A guest in a kernel leaves the user's session as it was."""

from __future__ import annotations

import asyncio

import pytest

from jupyter_frevagpt.kernels.injection import GuestFailed, GuestOps

from ..conftest import Gate
from .conftest import Bench, Guest

_FINGERPRINT = """{
 'names': sorted(k for k in globals() if not k.startswith('_j')),
 'In': len(In), 'Out': sorted(Out), 'values': [repr(Out[k]) for k in sorted(Out)],
 'under': [repr(globals().get(k)) for k in ('_', '__', '___')],
 'numbered': sorted((k, repr(v)) for k, v in globals().items() if k[:1] == '_' and k[1:].isdigit()),
 'next': get_ipython().execution_count,
 'last': repr(__import__('sys').__dict__.get('last_value')),
 'ok': get_ipython().last_execution_result is not None,
 'hist': list(get_ipython().history_manager.get_range(raw=True))[-3:],
}"""


async def test_everything_works_here(bench: Bench) -> None:
    capabilities = bench.ops.capabilities
    assert capabilities is not None
    assert capabilities.ipykernel.startswith(str(bench.version))
    for name in ("cancel", "interrupt", "while_busy", "restore_parents", "caps", "report", "describe", "snapshot"):
        assert getattr(capabilities, name), name


async def test_injection_leaves_nothing_behind(own_bench: Bench) -> None:
    bench = own_bench
    await bench.user.run("x = 41")
    await bench.user.run("x + 1")
    await bench.ops.uninstall()
    before = await bench.value(_FINGERPRINT)
    modules = "[m for m in __import__('sys').modules if 'freva' in m]"
    await bench.user.run(f"for m in {modules}: del __import__('sys').modules[m]")
    await bench.user.run("__import__('sys').meta_path.pop(); _keep = 0")
    before = await bench.value(_FINGERPRINT)
    await bench.ops.inject()
    after = await bench.value(_FINGERPRINT)
    assert after == before
    assert await bench.value(modules)


@pytest.mark.parametrize(
    "code",
    [
        "'mine'",
        "40 + 2",
        "for _ in range(3): pass",
        "_ = __ = ___ = 'taken'",
        "1 / 0",
        "print('text')",
        "from IPython.display import display; display(3)\n7",
        "%time 5",
        "%%bash\necho from bash",
        "!echo from shell",
        "import asyncio\nawait asyncio.sleep(0.01)\n'awaited'",
        "this is not python",
        "exit()",
        "import sys; sys.exit(3)",
        "input('name? ')",
        "raise KeyboardInterrupt",
        "raise ValueError('x' * 3_000_000)",
    ],
)
async def test_results_numbers_errors_and_history_stay_the_users(bench: Bench, code: str) -> None:
    await bench.user.run("'first'")
    await bench.user.run("'second'")
    await bench.user.run("int('their error')")
    await bench.guest.run("import sys, asyncio")  # names that the codes make
    before = await bench.value(_FINGERPRINT)
    run = await bench.guest.run(code)
    after = await bench.value(_FINGERPRINT)
    for key in ("names", "hist"):  # what the code itself makes is no matter of manners
        before.pop(key), after.pop(key)
    assert run.status
    assert after == before


async def test_the_history_file_does_not_know_our_code(bench: Bench) -> None:
    await bench.guest.run("a_line_of_ours = 1")
    await bench.user.run("a_line_of_theirs = 1")
    found = "[line for _, _, line in get_ipython().history_manager.search('a_line_of_*', raw=True)]"
    await bench.user.run("get_ipython().history_manager.writeout_cache()", store_history=False)
    assert await bench.value(found) == ["a_line_of_theirs = 1"]


async def test_exit_is_ignored_and_said_so(bench: Bench) -> None:
    for code in ("exit()", "quit()", "get_ipython().ask_exit()", "exit(keep_kernel=True)"):
        run = await bench.guest.run(f"{code}\nprint('went on')")
        assert "was ignored" in run.text
        assert "went on" in run.text
        assert run.report is not None
        assert run.report.exit_ignored
        assert run.reply["payload"] == []
    assert await bench.value("get_ipython().exit_now") is False
    assert (await bench.user.run("1 + 1")).result == "2"


async def test_the_users_own_exit_still_exits(own_bench: Bench) -> None:
    run = await own_bench.user.run("exit()")
    assert run.reply["payload"][0]["source"] == "ask_exit"
    async with asyncio.timeout(60):
        while own_bench.manager.is_alive():
            await asyncio.sleep(0.1)


_TICKER = """
import threading, time
from IPython.display import display
def tick():
    for number in range(40):
        print('tick', number, flush=True)
        time.sleep(0.02)
threading.Thread(target=tick).start()
"""
_TICKS = [f"tick {number}" for number in range(40)]


async def _ticked(bench: Bench, last: str = _TICKS[-1]) -> None:
    """Wait until the last that the user's thread shows has come; a cell that waited for it would get it instead."""
    async with asyncio.timeout(60):
        while not any(
            last in str(content) for kind, _, content in bench.user.iopub if kind in ("stream", "display_data")
        ):
            await asyncio.sleep(0.02)
    await bench.user.passed()
    await bench.guest.passed()


async def test_output_of_the_users_threads_stays_with_their_cell(bench: Bench) -> None:
    cell = await bench.user.run(_TICKER)
    ours = [await bench.guest.run("import time\nprint('ours')\ntime.sleep(0.05)\n'result'") for _ in range(10)]
    await _ticked(bench)
    assert [run.text for run in ours] == ["ours\n"] * len(ours)
    assert bench.user.text_of(cell.msg_id).splitlines() == _TICKS


async def test_what_the_users_threads_display_stays_with_their_cell(bench: Bench) -> None:
    code = _TICKER.replace("print('tick', number, flush=True)", "display({'text/plain': f'shown {number}'}, raw=True)")
    cell = await bench.user.run(code)
    runs = [await bench.guest.run("import time; time.sleep(0.1); print('ours')") for _ in range(6)]
    await _ticked(bench, "shown 39")
    parents = [
        parent["msg_id"]
        for kind, parent, content in bench.user.iopub
        if kind == "display_data" and "shown" in str(content)
    ]
    assert parents == [cell.msg_id] * 40
    assert all(run.text == "ours\n" for run in runs)


async def test_late_output_of_our_threads_stays_ours(bench: Bench, gate: Gate) -> None:
    ours = await bench.guest.run(
        "import threading\nthreads = []\n"
        "def start(function):\n    thread = threading.Thread(target=function); threads.append(thread); thread.start()\n"
        "def inner():\n    print('inner')\n"
        f"def late():\n    {gate.wait.strip()}\n    print('late'); start(inner)\n".replace("\nwhile", "\n    while")
        + "start(late)"
    )
    gate.open()
    theirs = await bench.user.run("while threads: threads.pop(0).join()\nprint('theirs')")
    await bench.user.passed()
    await bench.guest.passed()
    assert ours.text == "late\ninner\n"
    assert theirs.text == "theirs\n"


async def test_a_pool_that_we_started_prints_for_whoever_uses_it(bench: Bench) -> None:
    ours = await bench.guest.run(
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\n"
        "pool.submit(print, 'by us').result()"
    )
    theirs = await bench.user.run("pool.submit(print, 'by them').result()")
    await bench.guest.passed()
    await bench.user.passed()
    assert ours.text == "by us\n"
    assert theirs.text == "by them\n"


async def test_a_request_that_never_ran_takes_no_output_with_it(bench: Bench, gate: Gate) -> None:
    cell = await bench.user.run(_TICKER)
    await bench.guest.ops.cancel(msg_id := bench.guest.client.session.msg("x")["header"]["msg_id"])
    content = {
        "code": "ran = True",
        "silent": False,
        "store_history": False,
        "user_expressions": {},
        "allow_stdin": False,
    }
    bench.guest.send("execute_request", content, msg_id=msg_id)
    failing = await bench.user.begin(f"{gate.wait}\n1 / 0")
    aborted = bench.guest.execute("ran = True")
    await bench.guest.passed()
    gate.open()
    await failing.ended.wait()
    await aborted.ended.wait()
    assert aborted.status == "aborted"
    await _ticked(bench)
    text = bench.user.text_of(cell.msg_id) + bench.user.text_of(failing.msg_id)
    assert text.count("tick") == 40
    assert (await bench.user.run("ran", store_history=False)).reply["ename"] == "NameError"


async def test_two_guests_and_the_same_one_twice(bench: Bench) -> None:
    second = Guest(bench.manager.get_connection_info())
    await second.open()
    try:
        with pytest.raises(GuestFailed, match="not installed"):
            await second.ops.state()
        await second.ops.inject()
        await bench.ops.inject()
        one, other = await bench.guest.run("'one'"), await second.run("'other'")
        assert (one.result, other.result) == ("'one'", "'other'")
        assert one.report is not None
        assert other.report is not None
        assert (
            await bench.user.run("get_ipython().kernel.should_handle.__qualname__.count('should_handle')")
        ).result == "2"
    finally:
        await second.close()


async def test_other_code_of_the_guest_takes_over(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_frevagpt.kernels import injection

    boot, digest, texts = injection._sources()
    newer = {**texts, "_frevagpt_guest": texts["_frevagpt_guest"] + "\nNEWER = True\n"}
    monkeypatch.setattr(injection, "_sources", lambda: (boot, digest + "x", newer))
    await bench.ops.inject()
    assert await bench.value("__import__('sys').modules['_frevagpt_guest'].NEWER")
    assert (await bench.guest.run("3")).report is not None
    monkeypatch.undo()
    await bench.ops.inject()
    assert await bench.value("hasattr(__import__('sys').modules['_frevagpt_guest'], 'NEWER')") is False


async def test_uninstalled_the_kernel_is_as_before(own_bench: Bench) -> None:
    bench = own_bench
    hooked = (
        "[k for o in (get_ipython(), get_ipython().kernel, get_ipython().displayhook, __import__('sys').stdout, "
        "get_ipython().kernel.session) for k, v in vars(o).items() if 'frevagpt' in getattr(v, '__module__', '')]"
        " + [k for k in get_ipython().kernel.control_handlers if 'freva' in k]"
        " + [k for k in get_ipython().kernel.shell_handlers if 'freva' in k]"
        " + ['start'] * ('frevagpt' in __import__('threading').Thread.start.__code__.co_filename)"
    )
    assert len(await bench.value(hooked)) >= 11
    await bench.ops.uninstall()
    assert await bench.value(hooked) == []
    assert (await bench.guest.run("'bare'")).report is None
    with pytest.raises(GuestFailed, match="answer"):
        await GuestOps(bench.guest.ask, bench.guest.session).state(timeout=1)
    await bench.ops.inject()
    assert (await bench.guest.run("'again'")).report is not None


async def test_a_header_that_the_server_saw_takes_the_place_of_the_injection(own_bench: Bench, gate: Gate) -> None:
    bench = own_bench
    wait = gate.wait.strip().replace("\n", "\n    ")
    cell = await bench.user.run(_TICKER.replace("def tick():", f"def tick():\n    {wait}"))
    header = next(parent for kind, parent, _ in bench.user.iopub if parent.get("msg_id") == cell.msg_id)
    await bench.ops.uninstall()
    await bench.ops.inject(user_header=_plain(header))
    gate.open()
    await _ticked(bench)
    assert bench.user.text_of(cell.msg_id).splitlines() == _TICKS


def _plain(header: dict[str, object]) -> dict[str, object]:
    return {key: value if isinstance(value, str) else value.isoformat() for key, value in header.items()}  # type: ignore[attr-defined]
