"""How large values are, from what they know of themselves."""

from __future__ import annotations

import sys
from typing import Any

from .looks import known_as

_BY_NBYTES = ("numpy.ndarray", "numpy.memmap", "numpy.MaskedArray", "xarray.Dataset", "xarray.DataArray", "dask.Array")
_FRAMES = ("pandas.DataFrame", "pandas.Series", "geopandas.GeoDataFrame", "geopandas.GeoSeries")


def nbytes(value: Any) -> int | None:
    """Return the bytes that a value holds, or would hold when loaded; None when nobody knows."""
    kind = type(value)
    if kind in (str, bytes, bytearray, list, tuple, dict, set, frozenset):
        return sys.getsizeof(value)
    known = known_as(kind)
    if known in _BY_NBYTES:
        return int(value.nbytes) if value.nbytes == value.nbytes else None
    if known in _FRAMES:
        return bytes_of_frame(value)
    return None


def bytes_of_frame(value: Any) -> int:
    """Return the bytes of a frame's or a series' columns and index, those of the objects in them left out.

    ``memory_usage`` says nearly the same, and makes a series of what it finds: 0.4 ms where this takes 0.01.
    """
    blocks = getattr(getattr(value, "_mgr", None), "blocks", None)
    if blocks is None:
        used = value.memory_usage(deep=False)
        return int(used.sum()) if value.ndim == 2 else int(used)
    return int(sum(block.values.nbytes for block in blocks) + value.index.nbytes)


def is_lazy(value: Any) -> bool:
    """Whether a value is computed or read only when it is needed."""
    known = known_as(type(value))
    if known.startswith("dask."):
        return True
    if known == "xarray.DataArray":
        return value.chunks is not None
    return known == "xarray.Dataset" and any(item.chunks is not None for item in value.variables.values())
