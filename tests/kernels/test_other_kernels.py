"""Kernels that are not ipykernel: a bash, a Python of another make, and one as small as the protocol allows."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import msgspec
import psutil
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from jupyter_frevagpt.domain.values import ThreadRef, ToolContext
from jupyter_frevagpt.kernels.about import KernelAbout, about
from jupyter_frevagpt.kernels.registry import GuestRegistry
from jupyter_frevagpt.kernels.surroundings import KernelSurroundings

from .conftest import Bench, Gate

BARE = str(Path(__file__).with_name("bare_kernel.py"))


class NoFolders:
    """Folders for kernels that nobody starts here."""

    def folder(self, ref: ThreadRef, *, keep: bool = True) -> Path:
        raise AssertionError(ref)


class Tongue:
    """How a kernel is started, and how things are said in its language."""

    def __init__(self, language: str, argv: list[str], words: dict[str, str], interrupt_mode: str = "signal") -> None:
        self.language = language
        self.spec = {
            "argv": argv,
            "display_name": language,
            "language": language,
            "interrupt_mode": interrupt_mode,
        }
        self.words = words


WORDS = {"say": "say {}", "fail": "fail", "sleep": "sleep", "error": "WordError", "wait": "wait {}"}
PYTHON = {
    "say": "print('{}')",
    "wait": "import os, time\nwhile not os.path.exists('{}'): time.sleep(0.01)",
    "fail": "1 / 0",
    "sleep": "import time\nprint('zzz', flush=True)\ntime.sleep(60)",
    "error": "ZeroDivisionError",
}
TONGUES = {
    "bash": Tongue(
        "bash",
        [sys.executable, "-W", "ignore", "-m", "bash_kernel", "-f", "{connection_file}"],
        {
            "say": "echo {}",
            "wait": "until [ -e {} ]; do sleep 0.02; done",
            "fail": "no_such_command",
            "sleep": "echo zzz; sleep 60",
            "error": "command not found",
        },
    ),
    "xpython": Tongue("python", [sys.executable, "-m", "xpython_launcher", "-f", "{connection_file}"], PYTHON),
    "bare": Tongue("words", [sys.executable, BARE, "-f", "{connection_file}", "signal"], WORDS),
    "bare-message": Tongue("words", [sys.executable, BARE, "-f", "{connection_file}", "message"], WORDS, "message"),
}
foreign = pytest.mark.parametrize("tongue", TONGUES.values(), ids=TONGUES.keys(), indirect=True)
INTERRUPTIBLE = ["bash", "bare", "bare-message"]
interruptible = pytest.mark.parametrize(
    "tongue", [TONGUES[name] for name in INTERRUPTIBLE], ids=INTERRUPTIBLE, indirect=True
)
xpython_only = pytest.mark.parametrize("tongue", [TONGUES["xpython"]], ids=["xpython"], indirect=True)
words_only = pytest.mark.parametrize("tongue", [TONGUES["bare"]], ids=["bare"], indirect=True)
bash_only = pytest.mark.parametrize("tongue", [TONGUES["bash"]], ids=["bash"], indirect=True)


@pytest.fixture
def tongue(request: pytest.FixtureRequest) -> Tongue:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def bench(
    tongue: Tongue, tmp_path: Path, jp_asyncio_loop: asyncio.AbstractEventLoop, jp_environ: None
) -> Iterator[Bench]:
    folder = tmp_path / "kernels" / "foreign"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(tongue.spec))

    async def start() -> Bench:
        specs = KernelSpecManager()
        specs.kernel_dirs = [str(folder.parent)]
        manager = AsyncMappingKernelManager(connection_dir=str(tmp_path), kernel_spec_manager=specs)
        bench = Bench(manager, await manager.start_kernel(kernel_name="foreign"))
        await bench.user.client.wait_for_ready()
        await bench.guest.open()
        return bench

    bench = jp_asyncio_loop.run_until_complete(start())
    yield bench
    jp_asyncio_loop.run_until_complete(bench.close())


def told(bench: Bench) -> str:
    """What every output of ours ends with where the kernel runs no Python."""
    language = bench.guest.language
    return "" if language == "python" else f"[This kernel runs {language}, not Python.]\n"


async def asleep(bench: Bench) -> None:
    """Wait until the shell's command runs: this kernel loses an interrupt that comes while the shell starts one."""
    kernel = psutil.Process(bench.manager.get_kernel(bench.kernel_id).provisioner.process.pid)
    async with asyncio.timeout(20):
        while not any(child.name() == "sleep" for child in kernel.children(recursive=True)):
            await asyncio.sleep(0.01)


@foreign
async def test_code_runs_and_its_language_is_told(bench: Bench, tongue: Tongue) -> None:
    output = (await bench.run(tongue.words["say"].format("hello"))).output()
    assert bench.guest.language == tongue.language
    assert output.state == "done"
    assert output.text == "hello\n" + told(bench)
    assert bench.guest.capabilities is None


@foreign
@pytest.mark.parametrize("tokens", [800, 0])
async def test_a_model_is_told_its_language_before_the_question(bench: Bench, tongue: Tongue, tokens: int) -> None:
    registry = GuestRegistry(bench.manager, NoFolders(), lambda ref: {})
    context = ToolContext(bench.thread, bench.kernel_id)
    surroundings = KernelSurroundings(registry, tokens=tokens)
    try:
        text = await surroundings.summary(context, "what is x")
        if tongue.language == "python":
            assert "not Python" not in text
            return
        assert text.startswith(f"This kernel runs {tongue.language}, not Python.")
        assert f"must be {tongue.language} code" in text
        assert ("cannot be seen from here" in text) is bool(tokens)
        unknown = msgspec.structs.replace(context, kernel_id="", ref=ThreadRef("owner", "another"))
        assert await surroundings.summary(unknown, "what is x") == ""
    finally:
        await surroundings.close()
        await registry.close()


@foreign
async def test_an_error_is_told(bench: Bench, tongue: Tongue) -> None:
    output = (await bench.run(tongue.words["fail"])).output()
    assert output.state == "failed"
    assert tongue.words["error"] in output.text
    assert output.text.endswith(told(bench))
    assert (await bench.run(tongue.words["say"].format("on"))).output().text.startswith("on\n")


@foreign
async def test_a_run_that_waits_behind_the_users_cell_is_dropped_by_stop(
    bench: Bench, tongue: Tongue, gate: Gate
) -> None:
    cell = await bench.occupy(tongue.words["wait"].format(gate.path))
    run = bench.execute(tongue.words["say"].format("never"))
    async with aclosing(run.events()) as events:
        assert (await anext(events)).state == "waiting"
    began = time.monotonic()
    await run.stop()
    assert time.monotonic() - began < 0.3
    assert run.state == "stopped"
    assert not bench.guest._watch.quiet.is_set()
    gate.open()
    assert (await bench.user.reply(cell))["status"] == "ok"
    assert (await bench.run(tongue.words["say"].format("still here"))).output().text.startswith("still here\n")


@foreign
async def test_a_run_that_waits_runs_behind_the_users_cell(bench: Bench, tongue: Tongue, gate: Gate) -> None:
    cell = await bench.occupy(tongue.words["wait"].format(gate.path))
    run = bench.execute(tongue.words["say"].format("after"))
    async with aclosing(run.events()) as events:
        assert (await anext(events)).state == "waiting"
    gate.open()
    assert (await bench.user.reply(cell))["status"] == "ok"
    assert (await bench.ended(run)).output().text.startswith("after\n")


@interruptible
async def test_a_run_that_runs_is_interrupted_by_stop(bench: Bench, tongue: Tongue) -> None:
    run = bench.execute(tongue.words["sleep"])
    async with aclosing(run.events()) as events:
        async for event in events:
            if event.text:
                break
    if tongue.language == "bash":
        await asleep(bench)
    began = time.monotonic()
    await run.stop()
    await bench.ended(run)
    assert time.monotonic() - began < 5
    assert run.state == "stopped"
    assert (await bench.run(tongue.words["say"].format("still here"))).output().text.startswith("still here\n")


@xpython_only
async def test_a_kernel_that_would_end_at_an_interrupt_is_left_alone_and_that_is_said(
    bench: Bench, tongue: Tongue, gate: Gate
) -> None:
    """It ends at the notebook's own interrupt too; its user may choose that, the assistant may not."""
    await bench.user.run("kept = 1")
    run = await bench.begun(bench.execute(tongue.words["wait"].format(gate.path)))
    await run.stop()
    assert not run.ended.is_set()
    assert "Not stopped" in run.output().note
    gate.open()
    await bench.ended(run)
    assert (await bench.run("print(kept)")).output().text == "1\n"


@foreign
async def test_nothing_is_known_of_the_code_so_it_is_asked_about(bench: Bench, tongue: Tongue) -> None:
    review = await bench.guest.review(tongue.words["say"].format("hello"), bench.thread)
    assert not review.harmless
    sentences = " ".join(reason.text for reason in review.reasons if reason.asks)
    if tongue.language == "python":
        assert "does not tell what the names in it are" in sentences
    else:
        assert f"This kernel runs {tongue.language}, not Python." in sentences
        assert not review.standing
    assert review.touches is None or tongue.language == "python"


@words_only
async def test_nothing_but_the_code_is_ever_sent_to_a_kernel_that_is_not_ipykernel(bench: Bench) -> None:
    """The text that lets our helper in is Python; a shell would take it for a command."""
    await bench.guest.review("say reviewed", bench.thread)
    await bench.run("say one")
    await bench.user.run("say mine")
    heard = (await bench.run("hear")).output().text.splitlines()[0]
    assert json.loads(heard) == ["say one", "say mine", "hear"]


@bash_only
async def test_no_file_and_no_history_comes_from_our_attempt(bench: Bench) -> None:
    await bench.user.run("cd $(mktemp -d); set -o history; history -c")
    await bench.guest.review("ls", bench.thread)
    output = (await bench.run("echo mine; ls -A; history")).output().text
    assert "frevagpt" not in output
    assert "__import__" not in output
    assert output.splitlines()[0] == "mine"


@words_only
async def test_a_kernel_too_old_to_answer_beside_a_cell_is_entered_while_it_is_busy(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    monkeypatch.setattr("jupyter_frevagpt.kernels.guest._READY_SECONDS", 0.7)
    cell = await bench.occupy(f"wait {gate.path}")
    bench.manager.get_kernel(bench.kernel_id).execution_state = "busy"
    guest = bench.new_guest()
    await guest.open()
    try:
        run = bench.execute("say late", guest)
        async with aclosing(run.events()) as events:
            assert (await anext(events)).state == "waiting"
        gate.open()
        await bench.user.reply(cell)
        assert (await bench.ended(run)).output().text.startswith("late\n")
        assert guest.language == "words"
    finally:
        await guest.close()


@words_only
async def test_code_that_somebody_interrupted_is_not_run_again(bench: Bench) -> None:
    """Wrapper kernels answer "abort" to the notebook's interrupt; taken for "aborted", the code would run twice."""
    run = bench.execute("doze")
    async with aclosing(run.events()) as events:
        async for event in events:
            if event.text:
                break
    await bench.manager.interrupt_kernel(bench.kernel_id)
    assert (await bench.ended(run)).state == "stopped"
    heard = (await bench.run("hear")).output().text.splitlines()[0]
    assert json.loads(heard) == ["doze", "hear"]


@pytest.mark.parametrize(
    ("content", "expected", "takes"),
    [
        ({"language_info": {"name": "python"}, "implementation": "ipython"}, "python", True),
        ({"language_info": {"name": "Python"}, "implementation": "IPython"}, "python", True),
        ({"language_info": {"name": "python"}, "implementation": "xeus-python"}, "python", False),
        ({"language_info": {"name": "R"}, "implementation": "IRkernel"}, "r", False),
        ({"language_info": {"name": "bash"}, "implementation": "ipython"}, "bash", False),
        ({"language": "julia", "implementation": "ijulia"}, "julia", False),
        ({}, "", False),
        ([], "", False),
        (None, "", False),
        ({"language_info": "python", "implementation": "ipython"}, "", False),
        ({"language_info": {"name": ["python"]}, "implementation": {}}, "", False),
        ({"language_info": {"name": "C++17"}, "implementation": "xcpp"}, "c++17", False),
        ({"language_info": {"name": "x\n<b>`$(rm)`" * 9}, "implementation": "?"}, None, False),
    ],
)
def test_what_a_kernel_says_it_is(content: object, expected: str | None, takes: bool) -> None:
    who = about(content)
    assert who.takes_helper is takes
    if expected is not None:
        assert who.language == expected
    assert not set(who.language) & set("\n<>`$()")
    assert len(who.language) <= 60
    assert bool(who.sentence) is (who.language != "python")


def test_a_kernel_that_says_nothing_is_described_so() -> None:
    assert "does not say which language" in KernelAbout().sentence
