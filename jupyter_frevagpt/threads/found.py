"""Finding literal text in a thread."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..domain.values import Search
from ..domain.variants import Assistant, Code, CodeOutput, StreamVariant, ToolOutput, User

KINDS: dict[str, tuple[type[Any], ...]] = {
    "user": (User,),
    "ai": (Assistant,),
    "code": (Code,),
    "output": (CodeOutput, ToolOutput),
}


def found_in(search: Search, topic: str, items: Iterable[StreamVariant]) -> bool:
    """Whether the text stands in the topic, or in the content of items of the kind that is searched."""
    wanted = search.text.casefold()
    if search.where == "topic":
        return wanted in topic.casefold()
    kinds = KINDS[search.where]
    return any(wanted in _content(item).casefold() for item in items if isinstance(item, kinds))


def rated(items: list[StreamVariant]) -> list[int]:
    """Return the places of the items that can be rated."""
    return [place for place, item in enumerate(items) if isinstance(item, Assistant | Code)]


def _content(item: StreamVariant) -> str:
    text = str(item.content)
    if isinstance(item, Code):
        try:
            return str(json.loads(text)["code"])
        except (ValueError, KeyError, TypeError):
            return text
    return text
