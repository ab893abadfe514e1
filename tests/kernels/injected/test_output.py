"""What our runs print and show is bounded in the kernel, counted, and only ours is."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from jupyter_frevagpt.kernels.injection import run_options

from ..conftest import Gate
from .conftest import MUCH, Bench, Run

_CAPS = {"stream_chars": 10_000, "tail_chars": 500}
_MEMORY = "int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) // 1000"


async def _capped(bench: Bench, code: str, **caps: int) -> Run:
    return await bench.guest.run(code, metadata=run_options(caps={**_CAPS, **caps}))


async def test_a_hundred_megabytes_of_print_cost_almost_nothing(own_bench: Bench) -> None:
    bench = own_bench
    before = await bench.value(_MEMORY)
    start = time.perf_counter()
    run = await _capped(bench, "print('x' * 100_000_000)\nprint('end')")
    took = time.perf_counter() - start
    used = await bench.value(_MEMORY) - before
    print(  # noqa: T201
        f"\nipykernel {bench.version}: 100 MB printed: {took:.2f} s, kernel +{used} MB, got {len(run.text)} characters"
    )
    assert run.text.startswith("x" * 10_000)
    assert run.text.endswith("x\nend\n")
    assert "99,989,505 characters left out" in run.text.replace("\n", " ")
    assert len(run.text) < 10_700
    assert run.report is not None
    assert run.report.output.dropped_chars == 100_000_005 - 10_000 - 500
    assert used < 150  # the text itself is 100 MB of the code's own
    many = await _capped(bench, "for number in range(100_000): print(f'line {number:6}', 'y' * 990)")
    assert many.text.startswith("line      0")
    assert many.text.rstrip().endswith("y" * 400)
    assert await bench.value(_MEMORY) - before < 160


async def test_what_goes_to_the_file_descriptors_is_bounded_too(bench: Bench) -> None:
    for code in (
        "import os\nfor _ in range(200): os.write(1, b'z' * 1000)",
        "import subprocess; subprocess.run('yes zzzzzzz | head -c 200000', shell=True)",
        "!yes zzzzzzz | head -c 200000",
        "%%bash\nyes zzzzzzz | head -c 200000",
    ):
        run = await _capped(bench, code)
        assert 9_000 < len(run.text) < 10_700, code
        assert run.report is not None
        assert run.report.output.dropped_chars > 150_000
    assert len((await bench.user.run("print('u' * 50_000)")).text) == 50_001


async def test_text_of_the_file_descriptors_belongs_to_who_wrote_it(bench: Bench) -> None:
    for _ in range(5):
        ours = await bench.guest.run("import os; os.system('echo of ours')")
        theirs = await bench.user.run("import os; os.system('echo of theirs');")
        await theirs.said("of theirs\n")  # the reader of the descriptors may be later than the reply
        assert ours.text == "of ours\n"
        assert theirs.text == "of theirs\n"


async def test_stdout_and_stderr_share_a_budget_and_keep_their_order(bench: Bench) -> None:
    run = await _capped(bench, "import sys\nprint('a' * 9_000)\nprint('b' * 9_000, file=sys.stderr)\nprint('last')")
    streams = [(content["name"], content["text"][:4]) for kind, content in run.shown if kind == "stream"]
    assert streams[:2] == [("stdout", "aaaa"), ("stderr", "bbbb")]
    assert run.text.endswith("last\n")


async def test_threads_of_ours_are_bounded_also_when_they_are_late(bench: Bench, gate: Gate) -> None:
    run = await _capped(
        bench,
        f"import threading\ndef late():\n    {gate.wait.strip()}\n".replace("\nwhile", "\n    while")
        + "    for _ in range(100): print('w' * 1000)\nthread = threading.Thread(target=late)\nthread.start()",
    )
    gate.open()
    await bench.user.run("thread.join()")
    await bench.guest.passed()
    assert 9_000 < len(run.text) < 10_700
    assert (await bench.ops.dropped(run.msg_id)).dropped_chars > 80_000


async def test_large_mime_bundles_leave_a_line(bench: Bench) -> None:
    code = (
        "from IPython.display import display\n"
        "display({'text/plain': 'a picture', 'image/png': 'A' * 2_000_000, 'text/html': '<b>small</b>'}, raw=True)"
    )
    run = await _capped(bench, code, bundle_bytes=100_000)
    data = run.shown[1][1]["data"]
    assert data == {
        "text/html": "<b>small</b>",
        "text/plain": "a picture\n[image/png of 2,000,000 bytes left out]",
    }
    assert run.report is not None
    assert [(bundle.mime, bundle.bytes) for bundle in run.report.output.dropped_bundles] == [("image/png", 2_000_000)]
    whole = await bench.user.run(code)
    assert len(whole.shown[1][1]["data"]["image/png"]) == 2_000_000
    result = await _capped(bench, "'r' * 3_000_000", bundle_bytes=100_000)
    assert len(str(result.shown)) < 10_000


async def test_many_figures_pass_until_their_budget_is_spent(bench: Bench) -> None:
    code = "%matplotlib inline\nimport matplotlib.pyplot as plt\nfor n in range(25):\n    plt.plot([n, 1]); plt.show()"
    run = await _capped(bench, code)
    shown = [content for kind, content in run.shown if kind == "display_data"]
    assert len(shown) == 25
    assert all("image/png" in content["data"] for content in shown)
    few = await _capped(bench, code, bundles_bytes=100_000)
    pictures = [content for kind, content in few.shown if kind == "display_data" and "image/png" in content["data"]]
    assert 0 < len(pictures) < 15
    assert few.report is not None
    assert few.report.output.dropped_bundle_count == 25 - len(pictures)


async def test_a_huge_error_is_cut(bench: Bench) -> None:
    run = await _capped(bench, "raise ValueError('e' * 5_000_000)")
    error = next(content for kind, content in run.shown if kind == "error")
    assert len(str(error)) < 150_000
    assert len(str(run.reply)) < 150_000
    assert run.reply["ename"] == "ValueError"


async def test_widgets_updates_and_clearing_work_as_ever(bench: Bench) -> None:
    run = await bench.guest.run(
        "import ipywidgets\nfrom IPython.display import display, clear_output\n"
        "handle = display('first', display_id=True)\nhandle.update('second')\nclear_output()\n"
        "slider = ipywidgets.IntSlider()\ndisplay(slider)"
    )
    kinds = [kind for kind, _ in run.shown]
    assert kinds.count("comm_open") >= 2
    for kind in ("display_data", "update_display_data", "clear_output"):
        assert kind in kinds


async def test_files_that_a_run_made_are_named(bench: Bench) -> None:
    folder = Path(await bench.value("__import__('os').getcwd()"))
    (folder / "old.txt").write_text("old")
    (folder / "goes.txt").write_text("goes")
    options = run_options(files=True)
    options["frevagpt"]["files"] = {"ms": MUCH}
    run = await bench.guest.run(
        "import os\nopen('new.csv', 'w').write('a,b')\nos.makedirs('sub', exist_ok=True)\n"
        "open('sub/inner.nc', 'w').write('12345')\nopen('old.txt', 'a').write('er'); os.remove('goes.txt')\n"
        "os.chdir('sub'); os.chdir('..')",
        metadata=options,
    )
    assert run.report is not None
    assert run.report.files is not None
    files = run.report.files
    assert files.directory == str(folder)
    assert {(file.path, file.bytes) for file in files.created} == {("new.csv", 3), ("sub/inner.nc", 5)}
    assert [(file.path, file.bytes) for file in files.changed] == [("old.txt", 5)]
    assert files.deleted == ["goes.txt"]
    assert files.complete
    few = await bench.ops.files(entries=2, ms=MUCH)
    assert not few.complete
    assert len(few.files) == 2


@pytest.mark.parametrize("code", ["", "# only a comment", "x = (", "%nonsense", "await", "\x00"])
async def test_odd_code_is_answered(bench: Bench, code: str) -> None:
    run = await bench.guest.run(
        code, metadata=run_options(snapshot={"names": None, "ms": MUCH}, files=True), seconds=60
    )
    assert run.status in ("ok", "error")
    assert run.report is not None
    assert run.report.changes is not None
    assert run.report.changes.count == 0
