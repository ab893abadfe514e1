"""What is kept of a run after its end: late text, displays, the rest of its output, copies for undo."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import aclosing
from textwrap import indent

import pytest

from jupyter_frevagpt.domain.errors import NothingToUndo
from jupyter_frevagpt.domain.values import RunRef, ThreadRef
from jupyter_frevagpt.kernels.changes import changes_of
from jupyter_frevagpt.kernels.replies import Dropped, File, FileChanges, RunReport

from .conftest import Bench, Gate


async def test_what_threads_print_after_the_end_comes_with_the_next_run(bench: Bench, gate: Gate) -> None:
    text = secrets.token_hex(6)
    await bench.run(f"import threading\ndef late():\n{indent(gate.wait, '    ')}\n    print('{text}')")
    first = await bench.run("thread = threading.Thread(target=late)\nthread.start()\nprint('begun')")
    assert first.output().text == "begun\n"
    gate.open()
    second = (await bench.run("thread.join()")).output()
    third = (await bench.run("None")).output()
    assert text not in second.text
    assert second.late + third.late == f"{text}\n"
    assert first.output().text == "begun\n"


async def test_a_display_is_updated_after_the_end(bench: Bench) -> None:
    first = await bench.run("from IPython.display import display\nshown = display('before', display_id=True)")
    await bench.run("shown.update('after')")
    assert first.output().text == "'after'\n"


async def test_code_that_swallows_interrupts_is_told_about(bench: Bench) -> None:
    code = """
import time
swallowed = 0
while swallowed < 4:
    try:
        time.sleep(30)
    except KeyboardInterrupt:
        swallowed += 1
"""
    run = await bench.begun(bench.execute(code))
    await run.stop()
    assert run.output().state == "stopped"
    notices = []
    async with asyncio.timeout(60), aclosing(run.events()) as events:
        async for event in events:
            notices += [event.notice] if event.notice else []
    assert ["interrupted three times" in notice for notice in notices] == [True]
    assert (await bench.run("swallowed")).output().text == "4\n"


async def test_the_oldest_rest_goes_when_there_is_too_much(bench: Bench) -> None:
    guest = bench.new_guest(stored_chars=100, server_chars=1500)
    await guest.open()
    refs = [RunRef(bench.thread, f"long_{number}") for number in range(3)]
    for ref in refs:
        async with asyncio.timeout(30):
            await guest.execute("print('x' * 1099)", ref).ended.wait()
    assert [guest.rest(ref, 0).total for ref in refs[1:]] == [1000, 1000]
    assert "1000 more characters were printed and are not kept" in guest.rest(refs[0], 0).text
    await guest.close()


async def test_large_old_values_are_not_kept_alive_and_undo_says_so(bench: Bench) -> None:
    guest = bench.new_guest(undo_hold_bytes=1_000_000)
    await guest.open()
    await bench.user.run("import numpy as np\nlarge = np.ones(1_000_000)\nsmall = np.ones(10)")
    ref = RunRef(bench.thread, "call")
    async with asyncio.timeout(30):
        await guest.execute("large = 1\nsmall = 2", ref, ("large", "small")).ended.wait()
    undone = await guest.undo(ref)
    assert undone.restored == ["small"]
    assert "8,000,000 bytes was not kept" in undone.not_restored["large"]
    with pytest.raises(NothingToUndo):
        await guest.undo(ref)
    await guest.close()


async def test_snapshots_of_all_runs_have_one_budget(bench: Bench) -> None:
    guest = bench.new_guest(undo_kernel_bytes=20_000_000)
    await guest.open()
    names = ["a", "b", "c", "d"]
    await bench.user.run("import numpy as np\n" + "\n".join(f"{name} = np.ones(1_000_000)" for name in names))
    refs = [RunRef(bench.thread, f"call_{name}") for name in names]
    for name, ref in zip(names, refs, strict=True):
        async with asyncio.timeout(30):
            await guest.execute(f"{name} = 0", ref, (name,)).ended.wait()
    assert guest.ops is not None
    assert (await guest.ops.state()).snapshots.bytes <= 20_000_000
    with pytest.raises(NothingToUndo):
        await guest.undo(refs[0])
    assert (await guest.undo(refs[-1])).restored == ["d"]
    await guest.close()


async def test_undo_keeps_nothing_alive_that_its_user_has_deleted(bench: Bench) -> None:
    await bench.user.run("import weakref, numpy as np\narr = np.ones(10)\nalso = np.ones(10)")
    for number, (code, touches) in enumerate(
        (("big = np.ones(10)", ("big",)), ("arr += 1\nalso = 0", ("arr", "also")))
    ):
        async with asyncio.timeout(30):
            await bench.guest.execute(code, RunRef(bench.thread, f"call_{number}"), touches).ended.wait()
    await bench.user.run("refs = [weakref.ref(big), weakref.ref(arr)]\ndel big, arr")
    assert (await bench.run("[ref() for ref in refs]")).output().text == "[None, None]\n"
    undone = await bench.guest.undo(RunRef(bench.thread, "call_1"))
    assert undone.restored == ["also"]
    assert undone.not_restored == {"arr": "it was changed since"}


async def test_what_the_chat_made_is_its_own_until_somebody_else_binds_it(bench: Bench) -> None:
    async with asyncio.timeout(30):
        await bench.guest.execute(
            "mine = [1]\ntaken = [2]", RunRef(bench.thread, "call"), ("mine", "taken")
        ).ended.wait()
    await bench.user.run("taken = [3]\ntheirs = [4]")
    verdicts = {}
    for name in ("mine", "taken", "theirs"):
        verdicts[name] = (await bench.guest.review(f"{name}.append(5)", bench.thread)).harmless
    assert verdicts == {"mine": True, "taken": False, "theirs": False}
    other = ThreadRef(bench.thread.owner, "other")
    assert not (await bench.guest.review("mine.append(5)", other)).harmless


def test_files_below_the_root_are_named_from_there_and_others_whole() -> None:
    files = FileChanges(
        "/home/me/work", [File("out/a.nc", 5), File("b.unheard", 1)], [], ["/etc/passwd", "../../../x.txt"], 4, False
    )
    told = changes_of(RunReport(Dropped(0, [], 0), files=files), "/home/me")
    assert told is not None
    assert [(file.path, file.type, file.size, file.change) for file in told.files] == [
        ("work/out/a.nc", "application/x-netcdf", 5, "created"),
        ("work/b.unheard", "application/octet-stream", 1, "created"),
        ("/etc/passwd", "application/octet-stream", None, "deleted"),
        ("work/../../../x.txt", "text/plain", None, "deleted"),
    ]
    assert (told.complete, told.undo) == (False, False)
    assert changes_of(RunReport(Dropped(0, [], 0)), "/home/me") is None


async def test_the_traceback_of_stopped_code_shows_the_users_frames_alone(bench: Bench) -> None:
    run = await bench.begun(bench.execute("def endless():\n    while True:\n        pass\n\nendless()"))
    async with asyncio.timeout(30):
        while run.state != "stopped":
            await run.stop()
    text = run.output().text
    assert "KeyboardInterrupt" in text
    assert "endless" in text
    assert "_frevagpt_guest" not in text
