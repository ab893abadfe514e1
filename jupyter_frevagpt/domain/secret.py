"""A value that shows itself to nobody who does not ask for it by name."""

from __future__ import annotations

from typing import Generic, TypeVar

Value = TypeVar("Value")


class Secret(Generic[Value]):
    """Holds a key, or settings that may contain one; ``repr``, ``str``, logs and tracebacks show ``***``."""

    __slots__ = ("_value",)

    def __init__(self, value: Value) -> None:
        self._value = value

    def reveal(self) -> Value:
        """Return the value, for the request that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and bool(self._value == other._value)

    __hash__ = None  # type: ignore[assignment]  # a set of secrets has no use here
