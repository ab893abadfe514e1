"""What the namespace holds is told within bounds, beside running cells, and without touching anything."""

# ruff: noqa: E501 -- the user's code is as long as it is
from __future__ import annotations

import asyncio
import json
import statistics
import time
from typing import Any

import msgspec
import pytest

from jupyter_frevagpt.kernels.injected.describe import _Clock
from jupyter_frevagpt.kernels.replies import Description

from ..conftest import Gate
from .conftest import MUCH, Bench
from .test_changes import HOSTILE


async def _one(bench: Bench, name: str, depth: int = 1) -> dict[str, Any]:
    found = await bench.ops.describe(names=[name], depth=depth)
    assert len(found.variables) == 1, found
    described: dict[str, Any] = msgspec.to_builtins(found.variables[0])
    assert "error" not in described, described
    return described


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x = 3", {"type": "int", "kind": "scalar", "value": 3}),
        ("x = float('nan')", {"value": "nan"}),
        ("x = 10**400", {"value": "an integer of 1,329 bits"}),
        ("x = 2+1j", {"value": "(2+1j)"}),
        ("x = None", {"type": "NoneType", "kind": "scalar"}),
        ("x = 'a' * 500", {"kind": "text", "length": 500, "value": "a" * 119 + "…"}),
        ("x = [1, 'b', [2], {'c': 3}]", {"length": 4, "preview": [1, "b", "<list of 1>", "<dict of 1>"]}),
        ("x = {'a': 1, 2: None}", {"length": 2, "preview": {"a": 1, "2": None}}),
        (
            "import collections; x = collections.Counter('aab')",
            {"type": "collections.Counter", "preview": {"a": 2, "b": 1}},
        ),
        ("import datetime; x = datetime.datetime(2020, 1, 2)", {"value": "2020-01-02T00:00:00"}),
        ("import pathlib; x = pathlib.Path('/data/a.nc')", {"value": "/data/a.nc"}),
        ("import json as x", {"kind": "module", "module": "json", "version": "2.0.9"}),
        (
            "def x(a: int, /, b='s', *args, c: 'str' = None, d, token='t0', **kw) -> list:\n    'First line.'",
            {
                "kind": "function",
                "signature": "(a: int, /, b='s', *args, c: str = None, d, token=•••, **kw) -> list",
                "doc": "First line.",
            },
        ),
        ("x = len", {"kind": "function", "signature": "($module, obj, /)"}),
        (
            "class B: pass\nclass x(B):\n    'What it is.'\n    def __init__(self, a): pass\n    def run(self): pass",
            {
                "kind": "class",
                "bases": ["__main__.B"],
                "members": ["run"],
                "signature": "(self, a)",
                "doc": "What it is.",
            },
        ),
        ("class C: pass\nx = C(); x.v = 1; x.api_key = 'k'", {"kind": "object", "fields": {"v": 1, "api_key": "•••"}}),
        (
            "import numpy as np; x = np.arange(6.0).reshape(2, 3)",
            {"shape": [2, 3], "dtype": "float64", "bytes": 48, "preview": [0.0, 1.0, 2.0, 3.0, 4.0]},
        ),
        ("import numpy as np; x = np.float32(1.5)", {"kind": "scalar", "value": 1.5, "dtype": "float32"}),
        ("import numpy as np; x = np.array([np.nan, np.inf])", {"preview": ["nan", "inf"]}),
        ("import numpy as np; x = np.array([object()], dtype=object)", {"dtype": "object"}),
        (
            "import pandas as pd; x = pd.DataFrame({'a': [1, 2, 3], 'when': pd.date_range('2020', periods=3), 'key': 'k'})",
            {"kind": "frame", "shape": [3, 3], "index": "RangeIndex"},
        ),
        ("import pandas as pd; x = pd.Series([1.5, 2], name='n')", {"kind": "series", "shape": [2], "label": "n"}),
        ("import pandas as pd; x = pd.Timestamp('2020-01-01')", {"value": "2020-01-01 00:00:00"}),
        (
            "import geopandas, shapely; x = geopandas.GeoDataFrame({'a': [1]}, geometry=[shapely.Point(1, 2)], crs=4326)",
            {
                "kind": "frame",
                "details": {
                    "crs": "WGS 84",
                    "geometry_types": ["Point"],
                    "bounds": [1.0, 2.0, 1.0, 2.0],
                    "geometry": "geometry",
                },
            },
        ),
        (
            "import dask.array as da; x = da.ones((100, 100), chunks=50) + 1",
            {
                "shape": [100, 100],
                "chunks": [50, 50],
                "lazy": True,
                "bytes": 80_000,
            },
        ),
    ],
)
async def test_kinds_of_values(bench: Bench, code: str, expected: dict[str, Any]) -> None:
    run = await bench.user.run(code)
    assert run.status == "ok", run.reply
    described = await _one(bench, "x")
    assert {key: described.get(key) for key in expected} == expected


async def test_datasets_with_units_and_chunks(bench: Bench) -> None:
    await bench.user.run(
        "import xarray as xr, numpy as np, pandas as pd\n"
        "ds = xr.Dataset({'tas': (('time', 'lat'), np.zeros((3, 2)), {'units': 'K', 'long_name': 'near-surface'})},\n"
        "    coords={'time': pd.date_range('2020-01-01', periods=3), 'lat': [1.0, 2.0]}, attrs={'source': 'test'})\n"
        "lazy = ds.chunk({'time': 1})['tas']"
    )
    described = await _one(bench, "ds")
    assert described["kind"] == "dataset"
    assert described["dims"] == {"time": 3, "lat": 2}
    assert described["variables"]["tas"] == {
        "dims": ["time", "lat"],
        "dtype": "float64",
        "units": "K",
        "long_name": "near-surface",
    }
    assert described["coords"]["time"]["first"] == "2020-01-01 00:00:00"
    assert described["coords"]["time"]["last"] == "2020-01-03 00:00:00"
    assert described["attrs"] == {"source": "test"}
    lazy = await _one(bench, "lazy")
    assert lazy["lazy"] is True
    assert lazy["chunks"] == [1, 2]


async def test_nothing_is_computed_or_loaded(bench: Bench) -> None:
    await bench.user.run(
        "import dask, dask.array as da, xarray as xr, pandas as pd, numpy as np, os\n"
        "computed = []\n"
        "dask.config.set(scheduler=lambda *a, **k: computed.append(a) or dask.get(*a, **k))\n"
        "a = da.random.random((1000, 1000), chunks=100)\nm = a.mean()\nmasked = a[a > 0.5]\n"
        "ds = xr.Dataset({'v': (('x', 'y'), a)})\n"
        "class Lazy(xr.backends.BackendArray):\n"
        "    shape, dtype = (4,), np.dtype('f8')\n"
        "    def __getitem__(self, key): computed.append('loaded'); return np.zeros(4)\n"
        "unread = xr.Dataset({'v': ('x', xr.core.indexing.LazilyIndexedArray(Lazy()))})\n"
        "one = unread['v']\n"
        "np.save('m.npy', np.zeros(10)); mm = np.load('m.npy', mmap_mode='r'); view = mm[2:]\n"
    )
    for depth in (0, 1, 4):
        found = await bench.ops.describe(depth=depth)
        assert not [variable for variable in found.variables if variable.error], found
    assert {"a", "m", "ds", "unread", "one", "mm"} <= {variable.name for variable in found.variables}
    facts = await bench.ops.review_facts({}, ["a", "ds", "unread"])
    assert facts.sizes["a"].lazy
    assert facts.sizes["a"].bytes == 8_000_000
    assert facts.sizes["unread"].bytes == 32
    taken = await bench.ops.snapshot(None)
    await bench.ops.diff(taken.id)
    await bench.ops.undo(taken.id)
    assert await bench.value("len(computed)") == 0
    assert (await _one(bench, "mm")).get("preview") is None
    assert (await _one(bench, "view")).get("preview") is None
    assert (await _one(bench, "a"))["details"]["tasks"] == 100


async def test_dask_frames_are_not_computed(bench: Bench) -> None:
    run = await bench.user.run(
        "import dask, dask.dataframe as dd, pandas as pd\ncomputed = []\n"
        "dask.config.set(scheduler=lambda *a, **k: computed.append(a) or dask.get(*a, **k))\n"
        "f = dd.from_pandas(pd.DataFrame({'a': range(10)}), npartitions=3)\ng = f.groupby('a').sum(); s = f['a']"
    )
    if run.reply.get("ename") == "ModuleNotFoundError":  # dask's frames need pyarrow, which not each kernel has
        assert bench.version == 6
        return
    assert (await _one(bench, "f"))["columns"] == {"a": "int64"}
    assert (await _one(bench, "s"))["dtype"] == "int64"
    assert (await _one(bench, "g"))["lazy"]
    taken = await bench.ops.snapshot(None)
    await bench.ops.diff(taken.id)
    assert await bench.value("len(computed)") == 0


async def test_a_cluster_is_known_without_asking_it(bench: Bench) -> None:
    await bench.user.run(
        "import distributed\n"
        "cluster = distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=':0')\n"
        "client = distributed.Client(cluster)\n"
        "asked = []; client.scheduler_info = lambda *a, **k: asked.append(1)"
    )
    try:
        described = await _one(bench, "client")
        assert described["kind"] == "client"
        assert described["details"]["workers"] == 1
        assert described["details"]["dashboard"].startswith("http://")
        assert described["details"]["dashboard"].endswith("/status")
        assert await bench.value("asked") == []
    finally:
        await bench.user.run("client.close(); cluster.close()")


async def test_secrets_are_masked(bench: Bench) -> None:
    canary = "canary-4711"
    await bench.user.run(
        f"api_token = '{canary}'; password = ['{canary}']; conf = {{'secret': '{canary}', 'deep': {{'key': '{canary}'}}}}\n"
        f"import os; os.environ['MY_TOKEN'] = '{canary}'; env = os.environ\n"
        f"import pandas as pd; df = pd.DataFrame({{'a': [1], 'password': ['{canary}']}})\n"
        f"class C: pass\no = C(); o.auth_token = '{canary}'\n"
        f"url = 'https://me:{canary}@example.org/'; gh = 'ghp_{canary}abcdefghijklmnopqrst'.replace('-', '')\n"
        f"def f(secret_key='{canary}'): pass\n"
        "jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefgh'"
    )
    for depth in (1, 2, 5):
        found = await bench.ops.describe(depth=depth)
        text = json.dumps(msgspec.to_builtins(found))
        assert canary not in text
        assert "canary4711" not in text
        assert "eyJhbGci" not in text
        assert {"api_token", "password", "env"} <= set(found.masked)


async def test_hostile_objects_are_described_unharmed(bench: Bench) -> None:
    await bench.user.run(HOSTILE)
    found = await bench.ops.describe(names=["h", "H", "p", "d", "l"], depth=3)
    kinds = {variable.name: variable.kind for variable in found.variables}
    assert kinds == {"h": "object", "H": "class", "p": "object", "d": "object", "l": "container"}
    assert not [variable for variable in found.variables if variable.error]
    assert await bench.value("touched") == []


async def test_newest_first_filtered_and_bounded(bench: Bench) -> None:
    await bench.user.run("import json\nfor i in range(300): globals()[f'v{i}'] = i")
    await bench.ops.describe()
    await bench.user.run("v7 = 'again'")
    found = await bench.ops.describe(max_vars=10, budget_ms=MUCH)
    assert found.variables[0].name == "v7"
    assert len(found.variables) == 10
    assert sum(found.more.values()) == found.total - 10
    await bench.user.run("for i in range(300): globals()[f'v{i}'] = 'x' * 100")
    small = await bench.ops.describe(max_bytes=5_000, budget_ms=MUCH)
    assert 5 < len(small.variables) < 60
    assert len(json.dumps(msgspec.to_builtins(small.variables))) < 7_000
    none = await bench.ops.describe(names=["not_there"])
    assert (none.variables, none.total) == ([], 0)
    assert (await bench.ops.describe(budget_ms=0)).variables


async def test_only_what_is_new_is_told_again(bench: Bench) -> None:
    await bench.user.run("x = 1")
    first = await bench.ops.describe()
    again = await bench.ops.describe(since=first.executions)
    assert again.unchanged
    assert again.variables == []
    await bench.user.run("y = 2")
    assert not (await bench.ops.describe(since=first.executions)).unchanged
    second = await bench.ops.describe()
    await bench.guest.run("z = 2")
    assert not (await bench.ops.describe(since=second.executions)).unchanged


async def test_describing_beside_a_running_cell(bench: Bench, gate: Gate) -> None:
    await bench.user.run("x = 1")
    loop = gate.wait.replace("time.sleep(0.005)", "\n    for y in range(100_000): z = y * y")
    for what, code in (("a sleep", gate.wait), ("a loop", loop)):
        gate.shut()
        cell = await bench.user.begin(code)
        async with asyncio.timeout(60):
            while not (await bench.ops.describe()).busy:
                await asyncio.sleep(0.005)  # a kernel says that it is busy a moment before the cell begins
        took = []
        for _ in range(20):
            start = time.perf_counter()
            found = await bench.ops.describe()
            took.append((time.perf_counter() - start) * 1000)
            assert found.busy
        assert not cell.ended.is_set()
        gate.open()
        print(f"\nipykernel {bench.version}: beside {what}: median {statistics.median(took):.1f} ms")  # noqa: T201
        await cell.ended.wait()
        assert cell.status == "ok"


async def test_while_the_namespace_changes_under_our_hands(bench: Bench, gate: Gate) -> None:
    await bench.user.run("import numpy as np; d = {}; l = []; s = set()")
    cell = await bench.user.begin(
        f"import os\ni = 0\nwhile i % 100 or not os.path.exists({str(gate.path)!r}):\n"
        "    i += 1; d[i] = i; l.append(i); s.add(i); globals()[f'v{i % 500}'] = np.zeros(i % 100)\n"
        "    if i % 3 == 0: d.clear(); l.clear(); s.clear(); globals().pop(f'v{i % 700}', None)"
    )
    for _ in range(30):
        assert (await bench.ops.describe(depth=2, timeout=20)).total > 0
    assert not cell.ended.is_set()
    gate.open()
    await cell.ended.wait()
    assert cell.status == "ok"


async def test_a_site_describes_its_own_types(bench: Bench) -> None:
    await bench.user.run(
        "import sys, types\nsys.modules['ourlib'] = m = types.ModuleType('ourlib')\n"
        'exec("class Grid:\\n    n = 5", m.__dict__)\n'
        "sys.modules['_frevagpt_guest'].register('ourlib.Grid', lambda value, depth: {'kind': 'grid', 'cells': value.n})\n"
        "sys.modules['_frevagpt_guest'].register('ourlib.Odd', lambda value, depth: 1 / 0)\n"
        "grid = m.Grid()\nexec('class Odd: pass', m.__dict__)\nodd = m.Odd()"
    )
    grid = await _one(bench, "grid")
    assert (grid["kind"], grid["details"]) == ("grid", {"cells": 5})
    found: Description = await bench.ops.describe(names=["odd"])
    assert found.variables[0].error == "ZeroDivisionError"


async def test_facts_for_the_review(bench: Bench) -> None:
    await bench.user.run(
        "import numpy as np, math\nfrom math import sqrt\nfake = type(math)('numpy')\n"
        "np.evil = lambda: 0\nother = np\ndef print(*a): pass\nbig = np.zeros(1_000_000)"
    )
    claims = {
        "np": "numpy",
        "other": "math",
        "fake": "numpy",
        "sqrt": "math.sqrt",
        "np.mean": "numpy.mean",
        "np.linalg.norm": "numpy.linalg.norm",
        "np.evil": "numpy.evil",
        "print": "builtins.print",
        "len": "builtins.len",
        "nope": "numpy",
    }
    facts = await bench.ops.review_facts(claims, ["big", "nope"])
    assert facts.claims == {
        "np": "same",
        "other": "different",
        "fake": "different",
        "sqrt": "same",
        "np.mean": "same",
        "np.linalg.norm": "same",
        "np.evil": "different",
        "print": "different",
        "len": "same",
        "nope": "absent",
    }
    assert facts.sizes["big"].bytes == 8_000_000
    assert facts.memory_available is None or facts.memory_available > 10_000_000
    assert facts.transformers == []
    assert await bench.ops.transform("%time x = 1") == "get_ipython().run_line_magic('time', 'x = 1')\n"
    await bench.user.run(
        "def evil(lines): return ['import os\\n'] if lines == ['pass\\n'] else lines\n"
        "get_ipython().input_transformers_cleanup.append(evil)"
    )
    assert (await bench.ops.review_facts({}, [])).transformers == ["__main__"]
    assert await bench.ops.transform("pass", channel="shell") == "import os\n"
    await bench.user.run("get_ipython().input_transformers_cleanup.remove(evil)")


@pytest.mark.parametrize("count", [10, 1_000, 10_000])
async def test_time_to_describe(bench: Bench, count: int) -> None:
    await bench.user.run(
        "import numpy as np, pandas as pd\n"
        f"for i in range({count}):\n"
        "    globals()[f'v{i}'] = [i, str(i), [i] * 5, {'a': i}, np.zeros(10), pd.Series([1.0])][i % 6]"
    )
    inside, outside = [], []
    for number in range(20):
        if number % 2:
            await bench.user.run("v0 = 1")
        start = time.perf_counter()
        inside.append((await bench.ops.describe()).ms)
        outside.append((time.perf_counter() - start) * 1000)
    print(  # noqa: T201
        f"\nipykernel {bench.version}, {count:,} variables: median {statistics.median(inside[2:]):.1f} ms in the kernel, "
        f"{statistics.median(outside[2:]):.1f} ms with the way there and back"
    )


async def test_the_bytes_of_frames_are_those_that_pandas_says(bench: Bench) -> None:
    await bench.user.run(
        "import numpy as np, pandas as pd\n"
        "a = pd.DataFrame({'x': np.ones(1000), 'y': range(1000), 's': ['text'] * 1000})\n"
        "a['c'] = pd.Categorical(['u'] * 1000)\n"
        "b = a.set_index(pd.date_range('2000', periods=1000)); c = a['x']; d = pd.DataFrame(); e = a.set_index('s')\n"
        "f = pd.DataFrame({'t': pd.date_range('2000', periods=9, tz='UTC'), 'n': pd.array([1, None] * 4 + [2])})\n"
        "g = pd.DataFrame(np.ones((3, 800))); h = a[::2]"
    )
    told = {each.name: each.bytes for each in (await bench.ops.describe(names=list("abcdefgh"))).variables}
    said = await bench.value("{n: int(np.sum(globals()[n].memory_usage(deep=False))) for n in 'abcdefgh'}")
    assert told == said


def test_the_time_for_a_description_is_the_thread_s_own_and_four_times_as_much_on_the_wall() -> None:
    clock = _Clock(0.5)
    time.sleep(0.6)
    assert not clock.over()
    while time.thread_time() < clock._end:
        sum(range(1000))
    assert clock.over()
    waiting = _Clock(0.05)
    time.sleep(0.25)
    assert waiting.over()
