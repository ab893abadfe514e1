"""What the guest costs: printed, so that it can be compared; not asserted, since machines differ."""

from __future__ import annotations

import statistics
import time

from jupyter_frevagpt.kernels.injection import run_options

from .conftest import Bench


def _tell(bench: Bench, what: str, milliseconds: list[float]) -> None:
    print(f"\nipykernel {bench.version}: {what}: median {statistics.median(milliseconds):.1f} ms")  # noqa: T201


async def _times(bench: Bench, code: str, metadata: dict[str, object], count: int = 40) -> list[float]:
    took = []
    for _ in range(count):
        start = time.perf_counter()
        await bench.guest.run(code, metadata=metadata)
        took.append((time.perf_counter() - start) * 1000)
    return took[5:]


async def test_a_small_run(own_bench: Bench) -> None:
    bench = own_bench
    with_all = run_options(snapshot={"names": ["x"]}, files=True)
    await bench.user.run("import numpy as np; x = np.zeros(1000)\nfor i in range(100): globals()[f'v{i}'] = i")
    _tell(bench, "1 + 1 with the hooks", await _times(bench, "1 + 1", run_options()))
    _tell(bench, "1 + 1 with snapshot, diff and files", await _times(bench, "1 + 1", with_all))
    _tell(bench, "the user's cell with the hooks", [await _of_the_user(bench) for _ in range(40)][5:])
    injections = []
    for _ in range(5):
        await bench.ops.uninstall()
        bench.ops.capabilities = None
        await bench.user.run(
            "import sys\nfor name in [name for name in sys.modules if 'frevagpt' in name]: del sys.modules[name]\n"
            "sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != 'Sources']"
        )
        start = time.perf_counter()
        await bench.ops.inject()
        injections.append((time.perf_counter() - start) * 1000)
    _tell(bench, "injection", injections)
    await bench.ops.uninstall()
    _tell(bench, "1 + 1 without", await _times(bench, "1 + 1", {}))
    _tell(bench, "the user's cell without", [await _of_the_user(bench) for _ in range(40)][5:])


async def _of_the_user(bench: Bench) -> float:
    start = time.perf_counter()
    await bench.user.run("1 + 1")
    return (time.perf_counter() - start) * 1000


async def test_large_data(own_bench: Bench) -> None:
    bench = own_bench
    await bench.user.run(
        "import numpy as np, pandas as pd, xarray as xr\n"
        "big = np.zeros(125_000_000)\n"
        "frame = pd.DataFrame({f'c{i}': np.arange(6_250_000.0) for i in range(10)})\n"
        "small = [list(range(10)) for _ in range(100)]\nmedium = np.zeros(1_000_000)"
    )
    for names, code in (
        (["big"], "big[5] = 1"),
        (["frame"], "pass"),
        (["frame"], "frame.loc[5, 'c1'] = -1"),
        (["medium"], "medium[5] += 1"),
        (["small"], "small[5].append(1)"),
        (None, "pass"),
    ):
        run = await bench.guest.tracked(code, names)
        assert run.report is not None
        changes = run.report.changes
        assert changes is not None
        taken = await bench.ops.snapshot(names)
        print(  # noqa: T201
            f"\nipykernel {bench.version}: {code}: snapshot {taken.ms} ms, diff {changes.ms} ms, {changes.bytes:,} "
            f"bytes, changed {changes.changed}, unknown {list(changes.unknown)}"
        )
        await bench.ops.forget()
