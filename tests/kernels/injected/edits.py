"""Edits of a namespace: what the diff must see of each, and what undo must bring back.

Each edit is (name, code of the user's before, code of ours, expression that must be the same again after undo, what is
detected, what is restored). Detected is "created x", "rebound x", "changed x", "deleted x", "unknown x" or "nothing";
restored is "yes", "no: <reason that is told>", or "not told" where nothing shows that anything happened.
"""

# ruff: noqa: E501 -- a table
from __future__ import annotations

from typing import NamedTuple


class Edit(NamedTuple):
    """One kind of edit and what is expected of it."""

    name: str
    before: str
    code: str
    check: str
    detected: str
    restored: str


_NP, _PD, _XR = "import numpy as np", "import pandas as pd", "import xarray as xr, numpy as np"
_FRAME = f"{_PD}\nx = pd.DataFrame({{'a': [1, 2, 3], 'b': ['p', 'q', 'r']}})\nalias = x"
_SET = f"{_XR}\nx = xr.Dataset({{'t': (('y',), np.arange(4.0), {{'units': 'K'}})}}, coords={{'y': [1, 2, 3, 4]}})\nalias = x"
_ARRAY = f"{_NP}\nx = np.arange(12.0)\nalias = x"
_CLASS = "class C:\n    shared = 1\n    def __init__(self): self.v = [1]"
_F, _X = "x.to_json()", "(x.to_dict(), alias is x)"

EDITS: tuple[Edit, ...] = (
    Edit("new name", "", "x = 1", "'x' in globals()", "created x", "yes"),
    Edit("new function", "", "def x(): pass", "'x' in globals()", "created x", "yes"),
    Edit("import", "", "import json as x", "'x' in globals()", "created x", "yes"),
    Edit("number rebound", "x = 1", "x = 2", "x", "rebound x", "yes"),
    Edit("number added to", "x = 1", "x += 1", "x", "rebound x", "yes"),
    Edit("text rebound", "x = 'a'", "x = x.upper()", "x", "rebound x", "yes"),
    Edit("name deleted", "x = [1]", "del x", "x", "deleted x", "yes"),
    Edit("name of a builtin shadowed", "", "print = None", "print is None", "created print", "yes"),
    Edit("loop variable", "x = 'mine'", "for x in range(3): pass", "x", "rebound x", "yes"),
    Edit("list appended to", "x = [1]; alias = x", "x.append(2)", "(x, alias is x)", "changed x", "yes"),
    Edit("list sorted", "x = [3, 1]; alias = x", "x.sort()", "(x, alias is x)", "changed x", "yes"),
    Edit("list item deep inside", "x = {'a': [[1]]}; alias = x['a'][0]", "x['a'][0][0] = 2", "(x, alias is x['a'][0])", "changed x", "yes"),
    Edit("list in itself", "x = [1]; x.append(x)", "x.insert(0, 0)", "(x[0], x[1] is x)", "changed x", "yes"),
    Edit("list in a tuple", "x = ([1],)", "x[0].append(2)", "x", "changed x", "yes"),
    Edit("list changed, then rebound", "x = [1]; alias = x", "x.append(2); x = 0", "(x, alias is x)", "rebound x", "yes"),
    Edit("list through another name", "x = [1]; other = x", "other += [2]", "(x, other is x)", "changed x", "yes"),
    Edit("dictionary item", "x = {'a': 1}; alias = x", "x['a'] = 2", "(x, alias is x)", "changed x", "yes"),
    Edit("dictionary order", "x = {'a': 1, 'b': 2}", "x['a'] = x.pop('a')", "list(x)", "changed x", "yes"),
    Edit("defaultdict read", "import collections; x = collections.defaultdict(list)", "x['new']", "len(x)", "changed x", "yes"),
    Edit("set", "x = {1}; alias = x", "x.add(2)", "(sorted(x), alias is x)", "changed x", "yes"),
    Edit("deque", "import collections; x = collections.deque([1], maxlen=1)", "x.append(2)", "list(x)", "changed x", "yes"),
    Edit("bytearray", "x = bytearray(b'ab')", "x[0] = 0", "x.hex()", "changed x", "yes"),
    Edit("attribute of an object", f"{_CLASS}\nx = C(); alias = x", "x.v = 5; x.w = 6", "(vars(x), alias is x)", "changed x", "yes"),
    Edit("list in an object", f"{_CLASS}\nx = C()", "x.v.append(2)", "vars(x)", "changed x", "yes"),
    Edit("object with slots", "class C:\n    __slots__ = ('v', 'w')\nx = C(); x.v = 1", "x.v = 2; x.w = 3", "(x.v, hasattr(x, 'w'))", "changed x", "yes"),
    Edit("attribute of a class", f"{_CLASS}\nx = C", "x.shared = 2; x.more = 3", "(x.shared, hasattr(x, 'more'))", "changed x", "yes"),
    Edit("default of a function", "def x(a=[]): return a", "x.__defaults__[0].append(1)", "x()", "changed x", "yes"),
    Edit("variable that a function closes over", "def make():\n    n = [0]\n    def f(): n[0] += 1; return n[0]\n    return f\nx = make()", "x()", "x.__closure__[0].cell_contents", "changed x", "yes"),
    Edit("array element", _ARRAY, "x[3] = 9", "(x.tolist(), alias is x)", "changed x", "yes"),
    Edit("array in place", _ARRAY, "x *= 2", "(x.tolist(), alias is x)", "changed x", "yes"),
    Edit("array through a view", f"{_ARRAY}\nv = x[::2]", "v[:] = -1", "(x.tolist(), v.base is x)", "changed v", "yes"),
    Edit("array's shape", _ARRAY, "x.shape = (3, 4)", "(x.shape, alias is x)", "changed x", "yes"),
    Edit("array of objects", f"{_NP}\nx = np.array([[1], [2, 3]], dtype=object)", "x[0].append(9)", "x.tolist()", "changed x", "yes"),
    Edit("array with missing values", f"{_NP}\nx = np.array([np.nan, 1])", "x[0] = 0", "str(x)", "changed x", "yes"),
    Edit("nothing at all", _ARRAY, "x.sum()", "x.tolist()", "nothing", "nothing to do"),
    Edit("large array, far apart", f"{_NP}\nx = np.zeros(3_000_000)", "x[:] = 1", "float(x.sum())", "changed x", "no: too large"),
    Edit("large array, one element", f"{_NP}\nx = np.zeros(3_000_000)", "x[1_234_567] = 1", "float(x.sum())", "unknown x", "not told"),
    Edit("random generator", f"{_NP}\nx = np.random.default_rng(1)", "x.random(3)", "x.bit_generator.state", "changed x", "yes"),
    Edit("frame: new column", _FRAME, "x['c'] = 1", f"({_F}, alias is x)", "changed x", "yes"),
    Edit("frame: value", _FRAME, "x.loc[1, 'a'] = 9", f"({_F}, alias is x)", "changed x", "yes"),
    Edit("frame: rows dropped in place", _FRAME, "x.drop(index=0, inplace=True)", f"({_F}, alias is x)", "changed x", "yes"),
    Edit("frame: sorted in place", _FRAME, "x.sort_values('a', ascending=False, inplace=True)", f"({_F}, alias is x)", "changed x", "yes"),
    Edit("frame: columns renamed", _FRAME, "x.columns = ['u', 'v']", f"({_F}, alias is x)", "changed x", "yes"),
    Edit("frame: index set", _FRAME, "x.index = [7, 8, 9]", f"({_F}, alias is x)", "changed x", "yes"),
    Edit("frame: type of a column", _FRAME, "x['a'] = x['a'].astype(float)", "str(x.dtypes)", "changed x", "yes"),
    Edit("frame: attrs", _FRAME, "x.attrs['unit'] = 'K'", "(x.attrs, alias is x)", "changed x", "yes"),
    Edit("frame: rebound", _FRAME, "x = x.dropna()", f"({_F}, alias is x)", "rebound x", "yes"),
    Edit("large frame: value", f"{_NP}\n{_PD}\nx = pd.DataFrame({{'a': np.zeros(3_000_000)}})\nalias = x", "x.loc[1_234_567, 'a'] = 1", "(float(x['a'].sum()), alias is x)", "changed x", "yes"),
    Edit("series", f"{_PD}\nx = pd.Series([1, 2], name='n'); alias = x", "x[0] = 5; x.name = 'm'", "(x.tolist(), x.name, alias is x)", "changed x", "yes"),
    Edit("dataset: new variable", _SET, "x['p'] = x['t'] * 2", f"({_X})", "changed x", "yes"),
    Edit("dataset: values", _SET, "x['t'].values[0] = 99", f"({_X})", "changed x", "yes"),
    Edit("dataset: variable replaced", _SET, "x['t'] = x['t'] + 273", f"({_X})", "changed x", "yes"),
    Edit("dataset: units", _SET, "x['t'].attrs['units'] = 'C'", f"({_X})", "changed x", "yes"),
    Edit("dataset: variable deleted", _SET, "del x['t']", f"({_X})", "changed x", "yes"),
    Edit("dataset: coordinate", _SET, "x.coords['y'] = [5, 6, 7, 8]", f"({_X})", "changed x", "yes"),
    Edit("data array: values and name", f"{_SET}\nx = x['t']; alias = x", "x[0] = 5; x.name = 'u'", f"({_X})", "changed x", "yes"),
    Edit("dask array: item set", "import dask.array as da\nx = da.ones((4,), chunks=2)", "x[0] = 5", "x.name", "changed x", "no: not put back"),
    Edit("geo frame: value", "import geopandas, shapely\nx = geopandas.GeoDataFrame({'a': [1]}, geometry=[shapely.Point(0, 1)], crs=4326); alias = x", "x['a'] = 2; x['b'] = 3", "(x.to_json(), alias is x, str(x.crs))", "changed x", "yes"),
    Edit("iterator read", "x = iter([1, 2])", "next(x)", "x.__length_hint__()", "unknown x", "not told"),
    Edit("open file read", "import io; x = io.StringIO('abc')", "x.read(1)", "x.tell()", "unknown x", "not told"),
    Edit("subclass of dict", "class C(dict): pass\nx = C(a=1)", "x['a'] = 2", "x['a']", "unknown x", "not told"),
    Edit("figure", "import matplotlib; matplotlib.use('agg')\nimport matplotlib.pyplot as plt\nx, ax = plt.subplots()", "x.suptitle('t')", "x.get_suptitle()", "unknown x", "not told"),
    Edit("attribute of a module", "import types; x = types.ModuleType('m')", "x.v = 1", "hasattr(x, 'v')", "nothing", "not told"),
)  # fmt: skip


def as_markdown(found: dict[str, tuple[str, str]]) -> str:
    """Return the table for the documentation, from what was found of each edit: (detected, restored)."""
    lines = ["| edit | code | detected | restored |", "|---|---|---|---|"]
    for edit in EDITS:
        detected, restored = found[edit.name]
        code = edit.code.replace("\n", "; ").replace("|", "\\|")
        lines.append(f"| {edit.name} | `{code}` | {detected} | {restored} |")
    seen = sum(detected.split()[0] not in ("nothing", "unknown") for detected, _ in found.values())
    back = sum(restored == "yes" for _, restored in found.values())
    lines.append("")
    lines.append(f"{len(EDITS)} edits: {seen} seen, {back} restored.")
    return "\n".join(lines) + "\n"


def expected() -> dict[str, tuple[str, str]]:
    """Return what is committed."""
    return {edit.name: (edit.detected, edit.restored) for edit in EDITS}
