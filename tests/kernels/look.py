"""What is told of a bench's kernel, and how a test reads it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_frevagpt.domain.values import ThreadRef, ToolContext
from jupyter_frevagpt.kernels.registry import GuestRegistry
from jupyter_frevagpt.kernels.surroundings import KernelSurroundings
from jupyter_frevagpt.threads.folders import OwnerFolders

if TYPE_CHECKING:
    from .conftest import Bench

REF = ThreadRef("alice", "t1")


class Look:
    """Surroundings over the kernel of a bench, with a registry of their own."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench = bench
        self.context = ToolContext(REF, bench.kernel_id)
        self.registry = GuestRegistry(bench.manager, OwnerFolders(folder), lambda ref: {})
        self.surroundings = KernelSurroundings(self.registry)

    def with_tokens(self, tokens: int) -> KernelSurroundings:
        return KernelSurroundings(self.registry, tokens=tokens)

    async def run(self, code: str) -> None:
        reply = await self.bench.user.run(code)
        assert reply["status"] == "ok", reply

    async def summary(self, question: str = "", context: ToolContext | None = None) -> str:
        return await self.surroundings.summary(context or self.context, question)

    async def data(self, question: str = "") -> list[str]:
        """Return the lines between the marks."""
        return between_marks(await self.summary(question))

    async def facts(self, name: str, depth: int = 1) -> dict[str, Any]:
        found = await self.surroundings.inspect(self.context, name, depth)
        assert found.facts is not None, found
        return found.facts

    async def note(self, name: str) -> str:
        found = await self.surroundings.inspect(self.context, name, 1)
        assert found.facts is None
        return found.note

    async def value(self, expression: str) -> Any:
        run = await self.bench.run(f"import json as _j; print(_j.dumps({expression}))")
        return json.loads(run.output().text)


def between_marks(text: str) -> list[str]:
    lines = text.split("\n")
    opening = next((at for at, line in enumerate(lines) if re.fullmatch("<[0-9a-f]{12}>", line)), -1)
    assert opening >= 0, text
    mark = lines[opening][1:-1]
    assert lines[-1] == f"</{mark}>", text
    assert text.count(mark) == 2
    return lines[opening + 1 : -1]
