"""What is alive in this process for our sake alone: objects to which only we refer, and all that only those hold.

It is found as Python's own collector finds garbage: of each object that our references lead to, the references that
come from among these objects are taken off its count; where some are left somebody else holds it, and all below it.
Nothing of the objects' own code is run.
"""

# ruff: noqa: B905 -- zip(strict=) came with Python 3.10, and kernels may be older
from __future__ import annotations

import gc
import sys
import time
import types
from collections.abc import Iterator
from typing import Any

from .looks import fields, is_class, known_as

_MANY, _SAMPLE = 4000, 1000  # of a holder of so many things so many are looked at, and stand for the others
_MOST = 20_000  # objects looked at below one thing of ours: a figure has some thousands
_LOOK_AT_CLOCK = 256

_LEAVES = (str, bytes, bytearray)
_HOLDERS = (list, tuple, dict, set, frozenset)
_PASSED = (
    *(int, float, complex, bool, type(None), range, slice, type(Ellipsis), type(NotImplemented), types.ModuleType),
    *(types.BuiltinFunctionType, types.CodeType, types.FrameType, types.MemberDescriptorType),
    *(types.GetSetDescriptorType, types.WrapperDescriptorType, types.MethodDescriptorType, types.MappingProxyType),
)
_PASSED_IDS = frozenset(map(id, _PASSED))
_ARRAYS = ("numpy.ndarray", "numpy.MaskedArray")
_FILES = ("numpy.memmap", "mmap.mmap")


class Share:
    """What one thing of ours leads to: ``reached`` bytes, of which ``alone`` are alive for our sake.

    It is not ``whole`` when there was more than could be looked at: then there may be more of both.
    """

    def __init__(self) -> None:
        self.reached = 0
        self.alone = 0
        self.whole = True


def shares(groups: list[list[Any]], named: set[int], ms: float) -> list[Share]:
    """Return the share of each group of references that we hold; what several lead to counts for the first of them.

    The lists are emptied: while they hold anything nothing is ours alone. What has its id in ``named`` is somebody's
    for sure, and is not looked into. After ``ms`` milliseconds of this thread's time nothing more is looked into, and
    what has not been counts as somebody else's.
    """
    return _Survey(named, ms).of(groups)


class _Survey:
    def __init__(self, named: set[int], ms: float) -> None:
        self._named = named
        self._end = time.thread_time() + ms / 1000
        self._over = False
        self._cut: set[int] = set()
        self._objects: list[Any] = []
        self._places: dict[int, int] = {}
        self._inner: list[int] = []  # references that come from among the objects, or from us
        self._below: list[list[int]] = []
        self._weights: list[int] = []
        self._owners: list[int] = []
        self._passed_kinds: dict[int, bool] = {}
        self._known: dict[int, str] = {}

    def of(self, groups: list[list[Any]]) -> list[Share]:
        for owner, roots in enumerate(groups):
            while roots:
                self._note(roots.pop(), owner, 1)
            last = len(self._below) + _MOST
            while len(self._below) < len(self._objects):
                place = len(self._below)
                if place % _LOOK_AT_CLOCK == 0 and time.thread_time() > self._end:
                    self._over = True
                if self._over or place >= last:
                    self._cut.add(owner)
                self._below.append([] if owner in self._cut else self._look_into(place, owner))
        return self._counted(len(groups))

    def _note(self, value: Any, owner: int, weight: int) -> int:
        """Count a reference to an object; returns its place, -1 for what is not looked at."""
        place = self._places.get(id(value))
        if place is None:
            if id(value) in self._named or self._is_passed(type(value), value):
                return -1
            place = self._places[id(value)] = len(self._objects)
            self._objects.append(value)
            self._inner.append(0)
            self._weights.append(weight)
            self._owners.append(owner)
        self._inner[place] += 1
        return place

    def _is_passed(self, kind: type, value: Any) -> bool:
        if kind is types.BuiltinFunctionType:  # figures keep the ``remove`` of their own lists
            return type(value.__self__) not in _HOLDERS
        passed = self._passed_kinds.get(id(kind))
        if passed is None:
            passed = self._passed_kinds[id(kind)] = id(kind) in _PASSED_IDS or is_class(value)
        return passed

    def _look_into(self, place: int, owner: int) -> list[int]:
        value = self._objects[place]
        kind = type(value)
        if kind in _LEAVES:
            return []
        if kind is types.FunctionType:
            held = [*(value.__closure__ or ()), value.__defaults__, value.__kwdefaults__, value.__dict__]  # no globals
        elif self._known_as(kind) in _ARRAYS:
            held = list(_held_by_array(value))
        else:
            held = gc.get_referents(value)
        weight = self._weights[place]
        if len(held) > _MANY:
            step = len(held) // _SAMPLE
            held, weight = held[::step], weight * step
        return [below for one in held if (below := self._note(one, owner, weight)) >= 0]

    def _known_as(self, kind: type) -> str:
        known = self._known.get(id(kind))
        if known is None:
            known = self._known[id(kind)] = known_as(kind)
        return known

    def _counted(self, many: int) -> list[Share]:
        result = [Share() for _ in range(many)]
        for owner in self._cut:
            result[owner].whole = False
        # One reference is the list's; how many the call itself adds differs between versions of Python.
        bare = _counts([object()])[0]
        held = [count - bare > inner for count, inner in zip(_counts(self._objects), self._inner)]
        waiting = [place for place, others in enumerate(held) if others]
        while waiting:
            for below in self._below[waiting.pop()]:
                if not held[below]:
                    held[below] = True
                    waiting.append(below)
        for place, value in enumerate(self._objects):
            size = self._size(value) * self._weights[place]
            share = result[self._owners[place]]
            share.reached += size
            share.alone += 0 if held[place] else size
        return result

    def _size(self, value: Any) -> int:
        kind = type(value)
        if kind in _LEAVES or kind in _HOLDERS:
            return sys.getsizeof(value)
        known = self._known_as(kind)
        if known in _ARRAYS:
            return _size_of_array(value)
        if known == "matplotlib.RendererAgg":
            return _size_of_canvas(value)
        if known == "array.array" or known.startswith("pyarrow."):
            return _own_size(value, known)
        return 0


def _counts(values: list[Any]) -> list[int]:
    return list(map(sys.getrefcount, values))


def _held_by_array(array: Any) -> Iterator[Any]:
    if array.base is not None:
        yield array.base
    if array.dtype.hasobject and array.dtype.kind == "O":
        yield from array.reshape(-1)[:_MANY].tolist()
    yield from gc.get_referents(array)


def _size_of_array(array: Any) -> int:
    """Return the bytes of an array's own memory: those of a view are its base's, those of a file nobody's."""
    if array.flags.owndata:
        return int(array.nbytes)
    base = array.base
    if base is None or known_as(type(base)) in (*_ARRAYS, *_FILES, "array.array") or type(base) in _LEAVES:
        return 0
    return int(array.nbytes)  # a library's memory, of which the array is all that we see


def _size_of_canvas(renderer: Any) -> int:
    """Return the bytes of the pixels that a drawn figure keeps."""
    held = fields(renderer) or {}
    sides: list[Any] = [held.get("width"), held.get("height")]
    return int(sides[0]) * int(sides[1]) * 4 if all(type(side) in (int, float) for side in sides) else 0


def _own_size(value: Any, known: str) -> int:
    if known == "array.array":
        return sys.getsizeof(value)
    size = getattr(value, "nbytes", 0)
    return size if type(size) is int else 0
