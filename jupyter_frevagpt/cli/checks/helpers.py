"""Helper processes, the local model, and the MCP servers that are named."""

from __future__ import annotations

import os
import re
import time
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from ...domain.errors import FrevaGPTError
from ...models import weights
from ...workers.host import Worker
from .finding import Finding

if TYPE_CHECKING:
    from ...app import FrevaGPT

_ECHO = "jupyter_frevagpt.cli.checks._echo_worker"


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


def mcp_servers() -> Iterator[Finding]:
    """List the MCP servers of the environment; they are not asked."""
    names = [name.strip() for name in os.environ.get("FREVAGPT_AVAILABLE_MCP_SERVERS", "").split(",") if name.strip()]
    if not names:
        yield Finding("ok", "MCP servers", "none are named")
    for name in names:
        variable = f"FREVAGPT_{re.sub(r'[^A-Za-z0-9]', '_', name).upper()}_SERVER_URL"
        if os.environ.get(variable):
            yield Finding("ok", f"MCP server {name}", "has an address; it is not asked here")
        else:
            yield Finding("warn", f"MCP server {name}", f"has no address. Set {variable}, or take its name out.")
