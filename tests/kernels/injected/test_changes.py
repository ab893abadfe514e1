"""What runs change is seen, and taken back where nothing has changed since."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jupyter_frevagpt.kernels.injection import GuestFailed, run_options
from jupyter_frevagpt.kernels.replies import Changes

from ..conftest import Gate
from .conftest import MUCH, Bench
from .edits import EDITS, Edit, as_markdown, expected


async def _look(bench: Bench, expression: str) -> str:
    run = await bench.user.run(f"print(repr({expression}))", store_history=False)
    return run.text if run.status == "ok" else str(run.reply["ename"])


async def _try(bench: Bench, edit: Edit) -> tuple[str, str]:
    """Carry an edit out and take it back; returns what was detected and restored."""
    await bench.user.run("%reset -f")
    assert (await bench.user.run(edit.before)).status == "ok", edit.before
    before = await _look(bench, edit.check)
    run = await bench.guest.tracked(edit.code)
    assert run.status == "ok", (edit.name, run.reply)
    assert run.report is not None
    changes = run.report.changes
    assert changes is not None
    after = await _look(bench, edit.check)
    undone = await bench.ops.undo(changes.id)
    back = await _look(bench, edit.check)
    await bench.ops.forget(changes.id)
    if back == before:
        restored = "yes" if before != after else "nothing to do"
        assert not undone.not_restored
    elif undone.not_restored:
        why = next(iter(undone.not_restored.values()))
        restored = "no: " + next((short for short in ("too large", "not put back") if short in why), why)
    else:
        restored = "not told"
    return _detected(changes, edit), restored


def _detected(changes: Changes, edit: Edit) -> str:
    wanted = edit.detected.split()[-1]
    found = {
        **dict.fromkeys(changes.unknown, "unknown"),
        **dict.fromkeys(changes.changed, "changed"),
        **dict.fromkeys(changes.rebound, "rebound"),
        **dict.fromkeys(changes.created, "created"),
        **dict.fromkeys(changes.deleted, "deleted"),
    }
    if wanted in found:
        return f"{found[wanted]} {wanted}"
    return "nothing" if not found else f"{found}"


@pytest.mark.timeout(400)
async def test_table_of_edits(bench: Bench) -> None:
    found = {edit.name: await _try(bench, edit) for edit in EDITS}
    wrong = {name: (got, expected()[name]) for name, got in found.items() if got != expected()[name]}
    print(f"\nipykernel {bench.version}\n{as_markdown(found)}")  # noqa: T201
    assert wrong == {}
    assert len(EDITS) >= 40


async def _changes(bench: Bench, code: str, **snapshot: Any) -> Changes:
    run = await bench.guest.run(code, metadata=run_options(snapshot={"names": None, "ms": MUCH, **snapshot}))
    assert run.status == "ok", run.reply
    assert run.report is not None
    assert run.report.changes is not None
    return run.report.changes


async def test_only_named_variables_are_copied(bench: Bench) -> None:
    await bench.user.run("x = [1]; y = [1]; z = x")
    changes = await _changes(bench, "x.append(2); y.append(2)", names=["x", "missing"])
    assert sorted(changes.changed) == ["x", "z"]  # another name for the same list is named too
    await bench.ops.undo(changes.id)
    assert await bench.value("[x, y, z is x]") == [[1], [1, 2], True]


async def test_what_the_user_changed_since_is_left_alone(bench: Bench) -> None:
    await bench.user.run("a = 1; b = [1]; c = {}; d = 4; import io; e = io.StringIO()")
    code = "a = 2; b.append(2); c['k'] = 1; d = 5; new = [1]; other = [2]; e = open('/dev/null')"
    changes = await _changes(bench, code)
    await bench.user.run("a = 3; b.append(3); new.append(9); other2 = other")
    undone = await bench.ops.undo(changes.id)
    assert sorted(undone.restored) == ["c", "d", "other"]
    assert set(undone.not_restored) == {"a", "b", "new", "e"}
    assert "changed since" in undone.not_restored["a"]
    assert "cannot be told" in undone.not_restored["e"]
    assert await bench.value("[a, b, c, d, new, other2]") == [3, [1, 2, 3], {}, 4, [1, 9], [2]]
    again = await bench.ops.undo(changes.id)
    assert again.restored == []
    assert set(again.not_restored.values()) == {"it was taken back before"}


async def test_undo_waits_for_the_users_cell(bench: Bench, gate: Gate) -> None:
    await bench.user.run("x = 1")
    changes = await _changes(bench, "x = 2")
    cell = await bench.user.begin(f"{gate.wait}\nx = x + 10")
    undo = asyncio.create_task(bench.ops.undo(changes.id))
    await asyncio.sleep(0.3)
    assert not undo.done()
    gate.open()
    undone = await undo
    await cell.ended.wait()
    assert cell.status == "ok"
    assert undone.restored == []
    assert await bench.value("x") == 12


async def test_runs_one_after_another_are_taken_back_in_turn(bench: Bench) -> None:
    await bench.user.run("x = [1]; y = 0")
    first = await _changes(bench, "x.append(2); y = 1")
    second = await _changes(bench, "x.append(3)")
    early = await bench.ops.undo(first.id)
    assert early.restored == ["y"]
    assert "x" in early.not_restored
    assert (await bench.ops.undo(second.id)).restored == ["x"]
    assert await bench.value("[x, y]") == [[1, 2], 0]


async def test_what_cannot_be_vouched_for_is_named(bench: Bench) -> None:
    await bench.user.run("import io; f = io.StringIO(); deep = [io.StringIO()]; fine = [1]")
    changes = await _changes(bench, "pass")
    assert set(changes.unknown) == {"f", "deep"}
    assert "StringIO" in changes.unknown["deep"]
    undone = await bench.ops.undo(changes.id)
    assert set(undone.cannot_vouch) == {"f", "deep"}


async def test_budgets_and_memory(bench: Bench) -> None:
    await bench.ops.forget()
    await bench.user.run("import numpy as np; a = np.zeros(1_000_000); b = np.zeros(1_000_000); s = [0] * 10")
    taken = await bench.ops.snapshot(["a", "b", "s"], item_bytes=10_000_000, total_bytes=10_000_000, ms=MUCH)
    assert 8_000_000 <= taken.bytes < 9_000_000
    assert set(taken.doubts) == {"b"}
    changes = await bench.ops.diff(taken.id)
    assert changes.count == 0
    assert changes.bytes == 0  # what did not change is let go
    replaced = await _changes(bench, "a = 0; b = 0", hold_bytes=1_000_000)
    assert "was not kept" in (await bench.ops.undo(replaced.id)).not_restored["a"]
    kept = await _changes(bench, "s = 1; big = np.ones(2_000_000); s = 2")
    assert kept.bytes < 1_000_000
    memory = await bench.ops.forget()
    assert (memory.count, memory.bytes) == (0, 0)
    with pytest.raises(GuestFailed, match="no such snapshot"):
        await bench.ops.undo(kept.id)


async def test_slow_namespaces_end_in_time(bench: Bench) -> None:
    await bench.user.run("big = [[i] for i in range(2_000_000)]; small = [1]")
    changes = await _changes(bench, "small.append(2)", names=["big", "small"], ms=400)
    assert "big" in changes.unknown
    assert changes.changed == ["small"]


async def test_hostile_objects_are_never_touched(bench: Bench) -> None:
    await bench.user.run(HOSTILE)
    await _changes(bench, "pass")
    await bench.ops.describe()
    await bench.ops.describe(names=["h", "H", "p", "d", "n", "dt"], depth=4)
    await bench.ops.review_facts({"h": "numpy", "p.x": "numpy.x"}, ["h", "p", "d"])
    assert await bench.value("touched") == []


HOSTILE = """
touched = []
class Meta(type):
    def __getattribute__(cls, name): touched.append(('meta', name)); return type.__getattribute__(cls, name)
    def __instancecheck__(cls, other): touched.append('instancecheck'); return True
    def __subclasscheck__(cls, other): touched.append('subclasscheck'); return True
    def __repr__(cls): touched.append('meta repr'); return 'x'
def _trap(name):
    def method(self, *args, **kwargs): touched.append(name); raise SystemExit(name)
    return method
_names = ('repr str len bool iter next eq hash getattr getattribute setattr delattr call sizeof reduce_ex copy '
          'deepcopy array dir format enter exit contains getitem bytes fspath index array_interface').split()
_body = {f'__{name}__': _trap(name) for name in _names}
_body['__class__'] = property(_trap('class'))
_body['__dict__'] = property(_trap('dict'))
_body['shape'] = property(_trap('shape'))
_body['__module__'] = 'pandas'
_body['__qualname__'] = 'DataFrame'
H = Meta('DataFrame', (), _body)
h = object.__new__(H)
class D(dict):
    def items(self): touched.append('items'); return []
    def __len__(self): touched.append('len'); return 0
d = D(a=1)
class P:
    def __getattr__(self, name): touched.append(name); raise AttributeError(name)
    @property
    def x(self): touched.append('x')
p = P(); p.inner = h
l = [h, {'h': h}, (h,)]
import collections
n = collections.namedtuple('N', 'a')(h)
import datetime
class T(datetime.tzinfo):
    def utcoffset(self, when): touched.append('utcoffset'); return datetime.timedelta(0)
    def __repr__(self): touched.append('tz repr'); return 'T'
dt = datetime.datetime(2020, 1, 1, tzinfo=T())
touched.clear()
"""
