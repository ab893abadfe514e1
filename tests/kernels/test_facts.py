"""What a review is told about a real kernel, and the reviews that follow from it."""

from __future__ import annotations

import asyncio

import pytest

from .conftest import Bench


@pytest.mark.parametrize(
    ("setup", "code", "harmless"),
    [
        ("temps = [1.0, 2.5]", "print(sum(temps))", True),
        ("import numpy as np", "np.mean([1, 2])", True),
        ("import os as np", "np.mean([1, 2])", False),
        ("def sum(x): return x", "sum([1])", False),
        ("temps = [1.0]", "temps.append(2)", False),
        ("import xarray as xr; ds = xr.Dataset({'t': ('x', [1.0])})", "ds.t.mean()", True),
        ("1", "import os; os.remove('x')", False),
        ("filler = {f'v{n}': n for n in range(5000)}; globals().update(filler); print = exec", "print('1')", False),
    ],
)
async def test_reviews_know_what_the_names_are_now(bench: Bench, setup: str, code: str, harmless: bool) -> None:
    assert (await bench.user.run(setup))["status"] == "ok"
    review = await bench.guest.review(code)
    assert review.harmless is harmless, review.reasons


async def test_a_busy_kernel_that_never_met_us_vouches_for_nothing(bench: Bench) -> None:
    cell = bench.user.send("import time; temps = [1]; time.sleep(1.5)")
    while bench.guest._quiet.is_set():
        await asyncio.sleep(0.02)
    assert not (await bench.guest.review("print(sum(temps))")).harmless
    assert (await bench.user.reply(cell))["status"] == "ok"
    assert (await bench.guest.review("print(sum(temps))")).harmless
