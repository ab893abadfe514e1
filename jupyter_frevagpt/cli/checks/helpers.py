"""Helper processes, the local model, and the MCP servers that are named."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from ...conversation.approvals import Approvals
from ...domain.errors import FrevaGPTError
from ...domain.values import Policies
from ...models import weights
from ...tools.mcp import McpTools
from ...tools.mcp_servers import servers_of
from ...workers.host import Worker
from .finding import Finding

if TYPE_CHECKING:
    from ...app import FrevaGPT

_ECHO = "jupyter_frevagpt.cli.checks._echo_worker"
_MCP_SECONDS = 15.0


async def processes() -> AsyncIterator[Finding]:
    """Start a helper process and hear from it."""
    worker = Worker(_ECHO)
    start = time.monotonic()
    try:
        answer = await worker.ask("hear")
    except FrevaGPTError as error:
        yield Finding("FAIL", "helper processes", f"{error} Look at limits of processes and memory (`ulimit -a`).")
        return
    finally:
        await worker.close()
    if answer != "hear":
        yield Finding("FAIL", "helper processes", "they do not answer. Install the package again.")
        return
    yield Finding("ok", "helper processes", f"start in {time.monotonic() - start:.2f} s")


def local_model(settings: FrevaGPT) -> Iterator[Finding]:
    """Look whether the embedded model is there; without it nothing is wrong."""
    if not settings.local_model:
        yield Finding("ok", "local model", "switched off")
    elif settings.local_model_path and not os.path.isfile(settings.local_model_path):
        yield Finding("FAIL", "local model", "FrevaGPT.local_model_path is no file. Correct it, or leave it out.")
    elif weights.engine_installed() and (settings.local_model_path or weights.find_weights()):
        yield Finding("ok", "local model", "is installed")
    else:
        yield Finding("ok", "local model", "is not installed; `jupyter frevagpt local-model install` fetches it")


async def mcp_servers(settings: FrevaGPT) -> AsyncIterator[Finding]:
    """Have the MCP servers tell their tools; the assistant goes on without those that do not."""
    servers, troubles = servers_of(settings.mcp_servers, os.environ)
    for text in troubles:
        yield Finding("warn", "MCP servers", text)
    if not servers and not troubles:
        yield Finding("ok", "MCP servers", "none are named")
    elsewhere = McpTools(servers, Approvals(), Policies("ask", "ask"), seconds=_MCP_SECONDS)
    try:
        for name, count, trouble in await elsewhere.state() if servers else ():
            told = trouble or f"offers {count} tool{'' if count == 1 else 's'}"
            yield Finding("warn" if trouble else "ok", f"MCP server {name}", told)
    finally:
        await elsewhere.aclose()
