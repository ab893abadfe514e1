"""One mutable object as it was: told from what it is now by identity of its parts, put back without losing its own."""

# ruff: noqa: D102 -- what the methods do is said once, at Node
# ruff: noqa: B905 -- zip(strict=) came with Python 3.10, and kernels may be older
from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from .looks import known_as

ITEM = 8  # bytes of a reference


class Node:
    """An object and what it held.

    ``size`` is the bytes that keeping it costs, ``exact`` says whether ``same`` can be believed when it says yes.
    """

    exact = True
    size = 0

    def __init__(self, value: Any) -> None:
        self.value = value

    def children(self) -> Iterable[Any]:
        """Return the objects that it referred to."""
        return ()

    def same(self) -> bool:
        """Whether it still holds what it held."""
        raise NotImplementedError

    def restore(self) -> str:
        """Put back what it held; returns why not, or an empty text."""
        raise NotImplementedError


class ListNode(Node):
    """A list or a deque."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.held = list(value)
        self.size = ITEM * len(self.held)

    def children(self) -> Iterable[Any]:
        return self.held

    def same(self) -> bool:
        return len(self.value) == len(self.held) and all(map(operator.is_, self.value, self.held))

    def restore(self) -> str:
        self.value.clear()
        self.value.extend(self.held)
        return ""


class DictNode(Node):
    """A dictionary of any of Python's kinds, with its order."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.keys, self.values = list(value.keys()), list(value.values())
        self.factory = getattr(value, "default_factory", None)
        self.size = 2 * ITEM * len(self.keys)

    def children(self) -> Iterable[Any]:
        return (*self.keys, *self.values)

    def same(self) -> bool:
        return (
            len(self.value) == len(self.keys)
            and all(map(operator.is_, self.value.keys(), self.keys))
            and all(map(operator.is_, self.value.values(), self.values))
            and getattr(self.value, "default_factory", None) is self.factory
        )

    def restore(self) -> str:
        self.value.clear()
        for key, item in zip(self.keys, self.values):
            self.value[key] = item
        if self.factory is not None:
            self.value.default_factory = self.factory
        return ""


class SetNode(Node):
    """A set."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.held = list(value)
        self.size = 4 * ITEM * len(self.held)

    def children(self) -> Iterable[Any]:
        return self.held

    def same(self) -> bool:
        return len(self.value) == len(self.held) and set(map(id, self.value)) == set(map(id, self.held))

    def restore(self) -> str:
        self.value.clear()
        self.value.update(self.held)
        return ""


class BytesNode(Node):
    """A bytearray or an array.array."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.held = bytes(memoryview(value).cast("B"))
        self.size = len(self.held)

    def same(self) -> bool:
        return bytes(memoryview(self.value).cast("B")) == self.held

    def restore(self) -> str:
        del self.value[:]
        if type(self.value) is bytearray:
            self.value.extend(self.held)
        else:
            self.value.frombytes(self.held)
        return ""


class FrozenNode(Node):
    """A tuple or another holder that cannot change itself; what it holds can."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.held = tuple(value)

    def children(self) -> Iterable[Any]:
        return self.held

    def same(self) -> bool:
        return True

    def restore(self) -> str:
        return ""


class FixedNode(Node):
    """Something of a library's that nobody changes: its classes and functions."""

    def same(self) -> bool:
        return True

    def restore(self) -> str:
        return ""


class RandomNode(Node):
    """A generator of random numbers: its state."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.kind = known_as(type(value))
        self.held = self._read()
        self.size = 5000

    def _read(self) -> Any:
        if self.kind == "numpy.Generator":
            return repr(self.value.bit_generator.state), self.value.bit_generator.state
        state = self.value.getstate() if self.kind == "random.Random" else self.value.get_state(legacy=False)
        return repr(state), state

    def same(self) -> bool:
        return bool(self._read()[0] == self.held[0])

    def restore(self) -> str:
        if self.kind == "numpy.Generator":
            self.value.bit_generator.state = self.held[1]
        elif self.kind == "random.Random":
            self.value.setstate(self.held[1])
        else:
            self.value.set_state(self.held[1])
        return ""
