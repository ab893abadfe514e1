"""What the user's own classes and functions make, as it was: read and put back past any code of theirs."""

# ruff: noqa: D102 -- what the methods do is said once, at Node
# ruff: noqa: B905 -- zip(strict=) came with Python 3.10, and kernels may be older
from __future__ import annotations

import operator
import types
from collections.abc import Iterable
from typing import Any

from .looks import fields, mro, namespace
from .nodes import ITEM, Node


class FieldsNode(Node):
    """An object of a class that the user wrote: its dictionary and its slots, past its own ``__setattr__``."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.slots = _slots(type(value))
        self.inside = fields(value)
        self.held = dict(self.inside) if self.inside is not None else {}
        self.in_slots = self._read()
        self.size = 2 * ITEM * (len(self.held) + len(self.slots))

    def _read(self) -> list[Any]:
        found = []
        for slot in self.slots:
            try:
                found.append(slot.__get__(self.value))
            except AttributeError:
                found.append(_EMPTY)
        return found

    def children(self) -> Iterable[Any]:
        return (*self.held.values(), *(item for item in self.in_slots if item is not _EMPTY))

    def same(self) -> bool:
        inside = self.inside if self.inside is not None else {}
        return (
            fields(self.value) is self.inside
            and len(inside) == len(self.held)
            and all(name in self.held and self.held[name] is item for name, item in inside.items())
            and all(map(operator.is_, self._read(), self.in_slots))
        )

    def restore(self) -> str:
        if fields(self.value) is not self.inside:
            return "its dictionary was replaced"
        if self.inside is not None:
            self.inside.clear()
            self.inside.update(self.held)
        for slot, item, now in zip(self.slots, self.in_slots, self._read()):
            if item is not _EMPTY:
                slot.__set__(self.value, item)
            elif now is not _EMPTY:
                slot.__delete__(self.value)
        return ""


class FunctionNode(Node):
    """A function that the user wrote: code, defaults, attributes, and the variables it closes over."""

    def __init__(self, value: types.FunctionType) -> None:
        super().__init__(value)
        self.held = self._read()
        self.attributes = dict(value.__dict__)
        self.size = 100

    def _read(self) -> list[Any]:
        function = self.value
        found = [function.__code__, function.__defaults__, function.__kwdefaults__]
        for cell in function.__closure__ or ():
            try:
                found.append(cell.cell_contents)
            except ValueError:
                found.append(_EMPTY)
        return found

    def children(self) -> Iterable[Any]:
        return (*(item for item in self.held[1:] if item is not _EMPTY), *self.attributes.values())

    def same(self) -> bool:
        now = self.value.__dict__
        return (
            all(map(operator.is_, self._read(), self.held))
            and len(now) == len(self.attributes)
            and all(name in self.attributes and self.attributes[name] is item for name, item in now.items())
        )

    def restore(self) -> str:
        function = self.value
        function.__code__, function.__defaults__, function.__kwdefaults__ = self.held[:3]
        for cell, item in zip(function.__closure__ or (), self.held[3:]):
            if item is not _EMPTY:
                cell.cell_contents = item
        function.__dict__.clear()
        function.__dict__.update(self.attributes)
        return ""


class ClassNode(Node):
    """A class that the user wrote: what its body holds."""

    def __init__(self, value: type) -> None:
        super().__init__(value)
        self.held = self._read()
        self.size = 2 * ITEM * len(self.held)

    def _read(self) -> dict[str, Any]:
        left_out = ("__dict__", "__weakref__", "__annotations_cache__", "__static_attributes__")
        return {name: item for name, item in namespace(self.value).items() if name not in left_out}

    def children(self) -> Iterable[Any]:
        return [item for name, item in self.held.items() if not name.startswith("__")]

    def same(self) -> bool:
        now = self._read()
        return len(now) == len(self.held) and all(
            name in self.held and self.held[name] is item for name, item in now.items()
        )

    def restore(self) -> str:
        now = self._read()
        for name in now:
            if name not in self.held:
                type.__delattr__(self.value, name)
        for name, item in self.held.items():
            if now.get(name, _EMPTY) is not item:
                type.__setattr__(self.value, name, item)
        return ""


class _Empty:
    """What stands for a slot or a cell with nothing in it."""


_EMPTY = _Empty()


def _slots(kind: type) -> list[Any]:
    found = []
    for base in mro(kind):
        found += [item for item in namespace(base).values() if type(item) is types.MemberDescriptorType]
    return found
