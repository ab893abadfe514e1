"""Running a thread's code again: a model that asks for one piece after the other, and ends at the first failure."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec

from ..domain.protocols import Message, Tool
from ..domain.values import CallDelta, ModelChunk, ToolContext, ToolRequest, ToolSpec
from ..domain.variants import Code, ServerHint, StreamVariant, User
from .imported import REASON, codes_in

QUESTION = "Run the code of this chat again."
MODEL = "rerun"
"""Stands in the User item's ``model``: such a turn brought no code of its own."""


def codes_of(items: Sequence[StreamVariant]) -> list[str]:
    """Return the code of a thread that ran to its end without an error, in order; what was a rerun is left out.

    Of an imported thread it is what did so where the thread was written.
    """
    done = codes_in(items) | {
        run.get("id")
        for item in items
        if isinstance(item, ServerHint) and isinstance(run := item.content.get("run"), dict)
        if run.get("state") == "done"
    }
    codes, again = [], False
    for item in items:
        if isinstance(item, User):
            again = item.model == MODEL
        elif isinstance(item, Code) and item.id in done and not again:
            codes.append(json.loads(item.content)["code"])
    return codes


class Rerun:
    """The model of such a turn, and its tool, which looks what became of the last piece."""

    def __init__(self, codes: Sequence[str], tool: Tool, *, imported: bool = False) -> None:
        """With ``imported`` each piece is asked about: whoever wrote the file wrote the code."""
        self.spec = tool.spec
        self._imported = imported
        self._codes = list(codes)
        self._tool = tool
        self._at = 0
        self._failed = False

    async def stream(self, messages: list[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[ModelChunk, None]:
        """Ask for the next piece of code, or tell how far it came."""
        if self._failed:
            left = len(self._codes) - self._at
            rest = f" {left} of {len(self._codes)} were not run." if left else ""
            yield ModelChunk(f"Run {self._at} did not go through, so I stopped there.{rest}")
        elif self._at == len(self._codes):
            yield ModelChunk(f"All {self._at} went through." if self._at > 1 else "It went through.")
        else:
            arguments = json.dumps({"code": self._codes[self._at]}, ensure_ascii=False)
            self._at += 1
            yield ModelChunk(calls=(CallDelta(0, "", self.spec.name, arguments),))

    async def run(self, request: ToolRequest, context: ToolContext) -> AsyncGenerator[StreamVariant, None]:
        """Run a piece of code; whatever does not end as done is a failure, a refusal too."""
        done = False
        if self._imported:
            context = msgspec.structs.replace(context, distrust=REASON)
        async with aclosing(self._tool.run(request, context)) as variants:
            async for variant in variants:
                if isinstance(variant, ServerHint) and isinstance(run := variant.content.get("run"), dict):
                    done = run.get("state") == "done"
                yield variant
        self._failed = not done
