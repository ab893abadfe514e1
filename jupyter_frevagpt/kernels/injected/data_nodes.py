"""Arrays, frames and datasets as they were: copies within a budget, samples beyond it."""

# ruff: noqa: D102 -- what the methods do is said once, at Node
# ruff: noqa: B905 -- zip(strict=) came with Python 3.10, and kernels may be older
from __future__ import annotations

import sys
import zlib
from collections.abc import Iterable
from typing import Any

from .looks import known_as
from .nodes import Node
from .sizes import bytes_of_frame

_BLOCKS, _BLOCK = 256, 4096  # a sample: so many blocks of so many bytes, spread evenly
_MAX_COLUMNS = 2000
_ARROW = ("pandas.ArrowStringArray", "pandas.ArrowExtensionArray")
_copies_on_write: list[bool] = []


class ArrayNode(Node):
    """A numpy array, copied; or, when only a later change is to be noticed, its checksum."""

    def __init__(self, value: Any, *, keep: bool = True) -> None:
        super().__init__(value)
        self.form = _form(value)
        self.writeable = bool(value.flags.writeable)
        self.copy = value.copy(order="K") if keep or value.dtype.hasobject else None
        self.size = value.nbytes if self.copy is not None else 0
        self.checksum = _checksum(value) if self.copy is None else 0

    def children(self) -> Iterable[Any]:
        return self.copy.ravel().tolist() if self.copy is not None and self.copy.dtype.kind == "O" else ()

    def same(self) -> bool:
        if _form(self.value) != self.form or bool(self.value.flags.writeable) != self.writeable:
            return False
        return equal(self.value, self.copy) if self.copy is not None else _checksum(self.value) == self.checksum

    def restore(self) -> str:
        array, copy = self.value, self.copy
        if copy is None:
            return "only its checksum was kept"
        if array.dtype != self.form[1] or array.size != copy.size:
            return "its dtype or its size was changed in place"
        if not array.flags.writeable:
            array.flags.writeable = True
        if array.shape != self.form[0]:
            array.shape = self.form[0]
        array[...] = copy
        array.flags.writeable = self.writeable
        return ""


class SampleNode(Node):
    """A large numpy array: samples of it, which notice most changes but cannot vouch that there was none."""

    exact = False

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.form = _form(value)
        self.sample = _sample(value)

    def same(self) -> bool:
        return _form(self.value) == self.form and _sample(self.value) == self.sample

    def restore(self) -> str:
        return "it is too large to be kept as a copy"


class FrameNode(Node):
    """A pandas DataFrame or Series, or one of geopandas.

    A large one is kept where pandas copies on write: sharing its columns costs nothing until one of them is changed.
    """

    def __init__(self, value: Any, limit: int, *, lazy: bool) -> None:
        super().__init__(value)
        self.lazy = lazy
        self.held = value.copy(deep=not self.lazy)
        self.attributes = dict(value.attrs)
        self.size = 0 if lazy else bytes_of_frame(value)
        self.limit = limit

    def children(self) -> Iterable[Any]:
        for column in _columns(self.held):
            if column.dtype == object:
                yield from column.to_numpy()[:50]

    def same(self) -> bool:
        now, held = self.value, self.held
        if now.shape != held.shape or not now.index.identical(held.index) or dict(now.attrs) != self.attributes:
            return False
        if now.ndim == 2 and not now.columns.identical(held.columns):
            return False
        if now.ndim == 1 and now.name is not held.name and now.name != held.name:
            return False
        return all(self._same_column(*pair) for pair in zip(_columns(now), _columns(held)))

    def _same_column(self, now: Any, held: Any) -> bool:
        if now.dtype != held.dtype:
            return False
        kind = known_as(type(now.dtype))
        if kind.startswith("numpy.") or kind == "geopandas.GeometryDtype":
            return equal(now.to_numpy(), held.to_numpy())
        one, other = now.array, held.array
        if known_as(type(one)) in _ARROW and one.__arrow_array__() is other.__arrow_array__():
            return True
        if now.memory_usage(index=False, deep=False) > self.limit:
            raise OverflowError("a column is too large to be compared")
        return bool(one.equals(other))

    def restore(self) -> str:
        type(self.value).__init__(self.value, self.held.copy(deep=not self.lazy))
        self.value.attrs.clear()
        self.value.attrs.update(self.attributes)
        return "" if self.same() else "it could not be put back as it was"


class XarrayNode(Node):
    """An xarray Dataset or DataArray: its structure; the arrays in memory below it are nodes of their own."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.held = value.copy(deep=False)
        self.data = {name: _data(item) for name, item in _variables(value).items()}
        self.attributes = {name: dict(item.attrs) for name, item in _variables(value).items()}
        self.of_whole = dict(value.attrs)
        self.size = 1000

    def children(self) -> Iterable[Any]:
        return [item for item in self.data.values() if known_as(type(item)) == "numpy.ndarray"]

    def same(self) -> bool:
        now, held = _variables(self.value), _variables(self.held)
        return (
            list(now) == list(held)
            and getattr(self.value, "name", None) == getattr(self.held, "name", None)
            and all(item.dims == held[name].dims and _data(item) is self.data[name] for name, item in now.items())
            and all(_same_items(item.attrs, self.attributes[name]) for name, item in now.items())
            and _same_items(self.value.attrs, self.of_whole)
        )

    def restore(self) -> str:
        value, held = self.value, self.held
        if hasattr(value, "data_vars"):
            for name in [name for name in value.variables if name not in held.variables]:
                del value[name]
            for name in held.variables:
                if not self._is_as_held(name):
                    value[name] = held.variables[name]
        else:
            if value.dims != held.dims or value.shape != held.shape:
                return "its dimensions were changed"
            for name in [name for name in value.coords if name not in held.coords]:
                del value.coords[name]
            for name in held.coords:
                value.coords[name] = held.coords[name]
            value.name = held.name
            if _data(value.variable) is not self.data[""]:
                value.data = self.data[""]
        for name, item in _variables(value).items():
            item.attrs.clear()
            item.attrs.update(self.attributes[name])
        value.attrs.clear()
        value.attrs.update(self.of_whole)
        return "" if set(_variables(value)) == set(self.attributes) else "it could not be put back as it was"

    def _is_as_held(self, name: Any) -> bool:
        now = self.value.variables.get(name)
        return now is not None and now.dims == self.held.variables[name].dims and _data(now) is self.data[name]


class DaskNode(Node):
    """A dask array: its name tells a change; it is not put back."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.held = value.name

    def same(self) -> bool:
        return bool(self.value.name == self.held)

    def restore(self) -> str:
        return "a dask array is not put back in place"


def _form(array: Any) -> tuple[Any, Any]:
    return array.shape, array.dtype


def equal(one: Any, other: Any) -> bool:
    """Whether two numpy arrays hold the same bytes, objects the same objects."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.__array_interface__["data"] == other.__array_interface__["data"] and one.strides == other.strides:
        return True
    if one.dtype.hasobject:
        return list(map(id, one.ravel().tolist())) == list(map(id, other.ravel().tolist()))
    return bool((_bits(one) == _bits(other)).all())


def _bits(array: Any) -> Any:
    numpy = sys.modules["numpy"]
    array = numpy.ascontiguousarray(array)
    return array.view(f"u{array.itemsize}") if array.itemsize in (1, 2, 4, 8) else array.view("u1")


def _checksum(array: Any) -> int:
    numpy = sys.modules["numpy"]
    return zlib.crc32(memoryview(numpy.ascontiguousarray(array)).cast("B")) if array.nbytes else 0


def _sample(array: Any) -> int:
    flat = array.reshape(-1) if array.flags.c_contiguous else array.T.reshape(-1) if array.flags.f_contiguous else None
    if flat is None:
        return _checksum(array[tuple(slice(None, None, max(1, size // 16)) for size in array.shape)])
    width = max(1, _BLOCK // array.itemsize)
    step = max(width, flat.size // _BLOCKS)
    checksum = 0
    for start in (*range(0, flat.size, step), max(0, flat.size - width)):
        checksum = zlib.crc32(memoryview(flat[start : start + width]).cast("B"), checksum)
    return checksum


def _columns(value: Any) -> list[Any]:
    if value.ndim == 1:
        return [value]
    if value.shape[1] > _MAX_COLUMNS:
        raise OverflowError("it has too many columns")
    return [value.iloc[:, at] for at in range(value.shape[1])]


def pandas_copies_on_write() -> bool:
    """Whether the kernel's pandas shares data until it is changed; tried once."""
    if not _copies_on_write:
        pandas = sys.modules["pandas"]
        one = pandas.DataFrame({"a": [1]})
        other = one.copy(deep=False)
        other.iloc[0, 0] = 2
        _copies_on_write.append(bool(one.iloc[0, 0] == 1))
    return _copies_on_write[0]


def _variables(value: Any) -> dict[Any, Any]:
    if hasattr(value, "data_vars"):
        return dict(value.variables)
    return {"": value.variable, **{name: item.variable for name, item in value.coords.items()}}


def _data(variable: Any) -> Any:
    """Return what a variable holds without loading it: ``data`` would read a file, so the slot itself is read."""
    return getattr(variable, "_data", None)


def _same_items(now: Any, held: dict[Any, Any]) -> bool:
    return len(now) == len(held) and all(key in held and held[key] is item for key, item in now.items())
