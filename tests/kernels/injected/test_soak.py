"""The races with thousands of trials; what they gave is written down beside this file, to be committed."""

from __future__ import annotations

import platform
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from .conftest import Bench
from .test_stop import check_control, check_races

_TRIALS = 2000
_VERSIONS = 2
_RESULT = Path(__file__).with_name("soak-result.txt")

Results = dict[int, list[str]]


@pytest.fixture(scope="module")
def results() -> Iterator[Results]:
    """Collect the lines of each version; they are written when all versions have passed."""
    results: Results = {}
    start = time.monotonic()
    yield results
    if len(results) == _VERSIONS:
        minutes = (time.monotonic() - start) / 60
        when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {_commit()}, Python {platform.python_version()}"
        head = [f"make soak: {when}, {minutes:.1f} minutes", ""]
        lines = [line for version in sorted(results, reverse=True) for line in results[version]]
        _RESULT.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")


def _commit() -> str:
    folder = Path(__file__).parent
    head = _git(folder, "rev-parse", "--short", "HEAD")
    places = (":/jupyter_frevagpt/kernels", ":/tests/kernels")
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no", *places)
    return head + (" with changes that were not committed" if changed else "")


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip() or ("unknown" if done.returncode else "")


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_race_of_thousands(
    own_bench: Bench, results: Results, record_property: Callable[[str, object], None]
) -> None:
    lines = await check_races(own_bench, _TRIALS)
    lines += await check_control(own_bench)  # last: it may harm the kernel
    results[own_bench.version] = lines
    for line in lines:
        record_property("race", line)
