"""What it costs a run that its changes are told and can be taken back, among data that are too large to copy."""

from __future__ import annotations

from jupyter_frevagpt.kernels.guest import KernelGuest
from jupyter_frevagpt.kernels.limits import GuestLimits

from .figures import Figure, middle
from .kernels import LinkedRuns, LiveKernel, live_kernel, ops_of
from .processes import Ground

_ROUNDS = 6
_TIMES = 5
_SPARE = 15.0
"""MB by which a process may grow for other reasons."""

_BYTES = {"array": 1_000_000_000, "frame": 500_000_000}
_IMPORTS = "import numpy as np, pandas as pd, xarray as xr\na = None\n"
_MAKES = {
    "array": "a = np.ones(BYTES // 8)",
    "frame": "a = pd.DataFrame(np.ones((BYTES // 80, 10)))",
    "Dataset": "a = xr.Dataset({'tas': ('time', np.ones(BYTES // 8))})",
    "list": "a = [np.ones(BYTES // 8)]",
    "dict": "a = {'tas': np.ones(BYTES // 8)}",
}
_REPLACED_BYTES = 400_000_000  # below what may be held for one run, and five times it above what may be held for all
_REPLACED = (
    ("array", "a = a + 1"),
    ("frame", "a = a + 1"),
    ("frame", "a += 1"),
    ("Dataset", "a['tas'] = a['tas'] + 1"),
    ("list", "a[0] = a[0] + 1"),
    ("dict", "a['tas'] = a['tas'] + 1"),
)
_ITEM = {"array": "a[0] += 1", "frame": "a.iloc[0, 0] += 1"}
_RATIOS = {"b = 1": 2.0, "a += 1": 2.0, "a[0] += 1": 2.0, "a.iloc[0, 0] += 1": 10.0}


async def changes(ground: Ground) -> list[Figure]:
    """Measure runs beside a 1 GB array and a 500 MB frame, then what stays in the kernel after some edits of 400 MB."""
    figures = []
    for kind, size in _BYTES.items():
        async with live_kernel(ground.folder()) as kernel:
            figures += await beside(kernel, kind, size)
    async with live_kernel(ground.folder()) as kernel:
        return figures + await in_a_row(kernel, _REPLACED_BYTES)


async def beside(kernel: LiveKernel, kind: str, size: int, rounds: int = _ROUNDS) -> list[Figure]:
    """Measure runs that leave the data alone, that change all of it, and that change one item.

    The floor is the same run without a snapshot.
    """
    guest, linked = await kernel.guest(), await kernel.linked()
    await linked.run(_made(kind, size))
    name = f"{size / 1e6:,.0f} MB {kind}"
    figures = []
    most = 0.0
    for code in ("b = 1", "a += 1", _ITEM[kind]):
        figure, kept = await _edited(kernel, guest, linked, name, code, rounds)
        figures.append(figure)
        most = max(most, kept)
    return [*figures, _kept(f"{name}: kept for undo by one of these", most, GuestLimits().undo_hold_bytes)]


async def in_a_row(kernel: LiveKernel, size: int) -> list[Figure]:
    """Measure what one edit after another leaves in the kernel: all of them together have a budget."""
    guest = await kernel.guest()
    figures = []
    for kind, code in _REPLACED:
        await kernel.run(guest, _made(kind, size))
        await ops_of(guest).forget()
        before = kernel.memory.now()
        for _ in range(_TIMES):
            await kernel.run(guest, code, ("a",))
        kept = kernel.memory.now() - before
        figures.append(
            _kept(f"{size / 1e6:,.0f} MB {kind}: kept by {code}, {_TIMES} times", kept, GuestLimits().undo_kernel_bytes)
        )
        await ops_of(guest).forget()
    return figures


def _made(kind: str, size: int) -> str:
    return _IMPORTS + _MAKES[kind].replace("BYTES", str(size))


def _kept(what: str, megabytes: float, limit: float) -> Figure:
    return Figure(what, max(0, round(megabytes)), "MB", limit=limit / 1e6 + _SPARE, counted=True)


async def _edited(
    kernel: LiveKernel, guest: KernelGuest, linked: LinkedRuns, name: str, code: str, rounds: int
) -> tuple[Figure, float]:
    """Compare code with and without keeping what it changes; returns the times, and the MB that stay for undo."""
    touches = (await kernel.review(guest, code)).touches
    sides: tuple[list[float], list[float]] = ([], [])
    peaks: tuple[list[float], list[float]] = ([], [])
    kept = []
    for at in range(rounds + 1):
        before = kernel.memory.mark()
        without = await linked.run(code), kernel.memory.highest() - before
        before = kernel.memory.mark()
        took, run = await kernel.run(guest, code, touches)
        tracked = took, kernel.memory.highest() - before
        rest = kernel.memory.now() - before
        if run.changes is None or ("a" in run.changes.changed) != ("a" in code):
            raise RuntimeError(f"{code}: the kernel tells {run.changes}")
        await ops_of(guest).forget()
        if at:  # the first one imports what the helper needs
            for (milliseconds, megabytes), times, highest in zip((without, tracked), sides, peaks, strict=True):
                times.append(milliseconds)
                highest.append(megabytes)
            kept.append(rest)
    bare, tracked_peak = (max(0, round(middle(highest))) for highest in peaks)
    note = f"kernel's peak +{tracked_peak} MB, without +{bare}"
    figure = Figure(f"{name}: run of {code}", middle(sides[1]), floor=middle(sides[0]), ratio=_RATIOS[code], note=note)
    return figure, middle(kept)
