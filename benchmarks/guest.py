"""What our helper tells of the variables in a kernel, idle and behind a loop in pure Python."""

from __future__ import annotations

import time
from typing import NamedTuple

import msgspec

from jupyter_frevagpt.kernels.injection import GuestOps

from .bare import BareClient
from .figures import Figure, middle, percentile
from .kernels import LiveKernel, live_kernel, ops_of
from .processes import Ground
from .runs import Times, Ways, in_turn

_ROUNDS = 30
_LOOP_SECONDS = 4.0
_MOST_KB = 45
_LOOP = "import time\nend = time.perf_counter() + SECONDS\nwhile time.perf_counter() < end: pass"


class Target(NamedTuple):
    """The ms for a description, the floors that these were on an idle machine, and the floors beside a loop."""

    limit: float
    stated: float
    beside: float


_TARGETS = {10: Target(5, 4, 2), 1_000: Target(10, 8, 5), 10_000: Target(25, 20, 8)}

_MIX = """
import numpy as _np, pandas as _pd, xarray as _xr
_time = _pd.date_range("2000-01-01", periods=24, freq="MS")
def _function(model, experiment="historical", *, years=(1970, 2000)):
    "Return the mean of a model."
_makes = [
    *[lambda at: at * 1.5] * 6, *[lambda at: at] * 4, *[lambda at: f"text {at}"] * 4,
    *[lambda at: _np.full((20, 30), float(at))] * 4, *[lambda at: [at, at + 1, "a"]] * 2, *[lambda at: {"at": at}] * 2,
    *[lambda at: _pd.DataFrame({"year": range(50), "tas": _np.arange(50.0), "model": "MPI-ESM"})] * 3,
    *[lambda at: _xr.Dataset({"tas": (("time", "lat"), _np.zeros((24, 8)), {"units": "K"})}, {"time": _time})] * 2,
    *[lambda at: eval("lambda ds, model='MPI-ESM', *, years=30: None")] * 3,
]
for _at in range(MANY):
    globals()[f"v{_at}"] = _makes[_at * 7 % len(_makes)](_at)
"""
"""Makes a mix as notebooks have it: half scalars, then arrays, frames, Datasets, functions, lists and dictionaries."""


async def guest(ground: Ground) -> list[Figure]:
    """Measure the description of 10, 1,000 and 10,000 variables."""
    figures = []
    for many in _TARGETS:
        async with live_kernel(ground.folder()) as kernel:
            figures += await described(kernel, many)
    return figures


async def described(
    kernel: LiveKernel, many: int, rounds: int = _ROUNDS, seconds: float = _LOOP_SECONDS
) -> list[Figure]:
    """Measure one kernel with so many variables."""
    target = _TARGETS.get(many, _TARGETS[10])
    bare, client = await kernel.bare(), await kernel.guest()
    ops = ops_of(client)
    await bare.run(_MIX.replace("MANY", str(many)))
    ways: Ways = {"round trip": bare.round_trip, "describe": ops.describe}
    idle = await in_turn(ways, rounds)
    computed = await in_turn(ways, rounds, clock=kernel.cpu)
    told = await ops.describe()
    if told.total != many:
        raise RuntimeError(f"{told.total} of {many} variables are told")
    again = await in_turn({"describe": lambda: ops.describe(since=told.executions)}, rounds)
    busy = await _beside_a_loop(ways, bare, ops, seconds)
    what = f"describe {many:,} variables"
    size = len(msgspec.json.encode(told)) / 1000
    floor = middle(idle["round trip"])
    return [
        Figure(
            what,
            middle(idle["describe"]),
            floor=floor,
            limit=target.limit,
            stated=target.stated,
            note=f"{len(told.variables)} told in {size:.0f} kB",
        ),
        Figure(
            f"{what}, kernel's CPU",
            middle(computed["describe"]),
            floor=middle(computed["round trip"]),
            limit=target.limit,
            stated=target.stated,
        ),
        Figure(f"{what}, nothing has run since", middle(again["describe"]), floor=floor, ratio=2),
        Figure(
            f"{what} beside a loop in Python",
            middle(busy["describe"]),
            floor=middle(busy["round trip"]),
            ratio=target.beside,
            note=f"p99 {percentile(busy['describe'], 0.99):.0f} ms",
        ),
        Figure(f"answer to describe {many:,} variables", size, "kB", limit=_MOST_KB, counted=True),
    ]


async def _beside_a_loop(ways: Ways, bare: BareClient, ops: GuestOps, seconds: float) -> Times:
    """Ask while a cell of the user's computes in Python and nothing else."""
    loop = bare.send(_LOOP.replace("SECONDS", str(seconds)))
    await bare.begun(loop)
    over = time.monotonic() + seconds * 0.75
    busy: Times = {name: [] for name in ways}
    while time.monotonic() < over:
        for name, times in (await in_turn(ways, 1, warm=0)).items():
            busy[name] += times
    if not (await ops.describe()).busy:
        raise RuntimeError("the loop was over too early")
    await bare.wait(loop)
    return busy
