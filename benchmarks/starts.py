"""A fresh server: what the extension adds to its start, to its memory, and how long first uses hold its event loop."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from .calls import call
from .client import stream
from .figures import Figure, middle
from .processes import TOKEN, Ground, Server
from .streams import FLOOR, PRODUCT

HEAVY = ("litellm", "lancedb", "pyarrow", "onnxruntime", "motor", "mcp")
"""Libraries that have no place in the server's process; motor may come with a configured MongoDB."""

_USED = 3
_UNUSED = 4
_SETTLED = 0.5
_QUESTION = json.dumps({"chunks": 20, "gap": 0.005})

Seen = dict[str, list[float]]


async def starts(ground: Ground) -> list[Figure]:
    """Measure fresh servers, with and without the extension in turn."""
    floor: Seen = defaultdict(list)
    product: Seen = defaultdict(list)
    heavy: set[str] = set()
    for _ in range(_USED):
        await _fresh(ground, floor, _use_floor, "benchmarks.floor")
        heavy |= await _fresh(ground, product, _use_product, "jupyter_frevagpt")
    for _ in range(_UNUSED):
        await _fresh(ground, floor, None)
        await _fresh(ground, product, None, "jupyter_frevagpt")
    bare = middle(floor["memory"])
    figures = [
        *_added("server", floor, product),
        Figure(
            "heavy modules imported, first uses included",
            len(heavy),
            "",
            limit=0,
            counted=True,
            note=", ".join(sorted(heavy)),
        ),
        Figure(
            "first turn's CPU beyond the second's",
            middle(product["first"]) - middle(product["second"]),
            "s",
            middle(floor["first"]) - middle(floor["second"]),
            limit=1,
        ),
        Figure("memory after first uses, over bare", middle(product["used"]) - bare, "MB", limit=40, counted=True),
    ]
    for use in ("reading", "turn", "second turn", "tool call"):
        held = floor[f"{use} held"]
        figures.append(
            Figure(
                f"loop held by the first {use}" if use != "second turn" else "loop held by the second turn",
                min(product[f"{use} held"]),
                floor=min(held) if held else None,
                limit=50,
                note=f"computing {min(product[f'{use} busy']):.0f} ms; best of {_USED}",
            )
        )
    figures.append(
        Figure("loop held by a full garbage collection", min(product["collect"]), floor=min(floor["collect"]), limit=50)
    )
    return figures


async def lab(ground: Ground) -> list[Figure]:
    """Measure the start once more with JupyterLab in the server."""
    floor: Seen = defaultdict(list)
    product: Seen = defaultdict(list)
    for _ in range(_UNUSED):
        await _fresh(ground, floor, None, "jupyterlab")
        await _fresh(ground, product, None, "jupyterlab", "jupyter_frevagpt")
    return _added("JupyterLab", floor, product)


def _added(name: str, floor: Seen, product: Seen) -> list[Figure]:
    # The best, not the median: a neighbour on the same core adds up to half, and nothing ever takes away.
    cpu, bare_cpu = min(product["cpu"]), min(floor["cpu"])
    best = f"best of {len(product['cpu'])}"
    memory, bare_memory = middle(product["memory"]), middle(floor["memory"])
    return [
        Figure(f"{name} start, CPU", cpu, "s", bare_cpu, note=best),
        Figure(f"{name} start, CPU added", cpu - bare_cpu, "s", limit=0.15, note=best),
        Figure(
            f"{name} start, memory added",
            memory - bare_memory,
            "MB",
            limit=10,
            counted=True,
            note=f"bare {bare_memory:.0f}",
        ),
    ]


async def _fresh(
    ground: Ground, seen: Seen, use: Callable[[Server, Seen], Awaitable[None]] | None, *extensions: str
) -> set[str]:
    """Start a server, measure, use it, end it; returns the heavy modules that it has imported then."""
    server = await ground.start(*extensions, *(["benchmarks.probe"] if use else []))
    try:
        await asyncio.sleep(_SETTLED)
        seen["cpu"].append(server.process.cpu())
        seen["memory"].append(server.process.megabytes())
        if use is None:
            return set()
        await server.get("/probe")
        await use(server, seen)
        seen["used"].append(server.process.megabytes())
        modules = (await server.get("/probe"))["modules"]
        seen["collect"].append((await server.get("/probe?collect=1"))["collect"])
        return {name.partition(".")[0] for name in modules} & set(HEAVY)
    finally:
        ground.end(server)


async def _use_floor(server: Server, seen: Seen) -> None:
    for name in ("first", "second"):
        seen[name].append(await _turn(server, FLOOR))
        await _note(server, seen, "turn" if name == "first" else "second turn")
    kernel_id = (await server.post("/api/kernels"))["id"]
    await server.get(f"/floor/execute?kernel_id={kernel_id}")
    await _note(server, seen, "tool call")


async def _use_product(server: Server, seen: Seen) -> None:
    for route in ("settings", "availablechatbots", "getuserthreads"):
        await server.get(f"/api/chatbot/{route}")
    await _note(server, seen, "reading")
    for name in ("first", "second"):
        seen[name].append(await _turn(server, PRODUCT))
        await _note(server, seen, "turn" if name == "first" else "second turn")
    await call(server, "1+1")
    await _note(server, seen, "tool call")


async def _turn(server: Server, path: str) -> float:
    """Return the CPU seconds of a turn, helper processes included."""
    before = server.process.cpu() + server.process.helpers_cpu()
    await stream(server.port, path, {"input": _QUESTION, "rich": True}, token=TOKEN)
    await asyncio.sleep(0.2)
    return server.process.cpu() + server.process.helpers_cpu() - before


async def _note(server: Server, seen: Seen, use: str) -> None:
    told: dict[str, Any] = await server.get("/probe")
    seen[f"{use} held"].append(told["held"])
    seen[f"{use} busy"].append(told["busy"])
