"""The routes in words: what each is for, with which parameters and whether it needs a login."""

from __future__ import annotations

from typing import Any

import msgspec

from .definition import Definition
from .definitions import DEFINITIONS


class Parameter(msgspec.Struct, frozen=True):
    """A parameter in words; ``default`` is JSON, None for one that must be given, "" for one without."""

    name: str
    meaning: str
    default: str | None

    @property
    def note(self) -> str:
        """Whether it must be given, and what it is otherwise."""
        return "required" if self.default is None else self.default and f"default {self.default}"


def parameters_of(definition: Definition[Any]) -> list[Parameter]:
    """Return a route's parameters in words."""
    _, components = msgspec.json.schema_components([definition.parameters])
    schema = components[definition.parameters.__name__]
    return [
        Parameter(name, meaning_of(field), None if name in schema["required"] else _default(field.get("default")))
        for name, field in schema["properties"].items()
    ]


def meaning_of(field: dict[str, Any]) -> str:
    """Return what the schema of a parameter says of it, itself or the kind it has when it is given."""
    return str(next(one["description"] for one in (field, *field.get("anyOf", ())) if "description" in one))


def requirements_of(definition: Definition[Any]) -> str:
    """Return in words how a route is asked."""
    how = "POST only" if definition.post_only else "GET or POST"
    if definition.is_open:
        return f"{how}; no login."
    if definition.changes_state and not definition.post_only:
        return f"{how}; login. By GET with the token in a header, or with an XSRF token."
    return f"{how}; login."


def help_texts() -> dict[str, str]:
    """Return the text of each route, by its name."""
    return {definition.name: _text(definition) for definition in DEFINITIONS}


def _text(definition: Definition[Any]) -> str:
    parts = [definition.summary, definition.text, requirements_of(definition)]
    lines = [" ".join(part for part in parts if part)]
    lines += [f"{one.name}{f' ({one.note})' if one.note else ''}: {one.meaning}" for one in parameters_of(definition)]
    return "\n".join(lines)


def _default(value: Any) -> str:
    return "" if value in (None, "") else msgspec.json.encode(value).decode()
