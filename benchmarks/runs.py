"""A run in the kernel without the turn around it: the guest beside a bare client, and the review, each in its parts."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from jupyter_frevagpt.kernels.injection import run_options
from jupyter_frevagpt.kernels.limits import GuestLimits

from .figures import Figure, middle
from .kernels import live_kernel, ops_of
from .processes import Ground

_ROUNDS = 40
_WARM = 5
_CODE = "1+1"
_OPENING = "data = open('tas_1.nc').read()"
_PLACES = ((0, 0), (1500, 1000))
_MOST_RUN = 2
_MOST_REVIEW = 6

Ways = dict[str, Callable[[], Awaitable[Any]]]
Times = dict[str, list[float]]


async def parts(ground: Ground, places: Sequence[tuple[int, int]] = _PLACES, rounds: int = _ROUNDS) -> list[Figure]:
    """Measure ``1+1`` in an empty kernel and folder, then among many files and variables."""
    figures = []
    for files, variables in places:
        where = f" among {files:,} files, {variables:,} variables" if files else ""
        figures += _figures(where, await _times(ground, files, variables, rounds))
    return figures


def _figures(where: str, times: Times) -> list[Figure]:
    cpu = {name: middle(times[f"{name}, CPU"]) for name in ("plain", "snapshot", "files")}
    return [
        Figure(
            f"run of 1+1 by the guest{where}",
            middle(times["guest"]),
            floor=middle(times["bare"]),
            ratio=_MOST_RUN,
            note=f"kernel's CPU {cpu['plain']:.1f} ms, snapshot {cpu['snapshot'] - cpu['plain']:+.1f}, "
            f"listing files {cpu['files'] - cpu['plain']:+.1f}",
        ),
        Figure(
            f"review of 1+1{where}",
            middle(times["review"]),
            floor=middle(times["round trip"]),
            ratio=_MOST_REVIEW,
            note=f"the kernel is asked once, {middle(times['asked']):.1f} ms",
        ),
        Figure(
            f"review of code that opens a file{where}",
            middle(times["review of a file"]),
            floor=middle(times["round trip"]),
            ratio=_MOST_REVIEW,
        ),
    ]


async def _times(ground: Ground, files: int, variables: int, rounds: int) -> Times:
    fill = f"for _at in range({variables}): globals()[f'v{{_at}}'] = _at"
    async with AsyncExitStack() as stack:
        kernels = [await stack.enter_async_context(live_kernel(ground.folder())) for _ in range(3)]
        for kernel in kernels:
            for at in range(files):
                (kernel.folder / f"tas_{at}.nc").touch()
        bare, guest, linked = await kernels[0].bare(), await kernels[1].guest(), await kernels[2].linked()
        await bare.run(fill)
        await kernels[1].run(guest, fill)
        await linked.run(fill)
        ops = ops_of(guest)
        snapshot = {"names": [], **GuestLimits().undo()}
        ways: Ways = {
            "bare": lambda: bare.run(_CODE),
            "guest": lambda: kernels[1].run(guest, _CODE),
            "review": lambda: kernels[1].review(guest, _CODE),
            "review of a file": lambda: kernels[1].review(guest, _OPENING),
            "asked": lambda: ops.review(_CODE, builtin=[], vouched=[], files=[], made=[]),
            "round trip": bare.round_trip,
        }
        options: Ways = {
            "plain, CPU": lambda: linked.run(_CODE),
            "snapshot, CPU": lambda: linked.run(_CODE, run_options(snapshot=snapshot)),
            "files, CPU": lambda: linked.run(_CODE, run_options(files=True)),
        }
        return await in_turn(ways, rounds) | await in_turn(options, rounds, clock=kernels[2].cpu)


async def in_turn(ways: Ways, rounds: int, warm: int = _WARM, clock: Callable[[], float] = time.perf_counter) -> Times:
    """Do several things in turn, so that what else the machine does hits them alike; returns the ms of each."""
    times: Times = defaultdict(list)
    for at in range(rounds + warm):
        for name, way in ways.items():
            began = clock()
            await way()
            if at >= warm:
                times[name].append((clock() - began) * 1000)
    return dict(times)
