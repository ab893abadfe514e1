"""How values of numpy, pandas, xarray, dask and geopandas are described, without loading or computing anything."""

# ruff: noqa: B905 -- zip(strict=) came with Python 3.10, and kernels may be older
from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable
from typing import Any

from .describers import Facts, brief
from .looks import SCALARS, cut, fields, is_secret_name, known_as, shown
from .sizes import bytes_of_frame

_PREVIEW_KINDS = "biufcSUmM"
_enrolled: list[bool] = []


def _array(value: Any, depth: int) -> Facts:
    facts: Facts = {
        "kind": "array",
        "shape": list(value.shape),
        "dtype": cut(str(value.dtype), 100),
        "bytes": int(value.nbytes),
    }
    if depth and value.size and value.dtype.kind in _PREVIEW_KINDS and not _on_disk(value):
        count = 5 if depth < 2 else 50
        facts["preview"] = [_item(item) for item in value.flat[:count].tolist()]
    return facts


def _on_disk(value: Any) -> bool:
    base = value
    for _ in range(8):
        if base is None:
            return False
        if known_as(type(base)) in ("numpy.memmap", "mmap.mmap"):
            return True
        base = getattr(base, "base", None) if known_as(type(base)) == "numpy.ndarray" else None
    return True


def _item(item: Any) -> Any:
    kind = type(item)
    if kind is float:
        return item if math.isfinite(item) else repr(item)
    if kind is str:
        return shown(item, 60)
    return item if kind in SCALARS and kind is not complex else cut(str(item), 60)


def _plain_array(value: Any, _: int) -> Facts:
    return _array(value, 0)


def _numpy_scalar(value: Any, _: int) -> Facts:
    return {"kind": "scalar", "value": _item(value.item()), "dtype": str(value.dtype)}


# ---- pandas


def _frame(value: Any, depth: int) -> Facts:
    rows, width = value.shape
    columns = list(value.columns[:40])
    arrays = [_column(value, at) for at in range(len(columns))]
    facts: Facts = {
        "kind": "frame",
        "shape": [rows, width],
        "columns": {_label(name): cut(str(array.dtype), 40) for name, array in zip(columns, arrays)},
        "index": type(value.index).__name__,
        "bytes": bytes_of_frame(value),
    }
    if depth and rows and width:
        facts["head"] = _head(list(zip(columns, arrays))[:12], min(rows, 2 if depth < 2 else 10))
    return facts


def _column(value: Any, at: int) -> Any:
    """Return a column's array; a series around each is most of what looking at a small frame costs."""
    column = getattr(value, "_get_column_array", None)
    return value.iloc[:, at].array if column is None else column(at)


def _head(columns: list[tuple[Any, Any]], rows: int) -> list[list[Any]]:
    """Return the first rows, read column by column; what looks like a secret is not shown."""
    data = [
        ["•••"] * rows if is_secret_name(str(name)) else [_cell(item) for item in _items(array[:rows])]
        for name, array in columns
    ]
    return [list(row) for row in zip(*data)]


def _items(array: Any) -> list[Any]:
    return array.tolist() if hasattr(array, "tolist") else list(array)


def _cell(item: Any) -> Any:
    if known_as(type(item)).split(".")[0] in ("pandas", "datetime"):
        return cut(str(item), 40)
    return _item(item) if type(item) in SCALARS or type(item) is str else brief(item)


def _label(label: Any) -> str:
    if type(label) is tuple:
        return cut(" / ".join(str(brief(part)) for part in label), 80)
    return cut(str(_cell(label)), 80)


def _series(value: Any, depth: int) -> Facts:
    facts: Facts = {
        "kind": "series",
        "shape": [len(value)],
        "dtype": cut(str(value.dtype), 40),
        "index": type(value.index).__name__,
        "bytes": bytes_of_frame(value),
    }
    label = _label(value.name) if value.name is not None else ""
    if label:
        facts["label"] = label
    if depth and len(value) and not is_secret_name(label):
        facts["preview"] = [_cell(item) for item in value.iloc[: 3 if depth < 2 else 20].tolist()]
    return facts


def _index(value: Any, depth: int) -> Facts:
    facts: Facts = {"kind": "series", "shape": [len(value)], "dtype": cut(str(value.dtype), 40)}
    if depth and len(value):
        facts["first"], facts["last"] = _label(value[0]), _label(value[-1])
    return facts


def _geo_frame(value: Any, depth: int) -> Facts:
    facts = _frame(value, 0)
    facts["details"] = _geography(value.crs, value.geometry if value.active_geometry_name else None)
    facts["details"]["geometry"] = cut(str(value.active_geometry_name), 60)
    return facts


def _geo_series(value: Any, _: int) -> Facts:
    return {"kind": "series", "shape": [len(value)], "dtype": "geometry", "details": _geography(value.crs, value)}


def _geography(crs: Any, geometry: Any) -> Facts:
    facts: Facts = {}
    if crs is not None:
        facts["crs"] = cut(str(crs.name), 80)
    if geometry is not None and len(geometry):
        facts["geometry_types"] = sorted({str(kind) for kind in geometry.iloc[:100].geom_type})[:6]
        if len(geometry) <= 10_000:
            facts["bounds"] = [_item(float(bound)) for bound in geometry.total_bounds]
    return facts


# ---- xarray


def _dataset(value: Any, depth: int) -> Facts:
    coordinates = frozenset(value.coords)
    variables = [(name, item) for name, item in value.variables.items() if name not in coordinates]
    return {
        "kind": "dataset",
        "dims": {_label(name): int(size) for name, size in value.sizes.items()},
        "variables": {_label(name): _variable(item) for name, item in variables[: 15 if depth < 2 else 60]},
        "variable_count": len(variables),
        **_around(value, depth),
    }


def _data_array(value: Any, depth: int) -> Facts:
    facts = {"kind": "dataarray", **_variable(value.variable), "dims": {}, **_around(value, depth)}
    facts["dims"] = {_label(name): int(size) for name, size in zip(value.dims, value.shape)}
    if value.name is not None:
        facts["label"] = _label(value.name)
    return facts


def _around(value: Any, depth: int) -> Facts:
    facts: Facts = {"bytes": int(value.nbytes)}
    coordinates = itertools.islice(value.coords.variables.items(), 8 if depth < 2 else 20)
    facts["coords"] = {_label(name): _variable(item) for name, item in coordinates}
    if depth:
        for name, index in itertools.islice(value.indexes.items(), 6):
            if len(index) and _label(name) in facts["coords"]:
                facts["coords"][_label(name)].update(first=_edge(index[0]), last=_edge(index[-1]))
    attributes = itertools.islice(value.attrs.items(), 5 if depth < 2 else 30)
    facts["attrs"] = {cut(str(name), 60): brief(item, str(name)) for name, item in attributes}
    source = value.encoding.get("source")
    if type(source) is str:
        facts["details"] = {"source": shown(source, 200)}
    return facts


def _edge(item: Any) -> Any:
    package = known_as(type(item)).split(".")[0]
    return cut(str(item), 40) if package in ("pandas", "numpy", "cftime", "datetime") else brief(item)


def _variable(variable: Any) -> Facts:
    """Describe a variable by what is known without its data: ``chunks`` and ``dtype`` never load."""
    facts: Facts = {"dims": [_label(name) for name in variable.dims], "dtype": cut(str(variable.dtype), 40)}
    for name in ("units", "long_name"):
        if type(text := variable.attrs.get(name)) is str:
            facts[name] = cut(text, 60)
    chunks = getattr(getattr(variable, "_data", None), "chunks", None)  # xarray's own way to it asks for protocols
    if chunks is not None:
        facts["chunks"] = [int(sizes[0]) for sizes in chunks]
        facts["lazy"] = True
    return facts


# ---- dask


def _dask_array(value: Any, _: int) -> Facts:
    facts: Facts = {
        "kind": "array",
        "shape": [_item(float(size)) if size != size else int(size) for size in value.shape],
        "dtype": cut(str(value.dtype), 40),
        "chunks": [_item(size) for size in value.chunksize],
        "lazy": True,
        "bytes": int(value.nbytes) if value.nbytes == value.nbytes else None,
        "details": {"partitions": int(value.npartitions)},
    }
    layers = getattr(value.dask, "layers", None)
    if layers is not None:
        facts["details"]["layers"] = len(layers)
        if len(layers) <= 1000:
            facts["details"]["tasks"] = sum(len(layer) for layer in layers.values() if _counts(layer))
    return facts


def _counts(layer: Any) -> bool:
    """Whether a layer knows its length without being written out."""
    return bool(layer.is_materialized()) or type(layer).__name__ == "Blockwise"


def _dask_frame(value: Any, _: int) -> Facts:
    dtypes = value.dtypes
    columns = {_label(name): cut(str(dtypes.iloc[at]), 40) for at, name in enumerate(list(dtypes.index[:40]))}
    return {"kind": "frame", "columns": columns, "lazy": True}


def _dask_series(value: Any, _: int) -> Facts:
    return {"kind": "series", "dtype": cut(str(value.dtype), 40), "lazy": True}


def _client(value: Any, _: int) -> Facts:
    """Describe a client of a dask cluster from what the scheduler told it last, without asking again."""
    inside = fields(value) or {}
    known = inside.get("_scheduler_identity")
    known = known if isinstance(known, dict) else {}
    workers = known.get("workers")
    details: Facts = {"status": cut(str(inside.get("status", "")), 40)}
    if isinstance(workers, dict):
        details["workers"] = int(known.get("n_workers", len(workers)))
    address, services = known.get("address"), known.get("services")
    if isinstance(services, dict) and type(services.get("dashboard")) is int and type(address) is str:
        write: Any = sys.modules["distributed.utils"].format_dashboard_link
        host = address.split("://", 1)[-1].rsplit(":", 1)[0]
        host = "localhost" if address.startswith("inproc://") else host
        details["dashboard"] = cut(write(host, services["dashboard"]), 200)
    return {"kind": "client", "details": details}


_DESCRIBERS: dict[str, Callable[[Any, int], Facts]] = {
    "numpy.ndarray": _array,
    "numpy.memmap": _plain_array,
    "numpy.MaskedArray": _plain_array,
    "pandas.DataFrame": _frame,
    "pandas.Series": _series,
    "geopandas.GeoDataFrame": _geo_frame,
    "geopandas.GeoSeries": _geo_series,
    "xarray.Dataset": _dataset,
    "xarray.DataArray": _data_array,
    "dask.Array": _dask_array,
    "dask.DataFrame": _dask_frame,
    "dask.Series": _dask_series,
    "distributed.Client": _client,
}
_INDEXES = ("Index", "RangeIndex", "MultiIndex", "DatetimeIndex", "TimedeltaIndex", "PeriodIndex", "CategoricalIndex")
_MOMENTS = ("Timestamp", "Timedelta", "Period")
_NUMBERS = (
    "float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool",
    "bool_", "complex128", "complex64", "datetime64", "timedelta64", "str_",
)  # fmt: skip


def enroll(offer: Callable[[str, Callable[[Any, int], Facts]], None]) -> None:
    """Add all of these to the table, once; none of the libraries is imported for it."""
    if _enrolled:
        return
    _enrolled.append(True)
    for name, function in _DESCRIBERS.items():
        offer(name, function)
    for name in _INDEXES:
        offer(f"pandas.{name}", _index)
    for name in _MOMENTS:
        offer(f"pandas.{name}", lambda value, _: {"kind": "scalar", "value": cut(str(value), 60)})
    for name in _NUMBERS:
        offer(f"numpy.{name}", _numpy_scalar)
