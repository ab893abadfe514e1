"""The tool ``inspect_variable``: what a variable in the kernel is, looked at without running code."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Annotated

import msgspec

from ..domain.protocols import Surroundings
from ..domain.values import ToolContext, ToolRequest, ToolSpec
from ..domain.variants import StreamVariant, ToolOutput

_MOST_CHARS = 10_000
_SHOWN_NAME = 80


class _Arguments(msgspec.Struct, frozen=True):
    """What the model wrote."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    depth: int = 1


class InspectVariable:
    """Tells more of one variable than the summary before a question, also while a cell of the user's runs.

    Nothing is run, loaded or changed for it, so nobody is asked.
    """

    spec = ToolSpec(
        name="inspect_variable",
        description=(
            "Describe one variable of the user's live kernel without running code, also while a cell runs: type, "
            "shape, dtype, columns, dimensions, coordinates, units, attributes, first values, fields, signature. "
            "Nothing is loaded or computed."
        ),
        parameters={
            "type": "object",
            "properties": {
                "name": {
                    "type": "string",
                    "description": "Name of a variable, or a short path below it such as ds.tas or df['a'].",
                },
                "depth": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 3,
                    "description": "How far to look into containers and objects; 1 when left out.",
                },
            },
            "required": ["name"],
            "additionalProperties": False,
        },
        tells_values=True,
    )

    def __init__(self, surroundings: Surroundings, redact: Callable[[str], str] = lambda text: text) -> None:
        """``redact`` takes out of a text what the model must not see."""
        self._surroundings = surroundings
        self._redact = redact

    async def run(self, request: ToolRequest, context: ToolContext) -> AsyncGenerator[StreamVariant, None]:
        """Yield what is known, as a note and one JSON object."""
        yield ToolOutput(self._redact(await self._told(request, context))[:_MOST_CHARS], self.spec.name, request.id)

    async def _told(self, request: ToolRequest, context: ToolContext) -> str:
        try:
            given = msgspec.json.decode(request.arguments, type=_Arguments, strict=False)
        except (msgspec.DecodeError, RecursionError):
            return 'Nothing was looked at: the arguments are {"name": "ds"} or {"name": "ds", "depth": 2}.'
        found = await self._surroundings.inspect(context, given.name, max(1, min(3, given.depth)))
        if found.facts is not None:
            facts = msgspec.json.encode(found.facts).decode()
            return f"{found.note}\n{facts}" if found.note else facts
        if found.note:
            return found.note
        near = f" There are: {', '.join(found.close)}." if found.close else ""
        return f"There is no variable {given.name[:_SHOWN_NAME]!r} in the kernel.{near}"
