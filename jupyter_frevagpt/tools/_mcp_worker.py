"""The helper process that talks to MCP servers; asked by :mod:`.mcp`."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from ..workers.child import serve


async def answer(request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
    """Yield what comes of one request to a server; at a failure at last one ``{"failed": kind, "said": text}``.

    A request holds ``server``, how to reach it, and ``seconds``, how long it may take. ``{"do": "list"}`` is answered
    by ``{"tools": [...]}``, ``{"do": "call", "tool", "arguments"}`` by ``{"progress": {...}}`` and at last
    ``{"result": {...}}``.
    """
    sessions: Any = await asyncio.to_thread(importlib.import_module, f"{__package__}._mcp_sessions")
    async with aclosing(sessions.answer(request)) as items:
        async for item in items:
            yield item


if __name__ == "__main__":
    serve(answer)
