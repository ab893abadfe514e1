"""``python -m benchmarks [names] [--check] [--json FILE]``: measure, print a table, say what is too slow."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from .bundle import bundle
from .calls import calls, stops
from .changes import changes
from .figures import Figure, failures, table
from .guest import guest
from .panel import panel
from .prints import prints
from .processes import ROOT, Ground
from .starts import lab, starts
from .streams import bursts, paced, wire
from .threads import memory, threads

BENCHMARKS: dict[str, Callable[[Ground], Awaitable[list[Figure]]]] = {
    "bundle": bundle,
    "starts": starts,
    "lab": lab,
    "panel": panel,
    "streams": paced,
    "bursts": bursts,
    "calls": calls,
    "stops": stops,
    "guest": guest,
    "changes": changes,
    "prints": prints,
    "wire": wire,
    "memory": memory,
    "threads": threads,
}
_SECONDS = 900.0


async def measure(names: Sequence[str]) -> list[Figure]:
    """Run benchmarks and return their figures; what was started is ended, on an error and on a signal too."""
    ground = Ground()
    figures: list[Figure] = []
    this = asyncio.current_task()
    assert this is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    try:
        async with asyncio.timeout(_SECONDS):
            for name in names:
                began = time.monotonic()
                figures += await BENCHMARKS[name](ground)
                print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    finally:
        ground.close()
    return figures


def main() -> int:
    """Run from the command line; the exit code is 1 when ``--check`` finds something."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--check", action="store_true", help="fail where a figure is far from its target")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    options = parser.parse_args()
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are: {', '.join(BENCHMARKS)}")
    figures = asyncio.run(measure(options.names or list(BENCHMARKS)))
    print(f"{described()}\n\n{table(figures)}")
    if options.json:
        rows = [{**dataclasses.asdict(figure), "met": figure.met, "failed": figure.failed} for figure in figures]
        options.json.write_text(json.dumps({"run": described(), "figures": rows}, indent=1) + "\n")
    found = failures(figures) if options.check else []
    for line in found:
        print(f"\nFAILED {line}", end="")
    return 1 if found else 0


def described() -> str:
    """Return when and where this was measured."""
    git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    load = os.getloadavg()[0]
    return (
        f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, commit {git.stdout.strip() or 'unknown'}, Python "
        f"{platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}"
    )


if __name__ == "__main__":
    sys.exit(main())
