"""Replacing methods of living objects so that they can be given back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def quietly(function: Callable[..., Any], *arguments: Any, default: Any = None) -> Any:
    """Call a function; what goes wrong in it is no business of the user's cell, and gives ``default``."""
    try:
        return function(*arguments)
    except Exception:  # noqa: BLE001 -- it stands between the kernel and the user's code, which must go on
        return default


class Patches:
    """What was replaced, newest last."""

    def __init__(self) -> None:
        self._made: list[tuple[Any, str, bool, Any, Any]] = []

    def replace(self, target: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Set an attribute of ``target`` to ``make(original)``."""
        own = name in vars(target)
        original = getattr(target, name)
        new = make(original)
        setattr(target, name, new)
        self._made.append((target, name, own, original, new))

    def undo(self) -> bool:
        """Give the originals back; False when somebody has wrapped one of ours since, which then stays between."""
        clean = True
        while self._made:
            target, name, own, original, new = self._made.pop()
            if vars(target).get(name) is not new:
                clean = False
            elif own:
                setattr(target, name, original)
            else:
                delattr(target, name)
        return clean
