"""Objects captured with all that can change below them, within a budget of bytes and time."""

from __future__ import annotations

import time
import types
from typing import Any

from .data_nodes import ArrayNode, DaskNode, FrameNode, SampleNode, XarrayNode, pandas_copies_on_write
from .looks import SCALARS, is_class, known_as, mro, names, type_name
from .nodes import BytesNode, DictNode, FixedNode, FrozenNode, ListNode, Node, RandomNode, SetNode
from .sizes import bytes_of_frame
from .user_nodes import ClassNode, FieldsNode, FunctionNode

_FIXED = frozenset(
    (
        *SCALARS,
        *(str, bytes, range, slice, type(Ellipsis), type(NotImplemented)),
        *(types.BuiltinFunctionType, types.CodeType),
    )
)
_FIXED_PACKAGES = ("datetime", "decimal", "fractions", "uuid", "pathlib", "zoneinfo", "cftime", "shapely")
_BY_TYPE: dict[type, type[Node]] = {
    list: ListNode, dict: DictNode, set: SetNode, bytearray: BytesNode, tuple: FrozenNode, frozenset: FrozenNode,
}  # fmt: skip
_BY_NAME: dict[str, type[Node]] = {
    "collections.deque": ListNode, "collections.OrderedDict": DictNode, "collections.defaultdict": DictNode,
    "collections.Counter": DictNode, "array.array": BytesNode, "numpy.Generator": RandomNode,
    "numpy.RandomState": RandomNode, "random.Random": RandomNode, "xarray.Dataset": XarrayNode,
    "xarray.DataArray": XarrayNode, "dask.Array": DaskNode,
}  # fmt: skip
_FRAMES = ("pandas.DataFrame", "pandas.Series", "geopandas.GeoDataFrame", "geopandas.GeoSeries")
_SETTLED_BY_PANDAS = (
    "Timestamp", "Timedelta", "Period", "Interval", "Index", "RangeIndex", "MultiIndex", "DatetimeIndex",
    "TimedeltaIndex", "PeriodIndex", "CategoricalIndex", "NAType", "NaTType",
)  # fmt: skip


class TooMuch(Exception):
    """The budget is spent; the message says which."""


class Budget:
    """Bytes for one name, bytes for all, and time."""

    def __init__(self, item_bytes: int, total_bytes: int, ms: float) -> None:
        self.item_bytes = item_bytes
        self.left = total_bytes
        self._end = self._pause = time.perf_counter() + ms / 1000

    def begin(self) -> None:
        """Begin with a name: it may use half of the time that is left, so that one does not take it all."""
        now = time.perf_counter()
        self._pause = now + max(0.0, self._end - now) / 2

    def check_time(self) -> None:
        """Raise TooMuch when the name's time is over."""
        if time.perf_counter() > self._pause:
            raise TooMuch("there was no time to look at it")


class Captures:
    """Nodes by the names that lead to them; one node an object, however many names lead there."""

    def __init__(self, budget: Budget, *, keep: bool = True) -> None:
        """With ``keep`` false arrays are remembered by checksum: enough to notice a change, not to put it back."""
        self.nodes: dict[str, list[Node]] = {}
        self.doubts: dict[str, str] = {}
        self._budget = budget
        self._keep = keep
        self._known: dict[int, Node] = {}

    def add(self, name: str, value: Any) -> None:
        """Capture what a name leads to; when that is too much, say so in ``doubts`` and keep nothing of it."""
        new: list[Node] = []
        self._budget.begin()
        try:
            self.nodes[name] = self._walk(name, value, new)
        except TooMuch as error:
            self._drop(name, new, str(error))
        except Exception as error:  # noqa: BLE001 -- an odd object is one we cannot vouch for
            self._drop(name, new, f"it could not be looked at ({type(error).__name__})")

    def settle(self) -> None:
        """Nothing more is added: keep nothing alive but what the names lead to."""
        self._known.clear()

    def _drop(self, name: str, new: list[Node], why: str) -> None:
        self.nodes.pop(name, None)
        self.doubts[name] = why
        for node in new:
            del self._known[id(node.value)]
            self._budget.left += node.size

    def _walk(self, name: str, value: Any, new: list[Node]) -> list[Node]:
        reached: dict[int, Node] = {}
        waiting = [value]
        spent = 0
        while waiting:
            self._budget.check_time()
            item = waiting.pop()
            if id(item) in reached or _is_fixed(item):
                continue
            node = self._known.get(id(item))
            if node is None:
                node = self._node(item, self._budget.item_bytes - spent)
                if node is None:
                    self.doubts.setdefault(name, f"{_what(value, item)} cannot be looked into")
                    continue
                self._known[id(item)] = node
                new.append(node)
                self._budget.left -= node.size
            spent += node.size
            if spent > self._budget.item_bytes:
                raise TooMuch("it is too large to be kept as a copy")
            if self._budget.left < 0:
                raise TooMuch("the memory for copies is used up")
            reached[id(item)] = node
            if not node.exact:
                self.doubts.setdefault(name, "it is too large to be compared in full")
            children = list(node.children())
            if not {type(child) for child in children} <= _FIXED:
                waiting += [child for child in children if type(child) not in _FIXED]
        return list(reached.values())

    def _node(self, value: Any, room: int) -> Node | None:
        kind = type(value)
        if kind in _BY_TYPE:
            if kind not in (bytearray,) and len(value) * 8 > room:
                raise TooMuch("it is too large to be kept as a copy")
            return _BY_TYPE[kind](value)
        if kind is types.FunctionType:
            return FunctionNode(value) if value.__module__ == "__main__" else FixedNode(value)
        known = known_as(kind)
        if known in _BY_NAME:
            return _BY_NAME[known](value)
        room = min(room, self._budget.left)
        if known == "numpy.ndarray":
            if value.nbytes <= room:
                return ArrayNode(value, keep=self._keep)
            if not value.dtype.hasobject:
                return SampleNode(value)
            raise TooMuch("it is too large to be kept as a copy")
        if known in _FRAMES:
            return self._frame(value, room)
        return self._of_the_user(value, kind)

    def _frame(self, value: Any, room: int) -> Node:
        lazy = bytes_of_frame(value) > room
        if lazy and not pandas_copies_on_write():
            raise TooMuch("it is too large to be kept as a copy")
        return FrameNode(value, self._budget.item_bytes, lazy=lazy)

    def _of_the_user(self, value: Any, kind: type) -> Node | None:
        if is_class(value):
            if names(value)[0] != "__main__":
                return FixedNode(value)
            return ClassNode(value) if kind is type else None
        if kind in (staticmethod, classmethod, property):
            return FixedNode(value)
        if names(kind)[0] == "__main__" and not any(base in _BY_TYPE for base in mro(kind)):
            return FieldsNode(value)
        return None


def _is_fixed(value: Any) -> bool:
    kind = type(value)
    if kind in _FIXED or kind is types.ModuleType:
        return True
    known = known_as(kind)
    package, _, name = known.partition(".")
    if package in _FIXED_PACKAGES or (package == "pandas" and name in _SETTLED_BY_PANDAS):
        return True
    return package == "numpy" and name not in ("ndarray", "Generator", "RandomState") and hasattr(kind, "dtype")


def _what(value: Any, item: Any) -> str:
    name = type_name(type(item))
    return f"an object of {name}" if item is value else f"an object of {name} in it"
