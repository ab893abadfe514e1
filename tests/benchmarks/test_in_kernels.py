"""The benchmarks that run in kernels, made small: they work with the guest as it is, and see what they should."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.changes import beside, in_a_row
from benchmarks.guest import described
from benchmarks.kernels import Memory, live_kernel
from benchmarks.prints import printed
from benchmarks.processes import Ground
from benchmarks.runs import in_turn, parts


@pytest.fixture
def ground() -> Iterator[Ground]:
    ground = Ground()
    yield ground
    ground.close()


async def test_a_bare_client_waits_for_reply_and_idle_and_tells_of_a_failure(tmp_path: Path) -> None:
    async with live_kernel(tmp_path) as kernel:
        client = await kernel.bare()
        assert await client.run("import time; time.sleep(0.2); print('x' * 100_000)") > 200
        assert 0 < await client.round_trip() < 60_000
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            await client.run("1 / 0")


async def test_the_highest_memory_is_that_since_the_mark(tmp_path: Path) -> None:
    async with live_kernel(tmp_path) as kernel:
        client = await kernel.bare()
        before = kernel.memory.mark()
        await client.run("_ = bytearray(100_000_000); del _")
        assert 95 < kernel.memory.highest() - before < 130
        assert kernel.memory.now() - before < 30
        kernel.memory.mark()
        assert kernel.memory.highest() - before < 30


async def test_a_round_is_done_by_each_in_turn_and_the_first_rounds_do_not_count() -> None:
    done: list[str] = []

    async def one() -> None:
        done.append("one")

    async def other() -> None:
        done.extend(["other", "other"])

    times = await in_turn({"one": one, "other": other}, rounds=2, warm=1, clock=lambda: float(len(done)))
    assert done == ["one", "other", "other"] * 3
    assert times == {"one": [1000, 1000], "other": [2000, 2000]}


async def test_the_kernels_side_of_a_call_is_told_in_parts(ground: Ground) -> None:
    figures = await parts(ground, [(3, 2)], rounds=1)
    assert [figure.what for figure in figures] == [
        "run of 1+1 by the guest among 3 files, 2 variables",
        "review of 1+1 among 3 files, 2 variables",
        "review of code that opens a file among 3 files, 2 variables",
    ]
    assert all(figure.product > 0 and figure.floor for figure in figures)


async def test_describing_is_measured_idle_and_beside_a_loop(tmp_path: Path) -> None:
    async with live_kernel(tmp_path) as kernel:
        figures = await described(kernel, 30, rounds=1, seconds=2)
    assert len(figures) == 5
    assert "30 told" in figures[0].note
    assert 0.5 < figures[-1].product < 45


async def test_memory_kept_for_undo_is_seen(tmp_path: Path) -> None:
    async with live_kernel(tmp_path) as kernel:
        *times, kept = await beside(kernel, "frame", 50_000_000, rounds=1)
    assert [figure.what.partition(": ")[2] for figure in times] == [
        "run of b = 1",
        "run of a += 1",
        "run of a.iloc[0, 0] += 1",
    ]
    assert (found := re.search(r"without \+(\d+)$", times[1].note))
    assert 45 <= int(found[1]) <= 60  # the frame that a += 1 makes beside the old one
    assert kept.product <= 70


async def test_what_edits_in_a_row_keep_is_told_of_each_kind_of_data(tmp_path: Path) -> None:
    async with live_kernel(tmp_path) as kernel:
        figures = await in_a_row(kernel, 8_000_000)
    assert [figure.what.split()[2].rstrip(":") for figure in figures] == [
        *("array", "frame", "frame"),
        *("Dataset", "list", "dict"),
    ]
    assert all(figure.counted and figure.limit for figure in figures)
    assert figures[0].product > 10  # old values are kept alive


async def test_a_print_is_measured_in_kernel_and_server(ground: Ground) -> None:
    figures = await printed(ground, "20 MB", "print('x' * 20_000_000)", rounds=1)
    assert len(figures) == 4
    kernel = figures[1]
    assert kernel.floor is not None
    assert kernel.floor > kernel.product > 10
    assert figures[2].product < (figures[2].floor or 0)


def test_memory_of_a_process_that_is_gone_is_an_error() -> None:
    with pytest.raises(OSError):
        Memory(2**22 + 1).mark()
