"""What undo keeps alive: it is counted, it stays within its budgets, and it goes when undo has no use for it."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_frevagpt.kernels.injection import run_options
from jupyter_frevagpt.kernels.replies import Changes

from .conftest import MUCH, Bench

_IMPORTS = "import gc, weakref, numpy as np, pandas as pd, xarray as xr\n"
_MB = 1_000_000
# Each holds 8 MB.
_VALUES = {
    "array": ("a = np.ones(1_000_000)", "a = a + 1", "float(a[0])"),
    "frame rebound": ("a = pd.DataFrame({'x': np.ones(1_000_000)})", "a = a + 1", "float(a['x'].iloc[0])"),
    "frame": ("a = pd.DataFrame({'x': np.ones(1_000_000)})", "a += 1", "float(a['x'].iloc[0])"),
    "series": ("a = pd.Series(np.ones(1_000_000))", "a += 1", "float(a.iloc[0])"),
    "Dataset": ("a = xr.Dataset({'t': ('x', np.ones(1_000_000))})", "a['t'] = a['t'] + 1", "float(a['t'][0])"),
    "DataArray": ("a = xr.DataArray(np.ones(1_000_000))", "a.data = a.data + 1", "float(a[0])"),
    "list": ("a = [np.ones(1_000_000)]", "a[0] = a[0] + 1", "float(a[0][0])"),
    "dict": ("a = {'x': np.ones(1_000_000)}", "a['x'] = a['x'] + 1", "float(a['x'][0])"),
    "deep": ("a = {'x': [(np.ones(1_000_000),)]}", "a['x'][0] = (a['x'][0][0] + 1,)", "float(a['x'][0][0][0])"),
    "object": (
        "class C: pass\na = C(); a.v = np.ones(1_000_000)",
        "a.v = a.v + 1",
        "float(a.v[0])",
    ),
    "texts": ("a = ['1' * 1_000_100 + str(i) for i in range(8)]", "a[:] = [f'{int(s[:1]) + 1}' + s[1:] for s in a]",
              "float(a[0][0])"),
}  # fmt: skip


async def _changes(bench: Bench, code: str, **budgets: Any) -> Changes:
    options = {"names": None, "ms": MUCH, **budgets}
    run = await bench.guest.run(code, metadata=run_options(snapshot=options))
    assert run.status == "ok", run.reply
    assert run.report is not None
    assert run.report.changes is not None
    return run.report.changes


def _budgets(kind: str) -> dict[str, int]:
    """Let frames be too large to be copied: they need not be, others would not be taken back after another cell."""
    return {"item_bytes": 4 * _MB} if kind in ("frame", "frame rebound", "series") else {}


@pytest.mark.parametrize("kind", _VALUES)
async def test_edit_after_edit_stays_within_the_budget_and_comes_back_as_far_as_it_reaches(
    bench: Bench, kind: str
) -> None:
    await bench.ops.forget()
    value, edit, check = _VALUES[kind]
    await bench.user.run(_IMPORTS + value)
    runs = [await _changes(bench, edit, kept_bytes=20 * _MB, **_budgets(kind)) for _ in range(5)]
    memory = (await bench.ops.state()).snapshots
    assert memory.count == 2
    assert 16 * _MB <= memory.bytes < 18 * _MB
    assert 8 * _MB <= runs[-1].bytes < 9 * _MB
    assert await bench.value(check) == 6
    for run, left in zip(runs[:2:-1], (5, 4), strict=True):
        undone = await bench.ops.undo(run.id)
        assert (undone.restored, undone.not_restored) == (["a"], {})
        assert await bench.value(check) == left
    assert (await bench.ops.forget()).bytes == 0


@pytest.mark.parametrize("kind", _VALUES)
async def test_what_is_too_large_is_given_up_and_undo_says_so(bench: Bench, kind: str) -> None:
    await bench.ops.forget()
    value, edit, check = _VALUES[kind]
    await bench.user.run(f"{_IMPORTS}{value}\nb = [1]")
    changes = await _changes(bench, f"{edit}\nb.append(2)", hold_bytes=5 * _MB, **_budgets(kind))
    assert changes.bytes < _MB
    undone = await bench.ops.undo(changes.id)
    assert undone.restored == ["b"]
    assert list(undone.not_restored) == ["a"]
    assert undone.not_restored["a"].startswith("its old value of 8,0")
    assert undone.not_restored["a"].endswith(" bytes was not kept")
    assert await bench.value(f"[{check}, b]") == [2, [1]]


@pytest.mark.parametrize("kind", _VALUES)
async def test_what_the_user_holds_too_costs_nothing_until_the_user_lets_it_go(bench: Bench, kind: str) -> None:
    await bench.ops.forget()
    value, edit, check = _VALUES[kind]
    keep = "a.copy(deep=False)" if kind in ("frame", "frame rebound", "series") else "__import__('copy').copy(a)"
    await bench.user.run(f"{_IMPORTS}{value}\nmine = {keep}")
    changes = await _changes(bench, edit, hold_bytes=5 * _MB, **_budgets(kind))
    assert changes.bytes < _MB
    await bench.user.run("del mine; gc.collect()")
    assert (await bench.ops.state()).snapshots.bytes < _MB, "it is more than may be held for our sake"
    assert "was not kept" in (await bench.ops.undo(changes.id)).not_restored["a"]
    assert await bench.value(check) == 2


async def test_what_could_not_be_put_back_after_another_cell_is_let_go_then(bench: Bench) -> None:
    await bench.ops.forget()
    await bench.user.run(f"{_IMPORTS}a = np.ones(1_000_000); look = weakref.ref(a); b = [1]")
    changes = await _changes(bench, "a = a + 1; b = [2]", item_bytes=4 * _MB)
    assert changes.bytes >= 8 * _MB
    await bench.user.run("nothing = 1")
    assert not await _is_alive(bench)
    undone = await bench.ops.undo(changes.id)
    assert undone.restored == ["b"]
    assert "cannot be told: it is too large" in undone.not_restored["a"]


async def test_one_run_alone_stays_within_the_budget_too(bench: Bench) -> None:
    await bench.ops.forget()
    await bench.user.run(f"{_IMPORTS}v = [np.ones(500_000 * (i + 1)) for i in range(4)]\na, b, c, d = v; del v")
    changes = await _changes(bench, "a = b = c = d = 0", kept_bytes=25 * _MB, hold_bytes=100 * _MB)
    assert 24 * _MB <= changes.bytes < 25 * _MB
    undone = await bench.ops.undo(changes.id)
    assert sorted(undone.restored) == ["a", "b", "c"]
    assert undone.not_restored == {"d": "its old value of 16,000,000 bytes was not kept"}


async def test_runs_that_bind_a_name_anew_are_taken_back_in_turn(bench: Bench) -> None:
    await bench.user.run("x = 0; y = 'mine'")
    runs = [await _changes(bench, code) for code in ("x = 1; del y", "x = 2; y = 2", "x = 3; y = 3")]
    for run, left in zip(reversed(runs), ([2, 2], [1, None], [0, "mine"]), strict=True):
        assert sorted((await bench.ops.undo(run.id)).restored) == ["x", "y"]
        assert await bench.value("[x, globals().get('y')]") == left


async def test_a_name_that_the_user_bound_in_between_is_left_alone_with_all_before_it(bench: Bench) -> None:
    await bench.user.run("x = 0")
    first = await _changes(bench, "x = 1")
    await bench.user.run("x = 'mine'")
    second = await _changes(bench, "x = 2")
    assert (await bench.ops.undo(second.id)).restored == ["x"]
    assert (await bench.ops.undo(first.id)).not_restored == {"x": "it was changed since"}
    assert await bench.value("x") == "mine"


_WATCHED = """
class Plain: pass
class Box:
    def __init__(self, *inside): self.inside = inside[0] if inside else Plain()
def seen(value):
    inner = {
        list: lambda: value[0], dict: lambda: value['k'], Box: lambda: value.inside,
    }.get(type(value), lambda: value)()
    return weakref.ref(inner)
import matplotlib; matplotlib.use('agg')
import matplotlib.pyplot as plt, matplotlib.figure
"""
_MAKES = {
    "list": "[Plain()]",
    "dict": "{'k': Plain()}",
    "array": "np.ones(1_000)",
    "large array": "np.ones(1_000_000)",
    "frame": "pd.DataFrame({'x': np.ones(1_000)})",
    "large frame": "pd.DataFrame({'x': np.ones(1_000_000)})",
    "Dataset": "xr.Dataset({'t': ('x', np.ones(1_000))})",
    "object": "Box()",
    "figure": "matplotlib.figure.Figure()",
}
_EDITS = {
    "list": "x.append(1)",
    "dict": "x['more'] = 1",
    "array": "x[5] = 7",
    "large array": "x[:] = 7",
    "frame": "x['y'] = 1",
    "large frame": "x['y'] = 1",
    "Dataset": "x['u'] = x['t'] * 2",
    "object": "x.more = 1",
    "figure": "x.suptitle('t')",
}


async def _is_alive(bench: Bench, name: str = "look") -> bool:
    return bool(await bench.value(f"[gc.collect(), {name}() is not None][1]"))


@pytest.mark.parametrize("kind", _MAKES)
@pytest.mark.parametrize("does", ["makes", "changes", "leaves", "replaces"])
async def test_nothing_outlives_the_del_of_the_user(bench: Bench, does: str, kind: str) -> None:
    make = _MAKES[kind]
    await bench.user.run(_IMPORTS + _WATCHED + ("" if does == "makes" else f"x = {make}"))
    await bench.user.run("old = seen(x) if 'x' in globals() else None")
    code = {"makes": f"x = {make}", "changes": _EDITS[kind], "leaves": "other = 1", "replaces": f"x = {make}"}[does]
    await _changes(bench, code)
    await bench.user.run("look = seen(x); also = x")
    await bench.user.run("del x")
    assert await _is_alive(bench), "the control: by its other name it is alive"
    await bench.user.run("del also")
    assert not await _is_alive(bench)
    if does == "replaces":
        assert not await _is_alive(bench, "old"), "it would not be put back either"


@pytest.mark.parametrize(
    ("make", "edit", "let_go"),
    [
        ("[np.ones(1_000_000)]", "x.append(1)", "del x[0]"),
        ("{'k': np.ones(1_000_000)}", "x['more'] = 1", "x.clear()"),
        ("Box(np.ones(1_000_000))", "x.more = 1", "del x.inside"),
        ("{'k': [[np.ones(1_000_000)]]}", "x['k'].append(1)", "del x['k']"),
    ],
)
async def test_large_parts_do_not_outlive_what_the_user_does_to_the_whole(
    bench: Bench, make: str, edit: str, let_go: str
) -> None:
    await bench.user.run(f"{_IMPORTS}{_WATCHED}part = np.ones(1_000_000); look = weakref.ref(part)\nx = {make}")
    await bench.user.run(
        "def put(x):\n"
        "    if type(x) is Box: x.inside = part\n"
        "    elif type(x) is dict and type(x['k']) is list: x['k'][0][0] = part\n"
        "    elif type(x) is dict: x['k'] = part\n"
        "    else: x[0] = part\n"
        "put(x); del part"
    )
    changes = await _changes(bench, edit)
    assert changes.changed == ["x"]
    assert await _is_alive(bench)
    await bench.user.run(let_go)
    assert not await _is_alive(bench)
    assert (await bench.ops.undo(changes.id)).not_restored == {"x": "it was changed since"}


async def test_the_last_result_of_the_user_is_not_kept(bench: Bench) -> None:
    await bench.user.run(f"{_IMPORTS}{_WATCHED}_ = Plain(); look = weakref.ref(_)")
    await _changes(bench, "x = 1")
    assert await _is_alive(bench)
    await bench.user.run("del _")
    assert not await _is_alive(bench)


async def test_an_old_figure_counts_with_its_data_and_its_pixels(bench: Bench) -> None:
    await bench.ops.forget()
    draw = (
        "%matplotlib inline\nimport gc, numpy as np, matplotlib.pyplot as plt\n"
        "fig, ax = plt.subplots(figsize=(20, 20), dpi=100)\nax.imshow(np.random.rand(500, 500))\n"
        "fig.canvas.draw()\nplt.close(fig)\ndel ax\ngc.collect();"
    )
    assert (await bench.user.run(draw)).status == "ok"
    assert 18 * _MB <= (await _changes(bench, "fig = 1")).bytes <= 22 * _MB  # 2 of data, 16 of pixels
    await bench.ops.forget()
    await bench.user.run(draw + "\nother = fig")
    assert (await _changes(bench, "fig = 1")).bytes < _MB, "it is the user's still"
    await bench.user.run("del other")
    assert (await bench.ops.state()).snapshots.bytes >= 18 * _MB
    await bench.user.run("plt.close('all')\ndel fig")
